"""The fade over time as an interactive chart (Altair, drawn in the browser, nothing loaded).

Filled marks are healed photos and count; hollow marks are photos taken too early; a cross says
that a photo could not be measured. The shaded floor is what these photos cannot prove.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from tracker.progress.forecast import CurvePoint
from tracker.series import PhotoMeasures, Session, Status, ViewAnalysis, ZoneMeasures
from tracker.ui.curve_layers import curve_marks, curve_rows
from tracker.ui.look import Palette
from tracker.ui.words import (
    COUNTED_STAGES,
    NOTICEABLE_FADE,
    STAGE_WORDS,
    count,
    day,
    interval,
    percent,
    when_taken,
    zone_title,
)

COUNTED = "counts (healed)"
EARLY = "too fresh to count"
MISSING = "could not be measured"
FONT = "Source Sans, sans-serif"
"""The page's own font, which comes with Streamlit."""


def zone_of(photo: PhotoMeasures, zone: str) -> ZoneMeasures | None:
    """The measures of one zone of a photo; `all` is the whole treated area."""
    if zone == "all":
        return photo.whole
    return next((measures for measures in photo.zones if measures.zone == zone), None)


def fade_rows(
    view: ViewAnalysis,
    sessions: tuple[Session, ...],
    zone: str = "all",
    refused: tuple[PhotoMeasures, ...] = (),
) -> pd.DataFrame:
    """One row per photo that has a place on the time axis."""
    own = [photo for photo in refused if photo.view in ("", view.view)]
    photos = sorted(
        (*view.photos, *own), key=lambda photo: (photo.captured_on or date.min, photo.photo)
    )
    dated = _dated(view)
    rows: list[dict[str, Any]] = []
    for order, photo in enumerate(photos):
        if dated and photo.captured_on is None:
            continue
        rows.append(_row(photo, sessions, zone, order))
    columns = ["photo", "order", "day", "fade", "low", "high", "mark", "taken", "value", "range"]
    return pd.DataFrame(rows, columns=[*columns, "rests_on", "remark"])


def lowest_value(view: ViewAnalysis) -> float:
    """The lowest end of an interval of any zone and photo of a view."""
    found = [
        measures.fade.low
        for photo in view.photos
        for measures in photo.zones
        if measures.fade.measured
    ]
    return min(found, default=0.0)


def _row(
    photo: PhotoMeasures, sessions: tuple[Session, ...], zone: str, order: int
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "photo": photo.photo,
        "order": order + 1,
        "day": pd.Timestamp(photo.captured_on) if photo.captured_on else pd.NaT,
        "taken": when_taken(photo, sessions),
        "remark": "",
    }
    measures = zone_of(photo, zone)
    if photo.status is Status.BASELINE:
        return row | {
            "fade": 0.0,
            "low": 0.0,
            "high": 0.0,
            "mark": COUNTED,
            "value": "start: nothing gone yet",
            "range": "",
            "rests_on": count(measures.n_dots, "dot") if measures else "",
        }
    if measures is None or not measures.fade.measured:
        reason = photo.reason or "this area is not visible enough in the photo"
        return row | {
            "fade": 0.0,
            "low": math.nan,
            "high": math.nan,
            "mark": MISSING,
            "value": "not measured",
            "range": "",
            "rests_on": "",
            "remark": reason,
        }
    counted = photo.stage in COUNTED_STAGES
    return row | {
        "fade": measures.fade.value,
        "low": measures.fade.low,
        "high": measures.fade.high,
        "mark": COUNTED if counted else EARLY,
        "value": f"{percent(measures.fade.value)} gone",
        "range": interval(measures.fade),
        "rests_on": count(measures.n_dots, "dot"),
        "remark": "" if counted else f"{STAGE_WORDS[photo.stage]}: shown, but not counted",
    }


def _dated(view: ViewAnalysis) -> bool:
    return all(photo.captured_on is not None for photo in view.photos)


