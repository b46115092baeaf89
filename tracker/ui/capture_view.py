"""The camera element: the live camera under a ghost of the first photo (Components v2)."""

from __future__ import annotations

import base64
import binascii
from importlib.resources import files
from typing import Any

import streamlit as st

MOST_BYTES = 80_000_000


def _source(name: str) -> str:
    return (files("tracker.ui") / "capture" / name).read_text(encoding="utf-8")


@st.cache_resource(show_spinner=False)
def _element() -> Any:
    return st.components.v2.component(
        "smp_capture",
        html=_source("capture.html"),
        css=_source("capture.css"),
        js=_source("capture.js"),
    )


def show(ghost_jpeg: bytes, size: tuple[int, int], description: str, *, view: str) -> bytes | None:
    """Put the element on the page; returns the photo that was taken in this run.

    Parameters
    ----------
    ghost_jpeg : bytes
        The first photo of the view, (width, height) `size`.
    description : str
        Of the ghost, for people who do not see it.
    view : str
        Names what is photographed: a photo taken for another view is not taken for this one.
    """
    result = _element()(
        key="capture",
        data={
            "ghost": "data:image/jpeg;base64," + base64.b64encode(ghost_jpeg).decode("ascii"),
            "width": size[0],
            "height": size[1],
            "alt": description,
            "view": view,
        },
        on_photo_change=lambda: None,
    )
    taken = getattr(result, "photo", None)
    if not isinstance(taken, dict) or taken.get("view") != view:
        return None
    return photo_of(str(taken.get("src", "")))


def photo_of(uri: str) -> bytes | None:
    """Bytes of a data URI; None where it holds no picture or too large a one."""
    head, _, body = uri.partition(",")
    if not head.startswith("data:image/") or len(body) > MOST_BYTES * 4 // 3:
        return None
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return None
