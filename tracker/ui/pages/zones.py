"""Zones: drawn, named and moved on the baseline photo of a view; the measures follow."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tracker.photos import PhotoError
from tracker.records import RecordError
from tracker.series import PolygonZone, ViewAnalysis
from tracker.storage.errors import StoreError
from tracker.storage.rows import Kept
from tracker.storage.store import Store
from tracker.storage.zoning import DrawnZone, save_zones
from tracker.ui import look, marking_view, pictures
from tracker.ui.clients import read_client
from tracker.ui.marked_photos import SHEET_SIDE_PX, choose_view, sheet_of
from tracker.ui.marking_view import Sheet
from tracker.ui.progress_view import await_analysis
from tracker.ui.words import interval, number, percent, result_photo, zone_title

HINT = (
    "Tap the corners of a zone, then the first one again. With Move, drag a corner or a whole zone. "
    "Keys: arrows move the cross, Enter sets a corner, Backspace takes it back, + and − zoom; pinch "
    "or Ctrl and wheel zoom too. Nothing is changed until you save."
)


def show_zones(store: Store, client_code: str, *, may_change: bool = True) -> None:
    """Draw the page for one client of the store."""
    st.html(
        '<div class="smp"><h1 class="smp-name">Zones</h1><p class="smp-lead">Each zone is measured '
        "by itself: how much is gone there, and how sure that is. Without zones of your own, the "
        "treated area is cut into thirds.</p></div>"
    )
    client = read_client(store, client_code)
    if not client.photos:
        look.empty_state("No photos yet", "Add the first photo: zones are drawn on it.")
        return
    analysis = await_analysis(client)
    if analysis is None:
        return
    view = choose_view(analysis.views, f"zones-view-{client_code}")
    if view is None:
        return
    seen = [kept for kept in store.zones(client_code) if kept.record.view == view.view]
    try:
        sheet = sheet_of(
            client, view, view.baseline, pictures.whole_photo(view.baseline_shape, SHEET_SIDE_PX)
        )
    except (PhotoError, StoreError) as error:
        look.failed("The first photo cannot be shown", error, "Your zones are as they were.")
        return
    saved = marking_view.show(
        "zones",
        [sheet],
        {"zones": [_drawn(kept, sheet) for kept in seen], "open": []},
        task=_task(client_code, view, seen),
        save="Save zones",
        hint=HINT,
        locked=not may_change,
    )
    if not may_change:
        look.note("You may look, not change", "Ask the owner of the records for more.", calm=True)
    elif saved is not None:
        _save(store, client_code, view, saved, seen, sheet)
    _measures(view)


def _task(code: str, view: ViewAnalysis, seen: list[Kept[PolygonZone]]) -> str:
    """Changes with every save: what is drawn then starts from what is kept."""
    versions = "-".join(f"{kept.id}.{kept.version}" for kept in seen)
    return f"{code}/{view.view}/{view.baseline}/{versions}"


def _drawn(kept: Kept[PolygonZone], sheet: Sheet) -> dict[str, Any]:
    return {
        "id": kept.id,
        "name": kept.record.name,
        "vertices": sheet.from_photo(kept.record.vertices_px),
    }


def _save(
    store: Store,
    code: str,
    view: ViewAnalysis,
    saved: dict[str, Any],
    seen: list[Kept[PolygonZone]],
    sheet: Sheet,
) -> None:
    before = {kept.id: (kept, sheet.from_photo(kept.record.vertices_px)) for kept in seen}
    drawn = []
    for zone in saved["zones"]:
        known = before.get(zone["id"])
        vertices = sheet.to_photo(zone["vertices"])
        if known is not None and zone["vertices"] == known[1]:
            # Not moved: the corners stay what they were, to the last digit.
            vertices = known[0].record.vertices_px
        drawn.append(DrawnZone(zone["id"] if known else None, str(zone["name"]), vertices))
    try:
        save_zones(store, code, view.view, drawn, seen)
    except (RecordError, StoreError) as error:
        look.note("The zones were not saved", f"{error}. What you drew is still here.")
        return
    st.toast("Zones saved. The measures follow.")
    st.rerun()


def _measures(view: ViewAnalysis) -> None:
    """What the latest result says of each zone."""
    photo = result_photo(view)
    if photo is None or not photo.zones:
        st.html(
            '<p class="smp quiet">Once a later photo is measured, each zone has its figure here.</p>'
        )
        return
    rows = "".join(
        f"<tr><td>{look.text(zone_title(zone.zone))}</td>"
        f'<td class="num">{look.text(percent(zone.fade.value))}</td>'
        f'<td class="num">{look.text(interval(zone.fade)) if zone.fade.measured else ""}</td>'
        f'<td class="num">{look.text(number(zone.n_dots))}</td></tr>'
        for zone in photo.zones
    )
    st.html(
        '<div class="smp"><h2>What is gone in each zone</h2><table class="smp-rows"><thead><tr>'
        "<th>Zone</th><th>Gone</th><th>95 % interval</th><th>Dots</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )
