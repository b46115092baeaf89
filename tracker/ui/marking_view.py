"""The marking element: zones, dots and point pairs set on a photo (Components v2).

One element for all three: mouse, finger and keys, undo and redo, zoom. What is not saved yet stays
in the browser, by `task`; a save comes back once as a value.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import streamlit as st

from tracker.measure.results import FloatColumn
from tracker.records.corrections import Places
from tracker.ui.pictures import Crop


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture to be marked: its JPEG, the part of the photo it shows, its tag and description."""

    jpeg: bytes
    crop: Crop
    tag: str
    description: str

    def to_photo(self, points: Any) -> Places:
        """Places of the picture as the browser gives them, in pixels of the photo."""
        places = []
        for x, y in points:
            at = self.crop.to_photo(float(x), float(y))
            # Thousandths of a pixel: the same mark is the same number on every machine.
            places.append((round(at[0], 3), round(at[1], 3)))
        return tuple(places)

    def from_photo(self, xy_px: Any) -> list[list[float]]:
        """Pixels of the photo as places of the picture."""
        column = np.asarray(xy_px, np.float64).reshape(-1, 2)
        x, y = self.crop.to_picture(column[:, 0], column[:, 1])
        return [[float(a), float(b)] for a, b in zip(np.round(x, 2), np.round(y, 2), strict=True)]


def _source(name: str) -> str:
    return (files("tracker.ui") / "marking" / name).read_text(encoding="utf-8")


@st.cache_resource(show_spinner=False)
def _element() -> Any:
    return st.components.v2.component(
        "smp_marking",
        html=_source("marking.html"),
        css=_source("marking.css"),
        js=_source("marking.js"),
    )


def show(
    kind: str,
    sheets: Sequence[Sheet],
    marks: dict[str, Any],
    *,
    task: str,
    save: str,
    hint: str,
    dots: FloatColumn | None = None,
    radius_px: float = 3.0,
    locked: bool = False,
) -> dict[str, Any] | None:
    """Put the element on the page.

    Parameters
    ----------
    kind : str
        "zones", "dots" or "pairs".
    sheets : sequence of Sheet
        One picture, or two for pairs.
    marks : dict
        What is there to begin with, in pixels of the pictures.
    task : str
        Names this piece of work: unsaved marks are kept under it.
    save, hint : str
        Words of the button, and below it.
    dots : ndarray of shape (n, 2), optional
        Dots that can be removed, in pixels of the picture.
    radius_px : float
        Of a dot's mark.
    locked : bool
        True for a person who may look and not change.

    Returns
    -------
    dict or None
        The marks that were saved in this run.
    """
    spots = np.empty((0, 2)) if dots is None else np.round(dots, 2)
    result = _element()(
        key=f"marking-{kind}",
        data={
            "kind": kind,
            "task": task,
            "save": save,
            "hint": hint,
            "locked": locked,
            "photos": [_photo(sheet) for sheet in sheets],
            "marks": marks,
            "dots": {"x": spots[:, 0].tolist(), "y": spots[:, 1].tolist()},
            "radius": radius_px,
        },
        on_saved_change=lambda: None,
    )
    saved = getattr(result, "saved", None)
    if not isinstance(saved, dict) or saved.get("task") != task:
        return None
    return dict(saved["marks"])


def _photo(sheet: Sheet) -> dict[str, Any]:
    width, height = sheet.crop.size
    encoded = base64.b64encode(sheet.jpeg).decode("ascii")
    return {
        "src": f"data:image/jpeg;base64,{encoded}",
        "width": width,
        "height": height,
        "tag": sheet.tag,
        "alt": sheet.description,
    }
