"""What the fade plot shows, as rows: one per photo, and what lies around them. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from tracker.progress.forecast import CurvePoint
from tracker.progress.published import FIRST_SESSION, SECOND_SESSION
from tracker.progress.schedule import USUAL_SPACING_DAYS
from tracker.series import PhotoMeasures, Session, Status, ViewAnalysis, ZoneMeasures
from tracker.ui.words import (
    COUNTED_STAGES,
    STAGE_WORDS,
    count,
    interval,
    number,
    percent,
    sessions_before,
    when_taken,
)

COUNTED = "counts (healed)"
EARLY = "too fresh to count"
MISSING = "could not be measured"
WHOLE = "all"


class Measure(StrEnum):
    """What is plotted over time."""

    LEFT = "Pigment left"
    EVENNESS = "Evenness"
    DENSITY = "Density"
    CONTRAST = "Contrast"


MEANING = {
    Measure.LEFT: "Share of the first photo’s pigment that is left.",
    Measure.EVENNESS: "How much the pigment differs from place to place: 0 is perfectly even.",
    Measure.DENSITY: "Dots that can be told from skin.",
    Measure.CONTRAST: "How dark the dots are against the skin around them; the start is 100 %.",
}


class Axis(StrEnum):
    """What a photo's place from left to right says."""

    DATE = "By date"
    SESSION = "By session"
    ORDER = "In order"
    """For photos without dates."""


@dataclass(frozen=True)
class Row:
    """One photo's mark on the plot."""

    photo: str
    day: date | None
    x: date | float
    value: float
    low: float
    high: float
    mark: str
    taken: str
    said: str
    spread: str
    rests_on: str
    remark: str


@dataclass(frozen=True)
class Band:
    """A place on a band that is drawn beside the photos."""

    x: date | float
    low: float
    high: float
    middle: float = math.nan
    inner_low: float = math.nan
    inner_high: float = math.nan


def axes_of(view: ViewAnalysis, sessions: Sequence[Session]) -> list[Axis]:
    """The axes that this view's dates allow; the first is the usual one."""
    if any(photo.captured_on is None for photo in view.photos):
        return [Axis.ORDER]
    return [Axis.DATE, Axis.SESSION] if sessions else [Axis.DATE]


def zone_of(photo: PhotoMeasures, zone: str) -> ZoneMeasures | None:
    """The measures of one zone of a photo; `all` is the whole treated area."""
    if zone == WHOLE:
        return photo.whole
    return next((measures for measures in photo.zones if measures.zone == zone), None)


def photo_rows(
    view: ViewAnalysis,
    sessions: tuple[Session, ...],
    *,
    measure: Measure = Measure.LEFT,
    axis: Axis = Axis.DATE,
    zone: str = WHOLE,
    refused: tuple[PhotoMeasures, ...] = (),
) -> list[Row]:
    """A row per photo that has a place on the axis, in time order."""
    own = [photo for photo in refused if photo.view in ("", view.view)]
    photos = sorted(
        (*view.photos, *own), key=lambda photo: (photo.captured_on or date.max, photo.photo)
    )
    if axis is not Axis.ORDER:
        photos = [photo for photo in photos if photo.captured_on is not None]
    places = _places(photos, sessions, axis)
    return [
        _row(photo, place, sessions, measure, zone)
        for photo, place in zip(photos, places, strict=True)
    ]


def _places(
    photos: Sequence[PhotoMeasures], sessions: tuple[Session, ...], axis: Axis
) -> list[date | float]:
    if axis is Axis.ORDER:
        return [float(nth) for nth in range(1, len(photos) + 1)]
    if axis is Axis.DATE:
        return [photo.captured_on for photo in photos if photo.captured_on is not None]
    # Photos after the same session stand beside each other around its number.
    passed = [sessions_before(photo, sessions) for photo in photos]
    many, seen = Counter(passed), Counter[int]()
    places: list[date | float] = []
    for n in passed:
        step = min(0.2, 0.7 / many[n])
        places.append(n + (seen[n] - (many[n] - 1) / 2) * step)
        seen[n] += 1
    return places


def _row(
    photo: PhotoMeasures,
    place: date | float,
    sessions: tuple[Session, ...],
    measure: Measure,
    zone: str,
) -> Row:
    measures = zone_of(photo, zone)
    taken = when_taken(photo, sessions)
    is_start = photo.status is Status.BASELINE
    value, low, high = value_of(measures, measure, is_start=is_start)
    if photo.status is Status.REFUSED or measures is None or not math.isfinite(value):
        reason = photo.reason or _why_missing(measures, measure)
        nan = math.nan
        return Row(
            photo.photo, photo.captured_on, place, nan, nan, nan, MISSING, taken, "not measured",
            "", "", reason,
        )  # fmt: skip
    counted = is_start or photo.stage in COUNTED_STAGES
    spread = ""
    if measure is Measure.LEFT and not is_start:
        spread = f"{interval(measures.fade)} gone"
    elif math.isfinite(low) and not is_start and high > low:
        spread = f"{_said(low, measure, measures)} to {_said(high, measure, measures)}"
    return Row(
        photo=photo.photo,
        day=photo.captured_on,
        x=place,
        value=value,
        low=low,
        high=high,
        mark=COUNTED if counted else EARLY,
        taken="first photo" if is_start else taken,
        said="the start"
        if is_start and measure is Measure.LEFT
        else _said(value, measure, measures),
        spread=spread,
        rests_on=count(measures.n_dots, "dot"),
        remark="" if counted else f"{STAGE_WORDS[photo.stage]}: shown, but not counted",
    )


