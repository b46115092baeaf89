"""The tables over all clients: batch.csv, batch.parquet, failures.csv; and the numbers of the end.

Made from the clients' records alone, a client at a time, in the order of the plan: so they do not
depend on who worked when, and a million rows need little memory.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.batch.found import (
    BATCH_FILE,
    FAILURES_FILE,
    OVERVIEW_FILE,
    PARQUET_FILE,
    WORK_FOLDER,
    Failure,
    Kind,
)
from tracker.batch.kept import ClientRecord, Kept
from tracker.batch.overview import ClientCard, OverviewWriter
from tracker.batch.parquet import BatchWriter
from tracker.batch.places import Place, remove_folder, write_failure
from tracker.batch.plan import Plan
from tracker.report.tables import PHOTO_COLUMNS, field_text
from tracker.series import natural_key

_STATUS, _PHOTO, _VIEW, _SHA256 = map(PHOTO_COLUMNS.index, ("status", "photo", "view", "sha256"))
TOP_FILES = (BATCH_FILE, PARQUET_FILE, FAILURES_FILE, OVERVIEW_FILE)
TABLES_PATH = f"{WORK_FOLDER}/tables.json"
FAILURE_COLUMNS = ("client", "photo", "view", "kind", "reason", "remedy")


@dataclass(frozen=True)
class BatchTotals:
    """The numbers of a batch at its end.

    Attributes
    ----------
    clients, photos, measured : int
        Of the whole batch; `photos` are the rows of batch.csv.
    failures : tuple of Failure
        Rows of failures.csv.
    unfinished : int
        Clients that a stopped run has not come to.
    """

    clients: int
    photos: int
    measured: int
    failures: tuple[Failure, ...]
    unfinished: int

    @property
    def n_failed(self) -> int:
        """Photos and clients without a measure; duplicates are measured."""
        return sum(failure.kind is not Kind.DUPLICATE for failure in self.failures)

    def by_reason(self) -> list[tuple[str, str, int]]:
        """(kind, reason, rows), most frequent first; figures in a reason do not count."""
        return by_reason(self.failures)


def by_reason(failures: tuple[Failure, ...] | list[Failure]) -> list[tuple[str, str, int]]:
    """Failures counted by kind and reason; names and figures in a reason do not count."""
    counted = Counter((f.kind.value, _general(f)) for f in failures)
    return [(kind, reason, n) for (kind, reason), n in sorted(counted.items(), key=_by_count)]


def _by_count(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def _general(failure: Failure) -> str:
    if failure.kind is Kind.DUPLICATE:
        return "is the same file as another photo"
    return re.sub(r"\d+(\.\d+)?", "…", failure.reason)


def write_outputs(plan: Plan, out: Place) -> BatchTotals:
    """Write all tables and the overview, unless they are there and nothing was done.

    Raises
    ------
    PlaceLostError
        If the results can no longer be written.
    """
    kept, key = Kept(out), _tables_key(plan)
    known = None if plan.pending else _written(out, key)
    if known is not None:
        return known
    out.remove(TABLES_PATH)
    work = out.work_folder()
    try:
        totals = _Gathered(plan)
        parquet = BatchWriter(work / PARQUET_FILE)
        overview = OverviewWriter(work)
        with (work / BATCH_FILE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("client", *PHOTO_COLUMNS))
            for record in _records(plan, kept):
                totals.add(record)
                for row in record.rows:
                    writer.writerow([record.client, *map(field_text, row)])
                parquet.add(record.client, record.rows)
                overview.add(ClientCard.of(record))
        parquet.close()
        done = totals.done()
        with (work / FAILURES_FILE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(FAILURE_COLUMNS)
            writer.writerows(failure.as_list() for failure in done.failures)
        pages = overview.finish(done)
        for name in (BATCH_FILE, PARQUET_FILE, FAILURES_FILE, *pages):
            out.publish_file(work / name, name)
        # An earlier overview may have had more pages.
        for entry in out.entries(""):
            if re.fullmatch(r"overview-\d+\.html", entry.name) and entry.name not in pages:
                out.remove(entry.path)
    except OSError as error:
        raise write_failure(out.url, error) from error
    finally:
        remove_folder(work)
    counts = [done.clients, done.photos, done.measured, done.unfinished]
    out.write(TABLES_PATH, json.dumps({"key": key, "counts": counts}).encode())
    return done


def _tables_key(plan: Plan) -> str:
    """Hash of what the tables are made from, where every client is done."""
    digest = hashlib.sha256()
    for planned in plan.clients:
        digest.update(f"{planned.client.name}\0{planned.state}\0".encode())
    digest.update(json.dumps([failure.as_list() for failure in plan.failures]).encode())
    return digest.hexdigest()


def _written(out: Place, key: str) -> BatchTotals | None:
    """The numbers of tables that are there and up to date."""
    try:
        names = {entry.name for entry in out.entries("")}
        up_to_date = json.loads(out.read(TABLES_PATH))["key"] == key
    except (OSError, ValueError, KeyError):
        return None
    return read_totals(out) if up_to_date and names.issuperset(TOP_FILES) else None


def read_totals(out: Place) -> BatchTotals | None:
    """The numbers of the tables that were written last; None where there are none."""
    try:
        content = json.loads(out.read(TABLES_PATH))
        lines = csv.reader(io.StringIO(out.read(FAILURES_FILE).decode()))
        failures = [
            Failure(client, photo, view, Kind(kind), reason, remedy)
            for client, photo, view, kind, reason, remedy in list(lines)[1:]
        ]
    except (OSError, ValueError, KeyError):
        return None
    clients, photos, measured, unfinished = content["counts"]
    return BatchTotals(clients, photos, measured, tuple(failures), unfinished)


def _records(plan: Plan, kept: Kept) -> Iterator[ClientRecord]:
    for planned in plan.clients:
        record = kept.client(planned.client.name)
        if record is not None and record.state == planned.state:
            yield record


class _Gathered:
    """What is counted while the records pass by."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._failures = list(plan.failures)
        self._seen: dict[str, tuple[str, str]] = {}
        self._clients = self._photos = self._measured = 0

    def add(self, record: ClientRecord) -> None:
        self._clients += 1
        self._photos += len(record.rows)
        self._measured += sum(row[_STATUS] != "refused" for row in record.rows)
        self._failures += record.failures
        for row in record.rows:
            self._note_duplicate(record.client, row[_PHOTO], row[_VIEW], row[_SHA256])

    def _note_duplicate(self, client: str, photo: str, view: str, sha256: str) -> None:
        if not sha256:
            return
        first = self._seen.setdefault(sha256, (client, photo))
        if first != (client, photo):
            self._failures.append(
                Failure(
                    client,
                    photo,
                    view,
                    Kind.DUPLICATE,
                    f"is the same file as {first[0]}/{first[1]}",
                    "keep it with the client it belongs to and remove the other one",
                )
            )

    def done(self) -> BatchTotals:
        ordered = sorted(
            self._failures,
            key=lambda f: (natural_key(f.client), f.client, natural_key(f.photo), f.photo, f.kind),
        )
        return BatchTotals(
            self._clients,
            self._photos,
            self._measured,
            tuple(ordered),
            len(self._plan.clients) - self._clients,
        )
