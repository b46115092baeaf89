"""What the first page shows of every client, read in a few statements for all of them at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from tracker import METHOD_VERSION
from tracker.records import (
    ClientRecord,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
    stage_of,
)
from tracker.series import Session, Stage, Status
from tracker.storage import tables
from tracker.storage.rows import Kept, from_row
from tracker.storage.statements import select
from tracker.storage.store import Store

RESTING = (Stage.BASELINE, Stage.HEALED, Stage.UNKNOWN)
"""Stages that count for a fade: skin at rest, or nothing known that speaks against it."""


@dataclass(frozen=True)
class FadeStep:
    """One photo on a client's small curve."""

    view: str
    captured_on: date | None
    fade: float
    low: float
    high: float
    counts: bool
    """Whether the skin was at rest; others are shown, not counted."""


@dataclass(frozen=True)
class ClientCard:
    """A client on the first page.

    Attributes
    ----------
    client : Kept of ClientRecord
    plan : TreatmentPlan
    sessions : tuple of Session
        Treatments in time order.
    n_photos, n_undated, n_unmeasured : int
        Photos; those that ask for a date; those that today's method has not measured yet.
    first_photo, last_photo : str
        SHA-256 of the photos to show, '' where there is none.
    last_day : date or None
        Day of the latest photo.
    steps : tuple of FadeStep
        Fades by view and day, the start of each view included.
    """

    client: Kept[ClientRecord]
    plan: TreatmentPlan
    sessions: tuple[Session, ...]
    n_photos: int
    n_undated: int
    n_unmeasured: int
    first_photo: str
    last_photo: str
    last_day: date | None
    steps: tuple[FadeStep, ...]

    def result(self, view: str) -> FadeStep | None:
        """The latest fade of a view that counts."""
        counted = [s for s in self.steps if s.view == view and s.counts and s.captured_on]
        later = [s for s in counted if not s.low == s.high == 0.0]
        return later[-1] if later else None

    @property
    def views(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.view for step in self.steps))


def client_cards(store: Store) -> list[ClientCard]:
    """A card for every client in the order of codes; nothing is opened or measured for it."""
    with store.reading() as connection:
        clients = select(connection, ClientRecord)
        plans = {
            row["client_id"]: from_row(TreatmentPlan, row).record
            for row in connection.execute(sa.select(tables.plan)).mappings()
        }
        visits: dict[int, list[Session]] = defaultdict(list)
        treatments = (
            sa.select(tables.session)
            .where(tables.session.c.kind == SessionKind.TREATMENT.value)
            .order_by(tables.session.c.date, tables.session.c.id)
        )
        for row in connection.execute(treatments).mappings():
            visits[row["client_id"]].append(from_row(SessionRecord, row).record.as_session())
        photos = _photos(connection)
        results = _latest_results(connection)
    return [
        _card(
            client,
            plans.get(client.id, TreatmentPlan()),
            tuple(visits[client.id]),
            photos[client.id],
            results[client.id],
        )
        for client in clients
    ]


def records_stamp(store: Store) -> str:
    """Changes with every change of the records: each leaves an entry in the audit."""
    entries = tables.audit.c.id
    with store.reading() as connection:
        last, n = connection.execute(sa.select(sa.func.max(entries), sa.func.count())).one()
    return f"{last}:{n}"


def _photos(connection: sa.Connection) -> dict[int, list[Any]]:
    """(view, day, hash) of all photos by client, in time order, those without a day last."""
    photo = tables.photo.c
    found: dict[int, list[Any]] = defaultdict(list)
    query = sa.select(photo.client_id, photo.view, photo.captured_on, photo.sha256).order_by(
        photo.client_id, photo.captured_on.is_(None), photo.captured_on, photo.name
    )
    for row in connection.execute(query):
        found[row.client_id].append(row)
    return found


def _latest_results(connection: sa.Connection) -> dict[int, dict[str, list[Mapping[str, Any]]]]:
    """Photo rows of the newest result of each client and view, by today's method only."""
    result = tables.result.c
    newest = (
        sa.select(sa.func.max(result.id))
        .where(result.method_version == METHOD_VERSION)
        .group_by(result.client_id, result.view)
    )
    query = sa.select(result.client_id, result.view, result.photo_rows).where(result.id.in_(newest))
    found: dict[int, dict[str, list[Mapping[str, Any]]]] = defaultdict(dict)
    for row in connection.execute(query):
        found[row.client_id][row.view] = row.photo_rows
    return found


def _card(
    client: Kept[ClientRecord],
    plan: TreatmentPlan,
    sessions: tuple[Session, ...],
    photos: Sequence[Any],
    results: Mapping[str, Sequence[Mapping[str, Any]]],
) -> ClientCard:
    days = {photo.sha256: photo.captured_on for photo in photos}
    measured = {row["sha256"] for rows in results.values() for row in rows}
    steps = [
        step
        for view in sorted(results)
        for row in results[view]
        if row["sha256"] in days
        and (step := _step(view, row, days[row["sha256"]], sessions)) is not None
    ]
    steps.sort(key=lambda step: (step.view, step.captured_on or date.max))
    dated = [photo.captured_on for photo in photos if photo.captured_on is not None]
    pair = [photo for photo in photos if photo.view == photos[0].view]
    return ClientCard(
        client=client,
        plan=plan,
        sessions=sessions,
        n_photos=len(photos),
        n_undated=len(photos) - len(dated),
        n_unmeasured=sum(photo.sha256 not in measured for photo in photos),
        first_photo=pair[0].sha256 if pair else "",
        last_photo=pair[-1].sha256 if len(pair) > 1 else "",
        last_day=max(dated, default=None),
        steps=tuple(steps),
    )


def _step(
    view: str, row: Mapping[str, Any], day: date | None, sessions: Sequence[Session]
) -> FadeStep | None:
    if row["status"] == Status.BASELINE.value:
        return FadeStep(view, day, 0.0, 0.0, 0.0, counts=True)
    if row["fade"] is None:
        return None
    low, high = row["fade_low"], row["fade_high"]
    return FadeStep(
        view,
        day,
        row["fade"],
        row["fade"] if low is None else low,
        row["fade"] if high is None else high,
        counts=stage_of(day, sessions) in RESTING,
    )
