"""The weights of `spot_look` as a module."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.train_spot_look import write_weights
from tracker.measure.spot_look import GRID, spot_net, unpacked


def test_weights_that_were_written_give_the_same_odds(tmp_path: Path) -> None:
    path, net = tmp_path / "weights.py", spot_net()
    write_weights(path, net.weights, net.biases)
    found: dict[str, object] = {}
    exec(path.read_text("utf-8"), found)
    back = unpacked(found["LAYERS"], found["PACKED"])  # type: ignore[arg-type]
    looks = np.random.default_rng(2).normal(size=(20, GRID * GRID)).astype(np.float32)
    assert back.logit(looks) == pytest.approx(net.logit(looks))
