"""The few statements that all records are read and written with, within a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa

from tracker.records import (
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    SessionRecord,
)
from tracker.records.corrections import Correction
from tracker.series import PolygonZone
from tracker.storage import tables
from tracker.storage.errors import ChangedMeanwhileError, NotThereError
from tracker.storage.rows import TABLE_OF, Kept, from_row, to_row

Record = TypeVar("Record")


def kept_setting(connection: sa.Connection, key: str, *, hold: bool = False) -> str | None:
    """What a store remembers under a key; None where it remembers nothing.

    With `hold` nobody changes the settings before the transaction has ended (SQLite has one writer
    at a time anyway).
    """
    query = sa.select(tables.setting.c.value).where(tables.setting.c.key == key)
    if hold:
        query = query.with_for_update(read=True)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def find_client(connection: sa.Connection, code: str) -> Kept[ClientRecord]:
    """The client of a code; raises `NotThereError`."""
    row = client_row(connection, code)
    if row is None:
        raise NotThereError(f"client {code}", "is not there", "see `smp-tracker client list`")
    return from_row(ClientRecord, row)


def lock_client(connection: sa.Connection, code: str) -> Kept[ClientRecord]:
    """The client of a code, to be changed: others who would change it wait.

    SQLite needs no more than its one writer at a time; PostgreSQL locks the client's row.
    """
    row = client_row(connection, code, lock=True)
    if row is None:
        raise NotThereError(f"client {code}", "is not there", "see `smp-tracker client list`")
    return from_row(ClientRecord, row)


def client_row(connection: sa.Connection, code: str, *, lock: bool = False) -> sa.RowMapping | None:
    """Row of a client; None where there is none."""
    query = sa.select(tables.client).where(tables.client.c.code == code)
    if lock:
        query = query.with_for_update()
    return connection.execute(query).mappings().first()


_ORDER: dict[type, tuple[sa.ColumnElement[Any], ...]] = {
    ClientRecord: (tables.client.c.code,),
    SessionRecord: (tables.session.c.date, tables.session.c.id),
    PolygonZone: (tables.zone.c.view, tables.zone.c.name),
    Correction: (tables.correction.c.id,),
    ConsentRecord: (tables.consent.c.given_on, tables.consent.c.id),
    NoteRecord: (tables.note.c.written_on, tables.note.c.id),
}


_PLACE: dict[type, Callable[[Kept[Any]], Any]] = {
    PhotoRecord: lambda kept: (
        kept.record.captured_on is None,
        kept.record.captured_on or date.min,
        kept.record.name,
    ),
}


def select(
    connection: sa.Connection, kind: type[Record], client_id: int | None = None
) -> list[Kept[Record]]:
    """Records of one kind in their usual order: of one client, or all."""
    table = TABLE_OF[kind]
    query = sa.select(table)
    if client_id is not None:
        query = query.where(table.c.client_id == client_id)
    query = query.order_by(*_ORDER.get(kind, ()))
    found = [from_row(kind, row) for row in connection.execute(query).mappings()]
    # Names may be encrypted, and databases differ in what comes first: sorted here.
    return sorted(found, key=_PLACE[kind]) if kind in _PLACE else found


def records(kept: Sequence[Kept[Record]]) -> list[Record]:
    """The records alone."""
    return [one.record for one in kept]


def insert(connection: sa.Connection, record: Record, client_id: int | None) -> Kept[Record]:
    """Keep a new record; the rules are the caller's."""
    values = to_row(record)
    if client_id is not None:
        values["client_id"] = client_id
    table = TABLE_OF[type(record)]
    done = connection.execute(table.insert().values(values).returning(table.c.id))
    return Kept(int(done.scalar_one()), 1, record)


def update(connection: sa.Connection, changed: Kept[Record], name: str) -> Kept[Record]:
    """Save a changed record; raises `ChangedMeanwhileError` where somebody was quicker."""
    table = TABLE_OF[type(changed.record)]
    done = connection.execute(
        table.update()
        .where(table.c.id == changed.id, table.c.version == changed.version)
        .values(to_row(changed.record) | {"version": changed.version + 1})
    )
    if done.rowcount != 1:
        raise ChangedMeanwhileError(name)
    return replace(changed, version=changed.version + 1)


def delete(connection: sa.Connection, kept: Kept[Any], name: str) -> None:
    """Remove a record; raises `ChangedMeanwhileError` where somebody changed it."""
    table = TABLE_OF[type(kept.record)]
    done = connection.execute(
        table.delete().where(table.c.id == kept.id, table.c.version == kept.version)
    )
    if done.rowcount != 1:
        raise ChangedMeanwhileError(name)
