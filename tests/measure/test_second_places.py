import numpy as np
import pytest

from tracker.measure.second_places import doubtful_seconds, expected_beside

FAR = (50.0, 50.0)


def fallen(look: list[float], places: list[tuple[float, float]], least: float = 2.0) -> list[bool]:
    return doubtful_seconds(np.array(look), np.array(places), 5.0, least).tolist()


def test_a_weak_place_beside_a_surer_one_falls() -> None:
    assert fallen([6.0, 0.5, 0.5], [(0, 0), (3, 0), FAR]) == [False, True, False]
    assert fallen([0.5, 6.0], [(0, 0), (3, 0)]) == [True, False]


def test_a_sure_place_stays_beside_any() -> None:
    assert fallen([6.0, 2.5], [(0, 0), (3, 0)]) == [False, False]


def test_a_place_falls_only_by_one_that_stays() -> None:
    """Of three in a row, 3 px apart, the middle one falls by the first, and the last one keeps its place."""
    assert fallen([6.0, 1.0, 0.5], [(0, 0), (3, 0), (6, 0)]) == [False, True, False]


def test_of_two_that_are_alike_one_stays() -> None:
    assert fallen([1.0, 1.0], [(0, 0), (3, 0)]) == [False, True]


@pytest.mark.parametrize("n", [0, 1])
def test_few_places_have_no_second(n: int) -> None:
    found = doubtful_seconds(np.zeros(n), np.full((n, 2), 50.0), 5.0, 2.0)
    assert found.tolist() == [False] * n
    assert expected_beside(np.zeros((n, 2)), 5.0) == 0


def test_how_many_stand_within_reach_by_chance() -> None:
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 1000, (4000, 2))
    expected = 4000 / 1000**2 * np.pi * 6.0**2
    assert expected_beside(places, 6.0) == pytest.approx(expected, rel=0.1)
    assert expected_beside(places, 12.0) == pytest.approx(4 * expected_beside(places, 6.0))


def test_places_upon_each_other_are_no_density() -> None:
    assert expected_beside(np.zeros((20, 2)), 5.0) == 0
