"""How a store that is encrypted is opened: its header of keys, and the passphrase to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from tracker.sealing import KeyRing, SealBrokenError, WrongPassphraseError
from tracker.storage.engine import reading
from tracker.storage.errors import StoreError
from tracker.storage.location import StorePlace
from tracker.storage.sealed_columns import other_keys, ring_of, use_ring
from tracker.storage.statements import kept_setting

ENCRYPTION_SETTING = "encryption"
PASSPHRASE_VARIABLE = "SMP_TRACKER_PASSPHRASE"
PASSPHRASE_FILE_VARIABLE = "SMP_TRACKER_PASSPHRASE_FILE"
HOW_TO_SAY = f"name a file that holds it in {PASSPHRASE_FILE_VARIABLE}, or type it when asked"

Words = Callable[[], str | None]
"""Gives the passphrase, or None where nobody knows it; asked only where it is needed."""


def environment_passphrase() -> str | None:
    """The passphrase as the environment says it; raises `StoreError` for an unreadable file."""
    file = os.environ.get(PASSPHRASE_FILE_VARIABLE)
    if not file:
        return os.environ.get(PASSPHRASE_VARIABLE) or None
    return passphrase_in(Path(file))


def passphrase_in(file: Path) -> str:
    """The first line of a file; raises `StoreError` where there is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(str(file), "cannot be read", "name the file of the passphrase") from error
    words = next(iter(text.splitlines()), "")
    if not words:
        raise StoreError(str(file), "holds no passphrase", "write it into the first line")
    return words


def kept_header(connection: sa.Connection, *, hold: bool = False) -> str | None:
    """The header of the keys; None where the store is not encrypted."""
    return kept_setting(connection, ENCRYPTION_SETTING, hold=hold)


def unlock(engine: sa.Engine, place: StorePlace, words: Words) -> None:
    """Make the engine read and write what is sealed; nothing to do where nothing is.

    Raises
    ------
    StoreError
        If the store is encrypted and the passphrase is not known, or is another one.
    """
    with reading(engine, place) as connection:
        header = kept_header(connection)
    if header is None:
        return
    said = words()
    if said is None:
        raise StoreError(place.label, "is encrypted and needs its passphrase", HOW_TO_SAY)
    use_ring(engine, opened_ring(header, said, place.label))


def opened_ring(header: str, words: str, name: str) -> KeyRing:
    """The keys of a header; raises `StoreError` with `name` in its line."""
    try:
        return KeyRing.opened(header, words)
    except WrongPassphraseError as error:
        raise StoreError(
            name,
            "is encrypted with another passphrase",
            "check it letter by letter; without it nobody can read the records, not even we",
        ) from error
    except SealBrokenError as error:
        raise StoreError(
            name, "has lost the header of its keys", "bring back a backup; nothing was changed"
        ) from error


def check_same_keys(connection: sa.Connection, engine: sa.Engine, place: StorePlace) -> None:
    """Refuse to write with keys that are no longer the store's; raises `StoreError`."""
    ring = ring_of(engine)
    if kept_header(connection, hold=True) != (None if ring is None else ring.header):
        raise other_keys(place.label)
