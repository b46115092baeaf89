"""The training of `series_look`: what it shows the network, and that its weights come back."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.series_look_scenes import _history
from benchmarks.train_series_look import COLUMNS, _turned
from benchmarks.train_spot_look import write_weights
from tracker.measure.series_look import series_net
from tracker.measure.spot_look import GRID, unpacked


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
    turned = _turned(pictures, rng).reshape(40, 4, GRID, GRID)
    assert (turned == turned[:, :1]).all()
    assert not (turned[:, 0] == one[:, 0]).all(axis=(1, 2)).all()
    assert np.sort(turned.reshape(40, -1)) == pytest.approx(np.sort(pictures))


def test_weights_that_were_written_give_the_same_odds(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    pixels = GRID * GRID
    weights = [rng.normal(size=(pixels + 5, 4)) / pixels, rng.normal(size=(4, 1)) / 3]
    biases = [rng.normal(size=4), rng.normal(size=1)]
    path = tmp_path / "weights.py"
    write_weights(path, weights, biases, "series_look")
    found: dict[str, object] = {}
    exec(path.read_text("utf-8"), found)
    net = unpacked(found["LAYERS"], found["PACKED"])  # type: ignore[arg-type]
    # Pictures of one grey look alike from all sides.
    picture = np.repeat(rng.normal(size=(20, 1)), pixels, axis=1).astype(np.float32)
    context = rng.normal(size=(20, 5)).astype(np.float32)
    seen = np.hstack([picture, context])
    by_hand = np.maximum(seen @ weights[0] + biases[0], 0) @ weights[1] + biases[1]
    assert net.logit(picture, context) == pytest.approx(by_hand[:, 0], abs=0.02)


def test_the_network_takes_what_is_shown_to_it() -> None:
    assert series_net().weights[0].shape[0] == COLUMNS + 15
