"""A store of many made-up clients whose photos are measured: what the dashboard's benchmarks show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.factories import make_photo_measures
from tracker import METHOD_VERSION, __version__
from tracker.records import ClientRecord, DateSource, PhotoRecord, SessionRecord
from tracker.report.tables import photo_rows
from tracker.samples import sample_clients
from tracker.series import SeriesAnalysis
from tracker.storage import tables
from tracker.storage.statements import insert
from tracker.storage.store import Store
from tracker.storage.thumbnails import make_thumbnail
from tracker.storage.vault import Shelf

FIRST_DAY = date(2024, 1, 10)


def client_code(number: int) -> str:
    return f"C-{number:04d}"


def fill(store: Store, n_clients: int, n_photos: int) -> None:
    """Clients whose photos are measured, with the rows and thumbnails that Home reads."""
    measures = make_photo_measures(3)
    (row,) = photo_rows(_alone(measures))
    # A sample client's photo: as many bytes as a thumbnail of a scalp has.
    photo = next(sample_clients()[0].glob("*.jpg"))
    small = make_thumbnail(photo.read_bytes())
    assert small is not None
    with store.writing() as connection:
        for number in range(n_clients):
            code = client_code(number)
            client = insert(connection, ClientRecord(code, name=f"Client {number}"), None)
            for k in range(8):
                insert(connection, SessionRecord(FIRST_DAY + timedelta(days=2 + 42 * k)), client.id)
            rows = []
            for k in range(n_photos):
                sha256 = f"{number:032x}{k:032x}"
                day = FIRST_DAY + timedelta(days=18 * k)
                insert(
                    connection,
                    PhotoRecord(
                        f"{k}_top.jpg",
                        sha256,
                        view="top",
                        captured_on=day,
                        date_source=DateSource.CAMERA,
                    ),
                    client.id,
                )
                fade = 0.9 * k / n_photos
                rows.append(
                    row
                    | {
                        "photo": f"{k}_top.jpg",
                        "sha256": sha256,
                        "status": "measured" if k else "baseline",
                        "captured_on": day.isoformat(),
                        "fade": fade,
                        "fade_low": fade - 0.04,
                        "fade_high": fade + 0.04,
                    }
                )
                if k in (0, n_photos - 1):
                    store.vault.put(Shelf.THUMBNAILS, sha256, small)
            connection.execute(
                tables.result.insert().values(
                    client_id=client.id,
                    view="top",
                    inputs_hash=f"{number:064x}",
                    settings_hash="0" * 16,
                    method_version=METHOD_VERSION,
                    program_version=__version__,
                    measured_on=FIRST_DAY,
                    payload_sha256=f"{number:064x}",
                    photo_rows=rows,
                )
            )


def _alone(measures: Any) -> SeriesAnalysis:
    return SeriesAnalysis("", (), (measures,), (), __version__, METHOD_VERSION, {}, "0" * 16)
