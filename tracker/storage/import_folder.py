"""A client's folder into the store; the same folder again changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import UTC, date
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from tracker.folder import ClientFolder, read_client_folder
from tracker.photos import PhotoError
from tracker.records import (
    ClientRecord,
    PhotoRecord,
    RecordError,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
    rules,
)
from tracker.records.corrections import MEASURED_KINDS, Correction, CorrectionKind
from tracker.series import PolygonZone, Progress, Session
from tracker.storage.filing import (
    Filed,
    Incoming,
    PutOriginals,
    check_photos,
    describe_photo,
    file_within,
    originals_put,
)
from tracker.storage.rows import Kept
from tracker.storage.statements import (
    client_row,
    find_client,
    insert,
    lock_client,
    records,
    select,
    update,
)
from tracker.storage.store import Store

Record = TypeVar("Record", ClientRecord, TreatmentPlan)


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    code : str
        The client.
    new_client : bool
    photos : Filed
        Photos added, and those that were there already.
    sessions : int
        Sessions added.
    zones : int
        Zones added.
    refused : tuple of (str, str)
        Files that are no usable photos, with the reason.
    notes : tuple of str
        What a person should know, a line each.
    """

    code: str
    new_client: bool
    photos: Filed
    sessions: int
    zones: int
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Content:
    """What a folder says, as records."""

    client: ClientRecord
    plan: TreatmentPlan
    sessions: tuple[SessionRecord, ...]
    zones: tuple[PolygonZone, ...]
    corrections: tuple[Correction, ...]
    photos: tuple[Incoming, ...]


@dataclass(frozen=True, eq=False)
class ReadFolder:
    """A client's folder, read and checked by itself: what can be known without a store."""

    content: _Content
    refused: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def read_folder(
    path: Path, *, today: date, code: str | None = None, progress: Progress | None = None
) -> ReadFolder:
    """Read and check a client's folder before a store is opened or made; see `import_folder`."""
    folder = read_client_folder(path, today=today)
    code = path.resolve().name if code is None else code
    try:
        rules.check_code(code)
    except RecordError as error:
        raise RecordError(error.name, error.what, "name one with --client, never a name") from error
    incoming, refused = _photos(path, folder, today, progress)
    content = _content(code, folder, incoming)
    notes = list(folder.notes)
    rules.check_client(content.client, today=today)
    notes += rules.check_plan(content.plan, code)
    notes += rules.check_sessions(content.sessions, content.client, today=today)
    for zone in content.zones:
        rules.check_zone(zone)
    return ReadFolder(content, tuple(refused), tuple(notes))


def import_folder(
    store: Store, path: Path, *, code: str | None = None, progress: Progress | None = None
) -> Imported:
    """Bring a client's folder into the store, all of it or nothing.

    What the store knows already comes first: an import fills empty fields and adds photos,
    sessions and zones that are new, and says where the folder differs.

    Parameters
    ----------
    store : Store
    path : Path
        A client's folder as `docs/cli.md` describes it.
    code : str, optional
        The client's code; by default the folder's name.
    progress : callable, optional
        Told the share done and a short sentence.

    Returns
    -------
    Imported

    Raises
    ------
    FolderError
        If the folder or a record file in it cannot be used.
    RecordError
        If a record cannot be, or a photo is filed under another client.
    StoreError
        If database or vault cannot be written.
    """
    return import_read(store, read_folder(path, today=store.today, code=code, progress=progress))


def import_read(store: Store, folder: ReadFolder) -> Imported:
    """Bring a folder that was read into the store; see `import_folder`."""
    content = folder.content
    code = content.client.code
    with store.reading() as connection:
        row = client_row(connection, code)
        client = content.client if row is None else find_client(connection, code).record
        client_id = None if row is None else row["id"]
        check_photos(connection, store, client, client_id, content.photos)
    with originals_put(store, content.photos) as put, store.writing() as connection:
        return _write(connection, store, folder, put)


def _photos(
    path: Path, folder: ClientFolder, today: date, progress: Progress | None
) -> tuple[list[Incoming], list[tuple[str, str]]]:
    incoming: list[Incoming] = []
    refused: list[tuple[str, str]] = []
    put_right = {(c.photo, c.kind) for c in folder.corrections}
    for number, photo in enumerate(folder.photos):
        if progress is not None:
            progress(number / len(folder.photos), f"reading {photo.name}")
        try:
            one, _ = describe_photo(
                path / photo.name,
                today=today,
                view=photo.view if (photo.name, CorrectionKind.VIEW) in put_right else None,
                taken_on=photo.captured_on
                if (photo.name, CorrectionKind.DATE) in put_right
                else None,
            )
        except PhotoError as error:
            refused.append((error.name, f"{error.what}; {error.remedy}"))
        else:
            incoming.append(one)
    return incoming, refused


