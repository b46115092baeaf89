"""What lists show: all clients with their figures, and one client's days in order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from tracker.records import (
    ClientRecord,
    PhotoRecord,
    SessionKind,
    SessionRecord,
    TimelineSettings,
    days_since_session,
    stage_of,
)
from tracker.records.timeline import DEFAULT_TIMELINE
from tracker.series import Session, Stage
from tracker.storage import tables
from tracker.storage.rows import Kept
from tracker.storage.statements import find_client, records, select
from tracker.storage.store import Store


@dataclass(frozen=True)
class ClientLine:
    """A client in the list of clients."""

    client: Kept[ClientRecord]
    n_photos: int
    n_undated: int
    """Photos that ask for a date."""
    n_sessions: int
    """Treatments; patch tests are not counted."""
    last_photo: date | None
    last_session: date | None


def list_clients(store: Store) -> list[ClientLine]:
    """All clients in the order of their codes, with the figures a clinic looks for."""
    photo, session = tables.photo, tables.session
    with store.reading() as connection:
        clients = select(connection, ClientRecord)
        photos = {
            row.client_id: row
            for row in connection.execute(
                sa.select(
                    photo.c.client_id,
                    sa.func.count().label("n"),
                    sa.func.count(photo.c.captured_on).label("n_dated"),
                    sa.func.max(photo.c.captured_on).label("last"),
                ).group_by(photo.c.client_id)
            )
        }
        sessions = {
            row.client_id: row
            for row in connection.execute(
                sa.select(
                    session.c.client_id,
                    sa.func.count().label("n"),
                    sa.func.max(session.c.date).label("last"),
                )
                .where(session.c.kind == SessionKind.TREATMENT.value)
                .group_by(session.c.client_id)
            )
        }
    lines = []
    for client in clients:
        shot, treated = photos.get(client.id), sessions.get(client.id)
        lines.append(
            ClientLine(
                client=client,
                n_photos=shot.n if shot else 0,
                n_undated=shot.n - shot.n_dated if shot else 0,
                n_sessions=treated.n if treated else 0,
                last_photo=shot.last if shot else None,
                last_session=treated.last if treated else None,
            )
        )
    return lines


@dataclass(frozen=True)
class DatedPhoto:
    """A photo on the timeline; stage and days are computed, never kept."""

    photo: Kept[PhotoRecord]
    stage: Stage
    days_since_session: int | None


@dataclass(frozen=True)
class Timeline:
    """A client's sessions and photos in time; photos without a date come last."""

    client: Kept[ClientRecord]
    sessions: tuple[Kept[SessionRecord], ...]
    photos: tuple[DatedPhoto, ...]


def timeline(store: Store, code: str, settings: TimelineSettings = DEFAULT_TIMELINE) -> Timeline:
    """A client's timeline by the rules of `records.stage_of`; raises `NotThereError`."""
    with store.reading() as connection:
        client = find_client(connection, code)
        sessions = select(connection, SessionRecord, client.id)
        photos = select(connection, PhotoRecord, client.id)
    visits = treatments(records(sessions))
    return Timeline(
        client,
        tuple(sessions),
        tuple(
            DatedPhoto(
                kept,
                stage_of(kept.record.captured_on, visits, settings),
                days_since_session(kept.record.captured_on, visits),
            )
            for kept in photos
        ),
    )


def treatments(sessions: list[SessionRecord]) -> list[Session]:
    """The visits that move photos on the timeline: a patch test does not."""
    return [s.as_session() for s in sessions if s.kind is SessionKind.TREATMENT]
