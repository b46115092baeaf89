"""A passphrase that becomes a key in no time."""

from __future__ import annotations

import pytest

from tracker.sealing import ring

WORDS = "four words in a row"


def stretch_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "STRETCHING", ring.Stretching(memory_kib=64, passes=1, lanes=1))
