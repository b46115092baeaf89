"""The compare element: two pictures of one frame and the dots on them (Components v2)."""

from __future__ import annotations

import base64
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
    before: Shown, after: Shown, size: tuple[int, int], dots: ShownDots | None, *, frame: str
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
    """
    groups = _groups(dots)
    _element()(
        key="compare",
        data={
            "frame": frame,
            "width": size[0],
            "height": size[1],
            "before": _side(before),
            "after": _side(after),
            "hidden": [group["fate"] for group in groups],
            "dots": {"radius": dots.radius_px if dots else 1.0, "groups": groups},
        },
    )


def _side(shown: Shown) -> dict[str, str]:
    encoded = base64.b64encode(shown.jpeg).decode("ascii")
    return {
        "src": f"data:image/jpeg;base64,{encoded}",
        "tag": shown.tag,
        "alt": shown.description,
    }
