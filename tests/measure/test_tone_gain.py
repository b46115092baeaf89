"""The camera's contrast between two photos, read off the colour of the same skin."""

import cv2
import numpy as np
import pytest

from tracker.measure.tone_gain import ToneGainSettings, relative_tone_gain

SIZE = 360


def skin_density(*, colour: float = 0.03, seed: int = 1) -> np.ndarray:
    """Density of three channels: blotches of redness and melanin at two sizes, neutral shade."""
    rng = np.random.default_rng(seed)

    def field(sigma_px: float) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), sigma_px)
        return np.asarray(noise / noise.std())

    redness = field(5.0) + field(14.0)
    shade = 0.05 * field(30.0)
    channels = [0.2 + shade, 0.35 + shade + colour * redness, 0.45 + shade + 0.5 * colour * redness]
    return np.stack(channels, axis=-1).astype(np.float32)


def halves() -> tuple[np.ndarray, np.ndarray]:
    """Treated skin on the left, native skin on the right."""
    treated = np.zeros((SIZE, SIZE), bool)
    treated[:, : SIZE // 2] = True
    return treated, ~treated


@pytest.mark.parametrize("slope", [0.8, 0.9, 1.0, 1.1, 1.25])
def test_slope_is_recovered_whatever_exposure_and_shade(slope: float) -> None:
    rng = np.random.default_rng(2)
    before = skin_density()
    shade = 0.1 * np.linspace(-1, 1, SIZE)[:, None, None]
    after = slope * (before + shade) + 0.15 + rng.normal(0, 0.004, before.shape)
    gain = relative_tone_gain(before, after.astype(np.float32), *halves())
    # drawn towards 1 by the prior, as far as so little skin leaves doubt
    assert gain.gain == pytest.approx(slope, abs=0.05)
    assert (gain.gain - 1) * (slope - 1) >= 0
    assert gain.agreement > 0.9
    assert abs(np.log(gain.gain / slope)) < 2 * gain.log_sd


def test_skin_without_colour_says_one_and_doubt() -> None:
    rng = np.random.default_rng(3)
    prior = ToneGainSettings().prior_sd
    before, after = (
        skin_density(colour=0.0) + rng.normal(0, 0.01, (SIZE, SIZE, 3)).astype(np.float32)
        for _ in range(2)
    )
    gain = relative_tone_gain(before, after, *halves())
    assert gain.gain == pytest.approx(1.0, abs=0.02)
    assert gain.log_sd == pytest.approx(prior, rel=0.1)


def test_identical_grey_says_one() -> None:
    grey = np.repeat(skin_density(colour=0.0)[..., :1], 3, axis=2)
    assert relative_tone_gain(grey, 1.2 * grey, *halves()).gain == 1.0


def test_another_skin_says_one() -> None:
    gain = relative_tone_gain(skin_density(), 1.2 * skin_density(seed=9), *halves())
    # Nor is it known how strongly colour is drawn.
    assert gain.colour.log_ratio == pytest.approx(0.0)
    assert gain.colour.log_sd > ToneGainSettings().prior_sd
    assert gain.gain == pytest.approx(1.0, abs=0.02)


def test_neutral_pigment_that_fades_does_not_count() -> None:
    before = skin_density()
    rng = np.random.default_rng(4)
    dots = cv2.GaussianBlur((rng.random((SIZE, SIZE)) < 0.01).astype(np.float32), (0, 0), 2.0)
    inked = before + (0.3 * dots / dots.max())[:, :, None]
    assert relative_tone_gain(inked, before, *halves()).gain == pytest.approx(1.0, abs=0.02)


def test_too_little_common_skin_says_nothing() -> None:
    before = skin_density()
    blind = np.full_like(before, np.nan)
    nowhere = np.zeros((SIZE, SIZE), bool)
    for after, masks in ((blind, halves()), (before, (nowhere, nowhere))):
        gain = relative_tone_gain(before, after, *masks)
        assert gain.gain == 1.0
        assert np.isnan(gain.agreement)


def test_holes_are_left_out() -> None:
    before = skin_density()
    after = 1.2 * before
    after[100:160, 100:200] = np.nan
    assert relative_tone_gain(before, after, *halves()).gain == pytest.approx(1.2, abs=0.05)


@pytest.mark.parametrize("which", ["treated", "native"])
def test_either_skin_alone_says_it(which: str) -> None:
    before, nowhere = skin_density(), np.zeros((SIZE, SIZE), bool)
    treated, native = halves()
    masks = (treated, nowhere) if which == "treated" else (nowhere, native)
    gain = relative_tone_gain(before, 1.15 * before, *masks)
    # The colour of treated skin alone might be the camera's saturation: it counts for less.
    assert gain.gain == pytest.approx(1.15, abs=0.05 if which == "native" else 0.07)
    both = relative_tone_gain(before, 1.15 * before, treated, native)
    if which == "treated":
        assert gain.log_sd > both.log_sd
    else:
        # How strongly colour is drawn treated skin tells too, but it has no say in the gain.
        assert (gain.gain, gain.log_sd, gain.agreement) == (both.gain, both.log_sd, both.agreement)
        assert gain.colour.by_treated == 0 < both.colour.by_treated


@pytest.mark.parametrize("redness", [0.05, 0.15])
def test_treated_skin_that_became_red_is_no_stronger_contrast(redness: float) -> None:
    """Redness after a session lies in blotches, and is more colour where the dots are."""
    rng = np.random.default_rng(12)
    before = skin_density()
    treated, native = halves()
    blotches = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 7.0)
    red = redness * np.clip(1 + blotches / blotches.std(), 0, None) * treated
    after = before + red[..., None] * np.array([0.12, 1.0, 0.7])
    gain = relative_tone_gain(before, after.astype(np.float32), treated, native)
    assert gain.gain == pytest.approx(1.0, abs=0.01)


