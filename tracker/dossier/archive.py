"""Everything of one client in one ZIP, and back into a store elsewhere.

The records in it are those of `storage.rows`; a file is only ever put into the vault under its
own hash, so a name in the archive leads nowhere else.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tracker import __version__
from tracker.dossier.tables import EPOCH
from tracker.photos import inspect_photo
from tracker.records import (
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    RecordError,
    SessionRecord,
    TreatmentPlan,
    rules,
)
from tracker.report.tables import to_json
from tracker.series import PolygonZone, Progress
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.filing import Incoming, file_within, hold_vault, originals_put, take_back
from tracker.storage.migrate import HEAD
from tracker.storage.result_form import ResultFormError, from_bytes
from tracker.storage.rows import from_row, to_row
from tracker.storage.statements import client_row, find_client, insert, records, select
from tracker.storage.store import Store
from tracker.storage.vault import LostError, Shelf, checked_get, sha256_of

FORMAT = "smp-tracker/client/1"
KINDS: dict[str, type] = {
    "plan": TreatmentPlan,
    "sessions": SessionRecord,
    "photos": PhotoRecord,
    "zones": PolygonZone,
    "consents": ConsentRecord,
    "notes": NoteRecord,
}
MOST_RECORDS_BYTES = 50_000_000
MOST_PHOTO_BYTES = 500_000_000
MOST_RESULT_BYTES = 2_000_000_000
RESULT_COLUMNS = (
    "view", "inputs_hash", "settings_hash", "method_version", "program_version", "measured_on",
    "payload_sha256", "photo_rows",
)  # fmt: skip


@dataclass(frozen=True)
class ClientBack:
    """What an archive brought in."""

    code: str
    n_photos: int
    n_sessions: int
    n_results: int


def client_archive(store: Store, code: str, *, progress: Progress | None = None) -> bytes:
    """The archive of one client: records, originals, results, checksums, a readme.

    Raises
    ------
    StoreError
        If there is no such client, or an original is lost or altered.
    """
    tell = progress or (lambda _share, _text: None)
    with store.reading() as connection:
        client = find_client(connection, code)
        found: dict[str, list[Any]] = {
            name: records(select(connection, kind, client.id)) for name, kind in KINDS.items()
        }
        query = sa.select(tables.result).where(tables.result.c.client_id == client.id)
        rows = list(connection.execute(query.order_by(tables.result.c.id)).mappings())
    files: dict[str, bytes] = {}
    photos: list[PhotoRecord] = found["photos"]
    for number, photo in enumerate(photos):
        tell(number / max(1, len(photos)), f"packing {photo.name}")
        data = checked_get(store.vault, Shelf.ORIGINALS, photo.sha256)
        files[f"originals/{_plain_name(number, photo)}"] = data
    results = []
    for row in rows:
        name = row["payload_sha256"]
        try:
            files[f"results/{name}"] = checked_get(store.vault, Shelf.RESULTS, name)
        except LostError:
            continue  # can be measured again
        results.append({column: row[column] for column in RESULT_COLUMNS})
    content = {
        "format": FORMAT,
        "revision": HEAD,
        "program_version": __version__,
        "client": to_row(client.record),
        **{name: [to_row(record) for record in kept] for name, kept in found.items()},
        "results": results,
    }
    files["records.json"] = to_json(content).encode()
    files["readme.txt"] = _readme(code, len(photos)).encode()
    sums = "".join(f"{sha256_of(data)}  {name}\n" for name, data in sorted(files.items()))
    files["checksums.sha256"] = sums.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def bring_back(store: Store, path: Path, *, progress: Progress | None = None) -> ClientBack:
    """Bring a client's archive into a store that does not have the client; whole or not at all.

    Raises
    ------
    StoreError
        If the file is no such archive, is damaged, or the client or a photo is there already.
    RecordError
        If a record in it cannot be.
    """
    tell = progress or (lambda _share, _text: None)
    content, files = _opened(path)
    try:
        client = from_row(ClientRecord, _row(tables.client, content["client"])).record
        found: dict[str, list[Any]] = {
            name: [from_row(kind, _row(_TABLES[name], row)).record for row in content[name]]
            for name, kind in KINDS.items()
        }
        results = [_result_row(row, files) for row in content["results"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_archive(path, "holds records that do not fit together") from error
    _check(store, client, found)
    incoming = [_incoming(path, photo, files) for photo in found["photos"]]
    put_results: list[tuple[Shelf, str]] = []
    try:
        with originals_put(store, incoming) as put:
            for row, data in results:
                if store.vault.put(Shelf.RESULTS, row["payload_sha256"], data):
                    put_results.append((Shelf.RESULTS, row["payload_sha256"]))
            tell(0.5, "writing records")
            with store.writing() as connection:
                hold_vault(connection)
                if client_row(connection, client.code) is not None:
                    raise StoreError(
                        f"client {client.code}", "is there already", "erase it or use another store"
                    )
                kept = insert(connection, client, None)
                file_within(connection, store, kept, incoming, put)
                for name in KINDS:
                    for record in found[name] if name != "photos" else ():
                        insert(connection, record, kept.id)
                for row, _ in results:
                    connection.execute(tables.result.insert().values(client_id=kept.id, **row))
                store.note_in_audit(connection, kept.id, "import", f"archive of {client.code}")
    except BaseException:
        take_back(store, put_results)
        raise
    return ClientBack(client.code, len(incoming), len(found["sessions"]), len(results))


_TABLES: Mapping[str, sa.Table] = {
    "plan": tables.plan,
    "sessions": tables.session,
    "photos": tables.photo,
    "zones": tables.zone,
    "consents": tables.consent,
    "notes": tables.note,
}


def _plain_name(number: int, photo: PhotoRecord) -> str:
    """A name that leads nowhere, whatever the photo is called."""
    plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in photo.name)[-80:].lstrip(".")
    return f"{number:04d}_{plain or 'photo'}"


def _opened(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Records, and files by their SHA-256; every checksum is compared."""
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            if sizes.get("records.json", MOST_RECORDS_BYTES + 1) > MOST_RECORDS_BYTES:
                raise _no_archive(path, "holds no records of a client")
            sums = {}
            for line in archive.read("checksums.sha256").decode().splitlines():
                digest, _, name = line.partition("  ")
                sums[name] = digest
            if set(sums) | {"checksums.sha256"} != set(sizes):
                raise _no_archive(path, "holds files without a checksum, or lacks some")
            files = {}
            for name, digest in sums.items():
                most = MOST_RESULT_BYTES if name.startswith("results/") else MOST_PHOTO_BYTES
                if sizes[name] > most:
                    raise _no_archive(path, f"holds `{name[:60]}`, which is too large")
                data = archive.read(name)
                if sha256_of(data) != digest:
                    raise _no_archive(path, f"is damaged ({name[:60]})")
                files[name if name == "records.json" else digest] = data
        content = json.loads(files.pop("records.json"))
        if content["format"] != FORMAT:
            raise _no_archive(path, "is of another form")
        if content["revision"] != HEAD:
            raise _no_archive(
                path, f"was made with another form of records ({content['revision']})"
            )
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        EOFError,
        OSError,
        RuntimeError,
    ) as error:
        raise _no_archive(path, "is no archive of a client, or is damaged") from error
    return content, files


