"""The fade plot (Altair, drawn in the browser, nothing loaded from elsewhere).

Filled marks are healed photos and count; hollow marks were taken too early; a cross at the foot
could not be measured. Bands: the photos' own interval, the published range, the forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from tracker.series import Session
from tracker.ui.fade_rows import COUNTED, EARLY, MISSING, Axis, Band, Measure, Row
from tracker.ui.look import Palette
from tracker.ui.speech import speech
from tracker.ui.words import NOTICEABLE_FADE, day, number, percent

FONT = "Source Sans, sans-serif"
"""The page's own font, which comes with Streamlit."""
Layers = list[alt.Chart | alt.LayerChart]


@dataclass(frozen=True)
class Plot:
    """Everything on one plot."""

    rows: Sequence[Row]
    sessions: tuple[Session, ...]
    measure: Measure = Measure.LEFT
    axis: Axis = Axis.DATE
    target: float | None = None
    detectable: float | None = None
    published: Sequence[Band] = ()
    forecast: Sequence[Band] = ()
    per_cm2: bool = False
    title: str = ""
    """Of a small multiple, which has fewer words on it."""
    span: tuple[float, float] | None = None
    """Of the values: plots beside each other share one."""

    @property
    def compact(self) -> bool:
        return bool(self.title)


def fade_plot(plot: Plot, colours: Palette) -> alt.LayerChart:
    """The whole chart."""
    x, y = _x(plot, colours), _y(plot, colours)
    layers: Layers = []
    if plot.measure is Measure.LEFT:
        layers += _levels(plot, colours) + _forecast(plot, x, colours)
    if plot.axis is not Axis.ORDER:
        layers += _session_marks(plot, colours)
    layers += _interval(plot, x, colours)
    if plot.measure is Measure.LEFT:
        # Over the photos' own band, which would hide it.
        layers += _band(plot.published, x, colours.warn, 0.17)
    layers += _marks(plot, x, y, colours)
    if plot.measure is Measure.LEFT and not plot.compact:
        layers += _level_names(plot, colours)
    chart = alt.layer(*layers).properties(height=170 if plot.compact else 360)
    if plot.title:
        chart = chart.properties(
            title=alt.TitleParams(
                plot.title, anchor="start", fontSize=14, color=colours.text, offset=6
            )
        )
    final: alt.LayerChart = chart.configure(
        background="transparent",
        font=FONT,
        view=alt.ViewConfig(stroke="transparent"),
        # A month's name is a word of the reader's language too.
        locale=speech().vega() or alt.Undefined,
    )
    return final


def span_of(plots: Sequence[Plot]) -> tuple[float, float]:
    """The values that plots beside each other share."""
    ends = [_span(plot) for plot in plots]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _span(plot: Plot) -> tuple[float, float]:
    if plot.span is not None:
        return plot.span
    found = [
        value
        for row in plot.rows
        for value in (row.value, row.low, row.high)
        if math.isfinite(value)
    ]
    if plot.measure is Measure.LEFT:
        return min([-0.02, *found]), max([1.0, *found])
    return 0.0, max([0.1, *found])


def _x(plot: Plot, colours: Palette) -> alt.X:
    style: dict[str, Any] = {
        "grid": False,
        "domainColor": colours.line,
        "tickColor": colours.line,
        "labelColor": colours.quiet,
        "titleColor": colours.quiet,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "labelPadding": 6,
        "labelOverlap": True,
    }
    if plot.axis is Axis.DATE:
        days = [row.x for row in plot.rows] + [s.date for s in plot.sessions]
        days += [band.x for band in (*plot.published, *plot.forecast)]
        stamps = [pd.Timestamp(found) for found in days]
        first, last = min(stamps), max(stamps)
        pad = max(pd.Timedelta(days=4), (last - first) * 0.04)
        ends = [
            alt.DateTime(year=d.year, month=d.month, date=d.day) for d in (first - pad, last + pad)
        ]
        axis = alt.Axis(format="%b %Y", tickCount=2 if plot.compact else 6, title=None, **style)
        return alt.X("x:T", scale=alt.Scale(domain=ends), axis=axis)
    numbers = [float(row.x) for row in plot.rows if isinstance(row.x, float)]
    numbers += [float(b.x) for b in (*plot.published, *plot.forecast) if isinstance(b.x, float)]
    if plot.axis is Axis.ORDER:
        axis = alt.Axis(title="photo, in order", tickMinStep=1, format="d", **style)
        ends_of = [0.5, max(2.0, *numbers, 0) + 0.5]
    else:
        title = None if plot.compact else "sessions before the photo"
        top = int(max([1.0, *numbers]) + 0.5)
        axis = alt.Axis(title=title, values=list(range(top + 1)), format="d", **style)
        ends_of = [-0.4, top + 0.4]
    return alt.X("x:Q", scale=alt.Scale(domain=ends_of), axis=axis)


