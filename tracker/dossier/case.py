"""One client as the store knows them: records, photos, and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.analysis import AnalysisSettings
from tracker.measure.luminance import SrgbArray
from tracker.photos import decode_photo
from tracker.progress.facts import CaseFacts
from tracker.progress.report import Progress as ProgressReport
from tracker.progress.report import last_day, progress_of
from tracker.records import (
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.series import PolygonZone, Progress, SeriesAnalysis
from tracker.storage.clinic_settings import ClinicSettings, read_clinic
from tracker.storage.results import DEFAULT_SETTINGS, measure_client
from tracker.storage.store import Store
from tracker.storage.vault import Shelf, checked_get

ReadPhoto = Callable[[str], SrgbArray]
"""Decodes the photo of that name."""


@dataclass(frozen=True, eq=False)
class ClientCase:
    """Everything that a document on one client is made of."""

    client: ClientRecord
    plan: TreatmentPlan
    sessions: tuple[SessionRecord, ...]
    photos: tuple[PhotoRecord, ...]
    zones: tuple[PolygonZone, ...]
    consents: tuple[ConsentRecord, ...]
    notes: tuple[NoteRecord, ...]
    analysis: SeriesAnalysis
    progress: ProgressReport | None
    """Reckoned from the last day that the series knows of; None where photos have no dates."""
    clinic: ClinicSettings
    settings: AnalysisSettings
    read: ReadPhoto
    original: Callable[[str], bytes]
    """Bytes of the original photo of that name."""

    @property
    def code(self) -> str:
        return self.client.code


def read_case(
    store: Store,
    code: str,
    *,
    settings: AnalysisSettings = DEFAULT_SETTINGS,
    progress: Progress | None = None,
) -> ClientCase:
    """A client's case; what has not been measured yet is measured first.

    Raises
    ------
    StoreError
        If there is no such client, it has no photos, or an original is lost or altered.
    """
    client = store.client(code).record
    analysis = measure_client(store, code, settings=settings, progress=progress).analysis
    plan = store.plan(code)
    agreed = plan.record if plan is not None else TreatmentPlan()
    photos = tuple(kept.record for kept in store.photos(code))
    hashes = {photo.name: photo.sha256 for photo in photos}
    day = last_day(analysis)

    def original(name: str) -> bytes:
        return checked_get(store.vault, Shelf.ORIGINALS, hashes[name])

    def read(name: str) -> SrgbArray:
        return decode_photo(original(name), name).srgb

    return ClientCase(
        client=client,
        plan=agreed,
        sessions=tuple(kept.record for kept in store.sessions(code)),
        photos=photos,
        zones=tuple(kept.record for kept in store.zones(code)),
        consents=tuple(kept.record for kept in store.consents(code)),
        notes=tuple(kept.record for kept in store.notes(code)),
        analysis=analysis,
        # Not today: the same store must give the same report tomorrow.
        progress=None
        if day is None
        else progress_of(
            analysis,
            CaseFacts.of_records(client, agreed),
            today=day,
            timeline=settings.timeline,
        ),
        clinic=read_clinic(store),
        settings=settings,
        read=read,
        original=original,
    )
