"""Turning encryption on and off, another passphrase, another key.

The records change in one transaction; the files follow one by one, each in one step. A program
that is stopped in between leaves a store that opens as before; the next change finishes it first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from tracker.sealing import LEAST_LETTERS, KeyRing
from tracker.series import Progress
from tracker.storage import engine as transactions
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.sealed_columns import (
    SealedJSON,
    SealedNumber,
    SealedText,
    ring_of,
    use_ring,
)
from tracker.storage.store import Store
from tracker.storage.tray import trays
from tracker.storage.unlocking import ENCRYPTION_SETTING, check_same_keys, kept_header
from tracker.storage.vault import LostError, Shelf

SEALED_TYPES = (SealedText, SealedNumber, SealedJSON)


@dataclass(frozen=True)
class Sealed:
    """How a store stands.

    Attributes
    ----------
    key : int or None
        Number of the key that seals; None where the store is not encrypted.
    moving : bool
        Whether files may still lie under an earlier key, or in the clear.
    n_files : int
        Files that were brought under the key just now.
    traces : bool
        Whether another program kept the database from being packed anew, so that what stood there
        before may still lie in its freed pages.
    """

    key: int | None
    moving: bool
    n_files: int = 0
    traces: bool = False


def sealed_state(store: Store) -> Sealed:
    ring = ring_of(store.engine)
    return Sealed(None, moving=False) if ring is None else Sealed(ring.active, ring.moving)


def encrypt(store: Store, words: str, progress: Progress | None = None) -> Sealed:
    """Encrypt the personal fields of the records, and every file.

    Raises
    ------
    StoreError
        If the store is encrypted already, or the passphrase is too short.
    """
    check_words(words)
    _go_on(store, progress)
    if ring_of(store.engine) is not None:
        raise StoreError(store.place.label, "is encrypted already", "see `smp-tracker key status`")
    _reseal_rows(store, KeyRing.new(words), "encryption was turned on")
    return finish(store, progress)


def rotate(store: Store, progress: Progress | None = None) -> Sealed:
    """Give the store a fresh key and bring everything under it; raises `StoreError`."""
    _go_on(store, progress)
    _reseal_rows(store, _ring(store).with_fresh_key(), "everything comes under a fresh key")
    return finish(store, progress)


def change_passphrase(store: Store, words: str) -> None:
    """Keep the same keys under another passphrase; raises `StoreError`."""
    check_words(words)
    ring = _ring(store).with_passphrase(words)
    with store.writing() as connection:
        _keep_header(connection, ring)
        store.note_in_audit(connection, None, "change", "the passphrase was changed")
    use_ring(store.engine, ring)


def decrypt(store: Store, progress: Progress | None = None) -> Sealed:
    """Bring everything back into the clear; raises `StoreError`."""
    _go_on(store, progress)
    _reseal_rows(store, _ring(store).turned_off(), "encryption was turned off")
    return finish(store, progress)


def finish(store: Store, progress: Progress | None = None) -> Sealed:
    """Bring every file under the key that seals now, let earlier keys go, leave no traces."""
    n_files = _go_on(store, progress)
    try:
        traces = not _forget_earlier_pages(store)
    except StoreError:  # locked: all is sealed, that alone is left
        traces = True
    return replace(sealed_state(store), n_files=n_files, traces=traces)


def _go_on(store: Store, progress: Progress | None) -> int:
    ring, moved = ring_of(store.engine), 0
    if ring is None or not ring.moving:
        return 0
    tell = progress or (lambda _share, _text: None)
    files = [(shelf, name) for shelf in Shelf for name in store.vault.inner.names(shelf)]
    for number, (shelf, name) in enumerate(files):
        tell(number / len(files), f"file {number + 1} of {len(files)}")
        try:
            moved += store.vault.reseal(shelf, name)
        except LostError:
            continue  # erased by somebody in this moment
    for tray in trays(store):
        moved += tray.reseal()
    settled = None if ring.active is None else ring.settled()
    with store.writing() as connection:
        _keep_header(connection, settled)
    use_ring(store.engine, settled)
    return moved


def check_words(words: str) -> None:
    """Refuse a passphrase that is too short; raises `StoreError`."""
    if len(words) < LEAST_LETTERS:
        raise StoreError(
            "the passphrase",
            f"has {len(words)} letters",
            f"take {LEAST_LETTERS} or more; a few words in a row are good",
        )


def _ring(store: Store) -> KeyRing:
    ring = ring_of(store.engine)
    if ring is None or ring.active is None:
        raise StoreError(store.place.label, "is not encrypted", "`smp-tracker key set` encrypts it")
    return ring


def _reseal_rows(store: Store, ring: KeyRing, what: str) -> None:
    """Write every sealed value with another ring, in one transaction with the header."""
    before = ring_of(store.engine)
    try:
        with transactions.writing(store.engine, store.place) as connection:
            if connection.dialect.name == "postgresql":
                # Whoever writes holds a share of this table: wait for them, and let none begin.
                connection.exec_driver_sql("LOCK TABLE setting IN EXCLUSIVE MODE")
            check_same_keys(connection, store.engine, store.place)
            opened = [(table, list(_sealed_rows(connection, table))) for table in _sealed_tables()]
            use_ring(store.engine, ring)
            for table, rows in opened:
                _write_rows(connection, table, rows)
            _keep_header(connection, ring)
            store.note_in_audit(connection, None, "change", what)
    except BaseException:
        use_ring(store.engine, before)
        raise


def _sealed_tables() -> list[sa.Table]:
    return [table for table in tables.metadata.sorted_tables if _sealed_columns(table)]


def _sealed_columns(table: sa.Table) -> list[sa.Column[object]]:
    return [column for column in table.columns if isinstance(column.type, SEALED_TYPES)]


def _sealed_rows(connection: sa.Connection, table: sa.Table) -> Iterator[dict[str, object]]:
    query = sa.select(table.c.id, *_sealed_columns(table))
    for row in connection.execute(query).mappings():
        yield {"_id" if name == "id" else f"_{name}": value for name, value in row.items()}


def _write_rows(connection: sa.Connection, table: sa.Table, rows: list[dict[str, object]]) -> None:
    if not rows:
        return
    values: dict[str, sa.BindParameter[object]] = {
        column.name: sa.bindparam(f"_{column.name}") for column in _sealed_columns(table)
    }
    # The version stays: nobody changed what the record says.
    connection.execute(table.update().where(table.c.id == sa.bindparam("_id")).values(values), rows)


def _keep_header(connection: sa.Connection, ring: KeyRing | None) -> None:
    by_key = tables.setting.c.key == ENCRYPTION_SETTING
    if ring is None:
        connection.execute(tables.setting.delete().where(by_key))
    elif kept_header(connection) is None:
        row = {"key": ENCRYPTION_SETTING, "value": ring.header}
        connection.execute(tables.setting.insert().values(row))
    else:
        connection.execute(tables.setting.update().where(by_key).values(value=ring.header))


def _forget_earlier_pages(store: Store) -> bool:
    """Rewrite the database's files: what stood there before does not stay in freed pages.

    False where another program reads just then; raises `StoreError` where it holds a lock.
    """
    with transactions.in_words(store.place), store.engine.connect() as connection:
        free = connection.execution_options(isolation_level="AUTOCOMMIT")
        if free.dialect.name == "postgresql":
            for table in _sealed_tables():
                free.exec_driver_sql(f"VACUUM FULL {table.name}")
            return True
        dbapi = free.connection.dbapi_connection
        assert dbapi is not None
        dbapi.execute("VACUUM")
        (busy, *_pages) = dbapi.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
