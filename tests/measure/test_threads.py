import threading
import time

import pytest

from tracker.measure.threads import Begun, map_threads


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


@pytest.mark.parametrize("workers", [1, 3])
def test_begun_work_is_there_when_asked_for(workers: int) -> None:
    with Begun(workers) as begun:
        results = [begun.begin(pow, base, exp=2) for base in range(5)]
        broken = begun.begin(divmod, 1, 0)
        assert [result() for result in results] == [0, 1, 4, 9, 16]
        with pytest.raises(ZeroDivisionError):
            broken()


def test_one_worker_does_only_what_is_asked_for() -> None:
    done: list[int] = []
    with Begun(1) as begun:
        wanted = [begun.begin(done.append, item) for item in range(3)]
        assert not done
        wanted[2]()
    assert done == [2]


def test_leaving_early_drops_what_has_not_started() -> None:
    done = []

    def work(item: int) -> None:
        time.sleep(0.01)
        done.append(item)

    def stopped() -> None:
        with Begun(2) as begun:
            waited = [begun.begin(work, item) for item in range(100)]
            waited[0]()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stopped()
    assert len(done) < 20
