"""Whether a store can be worked with: database, vault, disk, clock. Looks only, changes nothing.

It reads no photo; that every byte is what was put there is `verify`'s to say.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tracker.sealing import SealBrokenError
from tracker.sealing.ring import read_header
from tracker.storage import tables
from tracker.storage.engine import open_engine, reading
from tracker.storage.errors import StoreError
from tracker.storage.location import VAULT_FOLDER, StorePlace, store_place
from tracker.storage.migrate import HEAD, check_known, current_revision
from tracker.storage.opening import VAULT_SETTING
from tracker.storage.statements import kept_setting
from tracker.storage.unlocking import kept_header
from tracker.storage.vault import FolderVault, Shelf, Vault, open_vault

NOBODYS_SHA256 = "0" * 64
LITTLE_FREE_BYTES = 1_000_000_000
"""Some two hundred photos of a phone: a clinic's day may no longer fit."""
CLOCK_SLACK = timedelta(minutes=5)
"""By which two computers of a clinic may differ."""


class Word(StrEnum):
    """How it stands with a part, for a machine that asks every half minute."""

    GOOD = "good"
    LOST = "lost"
    """Not there, or does not answer, or cannot be read."""
    SLOW = "slow"


class State(StrEnum):
    """How it stands with a part."""

    GOOD = "good"
    NOTE = "note"
    """Works; a person should know."""
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """What was found of one part, and what to do where it is not good."""

    part: str
    state: State
    what: str
    remedy: str = ""


def store_health(named: str | None, *, vault: str | None, now: datetime) -> list[Finding]:
    """Look at a store; never raises for what is wrong with it.

    Parameters
    ----------
    named, vault : str, optional
        The store, as `open_store` takes them.
    now : datetime
        The time by this computer's clock, with its zone.
    """
    try:
        place = store_place(named)
    except StoreError as error:
        return [_bad("database", error)]
    disk = _disk(place.folder) if place.folder is not None else []
    file = place.database_file
    if file is not None and not (file.exists() and file.stat().st_size):
        none = Finding(
            "database",
            State.NOTE,
            f"{place.label}: there is no store yet",
            "the first client makes one",
        )
        return [none, *disk]
    try:
        engine = open_engine(place)
    except StoreError as error:
        return [_bad("database", error), *disk]
    try:
        with reading(engine, place) as connection:
            return [*_database(connection, place, vault, now), *disk]
    except StoreError as error:
        return [_bad("database", error), *disk]
    finally:
        engine.dispose()


def look_quickly(named: str | None, *, vault: str | None, words: dict[str, Word]) -> None:
    """Ask the database for one photo and the vault whether it is there; never raises a `StoreError`.

    Parameters
    ----------
    named, vault : str, optional
        The store, as `open_store` takes them.
    words : dict
        Takes the word for `database` and for `vault`, each as soon as it is known.
    """
    try:
        place = store_place(named)
        file = place.database_file
        if file is not None and not file.exists():
            raise StoreError(place.label, "is gone", "restore a backup: `smp-tracker restore`")
        engine = open_engine(place)
        try:
            with reading(engine, place) as connection:
                newest = sa.select(tables.photo.c.sha256).order_by(tables.photo.c.id.desc())
                sha256 = connection.execute(newest.limit(1)).scalar()
                kept = kept_setting(connection, VAULT_SETTING)
        finally:
            engine.dispose()
    except (StoreError, SQLAlchemyError):
        words |= {"database": Word.LOST, "vault": Word.LOST}
        return
    words["database"] = Word.GOOD
    try:
        place_of_vault = vault or kept or str((place.folder or Path()) / VAULT_FOLDER)
        # Of a store without photos nothing need be there; that S3 answers shows all the same.
        there = open_vault(place_of_vault).holds(Shelf.ORIGINALS, sha256 or NOBODYS_SHA256)
    except StoreError:
        words["vault"] = Word.LOST
        return
    words["vault"] = Word.GOOD if there or sha256 is None else Word.LOST


def _bad(part: str, error: StoreError) -> Finding:
    return Finding(part, State.BAD, f"{error.name}: {error.what}", error.remedy)