def _content(code: str, folder: ClientFolder, photos: list[Incoming]) -> _Content:
    plan = folder.plan
    return _Content(
        ClientRecord(
            code,
            name=plan.client,
            skin_type=plan.skin_type,
            smp_date=plan.smp_date,
            pigment=plan.pigment,
            flags=plan.flags,
        ),
        TreatmentPlan(
            goal=plan.goal,
            target=plan.target,
            zones=plan.zones,
            mm_per_px=plan.mm_per_px,
            marker_mm=plan.marker_mm,
            method=plan.method,
            spacing_days=plan.spacing_days,
            price=plan.price,
            currency=plan.currency,
        ),
        tuple(_session(session) for session in folder.sessions),
        folder.zones,
        folder.corrections,
        tuple(photos),
    )


def _session(session: Session) -> SessionRecord:
    """A row of sessions.csv; a patch test says so in its method."""
    is_test = "patch test" in re.sub(r"[-_]+", " ", session.method.lower())
    return SessionRecord(
        kind=SessionKind.PATCH_TEST if is_test else SessionKind.TREATMENT, **vars(session)
    )


def _write(
    connection: sa.Connection,
    store: Store,
    folder: ReadFolder,
    put: PutOriginals,
) -> Imported:
    content = folder.content
    code = content.client.code
    notes = list(folder.notes)
    is_new = client_row(connection, code) is None
    if is_new:
        client = insert(connection, content.client, None)
        store.note_in_audit(connection, client.id, "import", f"client {code}")
    else:
        client = _fill(connection, lock_client(connection, code), content.client, notes)
    plans = select(connection, TreatmentPlan, client.id)
    if plans:
        _fill(connection, plans[0], content.plan, notes)
    elif content.plan != TreatmentPlan():
        insert(connection, content.plan, client.id)
    n_sessions = _add_sessions(connection, store, client, content.sessions, notes)
    n_zones = _add_zones(connection, client.id, content.zones, notes)
    rules.check_smp_date(
        client.record,
        records(select(connection, SessionRecord, client.id)),
        records(select(connection, PhotoRecord, client.id)),
    )
    filed = file_within(connection, store, client, content.photos, put)
    _add_corrections(connection, store, client.id, content.corrections)
    return Imported(
        code, is_new, filed, n_sessions, n_zones, folder.refused, (*notes, *filed.notes)
    )


def _fill(
    connection: sa.Connection, kept: Kept[Record], found: Record, notes: list[str]
) -> Kept[Record]:
    """Fill empty fields from the folder; where both say something, the store's stays."""
    now = kept.record
    empty: dict[str, Any] = {}
    for field in fields(now):
        before, offered = getattr(now, field.name), getattr(found, field.name)
        if offered in (None, "", ()) or offered == before:
            continue
        if before in (None, "", ()):
            empty[field.name] = offered
        else:
            notes.append(
                f"client.toml: {field.name} is {offered}, the store has {before}; the store's stays"
            )
    if not empty:
        return kept
    return update(connection, replace(kept, record=replace(now, **empty)), "client.toml")


def _add_sessions(
    connection: sa.Connection,
    store: Store,
    client: Kept[ClientRecord],
    sessions: tuple[SessionRecord, ...],
    notes: list[str],
) -> int:
    present = records(select(connection, SessionRecord, client.id))
    n_added = 0
    for session in sessions:
        same = [
            other
            for other in present
            if (other.date, other.kind) == (session.date, session.kind)
            and rules.shared_skin(other.zones, session.zones)
        ]
        if same:
            if session not in same:
                notes.append(
                    f"session of {session.date}: the folder says other than the store; the store's "
                    "stays"
                )
            continue
        rules.check_session(session, client.record, present, today=store.today)
        insert(connection, session, client.id)
        store.note_in_audit(connection, client.id, "import", f"session of {session.date}")
        present.append(session)
        n_added += 1
    return n_added


def _add_zones(
    connection: sa.Connection, client_id: int, zones: tuple[PolygonZone, ...], notes: list[str]
) -> int:
    present = {(z.view, z.name): z for z in records(select(connection, PolygonZone, client_id))}
    n_added = 0
    for zone in zones:
        before = present.get((zone.view, zone.name))
        if before is None:
            insert(connection, zone, client_id)
            n_added += 1
        elif before != zone:
            notes.append(f"zone {zone.name}: drawn otherwise in the store; the store's stays")
    return n_added


def _add_corrections(
    connection: sa.Connection, store: Store, client_id: int, corrections: tuple[Correction, ...]
) -> None:
    """Keep what the folder's corrections say of dots and alignments, once.

    Its days and views came in with the photos. What was undone in the store stays undone.
    """
    present = [c.numbers() for c in records(select(connection, Correction, client_id))]
    names = {photo.name for photo in records(select(connection, PhotoRecord, client_id))}
    at = store.clock().astimezone(UTC).replace(tzinfo=None)
    for one in corrections:
        if one.kind not in MEASURED_KINDS or one.numbers() in present or one.photo not in names:
            continue
        insert(connection, replace(one, made_at=at, made_by=store.actor), client_id)
        what = f"correction of {one.photo}"
        store.note_in_audit(connection, client_id, "import", what)