def fade_chart(
    view: ViewAnalysis,
    sessions: tuple[Session, ...],
    colours: Palette,
    *,
    zone: str = "all",
    target: float | None = None,
    refused: tuple[PhotoMeasures, ...] = (),
    compact: bool = False,
    lowest: float = 0.0,
    curve: Sequence[CurvePoint] = (),
) -> alt.LayerChart:
    """The chart of one zone of one view.

    `curve` is the response curve with its bands, drawn where the photos have dates.

    `compact` is the small multiple; charts drawn beside each other share one `lowest` value.
    """
    rows = fade_rows(view, sessions, zone, refused)
    dated = _dated(view)
    bands = curve_rows(curve, sessions) if dated else None
    x = _x_axis(rows, sessions if dated else (), dated, colours, compact, bands)
    lows = [lowest, *rows["low"].dropna()]
    floor = min(-0.06, min(lows) - 0.03)
    ceiling = max(1.0, float(rows["high"].max(skipna=True))) if len(rows) else 1.0
    y = alt.Y(
        "fade:Q",
        title=None,
        scale=alt.Scale(domain=[floor, ceiling + 0.04], nice=False),
        axis=alt.Axis(
            format="%",
            values=[0, 0.5, 1] if compact else [0, 0.25, 0.5, 0.75, 1],
            gridColor=colours.line,
            gridOpacity=0.7,
            domain=False,
            ticks=False,
            labelColor=colours.quiet,
            labelFontSize=12,
            labelPadding=8,
        ),
    )
    layers = _levels(view, zone, target, colours)
    if bands is not None and len(bands):
        layers += curve_marks(bands, x, colours)
    if dated and sessions:
        layers += _session_marks(sessions, colours, compact)
    if not compact:
        layers += _level_names(view, zone, target, colours, _last_counted(rows))
    layers += _photo_marks(rows, x, y, colours, target, compact)
    title = zone_title(zone) if compact else None
    chart = alt.layer(*layers).properties(height=150 if compact else 330)
    if title:
        chart = chart.properties(
            title=alt.TitleParams(title, anchor="start", fontSize=14, color=colours.text, offset=6)
        )
    final: alt.LayerChart = chart.configure(
        background="transparent", font=FONT, view=alt.ViewConfig(stroke="transparent")
    )
    return final


def _x_axis(
    rows: pd.DataFrame,
    sessions: tuple[Session, ...],
    dated: bool,
    colours: Palette,
    compact: bool,
    bands: pd.DataFrame | None = None,
) -> alt.X:
    if not dated:
        axis = alt.Axis(title="photo, in order", tickMinStep=1, format="d", grid=False)
        return alt.X("order:Q", axis=axis, scale=alt.Scale(domain=[0.5, max(2, len(rows)) + 0.5]))
    days = [*rows["day"].dropna(), *(pd.Timestamp(session.date) for session in sessions)]
    if bands is not None and len(bands):
        days += [*bands["day"]]
    first, last = min(days), max(days)
    pad = max(pd.Timedelta(days=4), (last - first) * 0.06)
    ends = (first - pad, last + pad)
    domain = [alt.DateTime(year=d.year, month=d.month, date=d.day) for d in ends]
    return alt.X(
        "day:T",
        title=None,
        scale=alt.Scale(domain=domain),
        axis=alt.Axis(
            format="%b %Y",
            tickCount=2 if compact else 5,
            grid=False,
            domainColor=colours.line,
            tickColor=colours.line,
            labelColor=colours.quiet,
            labelFontSize=12,
            labelPadding=6,
            labelOverlap=True,
        ),
    )


def _least_detectable(view: ViewAnalysis, zone: str) -> float | None:
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


def _levels(
    view: ViewAnalysis, zone: str, target: float | None, colours: Palette
) -> list[alt.Chart | alt.LayerChart]:
    """The floor of what cannot be proved, and the lines to read the fade against."""
    layers: list[alt.Chart | alt.LayerChart] = []
    quiet = [NOTICEABLE_FADE]
    least = _least_detectable(view, zone)
    if least is not None:
        quiet.append(least)
        layers.append(
            alt.Chart(pd.DataFrame([{"from": 0.0, "to": least}]))
            .mark_rect(color=colours.quiet, opacity=0.14)
            .encode(y="from:Q", y2="to:Q")
        )
    layers.append(
        alt.Chart(pd.DataFrame({"level": quiet}))
        .mark_rule(color=colours.quiet, strokeDash=[2, 3], strokeWidth=1.2)
        .encode(y="level:Q")
    )
    if target:
        layers.append(
            alt.Chart(pd.DataFrame({"level": [target]}))
            .mark_rule(color=colours.text, strokeWidth=1.6)
            .encode(y="level:Q")
        )
    return layers


def _level_names(
    view: ViewAnalysis, zone: str, target: float | None, colours: Palette, last_fade: float
) -> list[alt.Chart | alt.LayerChart]:
    """Names of the lines, on a halo, at the edge where the curve is not."""
    above = [{"level": NOTICEABLE_FADE, "name": f"noticeable from {percent(NOTICEABLE_FADE)}"}]
    least = _least_detectable(view, zone)
    if least is not None:
        above.append({"level": least, "name": f"detectable from {percent(least)}"})
    # The curve starts low at the left; it ends at the right where the last photo has it.
    names = [(above, "bottom", -3, last_fade > NOTICEABLE_FADE + 0.12)]
    if target:
        goal = {"level": target, "name": f"goal {percent(target)}"}
        names.append(([goal], "top", 5, abs(last_fade - target) > 0.15))
    layers: list[alt.Chart | alt.LayerChart] = []
    for rows, baseline, offset, right in names:
        text = alt.Chart(pd.DataFrame(rows)).encode(
            y="level:Q", x=alt.value("width" if right else 0), text="name:N"
        )
        style: dict[str, Any] = {
            "align": "right" if right else "left",
            "baseline": baseline,
            "dx": -2 if right else 2,
            "dy": offset,
            "fontSize": 12,
        }
        layers.append(text.mark_text(**style, stroke=colours.paper, strokeWidth=4))
        layers.append(text.mark_text(**style, color=colours.quiet))
    return layers


