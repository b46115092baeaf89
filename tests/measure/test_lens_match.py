"""Pigment that a softer lens takes from dark dots is given back, and no more than that."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.measure.density_scenes import DensityScene, dotted_skin
from tests.measure.test_dots_alone import read
from tracker.measure.blur_match import DotPicture
from tracker.measure.lens_match import (
    SAME_LENS,
    LensSettings,
    lost_to_blur,
    match_lens,
    soften_light,
)

USUAL = LensSettings()


def through_lens(density: NDArray[np.float32], variance_px2: float) -> NDArray[np.float32]:
    """The picture a softer lens makes: light is averaged, not density."""
    light = cv2.GaussianBlur(10.0**-density, (0, 0), variance_px2**0.5)
    return -np.log10(light).astype(np.float32)


def sharpened(density: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """What an unsharp mask on a camera's codes makes of it."""
    code = 10.0 ** (-density / 2.2)
    code = code + strength * (code - cv2.GaussianBlur(code, (0, 0), 1.3))
    return (-2.2 * np.log10(code)).astype(np.float32)


def scene(left: float = 1.0, *, peak: float = 0.5, **more: float) -> DensityScene:
    return dotted_skin(size=420, spacing_px=15.0, peak=peak, left=left, **more)  # type: ignore[arg-type]


def share(
    first: DensityScene, later: NDArray[np.float32], how: LensSettings = USUAL
) -> tuple[float, float, float]:
    """Share left as it was read, with what the lens took given back, and the lens's variance."""
    before = read(first)
    after = read(first, later, before.picture)
    raw = float(np.nansum(after.pigment) / np.nansum(before.pigment))
    lens = match_lens(before.picture, after.picture, 1.0, how)
    return raw, raw / lens.kept, lens.variance_px2


def test_a_blur_of_light_keeps_the_light_and_loses_density() -> None:
    dot = dotted_skin(peak=0.5, noise=1e-6, shading=0.0).density
    soft = soften_light(dot, 1.0)
    assert (10.0**-soft).mean() == pytest.approx((10.0**-dot).mean(), rel=1e-5)
    assert (soft - 0.3).sum() < 0.96 * (dot - 0.3).sum()
    assert soften_light(dot, 0.0) is dot


@pytest.mark.parametrize("variance_px2", [0.3, 0.6, 0.9])
def test_the_blur_of_another_lens_is_found_and_half_of_it_given_back(
    variance_px2: float,
) -> None:
    first = scene()
    soft = through_lens(scene(skin_seed=5).density, variance_px2)
    raw, given_back, found = share(first, soft)
    assert raw < 1 - 0.12 * variance_px2
    assert found > 0
    assert 0.15 * (1 - raw) < 1 - given_back < 0.6 * (1 - raw)


def test_believed_in_full_it_makes_unchanged_dots_unchanged() -> None:
    full = LensSettings(believed=1.0)
    first, other = scene(), scene(skin_seed=5)
    for variance_px2 in (0.3, 0.6):
        _, softer, _ = share(first, through_lens(other.density, variance_px2), full)
        assert softer == pytest.approx(1, abs=0.025)
        blurred = replace(first, density=through_lens(first.density, variance_px2))
        _, sharper, found = share(blurred, other.density, full)
        assert sharper == pytest.approx(1, abs=0.03)
        # How much of it is told as blur and how much as sharpening is open: what they make of the dots counts.
        assert found < 0


@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_sharpening_that_darkens_dots_is_found_and_taken_back(strength: float) -> None:
    first, other = scene(), scene(skin_seed=5)
    raw, usual, _ = share(first, sharpened(other.density, strength))
    assert raw > 1 + 0.1 * strength
    assert abs(usual - 1) < 0.4 * (raw - 1)
    full = LensSettings(believed=1.0)
    assert share(first, sharpened(other.density, strength), full)[1] == pytest.approx(1, abs=0.04)
    plainer = replace(first, density=sharpened(first.density, strength))
    assert share(plainer, other.density, full)[1] == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("left", [0.8, 0.5, 0.2, 1.25])
def test_what_every_lens_takes_from_dark_dots_is_given_back(left: float) -> None:
    """Both photos through one lens: faded dots lose a smaller share of themselves."""
    common = 0.1 * 2.1**2
    first = scene()
    first = replace(first, density=through_lens(first.density, common))
    later = through_lens(scene(left, skin_seed=5).density, common)
    raw, given_back, found = share(first, later)
    assert abs(given_back - left) < abs(raw - left)
    assert (raw - left) * (1 - left) > 0
    assert given_back == pytest.approx(left, abs=0.017)
    assert abs(found) < 0.05


@pytest.mark.parametrize(("sigma_px", "peak"), [(1.3, 0.3), (2.1, 0.5)])
def test_what_a_blur_of_light_takes_of_a_dot(sigma_px: float, peak: float) -> None:
    """A drawn dot that is `sigma_px` wide after the blur, read by a Gaussian of that width."""
    variance_px2, fine = 0.6, 8
    narrow = sigma_px**2 - variance_px2
    offset = np.arange(-80, 81) / fine
    radius = np.hypot(*np.meshgrid(offset, offset))
    dot = peak * sigma_px**2 / narrow * np.exp(-0.5 * radius**2 / narrow)
    seen = through_lens(dot.astype(np.float32), variance_px2 * fine**2)
    profile = np.exp(-0.5 * (radius / sigma_px) ** 2) * (radius < 2 * sigma_px)
    expected = 1 - (seen * profile).sum() / (peak * profile**2).sum()
    found = lost_to_blur(2 * np.pi * sigma_px**2 * peak, sigma_px, variance_px2)
    assert expected > 0.02
    assert found == pytest.approx(expected, abs=0.004)
    assert lost_to_blur(0.0, sigma_px, variance_px2) == 0.0


def test_a_photo_that_was_reduced_lost_less_to_its_own_blur() -> None:
    """The blur is one of the photo's pixels: of a dot of the same width in the frame it is less."""
    first, later = scene(), scene(0.4, skin_seed=5)
    before = read(first)
    after = read(first, later.density, before.picture)
    full, reduced = (
        match_lens(before.picture, after.picture, 1.0, photo_scale=scale).kept
        for scale in (1.0, 0.3)
    )
    assert full > reduced + 0.01
    assert reduced == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("left", "wider"), [(0.7, 1.08), (0.4, 1.15), (0.2, 1.2)])
def test_ink_that_spreads_as_it_fades_is_little_taken_for_a_softer_lens(
    left: float, wider: float
) -> None:
    """Taken for the lens in full, they would read 0.79, 0.45 and 0.22."""
    first = scene()
    spread = scene(left, peak=0.5 / wider**2, sigma_px=2.1 * wider, skin_seed=5)
    raw, given_back, _ = share(first, spread.density)
    assert raw == pytest.approx(left, abs=0.02)
    assert given_back == pytest.approx(left, abs=0.02)
    assert abs(given_back - raw) < 0.01


def test_without_a_dot_to_compare_nothing_is_given_back() -> None:
    first = read(scene()).picture
    unseen = DotPicture(
        first.signal, first.places_px, np.zeros_like(first.seen), first.strength, first.sigma_px
    )
    assert match_lens(first, unseen, 1.0) == SAME_LENS
