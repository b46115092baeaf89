"""How much is gone: headline, fade over time, zones, photos, downloads."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from tracker.progress.points import zone_names
from tracker.progress.report import Progress, ViewProgress
from tracker.progress.watches import State
from tracker.report.evenness_map import evenness_svg
from tracker.series import PhotoMeasures, SeriesAnalysis, Status, ViewAnalysis
from tracker.ui import cards, downloads, fade_rows, look, pictures, progress_cards, routes
from tracker.ui.clients import Client
from tracker.ui.drawn_plots import show_plot
from tracker.ui.fade_legend import legend_html
from tracker.ui.fade_plot import Plot, span_of
from tracker.ui.fade_rows import Axis, Measure
from tracker.ui.opened import opened_client
from tracker.ui.progress_view import await_analysis, await_course
from tracker.ui.words import (
    Headline,
    headline,
    lagging_zones,
    percent,
    remedy_for,
    sentence,
    view_title,
    zone_title,
)


def show() -> None:
    """Draw the page."""
    client = opened_client("the result appears here")
    if client is None:
        return
    analysis = await_analysis(client)
    if analysis is not None:
        _result(client, analysis)


def _result(client: Client, analysis: SeriesAnalysis) -> None:
    if not analysis.views:
        look.empty_state(
            "No photo could be measured", "Each photo's reason and remedy stand below."
        )
        _troubles(analysis, None)
        return
    view, heading = _choose_view(client, analysis)
    st.html(cards.hero(view, heading, client.target))
    if heading.photo is not None and st.button(
        "Compare before and after", type="primary", icon=":material/compare:"
    ):
        routes.go("Compare")
    made = await_course(client, analysis)
    row = next(row for row in made.views if row.view == view.view)
    _fade(client, analysis, view, row)
    _ahead(made, row)
    _zones(heading.photo)
    _photos(analysis, view)
    downloads.show(client, analysis)
    _small_print(analysis, view)


def _choose_view(client: Client, analysis: SeriesAnalysis) -> tuple[ViewAnalysis, Headline]:
    headings = [(v.view, headline(v, analysis.sessions)) for v in analysis.views]
    if len(analysis.views) == 1:
        return analysis.views[0], headings[0][1]
    labels = cards.view_verdicts(headings)
    chosen = st.segmented_control(
        "View",
        range(len(labels)),
        format_func=lambda i: labels[i],
        default=0,
        required=True,
        key=f"view-{client.key[:12]}",
        persist_state="session",
        label_visibility="collapsed",
    )
    index = chosen if isinstance(chosen, int) and chosen < len(labels) else 0
    return analysis.views[index], headings[index][1]


def _troubles(analysis: SeriesAnalysis, view: ViewAnalysis | None) -> None:
    """Photos that could not be measured: each with its reason and what to do."""
    refused = [p for p in (view.photos if view else ()) if p.status is Status.REFUSED]
    refused += list(analysis.refused)
    look.notes([(f"{p.photo} could not be measured", remedy_for(p.reason)) for p in refused])
    for remark in analysis.notes:
        look.note("Note", remark, calm=True)


def _fade(client: Client, analysis: SeriesAnalysis, view: ViewAnalysis, row: ViewProgress) -> None:
    st.subheader("Fade over time", anchor=False)
    measure, axis = _choose_plot(client, analysis, view)
    whole = _plot(client, analysis, view, row, fade_rows.WHOLE, measure, axis)
    show_plot(whole, f"{measure.value}: {_chart_words(view, analysis)}")
    st.html(legend_html(whole))
    names = zone_names(view)
    if names:
        plots = [_plot(client, analysis, view, row, name, measure, axis) for name in names]
        span = span_of([whole, *plots])
        st.html('<p class="smp smp-eyebrow">Zone by zone</p>')
        for start in range(0, len(names), 3):
            for plot, column in zip(plots[start : start + 3], st.columns(3), strict=False):
                with column:
                    show_plot(replace(plot, span=span), f"{measure.value}, {plot.title}")
    _take_plot(client, analysis, view, measure, axis)


def _choose_plot(
    client: Client, analysis: SeriesAnalysis, view: ViewAnalysis
) -> tuple[Measure, Axis]:
    axes = fade_rows.axes_of(view, analysis.sessions)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = st.segmented_control(
            "What is plotted",
            [one.value for one in Measure],
            default=Measure.LEFT.value,
            required=True,
            key="fade-measure",
            persist_state="session",
        )
        axis: str | None = axes[0].value
        if len(axes) > 1:
            axis = st.segmented_control(
                "Against",
                [one.value for one in axes],
                default=axes[0].value,
                required=True,
                key=f"fade-axis-{client.key[:12]}",
                persist_state="session",
            )
    chosen = Measure(measure or Measure.LEFT)
    st.html(f'<p class="smp quiet">{look.text(fade_rows.MEANING[chosen])}</p>')
    return chosen, Axis(axis or axes[0])


def _plot(
    client: Client,
    analysis: SeriesAnalysis,
    view: ViewAnalysis,
    row: ViewProgress,
    zone: str,
    measure: Measure,
    axis: Axis,
) -> Plot:
    rows = fade_rows.photo_rows(
        view,
        analysis.sessions,
        measure=measure,
        axis=axis,
        zone=zone,
        refused=analysis.refused if zone == fade_rows.WHOLE else (),
    )
    progress = next((found for found in row.zones if found.zone == zone), None)
    curve = progress.curve if progress and any(p.sessions for p in progress.points) else ()
    return Plot(
        rows=rows,
        sessions=analysis.sessions,
        measure=measure,
        axis=axis,
        target=client.target,
        detectable=fade_rows.least_detectable(view, zone),
        published=fade_rows.published_band(analysis.sessions, axis),
        forecast=fade_rows.forecast_band(curve, rows, axis),
        per_cm2=fade_rows.in_per_cm2(view),
        title="" if zone == fade_rows.WHOLE else zone_title(zone),
    )


def _take_plot(
    client: Client, analysis: SeriesAnalysis, view: ViewAnalysis, measure: Measure, axis: Axis
) -> None:
    """The plot's own numbers, and its picture."""
    rows = [
        row
        for zone in (fade_rows.WHOLE, *zone_names(view))
        for row in fade_rows.table_rows(
            view,
            fade_rows.photo_rows(view, analysis.sessions, measure=measure, axis=axis, zone=zone),
            zone,
        )
    ]
    downloads.show_plot(client, analysis, view, measure.value, rows)


