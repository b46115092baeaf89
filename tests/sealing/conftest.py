"""Keys are stretched quickly here; how hard they are stretched is a number in the header."""

from __future__ import annotations

import pytest

from tests.sealing.quickly import stretch_quickly


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    stretch_quickly(monkeypatch)
