"""The networks' verdicts do not depend on which way up a place is seen."""

import numpy as np
import pytest

from tracker.measure.series_look import CONTEXT, TURNS_SEEN, pigment_logit
from tracker.measure.spot_look import GRID, MOST_LOGIT, TURNS, SpotNet, spot_net


def turned(pictures: np.ndarray, turn: int) -> np.ndarray:
    square = np.rot90(pictures.reshape(len(pictures), -1, GRID, GRID), turn % 4, axes=(2, 3))
    return np.ascontiguousarray(square[..., :: -1 if turn >= 4 else 1]).reshape(pictures.shape)


def some_pictures(per_place: int) -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.normal(size=(30, per_place * GRID * GRID)).astype(np.float32)


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_turned_spot_looks_alike(turn: int) -> None:
    pictures = some_pictures(1)
    seen = spot_net().logit(turned(pictures, turn))
    assert seen == pytest.approx(spot_net().logit(pictures), abs=1e-4)
    assert np.ptp(seen) > 0.5


@pytest.mark.parametrize("turn", range(TURNS_SEEN))
def test_a_turned_place_of_a_series_looks_alike(turn: int) -> None:
    pictures, context = some_pictures(4), np.random.default_rng(5).normal(size=(30, CONTEXT))
    seen = pigment_logit(turned(pictures, turn), context.astype(np.float32))
    assert seen == pytest.approx(pigment_logit(pictures, context.astype(np.float32)), abs=1e-4)


def test_the_odds_are_the_mean_over_all_turns() -> None:
    """A network that looks at one corner alone sees each of the four corners twice."""
    first = np.zeros((GRID * GRID, 1), np.float32)
    first[0] = 1
    net = SpotNet((first, np.ones((1, 1), np.float32)), (np.zeros(1), np.zeros(1)))
    picture = np.zeros((1, GRID, GRID), np.float32)
    picture[0, 0, 0], picture[0, -1, 0], picture[0, 0, -1] = 1.0, 2.0, 100.0
    expected = (1.0 + 2.0 + MOST_LOGIT) / 4
    assert net.logit(picture.reshape(1, -1)) == pytest.approx([expected])
