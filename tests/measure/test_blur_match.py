"""How much softer one photo's mean dot is than another's."""

import numpy as np
import pytest

from tests.measure.density_scenes import dotted_skin, gaussians
from tracker.measure.blur_match import (
    LEAST_CLEAREST,
    DotPicture,
    blur_variance,
    clearest,
    mean_dots,
    stack_dots,
    unrest_about,
    weight_in_shape,
)
from tracker.measure.spots import skin_between


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


def picture_of(unrest: np.ndarray | None, signal: np.ndarray | None = None) -> DotPicture:
    """Dots on a line, or on their own signal."""
    number = 0 if unrest is None else len(unrest)
    places = np.column_stack([np.arange(number) * 20.0 + 20.0, np.full(number, 20.0)])
    shown = np.zeros((40, 40), np.float32) if signal is None else signal
    return DotPicture(shown, places, np.ones(number, bool), np.ones(number), 2.0, unrest)


def test_the_clearest_dots_are_clear_in_both_photos() -> None:
    rng = np.random.default_rng(3)
    calm = rng.uniform(0.9, 1.1, (2, 600))
    before, after = calm * np.array([[1.0], [40.0]])  # a noisier photo is no hairier one
    before[:100] += 5
    after[100:200] += 200
    chosen = clearest(picture_of(before), picture_of(after), np.ones(600, bool))
    assert chosen.sum() == 360
    assert not chosen[:200].any()


def test_few_dots_are_all_taken_and_unknown_ones_are_alike() -> None:
    some = np.linspace(1, 2, LEAST_CLEAREST)
    assert clearest(picture_of(some), picture_of(some), np.ones(len(some), bool)).all()
    none, known = picture_of(None), picture_of(np.ones(0))
    assert clearest(none, known, np.ones(4, bool)).all()
    assert not clearest(known, known, np.zeros(0, bool)).any()


def test_only_dots_that_count_are_chosen_among() -> None:
    among = np.arange(600) >= 300
    calm = np.where(among, 2.0, 1.0) + np.linspace(0, 0.1, 600)
    chosen = clearest(picture_of(calm), picture_of(calm), among)
    assert chosen.sum() == 180
    assert not chosen[~among].any()


def test_hair_about_the_dots_does_not_pass_for_another_lens() -> None:
    """In the later photo a hair lies beside one dot of three; the lens is the same."""
    rng = np.random.default_rng(8)
    shape = (500, 500)
    along, down = np.meshgrid(np.arange(20, 480, 20.0), np.arange(20, 480, 20.0))
    places = np.column_stack([along.ravel(), down.ravel()])
    ink = gaussians(shape, places, rng.uniform(0.2, 0.4, len(places)), 2.0)
    way = rng.choice([-1, 1], (len(places[::3]), 2))
    beside = places[::3] + way * rng.uniform(1.0, 3.0, way.shape)
    hair = gaussians(shape, beside, np.full(len(beside), 0.3), 1.2)
    noise = rng.normal(0, 0.004, (2, *shape))
    between = skin_between(np.ones(shape, np.float32), places, 2.0)

    def seen(rest: np.ndarray, known: bool) -> DotPicture:
        rest = rest.astype(np.float32)
        unrest = unrest_about(rest, between, places, 2.0) if known else None
        every = np.ones(len(places), bool)
        signal = (ink + rest).astype(np.float32)
        return DotPicture(signal, places, every, np.ones(len(places)), 2.0, unrest)

    wider = {}
    for known in (True, False):
        reference, picture = seen(noise[0], known), seen(hair + noise[1], known)
        wider[known] = blur_variance(
            *mean_dots(reference, picture, weight_in_shape(reference, picture)), 2.0
        )
    assert wider[True] == pytest.approx(0, abs=0.05)
    assert wider[False] > 0.4
