"""How much is gone: headline, fade over time, zones, photos, downloads."""

from __future__ import annotations

import streamlit as st

from tracker.progress.report import Progress, ViewProgress, curve_of_row, progress_of
from tracker.progress.watches import State
from tracker.report.evenness_map import evenness_svg
from tracker.series import PhotoMeasures, SeriesAnalysis, Status, ViewAnalysis
from tracker.ui import cards, downloads, look, progress_cards, routes
from tracker.ui.clients import Client
from tracker.ui.fade_chart import fade_chart, lowest_value
from tracker.ui.opened import opened_client
from tracker.ui.progress_view import await_analysis
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
    made = progress_of(analysis, client.facts, today=client.store.today)
    row = next(row for row in made.views if row.view == view.view)
    _fade(client, analysis, view, row)
    _ahead(made, row)
    _zones(client, analysis, view, heading.photo)
    _photos(analysis, view)
    downloads.show(client, analysis, view)
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
    chart = fade_chart(
        view,
        analysis.sessions,
        look.palette(),
        target=client.target,
        refused=analysis.refused,
        curve=curve_of_row(row),
    )
    st.altair_chart(chart, width="stretch", theme=None, alt=_chart_words(view, analysis))
    st.html(
        '<p class="smp quiet small">Share of the pigment gone since the first photo, with 95 % '
        "intervals. Filled marks count; hollow marks were taken too soon after a session; "
        "a cross could not be measured. Numbered lines are sessions; the grey floor is what these "
        "photos cannot prove. Point at a mark for its photo."
        + (
            " The bands are where the response curve lies with 80 and 95 %, six more sessions "
            "included."
            if curve_of_row(row)
            else ""
        )
        + "</p>"
    )


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
            st.html(f'<div class="smp" style="max-width:26rem">{drawing}</div>')
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


def _zones(
    client: Client, analysis: SeriesAnalysis, view: ViewAnalysis, photo: PhotoMeasures | None
) -> None:
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
    names = [zone.zone for zone in photo.zones]
    lowest = lowest_value(view)
    for start in range(0, len(names), 3):
        for name, column in zip(names[start : start + 3], st.columns(3), strict=False):
            chart = fade_chart(
                view,
                analysis.sessions,
                look.palette(),
                zone=name,
                target=client.target,
                compact=True,
                lowest=lowest,
            )
            column.altair_chart(
                chart, width="stretch", theme=None, alt=f"Fade over time, {zone_title(name)}"
            )


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
