"""A backup back into a store, of this or an earlier version, on either database."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tracker.series import Progress
from tracker.storage import tables
from tracker.storage.archive import Backup, opened_backup
from tracker.storage.backup import LEFT_OUT
from tracker.storage.engine import open_engine
from tracker.storage.errors import StoreError
from tracker.storage.filing import hold_vault, remove_unreferenced, take_back
from tracker.storage.location import StorePlace, store_place
from tracker.storage.migrate import check_known, migrate
from tracker.storage.opening import open_store
from tracker.storage.sealed_columns import ring_of
from tracker.storage.store import Clock, Store
from tracker.storage.unlocking import Words, environment_passphrase
from tracker.storage.vault import AlteredError, Shelf, key_of, sha256_of

DAMAGED_SUFFIX = ".damaged"


@dataclass(frozen=True)
class Restored:
    """What came back."""

    n_clients: int
    n_photos: int
    made_at: str
    notes: tuple[str, ...]


def restore(
    path: Path,
    named: str | None = None,
    *,
    vault: str | None = None,
    overwrite: bool = False,
    clock: Clock,
    progress: Progress | None = None,
    words: Words = environment_passphrase,
    backup_words: Words | None = None,
) -> Restored:
    """Bring a backup back.

    All checksums are looked at before anything is written. The records are replaced in one
    transaction; what the store held before and the backup does not is gone afterwards.

    Parameters
    ----------
    path : Path
        The file that `backup` wrote.
    named, vault : str, optional
        The store, as `open_store` takes them.
    overwrite : bool
        Whether a store that holds something may be replaced. A database file that is damaged is
        set aside under another name, never deleted.
    clock : callable
        Gives the time now.
    progress : callable, optional
        Told the share done and a short sentence.
    words, backup_words : callable, optional
        Give the passphrases of an encrypted store and of an encrypted backup; by default one for
        both.

    Raises
    ------
    StoreError
        If the backup is damaged or of a newer version, the store holds something and is not to
        be replaced, or it cannot be written.
    """
    tell = progress or (lambda _share, _text: None)
    with opened_backup(path, backup_words or words) as backup:
        check_known(backup.revision, backup.label)
        rows = _rows_of_today(backup)
        for number, (_, _, member) in enumerate(backup.files):
            tell(0.5 * number / len(backup.files), "checking the backup")
            backup.read(member)
        _check_names(backup)
        notes = _set_damaged_aside(store_place(named)) if overwrite else []
        with open_store(named, vault=vault, create=True, clock=clock, words=words) as store:
            _check_empty(store, overwrite)
            put: list[tuple[Shelf, str]] = []
            try:
                notes += _put_files(backup, store, put, overwrite, tell)
                before = _replace_rows(store, rows)
            except BaseException:
                take_back(store, put)
                raise
            remove_unreferenced(store, before)
            if backup.was_sealed and ring_of(store.engine) is None:
                notes.append(
                    "the backup was encrypted and this store is not: `smp-tracker key set` encrypts it"
                )
        return Restored(len(rows["client"]), len(rows["photo"]), backup.made_at, tuple(notes))


def _rows_of_today(backup: Backup) -> dict[str, list[dict[str, Any]]]:
    """The backup's rows as this version keeps them: brought up in a scratch database."""
    with tempfile.TemporaryDirectory(prefix="smp-tracker-") as folder:
        place = store_place(folder)
        engine = open_engine(place)
        try:
            migrate(engine, place, to=backup.revision)
            then = sa.MetaData()
            with engine.connect() as connection, connection.begin():
                then.reflect(connection)
                for table in then.sorted_tables:
                    rows = [_typed(table, row) for row in backup.rows(table.name)]
                    if rows:
                        connection.execute(table.insert(), rows)
            migrate(engine, place)
            with engine.connect() as connection, connection.begin():
                found = {
                    table.name: [
                        dict(row) for row in connection.execute(sa.select(table)).mappings()
                    ]
                    for table in tables.metadata.sorted_tables
                    if table.name not in LEFT_OUT
                }
            hashes = [row["sha256"] for row in found["photo"]]
            for name in hashes + [row["payload_sha256"] for row in found["result"]]:
                key_of(Shelf.ORIGINALS, name)  # a ValueError for what is no hash
            return found
        except (SQLAlchemyError, ValueError, KeyError) as error:
            raise StoreError(
                backup.label,
                "holds records that do not fit together",
                "use another backup; nothing was changed",
            ) from error
        finally:
            engine.dispose()


