"""A fresh store per test, on both databases."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.storage.opening import open_store
from tracker.storage.store import Store

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def open_again(database: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the same store as another program would."""
    opened: list[Store] = []

    def open_it() -> Store:
        store = open_store(
            database,
            vault=None if "://" not in database else str(tmp_path / "vault"),
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


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Address of a local S3 server."""
    from tests.s3 import s3_server

    with s3_server() as address:
        yield address


@pytest.fixture
def s3_url(s3_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of an empty place in S3, with the keys in the environment as a clinic has them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tester")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_address)
    return f"s3://clinic/{uuid.uuid4()}"
