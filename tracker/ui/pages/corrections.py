"""Corrections: what the program got wrong, put right by a person; each can be undone.

What was found is never overwritten: a correction is an entry beside it, and undoing it opens
the earlier result again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import streamlit as st

from tracker.measure.hand_alignment import LEAST_PAIRS, hand_sd_px, pair_misfits_px
from tracker.measure.results import FloatColumn
from tracker.photos import PhotoError
from tracker.record_files import VIEWS
from tracker.records import PhotoRecord, RecordError
from tracker.records.corrections import Correction, CorrectionKind, Places
from tracker.series import SeriesAnalysis, ViewAnalysis
from tracker.storage.correcting import correct, list_corrections, undo
from tracker.storage.rows import Kept
from tracker.storage.store import Store
from tracker.ui import look, marking_view, pictures
from tracker.ui.clients import Client, read_client
from tracker.ui.marked_photos import SHEET_SIDE_PX, choose_view, shape_of, sheet_of
from tracker.ui.progress_view import await_analysis
from tracker.ui.words import count, day, view_title

DOTS, ALIGNMENT, PHOTO = "Dots", "Alignment", "Date or view"
DOTS_HINT = (
    "Blue rings are the dots the program counts. Not a dot: tap a ring on a hair or mole. Missed dot: "
    "tap a dot without a ring. A second tap takes a mark back. Keys: arrows move the cross, Enter "
    "marks, Backspace takes back, + and − zoom; pinch or Ctrl and wheel zoom too."
)
PAIRS_HINT = (
    "Tap a mole, scar or clear dot in one photo, then the same one in the other: three times at least, "
    "spread over the treated area. Zoom in first: a place set within 3 pixels is good enough."
)
SUSPICIOUS = 12.0
"""A pair this many hand widths from where the others put it is pointed out before it is kept."""
KIND_WORDS = {
    CorrectionKind.REMOVE: "Not dots",
    CorrectionKind.ADD: "Missed dots",
    CorrectionKind.ALIGN: "Alignment",
    CorrectionKind.DATE: "Date",
    CorrectionKind.VIEW: "View",
}


def show_corrections(store: Store, client_code: str, *, may_change: bool = True) -> None:
    """Draw the page for one client of the store."""
    st.html(
        '<div class="smp"><h1 class="smp-name">Corrections</h1><p class="smp-lead">Where the program '
        "took a hair for a dot, missed one, or laid a photo wrongly, put it right here. It is measured "
        "again; what was found is kept, and every step can be undone.</p></div>"
    )
    client = read_client(store, client_code)
    if not client.photos:
        look.empty_state("No photos yet", "Add photos first; then what was found can be corrected.")
        return
    if not may_change:
        look.note("You may look, not change", "Ask the owner of the records for more.", calm=True)
    what = st.segmented_control(
        "What to correct",
        (DOTS, ALIGNMENT, PHOTO),
        default=DOTS,
        required=True,
        key=f"correct-what-{client_code}",
        label_visibility="collapsed",
    )
    if what == PHOTO:
        _re_file(store, client_code, may_change=may_change)
    else:
        analysis = await_analysis(client)
        if analysis is not None:
            _mark(store, client, analysis, str(what), may_change=may_change)
    _history(store, client_code, may_change=may_change)


def _mark(
    store: Store, client: Client, analysis: SeriesAnalysis, what: str, *, may_change: bool
) -> None:
    view = choose_view(analysis.views, f"correct-view-{client.code}")
    if view is None:
        return
    entries = list_corrections(store, client.code)
    task = f"{client.code}/{view.view}/{view.baseline}/{len(entries)}"
    try:
        if what == DOTS:
            _dots(store, client, view, task, may_change=may_change)
        else:
            _pairs(store, client, view, task, may_change=may_change)
    except (PhotoError, RecordError) as error:
        look.failed("A photo cannot be shown", error)


def _dots(store: Store, client: Client, view: ViewAnalysis, task: str, *, may_change: bool) -> None:
    crop = pictures.crop_of(view, SHEET_SIDE_PX)
    sheet = sheet_of(client, view, view.baseline, crop)
    x, y = crop.to_picture(view.dots.x_px, view.dots.y_px)
    spots = np.round(np.column_stack([x, y]).astype(np.float64), 2)
    radius = 0.95 * float(np.nanmedian(view.dots.fwhm_px)) * crop.scale if len(view.dots) else 3.0
    saved = marking_view.show(
        "dots",
        [sheet],
        {"removed": [], "added": []},
        task=task,
        save="Save and measure again",
        hint=DOTS_HINT,
        dots=np.asarray(spots, np.float64),
        radius_px=radius,
        locked=not may_change,
    )
    if saved is None or not may_change:
        return
    # A removed ring is the listed dot itself, not the rounded place of its picture.
    by_place = {tuple(map(float, spot)): k for k, spot in enumerate(spots)}
    chosen = [by_place[place] for p in saved["removed"] if (place := tuple(p)) in by_place]
    listed = view.dots.xy_px
    removed: Places = tuple((float(listed[k, 0]), float(listed[k, 1])) for k in chosen)
    _keep(
        store,
        client.code,
        [
            Correction(CorrectionKind.REMOVE, view.baseline, removed),
            Correction(CorrectionKind.ADD, view.baseline, sheet.to_photo(saved["added"])),
        ],
    )


def _pairs(
    store: Store, client: Client, view: ViewAnalysis, task: str, *, may_change: bool
) -> None:
    others = [name for name in client.names if _belongs(client, view, name)]
    if not others:
        look.empty_state(
            "Only one photo of this view", "Add a later one; then they can be aligned."
        )
        return
    name = st.selectbox(
        "Photo to align with the first one",
        others,
        format_func=lambda n: _photo_line(client, view, n),
        key=f"align-{client.code}-{view.view}",
    )
    shape = shape_of(client.photo(name).sha256, client, name)
    sheets = [
        sheet_of(
            client, view, view.baseline, pictures.whole_photo(view.baseline_shape, SHEET_SIDE_PX)
        ),
        sheet_of(client, view, name, pictures.whole_photo(shape, SHEET_SIDE_PX)),
    ]
    saved = marking_view.show(
        "pairs",
        sheets,
        {"pairs": []},
        task=f"{task}/{name}",
        save="Save and measure again",
        hint=PAIRS_HINT,
        locked=not may_change,
    )
    if saved is None or not may_change:
        return
    whole = [pair for pair in saved["pairs"] if pair[0] and pair[1]]
    first = sheets[0].to_photo(pair[0] for pair in whole)
    second = sheets[1].to_photo(pair[1] for pair in whole)
    odd = _odd_pair(np.array(first).reshape(-1, 2), np.array(second).reshape(-1, 2), shape)
    if odd is not None:
        look.note(
            f"Pair {odd[0] + 1} does not fit the others",
            f"It lies {odd[1]:.0f} pixels from where they put it. Move it, or undo it, and save "
            "again. Nothing was changed.",
        )
        return
    _keep(
        store,
        client.code,
        [
            Correction(
                CorrectionKind.ALIGN,
                name,
                second,
                baseline=view.baseline,
                baseline_points_px=first,
            )
        ],
    )


def _odd_pair(
    first: FloatColumn, second: FloatColumn, shape: tuple[int, int]
) -> tuple[int, float] | None:
    """The one pair that the others do not bear out, and by how many pixels; None where all fit."""
    if len(first) < LEAST_PAIRS + 2:
        return None
    misfit = np.nan_to_num(pair_misfits_px(first, second))
    k = int(misfit.argmax())
    if misfit[k] < SUSPICIOUS * hand_sd_px(shape):
        return None
    # A wrong pair makes its neighbours look wrong too: without it they must fit.
    rest = pair_misfits_px(np.delete(first, k, axis=0), np.delete(second, k, axis=0))
    return (k, float(misfit[k])) if np.nanmax(rest) < misfit[k] / 3 else None


def _belongs(client: Client, view: ViewAnalysis, name: str) -> bool:
    return name != view.baseline and client.photo(name).view == view.view


def _photo_line(client: Client, view: ViewAnalysis, name: str) -> str:
    row = next((photo for photo in view.photos if photo.photo == name), None)
    taken = client.photo(name).captured_on
    words = f"{day(taken)} · {name}" if taken else name
    if row is None or not row.usable:
        return f"{words} · not aligned"
    return f"{words} · within {row.registration_error_px:.1f} px"


def _keep(store: Store, code: str, corrections: Sequence[Correction]) -> None:
    made = [c for c in corrections if c.points_px or c.after]
    try:
        correct(store, code, *made)
    except RecordError as error:
        look.failed("The correction was not kept", error, "What you marked is still here.")
        return
    if made:
        st.toast("Kept. The view is measured again.")
        st.rerun()


def _re_file(store: Store, code: str, *, may_change: bool) -> None:
    """A photo's date and view put right."""
    photos = {kept.record.name: kept.record for kept in store.photos(code)}
    name = st.selectbox(
        "Photo",
        list(photos),
        format_func=lambda n: f"{n} · {day(photos[n].captured_on)}",
        key=f"re-file-{code}",
    )
    photo = photos[name]
    with st.form(f"re-file-form-{name}", border=True):
        left, right = st.columns(2)
        taken = left.date_input(
            "Taken on", photo.captured_on, max_value=store.today, min_value=date(1990, 1, 1)
        )
        views = ("", *VIEWS)
        view = right.selectbox(
            "View",
            views,
            index=views.index(photo.view) if photo.view in views else 0,
            format_func=lambda v: view_title(v) if v else "No view",
        )
        if st.form_submit_button("Save", type="primary", disabled=not may_change):
            _keep_facts(store, code, photo, taken if isinstance(taken, date) else None, view)


