"""How far a batch is, for the bar of the command line and the page of the dashboard."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from tracker.batch.kept import PROGRESS_PATH
from tracker.batch.places import Place, PlaceLostError

WRITE_SECONDS = 1.0


@dataclass(frozen=True)
class BatchProgress:
    """A moment of a batch.

    Attributes
    ----------
    state : str
        `running`, `done`, `stopped`, `failed`.
    photos_done, photos_total, clients_done, clients_total : int
        Of what this run has to do.
    failures : int
        Photos and clients so far that could not be measured.
    seconds : float
        Since the run began.
    sentence : str
        What was done last.
    """

    state: str
    photos_done: int
    photos_total: int
    clients_done: int
    clients_total: int
    failures: int
    seconds: float
    sentence: str = ""

    @property
    def share(self) -> float:
        """Measured photos count for nine parts of ten, written clients for the rest."""
        photos = self.photos_done / self.photos_total if self.photos_total else 1.0
        clients = self.clients_done / self.clients_total if self.clients_total else 1.0
        return 0.9 * photos + 0.1 * clients

    @property
    def photos_per_second(self) -> float:
        return self.photos_done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """By the pace so far; None while that means nothing."""
        if self.photos_done == 0 or self.share <= 0:
            return None
        return self.seconds * (1 - self.share) / self.share

    @property
    def line(self) -> str:
        """All of it in one line."""
        rate = self.photos_per_second
        pace = f"{rate:.1f} photos/s" if rate >= 0.1 else f"{60 * rate:.1f} photos/min"
        left = self.seconds_left
        parts = [
            f"{self.photos_done} of {self.photos_total} photos",
            pace if self.photos_done else "",
            f"{duration(left)} left" if left is not None else "",
            f"{self.failures} not measured",
        ]
        return " · ".join(part for part in parts if part)


def duration(seconds: float) -> str:
    """A span of time as people say it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def amount(n_bytes: float) -> str:
    """A number of bytes as people say it."""
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 1000:
            return f"{n_bytes:.1f} {unit}"
    return f"{n_bytes / 1000:.1f} TB"


def tell_place(out: Place, progress: BatchProgress) -> None:
    """Write it where the dashboard looks; a place that fails is said by who needs it."""
    try:
        out.write(PROGRESS_PATH, json.dumps(asdict(progress)).encode())
    except PlaceLostError:
        return


def read_progress(out: Place) -> BatchProgress | None:
    """What a batch on this output said last; None where there was none."""
    try:
        content: dict[str, Any] = json.loads(out.read(PROGRESS_PATH))
        return BatchProgress(**content)
    except (OSError, ValueError, TypeError):
        return None
