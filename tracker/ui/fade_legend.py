"""What the signs on the fade plot mean, only those that are on it. Pure: strings out."""

from __future__ import annotations

import math

from tracker.ui.fade_plot import Plot
from tracker.ui.fade_rows import COUNTED, EARLY, MISSING, Measure
from tracker.ui.look import text


def legend_html(plot: Plot) -> str:
    """A list of signs and words."""
    marks = {row.mark for row in plot.rows}
    spread = any(math.isfinite(row.low) and row.high > row.low for row in plot.rows)
    left = plot.measure is Measure.LEFT
    signs = [
        (COUNTED in marks, "full", "", "counts: healed, or before the first session"),
        (EARLY in marks, "open", "", "too soon after a session to count"),
        (MISSING in marks, "cross", "✕", "could not be measured: point at it for the reason"),
        (spread, "area own", "", "95 % interval"),
        (bool(plot.sessions), "visit", "", "session"),
        (left and plot.detectable is not None, "area floor", "", "what these photos cannot prove"),
        (left and bool(plot.published), "area published", "", "published range, two sessions"),
        (left and bool(plot.forecast), "area coming", "", "forecast with 80 and 95 % bands"),
    ]
    items = "".join(
        f'<li><i class="{kind}" aria-hidden="true">{sign}</i>{text(words)}</li>'
        for there, kind, sign, words in signs
        if there
    )
    return f'<ul class="smp smp-legend">{items}</ul>'
