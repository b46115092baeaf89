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


def everywhere() -> np.ndarray:
    return np.ones((SIZE, SIZE), bool)


@pytest.mark.parametrize("slope", [0.8, 0.9, 1.0, 1.1, 1.25])
def test_slope_is_recovered_whatever_exposure_and_shade(slope: float) -> None:
    rng = np.random.default_rng(2)
    before = skin_density()
    shade = 0.1 * np.linspace(-1, 1, SIZE)[:, None, None]
    after = slope * (before + shade) + 0.15 + rng.normal(0, 0.004, before.shape)
    gain = relative_tone_gain(before, after.astype(np.float32), everywhere())
    # drawn towards 1 by the prior: an eighth of the way at this much skin
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
    gain = relative_tone_gain(before, after, everywhere())
    assert gain.gain == pytest.approx(1.0, abs=0.02)
    assert gain.log_sd == pytest.approx(prior, rel=0.1)


def test_identical_grey_says_one() -> None:
    grey = np.repeat(skin_density(colour=0.0)[..., :1], 3, axis=2)
    assert relative_tone_gain(grey, 1.2 * grey, everywhere()).gain == 1.0


def test_another_skin_says_one() -> None:
    gain = relative_tone_gain(skin_density(), 1.2 * skin_density(seed=9), everywhere())
    assert gain.gain == pytest.approx(1.0, abs=0.02)


def test_neutral_pigment_that_fades_does_not_count() -> None:
    before = skin_density()
    rng = np.random.default_rng(4)
    dots = cv2.GaussianBlur((rng.random((SIZE, SIZE)) < 0.01).astype(np.float32), (0, 0), 2.0)
    inked = before + (0.3 * dots / dots.max())[:, :, None]
    assert relative_tone_gain(inked, before, everywhere()).gain == pytest.approx(1.0, abs=0.02)


def test_too_little_common_skin_says_nothing() -> None:
    before = skin_density()
    blind = np.full_like(before, np.nan)
    for after, region in ((blind, everywhere()), (before, np.zeros((SIZE, SIZE), bool))):
        gain = relative_tone_gain(before, after, region)
        assert gain.gain == 1.0
        assert np.isnan(gain.agreement)


def test_holes_are_left_out() -> None:
    before = skin_density()
    after = 1.2 * before
    after[100:160, 100:200] = np.nan
    assert relative_tone_gain(before, after, everywhere()).gain == pytest.approx(1.2, abs=0.05)
