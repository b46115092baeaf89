"""Capture guide: the first photo as a ghost over the camera, hints, and a marker sheet to print."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import streamlit as st

from tracker.photos import PhotoError, decode_photo
from tracker.records import PhotoRecord, RecordError
from tracker.report.marker_sheet import MARKER_MM, Paper, marker_sheet
from tracker.series import SeriesAnalysis, SeriesPhoto
from tracker.storage.errors import StoreError
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.store import Store
from tracker.ui import capture_view, look, pictures
from tracker.ui.clients import Client, read_client
from tracker.ui.words import day, view_title

GHOST_SIDE_PX = 1200
PAPERS = ((Paper.A4, "A4"), (Paper.LETTER, "Letter"))


def show_guide(store: Store, client_code: str, *, may_change: bool = True) -> None:
    """Draw the page for one client of the store."""
    st.html(
        '<div class="smp"><h1 class="smp-name">Take the next photo</h1><p class="smp-lead">The closer '
        "it is to the first one - same place, distance and light - the surer the figures.</p></div>"
    )
    client = read_client(store, client_code)
    firsts = _first_photos(client)
    if not firsts:
        look.empty_state(
            "No photo yet",
            "Add the first photo of each view. It becomes the ghost that later ones are laid over.",
        )
        _sheet()
        return
    views = list(firsts)
    chosen = st.segmented_control(
        "View",
        range(len(views)),
        format_func=lambda i: view_title(views[i]),
        default=0,
        required=True,
        key=f"guide-view-{client_code}",
    )
    view = views[chosen if isinstance(chosen, int) and chosen < len(views) else 0]
    first = firsts[view]
    try:
        ghost, size = _ghost(first.sha256, client, first.name)
    except (PhotoError, StoreError) as error:
        look.failed("The first photo cannot be shown", error)
        return
    live, last = st.tabs(["Camera", "Last photo"])
    with live:
        _camera(store, client, view, first, ghost, size, may_change=may_change)
    with last:
        _last_photo(client, view, first, ghost)
    _sheet()


def _first_photos(client: Client) -> dict[str, PhotoRecord]:
    """The earliest photo of each view."""
    firsts: dict[str, PhotoRecord] = {}
    for photo in sorted(client.photos, key=lambda p: (p.captured_on or date.max, p.name)):
        firsts.setdefault(photo.view, photo)
    return dict(sorted(firsts.items()))


@st.cache_data(show_spinner=False, max_entries=24)
def _ghost(sha256: str, _client: Client, _name: str) -> tuple[bytes, tuple[int, int]]:
    del sha256
    srgb = _client.photo(_name).read()
    crop = pictures.whole_photo((srgb.shape[0], srgb.shape[1]), GHOST_SIDE_PX)
    return pictures.jpeg(pictures.cut(pictures.eight_bit(srgb), crop)), crop.size


def _camera(
    store: Store,
    client: Client,
    view: str,
    first: PhotoRecord,
    ghost: bytes,
    size: tuple[int, int],
    *,
    may_change: bool,
) -> None:
    described = f"First photo of {view_title(view).lower()}, {day(first.captured_on)}, as a ghost"
    place = f"guide-taken-{client.code}-{view}"
    taken = capture_view.show(ghost, size, described, view=f"{client.code}/{view}")
    if taken is not None:
        st.session_state[place] = taken
    kept = st.session_state.get(place)
    if not isinstance(kept, bytes):
        return
    photo, words = st.columns(2)
    photo.image(kept, caption="The photo just taken")
    with words:
        try:
            hints = _hints(first.sha256, kept, _px_per_dot(client, view), client, first.name)
        except PhotoError as error:
            look.failed("The photo cannot be read", error, "All other photos are as they were.")
            return
        _say(hints)
        if st.button("Keep this photo", type="primary", disabled=not may_change):
            _keep(store, client.code, view, kept, place)
        if st.button("Take another"):
            st.session_state.pop(place)
            st.rerun()


def _keep(store: Store, code: str, view: str, data: bytes, place: str) -> None:
    today = store.today
    try:
        with tempfile.TemporaryDirectory(prefix="smp-capture-") as folder:
            path = Path(folder) / f"{today}_{view or 'scalp'}.jpg"
            path.write_bytes(data)
            incoming, _ = describe_photo(path, today=today, view=view, taken_on=today)
            filed = file_photos(store, code, [incoming])
    except (PhotoError, RecordError, StoreError) as error:
        look.failed("The photo was not kept", error, "It is still here.")
        return
    st.session_state.pop(place)
    st.toast("Kept." if filed.added else "This photo is there already.")
    st.rerun()


def _last_photo(client: Client, view: str, first: PhotoRecord, ghost: bytes) -> None:
    """The latest photo beside the first one, with hints for the next."""
    later = [p for p in client.photos if p.view == view and p.name != first.name]
    if not later:
        look.empty_state("No later photo yet", "Once there is one, it stands here with hints.")
        return
    latest = max(later, key=lambda p: (p.captured_on or date.min, p.name))
    left, right = st.columns(2)
    left.image(ghost, caption=f"First photo, {day(first.captured_on)}")
    try:
        shown, _ = _ghost(latest.sha256, client, latest.name)
        right.image(shown, caption=f"Last photo, {day(latest.captured_on)}")
        if st.button("What could be better?", key=f"hints-{latest.sha256[:8]}"):
            with st.spinner("Comparing with the first photo", show_time=False):
                _say(
                    _stored_hints(
                        client.photo(first.name),
                        client.photo(latest.name),
                        _px_per_dot(client, view),
                        client,
                    )
                )
    except (PhotoError, StoreError) as error:
        look.failed("The last photo cannot be shown", error)


def _px_per_dot(client: Client, view: str) -> float:
    """Width of a dot in the first photo, where the view is measured."""
    from tracker.storage.results import kept_analysis

    analysis: SeriesAnalysis | None = kept_analysis(client.store, client.code)
    for found in analysis.views if analysis else ():
        row = next((p for p in found.photos if p.photo == found.baseline), None)
        if found.view == view and row is not None and row.quality is not None:
            return row.quality.px_per_dot
    return float("nan")


@st.cache_data(show_spinner="Comparing with the first photo", max_entries=12)
def _hints(
    sha256: str, data: bytes, px_per_dot: float, _client: Client, _name: str
) -> tuple[str, ...]:
    from tracker.capture_hints import check_capture

    del sha256
    taken = decode_photo(data, "the photo just taken").srgb
    first = _client.photo(_name).read()
    return check_capture(first, taken, first_px_per_dot=px_per_dot).hints


def _stored_hints(
    first: SeriesPhoto, latest: SeriesPhoto, px_per_dot: float, client: Client
) -> tuple[str, ...]:
    return _between(first.sha256, latest.sha256, px_per_dot, client, first.name, latest.name)


@st.cache_data(show_spinner=False, max_entries=24)
def _between(
    first_sha256: str,
    latest_sha256: str,
    px_per_dot: float,
    _client: Client,
    _first: str,
    _latest: str,
) -> tuple[str, ...]:
    from tracker.capture_hints import check_capture

    del first_sha256, latest_sha256
    pictures_of = (_client.photo(_first).read(), _client.photo(_latest).read())
    return check_capture(*pictures_of, first_px_per_dot=px_per_dot).hints


def _say(hints: tuple[str, ...]) -> None:
    if not hints:
        look.note("This photo is like the first one", "Place, size and light agree.", calm=True)
        return
    items = "".join(f"<li>{look.text(hint)}</li>" for hint in hints)
    st.html(
        f'<div class="smp smp-note" role="note"><strong>For the next photo</strong><ul>{items}</ul></div>'
    )


def _sheet() -> None:
    """The marker sheet, to be printed once."""
    st.html(
        '<div class="smp"><h2>Marker sheet</h2><p class="quiet">Print it once at 100 %, cut out a card '
        "and lay it beside the dots: the program reads the scale off the black marker (set the marker's "
        f"side to {MARKER_MM:g} mm), and you see dots per cm². Its greys set white balance and exposure: "
        "flat, in the skin's light, the same card every time. The millimetre scale is for the eye.</p></div>"
    )
    columns = st.columns(len(PAPERS))
    for column, (paper, name) in zip(columns, PAPERS, strict=True):
        column.download_button(
            f"Sheet for {name} (PDF)",
            marker_sheet(paper),
            file_name=f"smp-marker-sheet-{name.lower()}.pdf",
            mime="application/pdf",
            width="stretch",
        )
