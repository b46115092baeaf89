"""Corrections in the store: made, listed and taken back, each in one transaction with its audit.

Nothing is ever removed: an undone correction stays with the time at which it was taken back. A day
or view that is put right changes the photo's record, and undoing it brings back what was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import sqlalchemy as sa

from tracker.record_files import VIEWS
from tracker.records import ClientRecord, DateSource, PhotoRecord, RecordError, rules
from tracker.records.corrections import Correction, CorrectionKind, check_correction, day_of
from tracker.storage.errors import ChangedMeanwhileError, NotThereError, StoreError
from tracker.storage.rows import Kept
from tracker.storage.statements import find_client, insert, lock_client, select, update
from tracker.storage.store import Store

_WORDS = {
    CorrectionKind.REMOVE: "places that are no dots",
    CorrectionKind.ADD: "dots that were missed",
    CorrectionKind.ALIGN: "alignment by point pairs",
    CorrectionKind.DATE: "date",
    CorrectionKind.VIEW: "view",
}


def list_corrections(store: Store, code: str) -> list[Kept[Correction]]:
    """All corrections of a client in the order in which they were made, undone ones included."""
    with store.reading() as connection:
        return select(connection, Correction, find_client(connection, code).id)


def correct(store: Store, code: str, *corrections: Correction) -> list[Kept[Correction]]:
    """Keep corrections, all or none; they count from the next measuring on.

    Parameters
    ----------
    store : Store
    code : str
        The client.
    *corrections : Correction
        Their times and persons are set here.

    Raises
    ------
    RecordError
        If one says nothing, or its places lie outside the photos: none was kept.
    NotThereError
        If the client has no such photo.
    """
    for correction in corrections:
        check_correction(correction)
    with store.writing() as connection:
        client = lock_client(connection, code)
        return [_correct(connection, store, client, correction) for correction in corrections]


def _correct(
    connection: sa.Connection, store: Store, client: Kept[ClientRecord], correction: Correction
) -> Kept[Correction]:
    # Read anew for each: the one before may have changed the photo's record.
    photos = {p.record.name: p for p in select(connection, PhotoRecord, client.id)}
    photo = _photo(photos, correction.photo)
    _check_places(photo.record, correction.points_px)
    if correction.baseline:
        baseline = _photo(photos, correction.baseline)
        _check_places(baseline.record, correction.baseline_points_px)
    made = replace(
        correction, made_at=_now(store), made_by=store.actor, undone_at=None, undone_by=""
    )
    if correction.kind in (CorrectionKind.DATE, CorrectionKind.VIEW):
        before = _said(photo.record, correction.kind)
        if before == correction.after:
            raise RecordError(photo.record.name, "says that already", "give another value")
        made = replace(made, before=before)
        _set(connection, store, client.record, photo, correction.kind, correction.after)
    kept = insert(connection, made, client.id)
    store.note_in_audit(connection, client.id, "correct", in_words(made))
    return kept


def undo(store: Store, code: str, kept: Kept[Correction]) -> Kept[Correction]:
    """Take a correction back. What was measured before it is opened again, not measured.

    Raises
    ------
    ChangedMeanwhileError
        If somebody undid it meanwhile, or changed the photo it put right.
    StoreError
        If it is undone already.
    """
    one = kept.record
    if not one.standing:
        raise StoreError(f"correction {kept.id}", "is undone already", "make it again if needed")
    with store.writing() as connection:
        client = lock_client(connection, code)
        if one.kind in (CorrectionKind.DATE, CorrectionKind.VIEW):
            photos = {p.record.name: p for p in select(connection, PhotoRecord, client.id)}
            photo = _photo(photos, one.photo)
            if _said(photo.record, one.kind) != one.after:
                raise ChangedMeanwhileError(f"photo {one.photo}")
            _set(connection, store, client.record, photo, one.kind, one.before)
        undone = replace(one, undone_at=_now(store), undone_by=store.actor)
        done = update(connection, replace(kept, record=undone), f"correction {kept.id}")
        store.note_in_audit(connection, client.id, "undo", in_words(one))
        return done


def in_words(correction: Correction) -> str:
    """What a correction puts right, for the audit and lists."""
    text = f"{correction.photo}: {_WORDS[correction.kind]}"
    if correction.kind in (CorrectionKind.DATE, CorrectionKind.VIEW):
        return f"{text} {correction.before or 'none'} -> {correction.after or 'none'}"
    return f"{text} ({len(correction.points_px)})"


def _photo(photos: dict[str, Kept[PhotoRecord]], name: str) -> Kept[PhotoRecord]:
    if name not in photos:
        raise NotThereError(f"photo {name}", "is not there", "see `photo list`")
    return photos[name]


def _check_places(photo: PhotoRecord, places: Sequence[tuple[float, float]]) -> None:
    for x, y in places:
        if not (-0.5 <= x <= photo.width_px - 0.5 and -0.5 <= y <= photo.height_px - 0.5):
            raise RecordError(
                photo.name, f"has no place ({x:.0f}, {y:.0f})", "mark places inside the photo"
            )


def _said(photo: PhotoRecord, kind: CorrectionKind) -> str:
    if kind is CorrectionKind.VIEW:
        return photo.view
    return photo.captured_on.isoformat() if photo.captured_on else ""


def _set(
    connection: sa.Connection,
    store: Store,
    client: ClientRecord,
    photo: Kept[PhotoRecord],
    kind: CorrectionKind,
    value: str,
) -> None:
    if kind is CorrectionKind.VIEW:
        if value and value not in VIEWS:
            raise RecordError(
                photo.record.name, f"view `{value}` is not known", "give one of " + ", ".join(VIEWS)
            )
        changed = replace(photo.record, view=value)
    else:
        day: date | None = day_of(value)
        source = DateSource.TYPED if day else DateSource.NONE
        changed = replace(photo.record, captured_on=day, date_source=source)
    rules.check_photo(changed, client, today=store.today)
    update(connection, replace(photo, record=changed), f"photo {photo.record.name}")


def _now(store: Store) -> datetime:
    return store.clock().astimezone(UTC).replace(tzinfo=None)
