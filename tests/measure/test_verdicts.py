"""A person's word on single places, laid over the catalogue and its weights."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.measure.catalogue import Catalogue
from tracker.measure.pigment_weight import PigmentWeights
from tracker.measure.verdicts import (
    Verdicts,
    overruled,
    removed,
    with_marked_area,
    with_marked_dots,
)

XY = np.array([[10.0, 10.0], [30.0, 10.0], [50.0, 10.0]])
CATALOGUE = Catalogue(XY, np.array([2.0, -1.0, 3.0]))
WEIGHTS = PigmentWeights(
    np.array([0.9, 0.1, 0.8]),
    np.array([0.7, 0.2, 0.6]),
    np.array([0.95, 0.3, 0.9]),
    np.array([0.9, 0.1, 0.8]),
    np.array([0.9, 0.1, 0.8]),
)


def said(*places: tuple[float, float, bool]) -> Verdicts:
    return Verdicts(
        np.array([(x, y) for x, y, _ in places], float).reshape(-1, 2),
        np.array([is_dot for *_, is_dot in places], bool),
    )


def test_a_mark_on_a_place_means_that_place_and_one_beside_it_a_new_one() -> None:
    marks = said((31.0, 10.0, True), (70.0, 12.0, True), (10.0, 60.0, False))
    found = with_marked_dots(CATALOGUE, marks, separation_px=4.0, shape=(80, 100))
    assert len(found) == 4
    np.testing.assert_array_equal(found.xy_px[3], [70.0, 12.0])
    assert found.look[3] == 0.0


def test_marks_outside_the_frame_and_second_marks_on_one_dot_make_no_place() -> None:
    marks = said((-3.0, 10.0, True), (10.0, 95.0, True), (70.0, 50.0, True), (71.0, 51.0, True))
    found = with_marked_dots(CATALOGUE, marks, separation_px=4.0, shape=(80, 100))
    np.testing.assert_array_equal(found.xy_px[3:], [[70.0, 50.0]])


def test_without_verdicts_everything_stays_the_same_object() -> None:
    none = Verdicts.none()
    assert with_marked_dots(CATALOGUE, none, separation_px=4.0, shape=(80, 100)) is CATALOGUE
    assert overruled(WEIGHTS, XY, none, separation_px=4.0) is WEIGHTS


def test_the_last_word_on_a_place_counts() -> None:
    word = said((10.0, 11.0, False), (30.0, 10.0, True), (10.5, 10.0, True), (90.0, 90.0, False))
    weights = overruled(WEIGHTS, XY, word, separation_px=4.0)
    np.testing.assert_array_equal(weights.weight, [1.0, 1.0, 0.8])
    np.testing.assert_array_equal(weights.by_look, [1.0, 1.0, 0.6])
    np.testing.assert_array_equal(weights.chance, [1.0, 1.0, 0.9])
    np.testing.assert_array_equal(WEIGHTS.weight, [0.9, 0.1, 0.8])


def test_removed_places_are_those_that_are_called_no_dots() -> None:
    marks = said((31.0, 10.0, False), (50.0, 10.0, True), (70.0, 12.0, False))
    assert removed(XY, marks, separation_px=4.0).tolist() == [False, True, False]
    assert not removed(XY, said(), separation_px=4.0).any()
    changed_mind = said((10.0, 10.0, False), (10.0, 11.0, True))
    assert not removed(XY, changed_mind, separation_px=4.0).any(), "as overruled has it"


def test_a_dot_marked_outside_widens_the_treated_area_by_skin_alone() -> None:
    treated, region = np.zeros((60, 60), bool), np.ones((60, 60), bool)
    treated[:20] = True
    region[:, 40:] = False
    inside = with_marked_area(treated, said((10.0, 10.0, True)), 5.0, region)
    assert inside is treated
    wider = with_marked_area(treated, said((38.0, 40.0, True), (5.0, 50.0, False)), 5.0, region)
    assert wider[40, 38]
    assert wider[40, 34]
    assert not wider[40, 41]
    assert not wider[50, 5]


def test_columns_of_unlike_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must have shape \(2, 2\)"):
        Verdicts(np.zeros((3, 2)), np.zeros(2, bool))
