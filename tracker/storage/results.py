"""Measured series of the clients in a store: measured once, opened at once from then on.

A result is kept per view, under a hash of all that its numbers depend on (`result_inputs`): the photos' contents
and their order in time, scale, drawn zones, corrections, settings, method version. The dates themselves are
not part of it: stages and days are laid over a result when it is opened, so that a session that
is entered or a date that is mended measures nothing again. A view is measured as a whole (dots
are found in all its photos together), so one photo more measures that view again, and no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from tracker import METHOD_VERSION
from tracker.analysis import AnalysisSettings, analyse_series
from tracker.measure.luminance import SrgbArray
from tracker.photos import decode_photo
from tracker.records import (
    PhotoRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.records.corrections import Correction, standing
from tracker.redating import redated, redated_view
from tracker.report.tables import photo_rows, to_json
from tracker.series import (
    PolygonZone,
    Progress,
    SeriesAnalysis,
    SeriesPhoto,
    Session,
    time_key,
)
from tracker.storage import tables
from tracker.storage.errors import NotThereError, StoreError
from tracker.storage.filing import hold_vault, remove_unreferenced
from tracker.storage.overview import treatments
from tracker.storage.result_form import ResultFormError, from_bytes, to_bytes
from tracker.storage.result_inputs import ViewInputs, views_of
from tracker.storage.statements import find_client, lock_client, records, select
from tracker.storage.store import Store
from tracker.storage.vault import AlteredError, LostError, Shelf, checked_get, sha256_of

DEFAULT_SETTINGS = AnalysisSettings()


@dataclass(frozen=True, eq=False)
class MeasuredClient:
    """A client's series, and which views had to be measured for it.

    Attributes
    ----------
    analysis : SeriesAnalysis
    measured : tuple of str
        Views measured now.
    reused : tuple of str
        Views opened from what was measured before.
    """

    analysis: SeriesAnalysis
    measured: tuple[str, ...]
    reused: tuple[str, ...]


@dataclass(frozen=True)
class KeptResult:
    """A result in the store, as it can be listed without opening it."""

    id: int
    view: str
    measured_on: date
    method_version: str
    program_version: str
    settings_hash: str
    photo_rows: tuple[dict[str, Any], ...]
    """Rows of photos.csv at the time; readable whatever becomes of the whole result's form."""

    @property
    def method_changed(self) -> bool:
        """Whether today's method could give other numbers: never mix them."""
        return self.method_version != METHOD_VERSION


def measure_client(
    store: Store,
    code: str,
    *,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    workers: int | None = None,
    progress: Progress | None = None,
) -> MeasuredClient:
    """A client's series: what was measured before is opened, only the rest is measured.

    Parameters
    ----------
    store : Store
    code : str
        Code of the client.
    settings : AnalysisSettings
    workers : int, optional
        Photos worked on at the same time.
    progress : callable, optional
        Told the share done and a short sentence, where something is measured.

    Raises
    ------
    StoreError
        If the client has no photos, or an original that is needed is lost or altered.
    """
    with store.reading() as connection:
        client = find_client(connection, code)
        plans = select(connection, TreatmentPlan, client.id)
        visits = treatments(records(select(connection, SessionRecord, client.id)))
        photos = records(select(connection, PhotoRecord, client.id))
        zones = records(select(connection, PolygonZone, client.id))
        corrections = standing(records(select(connection, Correction, client.id)))
        known = {
            str(row.inputs_hash): str(row.payload_sha256)
            for row in connection.execute(
                sa.select(tables.result.c.inputs_hash, tables.result.c.payload_sha256).where(
                    tables.result.c.client_id == client.id
                )
            )
        }
    if not photos:
        raise StoreError(f"client {code}", "has no photos", "add some with `photo add`")
    plan = plans[0].record if plans else TreatmentPlan()
    views = views_of(photos, zones, plan, corrections)
    parts: list[SeriesAnalysis] = []
    measured: list[str] = []
    missing = [view for view in views if view.inputs_hash(settings) not in known]
    for view in views:
        inputs_hash = view.inputs_hash(settings)
        part = _opened(store, known[inputs_hash]) if inputs_hash in known else None
        if part is None:
            number = len(measured)

            def tell(share: float, text: str, number: int = number) -> None:
                if progress is not None:
                    progress(min(1.0, (number + share) / max(1, len(missing))), text)

            part = _measure(store, code, view, visits, settings, workers, tell)
            _keep(store, code, view.name, inputs_hash, part)
            measured.append(view.name)
        parts.append(part)
    return MeasuredClient(
        _together(code, parts, photos, visits, settings, corrections),
        tuple(measured),
        tuple(view.name for view in views if view.name not in measured),
    )


