"""Records as rows of a table and back: fields and columns have the same names."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from tracker.records import (
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.records.corrections import Correction
from tracker.sealing import is_sealed
from tracker.series import PolygonZone
from tracker.storage import tables
from tracker.storage.errors import StoreError

Record = TypeVar("Record")

TABLE_OF: dict[type, sa.Table] = {
    ClientRecord: tables.client,
    TreatmentPlan: tables.plan,
    SessionRecord: tables.session,
    PhotoRecord: tables.photo,
    PolygonZone: tables.zone,
    Correction: tables.correction,
    ConsentRecord: tables.consent,
    NoteRecord: tables.note,
}
"""Where records of each kind are kept."""
WORDS: dict[type, str] = {
    ClientRecord: "client",
    TreatmentPlan: "plan",
    SessionRecord: "session",
    PhotoRecord: "photo",
    PolygonZone: "zone",
    Correction: "correction",
    ConsentRecord: "consent",
    NoteRecord: "note",
}
"""What a record of each kind is called."""


@dataclass(frozen=True)
class Kept(Generic[Record]):
    """A record as it was read from the store.

    Attributes
    ----------
    id : int
        Its number in the store.
    version : int
        Counts its changes; a change is refused where the store has come further since.
    record : Record
    """

    id: int
    version: int
    record: Record


def to_row(record: Any) -> dict[str, Any]:
    """Values of a record by column."""
    return {field.name: _to_column(getattr(record, field.name)) for field in fields(record)}


def _to_column(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, tuple):
        return [_to_column(item) for item in value]
    return value


def _storable(text: str) -> str:
    """The text itself; a NUL or half a character is refused: no database keeps them all.

    So is the mark of an encrypted text: what begins like one would be read as one.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        if "\0" not in text and not is_sealed(text):
            return text
    shown = ascii(text[:40])
    raise StoreError(f"text {shown}", "holds a character that cannot be kept", "write it anew")


def from_row(kind: type[Record], row: Mapping[Any, Any]) -> Kept[Record]:
    """Record of a row, with its number and version."""
    values = {name: _to_field(hint, row[name]) for name, hint in _HINTS[kind].items()}
    return Kept(row["id"], row["version"], kind(**values))


_HINTS: dict[type, dict[str, Any]] = {kind: get_type_hints(kind) for kind in TABLE_OF}
"""Evaluated once: a list of thousands of photos asks for them at every row."""


def _to_field(hint: Any, value: Any) -> Any:
    if get_origin(hint) is types.UnionType:
        if value is None:
            return None
        (hint,) = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) is tuple:
        member, *rest = get_args(hint)
        if rest == [Ellipsis]:
            return tuple(_to_field(member, item) for item in value)
        return tuple(_to_field(m, item) for m, item in zip((member, *rest), value, strict=True))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value