def _last_counted(rows: pd.DataFrame) -> float:
    counted = rows[rows["mark"] == COUNTED]["fade"]
    return float(counted.iloc[-1]) if len(counted) else 0.0


def _session_marks(
    sessions: tuple[Session, ...], colours: Palette, compact: bool
) -> list[alt.Chart | alt.LayerChart]:
    frame = pd.DataFrame(
        [
            {
                "day": pd.Timestamp(session.date),
                "label": f"{nth}",
                "name": f"Session {nth}",
                "when": day(session.date),
                "method": _method_words(session),
            }
            for nth, session in enumerate(sessions, start=1)
        ]
    )
    tips = [
        alt.Tooltip("name:N", title="Visit"),
        alt.Tooltip("when:N", title="Date"),
        alt.Tooltip("method:N", title="Method"),
    ]
    rules = (
        alt.Chart(frame)
        .mark_rule(color=colours.warn, strokeWidth=1.4, strokeDash=[5, 4], opacity=0.85)
        .encode(x="day:T", tooltip=tips)
    )
    if compact:
        return [rules]
    heads = (
        alt.Chart(frame)
        .mark_circle(size=330, color=colours.warn, opacity=1)
        .encode(x="day:T", y=alt.value(2), tooltip=tips)
    )
    numbers = (
        alt.Chart(frame)
        .mark_text(fontSize=11.5, fontWeight=700, color=colours.paper)
        .encode(x="day:T", y=alt.value(2.5), text="label:N", tooltip=tips)
    )
    return [rules, heads, numbers]


def _method_words(session: Session) -> str:
    parts = [session.method or "method not noted", session.device]
    if session.wavelength_nm:
        parts.append(f"{session.wavelength_nm:g} nm")
    if session.fluence_j_cm2:
        parts.append(f"{session.fluence_j_cm2:g} J/cm²")
    return ", ".join(part for part in parts if part)


def _photo_marks(
    rows: pd.DataFrame,
    x: alt.X,
    y: alt.Y,
    colours: Palette,
    target: float | None,
    compact: bool,
) -> list[alt.Chart | alt.LayerChart]:
    tips = [
        alt.Tooltip("photo:N", title="Photo"),
        alt.Tooltip("taken:N", title="Taken"),
        alt.Tooltip("value:N", title="Pigment"),
        alt.Tooltip("range:N", title="95 % interval"),
        alt.Tooltip("rests_on:N", title="Rests on"),
        alt.Tooltip("remark:N", title="Remark"),
    ]
    counted = rows[rows["mark"] == COUNTED]
    early = rows[rows["mark"] == EARLY]
    missing = rows[rows["mark"] == MISSING]
    size = 70 if compact else 130
    line = (
        alt.Chart(counted)
        .mark_line(color=colours.accent, strokeWidth=2.2, interpolate="linear")
        .encode(x=x, y=y)
    )
    bars = (
        alt.Chart(rows[rows["mark"] != MISSING])
        .mark_rule(color=colours.accent, strokeWidth=6, opacity=0.32, strokeCap="round")
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    )
    filled = (
        alt.Chart(counted)
        .mark_point(filled=True, size=size, color=colours.accent, opacity=1)
        .encode(x=x, y=y, tooltip=tips)
    )
    hollow = (
        alt.Chart(early)
        .mark_point(
            filled=True,
            size=size,
            fill=colours.paper,
            stroke=colours.accent,
            strokeWidth=2,
            opacity=1,
        )
        .encode(x=x, y=y, tooltip=tips)
    )
    crosses = (
        alt.Chart(missing)
        .mark_point(shape="cross", angle=45, size=size, filled=True, color=colours.warn, opacity=1)
        .encode(x=x, y=y, tooltip=tips)
    )
    marks: list[alt.Chart | alt.LayerChart] = [bars, line, filled, hollow, crosses]
    if len(counted) > 1:
        last = counted.tail(1).assign(label=lambda frame: frame["fade"].map(percent))
        # Under the curve's end where the goal line would run through the figure.
        below = target is not None and 0 < target - float(last["fade"].iloc[0]) < 0.3
        style: dict[str, Any] = {
            "align": "right",
            "baseline": "top" if below and compact else "bottom",
            "dx": -9,
            "dy": 8 if below and compact else -7,
            "fontSize": 13 if compact else 16,
            "fontWeight": 700,
        }
        figure = alt.Chart(last).encode(x=x, y=y, text="label:N")
        marks.append(figure.mark_text(**style, stroke=colours.paper, strokeWidth=5))
        marks.append(figure.mark_text(**style, color=colours.accent))
    return marks
