"""Painting round spots, and the linear system that shares the pixels out among them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.measure.density_scenes import gaussians
from tracker.measure.spots import overlap, paint_spots, solve_amplitudes


@pytest.mark.parametrize("sigma_px", [0.7, 1.0, 1.7, 3.2])
def test_painted_spots_hold_their_integral_wherever_they_fall(sigma_px: float) -> None:
    rng = np.random.default_rng(3)
    xy = rng.uniform(25, 55, (40, 2))
    amplitude = rng.uniform(-0.1, 0.5, 40)
    image = paint_spots((80, 80), xy, amplitude, sigma_px)
    assert image.sum() == pytest.approx(2 * np.pi * sigma_px**2 * amplitude.sum(), rel=1e-4)


@pytest.mark.parametrize("place", [(30.0, 30.0), (30.5, 29.5), (30.31, 28.77)])
def test_painted_spot_is_the_gaussian_at_its_sub_pixel_place(place: tuple[float, float]) -> None:
    xy = np.array([place])
    image = paint_spots((60, 60), xy, np.array([1.0]), 2.0)
    exact = gaussians((60, 60), xy, np.array([1.0]), 2.0)
    assert np.abs(image - exact).max() < 0.01
    y, x = np.mgrid[:60, :60]
    centroid = np.array([(x * image).sum(), (y * image).sum()]) / image.sum()
    assert np.abs(centroid - place).max() < 2e-3


def test_spots_outside_the_picture_are_left_out() -> None:
    xy = np.array([[-40.0, 5.0], [5.0, 300.0], [10.0, 10.0]])
    image = paint_spots((20, 20), xy, np.ones(3), 1.0)
    assert image.sum() == pytest.approx(2 * np.pi, rel=1e-3)
    assert not paint_spots((20, 20), xy[:2], np.ones(2), 1.0).any()
    assert not paint_spots((20, 20), np.empty((0, 2)), np.empty(0), 1.0).any()


def scattered(n: int = 60) -> np.ndarray:
    return np.random.default_rng(6).uniform(60, 120, (n, 2))


@pytest.mark.parametrize("smooth_px", [np.inf, 14.0])
def test_overlap_is_the_product_of_the_filtered_spots(smooth_px: float) -> None:
    """Against spots painted, filtered and multiplied pixel by pixel."""
    sigma_px, xy = 2.0, scattered(12)
    painted = [gaussians((180, 180), place[None], np.ones(1), sigma_px) for place in xy]
    if np.isfinite(smooth_px):
        painted = [spot - gaussian_filter(spot, smooth_px, truncate=6) for spot in painted]
    rows = np.array([spot.ravel() for spot in painted])
    exact = rows @ rows.T / (2 * np.pi * sigma_px**2)
    matrix = overlap(xy, sigma_px, smooth_px, 0.0)
    found = np.column_stack([matrix @ unit for unit in np.eye(len(xy))])
    assert np.abs(found - exact).max() < 0.004
    assert np.allclose(found, found.T, atol=1e-9)


@pytest.mark.parametrize("smooth_px", [np.inf, 14.0])
def test_heights_of_a_crowd_come_back(smooth_px: float) -> None:
    xy = scattered()
    heights = np.random.default_rng(2).uniform(0.1, 0.5, len(xy))
    matrix = overlap(xy, 2.0, smooth_px, 0.01)
    found = solve_amplitudes(matrix, matrix @ heights)
    # pairs closer than a width hold each other: their sum is what can be known
    assert found.sum() == pytest.approx(heights.sum(), rel=0.01)
    assert np.median(np.abs(found - heights)) < 0.02
    # From what a fit that was nearly the same found, the same comes out.
    near = heights * np.random.default_rng(3).uniform(0.9, 1.1, len(xy))
    again = solve_amplitudes(matrix, matrix @ heights, near)
    assert again.sum() == pytest.approx(found.sum(), rel=1e-4)
    assert np.median(np.abs(again - heights)) < 0.02
    assert np.array_equal(solve_amplitudes(matrix, matrix @ heights, heights), heights)


def test_one_spot_alone_overlaps_with_itself() -> None:
    matrix = overlap(np.array([[5.0, 5.0]]), 2.0, np.inf, 0.0)
    assert matrix @ np.ones(1) == pytest.approx([0.5])
