"""A client of the store as the comparing and marking pages use one: its photos, and its measuring."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.measure.luminance import SrgbArray
from tracker.photos import decode_photo
from tracker.records import PhotoRecord
from tracker.records.corrections import standing
from tracker.series import Progress, SeriesAnalysis, SeriesPhoto
from tracker.storage.correcting import list_corrections
from tracker.storage.overview import treatments
from tracker.storage.statements import records
from tracker.storage.store import Store
from tracker.storage.vault import Shelf, checked_get
from tracker.ui import progress_view
from tracker.ui.clients import Client


@dataclass(frozen=True, eq=False)
class StoredClient(Client):
    """A client whose measuring opens and keeps results in the store."""

    code: str = ""
    store: Store | None = field(default=None, repr=False)

    def measure(self, progress: Progress) -> SeriesAnalysis:
        """Open what is measured and measure the rest, as `client measure` does."""
        from tracker.storage.results import measure_client  # loads the engine, which takes seconds

        assert self.store is not None
        return measure_client(self.store, self.code, progress=progress).analysis


def stored_client(store: Store, code: str) -> StoredClient:
    """The client of a code; raises `NotThereError`."""
    client = store.client(code).record
    plan = store.plan(code)
    photos = records(store.photos(code))
    return StoredClient(
        name=client.name or code,
        photos=tuple(_series_photo(store, photo) for photo in photos),
        sessions=tuple(treatments(records(store.sessions(code)))),
        goal=plan.record.goal.value if plan and plan.record.goal else "",
        target=plan.record.target if plan else None,
        mm_per_px=plan.record.mm_per_px if plan else None,
        marker_mm=plan.record.marker_mm if plan else None,
        zones=tuple(records(store.zones(code))),
        corrections=standing(records(list_corrections(store, code))),
        code=code,
        store=store,
    )


def measured(client: StoredClient) -> SeriesAnalysis | None:
    """The client's series; None while the page shows that it is being measured."""
    from tracker.storage.results import kept_analysis

    assert client.store is not None
    kept = kept_analysis(client.store, client.code)
    if kept is not None and {row.photo for row in kept.photos} == set(client.names):
        return kept
    return progress_view.await_analysis(client)


def _series_photo(store: Store, photo: PhotoRecord) -> SeriesPhoto:
    def read() -> SrgbArray:
        return decode_photo(
            checked_get(store.vault, Shelf.ORIGINALS, photo.sha256), photo.name
        ).srgb

    return SeriesPhoto(photo.name, photo.sha256, read, photo.view, photo.captured_on)
