"""Photos of a client as sheets to be marked, and the choice of their view."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.series import ViewAnalysis
from tracker.ui import look, pictures
from tracker.ui.marking_view import Sheet
from tracker.ui.stored_client import StoredClient
from tracker.ui.words import day, view_title

SHEET_SIDE_PX = 2600
"""Long side of a picture to be marked: a place is set to a pixel of a 12 megapixel photo."""


def choose_view(views: Sequence[ViewAnalysis], key: str) -> ViewAnalysis | None:
    """The view to work on; None, and why in words, where none is measured."""
    if not views:
        look.empty_state(
            "No view is measured yet",
            "A photo with visible dots is needed first. The result page says what stood in the way.",
        )
        return None
    if len(views) == 1:
        return views[0]
    chosen = st.segmented_control(
        "View",
        range(len(views)),
        format_func=lambda i: view_title(views[i].view),
        default=0,
        required=True,
        key=key,
        label_visibility="collapsed",
    )
    return views[chosen if isinstance(chosen, int) and chosen < len(views) else 0]


def sheet_of(client: StoredClient, view: ViewAnalysis, name: str, crop: pictures.Crop) -> Sheet:
    """A photo of a view as a sheet.

    Raises
    ------
    PhotoError, StoreError
        If the photo cannot be read.
    """
    photo = client.photo(name)
    role = "first photo" if name == view.baseline else "later photo"
    taken = day(photo.captured_on)
    return Sheet(
        _jpeg(photo.sha256, crop, client, name),
        crop,
        f"{taken} · {role}" if photo.captured_on else f"{name} · {role}",
        f"{role} of {view_title(view.view).lower()}, {taken}",
    )


@st.cache_data(show_spinner=False, max_entries=24)
def _jpeg(sha256: str, crop: pictures.Crop, _client: StoredClient, _name: str) -> bytes:
    del sha256  # names the photo in the cache's key
    return pictures.jpeg(pictures.cut(pictures.eight_bit(_client.photo(_name).read()), crop))


@st.cache_data(show_spinner=False, max_entries=64)
def shape_of(sha256: str, _client: StoredClient, _name: str) -> tuple[int, int]:
    """(H, W) of a photo as it stands upright."""
    del sha256
    height, width = _client.photo(_name).read().shape[:2]
    return height, width
