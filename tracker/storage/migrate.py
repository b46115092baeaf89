"""Brings a database up to this program's tables when it is opened; refuses a newer one."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tracker.storage.engine import in_words
from tracker.storage.errors import StoreError
from tracker.storage.location import StorePlace

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""All revisions of the tables, in order; the last one is this program's."""
HEAD = REVISIONS[-1]

MIGRATION_LOCK = 7_160_001
"""PostgreSQL advisory lock: of programs that start at once, one migrates."""


def current_revision(connection: sa.Connection) -> str | None:
    """Revision that a database is at; None where it holds no store."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check_known(revision: str | None, label: str) -> None:
    """Refuse the database of a newer program; raises `StoreError`."""
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            label,
            f"was made by a newer version of smp-tracker (revision {revision})",
            "install that version or a newer one; nothing was changed",
        )


def migrate(engine: sa.Engine, place: StorePlace, *, to: str = HEAD) -> str | None:
    """Bring the database to revision `to`.

    All of it happens in one transaction, so that a migration that fails leaves the database as
    it was.

    Returns
    -------
    str or None
        The revision that was found.

    Raises
    ------
    StoreError
        If the database is newer than this program, holds other tables, or cannot be used.
    """
    with in_words(place), engine.connect() as connection:
        with connection.begin():
            found = current_revision(connection)
            check_known(found, place.label)
        if found is not None and REVISIONS.index(found) >= REVISIONS.index(to):
            return found
        is_sqlite = engine.dialect.name == "sqlite"
        if is_sqlite:
            # Rebuilding a table drops it for a moment: its children's rows would go with it. The
            # pragma has no effect within a transaction.
            _pragma(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                if not is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                found = current_revision(connection)  # another program may have been quicker
                check_known(found, place.label)
                if found is None:
                    _check_empty(connection, place)
                if found is None or REVISIONS.index(found) < REVISIONS.index(to):
                    _upgrade(connection, to)
                    if is_sqlite:
                        _check_foreign_keys(connection, place)
        finally:
            if is_sqlite:
                _pragma(connection, "foreign_keys = ON")
    return found


def _pragma(connection: sa.Connection, text: str) -> None:
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    dbapi.execute(f"PRAGMA {text}")


def _check_empty(connection: sa.Connection, place: StorePlace) -> None:
    tables = sa.inspect(connection).get_table_names()
    if tables:
        raise StoreError(
            place.label,
            f"holds tables of another program ({', '.join(sorted(tables)[:3])})",
            "name an empty database",
        )


def _check_foreign_keys(connection: sa.Connection, place: StorePlace) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StoreError(
            place.label,
            f"{len(broken)} of its records belong to a client that is not there",
            "bring back a backup",
        )


def _upgrade(connection: sa.Connection, to: str) -> None:
    # Most openings need no migration: Alembic is loaded where one does.
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).resolve().parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
