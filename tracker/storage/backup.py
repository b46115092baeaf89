"""A backup of a whole store in one file, consistent while others go on working."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from tracker import __version__
from tracker.sealing.stream import SealedWriter
from tracker.series import Progress
from tracker.storage import tables
from tracker.storage.archive import ArchiveWriter, table_member, vault_member
from tracker.storage.errors import StoreError
from tracker.storage.migrate import HEAD
from tracker.storage.sealed_columns import ring_of
from tracker.storage.store import Store
from tracker.storage.vault import LostError, Shelf, sha256_of

LEFT_OUT = {"setting"}
"""Where a store keeps its photos is the place's matter, not the records'."""


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds, and what it should but cannot."""

    n_clients: int
    n_photos: int
    missing: tuple[str, ...]
    """Photos whose original is lost or altered: the backup holds their records alone."""


def back_up(
    store: Store, target: Path, *, overwrite: bool = False, progress: Progress | None = None
) -> BackedUp:
    """Write a backup of everything to the file `target`, whole or not at all.

    The records are read in one transaction, so they fit together whatever is written meanwhile;
    an original is in the vault before a record speaks of it, so it is there to be copied.

    Raises
    ------
    StoreError
        If `target` exists and is not to be replaced, or something cannot be read or written.
    """
    if target.is_dir():
        raise StoreError(str(target), "is a folder", "name a file such as clinic.zip")
    if target.exists() and not overwrite:
        raise StoreError(str(target), "exists already", "--force replaces it")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, text = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".part", dir=target.parent
        )
        part = Path(text)
        with os.fdopen(handle, "w+b") as file:
            with _sealed(store, file) as whole, zipfile.ZipFile(whole, "w") as archive:
                done = _write(store, ArchiveWriter(archive), progress)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreError(
            str(target), f"cannot be written ({reason})", "check the disk and the permissions"
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return done


def _sealed(store: Store, file: BinaryIO) -> AbstractContextManager[Any]:
    """The file itself, or one around it that seals under the store's passphrase."""
    ring = ring_of(store.engine)
    if ring is None or ring.active is None:
        return nullcontext(file)
    return SealedWriter(file, ring.passphrase)


def _write(store: Store, archive: ArchiveWriter, progress: Progress | None) -> BackedUp:
    tell = progress or (lambda _share, _text: None)
    rows: dict[str, list[Mapping[Any, Any]]] = {}
    with store.reading() as connection:
        for table in tables.metadata.sorted_tables:
            if table.name not in LEFT_OUT:
                query = sa.select(table).order_by(*table.primary_key.columns)
                rows[table.name] = list(connection.execute(query).mappings())
    for name, content in rows.items():
        text = "".join(f"{json.dumps(_plain(row), ensure_ascii=False)}\n" for row in content)
        archive.add(table_member(name), text.encode())
    missing: list[str] = []
    for number, row in enumerate(rows["photo"]):
        tell(number / len(rows["photo"]), f"packing {row['name']}")
        name = row["sha256"]
        try:
            data = store.vault.get(Shelf.ORIGINALS, name)
        except LostError:
            missing.append(f"{row['name']}: its original is lost")
            continue
        if sha256_of(data) != name:
            missing.append(f"{row['name']}: its original has been altered")
            continue
        archive.add(vault_member(Shelf.ORIGINALS, name), data)
        if store.vault.holds(Shelf.THUMBNAILS, name):
            small = store.vault.get(Shelf.THUMBNAILS, name)
            archive.add(vault_member(Shelf.THUMBNAILS, name), small)
    for name in sorted({row["payload_sha256"] for row in rows["result"]}):
        try:
            data = store.vault.get(Shelf.RESULTS, name)
        except LostError:
            continue  # its table of photos is in the records; the whole can be measured again
        if sha256_of(data) == name:
            archive.add(vault_member(Shelf.RESULTS, name), data)
    archive.finish(
        {
            "revision": HEAD,
            "made_at": store.clock().isoformat(timespec="seconds"),
            "program_version": __version__,
        }
    )
    return BackedUp(len(rows["client"]), len(rows["photo"]), tuple(missing))


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): value.isoformat() if isinstance(value, date | datetime) else value
        for key, value in row.items()
    }