def _y(plot: Plot, colours: Palette) -> alt.Y:
    low, high = _span(plot)
    reach = high - low
    is_share = not (plot.measure is Measure.DENSITY and plot.per_cm2)
    values = None
    if plot.measure is Measure.LEFT:
        values = [0, 0.5, 1] if plot.compact else [0, 0.25, 0.5, 0.75, 1]
    title = None
    if plot.measure is Measure.DENSITY and not plot.compact:
        title = "dots per cm²" if plot.per_cm2 else "share of the first photo’s dots"
    return alt.Y(
        "value:Q",
        title=title,
        scale=alt.Scale(domain=[low - 0.1 * reach, high + 0.06 * reach], nice=False),
        axis=alt.Axis(
            format="%" if is_share else alt.Undefined,
            values=values or alt.Undefined,
            tickCount=3 if plot.compact else 5,
            gridColor=colours.line,
            gridOpacity=0.7,
            domain=False,
            ticks=False,
            labelColor=colours.quiet,
            titleColor=colours.quiet,
            titleFontWeight="normal",
            labelFontSize=12,
            labelPadding=8,
        ),
    )


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    frame = pd.DataFrame([vars(row) for row in rows], columns=list(Row.__dataclass_fields__))
    if len(frame) and isinstance(rows[0].x, date):
        frame["x"] = pd.to_datetime(frame["x"])
    return frame.drop(columns="day")


def _band_frame(bands: Sequence[Band]) -> pd.DataFrame:
    frame = pd.DataFrame([vars(band) for band in bands])
    if len(frame) and isinstance(bands[0].x, date):
        frame["x"] = pd.to_datetime(frame["x"])
    return frame


def _band(bands: Sequence[Band], x: alt.X, colour: str, opacity: float) -> Layers:
    if not bands:
        return []
    base = alt.Chart(_band_frame(bands))
    area = base.mark_area(color=colour, opacity=opacity).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    return [area]


def _forecast(plot: Plot, x: alt.X, colours: Palette) -> Layers:
    if not plot.forecast:
        return []
    base = alt.Chart(_band_frame(plot.forecast))
    inner = base.mark_area(color=colours.accent, opacity=0.12).encode(
        x=x, y=alt.Y("inner_low:Q"), y2="inner_high:Q"
    )
    middle = base.mark_line(color=colours.accent, strokeWidth=1.5, strokeDash=[6, 4]).encode(
        x=x, y=alt.Y("middle:Q")
    )
    return [*_band(plot.forecast, x, colours.accent, 0.10), inner, middle]


def _levels(plot: Plot, colours: Palette) -> Layers:
    """What cannot be proved, and the lines to read the plot against."""
    layers: Layers = []
    quiet = [1 - NOTICEABLE_FADE]
    if plot.detectable is not None:
        least = 1 - plot.detectable
        quiet.append(least)
        layers.append(
            alt.Chart(pd.DataFrame([{"from": least, "to": 1.0}]))
            .mark_rect(color=colours.quiet, opacity=0.15)
            .encode(y="from:Q", y2="to:Q")
        )
    layers.append(
        alt.Chart(pd.DataFrame({"level": quiet}))
        .mark_rule(color=colours.quiet, strokeDash=[2, 3], strokeWidth=1.2)
        .encode(y="level:Q")
    )
    if plot.target:
        layers.append(
            alt.Chart(pd.DataFrame({"level": [1 - plot.target]}))
            .mark_rule(color=colours.text, strokeWidth=1.6)
            .encode(y="level:Q")
        )
    return layers


def _level_names(plot: Plot, colours: Palette) -> Layers:
    """Names of the lines, on a halo: right, where the curve has gone below them."""
    counted = [row.value for row in plot.rows if row.mark == COUNTED]
    right = bool(counted) and counted[-1] < 1 - NOTICEABLE_FADE - 0.12
    names = [(1 - NOTICEABLE_FADE, f"noticeable below {percent(1 - NOTICEABLE_FADE)}", right, 5)]
    if plot.detectable is not None and abs(plot.detectable - NOTICEABLE_FADE) > 0.06:
        words = f"detectable below {percent(1 - plot.detectable)}"
        names.append((1 - plot.detectable, words, right, 5))
    if plot.target:
        # On the left, where the curve still is far above the goal.
        names.append((1 - plot.target, f"goal: {percent(1 - plot.target)} left", False, -14))
    layers: Layers = []
    for level, words, at_right, offset in names:
        text = alt.Chart(pd.DataFrame([{"level": level, "name": words}])).encode(
            y="level:Q", x=alt.value("width" if at_right else 0), text="name:N"
        )
        style: dict[str, Any] = {
            "align": "right" if at_right else "left",
            "baseline": "top",
            "dx": -4 if at_right else 4,
            "dy": offset,
            "fontSize": 12,
        }
        layers.append(text.mark_text(**style, stroke=colours.paper, strokeWidth=4))
        layers.append(text.mark_text(**style, color=colours.quiet))
    return layers


