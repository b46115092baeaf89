"""The client that is looked at: what the pages need of one person's records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tracker.measure.luminance import SrgbArray
from tracker.photos import decode_photo
from tracker.progress.facts import CaseFacts
from tracker.records import ClientRecord, PhotoRecord, TreatmentPlan
from tracker.series import PolygonZone, Progress, SeriesAnalysis, SeriesPhoto, Session
from tracker.storage.overview import treatments
from tracker.storage.results import MeasuredState, measure_client, measured_state
from tracker.storage.store import Store
from tracker.storage.vault import Shelf, checked_get


@dataclass(frozen=True, eq=False)
class Client:
    """One person's records as the pages head them with, and the way to the photos."""

    store: Store
    record: ClientRecord
    plan: TreatmentPlan
    photos: tuple[PhotoRecord, ...]
    sessions: tuple[Session, ...]
    """Treatments in time order; patch tests move no photo."""
    zones: tuple[PolygonZone, ...]
    """Zones that a person drew."""
    state: MeasuredState
    _by_name: dict[str, PhotoRecord] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._by_name.update({photo.name: photo for photo in self.photos})

    @property
    def code(self) -> str:
        return self.record.code

    @property
    def name(self) -> str:
        """What a person is called on the pages: by name where one is kept."""
        return self.record.name or self.record.code

    @property
    def goal(self) -> str:
        return self.plan.goal.value if self.plan.goal else ""

    @property
    def facts(self) -> CaseFacts:
        """Goal, prices, method and flags that a forecast rests on."""
        return CaseFacts.of_records(self.record, self.plan)

    @property
    def target(self) -> float | None:
        """Share of the pigment the person wants gone."""
        return self.facts.target

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the photos."""
        return tuple(self._by_name)

    @property
    def key(self) -> str:
        """Names what is shown: same photos, dates, sessions, zones and scale, same key."""
        text = f"{self.store.place.label}\n{self.code}\n{self.state.stamp}"
        return hashlib.sha256(text.encode()).hexdigest()

    def photo(self, name: str) -> SeriesPhoto:
        """A photo of this client, to be decoded."""
        record = self._by_name[name]

        def read() -> SrgbArray:
            data = checked_get(self.store.vault, Shelf.ORIGINALS, record.sha256)
            return decode_photo(data, record.name).srgb

        return SeriesPhoto(record.name, record.sha256, read, record.view, record.captured_on)

    def measure(self, progress: Progress) -> SeriesAnalysis:
        """Measure what has not been measured; `progress` is told how far it is."""
        return measure_client(self.store, self.code, progress=progress).analysis


def read_client(store: Store, code: str) -> Client:
    """A client's records; raises `NotThereError`."""
    record = store.client(code).record
    plan = store.plan(code)
    return Client(
        store=store,
        record=record,
        plan=plan.record if plan is not None else TreatmentPlan(),
        photos=tuple(kept.record for kept in store.photos(code)),
        sessions=tuple(treatments([kept.record for kept in store.sessions(code)])),
        zones=tuple(kept.record for kept in store.zones(code)),
        state=measured_state(store, code),
    )
