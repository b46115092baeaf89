"""The same work on several photos at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Given = ParamSpec("Given")


def map_threads(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    told: Callable[[int], None] | None = None,
) -> list[Result]:
    """Results in the order of `items`, computed by up to `workers` threads.

    NumPy and OpenCV leave the interpreter's lock while they compute, so threads are enough and
    share the pictures. Each item is worked on alone: the results do not depend on `workers`.
    `told` hears, in the calling thread, which item is waited for next; an error it raises stops the rest.
    """
    if workers <= 1 or len(items) <= 1:
        return list(_counted(map(work, items), len(items), told))
    pool = ThreadPoolExecutor(max_workers=min(workers, len(items)))
    try:
        return list(_counted(pool.map(work, items), len(items), told))
    finally:
        pool.shutdown(cancel_futures=True)


def _counted(
    results: Iterator[Result], n: int, told: Callable[[int], None] | None
) -> Iterator[Result]:
    for number in range(n):
        if told is not None:
            told(number)
        yield next(results)


class Begun:
    """Work that is begun before it is wanted, on up to `workers` threads; with one, done when it is asked for.

    What is never asked for may be dropped: on leaving, what has not started is cancelled.
    """

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers) if workers > 1 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(
        self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Callable[[], Result]:
        """Begin some work; what is returned waits for its result, or raises its error."""
        if self._pool is None:
            return lambda: work(*args, **kwargs)
        return self._pool.submit(work, *args, **kwargs).result
