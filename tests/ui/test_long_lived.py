"""What stays for the life of the server is kept out of the collections of garbage."""

from __future__ import annotations

import gc
import tomllib
import weakref
from collections.abc import Iterator
from pathlib import Path

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


def test_garbage_is_collected_now_and_then_instead_of_after_every_page(
    drawn: set[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    now_s = 1000.0
    monkeypatch.setattr(long_lived.time, "monotonic", lambda: now_s)
    monkeypatch.setattr(long_lived, "_collected_s", 0.0)

    class Part:
        pass

    long_lived.after_page("fade")
    assert long_lived.collect_at_times()
    gone = Part()
    gone.itself = gone  # type: ignore[attr-defined]
    seen = weakref.ref(gone)
    del gone
    gc.disable()
    try:
        long_lived.after_page("fade")
        assert seen() is not None
        now_s += long_lived.COLLECT_EVERY_S
        long_lived.after_page("fade")
        assert seen() is None
    finally:
        gc.enable()
    settings = tomllib.loads((root / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert settings["runner"]["postScriptGC"] is False
