"""What is sealed comes back whole, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sealing.quickly import WORDS, stretch_quickly
from tracker.sealing import (
    KeyRing,
    SealBrokenError,
    UnknownKeyError,
    is_sealed,
    open_bytes,
    open_text,
    seal_bytes,
    seal_text,
)

PLACE = "client.name"


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    with pytest.MonkeyPatch.context() as patched:
        stretch_quickly(patched)
        return KeyRing.new(WORDS)


@given(text=st.text(st.characters(exclude_categories=["Cs"])), steady=st.booleans())
def test_a_text_comes_back(ring: KeyRing, text: str, steady: bool) -> None:
    sealed = seal_text(ring, PLACE, text, steady=steady)
    assert is_sealed(sealed) == bool(text)
    assert open_text(ring, PLACE, sealed, steady=steady) == text


@given(data=st.binary(max_size=300))
def test_a_file_comes_back(ring: KeyRing, data: bytes) -> None:
    sealed = seal_bytes(ring, PLACE, data)
    assert is_sealed(sealed)
    assert len(data) < 8 or data not in sealed
    assert open_bytes(ring, PLACE, sealed) == data


def test_equal_texts_look_different_unless_they_are_steady(ring: KeyRing) -> None:
    assert seal_text(ring, PLACE, "Zoë") != seal_text(ring, PLACE, "Zoë")
    steady = [seal_text(ring, PLACE, "Zoë", steady=True) for _ in range(2)]
    assert steady[0] == steady[1]
    assert steady[0] != seal_text(ring, "photo.name", "Zoë", steady=True)


def test_what_was_altered_or_moved_does_not_open(ring: KeyRing) -> None:
    text, data = seal_text(ring, PLACE, "Zoë"), seal_bytes(ring, PLACE, b"photo")
    with pytest.raises(SealBrokenError):
        open_text(ring, "note.text", text)
    with pytest.raises(SealBrokenError):
        open_bytes(ring, "originals/x", data)
    for at in range(len("\x01smp:1:"), len(text)):
        other = "A" if text[at] != "A" else "B"
        if text[at] == "=" or text[at + 1 : at + 2] == "=":
            continue  # bits that base64 leaves unused
        with pytest.raises(SealBrokenError):
            open_text(ring, PLACE, text[:at] + other + text[at + 1 :])
    for at in range(len(data) - 33, len(data)):
        with pytest.raises((SealBrokenError, UnknownKeyError)):
            open_bytes(ring, PLACE, data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    for cut in range(len(b"\x01smp-file:1\n"), len(data)):
        with pytest.raises((SealBrokenError, UnknownKeyError)):
            open_bytes(ring, PLACE, data[:cut])


def test_another_stores_keys_open_nothing(ring: KeyRing) -> None:
    other = KeyRing.new(WORDS)
    with pytest.raises(SealBrokenError):
        open_text(other, PLACE, seal_text(ring, PLACE, "Zoë"))
    with pytest.raises(UnknownKeyError):
        open_text(ring, PLACE, seal_text(ring.with_fresh_key(), PLACE, "Zoë"))


def test_turned_off_it_opens_and_seals_nothing(ring: KeyRing) -> None:
    off = ring.turned_off()
    assert seal_text(off, PLACE, "Zoë") == "Zoë"
    assert seal_bytes(off, PLACE, b"photo") == b"photo"
    assert open_text(off, PLACE, seal_text(ring, PLACE, "Zoë")) == "Zoë"
    assert open_bytes(off, PLACE, b"never sealed") == b"never sealed"
