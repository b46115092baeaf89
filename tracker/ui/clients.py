"""The client that is looked at: from a folder on this computer, or from added photos."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from tracker.folder import ClientFolder
from tracker.progress.facts import CaseFacts
from tracker.records.corrections import Correction
from tracker.series import PolygonZone, Progress, SeriesAnalysis, SeriesPhoto, Session

STORE_VARIABLE = "SMP_TRACKER_STORE"
"""Environment variable naming the folder of client folders that the dashboard shows."""


@dataclass(frozen=True, eq=False)
class Client:
    """All that `analyse_series` needs about one person, and what the pages head it with."""

    name: str
    photos: tuple[SeriesPhoto, ...]
    sessions: tuple[Session, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """(file, reason) of files that never became a photo."""
    notes: tuple[str, ...] = ()
    goal: str = ""
    target: float | None = None
    """Share of the pigment the person wants gone."""
    mm_per_px: float | None = None
    marker_mm: float | None = None
    baseline: str | None = None
    zones: tuple[PolygonZone, ...] = ()
    corrections: tuple[Correction, ...] = ()
    facts: CaseFacts = CaseFacts()
    """Goal, prices, method and flags that a forecast rests on."""
    _by_name: dict[str, SeriesPhoto] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._by_name.update({photo.name: photo for photo in self.photos})

    def photo(self, name: str) -> SeriesPhoto:
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the photos."""
        return tuple(self._by_name)

    @property
    def key(self) -> str:
        """Names what is measured: same photos, dates, views, sessions and scale, same key."""
        told = [
            [[p.name, p.sha256, p.view, str(p.captured_on)] for p in self.photos],
            [repr(session) for session in self.sessions],
            [repr(zone) for zone in self.zones],
            [correction.numbers() for correction in self.corrections],
            [self.name, self.mm_per_px, self.marker_mm, self.baseline],
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def measure(self, progress: Progress) -> SeriesAnalysis:
        """Run the engine on this client; `progress` is told how far it is."""
        # Imported by the measuring thread: the engine takes seconds to load, the page must not.
        from tracker.analysis import analyse_series

        return analyse_series(
            self.photos,
            client=self.name,
            sessions=self.sessions,
            mm_per_px=self.mm_per_px,
            marker_mm=self.marker_mm,
            baseline=self.baseline,
            zones=self.zones,
            corrections=self.corrections,
            progress=progress,
        )


def from_folder(folder: ClientFolder) -> Client:
    """The client that a folder on this computer describes."""
    plan = folder.plan
    return Client(
        name=folder.name,
        photos=folder.photos,
        sessions=folder.sessions,
        skipped=folder.skipped,
        notes=folder.notes,
        goal=plan.goal.value if plan.goal else "",
        target=plan.target,
        mm_per_px=plan.mm_per_px,
        marker_mm=plan.marker_mm,
        zones=folder.zones,
        corrections=folder.corrections,
        facts=CaseFacts.of_plan(plan),
    )