def kept_analysis(
    store: Store, code: str, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> SeriesAnalysis | None:
    """A client's series as far as it is measured and up to date; nothing is measured for it."""
    with store.reading() as connection:
        client = find_client(connection, code)
        plans = select(connection, TreatmentPlan, client.id)
        visits = treatments(records(select(connection, SessionRecord, client.id)))
        photos = records(select(connection, PhotoRecord, client.id))
        zones = records(select(connection, PolygonZone, client.id))
        corrections = standing(records(select(connection, Correction, client.id)))
        known = {
            str(row.inputs_hash): str(row.payload_sha256)
            for row in connection.execute(
                sa.select(tables.result.c.inputs_hash, tables.result.c.payload_sha256).where(
                    tables.result.c.client_id == client.id
                )
            )
        }
    plan = plans[0].record if plans else TreatmentPlan()
    views = views_of(photos, zones, plan, corrections)
    hashes = [view.inputs_hash(settings) for view in views]
    parts = [part for h in hashes if h in known and (part := _opened(store, known[h])) is not None]
    return _together(code, parts, photos, visits, settings, corrections) if parts else None


@dataclass(frozen=True)
class MeasuredState:
    """How far a client is measured, without opening anything.

    Attributes
    ----------
    views : tuple of str
        All views that have photos.
    missing : tuple of str
        Those of them without a result that is up to date.
    stamp : str
        Changes with everything that the numbers, dates and stages depend on.
    """

    views: tuple[str, ...]
    missing: tuple[str, ...]
    stamp: str


def measured_state(
    store: Store, code: str, settings: AnalysisSettings = DEFAULT_SETTINGS
) -> MeasuredState:
    """Which views of a client are measured; raises `NotThereError`."""
    with store.reading() as connection:
        client = find_client(connection, code)
        plans = select(connection, TreatmentPlan, client.id)
        sessions = records(select(connection, SessionRecord, client.id))
        photos = records(select(connection, PhotoRecord, client.id))
        zones = records(select(connection, PolygonZone, client.id))
        corrections = standing(records(select(connection, Correction, client.id)))
        known = set(
            connection.execute(
                sa.select(tables.result.c.inputs_hash).where(tables.result.c.client_id == client.id)
            ).scalars()
        )
    views = views_of(photos, zones, plans[0].record if plans else TreatmentPlan(), corrections)
    hashes = {view.name: view.inputs_hash(settings) for view in views}
    days = [[photo.name, str(photo.captured_on)] for photo in photos]
    told = json.dumps([hashes, days, [repr(visit) for visit in treatments(sessions)]])
    return MeasuredState(
        tuple(hashes),
        tuple(name for name, inputs_hash in hashes.items() if inputs_hash not in known),
        hashlib.sha256(told.encode()).hexdigest(),
    )


def list_results(store: Store, code: str) -> list[KeptResult]:
    """All results of a client, oldest first, those of earlier methods included."""
    query = sa.select(tables.result).order_by(tables.result.c.id)
    with store.reading() as connection:
        client = find_client(connection, code)
        rows = connection.execute(query.where(tables.result.c.client_id == client.id)).mappings()
        return [_kept_result(row) for row in rows]


def find_result(store: Store, code: str, number: int) -> KeptResult:
    """One result of a client by its number; raises `NotThereError`."""
    for result in list_results(store, code):
        if result.id == number:
            return result
    raise NotThereError(f"result {number}", "is not there", f"see `client results {code}`")


def open_result(store: Store, result: KeptResult) -> SeriesAnalysis:
    """The whole of a result, as it was measured; raises `StoreError` where it cannot be read."""
    query = sa.select(tables.result.c.payload_sha256).where(tables.result.c.id == result.id)
    with store.reading() as connection:
        name = connection.execute(query).scalar()
    if name is None:
        raise NotThereError(f"result {result.id}", "is not there", "see `client results`")
    try:
        return from_bytes(checked_get(store.vault, Shelf.RESULTS, name))
    except ResultFormError as error:
        raise StoreError(
            f"result {result.id}", str(error), "its table of photos stays readable"
        ) from error


def _kept_result(row: sa.RowMapping) -> KeptResult:
    return KeptResult(
        row["id"],
        row["view"],
        row["measured_on"],
        row["method_version"],
        row["program_version"],
        row["settings_hash"],
        tuple(row["photo_rows"]),
    )


def _opened(store: Store, payload: str) -> SeriesAnalysis | None:
    """A kept result; None where it is lost, altered or of another form: measured again then."""
    try:
        return from_bytes(checked_get(store.vault, Shelf.RESULTS, payload))
    except (LostError, AlteredError, ResultFormError):
        return None


def _measure(
    store: Store,
    code: str,
    view: ViewInputs,
    visits: Sequence[Session],
    settings: AnalysisSettings,
    workers: int | None,
    progress: Progress,
) -> SeriesAnalysis:
    def reader(photo: PhotoRecord) -> SeriesPhoto:
        def read() -> SrgbArray:
            data = checked_get(store.vault, Shelf.ORIGINALS, photo.sha256)
            return decode_photo(data, photo.name).srgb

        return SeriesPhoto(photo.name, photo.sha256, read, photo.view, photo.captured_on)

    series = [reader(photo) for photo in view.photos]

    def measure(scale: float | None, baseline: str | None) -> SeriesAnalysis:
        return analyse_series(
            series,
            client=code,
            sessions=visits,
            settings=settings,
            mm_per_px=scale,
            marker_mm=view.plan.marker_mm,
            baseline=baseline,
            zones=view.zones,
            corrections=view.corrections,
            workers=workers,
            progress=progress,
        )

    scale = view.scale_of(view.photos[0])
    analysis = measure(scale, None)
    for measured in analysis.views:
        (baseline,) = [photo for photo in view.photos if photo.name == measured.baseline]
        if view.scale_of(baseline) != scale:
            # The earliest photo could not be the baseline, and its scale is not the baseline's.
            return measure(view.scale_of(baseline), baseline.name)
    return analysis


def _keep(store: Store, code: str, view: str, inputs_hash: str, analysis: SeriesAnalysis) -> None:
    payload = to_bytes(analysis)
    name = sha256_of(payload)
    row = {
        "view": view,
        "inputs_hash": inputs_hash,
        "settings_hash": analysis.settings_hash,
        "method_version": analysis.method_version,
        "program_version": analysis.version,
        "measured_on": store.today,
        "payload_sha256": name,
        "photo_rows": json.loads(to_json(photo_rows(analysis))),
    }
    _put_payload(store, name, payload)
    replaced: list[str] = []
    with store.writing() as connection:
        client_id = lock_client(connection, code).id
        hold_vault(connection)
        _put_payload(store, name, payload)
        same = (tables.result.c.client_id == client_id) & (
            tables.result.c.inputs_hash == inputs_hash
        )
        # Measured in two rooms at once, or again because it could not be read: the same numbers.
        replaced += connection.execute(
            sa.select(tables.result.c.payload_sha256).where(same)
        ).scalars()
        connection.execute(tables.result.delete().where(same))
        connection.execute(tables.result.insert().values(client_id=client_id, **row))
        store.note_in_audit(connection, client_id, "measure", f"view {view or 'without a name'}")
    remove_unreferenced(store, [(Shelf.RESULTS, old) for old in replaced if old != name])


def _put_payload(store: Store, name: str, payload: bytes) -> None:
    """Put a result into the vault; one that was altered there is put anew: it is no original."""
    if store.vault.put(Shelf.RESULTS, name, payload):
        return
    if sha256_of(store.vault.get(Shelf.RESULTS, name)) != name:
        store.vault.remove(Shelf.RESULTS, name)
        store.vault.put(Shelf.RESULTS, name, payload)


def _together(
    code: str,
    parts: Sequence[SeriesAnalysis],
    photos: Sequence[PhotoRecord],
    visits: Sequence[Session],
    settings: AnalysisSettings,
    corrections: Sequence[Correction],
) -> SeriesAnalysis:
    """The views of a client as one series, with today's dates and stages."""
    days = {photo.name: photo.captured_on for photo in photos}
    views = [redated_view(view, days, visits, settings.timeline) for p in parts for view in p.views]
    refused = [
        redated(row, days[row.photo], None, visits, settings.timeline)
        for part in parts
        for row in part.refused
    ]
    return SeriesAnalysis(
        client=code,
        views=tuple(views),
        refused=tuple(sorted(refused, key=lambda row: time_key(row.captured_on, row.photo))),
        sessions=tuple(sorted(visits, key=lambda s: s.date)),
        version=", ".join(sorted({part.version for part in parts})),
        method_version=METHOD_VERSION,
        settings=settings.mapping_with(corrections),
        settings_hash=settings.fingerprint(corrections),
        notes=tuple(note for part in parts for note in part.notes),
    )
