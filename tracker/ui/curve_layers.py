"""The response curve on the fade chart: its bands and its middle."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd  # type: ignore[import-untyped]

from tracker.progress.forecast import CurvePoint
from tracker.series import Session
from tracker.ui.look import Palette


def curve_rows(curve: Sequence[CurvePoint], sessions: tuple[Session, ...]) -> pd.DataFrame:
    """The curve's bands by day; it starts on the day of the first session."""
    if not curve or not sessions:
        return pd.DataFrame()
    rows = [
        {
            "day": pd.Timestamp(point.on if point.on is not None else sessions[0].date),
            "low95": point.low95,
            "low80": point.low80,
            "median": point.median,
            "high80": point.high80,
            "high95": point.high95,
        }
        for point in curve
    ]
    return pd.DataFrame(rows)


def curve_marks(
    bands: pd.DataFrame, x: alt.X, colours: Palette
) -> list[alt.Chart | alt.LayerChart]:
    """The layers of `curve_rows`."""
    base = alt.Chart(bands)
    layers: list[alt.Chart | alt.LayerChart] = [
        base.mark_area(color=colours.accent, opacity=opacity).encode(
            x=x, y=alt.Y(f"low{level}:Q"), y2=f"high{level}:Q"
        )
        for level, opacity in ((95, 0.10), (80, 0.14))
    ]
    layers.append(
        base.mark_line(color=colours.accent, strokeWidth=1.3, strokeDash=[6, 4]).encode(
            x=x, y=alt.Y("median:Q")
        )
    )
    return layers
