"""Photos that the network of `crowd_look` learns from."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.crowd_look_scenes import KINDS, PER_CLASS, Examples, examples_of
from benchmarks.train_crowd_look import SEEDS, made, read
from tracker.measure.crowd_look import CONTEXT, crowd_net
from tracker.measure.spot_look import GRID


@pytest.fixture(scope="module")
def examples() -> Examples:
    found = examples_of("small clinic", 41)
    assert found is not None
    return found


def test_examples_have_the_form_the_network_takes(examples: Examples) -> None:
    n = len(examples.is_dot)
    assert examples.pictures.shape == (n, GRID * GRID)
    assert examples.context.shape == (n, CONTEXT)
    assert np.isfinite(examples.pictures).all()
    assert np.isfinite(examples.context).all()
    assert 100 < examples.is_dot.sum() <= PER_CLASS + PER_CLASS // 3
    assert 0 < (~examples.is_dot).sum() <= PER_CLASS + PER_CLASS // 3


def test_the_network_tells_dots_of_a_photo_it_has_not_seen(examples: Examples) -> None:
    logit = crowd_net().logit(examples.pictures.astype(np.float32), examples.context)
    assert np.mean(logit[examples.is_dot] > 0) > 0.8
    assert np.mean(logit[~examples.is_dot] < 0) > 0.8


def test_same_photo_same_bytes_and_what_is_kept_is_read_again(
    examples: Examples, tmp_path: Path
) -> None:
    path = made(("small clinic", 41, tmp_path))
    assert path is not None
    again = read(path)
    assert again.pictures.tobytes() == examples.pictures.tobytes()
    assert again.context.tobytes() == examples.context.tobytes()
    assert made(("small clinic", 41, tmp_path)) == path


@pytest.mark.parametrize("kind", ["painted", "plain hairy", "macro"])
def test_other_kinds_show_both_dots_and_others(kind: str) -> None:
    assert kind in KINDS
    found = examples_of(kind, 42)
    assert found is not None
    assert 42 not in SEEDS
    assert 20 < found.is_dot.sum() < len(found.is_dot)
