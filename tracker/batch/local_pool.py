"""Tasks on this computer: one process per lane, as many lanes as processors.

A lane is a pool of one (joblib's loky, which also works where the caller is a Streamlit page): where
its process is ended, by a native crash or by the system for its memory, it is known which task did
it, and no other is touched.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tracker.batch.memory import free_mb, task_mb
from tracker.batch.places import Place
from tracker.batch.tasks import Crashed, Faulted, Outcome, Task
from tracker.batch.worker import THREAD_VARIABLES, begin_worker, perform

Perform = Callable[[Task], Outcome]


class LocalPool:
    """Works on tasks in processes of this computer.

    Parameters
    ----------
    root : Place
        To look at the size of photos before they are worked on.
    workers : int
        Processes.
    memory_mb : float, optional
        What all of them together may take; by default what is free now.
    work : callable, optional
        What is done with a task.
    """

    def __init__(
        self,
        root: Place,
        workers: int,
        *,
        memory_mb: float | None = None,
        work: Perform = perform,
    ) -> None:
        self.workers = workers
        self.memory_mb = free_mb() if memory_mb is None else memory_mb
        self._root, self._work = root, work
        self._lanes: list[Any] = [None] * workers
        self._running: dict[Future[Outcome], tuple[int, Task, float]] = {}
        self._needs: dict[str, float] = {}

    @property
    def busy(self) -> bool:
        return bool(self._running)

    @property
    def waiting_for_memory(self) -> bool:
        """Whether a processor idles because the next task would not fit into memory."""
        return bool(self._needs) and len(self._running) < self.workers

    def fill(self, ready: deque[Task]) -> None:
        """Take as many tasks as there are idle lanes and free memory; one always runs."""
        taken = {lane for lane, _, _ in self._running.values()}
        for lane in range(self.workers):
            if lane in taken:
                continue
            if not ready:
                return
            need = self._need(ready[0])
            used = sum(mb for _, _, mb in self._running.values())
            if self._running and used + need > self.memory_mb:
                return
            self._start(lane, ready.popleft(), need)

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Tasks that are done, after at most this time."""
        done, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        found = []
        for future in done:
            lane, task, _ = self._running.pop(future)
            try:
                outcome = future.result()
            except BrokenProcessPool:
                self._drop(lane)
                outcome = Crashed()
            except Exception as error:  # what came back could not be read
                outcome = Faulted(f"{type(error).__name__}: {error}")
            found.append((task, outcome))
        return found

    def close(self) -> None:
        """End all processes now; what they were at is done again next time."""
        for lane in range(self.workers):
            self._drop(lane)
        self._running.clear()

    def _need(self, task: Task) -> float:
        if getattr(task, "watched", False):
            # It ended a worker before, perhaps for want of memory: now it has all there is.
            return self.memory_mb
        if task.name not in self._needs:
            self._needs[task.name] = task_mb(self._root, task)
        return self._needs[task.name]

    def _start(self, lane: int, task: Task, need: float) -> None:
        self._needs.pop(task.name, None)
        if self._lanes[lane] is None:
            self._lanes[lane] = _lane()
        future: Future[Outcome] = self._lanes[lane].submit(self._work, task)
        self._running[future] = (lane, task, need)

    def _drop(self, lane: int) -> None:
        pool, self._lanes[lane] = self._lanes[lane], None
        if pool is not None:
            pool.shutdown(wait=True, kill_workers=True)


def _lane() -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(
        max_workers=1,
        timeout=None,
        initializer=begin_worker,
        initargs=(os.getpid(),),
        env=dict.fromkeys(THREAD_VARIABLES, "1"),
    )
