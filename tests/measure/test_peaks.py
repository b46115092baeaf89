from __future__ import annotations

import numpy as np
import pytest

from tracker.measure.peaks import (
    amplitude,
    band_pass,
    fill_missing,
    peak_pixels,
    sample,
    sample_band,
    spot_size,
    subpixel,
    texture_noise,
    to_full_px,
)


def spot(sigma: float, x: float = 80.3, y: float = 79.6, size: int = 160) -> np.ndarray:
    v, u = np.mgrid[:size, :size]
    return np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma**2)).astype(np.float32)


@pytest.mark.parametrize("sigma", [1.2, 2.5, 4.1, 8.0])
def test_a_lone_spot_is_placed_sized_and_weighed(sigma: float) -> None:
    band = band_pass(spot(sigma), sigma)
    rows, columns = peak_pixels(band.response, 0.2, band.sigma)
    x, y, top = subpixel(band.response, rows, columns)
    x_px, y_px = to_full_px(x, band.reduction), to_full_px(y, band.reduction)
    assert (x_px[0], y_px[0]) == pytest.approx((80.3, 79.6), abs=0.1)
    small, large = (band_pass(spot(sigma), sigma * f) for f in (0.5**0.5, 2**0.5))
    size = spot_size(sample_band(small, x_px, y_px), sample_band(large, x_px, y_px), sigma)
    assert size[0] == pytest.approx(sigma, rel=0.12)
    assert amplitude(top, sigma, sigma)[0] == pytest.approx(1.0, rel=0.12)


def test_response_does_not_see_a_slope_or_a_constant() -> None:
    ramp = np.tile(np.linspace(0, 1, 120, dtype=np.float32), (120, 1)) + 3
    inner = band_pass(ramp, 2.0).response[15:-15, 15:-15]
    assert np.abs(inner).max() < 1e-4


def test_noise_is_that_of_the_response_and_not_of_a_few_spots() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.02, (300, 300)).astype(np.float32)
    plain = texture_noise(band_pass(noise, 2.0))
    assert np.median(plain) == pytest.approx(band_pass(noise, 2.0).response.std(), rel=0.1)
    dotted = noise + sum(spot(2.0, x, 150.0, 300) for x in (60.0, 150.0, 240.0))
    assert np.median(texture_noise(band_pass(dotted, 2.0))) == pytest.approx(
        np.median(plain), rel=0.1
    )


def test_missing_pixels_make_no_spots() -> None:
    density = np.full((120, 120), 0.4, np.float32)
    density[40:70, 50:80] = np.nan
    filled, measured = fill_missing(density, 4.0)
    assert measured is not None
    assert np.isfinite(filled).all()
    band = band_pass(density, 2.0)
    assert np.abs(band.response).max() < 1e-4
    assert not band.valid[55, 65]


def test_samples_between_pixels() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    got = sample(picture, np.array([0.5, 3.0, 9.0]), np.array([0.5, 2.0, 9.0]))
    assert got == pytest.approx([2.5, 11.0, 11.0])


@pytest.mark.parametrize(
    ("density", "sigma", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), 2.0, "two-dimensional"),
        (np.zeros((40, 40), np.float32), 0.0, "sigma_px must be positive"),
    ],
)
def test_misuse_is_named(density: np.ndarray, sigma: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        band_pass(density, sigma)
