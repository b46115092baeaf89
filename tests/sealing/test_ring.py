"""The header opens with its passphrase and says nothing without it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sealing.quickly import WORDS
from tracker.sealing import KeyRing, SealBrokenError, WrongPassphraseError
from tracker.sealing import ring as rings


def test_the_usual_stretching_is_that_of_rfc_9106() -> None:
    usual = rings.Stretching()
    assert (usual.memory_kib, usual.passes, usual.lanes) == (64 * 1024, 3, 4)


def test_a_header_opens_with_its_passphrase_alone() -> None:
    ring = KeyRing.new(WORDS)
    again = KeyRing.opened(ring.header, WORDS)
    assert again.keys == ring.keys
    with pytest.raises(WrongPassphraseError):
        KeyRing.opened(ring.header, WORDS + "!")


def test_the_same_letters_of_another_keyboard_open_it() -> None:
    ring = KeyRing.new("caf\u00e9 caf\u00e9 caf\u00e9")
    assert KeyRing.opened(ring.header, "cafe\u0301 cafe\u0301 cafe\u0301").keys == ring.keys


def test_no_secret_stands_in_header_or_repr() -> None:
    ring = KeyRing.new(WORDS)
    for secret in (WORDS, ring.passphrase.key.hex(), ring.keys[1].hex()):
        assert secret not in ring.header + repr(ring) + repr(ring.passphrase)
    assert rings._text(ring.keys[1])[:40] not in ring.header


def test_a_fresh_key_leaves_the_earlier_one_until_all_has_moved() -> None:
    first = KeyRing.new(WORDS)
    second = first.with_fresh_key()
    assert (second.active, second.moving, sorted(second.keys)) == (2, True, [1, 2])
    assert second.keys[1] == first.keys[1] != second.keys[2]
    settled = KeyRing.opened(second.settled().header, WORDS)
    assert (settled.active, settled.moving, sorted(settled.keys)) == (2, False, [2])


def test_another_passphrase_keeps_the_keys() -> None:
    ring = KeyRing.new(WORDS)
    changed = ring.with_passphrase("another four words")
    assert KeyRing.opened(changed.header, "another four words").keys == ring.keys
    with pytest.raises(WrongPassphraseError):
        KeyRing.opened(changed.header, WORDS)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "smp-tracker/keys/9"},
        {"active": 7},
        {"moving": "yes"},
        {"passphrase": {}},
        {"keys": {"one": "x"}},
    ],
)
def test_a_header_that_was_altered_is_refused(change: dict[str, Any]) -> None:
    facts = json.loads(KeyRing.new(WORDS).header)
    with pytest.raises(SealBrokenError):
        KeyRing.opened(json.dumps(facts | change), WORDS)


@pytest.mark.parametrize("header", ["", "[]", "null", "{}", "nonsense"])
def test_what_is_no_header_is_refused(header: str) -> None:
    with pytest.raises(SealBrokenError):
        KeyRing.opened(header, WORDS)


def test_a_header_cannot_ask_for_all_memory() -> None:
    facts = json.loads(KeyRing.new(WORDS).header)
    facts["passphrase"]["memory_kib"] = 2**31
    with pytest.raises(SealBrokenError):
        KeyRing.opened(json.dumps(facts), WORDS)
