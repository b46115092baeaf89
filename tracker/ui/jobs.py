"""Measuring in the background: one job per client, watched by any number of browser tabs.

A page must stay quick while a series is measured, so `analyse_series` runs in a plain thread
(OpenCV and NumPy release the interpreter lock; a process pool inside a page would run `app.py`
again in every child). Jobs are keyed by what is measured, so a reload or a second tab finds the
running or finished job instead of starting it again. Nothing here touches Streamlit.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from tracker.logs import EventLog
from tracker.series import Progress, SeriesAnalysis

Measure = Callable[[Progress], SeriesAnalysis]

LOG = EventLog(__name__)
KEPT_JOBS = 12
"""Finished jobs kept in memory; the oldest that nobody measures is dropped first."""


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class MeasuringStoppedError(Exception):
    """Raised inside the measuring thread when the last watcher pressed stop."""


@dataclass(eq=False)
class Job:
    """One measurement: what the page polls."""

    key: str
    label: str = ""
    """What is measured, as a list of jobs names it."""
    state: JobState = JobState.WAITING
    share: float = 0.0
    sentence: str = "Waiting for another measurement to finish"
    analysis: SeriesAnalysis | None = None
    problem: str = ""
    watchers: set[str] = field(default_factory=set)
    _started_at: float | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    def seconds_left(self, now: float) -> float | None:
        """A plain extrapolation, once enough is done for it to mean something."""
        if self._started_at is None or self.share < 0.08 or self.state != JobState.RUNNING:
            return None
        elapsed = now - self._started_at
        return elapsed * (1.0 - self.share) / self.share

    def seconds_run(self) -> float:
        """Since the measuring began; 0 before."""
        return 0.0 if self._started_at is None else time.monotonic() - self._started_at

    def report(self, share: float, sentence: str) -> None:
        """The `progress` handed to `analyse_series`; also where a stop takes effect."""
        if self._stop.is_set():
            raise MeasuringStoppedError
        self.share = min(max(share, self.share), 1.0)
        self.sentence = sentence

    def leave(self, watcher: str) -> None:
        """A tab stops watching; the work stops when it was the last one."""
        self.watchers.discard(watcher)
        if not self.watchers:
            self._stop.set()


class MeasuringDesk:
    """Runs jobs one at a time and remembers their results."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def find(self, key: str) -> Job | None:
        with self._lock:
            return self._jobs.get(key)

    def active(self) -> list[Job]:
        """Jobs that run or wait, in the order they were asked for."""
        with self._lock:
            return [job for job in self._jobs.values() if job.active]

    def ask(self, key: str, measure: Measure, watcher: str, label: str = "") -> Job:
        """The job of this key: the known one, or a new one that starts now.

        A job that failed or was stopped is measured again only after `forget`.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is not None:
                self._jobs.move_to_end(key)
                job.watchers.add(watcher)
                return job
            job = Job(key, label, watchers={watcher})
            self._jobs[key] = job
            self._drop_oldest()
        threading.Thread(
            target=self._run, args=(job, measure), name=f"measuring {key[:12]}", daemon=True
        ).start()
        return job

    def forget(self, key: str) -> None:
        """Drop a job so that the next `ask` measures again."""
        with self._lock:
            self._jobs.pop(key, None)

    def _drop_oldest(self) -> None:
        idle = [key for key, job in self._jobs.items() if not job.active]
        for key in idle[: max(0, len(self._jobs) - KEPT_JOBS)]:
            del self._jobs[key]

    def _run(self, job: Job, measure: Measure) -> None:
        with self._turn:
            try:
                job.report(0.0, "Reading the photos")
                job.state = JobState.RUNNING
                job._started_at = time.monotonic()
                LOG.info("measuring begun", client=job.label or None)
                job.analysis = measure(job.report)
                job.share = 1.0
                job.state = JobState.DONE
                LOG.info("measuring ended", client=job.label or None, seconds=job.seconds_run())
            except MeasuringStoppedError:
                job.state = JobState.STOPPED
                LOG.info("measuring stopped", client=job.label or None, seconds=job.seconds_run())
            except Exception as error:
                job.problem = f"{type(error).__name__}: {error}"
                job.state = JobState.FAILED
                seconds = job.seconds_run()
                LOG.error("measuring failed", error, client=job.label or None, seconds=seconds)
