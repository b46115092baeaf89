"""What stays for the life of the server is kept out of the collections of garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tracker.ui import long_lived


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    pages: set[str] = set()
    monkeypatch.setattr(long_lived, "_drawn", pages)
    yield pages
    gc.unfreeze()


def test_each_page_sets_its_libraries_aside_once(drawn: set[str]) -> None:
    before = gc.get_freeze_count()
    assert long_lived.set_aside("fade")
    assert gc.get_freeze_count() > before + 1000
    assert not long_lived.set_aside("fade")
    assert long_lived.set_aside("home")
    assert drawn == {"fade", "home"}


def test_what_comes_later_is_still_let_go(drawn: set[str]) -> None:
    class Part:
        pass

    long_lived.set_aside("fade")
    gone = Part()
    gone.itself = gone  # type: ignore[attr-defined]
    del gone
    assert gc.collect() >= 1