def _session_marks(plot: Plot, colours: Palette) -> Layers:
    if not plot.sessions:
        return []
    by_date = plot.axis is Axis.DATE
    frame = pd.DataFrame(
        [
            {
                # Between the photos before it and those after it.
                "x": pd.Timestamp(session.date) if by_date else nth - 0.5,
                "label": f"{nth}",
                "name": f"Session {nth}",
                "when": day(session.date),
                "method": method_words(session),
            }
            for nth, session in enumerate(plot.sessions, start=1)
        ]
    )
    place = "x:T" if by_date else "x:Q"
    tips = [
        alt.Tooltip("name:N", title="Visit"),
        alt.Tooltip("when:N", title="Date"),
        alt.Tooltip("method:N", title="Method"),
    ]
    rules = (
        alt.Chart(frame)
        .mark_rule(color=colours.warn, strokeWidth=1.4, strokeDash=[5, 4], opacity=0.85)
        .encode(x=place, tooltip=tips)
    )
    if plot.compact:
        return [rules]
    heads = (
        alt.Chart(frame)
        .mark_circle(size=330, color=colours.warn, opacity=1)
        .encode(x=place, y=alt.value(2), tooltip=tips)
    )
    numbers = (
        alt.Chart(frame)
        .mark_text(fontSize=11.5, fontWeight=700, color=colours.paper)
        .encode(x=place, y=alt.value(2.5), text="label:N", tooltip=tips)
    )
    return [rules, heads, numbers]


def method_words(session: Session) -> str:
    """What a session used, as its mark tells it."""
    parts = [session.method or "method not noted", session.device]
    if session.wavelength_nm:
        parts.append(number(session.wavelength_nm, 0, "nm"))
    if session.fluence_j_cm2:
        parts.append(number(session.fluence_j_cm2, 1, "J/cm²"))
    return ", ".join(part for part in parts if part)


def _interval(plot: Plot, x: alt.X, colours: Palette) -> Layers:
    """The 95 % interval: a band through the photos that count, a bar for the others."""
    with_spread = [row for row in plot.rows if math.isfinite(row.low) and math.isfinite(row.high)]
    counted = [Band(row.x, row.low, row.high) for row in with_spread if row.mark == COUNTED]
    early = [row for row in with_spread if row.mark == EARLY]
    layers = _band(counted, x, colours.accent, 0.24) if len(counted) > 1 else []
    if early:
        layers.append(
            alt.Chart(_frame(early))
            .mark_rule(color=colours.accent, strokeWidth=5, opacity=0.3, strokeCap="round")
            .encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
        )
    return layers


def _marks(plot: Plot, x: alt.X, y: alt.Y, colours: Palette) -> Layers:
    tips = [
        alt.Tooltip("photo:N", title="Photo"),
        alt.Tooltip("taken:N", title="Taken"),
        alt.Tooltip("said:N", title=plot.measure.value),
        alt.Tooltip("spread:N", title="95 % interval"),
        alt.Tooltip("rests_on:N", title="Rests on"),
        alt.Tooltip("remark:N", title="Remark"),
    ]
    kinds = {
        kind: _frame([row for row in plot.rows if row.mark == kind])
        for kind in (COUNTED, EARLY, MISSING)
    }
    low, high = _span(plot)
    kinds[MISSING]["value"] = low - 0.06 * (high - low)  # at the foot: no value is claimed
    size = 70 if plot.compact else 140
    counted = alt.Chart(kinds[COUNTED])
    marks: Layers = [
        counted.mark_line(color=colours.accent, strokeWidth=2.2).encode(x=x, y=y),
        counted.mark_point(filled=True, size=size, color=colours.accent, opacity=1).encode(
            x=x, y=y, tooltip=tips
        ),
        alt.Chart(kinds[EARLY])
        .mark_point(
            filled=True,
            size=size,
            fill=colours.paper,
            stroke=colours.accent,
            strokeWidth=2,
            opacity=1,
        )
        .encode(x=x, y=y, tooltip=tips),
        alt.Chart(kinds[MISSING])
        .mark_point(shape="cross", angle=45, size=size, filled=True, color=colours.warn, opacity=1)
        .encode(x=x, y=y, tooltip=tips),
    ]
    if len(kinds[COUNTED]) > 1:
        marks += _last_figure(plot, kinds[COUNTED], x, y, colours)
    return marks


def _last_figure(plot: Plot, counted: pd.DataFrame, x: alt.X, y: alt.Y, colours: Palette) -> Layers:
    """The latest value in figures, above the line that leads to it."""
    last = counted.tail(1)
    value = float(last["value"].iloc[0])
    plain = plot.measure is Measure.DENSITY and plot.per_cm2
    figure = alt.Chart(last.assign(label=number(value) if plain else percent(value))).encode(
        x=x, y=y, text="label:N"
    )
    style: dict[str, Any] = {
        "align": "left",
        "baseline": "bottom",
        "dx": 7,
        "dy": -6,
        "fontSize": 13 if plot.compact else 16,
        "fontWeight": 700,
    }
    return [
        figure.mark_text(**style, stroke=colours.paper, strokeWidth=5),
        figure.mark_text(**style, color=colours.accent),
    ]
