"""Erasing a client: everything that is kept of them, so that only the erasure is remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from tracker.storage import tables
from tracker.storage.filing import remove_within
from tracker.storage.statements import find_client, lock_client
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.vault import Shelf

_COUNTED = {
    "plan": tables.plan,
    "sessions": tables.session,
    "photos": tables.photo,
    "zones": tables.zone,
    "corrections": tables.correction,
    "results": tables.result,
    "consents": tables.consent,
    "notes": tables.note,
    "audit entries": tables.audit,
}


@dataclass(frozen=True)
class Erasure:
    """What goes when a client is erased.

    Attributes
    ----------
    code : str
    records : dict of str to int
        Rows by kind, the client's own record aside.
    photos : tuple of str
        Names of the photos.
    files : tuple of (Shelf, str)
        Originals, thumbnails and measured results in the vault.
    notes : tuple of str
        What a person should know after the erasure, a line each.
    waiting : int
        Photos in the tray, not filed yet.
    """

    code: str
    records: dict[str, int]
    photos: tuple[str, ...]
    files: tuple[tuple[Shelf, str], ...]
    notes: tuple[str, ...] = ()
    waiting: int = 0

    def lines(self) -> list[str]:
        """The list that a person confirms."""
        counted = [f"{n} {kind}" for kind, n in self.records.items() if n]
        by_shelf = {shelf: sum(1 for found, _ in self.files if found is shelf) for shelf in Shelf}
        held = [f"{n} {shelf.value}" for shelf, n in by_shelf.items() if n]
        return [
            f"records: client {self.code}" + "".join(f", {text}" for text in counted),
            "files: " + (", ".join(held) or "none"),
            *([f"photos: {', '.join(self.photos)}"] if self.photos else []),
            *([f"not filed yet: {self.waiting} photos in the tray"] if self.waiting else []),
        ]


def what_goes(store: Store, code: str) -> Erasure:
    """List what an erasure would remove; changes nothing; raises `NotThereError`."""
    with store.reading() as connection:
        return _what_goes(connection, store, code, find_client(connection, code).id)


def _what_goes(connection: sa.Connection, store: Store, code: str, client_id: int) -> Erasure:
    counts = {
        kind: int(
            connection.execute(
                sa.select(sa.func.count()).select_from(table).where(table.c.client_id == client_id)
            ).scalar_one()
        )
        for kind, table in _COUNTED.items()
    }
    photos = sorted(
        tuple(row)
        for row in connection.execute(
            sa.select(tables.photo.c.name, tables.photo.c.sha256).where(
                tables.photo.c.client_id == client_id
            )
        )
    )
    payloads = connection.execute(
        sa.select(tables.result.c.payload_sha256).where(tables.result.c.client_id == client_id)
    ).scalars()
    files = [(shelf, sha) for _, sha in photos for shelf in (Shelf.ORIGINALS, Shelf.THUMBNAILS)]
    files += [(Shelf.RESULTS, name) for name in payloads]
    there = tuple((shelf, name) for shelf, name in files if store.vault.holds(shelf, name))
    waiting = len(tray_of(store, code).photos())
    return Erasure(code, counts, tuple(name for name, _ in photos), there, waiting=waiting)


def erase_client(store: Store, code: str) -> Erasure:
    """Erase a client for good, and return what went.

    The records are let go only after the files have gone: where that fails half-way, the client
    is still listed and can be erased again, and no photo is left that nobody knows of.

    Raises
    ------
    NotThereError
        If there is no such client.
    StoreError
        If the database or the vault cannot be written.
    """
    with store.writing() as connection:
        client = lock_client(connection, code)
        gone = _what_goes(connection, store, code, client.id)
        # All that belongs to the client goes with it, its audit entries included.
        connection.execute(tables.client.delete().where(tables.client.c.id == client.id))
        store.note_in_audit(connection, None, "erase", "a client was erased")
        tray_of(store, code).clear()
        remove_within(connection, store, gone.files)
    return gone if _forget_log(store) else replace(gone, notes=(STILL_READ,))


STILL_READ = (
    "another program is reading the records: traces stay in the database file until it closes; "
    "then any command wipes them"
)


def _forget_log(store: Store) -> bool:
    """Bring SQLite's write-ahead log into the database: erased rows must not live on in either.

    False where a reader held on to the moment before for longer than the busy timeout: the next
    program that closes the store as the last one does it then.
    """
    if store.engine.dialect.name != "sqlite":
        return True
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
        return not busy
    finally:
        connection.close()