def test_saturation_of_the_camera_is_not_taken_for_contrast_in_full() -> None:
    """Colours drawn 1.2 times as strong at unchanged brightness: the dots are as they were."""
    before = skin_density()
    green = before[..., 1:2]
    after = green + 1.2 * (before - green)
    gain = relative_tone_gain(before, after.astype(np.float32), *halves())
    assert gain.gain < 1.12


@pytest.mark.parametrize("saturation", [0.8, 1.25])
def test_more_saturated_colours_are_no_more_contrast(saturation: float) -> None:
    """Native skin alone: its brightness is read as luma, which saturation leaves as it is."""
    before = skin_density()
    codes = 10.0 ** (-before / 2.2)
    luma = (codes @ np.array([0.299, 0.587, 0.114]))[..., None]
    after = (-2.2 * np.log10(luma + saturation * (codes - luma))).astype(np.float32)
    native = np.ones((SIZE, SIZE), bool)
    brightness_alone = ToneGainSettings(saturation_sd=100.0)
    gain = relative_tone_gain(before, after, ~native, native, brightness_alone).gain
    assert gain == pytest.approx(1.0, abs=0.01)
    usual = relative_tone_gain(before, after, ~native, native).gain
    assert abs(np.log(usual)) < 0.15 * abs(np.log(saturation))
    green = np.std(after[..., 1]) / np.std(before[..., 1])
    assert abs(green - 1) > 0.02


def test_blotches_of_shine_do_not_pass_for_blotches_of_skin() -> None:
    """Shine brightens and washes out colour at the same places: within one photo that looks like skin."""
    rng = np.random.default_rng(11)
    before = skin_density()
    spots = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 5.0)
    light = 10.0**-before + 0.025 * np.clip(1 + spots / spots.std(), 0, 3)[..., None]
    after = (-np.log10(light)).astype(np.float32)
    everywhere = np.ones((SIZE, SIZE), bool)
    gain = relative_tone_gain(before, after, ~everywhere, everywhere)
    skin = 10.0 ** -before[..., 1].mean()
    assert gain.gain == pytest.approx(skin / (skin + 0.027), abs=0.03)


BLOOD_RGB, MELANIN_RGB = np.array([0.10, 1.0, 0.72]), np.array([0.42, 0.66, 1.0])


def blotches(seed: int, sigma_px: float = 7.0) -> np.ndarray:
    noise = cv2.GaussianBlur(
        np.random.default_rng(seed).normal(size=(SIZE, SIZE)), (0, 0), sigma_px
    )
    return np.asarray(noise / noise.std())


def flushed(more_blood: np.ndarray | float = 0.0) -> np.ndarray:
    """Skin whose blotches of blood are drawn stronger where more blood is; those of melanin stay."""
    blood = 0.05 * (1 + 0.4 * (blotches(21) + blotches(22, 3.5))) * (1 + 10 * more_blood)
    melanin = 0.08 * (1 + 0.3 * (blotches(23) + blotches(24, 3.5)))
    density = 0.2 + blood[..., None] * BLOOD_RGB + melanin[..., None] * MELANIN_RGB
    return density.astype(np.float32)


def test_redness_that_reaches_into_native_skin_is_no_stronger_contrast() -> None:
    treated, native = halves()
    reach = 0.05 / (1 + np.exp((np.arange(SIZE) - SIZE / 2) / 20.0))
    gain = relative_tone_gain(flushed(), flushed(np.tile(reach, (SIZE, 1))), treated, native)
    assert gain.gain == pytest.approx(1.0, abs=0.03)
    # The same change without a tell-tale border: blood cannot be told from contrast.
    fooled = relative_tone_gain(flushed(), flushed(0.05), treated, native)
    assert fooled.gain > 1.08


