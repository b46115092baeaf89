import numpy as np
import pytest

from tracker.measure.evenness import relative_variation

SPACING = 10.0


def grid(side: int = 25) -> np.ndarray:
    y, x = np.mgrid[:side, :side] * SPACING
    return np.column_stack([x.ravel(), y.ravel()]).astype(float)


def test_even_pigment_reads_zero() -> None:
    places = grid()
    ones = np.ones(len(places))
    assert relative_variation(ones, ones, places, SPACING) == pytest.approx(0, abs=1e-12)


def test_one_lagging_half_is_uneven_by_its_own_measure() -> None:
    places = grid(20)
    pigment = np.where(places[:, 0] < 100, 1.0, 0.5)
    ones = np.ones(len(places))
    assert relative_variation(pigment, ones, places, SPACING) == pytest.approx(1 / 3, rel=0.06)


def test_strength_does_not_matter() -> None:
    places, rng = grid(), np.random.default_rng(1)
    pigment = rng.uniform(0.5, 1.5, len(places))
    ones = np.ones(len(places))
    once, thrice = (relative_variation(k * pigment, ones, places, SPACING) for k in (1, 3))
    assert once == pytest.approx(thrice)


def test_dots_unlike_each_other_side_by_side_are_nearly_even() -> None:
    places, rng = grid(), np.random.default_rng(2)
    pigment = rng.uniform(0.5, 1.5, len(places))
    value = relative_variation(pigment, np.ones(len(places)), places, SPACING)
    assert value == pytest.approx(0.29 / 5, rel=0.4)


def test_too_few_cells_or_nothing_seen_is_nan() -> None:
    few, many = grid(6), grid()
    ones = np.ones(len(many))
    assert np.isnan(relative_variation(np.ones(36), np.ones(36), few, SPACING))
    assert np.isnan(relative_variation(ones * np.nan, ones, many, SPACING))
    assert np.isnan(relative_variation(ones, 0 * ones, many, SPACING))
    assert np.isnan(relative_variation(-ones, ones, many, SPACING))
    assert np.isnan(relative_variation(np.empty(0), np.empty(0), np.empty((0, 2)), SPACING))


def test_unseen_dots_and_hairs_do_not_count() -> None:
    places = grid()
    pigment, weight = np.ones(len(places)), np.ones(len(places))
    pigment[::7], weight[3::7] = np.nan, 0.0
    pigment[3::7] = 50.0
    assert relative_variation(pigment, weight, places, SPACING) == pytest.approx(0, abs=1e-12)
