"""How much softer one photo's mean dot is than another's."""

import numpy as np
import pytest

from tests.measure.density_scenes import dotted_skin, gaussians
from tracker.measure.blur_match import blur_variance, stack_dots


def mean_dot(sigma_px: float, *, reference_px: float = 2.0, height: float = 0.3) -> np.ndarray:
    side = 2 * int(np.ceil(4 * reference_px)) + 1
    middle = np.array([[(side - 1) / 2, (side - 1) / 2]])
    return gaussians((side, side), middle, np.array([height]), sigma_px).astype(np.float32)


@pytest.mark.parametrize("later_px", [1.6, 1.9, 2.0, 2.15, 2.6])
def test_known_blur_is_found_softer_and_sharper(later_px: float) -> None:
    found = blur_variance(mean_dot(2.0), mean_dot(later_px), 2.0)
    assert found == pytest.approx(later_px**2 - 4.0, abs=0.1)


def test_strength_and_level_do_not_matter() -> None:
    faded = 0.07 * mean_dot(2.3) + 0.02
    assert blur_variance(mean_dot(2.0), faded, 2.0) == pytest.approx(2.3**2 - 4.0, abs=0.1)


def test_swapping_the_two_changes_the_sign() -> None:
    first, second = mean_dot(2.0), mean_dot(2.3)
    there, back = blur_variance(first, second, 2.0), blur_variance(second, first, 2.0)
    assert there == pytest.approx(-back, abs=0.1)


def test_blank_pictures_say_no_difference() -> None:
    blank = np.zeros_like(mean_dot(2.0))
    assert blur_variance(blank, blank, 2.0) == 0.0
    assert blur_variance(mean_dot(2.0), blank, 2.0) == 0.0


def test_mean_picture_averages_the_dots() -> None:
    scene = dotted_skin(noise=0.003, shading=0.0, spacing_px=16.0)
    signal = scene.density - np.float32(0.3)
    stack = stack_dots(signal, scene.xy_px, scene.amplitude, scene.sigma_px)
    middle = stack.shape[0] // 2
    expected = (scene.amplitude**2).sum() / scene.amplitude.sum()
    # linear interpolation between pixels lowers a peak a little
    assert stack[middle, middle] == pytest.approx(expected, rel=0.06)
    assert np.unravel_index(stack.argmax(), stack.shape) == (middle, middle)


@pytest.mark.parametrize("places", [np.empty((0, 2)), np.array([[1.0, 1.0], [200.0, 5.0]])])
def test_no_dot_away_from_the_border_is_a_blank_picture(places: np.ndarray) -> None:
    signal = np.ones((60, 60), np.float32)
    stack = stack_dots(signal, places, np.ones(len(places)), 2.0)
    assert stack.shape == (17, 17)
    assert not stack.any()


def test_dots_without_weight_are_a_blank_picture() -> None:
    places = np.array([[30.0, 30.0]])
    assert not stack_dots(np.ones((60, 60), np.float32), places, np.zeros(1), 2.0).any()
