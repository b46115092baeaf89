"""The compare element: two pictures of one frame and the dots on them (Components v2)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import streamlit as st

from tracker.measure.results import Fate, FloatColumn
from tracker.ui.look import FATE_COLOURS
from tracker.ui.words import FATE_WORDS, number


@dataclass(frozen=True, eq=False)
class Shown:
    """One of the two pictures: JPEG bytes, the tag on it and its description."""

    jpeg: bytes
    tag: str
    description: str


@dataclass(frozen=True, eq=False)
class ShownDots:
    """Dots in pixels of the shown pictures, with what became of them."""

    x_px: FloatColumn
    y_px: FloatColumn
    fate: np.ndarray[Any, np.dtype[np.str_]]
    radius_px: float


@dataclass(frozen=True)
class ShownAreas:
    """What lies over both pictures, in their pixels: cells of the fade heat-map, and zones.

    Attributes
    ----------
    cells : tuple of (x, y, fade, n dots)
        Middles of square cells of side `side_px`.
    zones : tuple of (name, corners)
    """

    side_px: float = 0.0
    cells: tuple[tuple[float, float, float, int], ...] = ()
    zones: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = ()


Box = tuple[int, int, int, int]
"""(x0, y0, x1, y1) in pixels of the shown pictures."""
Detail = Callable[[Box], tuple[bytes, bytes]]
"""Gives both photos' JPEG of a box at the photo's full resolution."""
KEY = "compare"


def _source(name: str) -> str:
    return (files("tracker.ui") / "compare" / name).read_text(encoding="utf-8")


@st.cache_resource(show_spinner=False)
def _element() -> Any:
    return st.components.v2.component(
        "smp_compare",
        html=_source("compare.html"),
        css=_source("compare.css"),
        js=_source("compare.js"),
    )


def _groups(dots: ShownDots | None) -> list[dict[str, Any]]:
    if dots is None:
        return []
    groups = []
    for fate in Fate:
        chosen = dots.fate == fate.value
        n = int(np.count_nonzero(chosen))
        if n:
            groups.append(
                {
                    "fate": fate.value,
                    "name": FATE_WORDS[fate.value],
                    "count": number(n),
                    "colour": FATE_COLOURS[fate.value],
                    "x": np.round(dots.x_px[chosen], 1).tolist(),
                    "y": np.round(dots.y_px[chosen], 1).tolist(),
                }
            )
    return groups


def show(
    before: Shown,
    after: Shown,
    size: tuple[int, int],
    dots: ShownDots | None,
    areas: ShownAreas = ShownAreas(),
    *,
    frame: str,
    photos: Sequence[str] = (),
    full: float = 1.0,
    detail: Detail | None = None,
) -> None:
    """Put the element on the page.

    Parameters
    ----------
    before, after : Shown
        Pictures of the same `size` (width, height) in the same frame.
    dots : ShownDots or None
        None where the later photo has none.
    frame : str
        Names what the pictures have in common; zoom and place are kept per frame.
    areas : ShownAreas
    photos : sequence of str
        Names both photos: a detail that was asked for others is not shown.
    full : float
        Pixels of the photo per pixel of the picture.
    detail : callable, optional
        Asked for the visible part once it is zoomed beyond the picture's own pixels.
    """
    groups = _groups(dots)
    _element()(
        key=KEY,
        on_detail_change=lambda: None,
        data={
            "frame": frame,
            "width": size[0],
            "height": size[1],
            "before": _side(before),
            "after": _side(after),
            "hidden": [group["fate"] for group in groups],
            "photos": [frame, *photos],
            "full": full if detail is not None else 1.0,
            "detail": _detail([frame, *photos], size, detail),
            "heat": {"side": areas.side_px, "cells": areas.cells},
            "zones": [{"name": name, "points": points} for name, points in areas.zones],
            "dots": {"radius": dots.radius_px if dots else 1.0, "groups": groups},
        },
    )


def _detail(
    photos: list[str], size: tuple[int, int], detail: Detail | None
) -> dict[str, Any] | None:
    """The part that the browser asked for at full resolution; None where it asked for nothing."""
    asked = (st.session_state.get(KEY) or {}).get("detail")
    if detail is None or not isinstance(asked, dict) or asked.get("photos") != photos:
        return None
    x0, y0, x1, y1 = (int(v) for v in asked["box"])
    box = (max(0, x0), max(0, y0), min(size[0], x1), min(size[1], y1))
    if box[2] - box[0] < 8 or box[3] - box[1] < 8:
        return None
    before, after = (
        "data:image/jpeg;base64," + base64.b64encode(part).decode("ascii") for part in detail(box)
    )
    return {"box": box, "before": before, "after": after}


def _side(shown: Shown) -> dict[str, str]:
    encoded = base64.b64encode(shown.jpeg).decode("ascii")
    return {
        "src": f"data:image/jpeg;base64,{encoded}",
        "tag": shown.tag,
        "alt": shown.description,
    }
