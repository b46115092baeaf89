"""Examples that the network of `series_look` learns from."""

import numpy as np
import pytest

from benchmarks.series_look_scenes import PER_CLASS, Examples, examples_of
from tracker.measure.series_look import CONTEXT, PICTURES, pigment_logit
from tracker.measure.spot_look import GRID


@pytest.fixture(scope="module")
def examples() -> Examples:
    found = examples_of("small clinic", 41)
    assert found is not None
    return found


def test_examples_have_the_form_the_network_takes(examples: Examples) -> None:
    n = len(examples.is_dot)
    assert examples.pictures.shape == (n, PICTURES * GRID * GRID)
    assert examples.context.shape == (n, CONTEXT)
    assert np.isfinite(examples.pictures).all()
    assert np.isfinite(examples.context).all()
    assert 100 < examples.is_dot.sum() <= PER_CLASS
    assert 0 < (~examples.is_dot).sum() <= PER_CLASS


def test_the_network_tells_dots_of_a_scene_it_has_not_seen(examples: Examples) -> None:
    logit = pigment_logit(examples.pictures.astype(np.float32), examples.context)
    assert np.mean(logit[examples.is_dot] > 0) > 0.8
    assert np.mean(logit[~examples.is_dot] < 0) > 0.6


def test_same_scene_same_bytes(examples: Examples) -> None:
    again = examples_of("small clinic", 41)
    assert again is not None
    assert again.pictures.tobytes() == examples.pictures.tobytes()
    assert again.context.tobytes() == examples.context.tobytes()
