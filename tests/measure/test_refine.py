"""The last step of alignment, against truth: stubble that leans another way, and the stated error."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.measure.alignment_scenes import photographed, speckled_skin, true_map, with_stubble
from tracker.measure.luminance import luminance_density
from tracker.measure.refine import LEAST_SUPPORT, refine_on_density
from tracker.measure.registration import Registration, extract_features, register

SHAPE = (700, 800)


def _inner(n: int = 600) -> np.ndarray:
    return np.random.default_rng(7).uniform([60, 60], [740, 640], (n, 2))


def _errors(registration: Registration) -> np.ndarray:
    points = _inner()
    return np.asarray(np.hypot(*(registration.map_points(points) - true_map(points)).T))


@pytest.fixture(scope="module", params=[0, 1500])
def refined(request: pytest.FixtureRequest) -> tuple[Registration, Registration]:
    """Coarse and refined map of two photos, without and with stubble of changing lean."""
    skin = speckled_skin(3)
    roots = np.random.default_rng(4).uniform([0, 0], [800, 700], (request.param, 2))
    first = with_stubble(skin, roots, 7.0, 20.0)
    second = with_stubble(photographed(skin, 6), true_map(roots), 9.0, 110.0)
    coarse = register(extract_features(first), extract_features(second))
    assert isinstance(coarse, Registration)
    return coarse, refine_on_density(
        coarse, luminance_density(first), luminance_density(second), _inner(900)
    )


def test_stubble_does_not_draw_the_map(refined: tuple[Registration, Registration]) -> None:
    coarse, fine = refined
    assert np.nanmedian(_errors(fine)) < 0.25
    assert np.nanmedian(_errors(fine)) < np.nanmedian(_errors(coarse))


def test_the_stated_error_is_the_true_one(refined: tuple[Registration, Registration]) -> None:
    _, fine = refined
    # Below 0.04 px no measurement depends on the error.
    assert 0.6 < fine.error_px / max(np.nanmedian(_errors(fine)), 0.04) < 2.2


def test_nothing_alike_leaves_the_map_as_it_was() -> None:
    skin = speckled_skin(3)
    coarse = register(extract_features(skin), extract_features(photographed(skin, 6)))
    assert isinstance(coarse, Registration)
    other = luminance_density(speckled_skin(77))
    assert refine_on_density(coarse, luminance_density(skin), other, _inner()) is coarse


def _drifted(shift_px: float, error_px: float) -> tuple[Registration, Registration, np.ndarray]:
    """A map of faded skin that lies beside the truth by so much, before and after; dots that tell."""
    skin = speckled_skin(3)
    smooth = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 12)
    faded = np.clip(smooth + 0.05 * (skin - smooth), 0, 255).astype(np.uint8)
    roots = np.random.default_rng(4).uniform([0, 0], [800, 700], (2500, 2))
    first = with_stubble(skin, roots, 7.0, 20.0)
    second = with_stubble(photographed(faded, 6, noise=3.0), true_map(roots), 9.0, 110.0)
    clear = register(extract_features(skin), extract_features(photographed(skin, 6)))
    assert isinstance(clear, Registration)
    prewarp = clear.prewarp.copy()
    prewarp[0, 2] += shift_px * clear.moving.scale
    drifted = replace(clear, prewarp=prewarp, error_px=error_px)
    fine = refine_on_density(
        drifted, luminance_density(first), luminance_density(second), _inner(900)
    )
    return drifted, fine, _inner()


def test_a_map_that_followed_combed_hair_is_brought_back_where_few_patches_tell() -> None:
    before, after, _ = _drifted(2.0, 0.5)
    assert after.evidence["support"] < LEAST_SUPPORT
    assert np.nanmedian(_errors(before)) > 1.8
    assert np.nanmedian(_errors(after)) < 0.6
    assert after.error_px > 0.6 * np.nanmedian(_errors(after))


def test_what_few_patches_say_of_a_lesser_error_is_doubt() -> None:
    before, after, points = _drifted(1.0, 0.5)
    np.testing.assert_array_equal(after.map_points(points), before.map_points(points))
    assert after.error_px > 1.0
    assert np.nanmedian(after.point_sd_px(points)) > np.nanmedian(before.point_sd_px(points))
