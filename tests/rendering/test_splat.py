"""Blobs and strokes painted into a picture keep their amounts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.rendering.splat import add_blobs, add_strokes


@given(
    x=st.floats(30, 70),
    y=st.floats(30, 70),
    flatness=st.floats(0.9, 1.4),
    wide=st.floats(0.8, 20),
    narrow=st.floats(0.8, 5),
    turn=st.floats(0, 3.1),
)
def test_blob_keeps_sum_and_centre(
    x: float, y: float, flatness: float, wide: float, narrow: float, turn: float
) -> None:
    canvas = np.zeros((101, 101), np.float32)
    axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    covariance = axes @ np.diag([wide, narrow]) @ axes.T
    add_blobs(canvas, np.array([[x, y]]), covariance[None], np.array([flatness]), np.array([2.5]))
    assert canvas.sum() == pytest.approx(2.5, rel=1e-4)
    rows, columns = np.mgrid[0:101, 0:101]
    assert (canvas * columns).sum() / 2.5 == pytest.approx(x, abs=0.03)
    assert (canvas * rows).sum() / 2.5 == pytest.approx(y, abs=0.03)


def test_gaussian_blob_has_the_asked_width() -> None:
    canvas = np.zeros((61, 61), np.float32)
    add_blobs(canvas, np.array([[30.0, 30.0]]), 16 * np.eye(2)[None], np.ones(1), np.ones(1))
    half_maximum = canvas[30] >= canvas.max() / 2
    assert half_maximum.sum() == pytest.approx(2.355 * 4, abs=1)


def test_strokes_cover_length_times_width() -> None:
    canvas = np.zeros((60, 60), np.float32)
    start, end = np.array([[10.3, 12.2]]), np.array([[40.1, 33.7]])
    add_strokes(canvas, start, end, np.array([0.6]), np.ones(1))
    covered = (1 - np.exp(-canvas)).sum()
    assert covered == pytest.approx(0.6 * np.linalg.norm(end - start), rel=0.06)


def test_overlapping_strokes_never_exceed_full_cover() -> None:
    canvas = np.zeros((30, 30), np.float32)
    start, end = np.full((5, 2), 5.0), np.full((5, 2), 25.0)
    add_strokes(canvas, start, end, np.full(5, 3.0), np.ones(5))
    assert 0.97 < (1 - np.exp(-canvas)).max() <= 1


def test_things_outside_the_frame_leave_it_alone() -> None:
    canvas = np.zeros((20, 20), np.float32)
    add_blobs(canvas, np.array([[-40.0, 90.0]]), np.eye(2)[None], np.ones(1), np.ones(1))
    assert not canvas.any()