def _typed(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row with their dates; columns that the table does not have are refused."""
    values: dict[str, Any] = {}
    for name, value in row.items():
        kind = table.c[name].type
        if isinstance(value, str) and isinstance(kind, sa.DateTime):
            values[name] = datetime.fromisoformat(value)
        elif isinstance(value, str) and isinstance(kind, sa.Date):
            values[name] = date.fromisoformat(value)
        else:
            values[name] = value
    return values


def _check_names(backup: Backup) -> None:
    """A file named by its content must be that content, whatever the manifest says."""
    for shelf, name, member in backup.files:
        if shelf.named_by_content and backup.sums[member] != name:
            raise StoreError(
                backup.label, f"is damaged ({member})", "use another backup; nothing was changed"
            )


def _set_damaged_aside(place: StorePlace) -> list[str]:
    """Rename a database file that cannot be read; gives a note where it did."""
    file = place.database_file
    if file is None or not file.exists():
        return []
    engine = open_engine(place)
    try:
        with engine.connect() as connection, connection.begin():
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found == "ok":
            return []
    except sa.exc.DatabaseError as error:
        said = str(error.orig).lower()
        if "not a database" not in said and "malformed" not in said:
            return []  # locked, say: opening it will tell
    finally:
        engine.dispose()
    aside = _free_path(file.with_name(file.name + DAMAGED_SUFFIX))
    file.rename(aside)
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    return [f"{file.name} was damaged; it lies beside as {aside.name}"]


def _free_path(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _check_empty(store: Store, overwrite: bool) -> None:
    with store.reading() as connection:
        found = connection.execute(sa.select(tables.client.c.id).limit(1)).first()
    if found is not None and not overwrite:
        raise StoreError(store.place.label, "holds clients already", "--force replaces them all")


def _put_files(
    backup: Backup,
    store: Store,
    put: list[tuple[Shelf, str]],
    overwrite: bool,
    tell: Progress,
) -> list[str]:
    notes: list[str] = []
    for number, (shelf, name, member) in enumerate(backup.files):
        tell(0.5 + 0.5 * number / len(backup.files), "putting files back")
        data = backup.read(member)
        if store.vault.put(shelf, name, data):
            put.append((shelf, name))
        elif shelf.named_by_content and sha256_of(store.vault.get(shelf, name)) != name:
            if not overwrite:
                raise AlteredError(store.vault.place, shelf, name)
            # Replaced on a person's word, and said.
            store.vault.remove(shelf, name)
            store.vault.put(shelf, name, data)
            notes.append(f"{shelf.value} {name[:12]} had been altered; it is back from the backup")
    return notes


def _replace_rows(
    store: Store, rows: Mapping[str, list[dict[str, Any]]]
) -> list[tuple[Shelf, str]]:
    """Put the backup's rows in the place of the store's; gives the files of the latter."""
    with store.writing() as connection:
        hold_vault(connection)
        photos = connection.execute(sa.select(tables.photo.c.sha256)).scalars().all()
        payloads = connection.execute(sa.select(tables.result.c.payload_sha256)).scalars().all()
        kept = [table for table in tables.metadata.sorted_tables if table.name in rows]
        for table in reversed(kept):
            connection.execute(table.delete())
        for table in kept:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])
            if connection.dialect.name == "postgresql":
                _continue_numbers(connection, table)
        store.note_in_audit(connection, None, "restore", "a backup was restored")
    before = [(shelf, n) for n in photos for shelf in (Shelf.ORIGINALS, Shelf.THUMBNAILS)]
    return before + [(Shelf.RESULTS, name) for name in payloads]


def _continue_numbers(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL counts on its own: go on after the highest number that came back."""
    highest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    connection.execute(sa.select(sa.func.setval(sequence, highest or 1, highest is not None)))
