"""How much is gone: headline, fade over time, zones, photos, downloads."""

from __future__ import annotations

import streamlit as st

from tracker.series import PhotoMeasures, SeriesAnalysis, Status, ViewAnalysis
from tracker.ui import cards, downloads, look, routes
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
        _troubles(client, analysis, None)
        return
    view, heading = _choose_view(client, analysis)
    st.html(cards.hero(view, heading, client.target))
    if heading.photo is not None and st.button(
        "Compare before and after", type="primary", icon=":material/compare:"
    ):
        routes.go("Compare")
    _fade(client, analysis, view)
    _zones(client, analysis, view, heading.photo)
    _photos(client, analysis, view)
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


def _troubles(client: Client, analysis: SeriesAnalysis, view: ViewAnalysis | None) -> None:
    """Photos that could not be measured: each with its reason and what to do."""
    refused = [p for p in (view.photos if view else ()) if p.status is Status.REFUSED]
    refused += list(analysis.refused)
    look.notes([(f"{p.photo} could not be measured", remedy_for(p.reason)) for p in refused])
    # Rejected photos say what to do; other files of a folder are only named.
    rejects = [(name, reason) for name, reason in client.skipped if ";" in reason]
    look.notes([(f"{name} was left out", remedy_for(reason)) for name, reason in rejects])
    others = [name for name, reason in client.skipped if ";" not in reason]
    if others:
        names = look.text(", ".join(others))
        st.html(f'<p class="smp quiet small">Also in the folder, not photos: {names}.</p>')
    for remark in (*client.notes, *analysis.notes):
        look.note("Note", remark, calm=True)


def _fade(client: Client, analysis: SeriesAnalysis, view: ViewAnalysis) -> None:
    st.subheader("Fade over time", anchor=False)
    chart = fade_chart(
        view,
        analysis.sessions,
        look.palette(),
        target=client.target,
        refused=analysis.refused,
    )
    st.altair_chart(chart, width="stretch", theme=None, alt=_chart_words(view, analysis))
    st.html(
        '<p class="smp quiet small">Share of the pigment gone since the first photo, with 95 % '
        "intervals. Filled marks count; hollow marks were taken too soon after a session; "
        "a cross could not be measured. Numbered lines are sessions; the grey floor is what these "
        "photos cannot prove. Point at a mark for its photo.</p>"
    )


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


def _photos(client: Client, analysis: SeriesAnalysis, view: ViewAnalysis) -> None:
    st.subheader("Photos", anchor=False)
    _troubles(client, analysis, view)
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
