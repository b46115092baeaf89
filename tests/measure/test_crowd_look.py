"""Spots told apart by how they stand beside the other spots of their photo."""

import numpy as np
import pytest

from tests.measure.test_photo_kinds import SIDE, places, stroke
from tracker.measure.crowd_look import (
    CONTEXT,
    crowd_context,
    crowd_logit,
    crowd_of,
    widths_at,
)
from tracker.measure.luminance import FloatArray
from tracker.measure.peaks import FWHM_PER_SIGMA

SIGMA_PX = 2.0


def drawn(xy: np.ndarray, sigma_px: np.ndarray, peak: np.ndarray) -> FloatArray:
    """Round spots on even skin with a little grain."""
    rng = np.random.default_rng(2)
    density = rng.normal(0.4, 0.004, (SIDE, SIDE))
    for at, size, height in zip(xy, sigma_px, peak, strict=True):
        density += height * stroke(at, rng, 0.0, size)
    return density.astype(np.float32)


def told(density: FloatArray, xy: np.ndarray, workers: int = 1) -> np.ndarray:
    x, y = xy.T
    fwhm_px = widths_at(density, x, y, SIGMA_PX, workers=workers)
    return crowd_logit(density, x, y, fwhm_px, SIGMA_PX, workers=workers)


@pytest.fixture(scope="module")
def two_kinds() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places, and which of them are small and faint: a fifth of the size of the others."""
    xy = places()
    rng = np.random.default_rng(5)
    is_small = rng.random(len(xy)) < 0.4
    sigma_px = np.where(is_small, 0.9, SIGMA_PX) * np.exp(0.08 * rng.normal(size=len(xy)))
    peak = np.where(is_small, 0.2, 0.35) * np.exp(0.15 * rng.normal(size=len(xy)))
    return xy, is_small, sigma_px, peak


def test_a_small_spot_is_a_dot_among_its_like_and_none_among_broad_ones(
    two_kinds: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    xy, is_small, sigma_px, peak = two_kinds
    said = told(drawn(xy, sigma_px, peak), xy)
    assert np.median(said[~is_small]) > 2
    assert np.median(said[is_small]) < -1
    among_broad = drawn(xy, np.full(len(xy), SIGMA_PX), peak[~is_small].mean() * np.ones(len(xy)))
    assert np.median(told(among_broad, xy)) > 2


def test_the_crowd_hardly_depends_on_how_many_faint_spots_are_listed() -> None:
    strength = np.random.default_rng(1).lognormal(-1.5, 0.3, 200)
    alone = crowd_of(strength)
    with_faint = crowd_of(np.concatenate([strength, np.full(400, 0.01)]))
    assert (with_faint[:200] != alone).mean() < 0.05
    assert not with_faint[200:].any()
    assert not crowd_of(np.zeros(5)).any()


def test_context_is_relative_to_the_crowd() -> None:
    rng = np.random.default_rng(4)
    strength, fwhm_px = rng.lognormal(-1.5, 0.3, 100), rng.uniform(4, 6, 100)
    one = crowd_context(strength, fwhm_px, SIGMA_PX)
    assert one.shape == (100, CONTEXT)
    twice = crowd_context(2 * strength, fwhm_px, SIGMA_PX)
    np.testing.assert_allclose(twice[:, 3], one[:, 3] + np.log(2) / 2, atol=1e-5)
    assert np.allclose(np.delete(twice, 3, axis=1), np.delete(one, 3, axis=1), atol=1e-5)
    without_any = crowd_context(np.zeros(4), np.full(4, 5.0), SIGMA_PX)
    assert np.isfinite(without_any).all()


def test_widths_are_those_drawn(
    two_kinds: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    xy, is_small, sigma_px, peak = two_kinds
    found = widths_at(drawn(xy, sigma_px, peak), xy[:, 0], xy[:, 1], SIGMA_PX)
    broad = ~is_small
    assert np.median(np.abs(found[broad] / (FWHM_PER_SIGMA * sigma_px[broad]) - 1)) < 0.1
    assert np.median(found[is_small]) < 0.7 * np.median(found[broad])


def test_no_spots_and_several_workers(
    two_kinds: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    xy, _, sigma_px, peak = two_kinds
    density = drawn(xy, sigma_px, peak)
    assert np.array_equal(told(density, xy, workers=2), told(density, xy))
    assert len(crowd_logit(density, *np.empty((3, 0)), SIGMA_PX)) == 0
