"""Columns whose values are sealed where the store is encrypted, and plain where it is not.

SQLAlchemy asks a column's type for the value to write and to read; the type looks the keys up by
the engine's dialect, of which every engine has its own. So no statement of the store knows whether
it works on an encrypted one.
"""

from __future__ import annotations

import json
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeDecorator

from tracker.sealing import (
    KeyRing,
    SealBrokenError,
    UnknownKeyError,
    is_sealed,
    open_text,
    seal_text,
)
from tracker.storage.errors import StoreError

_RINGS: WeakKeyDictionary[Dialect, KeyRing] = WeakKeyDictionary()


def use_ring(engine: sa.Engine, ring: KeyRing | None) -> None:
    """From now on this engine's sealed columns are written and read with these keys."""
    if ring is None:
        _RINGS.pop(engine.dialect, None)
    else:
        _RINGS[engine.dialect] = ring


def ring_of(engine: sa.Engine) -> KeyRing | None:
    return _RINGS.get(engine.dialect)


def other_keys(name: str) -> StoreError:
    """A program that was running while another one changed the keys."""
    return StoreError(
        name,
        "was encrypted, or given another key, while this program was running",
        "start this program again; nothing was changed",
    )


class SealedText(TypeDecorator[str]):
    """A text; `steady` where the database must tell equal ones apart from others."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, place: str, *, steady: bool = False) -> None:
        super().__init__()
        self.place, self.steady = place, steady

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        ring = _RINGS.get(dialect)
        if ring is None or value is None:
            return value
        return seal_text(ring, self.place, value, steady=self.steady)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return _opened(dialect, self.place, value, steady=self.steady)


class SealedNumber(TypeDecorator[int]):
    """A whole number, kept as a text."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        ring = _RINGS.get(dialect)
        if value is None:
            return None
        return str(value) if ring is None else seal_text(ring, self.place, str(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else int(_opened(dialect, self.place, value))


class SealedJSON(TypeDecorator[Any]):
    """Lists and tables: sealed they are one JSON string. What is empty stays as it is."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        ring = _RINGS.get(dialect)
        if ring is None or ring.active is None or not value:
            return value
        return seal_text(ring, self.place, json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(_opened(dialect, self.place, value)) if is_sealed(value) else value


def _opened(dialect: Dialect, place: str, value: Any, *, steady: bool = False) -> Any:
    if not is_sealed(value):
        return value
    ring = _RINGS.get(dialect)
    if ring is None:
        raise other_keys("the store")
    try:
        return open_text(ring, place, value, steady=steady)
    except UnknownKeyError as error:
        raise other_keys("the store") from error
    except SealBrokenError as error:
        raise StoreError(
            f"an encrypted {place}", "has been altered", "bring back a backup; nothing was changed"
        ) from error