def test_a_little_blood_tells_itself_by_its_blotches() -> None:
    """Too little of it to colour the skin as a whole, but enough to strengthen blotches near by."""
    treated, native = halves()
    reach = 0.008 / (1 + np.exp((np.arange(SIZE) - SIZE / 2) / 35.0))
    blood = 0.02 * (1 + 0.4 * (blotches(21) + blotches(22, 3.5)))
    melanin = 0.08 * (1 + 0.3 * (blotches(23) + blotches(24, 3.5)))

    def seen(more: np.ndarray | float) -> np.ndarray:
        density = 0.2 + (blood * (1 + 100 * more))[..., None] * BLOOD_RGB
        return (density + melanin[..., None] * MELANIN_RGB).astype(np.float32)

    before, after = seen(0.0), seen(np.tile(reach, (SIZE, 1)))
    told, by_colour_alone = (
        relative_tone_gain(before, after, treated, native, settings).gain
        for settings in (
            ToneGainSettings(reddened=1.0),
            ToneGainSettings(reddened=1.0, redder_blotches=10.0),
        )
    )
    assert by_colour_alone > 1.05
    assert told == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("more", [0.002, 0.006])
def test_blood_too_little_to_be_told_has_less_say_in_how_strongly_colour_is_drawn(
    more: float,
) -> None:
    treated, native = halves()
    before, after = flushed(), flushed(more * treated)
    found = relative_tone_gain(before, after, treated, native, ToneGainSettings(reddened=1.0))
    stronger = np.log(1 + 10 * more)
    assert abs(found.colour.log_ratio) < 0.5 * stronger


def test_a_red_photo_may_be_drawn_with_another_saturation() -> None:
    treated, native = halves()
    found = relative_tone_gain(flushed(), flushed(0.05 * treated), treated, native)
    assert found.colour.by_treated == 0
    assert found.colour.log_sd > ToneGainSettings().saturation_sd


def test_treated_skin_alone_says_how_strongly_colour_is_drawn_once() -> None:
    everywhere = np.ones((SIZE, SIZE), bool)
    usual = ToneGainSettings()
    found = relative_tone_gain(skin_density(), 1.1 * skin_density(), everywhere, ~everywhere)
    assert 0 < found.colour.log_ratio < np.log(1.1)
    assert found.colour.log_sd > 0.5 * np.log(1.1)
    assert found.colour.by_treated < 1
    scattered = np.indices((SIZE, SIZE)).sum(axis=0) % 2 == 0
    unseen = relative_tone_gain(skin_density(), 1.1 * skin_density(), scattered, ~everywhere)
    assert (unseen.gain, unseen.log_sd) == (1.0, usual.prior_sd)


@pytest.mark.parametrize(("contrast", "saturation"), [(0.85, 1.0), (1.0, 1.1), (1.15, 0.9)])
def test_how_strongly_colour_is_drawn_is_contrast_and_saturation(
    contrast: float, saturation: float
) -> None:
    before = skin_density()
    grey = before @ np.array([0.299, 0.587, 0.114])
    after = contrast * (grey[..., None] + saturation * (before - grey[..., None]))
    gain = relative_tone_gain(before, after.astype(np.float32), *halves())
    assert gain.colour.log_ratio == pytest.approx(np.log(contrast * saturation), abs=0.02)
    assert gain.colour.log_sd < 0.03
    assert 0.2 < gain.colour.by_treated < 0.8


def test_red_treated_skin_without_native_skin_leaves_doubt() -> None:
    everywhere = np.ones((SIZE, SIZE), bool)
    plain, red = (
        relative_tone_gain(flushed(), after, everywhere, ~everywhere)
        for after in (flushed(), flushed(0.05))
    )
    assert plain.gain == pytest.approx(1.0, abs=0.01)
    assert 1 < red.gain < 1.12
    assert red.log_sd > 1.2 * plain.log_sd


def test_stubble_that_stands_where_the_blotches_are_is_no_contrast() -> None:
    rng = np.random.default_rng(12)
    before, after = skin_density(), 1.1 * skin_density()
    blotches = before[..., 1] - before[..., 0]
    noise = [cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 5.0) for _ in range(2)]
    cover = [0.3 + 0.5 * (blotches - blotches.mean()) + noise[0], 0.3 + noise[1]]
    hairy = [
        (photo + 0.3 * hair[..., None]).astype(np.float32)
        for photo, hair in zip((before, after), cover, strict=True)
    ]
    hair = (cover[0].astype(np.float32), cover[1].astype(np.float32))
    misled = relative_tone_gain(*hairy, *halves()).gain
    told = relative_tone_gain(*hairy, *halves(), hair=hair).gain
    assert misled < 1.0
    assert told == pytest.approx(1.1, abs=0.04)
