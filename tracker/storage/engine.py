"""The connection to the database: settings, transactions, and failures in words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from tracker.logs import EventLog
from tracker.records import RecordError
from tracker.storage.errors import StoreError
from tracker.storage.location import StorePlace

LOG = EventLog(__name__)
BUSY_TIMEOUT_S = 15.0
"""How long one program waits for another's writing before it says so."""


def open_engine(place: StorePlace) -> sa.Engine:
    """Engine for a store's database; connects only when it is used.

    Raises
    ------
    StoreError
        If the driver for PostgreSQL is not installed.
    """
    if place.folder is None:
        try:
            waits = f"-c lock_timeout={round(1000 * BUSY_TIMEOUT_S)}"
            engine = sa.create_engine(
                place.url,
                pool_pre_ping=True,
                hide_parameters=True,
                connect_args={"connect_timeout": 10, "options": waits},
            )
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise StoreError(
                place.label,
                "needs the driver for PostgreSQL",
                "install the extra: pip install 'smp-tracker[postgres]'",
            ) from error
        sa.event.listen(engine, "begin", _begin_postgresql)
        return engine
    # hide_parameters: names and notes must not stand in the text of a failure, nor in a log.
    engine = sa.create_engine(
        place.url, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_S}
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late for a snapshot; ours is said in `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {round(1000 * BUSY_TIMEOUT_S)}",
        # What a command said is kept is on disk: a power cut must not take it back.
        "synchronous = FULL",
        "foreign_keys = ON",
        # What is erased is overwritten, not only unlinked.
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _use_log(cursor)
    cursor.close()


def _use_log(cursor: Any) -> None:
    """Turn the write-ahead log on, waiting as long as for anything else.

    SQLite does not wait by itself here where several programs meet a fresh database: it would
    have two of them wait for each other.
    """
    latest = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > latest:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads_only", False)
    # A reader that turns writer half-way may find the database changed and fails at once; a
    # writer that says so at the start waits its turn.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("reads_only", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


@contextmanager
def reading(engine: sa.Engine, place: StorePlace) -> Iterator[sa.Connection]:
    """One consistent view of the database, while others go on writing; raises `StoreError`."""
    with in_words(place):
        connection = engine.connect().execution_options(reads_only=True)
        with connection, connection.begin():
            yield connection


@contextmanager
def writing(engine: sa.Engine, place: StorePlace) -> Iterator[sa.Connection]:
    """One transaction: all of it or nothing; raises `StoreError`."""
    try:
        with in_words(place), engine.connect() as connection, connection.begin():
            yield connection
    except RecordError as error:
        LOG.warning("change refused", kind=type(error).__name__)
        raise


@contextmanager
def in_words(place: StorePlace) -> Iterator[None]:
    """Turn what a database can suffer into a `StoreError`; faults of the program pass."""
    try:
        yield
    except DBAPIError as error:
        said = _words(str(error.orig).lower(), place)
        if said is None:
            raise
        raise StoreError(place.label, *said) from error


def _words(driver: str, place: StorePlace) -> tuple[str, str] | None:
    for sign, what, remedy in _SIGNS:
        if sign in driver:
            return what, remedy
    if place.folder is None and "connection" in driver:
        reason = driver.strip().splitlines()[0][:120]
        return f"does not answer ({reason})", "check the address and that the server runs"
    return None


_SIGNS = (
    (
        "database is locked",
        "is locked by another program",
        "let that one finish, then try again",
    ),
    (
        "file is not a database",
        "its records.db is damaged or no database",
        "bring back a backup with `smp-tracker restore FILE --force`",
    ),
    (
        "malformed",
        "its records.db is damaged",
        "bring back a backup with `smp-tracker restore FILE --force`",
    ),
    ("disk is full", "the disk is full", "free some space; nothing was changed"),
    ("no space left", "the disk is full", "free some space; nothing was changed"),
    ("disk i/o error", "the disk cannot be read or written", "check the disk and its free space"),
    (
        "unable to open database file",
        "its records.db cannot be opened",
        "check its permissions and that the folder is there",
    ),
    ("readonly database", "may not be written to", "check the permissions of its folder"),
    ("lock timeout", "is locked by another program", "let that one finish, then try again"),
    (
        "password authentication failed",
        "refuses user or password",
        "check both in the URL",
    ),
    ("does not exist", "has no such database or user", "create it first, or mend the URL"),
)
