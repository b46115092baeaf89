"""The fade of one view as a drawing in SVG: no script, no font, nothing loaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from tracker.progress.forecast import CurvePoint
from tracker.series import PhotoMeasures, Session, Stage, Status, ViewAnalysis, ZoneMeasures

NOTICEABLE = 0.23
"""Change that people begin to see: the published just-noticeable difference of hair density."""

WIDTH, HEIGHT = 760, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 24, 44


@dataclass(frozen=True)
class FadePoint:
    """One photo on the fade chart. `value` is NaN where it was not measured."""

    photo: str
    captured_on: date | None
    value: float
    low: float
    high: float
    healed: bool


def fade_points(view: ViewAnalysis, zone: str = "all") -> list[FadePoint]:
    """The photos of a view in time order with the fade of one zone (`all`: the whole area)."""
    points = []
    for photo in view.photos:
        measures = _measures(photo, zone)
        if measures is None:
            continue
        fade = measures.fade
        at_start = photo.status is Status.BASELINE
        points.append(
            FadePoint(
                photo=photo.photo,
                captured_on=photo.captured_on,
                value=0.0 if at_start else fade.value,
                low=0.0 if at_start else fade.low,
                high=0.0 if at_start else fade.high,
                healed=photo.stage not in (Stage.IMMEDIATE, Stage.HEALING, Stage.SETTLING),
            )
        )
    return points


def _measures(photo: PhotoMeasures, zone: str) -> ZoneMeasures | None:
    if zone == "all":
        return photo.whole
    return next((measures for measures in photo.zones if measures.zone == zone), None)


def fade_svg(
    view: ViewAnalysis,
    sessions: Sequence[Session] = (),
    *,
    zone: str = "all",
    target: float | None = None,
    curve: Sequence[CurvePoint] = (),
    cases: Sequence[Sequence[tuple[int, int, float]]] = (),
) -> str:
    """Draw the fade over time with its 95 % intervals.

    Filled marks are healed photos, hollow ones were taken too early to count. The shaded floor is
    the smallest change the last photo can prove. Without dates the photos stand in their order.

    Parameters
    ----------
    view : ViewAnalysis
        The view to draw.
    sessions : sequence of Session
        Drawn as dashed lines where the photos have dates.
    zone : str
        Name of a zone, or `all`.
    target : float, optional
        The goal as a share, drawn as a line.
    curve : sequence of CurvePoint
        Bands (80 and 95 %) of the response curve, with the sessions to come.
    cases : sequence of sequences of (days, sessions, fade)
        Courses of comparable cases, drawn as faint lines from the baseline's day on.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    points = [p for p in fade_points(view, zone) if math.isfinite(p.value)]
    dated = bool(points) and all(p.captured_on for p in points)
    days = [p.captured_on for p in points if p.captured_on]
    visits = [s.date for s in sessions] if dated else []
    start = min([*days, *visits]) if dated else date.min
    band = [p for p in curve if p.on is not None and dated]
    places = [
        (p.captured_on - start).days if dated and p.captured_on else i for i, p in enumerate(points)
    ]
    visit_places = [(day - start).days for day in visits]
    ahead = [(p.on - start).days for p in band if p.on is not None]
    last_place = max([1, *places, *visit_places, *ahead])
    floor = min([-0.05, *(p.low - 0.03 for p in points if math.isfinite(p.low))])
    ceiling = max([1.0, *(p.high for p in points if math.isfinite(p.high))])

    def x_of(place: float) -> float:
        return _LEFT + 14 + (WIDTH - _LEFT - _RIGHT - 28) * place / last_place

    def y_of(share: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (ceiling - share) / (ceiling - floor)

    right = WIDTH - _RIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" class="fade"'
    parts = [f'{head} role="img" aria-label="{escape(_summary(points))}">']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = y_of(share)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{100 * share:.0f} %</text>"
        )
    detectable = _last_detectable(view, zone)
    if detectable:
        top = y_of(detectable)
        parts.append(
            f'<rect class="floor" x="{_LEFT}" y="{top:.1f}" width="{right - _LEFT}" '
            f'height="{y_of(0) - top:.1f}"/>'
        )
    parts.append(
        _level(y_of(NOTICEABLE), "noticeable", f"noticeable from {100 * NOTICEABLE:.0f} %", right)
    )
    if target:
        parts.append(_level(y_of(target), "goal", f"goal {100 * target:.0f} %", right))
    if band:
        # The curve starts where nothing is gone, on the day of the first session.
        spots = [visit_places[0] if visit_places else 0, *ahead]
        for kind, low, high in (
            ("band95", [0.0, *(p.low95 for p in band)], [0.0, *(p.high95 for p in band)]),
            ("band80", [0.0, *(p.low80 for p in band)], [0.0, *(p.high80 for p in band)]),
        ):
            edge = [*zip(spots, high, strict=True), *reversed([*zip(spots, low, strict=True)])]
            shape = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in edge)
            parts.append(f'<polygon class="{kind}" points="{shape}"/>')
        middle = [*zip(spots, [0.0, *(p.median for p in band)], strict=True)]
        shape = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in middle)
        parts.append(f'<polyline class="model" points="{shape}"/>')
    for case in cases if dated else ():
        course = [(day, fade) for day, _, fade in case if day <= last_place]
        shape = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in course)
        parts.append(f'<polyline class="case" points="{shape}"/>')
    for number, (place, day) in enumerate(zip(visit_places, visits, strict=True), start=1):
        x = x_of(place)
        parts.append(
            f'<line class="visit" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" '
            f'y2="{HEIGHT - _BOTTOM}"><title>session {number}, {day}</title></line>'
        )
        parts.append(
            f'<text class="axis" x="{x:.1f}" y="{_TOP - 8}" text-anchor="middle">{number}</text>'
        )
    parts += _time_labels(start, last_place, x_of) if dated else []
    line = " ".join(
        f"{x_of(place):.1f},{y_of(p.value):.1f}"
        for place, p in zip(places, points, strict=True)
        if p.healed
    )
    parts.append(f'<polyline class="curve" points="{line}"/>')
    for place, point in zip(places, points, strict=True):
        x, y = x_of(place), y_of(point.value)
        title = f"{point.photo}: {point.value:.0%}"
        if math.isfinite(point.low) and math.isfinite(point.high):
            parts.append(
                f'<line class="bar" x1="{x:.1f}" x2="{x:.1f}" '
                f'y1="{y_of(point.low):.1f}" y2="{y_of(point.high):.1f}"/>'
            )
            title += f" ({point.low:.0%} to {point.high:.0%})"
        mark = "healed" if point.healed else "early"
        parts.append(
            f'<circle class="{mark}" cx="{x:.1f}" cy="{y:.1f}" r="5">'
            f"<title>{escape(title)}</title></circle>"
        )
    return "\n".join([*parts, "</svg>"])


