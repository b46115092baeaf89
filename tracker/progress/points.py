"""The healed points that a curve rests on, out of a measured series, and what is odd about them.

Only healed photos count. Photos that do not, and data that contradict each other, leave a
sentence instead of a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from tracker.progress.response import HealedPoint
from tracker.progress.schedule import LONG_GAP_DAYS, zone_sessions, zone_stage
from tracker.records.timeline import DEFAULT_TIMELINE, TimelineSettings
from tracker.series import (
    PhotoMeasures,
    Session,
    Stage,
    Status,
    ViewAnalysis,
    ZoneMeasures,
)

WHOLE = "all"
Z_95 = 1.959964
DARKER_Z = 2.5
"""A healed photo darker than the one before by more than this many errors is darkening."""
RESTING = (Stage.HEALED, Stage.BASELINE)


@dataclass(frozen=True)
class FadePoint:
    """One zone's fade in one photo that counts."""

    photo: str
    captured_on: date
    zone: str
    sessions: tuple[int, ...]
    fade: float
    sd: float
    detectable: float

    def healed_point(self) -> HealedPoint:
        return HealedPoint(self.zone, self.sessions, self.fade, self.sd)


@dataclass(frozen=True)
class ZonePoints:
    """All points of one zone in time order, and what they cannot tell."""

    zone: str
    points: tuple[FadePoint, ...]
    darkened: tuple[int, ...]
    """Sessions after which the pigment came out darker."""
    sentences: tuple[str, ...]


def zone_names(view: ViewAnalysis) -> list[str]:
    """Names of a view's zones, in the order of its photos' rows."""
    return list(dict.fromkeys(zone.zone for photo in view.photos for zone in photo.zones))


def measures_of(photo: PhotoMeasures, zone: str) -> ZoneMeasures | None:
    """One zone's measures in a photo; `all` is the whole treated area."""
    if zone == WHOLE:
        return photo.whole
    return next((measures for measures in photo.zones if measures.zone == zone), None)


def points_of(
    view: ViewAnalysis,
    zone: str,
    sessions: Sequence[Session],
    *,
    timeline: TimelineSettings = DEFAULT_TIMELINE,
) -> ZonePoints:
    """Points of one zone of a view.

    Parameters
    ----------
    view : ViewAnalysis
    zone : str
        A zone's name, or `all`.
    sessions : sequence of Session
        In time order.
    timeline : TimelineSettings
        From which day on a photo is healed.
    """
    # A session that treated any part of the view reaches the whole; zones are asked one by one.
    names = zone_names(view) or [WHOLE]
    of_zone = {
        i
        for name in (names if zone == WHOLE else [zone])
        for i in zone_sessions(name, names, sessions)
    }
    points: list[FadePoint] = []
    too_fresh = undated = before_first = 0
    baseline = next((p for p in view.photos if p.status is Status.BASELINE), None)
    for photo in view.photos:
        measures = measures_of(photo, zone)
        if photo.status is not Status.MEASURED or measures is None or not measures.fade.measured:
            continue
        if photo.captured_on is None:
            undated += 1
            continue
        before = tuple(i for i in sorted(of_zone) if sessions[i].date <= photo.captured_on)
        stage = (
            photo.stage
            if zone == WHOLE
            else zone_stage(photo.captured_on, zone, names, sessions, timeline)
        )
        if not sessions or stage not in RESTING:
            too_fresh += bool(sessions)
            continue
        before_first += not before
        sd = (measures.fade.high - measures.fade.low) / (2 * Z_95)
        points.append(
            FadePoint(
                photo.photo,
                photo.captured_on,
                zone,
                before,
                measures.fade.value,
                max(sd, 1e-3),
                measures.detectable,
            )
        )
    points.sort(key=lambda p: (p.captured_on, p.photo))
    darkened, dark_words = _darkening(points, sessions)
    words = _oddities(points, sessions, baseline, too_fresh, undated, before_first)
    return ZonePoints(zone, tuple(points), darkened, (*words, *dark_words))


def _oddities(
    points: Sequence[FadePoint],
    sessions: Sequence[Session],
    baseline: PhotoMeasures | None,
    too_fresh: int,
    undated: int,
    before_first: int,
) -> list[str]:
    words = []
    if undated:
        words.append(f"{undated} photos have no date and cannot stand on the curve")
    if not sessions:
        words.append(
            "no session is noted, so nothing can be said of what a session does; "
            "enter the sessions with their dates"
        )
        return words
    treated = [p for p in points if p.sessions]
    if not treated and too_fresh:
        words.append(
            "all later photos were taken before the skin had healed: take one at least four weeks "
            "after the last session"
        )
    elif not treated and (before_first or baseline is not None):
        words.append("there are photos from before the first session only: nothing to compare yet")
    if baseline is not None and baseline.captured_on is not None:
        earlier = [s.date for s in sessions if s.date <= baseline.captured_on]
        if earlier:
            words.append(
                f"the baseline was taken after {len(earlier)} of the sessions: the fade counts "
                "from there, not from the untreated pigment"
            )
    days = [p.captured_on for p in points]
    start = [baseline.captured_on] if baseline is not None and baseline.captured_on else []
    for before, after in pairwise([*start, *days]):
        if (after - before).days > LONG_GAP_DAYS:
            words.append(
                f"between the photos of {before} and {after} lie {(after - before).days} days: "
                "what faded by itself in that time cannot be told from what sessions did"
            )
    if points:
        last = points[-1]
        if last.fade + Z_95 * last.sd < 0:
            words.append(
                f"{last.photo} shows more pigment than the baseline ({-last.fade:.0%} more): no "
                "forecast from a negative fade; look at the watches"
            )
    return words


def _darkening(
    points: Sequence[FadePoint], sessions: Sequence[Session]
) -> tuple[tuple[int, ...], list[str]]:
    """Sessions between two points of which the later is surely darker."""
    found: list[int] = []
    words = []
    before_fade, before_sd, seen, name = 0.0, 1e-3, frozenset[int](), "the baseline"
    for point in points:
        error = float(np.hypot(point.sd, before_sd))
        new = [i for i in point.sessions if i not in seen]
        if point.fade < before_fade - DARKER_Z * error and new:
            found += new
            on = ", ".join(str(sessions[i].date) for i in new)
            words.append(
                f"{point.photo} is darker than {name} by {before_fade - point.fade:.0%} of the "
                f"baseline's pigment, after the session of {on}. Iron oxide and titanium dioxide "
                "in a pigment can darken after a laser pass before they clear (paradoxical "
                "darkening). That session stands aside in the curve; show this to the clinic"
            )
        before_fade, before_sd, seen = point.fade, point.sd, frozenset(point.sessions)
        name = point.photo
    return tuple(dict.fromkeys(found)), words
