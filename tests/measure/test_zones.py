import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measure.zones import (
    MIN_DOTS_PER_THIRD,
    OUTSIDE,
    WHOLE,
    lay_zones,
    outlines,
    points_in_polygon,
)

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])
DENTED = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [5.0, 2.0], [0.0, 10.0]])


def scattered(n: int = 300) -> np.ndarray:
    return np.random.default_rng(1).uniform(0, 100, (n, 2))


def test_thirds_hold_equal_numbers_of_dots() -> None:
    places = scattered()
    layout = lay_zones(places, "top")
    zone = layout.zone_of(places)
    assert [int((zone == name).sum()) for name in layout.names] == [100, 100, 100]
    assert places[zone == "upper third", 1].max() < places[zone == "lower third", 1].min()


def test_front_view_is_named_from_the_clients_side() -> None:
    places = scattered()
    zone = lay_zones(places, "front").zone_of(places)
    assert places[zone == "right temple", 0].max() < places[zone == "left temple", 0].min()
    assert set(zone) == {"right temple", "hairline", "left temple"}


@pytest.mark.parametrize("n", [0, 1, 3 * MIN_DOTS_PER_THIRD - 1])
def test_few_dots_are_one_zone(n: int) -> None:
    places = scattered(n)
    layout = lay_zones(places, "top")
    assert layout.names == (WHOLE,)
    assert layout.zone_of(places).tolist() == [WHOLE] * n


def test_drawn_zones_the_first_that_holds_a_point_names_it() -> None:
    layout = lay_zones(scattered(), "top", [("crown", SQUARE), ("rest", 2 * SQUARE)])
    places = np.array([[5.0, 5.0], [15.0, 15.0], [50.0, 50.0]])
    assert layout.zone_of(places).tolist() == ["crown", "rest", OUTSIDE]
    assert layout.zone_of(np.empty((0, 2))).shape == (0,)


def test_a_long_name_is_kept_whole() -> None:
    name = "the corner above the right ear that the client wants gone first"
    zone = lay_zones(scattered(), "top", [(name, SQUARE)]).zone_of(np.array([[5.0, 5.0]]))
    assert zone[0] == name


def test_dent_is_outside() -> None:
    points = np.array([[5.0, 1.0], [5.0, 6.0], [1.0, 7.0], [-1.0, 1.0], [11.0, 1.0]])
    assert points_in_polygon(points, DENTED).tolist() == [True, False, True, False, False]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(start=st.integers(0, 4), backwards=st.booleans(), shift=st.floats(-50, 50))
def test_start_and_sense_of_the_outline_do_not_matter(
    start: int, backwards: bool, shift: float
) -> None:
    points = np.random.default_rng(2).uniform(-2, 12, (200, 2))
    other = np.roll(DENTED, start, axis=0)[:: -1 if backwards else 1]
    expected = points_in_polygon(points, DENTED)
    assert (points_in_polygon(points + shift, other + shift) == expected).all()


def test_area_of_a_polygon_by_counting() -> None:
    y, x = np.mgrid[0:12:0.1, -1:11:0.1] + 0.05
    inside = points_in_polygon(np.column_stack([x.ravel(), y.ravel()]), DENTED)
    assert inside.sum() * 0.01 == pytest.approx(60.0, rel=0.01)


def test_two_vertices_are_misuse() -> None:
    with pytest.raises(ValueError, match="at least 3 vertices, got 2"):
        points_in_polygon(np.zeros((1, 2)), SQUARE[:2])


def test_outlines_largest_first_and_closed_around_the_mask() -> None:
    mask = np.zeros((60, 80), bool)
    mask[5:15, 5:15] = True
    mask[20:55, 30:70] = True
    shapes = outlines(mask)
    assert len(shapes) == 2
    assert shapes[0].min(axis=0).tolist() == [30, 20]
    assert shapes[0].max(axis=0).tolist() == [69, 54]
    assert outlines(np.zeros((5, 5), bool)) == ()