def _row(table: sa.Table, values: dict[str, Any]) -> dict[str, Any]:
    """A row as the store reads it, with its dates; unknown columns are refused."""
    row: dict[str, Any] = {"id": 0, "version": 1}
    for name, value in values.items():
        kind = table.c[name].type
        is_day = isinstance(kind, sa.Date) and isinstance(value, str)
        row[name] = date.fromisoformat(value) if is_day else value
    return row


def _result_row(row: dict[str, Any], files: Mapping[str, bytes]) -> tuple[dict[str, Any], bytes]:
    made = {name: row[name] for name in RESULT_COLUMNS}
    made["measured_on"] = date.fromisoformat(made["measured_on"])
    data = files[made["payload_sha256"]]
    try:
        from_bytes(data)
    except ResultFormError as error:
        raise ValueError(str(error)) from error
    return made, data


def _check(store: Store, client: ClientRecord, found: Mapping[str, list[Any]]) -> None:
    today = store.today
    rules.check_client(client, today=today)
    rules.check_sessions(found["sessions"], client, today=today)
    for plan in found["plan"]:
        rules.check_plan(plan, client.code)
    for consent in found["consents"]:
        rules.check_consent(consent, client.code, today=today)
    for note in found["notes"]:
        rules.check_note(note, client.code, today=today)
    for zone in found["zones"]:
        rules.check_zone(zone)
    if len(found["plan"]) > 1:
        raise RecordError(f"client {client.code}", "has two plans", "use another archive")


def _incoming(path: Path, photo: PhotoRecord, files: Mapping[str, bytes]) -> Incoming:
    data = files.get(photo.sha256)
    if data is None:
        raise _no_archive(path, f"lacks the original of {photo.name}")
    inspect_photo(data, photo.name)
    return Incoming(photo, lambda: data)


def _no_archive(path: Path, what: str) -> StoreError:
    return StoreError(str(path), what, "use another file; nothing was changed")


def _readme(code: str, n_photos: int) -> str:
    return (
        f"All that smp-tracker keeps of client {code}: {n_photos} photos.\n\n"
        "originals/        the photos, byte for byte as they were taken\n"
        "records.json      client, plan, sessions, photos, zones, consents, notes, in plain text\n"
        "results/          what was measured, each file named by its SHA-256\n"
        "checksums.sha256  SHA-256 of every file: `sha256sum -c checksums.sha256`\n\n"
        "Bring it into another store: smp-tracker import FILE.zip\n"
    )
