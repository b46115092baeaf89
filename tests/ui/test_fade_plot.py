from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import pytest

from tests import factories
from tracker.progress.forecast import CurvePoint
from tracker.series import Stage, ViewAnalysis
from tracker.ui.fade_legend import legend_html
from tracker.ui.fade_plot import Plot, fade_plot, span_of
from tracker.ui.fade_rows import (
    COUNTED,
    EARLY,
    MISSING,
    WHOLE,
    Axis,
    Measure,
    axes_of,
    forecast_band,
    least_detectable,
    photo_rows,
    published_band,
    table_rows,
)
from tracker.ui.look import DARK, LIGHT
from tracker.ui.speech import speak

SESSIONS = factories.make_sessions()
CURVE = tuple(
    CurvePoint(4 + n, date(2026, 6 + n, 14), 0.70 + 0.03 * n, 0.72, 0.78, 0.82, 0.9, True)
    for n in range(3)
)


def view_with_everything() -> tuple[ViewAnalysis, tuple]:
    view = factories.make_view()
    early = replace(view.photos[2], stage=Stage.HEALING)
    refused = replace(factories.make_refused(), captured_on=date(2026, 5, 1))
    return replace(view, photos=(*view.photos[:2], early, view.photos[3])), (refused,)


def plot_of(view: ViewAnalysis, refused=(), **facts) -> Plot:
    axis = facts.pop("axis", Axis.DATE)
    measure = facts.pop("measure", Measure.LEFT)
    rows = photo_rows(view, SESSIONS, measure=measure, axis=axis, refused=refused)
    return Plot(
        rows,
        SESSIONS,
        measure=measure,
        axis=axis,
        target=0.95,
        detectable=least_detectable(view, WHOLE),
        published=published_band(SESSIONS, axis),
        forecast=forecast_band(CURVE, rows, axis),
        **facts,
    )


def test_rows_tell_counted_early_and_missing_photos_apart() -> None:
    view, refused = view_with_everything()
    rows = photo_rows(view, SESSIONS, refused=refused)
    assert [row.mark for row in rows] == [COUNTED, COUNTED, EARLY, MISSING, COUNTED]
    assert [round(row.value, 2) for row in rows if row.mark != MISSING] == [1.0, 0.7, 0.48, 0.29]
    missing = rows[3]
    assert (missing.said, missing.remark) == ("not measured", "too blurred to show dots")
    last = rows[-1]
    assert (round(last.low, 2), round(last.high, 2)) == (0.25, 0.33)
    assert last.said.replace("\u00a0", " ") == "29 % left, 71 % gone"
    assert last.rests_on.replace("\u00a0", " ") == "150 dots"


def test_by_session_photos_stand_at_the_number_of_sessions_before_them() -> None:
    view, refused = view_with_everything()
    rows = photo_rows(view, SESSIONS, axis=Axis.SESSION, refused=refused)
    assert [row.x for row in rows if row.mark != MISSING] == [0.0, 1.0, 2.0, 3.1]


def test_undated_photos_are_drawn_in_order_and_one_alone_still_draws() -> None:
    view = factories.make_view()
    undated = replace(view, photos=tuple(replace(p, captured_on=None) for p in view.photos))
    assert axes_of(undated, SESSIONS) == [Axis.ORDER]
    text = json.dumps(fade_plot(plot_of(undated, axis=Axis.ORDER), LIGHT).to_dict())
    assert "photo, in order" in text
    fade_plot(plot_of(replace(view, photos=view.photos[:1])), LIGHT).to_dict()


def test_published_range_is_the_published_one() -> None:
    bands = published_band(SESSIONS, Axis.SESSION)
    assert [(b.x, b.low, b.high) for b in bands] == [
        (0.0, 1.0, 1.0),
        (1.0, 0.6, 0.8),
        (2.0, 0.4, 0.5),
    ]
    dated = published_band(SESSIONS, Axis.DATE)
    assert [b.x for b in dated] == [s.date for s in SESSIONS]
    assert len(published_band(SESSIONS[:1], Axis.DATE)) == 2
    assert published_band((), Axis.DATE) == []


def test_the_forecast_begins_at_the_last_photo_that_counts() -> None:
    view = factories.make_view()
    rows = photo_rows(view, SESSIONS)
    bands = forecast_band(CURVE, rows, Axis.DATE)
    assert bands[0].x == rows[-1].day
    assert bands[0].middle == rows[-1].value
    assert bands[1].middle == pytest.approx(1 - 0.78)
    assert bands[1].low < bands[1].inner_low < bands[1].middle < bands[1].inner_high
    assert [b.x for b in bands] == sorted(b.x for b in bands)
    past = tuple(replace(point, future=False) for point in CURVE)
    assert forecast_band(past, rows, Axis.DATE) == []


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("axis", [Axis.DATE, Axis.SESSION])
@pytest.mark.parametrize("measure", list(Measure))
def test_every_plot_is_a_whole_specification(colours, axis: Axis, measure: Measure) -> None:
    view, refused = view_with_everything()
    plot = plot_of(view, refused, axis=axis, measure=measure, per_cm2=True)
    text = json.dumps(fade_plot(plot, colours).to_dict(), ensure_ascii=False).replace("\u00a0", " ")
    left = measure is Measure.LEFT
    for words in ("goal: 5 % left", "noticeable below 77 %", "detectable below 94 %"):
        assert (words in text) is left
    assert "too blurred to show dots" in text
    assert "Session 2" in text
    assert "http" not in text.replace("https://vega.github.io/schema", "")
    legend = legend_html(plot)
    assert ("published range" in legend) is left
    assert "could not be measured" in legend


def test_months_are_named_in_the_readers_language() -> None:
    view = factories.make_view()
    try:
        speak("de-DE")
        spec = fade_plot(plot_of(view), LIGHT).to_dict()
    finally:
        speak(None)
    assert spec["config"]["locale"]["time"]["shortMonths"][2] == "Mär"
    assert spec["config"]["locale"]["number"]["decimal"] == ","


def test_small_multiples_share_their_values() -> None:
    view = factories.make_view()
    plots = [
        Plot(photo_rows(view, SESSIONS, zone=zone), SESSIONS, title=zone)
        for zone in factories.ZONES
    ]
    low, high = span_of(plots)
    assert high >= 1.0
    assert low < min(row.low for plot in plots for row in plot.rows) + 1e-9
    spec = fade_plot(replace(plots[0], span=(low, high)), LIGHT).to_dict()
    assert spec["title"]["text"] == factories.ZONES[0]


def test_density_without_a_scale_is_a_share() -> None:
    view = factories.make_view()
    measures = [
        replace(p, whole=replace(p.whole, density_per_cm2=math.nan)) for p in view.photos if p.whole
    ]
    rows = photo_rows(replace(view, photos=tuple(measures)), SESSIONS, measure=Measure.DENSITY)
    assert rows[0].value == 1.0
    with_scale = photo_rows(view, SESSIONS, measure=Measure.DENSITY)
    assert with_scale[0].value == pytest.approx(150 / 6)
    assert with_scale[-1].low < with_scale[-1].value < with_scale[-1].high


def test_the_table_holds_plain_numbers_and_empty_fields() -> None:
    view, refused = view_with_everything()
    rows = table_rows(view, photo_rows(view, SESSIONS, refused=refused), WHOLE)
    assert rows[1]["value"] == 0.7
    assert rows[3]["value"] == ""
    assert rows[3]["remark"] == "too blurred to show dots"