def _database(
    connection: sa.Connection, place: StorePlace, vault: str | None, now: datetime
) -> list[Finding]:
    revision = current_revision(connection)
    check_known(revision, place.label)
    if place.folder is not None:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise StoreError(place.label, "is damaged", "restore a backup: `smp-tracker restore`")
        server = f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar()}"
    else:
        server = f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar()}"
    if revision != HEAD:
        what = f"{place.label}: {server}, of an earlier version (revision {revision or 'none'})"
        return [Finding("database", State.NOTE, what, "the next command brings it up to date")]
    n_clients = connection.execute(sa.select(sa.func.count()).select_from(tables.client)).scalar()
    hashes = set(connection.execute(sa.select(tables.photo.c.sha256)).scalars())
    what = f"{place.label}: {server}, revision {revision}, {n_clients} clients"
    remembered = kept_setting(connection, VAULT_SETTING)
    return [
        Finding("database", State.GOOD, what),
        _encryption(kept_header(connection)),
        _vault_health(place, vault or remembered, hashes),
        _clock(connection, place, now),
    ]


def _encryption(header: str | None) -> Finding:
    """What can be said without the passphrase."""
    if header is None:
        return Finding("encryption", State.GOOD, "off: records and photos lie in the clear")
    try:
        facts = read_header(header)
    except SealBrokenError:
        lost = "the header of the keys cannot be read: nothing encrypted can be opened"
        return Finding("encryption", State.BAD, lost, "bring back a backup")
    if facts["moving"]:
        what = "a change of the key was interrupted; some files lie under the earlier one"
        return Finding("encryption", State.NOTE, what, "`smp-tracker key finish` goes on with it")
    return Finding("encryption", State.GOOD, f"on, key {facts['active']}")


def _vault_health(place: StorePlace, named: str | None, hashes: set[str]) -> Finding:
    try:
        vault: Vault
        if named is not None:
            vault = open_vault(named)
        elif place.folder is not None:
            vault = FolderVault(place.folder / VAULT_FOLDER)
        else:
            return Finding("vault", State.BAD, "has no place yet", "name one with --vault once")
        lost = hashes - set(vault.names(Shelf.ORIGINALS))
    except StoreError as error:
        return _bad("vault", error)
    if lost:
        what = f"{vault.place}: {len(lost)} of {len(hashes)} originals are not there"
        remedy = "`smp-tracker verify` names them; a backup may hold them"
        return Finding("vault", State.BAD, what, remedy)
    return Finding("vault", State.GOOD, f"{vault.place}: {len(hashes)} originals are there")


def _clock(connection: sa.Connection, place: StorePlace, now: datetime) -> Finding:
    """A clock that was set back gives records days before those that are there."""
    here = now.astimezone(UTC).replace(tzinfo=None)
    last = connection.execute(sa.select(sa.func.max(tables.audit.c.at))).scalar()
    shown = f"{now:%Y-%m-%d %H:%M %Z}"
    remedy = "set this computer's clock"
    if last is not None and last - here > CLOCK_SLACK:
        what = f"{shown} is before the last change of the records ({last:%Y-%m-%d %H:%M} UTC)"
        return Finding("clock", State.BAD, what, remedy)
    if place.folder is None:
        there = connection.execute(sa.text("SELECT now() AT TIME ZONE 'utc'")).scalar_one()
        if abs(there - here) > CLOCK_SLACK:
            what = f"{shown}; the database's clock says {there:%Y-%m-%d %H:%M} UTC"
            return Finding("clock", State.BAD, what, remedy)
    return Finding("clock", State.GOOD, shown)


def _disk(
    folder: Path, usage: Callable[[Path], tuple[int, int, int]] = shutil.disk_usage
) -> list[Finding]:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        free = usage(there)[2]
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        return [Finding("disk", State.BAD, f"cannot be looked at ({reason})", "check the disk")]
    what = f"{free / 1e9:.1f} GB free at {there}"
    if free < LITTLE_FREE_BYTES:
        return [Finding("disk", State.BAD, what, "free some space before more photos come")]
    return [Finding("disk", State.GOOD, what)]
