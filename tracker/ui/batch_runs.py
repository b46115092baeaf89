"""Batches that the dashboard started: each a program of its own, found again after a reload.

A page never measures a batch itself: the command line does, and keeps what is done, so that a batch
outlives a tab, a reload and the dashboard. Nothing here touches Streamlit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import tracker
from tracker.batch.session import BatchRequest

STOP_SECONDS = 20
PREFIX = "smp-tracker: "
GOOD_ENDS = (0, 1, 130)
"""Done, done with failures, stopped."""


@dataclass
class _Run:
    process: subprocess.Popen[bytes]
    complaints: Path
    stopped: bool = False


class BatchRuns:
    """Starts and stops batches, one per place of results."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}

    def start(self, request: BatchRequest) -> None:
        """Start a batch, unless one is running on the same results."""
        with self._lock:
            if self._running(request.out):
                return
            before = self._runs.get(request.out)
            if before is not None:
                before.complaints.unlink(missing_ok=True)
            handle, name = tempfile.mkstemp(prefix="smp-batch-", suffix=".log")
            with os.fdopen(handle, "wb") as file:
                process = subprocess.Popen(
                    command_of(request),
                    cwd=Path(tracker.__file__).resolve().parents[1],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=file,
                )
            self._runs[request.out] = _Run(process, Path(name))

    def running(self, out: str) -> bool:
        """Whether a batch that this dashboard started is at work on these results."""
        with self._lock:
            return self._running(out)

    def stop(self, out: str) -> None:
        """Ask a batch to end; what it has done is kept."""
        with self._lock:
            run = self._runs.get(out)
            if run is not None and run.process.poll() is None:
                run.stopped = True
                run.process.terminate()

    def stopped(self, out: str) -> bool:
        """Whether the last batch on these results was stopped here."""
        with self._lock:
            run = self._runs.get(out)
            return run is not None and run.stopped

    def problem(self, out: str) -> str:
        """The line of a batch that could not be run; empty for one that ran."""
        with self._lock:
            run = self._runs.get(out)
            if run is None or run.process.poll() in (None, *GOOD_ENDS) or run.stopped:
                return ""
            lines = run.complaints.read_text(encoding="utf-8", errors="replace").strip()
        said = [line for line in lines.splitlines() if line.startswith(PREFIX)]
        last = (said or lines.splitlines() or ["it ended without a word"])[-1]
        return last.removeprefix(PREFIX)

    def _running(self, out: str) -> bool:
        run = self._runs.get(out)
        return run is not None and run.process.poll() is None


def command_of(request: BatchRequest) -> list[str]:
    """The command line that does what is asked for."""
    words = [sys.executable, "-m", "tracker", "batch", request.root, "--out", request.out, "-q"]
    if request.pattern:
        words += ["--pattern", request.pattern]
    if request.manifest is not None:
        words += ["--manifest", str(request.manifest)]
    if request.workers:
        words += ["--jobs", str(request.workers)]
    if request.scheduler:
        words += ["--scheduler", request.scheduler]
    for name in ("summary_only", "retry_failed", "force"):
        if getattr(request, name):
            words.append("--" + name.replace("_", "-"))
    return words
