"""The training of `series_look`: what it shows the network, and that its weights come back."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.place_training import MOST_GRAIN, disturbed, turned_at_random, write_place_net
from benchmarks.series_look_scenes import _history
from tracker.measure.place_net import unpacked
from tracker.measure.series_look import CONTEXT, PICTURES, series_net
from tracker.measure.spot_look import GRID

COLUMNS = PICTURES * GRID * GRID


def test_histories_start_at_nothing_and_mostly_grow() -> None:
    rng = np.random.default_rng(3)
    made = [_history(rng) for _ in range(400)]
    assert all(history[0] == 0 for history in made)
    assert {len(history) for history in made} == {2, 3, 4, 5}
    growing = [history for history in made if history[-1] > 0]
    assert 0.75 < len(growing) / len(made) < 0.9
    assert all(history == sorted(history) for history in growing)
    assert any(history[-1] < 0 for history in made)


def test_the_four_pictures_of_a_place_are_turned_alike() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=(40, 1, GRID, GRID)).astype(np.float32)
    pictures = np.repeat(one, 4, axis=1).reshape(40, COLUMNS)
    turned = turned_at_random(pictures, rng).reshape(40, 4, GRID, GRID)
    assert (turned == turned[:, :1]).all()
    assert not (turned[:, 0] == one[:, 0]).all(axis=(1, 2)).all()
    assert np.sort(turned.reshape(40, -1)) == pytest.approx(np.sort(pictures))


def test_half_of_the_places_are_disturbed_all_pictures_of_one_alike_sharp() -> None:
    y, x = np.mgrid[:GRID, :GRID] - GRID // 2
    spot = np.exp(-0.5 * (x**2 + y**2) / 2).astype(np.float32)
    pictures = np.tile(spot.ravel(), (600, PICTURES))
    seen = disturbed(pictures, np.random.default_rng(3))
    kept = (seen == pictures).all(axis=1)
    assert 0.4 < kept.mean() < 0.6
    change = (seen - pictures)[~kept].reshape(-1, PICTURES, GRID, GRID)
    # Grain is laid on each picture by itself, at most so strong; what sharpness does is alike in all.
    grain = (change - change.mean(axis=1, keepdims=True)).std(axis=(1, 2, 3))
    assert grain.min() > 0
    assert grain.max() < 1.2 * MOST_GRAIN
    middle = change.mean(axis=1)[:, GRID // 2, GRID // 2]
    assert middle.min() < -0.1
    assert middle.max() > 0.1


def test_weights_that_were_written_give_the_same_odds(tmp_path: Path) -> None:
    path = tmp_path / "weights.py"
    write_place_net(path, series_net(), "series_look")
    found: dict[str, object] = {}
    exec(path.read_text("utf-8"), found)
    net = unpacked(PICTURES, CONTEXT, found["CHANNELS"], found["HIDDEN"], found["PACKED"])  # type: ignore[arg-type]
    rng = np.random.default_rng(2)
    pictures = rng.normal(size=(20, COLUMNS)).astype(np.float32)
    context = rng.normal(size=(20, CONTEXT)).astype(np.float32)
    assert net.logit(pictures, context) == pytest.approx(series_net().logit(pictures, context))