def _level(y: float, kind: str, words: str, right: float) -> str:
    return (
        f'<line class="{kind}" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        # On the left, where the curve begins at zero: the last photo stands on the right.
        f'<text class="axis" x="{_LEFT + 6}" y="{y - 5:.1f}">{words}</text>'
    )


def _time_labels(start: date, last_day: int, x_of: Callable[[float], float]) -> list[str]:
    labels = []
    for quarter in range(5):
        day = round(last_day * quarter / 4)
        anchor = {0: "start", 4: "end"}.get(quarter, "middle")
        x = {0: _LEFT, 4: WIDTH - _RIGHT}.get(quarter, x_of(day))
        text = (start + timedelta(days=day)).isoformat()
        labels.append(
            f'<text class="axis" x="{x:.1f}" y="{HEIGHT - _BOTTOM + 20}" '
            f'text-anchor="{anchor}">{text}</text>'
        )
    return labels


def _last_detectable(view: ViewAnalysis, zone: str) -> float:
    known = [
        measures.detectable
        for photo in view.photos
        if photo.status is Status.MEASURED
        and (measures := _measures(photo, zone)) is not None
        and math.isfinite(measures.detectable)
    ]
    return known[-1] if known else 0.0


def _summary(points: Sequence[FadePoint]) -> str:
    if len(points) < 2:
        return "Fade over time: too few measured photos for a curve"
    last = points[-1]
    return (
        f"Fade over time: {last.value:.0%} gone in {last.photo}, the last of {len(points)} photos"
    )
