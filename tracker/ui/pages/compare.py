"""Before and after on each other: slider, side by side, blink, checkerboard, dots by fate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from tracker.measure.luminance import SrgbArray
from tracker.measure.results import Fate
from tracker.photos import PhotoError
from tracker.progress.evenness import fade_cells
from tracker.series import PhotoMeasures, SeriesAnalysis, Stage, Status, ViewAnalysis
from tracker.storage.errors import StoreError
from tracker.storage.store import Store
from tracker.ui import compare_view, look, pictures
from tracker.ui.clients import Client, read_client
from tracker.ui.compare_view import Box, Shown, ShownAreas, ShownDots
from tracker.ui.opened import opened_client
from tracker.ui.progress_view import await_analysis
from tracker.ui.words import (
    STAGE_WORDS,
    count,
    day,
    interval,
    number,
    percent,
    result_photo,
    view_title,
    when_taken,
)


def show() -> None:
    """Draw the page."""
    client = opened_client("its photos can be compared here")
    if client is not None:
        _measured(client)


def show_compare(store: Store, client_code: str) -> None:
    """Draw the page for one client of the store."""
    _measured(read_client(store, client_code))


def _measured(client: Client) -> None:
    analysis = await_analysis(client)
    if analysis is not None:
        _show(client, analysis)


def _show(client: Client, analysis: SeriesAnalysis) -> None:
    views = [view for view in analysis.views if len(_usable(view)) > 1]
    if not views:
        look.empty_state(
            "Nothing to compare yet",
            "Two measured photos of the same view are needed. The result page says what stood "
            "in the way of the others.",
        )
        return
    view = _choose_view(client, views)
    before, after = _choose_photos(client, view)
    _compare(client, view, before, after)
    _words(analysis, after)


def _usable(view: ViewAnalysis) -> list[PhotoMeasures]:
    return [photo for photo in view.photos if photo.usable]


def _choose_view(client: Client, views: Sequence[ViewAnalysis]) -> ViewAnalysis:
    if len(views) == 1:
        return views[0]
    chosen = st.segmented_control(
        "View",
        range(len(views)),
        format_func=lambda i: view_title(views[i].view),
        default=0,
        required=True,
        key=f"compare-view-{client.key[:12]}",
        persist_state="session",
        label_visibility="collapsed",
    )
    return views[chosen if isinstance(chosen, int) and chosen < len(views) else 0]


def _choose_photos(
    client: Client,
    view: ViewAnalysis,
) -> tuple[PhotoMeasures, PhotoMeasures]:
    photos = _usable(view)
    names = [photo.photo for photo in photos]
    result = result_photo(view)
    last = names.index(result.photo) if result is not None else len(names) - 1

    def label(index: int) -> str:
        photo = photos[index]
        taken = day(photo.captured_on) if photo.captured_on else photo.photo
        if photo.status is Status.BASELINE:
            return f"{taken} · first photo"
        return taken if photo.stage is Stage.UNKNOWN else f"{taken} · {STAGE_WORDS[photo.stage]}"

    left, right, light = st.columns([2, 2, 1.3], vertical_alignment="bottom")
    with left:
        first = st.selectbox(
            "Before",
            range(len(names)),
            format_func=label,
            key=f"before-{client.key[:12]}-{view.view}",
        )
    with right:
        second = st.selectbox(
            "After",
            range(len(names)),
            format_func=label,
            index=last,
            key=f"after-{client.key[:12]}-{view.view}",
        )
    with light:
        st.toggle(
            "Same light",
            key="same-light",
            persist_state="session",
            help="Brings brightness and white balance of the later photo to the first, for the "
            "eye only. The measures never use it.",
        )
    return photos[first], photos[second]


@st.fragment
def _compare(
    client: Client,
    view: ViewAnalysis,
    before: PhotoMeasures,
    after: PhotoMeasures,
) -> None:
    crop = pictures.crop_of(view)
    same_light = bool(st.session_state.get("same-light", False))
    try:
        with st.spinner("Laying the photos on each other", show_time=False):
            shown = [
                Shown(
                    _picture(client.key, view.view, photo.photo, same_light, client, view, photo),
                    _tag(photo),
                    f"{role} photo, {when_taken(photo, client.sessions)}",
                )
                for role, photo in (("Before", before), ("After", after))
            ]
    except (PhotoError, StoreError) as error:
        look.failed("A photo cannot be shown", error)
        return

    def detail(box: Box) -> tuple[bytes, bytes]:
        return (
            _part(client.key, view.view, before.photo, same_light, box, client, view, before),
            _part(client.key, view.view, after.photo, same_light, box, client, view, after),
        )

    compare_view.show(
        shown[0],
        shown[1],
        crop.size,
        _dots(view, after, crop),
        _areas(client, view, after, crop),
        frame=f"{client.key[:12]}/{view.view}",
        photos=[before.photo, after.photo],
        full=1 / crop.scale,
        detail=detail,
    )


def _areas(
    client: Client, view: ViewAnalysis, photo: PhotoMeasures, crop: pictures.Crop
) -> ShownAreas:
    """Cells of the fade heat-map, and the zones a person drew, in pixels of the picture."""

    def place(x_px: float, y_px: float) -> tuple[float, float]:
        x, y = crop.to_picture(np.array([x_px]), np.array([y_px]))
        return round(float(x[0]), 1), round(float(y[0]), 1)

    cells = fade_cells(view, photo) if photo.status is not Status.BASELINE else ()
    return ShownAreas(
        cells[0].side_px * crop.scale if cells else 0.0,
        tuple((*place(c.x_px, c.y_px), round(c.fade, 3), c.n_dots) for c in cells),
        tuple(
            (zone.name, tuple(place(x, y) for x, y in zone.vertices_px))
            for zone in client.zones
            if zone.view in ("", view.view)
        ),
    )


def _tag(photo: PhotoMeasures) -> str:
    return day(photo.captured_on) if photo.captured_on else photo.photo


@st.cache_data(show_spinner=False, max_entries=48)
def _picture(
    client_key: str,
    view_name: str,
    photo_name: str,
    same_light: bool,
    _client: Client,
    _view: ViewAnalysis,
    _photo: PhotoMeasures,
) -> bytes:
    """JPEG of a photo in the baseline's frame; the plain arguments are the cache's key."""
    del client_key, view_name
    crop = pictures.crop_of(_view)
    aligned = pictures.in_baseline_frame(_client.photo(photo_name).read(), _photo)
    picture = pictures.cut(aligned, crop)
    if same_light and _photo.registration is not None:
        baseline = pictures.cut(pictures.eight_bit(_client.photo(_view.baseline).read()), crop)
        picture = pictures.even_light(picture, baseline)
    return pictures.jpeg(picture)


@st.cache_resource(show_spinner=False, max_entries=2)
def _decoded(sha256: str, _client: Client, _name: str) -> SrgbArray:
    """The last two photos at full size: moving about in them reads no file."""
    del sha256
    return _client.photo(_name).read()


@st.cache_data(show_spinner=False, max_entries=12)
def _part(
    client_key: str,
    view_name: str,
    photo_name: str,
    same_light: bool,
    box: Box,
    _client: Client,
    _view: ViewAnalysis,
    _photo: PhotoMeasures,
) -> bytes:
    """JPEG of a box of the picture with all the pixels of the photo."""
    del client_key, view_name
    crop = pictures.crop_of(_view)
    part = pictures.full_size_part(_decoded(_photo.sha256, _client, photo_name), _photo, crop, box)
    if same_light and _photo.registration is not None:
        baseline = _client.photo(_view.baseline)
        whole = pictures.in_baseline_frame(_decoded(_photo.sha256, _client, photo_name), _photo)
        part = pictures.with_gains(
            part,
            pictures.light_gains(
                pictures.cut(whole, crop),
                pictures.cut(pictures.eight_bit(baseline.read()), crop),
            ),
        )
    return pictures.jpeg(part, quality=92)


def _dots(view: ViewAnalysis, photo: PhotoMeasures, crop: pictures.Crop) -> ShownDots | None:
    """The baseline dots with what became of them in the later photo."""
    if photo.dots is None or photo.status is Status.BASELINE or not len(view.dots):
        return None
    x, y = crop.to_picture(view.dots.x_px, view.dots.y_px)
    radius = 0.95 * float(np.nanmedian(view.dots.fwhm_px)) * crop.scale
    return ShownDots(x, y, photo.dots.fate, radius)


def _words(analysis: SeriesAnalysis, after: PhotoMeasures) -> None:
    """What the later photo says, beside the picture."""
    if after.status is Status.BASELINE or after.whole is None:
        return
    fade = after.whole.fade
    parts = [f"{when_taken(after, analysis.sessions)}."]
    if fade.measured:
        parts.append(f"{percent(fade.value)} of the pigment is gone ({interval(fade)}).")
    if after.dots is not None:
        gone, faded = after.dots.count(Fate.GONE), after.dots.count(Fate.FADED)
        total = len(after.dots.fate) - after.dots.count(Fate.CENSORED)
        parts.append(
            f"Of {count(total, 'dot')} that this photo shows, {number(gone)} are gone and "
            f"{number(faded)} have faded."
        )
    words = " ".join(parts)
    error = after.registration_error_px
    fit = ""
    if np.isfinite(error):
        fit = (
            '<p class="quiet small" style="margin-top:.4rem">The photos lie on each other to within '
            f"about {look.text(number(error, 1))} pixels. Grey areas are not in the later photo, or "
            "their place there is not certain.</p>"
        )
    lead = look.text(words[:1].upper() + words[1:])
    st.html(f'<div class="smp"><p class="smp-lead">{lead}</p>{fit}</div>')
