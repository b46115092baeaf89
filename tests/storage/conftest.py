"""A fresh store per test, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tracker.storage.opening import open_store
from tracker.storage.store import Store

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What `--store` names: a folder, or a fresh PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "store")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def open_again(database: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the same store as another program would."""
    opened: list[Store] = []

    def open_it() -> Store:
        store = open_store(
            database,
            vault=str(tmp_path / "vault"),
            create=True,
            clock=lambda: NOW,
            actor="tester",
        )
        opened.append(store)
        return store

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], Store]) -> Store:
    return open_again()
