"""The same tasks on a Dask cluster that exists: `--scheduler tcp://...`.

Each worker runs this package and reaches photos and results under the same names (a shared folder,
or S3). Dask runs the tasks of a worker that was lost again elsewhere; what that worker had finished
is found in the results and not measured again.
"""

from __future__ import annotations

import hashlib
import logging
import socket
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from tracker.batch.places import PlaceLostError
from tracker.batch.tasks import Crashed, Faulted, Outcome, Task
from tracker.batch.worker import perform_all

LEAST_PHOTOS, MOST_PHOTOS = 16, 32
"""Photos per task sent: Dask costs some milliseconds for each."""
TASKS_PER_WORKER = 2
"""In flight: one at work, one that waits beside it."""
CONNECT_SECONDS = 15
RETRIES = 2


class ClusterError(PlaceLostError):
    """A cluster that does not answer, or no longer does; the text is one line."""


def _knock(address: str) -> None:
    """See that somebody listens there: Dask's own client gives up late and not in one line."""
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not parts.scheme or not host or not port:
        raise ClusterError(address, "is no address of a scheduler", "write tcp://host:8786")
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        raise _nobody(address) from error


def _nobody(address: str) -> ClusterError:
    return ClusterError(
        address,
        "no scheduler answers there",
        "start one with `dask scheduler`, or check the address and the network",
    )


class ClusterPool:
    """Works on tasks on a Dask cluster; raises `ClusterError` where it does not answer."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client

            connect: Any = Client
        except ModuleNotFoundError as error:
            raise ClusterError(
                address,
                "needs the client for Dask",
                "install the extra: pip install 'smp-tracker[cluster]'",
            ) from error
        logging.getLogger("distributed").setLevel(logging.ERROR)
        _knock(address)
        try:
            self._client: Any = connect(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise _nobody(address) from error
        self._running: dict[Any, list[Task]] = {}
        self._attempts = 0

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        return sum(self._client.nthreads().values())

    @property
    def busy(self) -> bool:
        return bool(self._running)

    def fill(self, ready: deque[Task]) -> None:
        """Send as many chunks as keep every worker busy."""
        most = TASKS_PER_WORKER * max(1, self.workers)
        while ready and len(self._running) < most:
            chunk = [ready.popleft()]
            if not getattr(chunk[0], "watched", False):
                n_photos = chunk[0].n_photos
                while (
                    ready
                    and n_photos < LEAST_PHOTOS
                    and n_photos + ready[0].n_photos <= MOST_PHOTOS
                    and not getattr(ready[0], "watched", False)
                ):
                    chunk.append(ready.popleft())
                    n_photos += chunk[-1].n_photos
            self._send(chunk)

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        """Tasks that are done, after at most this time."""
        import distributed

        wait: Any = distributed.wait

        if not self._running:
            return []
        try:
            with self._client.as_current():
                done = wait(
                    list(self._running), timeout=seconds, return_when="FIRST_COMPLETED"
                ).done
        except TimeoutError:
            if self._client.status not in ("running", "connecting"):
                raise self._gone() from None
            return []
        found: list[tuple[Task, Outcome]] = []
        for future in done:
            tasks = self._running.pop(future)
            found += zip(tasks, self._outcomes(future, tasks), strict=True)
        return found

    def close(self) -> None:
        """Take back what is not done and leave the cluster as it was."""
        for future in self._running:
            future.cancel()
        self._running.clear()
        self._client.close(timeout=5)

    def _send(self, tasks: list[Task]) -> None:
        self._attempts += 1
        names = "".join(task.name for task in tasks)
        digest = hashlib.sha256(names.encode()).hexdigest()[:16]
        future = self._client.submit(
            perform_all,
            tasks,
            key=f"smp-{digest}-{self._attempts}",
            pure=False,
            retries=RETRIES,
        )
        self._running[future] = tasks

    def _outcomes(self, future: Any, tasks: list[Task]) -> list[Outcome]:
        from distributed import KilledWorker

        if future.status == "finished":
            outcomes: list[Outcome] = future.result()
            return outcomes
        if future.status in ("lost", "cancelled"):
            raise self._gone()
        error = future.exception()
        if isinstance(error, KilledWorker):
            # Workers ended over this chunk again and again; its tasks are tried one by one.
            return [Crashed()] * len(tasks)
        return [Faulted(f"{type(error).__name__}: {error}")] * len(tasks)

    def _gone(self) -> ClusterError:
        return ClusterError(
            str(self._client.scheduler.address if self._client.scheduler else "the cluster"),
            "the scheduler no longer answers",
            "what was measured is kept; start it again and repeat the command",
        )
