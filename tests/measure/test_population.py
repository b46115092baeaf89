from __future__ import annotations

import numpy as np
import pytest

from tracker.measure.population import FAST_NOISE_SHAPE, asymmetry, fit_heights


def test_the_threshold_lies_between_noise_and_dots() -> None:
    rng = np.random.default_rng(0)
    noise = 0.02 * rng.weibull(FAST_NOISE_SHAPE, 800)
    dots = 0.3 * np.exp(rng.normal(0, 0.3, 200))
    mixture = fit_heights(np.concatenate([noise, dots]), FAST_NOISE_SHAPE, 0.2, 0.45)
    assert 0.06 < mixture.threshold < 0.2
    assert mixture.typical == pytest.approx(0.3, rel=0.1)
    assert mixture.share == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_the_threshold_scales_with_the_contrast(gain: float) -> None:
    rng = np.random.default_rng(1)
    heights = np.concatenate([rng.exponential(0.02, 500), rng.normal(0.3, 0.05, 200)])
    usual = fit_heights(heights, FAST_NOISE_SHAPE, 0.2, 0.45)
    scaled = fit_heights(gain * heights, FAST_NOISE_SHAPE, 0.2, 0.45)
    assert scaled.threshold == pytest.approx(gain * usual.threshold, rel=0.02)


def test_few_peaks_are_an_answer() -> None:
    assert fit_heights(np.array([0.1, 0.2]), FAST_NOISE_SHAPE, 0.2, 0.45).share == 0


def test_asymmetry_of_nothing_is_zero() -> None:
    assert float(asymmetry(0.0, 0.0)) == 0
    assert float(asymmetry(3.0, 1.0)) == 0.5
