import numpy as np
import pytest
from threadpoolctl import threadpool_info

from tracker.analysis import analyse_series
from tracker.blas_threads import one_blas_thread
from tracker.series import SeriesPhoto


def threads_of_blas() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_has_one_thread_inside_and_as_many_as_before_outside() -> None:
    before = threads_of_blas()
    with one_blas_thread():
        assert threads_of_blas() == {1}
        with one_blas_thread():
            assert threads_of_blas() == {1}
        assert threads_of_blas() == {1}, "the inner use must not end the outer one"
    assert threads_of_blas() == before


def test_blas_gets_its_threads_back_after_an_error() -> None:
    before = threads_of_blas()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 // 0
    assert threads_of_blas() == before


def test_a_series_is_measured_with_one_thread() -> None:
    seen = []

    def read() -> np.ndarray:
        seen.append(threads_of_blas())
        return np.zeros((200, 200, 3), np.uint8)

    analyse_series([SeriesPhoto("a.jpg", "0", read)])
    assert seen == [{1}]
