import threading
import time

import pytest

from tracker.measure.threads import map_threads


@pytest.mark.parametrize("workers", [0, 1, 3, 50])
def test_results_keep_the_order_of_the_items(workers: int) -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.002 * (5 - item))
        return item * item

    assert map_threads(slow_first, range(5), workers) == [0, 1, 4, 9, 16]
    assert map_threads(slow_first, [], workers) == []


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_is_not_lost(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        map_threads(lambda item: 1 // item, [2, 1, 0, 3], workers)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_caller_hears_how_far_it_is_in_its_own_thread(workers: int) -> None:
    heard = []

    def told(number: int) -> None:
        heard.append((number, threading.current_thread() is threading.main_thread()))

    assert map_threads(abs, [-1, -2, -3], workers, told) == [1, 2, 3]
    assert heard == [(0, True), (1, True), (2, True)]


def test_a_stop_by_the_caller_leaves_the_rest_undone() -> None:
    done = []

    def work(item: int) -> None:
        time.sleep(0.01)
        done.append(item)

    def told(number: int) -> None:
        if number == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        map_threads(work, range(100), 2, told)
    assert len(done) < 20
