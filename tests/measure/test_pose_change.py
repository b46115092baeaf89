"""A turn of the head, read off the map."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np
import pytest

from tracker.measure.pose_change import local_shape, refuse_turned
from tracker.measure.registration import NotRegistered, Registration


@dataclass(frozen=True)
class Linear:
    """Stands for a `Registration`: a linear map about the picture's middle."""

    matrix: tuple[tuple[float, float], tuple[float, float]]
    known: float = np.inf
    overlap: float = 0.6
    reference_shape: tuple[int, int] = (300, 400)
    evidence: dict[str, float] = field(default_factory=lambda: {"seeds": 40.0})

    def map_points(self, xy_px: np.ndarray) -> np.ndarray:
        moved = (xy_px - [200, 150]) @ np.array(self.matrix).T + [200, 150]
        moved[np.abs(xy_px[:, 0] - 200) > self.known] = np.nan
        return np.asarray(moved)


def registration(
    turn_deg: float = 0.0, roll_deg: float = 0.0, zoom: float = 1.0, overlap: float = 0.6
) -> Registration:
    roll = np.radians(roll_deg)
    turned = np.array([[np.cos(np.radians(turn_deg)), 0], [0, 1]])
    rolled = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    matrix = zoom * rolled @ turned
    return cast("Registration", Linear(((*matrix[0],), (*matrix[1],)), overlap=overlap))


@pytest.mark.parametrize("roll_deg", [0.0, 25.0, 90.0])
@pytest.mark.parametrize("zoom", [0.7, 1.0, 1.4])
def test_roll_and_zoom_are_no_turn(roll_deg: float, zoom: float) -> None:
    assert local_shape(registration(0.0, roll_deg, zoom)).squeeze == pytest.approx(1.0)
    turned = local_shape(registration(30.0, roll_deg, zoom)).squeeze
    assert turned == pytest.approx(np.cos(np.radians(30)))


def test_a_turn_of_45_degrees_is_refused_in_words() -> None:
    result = refuse_turned(registration(45.0, overlap=0.2))
    assert isinstance(result, NotRegistered)
    assert "turned too far" in result.reason
    assert result.evidence["seeds"] == 40.0


def test_a_turn_of_25_degrees_passes_as_it_is() -> None:
    turned = registration(25.0)
    assert refuse_turned(turned) is turned


def test_little_overlap_alone_is_no_turn() -> None:
    partial = registration(0.0, overlap=0.2)
    assert refuse_turned(partial) is partial


def test_a_refusal_stays_what_it_was() -> None:
    refusal = NotRegistered("another head")
    assert refuse_turned(refusal) is refusal


def test_a_map_that_knows_nothing_tells_no_turn() -> None:
    blind = cast("Registration", Linear(((1.0, 0.0), (0.0, 1.0)), known=-1.0))
    assert local_shape(blind).squeeze == 1.0
