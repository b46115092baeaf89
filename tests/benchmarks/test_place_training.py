"""Teaching a network of places; needs JAX and Optax (dependency group `bench`)."""

import numpy as np
import pytest

from benchmarks.place_training import taught
from tracker.measure.spot_look import GRID


def test_teaching_learns_what_is_round() -> None:
    """Round spots and strokes of all directions: told apart on places that were not shown."""
    pytest.importorskip("jax")
    pytest.importorskip("optax")
    rng = np.random.default_rng(7)
    n = 6000
    is_dot = rng.random(n) < 0.5
    y, x = np.mgrid[:GRID, :GRID] - GRID // 2
    angle = rng.uniform(0, np.pi, n)[:, None, None]
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    length = np.where(is_dot, 1.5, 4.0)[:, None, None]
    shown = np.exp(-0.5 * ((along / length) ** 2 + (across / 1.5) ** 2))
    pictures = (shown + rng.normal(0, 0.1, shown.shape)).reshape(n, -1).astype(np.float16)
    context = np.zeros((n, 2), np.float32)
    losses: list[float] = []
    net = taught(
        *(pictures[:5000], context[:5000], is_dot[:5000]),
        channels=(4, 6),
        hidden=(8, 4),
        epochs=4,
        told=lambda _epoch, loss: losses.append(loss),
    )
    said = net.logit(pictures[5000:].astype(np.float32), context[5000:])
    assert ((said > 0) == is_dot[5000:]).mean() > 0.97
    assert len(losses) == 4
    assert losses[-1] < losses[0]
    # What goes on learning begins with what it knows.
    further: list[float] = []
    taught(
        *(pictures[:5000], context[:5000], is_dot[:5000]),
        channels=(4, 6),
        hidden=(8, 4),
        epochs=1,
        rate=1e-4,
        start=net,
        told=lambda _epoch, loss: further.append(loss),
    )
    assert further[0] < 1.2 * losses[-1]
