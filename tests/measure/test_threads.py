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
