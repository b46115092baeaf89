"""What a view's numbers depend on, and the hash under which its result is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker.analysis import AnalysisSettings
from tracker.records import PhotoRecord, TreatmentPlan
from tracker.records.corrections import MEASURED_KINDS, Correction
from tracker.records.timeline import DEFAULT_TIMELINE
from tracker.series import PolygonZone, time_key


@dataclass(frozen=True)
class ViewInputs:
    """One view's photos in time order, and what their numbers depend on."""

    name: str
    photos: tuple[PhotoRecord, ...]
    zones: tuple[PolygonZone, ...]
    plan: TreatmentPlan
    corrections: tuple[Correction, ...] = ()

    def scale_of(self, photo: PhotoRecord) -> float | None:
        return photo.mm_per_px or self.plan.mm_per_px

    def inputs_hash(self, settings: AnalysisSettings) -> str:
        days = sorted({p.captured_on for p in self.photos if p.captured_on is not None})
        content = {
            # Method version included; the timeline's days change stages, never numbers.
            "settings": replace(settings, timeline=DEFAULT_TIMELINE).fingerprint(),
            "view": self.name,
            "photos": [
                [
                    photo.sha256,
                    photo.name,
                    None if photo.captured_on is None else days.index(photo.captured_on),
                    photo.mm_per_px,
                ]
                for photo in self.photos
            ],
            "mm_per_px": self.plan.mm_per_px,
            "marker_mm": self.plan.marker_mm,
            "zones": [[zone.name, zone.view, zone.vertices_px] for zone in self.zones],
        }
        if self.corrections:
            # Left out where there are none: results of before are found again, also after an undo.
            content["corrections"] = [one.numbers() for one in self.corrections]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def views_of(
    photos: Sequence[PhotoRecord],
    zones: Sequence[PolygonZone],
    plan: TreatmentPlan,
    corrections: Sequence[Correction],
) -> list[ViewInputs]:
    """A client's views by name, each with the photos, zones and corrections that are its own."""
    in_time = sorted(photos, key=lambda p: time_key(p.captured_on, p.name))
    view_of = {photo.name: photo.view for photo in photos}
    return [
        ViewInputs(
            name,
            tuple(photo for photo in in_time if photo.view == name),
            tuple(zone for zone in zones if zone.view in ("", name)),
            plan,
            tuple(
                one
                for one in corrections
                if one.kind in MEASURED_KINDS and view_of.get(one.photo) == name
            ),
        )
        for name in sorted({photo.view for photo in photos})
    ]