def value_of(
    measures: ZoneMeasures | None, measure: Measure, *, is_start: bool
) -> tuple[float, float, float]:
    """(value, low, high) of a measure; NaN where it was not taken or has no interval."""
    nan = math.nan
    if measures is None:
        return nan, nan, nan
    if measure is Measure.LEFT:
        if is_start:
            return 1.0, 1.0, 1.0
        fade = measures.fade
        return (1 - fade.value, 1 - fade.high, 1 - fade.low) if fade.measured else (nan, nan, nan)
    if measure is Measure.EVENNESS:
        return measures.evenness, nan, nan
    if measure is Measure.CONTRAST:
        return (1.0 if is_start else measures.contrast_ratio), nan, nan
    ratio, low, high = (
        measures.density_ratio,
        measures.density_ratio_low,
        measures.density_ratio_high,
    )
    if not math.isfinite(measures.density_per_cm2):
        return ratio, low, high
    scale = measures.density_per_cm2 / ratio if ratio else nan
    return measures.density_per_cm2, low * scale, high * scale


def in_per_cm2(view: ViewAnalysis) -> bool:
    """Whether the view's density has a scale."""
    return any(
        photo.whole is not None and math.isfinite(photo.whole.density_per_cm2)
        for photo in view.photos
    )


def _said(value: float, measure: Measure, measures: ZoneMeasures) -> str:
    if measure is Measure.LEFT:
        return f"{percent(value)} left, {percent(1 - value)} gone"
    if measure is Measure.DENSITY and math.isfinite(measures.density_per_cm2):
        return number(value, 0, "dots per cm²")
    return percent(value)


def _why_missing(measures: ZoneMeasures | None, measure: Measure) -> str:
    if measures is None:
        return "this area is not visible enough in the photo"
    return f"{measure.value.lower()} could not be read here"


def published_band(sessions: Sequence[Session], axis: Axis) -> list[Band]:
    """Pigment left after one and two sessions as removal practices have published it."""
    if not sessions or axis is Axis.ORDER:
        return []
    low = min(found.low for found in FIRST_SESSION) / 100
    high = max(found.high for found in FIRST_SESSION) / 100
    steps = [(1 - high, 1 - low), (1 - SECOND_SESSION.high / 100, 1 - SECOND_SESSION.low / 100)]
    if axis is Axis.SESSION:
        return [Band(float(n), *span) for n, span in enumerate([(1.0, 1.0), *steps])]
    days = [session.date for session in sessions[:3]]
    healed = [after for _, after in pairwise(days)]
    while len(healed) < 2:
        healed.append((healed or days)[-1] + timedelta(days=USUAL_SPACING_DAYS))
    if len(days) == 1:
        steps, healed = steps[:1], healed[:1]
    return [Band(days[0], 1.0, 1.0)] + [
        Band(day, *span) for day, span in zip(healed, steps, strict=False)
    ]


def forecast_band(curve: Sequence[CurvePoint], rows: Sequence[Row], axis: Axis) -> list[Band]:
    """Pigment left in the sessions to come, from the last photo that counts."""
    counted = [row for row in rows if row.mark == COUNTED]
    future = [point for point in curve if point.future]
    if not counted or not future or axis is Axis.ORDER:
        return []
    last = counted[-1]
    start = Band(last.x, last.low, last.high, last.value, last.low, last.high)
    bands = [start]
    for point in future:
        x: date | float | None = float(point.sessions) if axis is Axis.SESSION else point.on
        if x is None or not _later(x, last.x):
            continue
        bands.append(
            Band(
                x,
                1 - point.high95,
                1 - point.low95,
                1 - point.median,
                1 - point.high80,
                1 - point.low80,
            )
        )
    return bands if len(bands) > 1 else []


def _later(x: date | float, last: date | float) -> bool:
    return bool(x > last)  # type: ignore[operator]  # both are days, or both numbers


def least_detectable(view: ViewAnalysis, zone: str) -> float | None:
    """Smallest detectable change of the latest photo that has one."""
    for photo in reversed(view.photos):
        measures = zone_of(photo, zone)
        if (
            photo.status is Status.MEASURED
            and measures is not None
            and math.isfinite(measures.detectable)
        ):
            return measures.detectable
    return None


def table_rows(view: ViewAnalysis, rows: Sequence[Row], zone: str) -> list[dict[str, Any]]:
    """The plot's own data, as they are downloaded: plain numbers, empty where not measured."""
    return [
        {
            "view": view.view,
            "zone": zone,
            "photo": row.photo,
            "captured_on": row.day.isoformat() if row.day else "",
            "mark": row.mark,
            **{
                name: round(value, 6) if math.isfinite(value) else ""
                for name, value in (("value", row.value), ("low", row.low), ("high", row.high))
            },
            "remark": row.remark,
        }
        for row in rows
    ]
