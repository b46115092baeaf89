"""On which native skin the camera's contrast is read: far enough from the treatment to be free of its redness."""

from __future__ import annotations

import numpy as np

from tracker.view_analysis import _unreddened

SIZE = 100


def halves(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Native and treated skin, the treated half on the left; native skin `width` wide."""
    treated = np.zeros((SIZE, SIZE), bool)
    treated[:, :40] = True
    native = np.zeros((SIZE, SIZE), bool)
    native[:, 40 : 40 + width] = True
    return native, treated


def test_skin_near_the_treated_area_is_left_out() -> None:
    native, treated = halves(50)
    far = _unreddened(native, treated, 20.0)
    assert not far[:, :59].any()
    assert far[:, 62:90].all()
    assert not far[:, 90:].any()


def test_where_most_native_skin_is_near_all_of_it_is_read() -> None:
    native, treated = halves(30)
    assert np.array_equal(_unreddened(native, treated, 20.0), native)


def test_without_treated_skin_nothing_is_near() -> None:
    native, treated = halves(50)
    assert np.array_equal(_unreddened(native, np.zeros_like(treated), 20.0), native)
