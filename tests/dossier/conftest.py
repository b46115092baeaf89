"""A store whose clients are measured at once, since their measures are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tracker.storage.results as results
from tests.dossier.made_up import NOW, made_up_analysis
from tracker.progress import response
from tracker.storage.opening import open_store
from tracker.storage.store import Store


@pytest.fixture(autouse=True)
def no_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "analyse_series", made_up_analysis)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A curve to show need not be exact: what it says is tested in tests/progress."""
    monkeypatch.setattr(response, "DRAWS", 400)


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    opened: list[Store] = []

    def make(name: str) -> Store:
        store = open_store(str(tmp_path / name), create=True, clock=lambda: NOW, actor="tester")
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: Callable[[str], Store]) -> Store:
    return new_store("store")