def _ahead(made: Progress, row: ViewProgress) -> None:
    """What it takes from here, how the result is judged, what to watch, what is due."""
    st.subheader("What it takes from here", anchor=False)
    for remark in (*made.sentences, *row.whole.sentences):
        look.note("Note", sentence(remark), calm=True)
    st.html(progress_cards.forecast_rows(row, row.whole.zone))
    words = look.text(progress_cards.forecast_words(made, row, row.whole.zone))
    st.html(f'<p class="smp quiet small">{words}</p>')
    for remark in progress_cards.lag_words(row.lags):
        look.note("Evenness", remark, calm=True)
    for watch in row.watches:
        if watch.state is State.SEEN:
            look.note(
                sentence(watch.sign.value)[:-1],
                f"{sentence(watch.sentence)} Could be {watch.could_fake}. {sentence(watch.advice)}",
            )
    with st.expander(f"How {row.judged or 'the result'} is judged"):
        if row.judgement:
            st.html(progress_cards.judgement_rows(row.judgement))
        else:
            st.html('<p class="smp quiet">There is no healed photo to judge yet.</p>')
        drawing = evenness_svg(row.cells)
        if drawing:
            st.html(
                f'<img src="{pictures.svg_uri(drawing)}" style="max-width:26rem;width:100%" '
                'alt="Map of the fade over the treated area">'
            )
    with st.expander("Watches: signs that your clinic should see"):
        st.html(progress_cards.watch_rows(row.watches))
    with st.expander("Calendar"):
        for warning in made.calendar.warnings:
            look.note("Sessions", sentence(warning))
        st.html(progress_cards.calendar_rows(made))
        said = (made.calendar.check_in, made.calendar.start, made.calendar.redo)
        lines = "<br>".join(look.text(sentence(words)) for words in said if words)
        st.html(f'<p class="smp quiet small">{lines}</p>')


def _chart_words(view: ViewAnalysis, analysis: SeriesAnalysis) -> str:
    return f"{view_title(view.view)}: {headline(view, analysis.sessions).sentence}"


def _zones(photo: PhotoMeasures | None) -> None:
    if photo is None or not photo.zones:
        return
    st.subheader("Zone by zone", anchor=False)
    lagging = lagging_zones(photo)
    for zone in lagging:
        whole = percent(photo.whole.fade.value) if photo.whole else ""
        look.note(
            f"{zone_title(zone.zone)} lags behind",
            f"{percent(zone.fade.value)} is gone there, against {whole} of the whole area."
            if zone.fade.value > 0
            else f"No fade can be proved there, while {whole} of the whole area is gone.",
        )
    st.html(cards.zone_rows(photo, lagging))


def _photos(analysis: SeriesAnalysis, view: ViewAnalysis) -> None:
    st.subheader("Photos", anchor=False)
    _troubles(analysis, view)
    st.html(cards.photo_rows(view, analysis.sessions, analysis.refused))


def _small_print(analysis: SeriesAnalysis, view: ViewAnalysis) -> None:
    scale = (
        f"scale {view.scale_mm_per_px:.4g} mm per pixel ({view.scale_source})"
        if view.scale_mm_per_px
        else "no scale given"
    )
    st.html(
        '<p class="smp quiet small" style="margin-top:1.2rem">A measurement, not a diagnosis. '
        f"First photo: {look.text(view.baseline)}; {look.text(scale)}; SMP Tracker "
        f"{look.text(analysis.version)}, method {look.text(analysis.method_version)}, settings "
        f"{look.text(analysis.settings_hash[:12])}.</p>"
    )
