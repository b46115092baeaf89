"""How quick the records are: `python -m benchmarks.records` prints a table, a row per question.

On each database a store of 200 clients with 20 photos and 8 sessions each is filled with made-up
records, and a rendered series of 20 photos is imported and measured once (a few minutes). Then the
client list, one timeline and the opening of the measured series are timed, each as a program does
it: question asked, records and arrays in hand. `--document docs/records.md` puts the table between
the marks there.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.postgres import postgres_server
from tracker.records import ClientRecord, DateSource, PhotoRecord, SessionRecord
from tracker.storage.backup import back_up
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.overview import list_clients, timeline
from tracker.storage.restore import restore
from tracker.storage.results import measure_client
from tracker.storage.statements import insert
from tracker.storage.store import Store
from tracker.synthetic import random_client, render_series, write_client

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
SERIES = "series"
REPEATS = 11
FIRST_DAY = date(2024, 1, 10)
NOW = datetime(2032, 1, 1, tzinfo=UTC)
"""After the last rendered photo."""
LIMITS_S = {"client list": 0.2, "timeline of one client": 0.2, "opening a measured series": 0.3}


@dataclass(frozen=True)
class Row:
    database: str
    question: str
    size: str
    median_s: float
    worst_s: float

    @property
    def limit_s(self) -> float:
        return LIMITS_S[self.question]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--photo-px", type=int, default=800, help="side of the rendered photos")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--document", type=Path, help="put the table between the marks there")
    given = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        backup = _measured_series(folder, given.photos, given.photo_px)
        server = stack.enter_context(postgres_server())
        rows = []
        for database, place in (
            ("SQLite", str(folder / "lite")),
            ("PostgreSQL", server.new_database()),
        ):
            # The measured series comes in by its backup: measured once, opened on both.
            restore(backup, place, vault=str(folder / f"vault-{database}"), clock=lambda: NOW)
            with open_store(place, clock=lambda: NOW) as store:
                _fill(store, given.clients, given.photos)
                rows += _timed(store, database, given.repeats)
    table = _table(rows)
    print(table)
    if given.document:
        _put_between_marks(given.document, table)
    return 0 if all(row.worst_s < row.limit_s for row in rows) else 1


def _measured_series(folder: Path, n_photos: int, side_px: int) -> Path:
    client = random_client(5, n_photos=n_photos)
    (view,) = client.views
    series = replace(view.series, width_px=side_px, height_px=side_px)
    client = replace(client, views=(replace(view, series=series),))
    write_client(client, [render_series(series)], folder / "rendered")
    with open_store(str(folder / "first"), create=True, clock=lambda: NOW) as store:
        import_folder(store, folder / "rendered", code=SERIES)
        measure_client(store, SERIES)
        back_up(store, folder / "series.zip")
    return folder / "series.zip"


def _fill(store: Store, n_clients: int, n_photos: int) -> None:
    with store.writing() as connection:
        for number in range(n_clients):
            code = f"C-{number:04d}"
            client = insert(connection, ClientRecord(code, name=f"Client {number}"), None)
            for k in range(8):
                day = FIRST_DAY + timedelta(days=2 + 42 * k)
                insert(connection, SessionRecord(day, zones=("crown",)), client.id)
            for k in range(n_photos):
                photo = PhotoRecord(
                    f"{k}_top.jpg",
                    f"{number:032x}{k:032x}",
                    view="top",
                    captured_on=FIRST_DAY + timedelta(days=18 * k),
                    date_source=DateSource.CAMERA,
                )
                insert(connection, photo, client.id)


def _timed(store: Store, database: str, repeats: int) -> list[Row]:
    lines = list_clients(store)
    n_photos = sum(line.n_photos for line in lines)
    one = lines[len(lines) // 2].client.record.code
    opened = measure_client(store, SERIES)
    assert not opened.measured
    photos = opened.analysis.photos
    n_dots = max(len(view.dots) for view in opened.analysis.views)
    asked: list[tuple[str, str, Callable[[], object]]] = [
        (
            "client list",
            f"{len(lines)} clients, {n_photos} photos",
            lambda: list_clients(store),
        ),
        (
            "timeline of one client",
            f"{len(timeline(store, one).photos)} of {n_photos} photos",
            lambda: timeline(store, one),
        ),
        (
            "opening a measured series",
            f"{len(photos)} photos, {n_dots} dots in each",
            lambda: measure_client(store, SERIES),
        ),
    ]
    rows = []
    for question, size, ask in asked:
        seconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - started)
        rows.append(Row(database, question, size, statistics.median(seconds), max(seconds)))
    return rows


def _table(rows: Sequence[Row]) -> str:
    lines = [
        "| database | question | size | median | worst of all | asked for |",
        "|---|---|---|--:|--:|--:|",
    ]
    lines += [
        f"| {row.database} | {row.question} | {row.size} | {1000 * row.median_s:.0f} ms "
        f"| {1000 * row.worst_s:.0f} ms | under {1000 * row.limit_s:.0f} ms |"
        for row in rows
    ]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    lines += ["", f"{os.cpu_count()} processors, Python {platform.python_version()}{load}."]
    return "\n".join(lines)


def _put_between_marks(document: Path, table: str) -> None:
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    document.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
