"""Measure many clients' folders, one by one or several at a time.

A client whose folder cannot be read, and a photo that cannot be measured, is a row in
failures.csv; the others are measured all the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from tracker.analysis import analyse_series
from tracker.folder import read_client_folder
from tracker.photos import PHOTO_SUFFIXES
from tracker.record_files import FolderError
from tracker.report.publish import OutputError
from tracker.report.results_folder import write_results
from tracker.report.tables import PHOTO_COLUMNS, photo_rows, rows_csv
from tracker.series import natural_key

BATCH_FILE = "batch.csv"
FAILURES_FILE = "failures.csv"
FAILURE_COLUMNS = ("client", "photo", "reason")


@dataclass(frozen=True)
class ClientOutcome:
    """What became of one client: its photo rows, or why there are none."""

    client: str
    rows: tuple[dict[str, Any], ...]
    failure: str = ""
    notes: tuple[str, ...] = ()
    """What a person should know about single files, a line each."""

    @property
    def failures(self) -> list[dict[str, str]]:
        """Rows of failures.csv."""
        if self.failure:
            return [{"client": self.client, "photo": "", "reason": self.failure}]
        return [
            {"client": self.client, "photo": row["photo"], "reason": row["reason"]}
            for row in self.rows
            if row["status"] == "refused"
        ]


def find_clients(root: Path, out: Path | None = None) -> list[Path]:
    """Folders directly below `root`, in natural order of their names; at least one holds photos.

    A folder without photos is among them, so that it is named as a failure and not lost in
    silence. `out`, where it lies below `root`, is not.
    """
    if not root.is_dir():
        raise FolderError(str(root), "there is no such folder", "check the name")
    clients = [
        folder
        for folder in root.iterdir()
        if folder.is_dir()
        and not folder.name.startswith(".")
        and (out is None or folder.resolve() != out.resolve())
    ]
    if not any(map(_holds_photos, clients)):
        direct = _holds_photos(root)
        raise FolderError(
            str(root),
            "holds no client folders",
            "it holds photos itself: use `smp-tracker analyse`"
            if direct
            else "put each client's photos into a folder of its own below it",
        )
    return sorted(clients, key=lambda folder: natural_key(folder.name))


def _holds_photos(folder: Path) -> bool:
    try:
        return any(file.suffix.lower() in PHOTO_SUFFIXES for file in folder.iterdir())
    except OSError:  # named as a failure when it is measured
        return False


def measure_client(folder: Path, out: Path, *, today: date | None = None) -> ClientOutcome:
    """Measure one client's folder into `out / folder.name`."""
    try:
        client = read_client_folder(folder, today=today)
        analysis = analyse_series(
            client.photos,
            client=client.name,
            sessions=client.sessions,
            mm_per_px=client.plan.mm_per_px,
            marker_mm=client.plan.marker_mm,
            zones=client.zones,
        )
        write_results(analysis, client.photos, out / folder.name, plan=client.plan)
    except (FolderError, OutputError, ValueError) as error:
        return ClientOutcome(folder.name, (), " ".join(str(error).split()))
    except Exception as error:  # one client's fault must not cost the others a night's work
        said = " ".join(f"{type(error).__name__}: {error}".split())
        return ClientOutcome(folder.name, (), f"could not be measured ({said}); please report it")
    return ClientOutcome(
        folder.name, tuple(photo_rows(analysis)), notes=client.notes + analysis.notes
    )


def measure_clients(
    folders: Sequence[Path], out: Path, *, workers: int, today: date | None = None
) -> Iterator[ClientOutcome]:
    """Yield the outcome of each client as it is done; `workers` processes at a time."""
    measure = partial(measure_client, out=out, today=today)
    if workers == 1 or len(folders) == 1:
        yield from map(measure, folders)
        return
    # loky, because it also works where the caller is a Streamlit page.
    from joblib import Parallel, delayed

    pool = Parallel(n_jobs=workers, backend="loky", return_as="generator_unordered")
    yield from pool(delayed(_measure_alone)(measure, folder) for folder in folders)


def _measure_alone(measure: partial[ClientOutcome], folder: Path) -> ClientOutcome:
    """In a worker: one thread, the other workers have the other processors."""
    import cv2

    cv2.setNumThreads(1)
    return measure(folder)


def batch_csv(outcomes: Sequence[ClientOutcome]) -> str:
    """Text of batch.csv: a row per client and photo."""
    rows = [{"client": done.client, **row} for done in outcomes for row in done.rows]
    return rows_csv(("client", *PHOTO_COLUMNS), rows)


def failures_csv(outcomes: Sequence[ClientOutcome]) -> str:
    """Text of failures.csv."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FAILURE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for done in outcomes for row in done.failures)
    return buffer.getvalue()
