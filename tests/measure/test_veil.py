"""Shine on the dots that native skin beside them does not have, read off the skin's colour."""

import cv2
import numpy as np
import pytest

from tracker.measure.tone_gain import ColourContrast, relative_tone_gain, skin_colour
from tracker.measure.veil import VeilSettings, relative_veil

SIZE = 240
USUAL = VeilSettings()
FAIR = np.array([0.55, 0.37, 0.29])
BLOOD = np.array([0.12, 1.0, 0.70])
MELANIN = np.array([0.45, 0.7, 1.0])


def skin(seed: int = 1) -> np.ndarray:
    """Light of plain skin, shape (SIZE, SIZE, 3)."""
    rng = np.random.default_rng(seed)
    blotches = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 6.0)
    return FAIR * 10 ** -(0.02 * blotches[..., None] / blotches.std())


def halves() -> tuple[np.ndarray, np.ndarray]:
    treated = np.zeros((SIZE, SIZE), bool)
    treated[:, : SIZE // 2] = True
    return treated, ~treated


def density(light: np.ndarray) -> np.ndarray:
    return (-np.log10(light)).astype(np.float32)


def log_kept(after: np.ndarray, before: np.ndarray | None = None) -> float:
    found = relative_veil(density(skin() if before is None else before), density(after), *halves())
    if abs(np.log(found.kept)) < 0.999 * USUAL.most:
        # Half of what is read, and what was seen and not believed: `seen` solves read = believed * clear * seen.
        read = abs(np.log(found.kept))
        seen = max(np.roots([USUAL.believed, -read, 0, -read * USUAL.noise**2]).real)
        unbelieved = USUAL.believed * seen - read
        assert found.log_sd == pytest.approx(np.hypot(USUAL.doubt * read, unbelieved), abs=1e-6)
    return float(np.log(found.kept))


def lamp(reach: float = 0.5) -> np.ndarray:
    """A soft patch of light in the middle of the treated half, at most 1, shape (SIZE, SIZE, 1)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    return np.exp(-((x - 0.25) ** 2 + (y - 0.5) ** 2) / (2 * (reach / 2) ** 2))[..., None]


@pytest.mark.parametrize("veil", [0.02, 0.04, 0.06])
def test_shine_on_the_dots_weakens_them_by_what_it_adds(veil: float) -> None:
    treated, native = halves()
    light = veil * lamp()
    more = float(np.median(light[treated]) - np.median(light[native]))
    lost = -0.5 * (more / FAIR[0] + more / FAIR.mean())
    assert log_kept(skin() + light) == pytest.approx(lost, rel=0.35)
    assert log_kept(skin(), skin() + light) == pytest.approx(-lost, rel=0.35)


def test_what_lies_on_all_skin_alike_is_the_tone_gains_matter() -> None:
    for after in (skin() + 0.05, 0.6 * skin(), skin() * np.array([1.07, 1.0, 0.92]), skin()):
        assert log_kept(after) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("change", [0.08 * BLOOD, -0.06 * MELANIN, 0.06 * MELANIN])
def test_treated_skin_of_another_colour_is_not_shine(change: np.ndarray) -> None:
    treated, _ = halves()
    assert abs(log_kept(skin() * 10 ** -(treated[..., None] * change))) < 0.025


def soft_patch() -> np.ndarray:
    """1 in the middle of the treated half, gone at its border over a fifth of it, shape (SIZE, SIZE)."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    away = np.hypot((x - 0.25) / 0.25, (y - 0.5) / 0.5)
    return 1 / (1 + np.exp((away - 0.8) / 0.1))


def test_what_went_with_the_ink_is_not_less_shine() -> None:
    # Ink's shadow is blue: without it skin is more coloured. Ink ends softly, and stands in clumps.
    clumps = cv2.GaussianBlur(np.random.default_rng(5).normal(size=(SIZE, SIZE)), (0, 0), 9.0)
    ink = soft_patch() * (1 + 0.4 * clumps / clumps.std())
    shadow = 0.06 * ink[..., None] * np.array([1.14, 1.0, 0.78])
    before, after = density(skin() * 10**-shadow), density(skin())
    taken = (ink.astype(np.float32), np.zeros((SIZE, SIZE), np.float32))
    told, untold = (relative_veil(before, after, *halves(), taken=t) for t in (taken, None))
    assert np.log(untold.kept) > 0.02
    assert abs(np.log(told.kept)) < 0.3 * np.log(untold.kept)


def test_shine_is_seen_while_ink_goes() -> None:
    ink = soft_patch()
    shadow = 0.04 * ink[..., None] * np.array([1.14, 1.0, 0.78])
    light = 0.04 * lamp()
    treated, native = halves()
    more = float(np.median(light[treated]) - np.median(light[native]))
    lost = -0.5 * (more / FAIR[0] + more / FAIR.mean())
    taken = (ink.astype(np.float32), np.zeros((SIZE, SIZE), np.float32))
    found = relative_veil(
        density(skin() * 10**-shadow), density(skin() + light), *halves(), taken=taken
    )
    assert np.log(found.kept) == pytest.approx(lost, rel=0.5)


def test_a_little_blood_that_ends_softly_is_not_shine() -> None:
    change = 0.02 * soft_patch()[..., None] * BLOOD
    before, after = (skin_colour(density(light)) for light in (skin(), skin() * 10**-change))
    treated, _ = halves()
    assert np.median((after - before)[treated]) > 0.04 * np.median(before), "not by one colour"
    assert abs(log_kept(skin() * 10**-change)) < 0.02


def test_too_little_skin_or_colour_says_nothing() -> None:
    before, after = density(skin()), density(skin() + 0.1 * halves()[0][..., None])
    treated, native = halves()
    none = np.zeros_like(native)
    grey = np.repeat(before[..., :1], 3, axis=2)
    for got in (
        relative_veil(before, after, treated, none),
        relative_veil(before, after, none, native),
        relative_veil(grey, after, treated, native),
        relative_veil(np.full_like(before, np.nan), after, treated, native),
    ):
        assert got.kept == 1.0
        assert got.log_sd == 0.0


def test_a_wild_change_of_colour_is_doubt_alone() -> None:
    wild = relative_veil(density(skin()), density(skin() + 5.0 * lamp()), *halves())
    assert np.log(wild.kept) == pytest.approx(-USUAL.most)
    assert wild.log_sd > USUAL.most


def shaved_crown() -> np.ndarray:
    """Light of a head whose treated skin has half the colour of its native skin, shape (SIZE, SIZE, 3)."""
    treated, _ = halves()
    greyer = cv2.GaussianBlur(treated.astype(np.float32), (0, 0), 40.0)[..., None]
    colour = -np.log10(skin())
    return 10 ** -(colour + 0.5 * greyer * (colour.mean(axis=2, keepdims=True) - colour))


def test_a_camera_of_another_contrast_is_no_shine_on_skin_of_another_colour() -> None:
    before, after = density(shaved_crown()), 0.9 * density(shaved_crown())
    gain = relative_tone_gain(before, after, *halves())
    told, untold = (
        relative_veil(before, after, *halves(), contrast=contrast).kept
        for contrast in (gain.colour, ColourContrast())
    )
    assert np.log(untold) > 0.03
    assert np.log(told) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("by_treated", [0.0, 0.5, 1.0])
def test_shine_in_the_colours_ratio_is_the_same_shine(by_treated: float) -> None:
    """The ratio that some skin shows has its own shine in it."""
    before = density(shaved_crown())
    treated, native = halves()
    veil = np.where(treated, 0.95, 0.99)[..., None]
    washed = veil * skin_colour(before)[..., None] * np.array([0.0, 1.0, 1.0])
    plain = np.stack([np.zeros_like(before[..., 0]), skin_colour(before), skin_colour(before)], -1)
    ratio = by_treated * np.log(0.95) + (1 - by_treated) * np.log(0.99)
    settings = VeilSettings(own_noise=1e6, noise=1e-6, believed=1.0)
    found = relative_veil(
        plain.astype(np.float32),
        washed.astype(np.float32),
        treated,
        native,
        settings,
        contrast=ColourContrast(ratio, 0.0, by_treated),
    )
    assert np.log(found.kept) == pytest.approx(np.log(0.95 / 0.99), abs=0.004)


def test_what_the_colours_ratio_may_be_wrong_by_is_no_shine() -> None:
    before, after = density(shaved_crown()), 0.9 * density(shaved_crown())
    sure, unsure = (
        relative_veil(before, after, *halves(), contrast=contrast)
        for contrast in (ColourContrast(np.log(0.93), 0.001), ColourContrast(np.log(0.93), 0.06))
    )
    assert abs(np.log(unsure.kept)) < 0.5 * abs(np.log(sure.kept))
    # But it is not known to be none.
    assert unsure.log_sd > 0.5 * abs(np.log(sure.kept))
