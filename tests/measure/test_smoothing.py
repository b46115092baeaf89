"""Smoothing and reading pictures with missing pixels."""

import cv2
import numpy as np
import pytest

from tracker.measure.smoothing import blur, robust_sd, sample, smooth_valid


def test_sample_reads_a_ramp_at_any_number_of_places() -> None:
    y, x = np.mgrid[:50, :70].astype(np.float32)
    ramp = 0.5 * x - 0.25 * y
    xy = np.random.default_rng(1).uniform([2, 2], [67, 47], (9001, 2))
    # OpenCV's cubic (a = -0.75) does not reproduce a ramp: it is off by up to 0.05 px of the slope
    assert sample(ramp, xy) == pytest.approx(0.5 * xy[:, 0] - 0.25 * xy[:, 1], abs=0.04)
    assert sample(ramp, np.empty((0, 2))).shape == (0,)


def test_sample_repeats_the_edge_outside() -> None:
    image = np.tile(np.arange(8, dtype=np.float32), (8, 1))
    assert sample(image, np.array([[-50.0, 4.0], [80.0, 4.0]])) == pytest.approx([0.0, 7.0])


@pytest.mark.parametrize("sigma_px", [3.0, 9.0, 17.0])
def test_blur_by_way_of_a_smaller_picture_is_the_same(sigma_px: float) -> None:
    image = np.random.default_rng(5).normal(0, 0.1, size=(203, 190)).astype(np.float32)
    image[:, 95:] += 1
    exact = cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(blur(image, sigma_px) - exact).max() < 0.025


def test_smooth_valid_ignores_what_has_no_weight() -> None:
    image = np.full((60, 80), 0.4, np.float32)
    weight = np.ones_like(image)
    image[20:40, 20:40], weight[20:40, 20:40] = 9.0, 0.0
    assert smooth_valid(image, weight, 4.0) == pytest.approx(0.4, abs=1e-3)


def test_smooth_valid_of_nothing_is_finite() -> None:
    nothing = np.zeros((30, 30), np.float32)
    assert np.isfinite(smooth_valid(nothing, nothing, 3.0)).all()


def test_spread_ignores_outliers() -> None:
    values = np.random.default_rng(1).normal(3.0, 0.5, 20_000)
    values[::50] = 1e6
    assert robust_sd(values) == pytest.approx(0.5, rel=0.05)
    assert np.isnan(robust_sd(np.empty(0)))
    assert robust_sd(np.full(7, 2.0)) == 0.0