def _keep_facts(store: Store, code: str, photo: PhotoRecord, taken: date | None, view: str) -> None:
    changes = []
    if taken != photo.captured_on:
        after = taken.isoformat() if taken else ""
        changes.append(Correction(CorrectionKind.DATE, photo.name, after=after))
    if view != photo.view:
        changes.append(Correction(CorrectionKind.VIEW, photo.name, after=view))
    if not changes:
        look.note("Nothing to save", "Date and view are as they were.", calm=True)
        return
    try:
        correct(store, code, *changes)
    except RecordError as error:
        look.failed("Not saved", error, "Date and view are as they were.")
        return
    st.toast("Saved.")
    st.rerun()


def _history(store: Store, code: str, *, may_change: bool) -> None:
    """All corrections, the latest first, each with its undo."""
    entries = list_corrections(store, code)
    st.html('<div class="smp"><h2>What was corrected</h2></div>')
    if not entries:
        st.html('<p class="smp quiet">Nothing so far: all figures are the program\'s own.</p>')
        return
    for kept in reversed(entries):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.html(_entry(kept))
        if kept.record.standing and button.button(
            "Undo", key=f"undo-{kept.id}", disabled=not may_change, width="stretch"
        ):
            _undo(store, code, kept)


def _entry(kept: Kept[Correction]) -> str:
    one = kept.record
    facts: list[Any] = [look.text(_said(one))]
    if one.made_at is not None:
        who = f" by {one.made_by}" if one.made_by else ""
        facts.append(look.text(f"{day(one.made_at.date())}{who}"))
    state = ""
    if one.undone_at is not None:
        who = f" by {one.undone_by}" if one.undone_by else ""
        state = look.chip(f"undone {day(one.undone_at.date())}{who}", "none")
    dim = " quiet" if one.undone_at is not None else ""
    return (
        f'<div class="smp{dim}"><strong>{KIND_WORDS[one.kind]}</strong> '
        f'<span class="smp-file">{look.text(one.photo)}</span> {state}'
        f'<p class="quiet small">{" · ".join(facts)}</p></div>'
    )


def _said(one: Correction) -> str:
    if one.kind in (CorrectionKind.DATE, CorrectionKind.VIEW):
        return f"{one.before or 'none'} → {one.after or 'none'}"
    if one.kind is CorrectionKind.ALIGN:
        return count(len(one.points_px), "point pair")
    return count(len(one.points_px), "place")


def _undo(store: Store, code: str, kept: Kept[Correction]) -> None:
    try:
        undo(store, code, kept)
    except RecordError as error:
        look.failed("Not undone", error, "The correction stands as before.")
        return
    st.toast("Undone. The earlier result is back.")
    st.rerun()
