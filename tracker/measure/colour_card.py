"""Finding a grey or colour card in a photo and reading what it says of the light.

Two cards are known: the project's own (`measure.marker_card`, found by its marker) and the
ColorChecker Classic (`measure.colour_checker`). A card that cannot be trusted is refused with the
reason: the photo is then judged as if it had none.
"""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.chart_reading import CHART, read_chart
from tracker.measure.colour_checker import CHART_LONG_SIDE_PX, find_chart
from tracker.measure.luminance import SrgbArray
from tracker.measure.marker_card_reading import MARKER_CARD, find_marker, read_marker_card
from tracker.measure.results import FloatColumn

__all__ = ["CHART", "MARKER_CARD", "ColourCard", "NoCard", "find_card"]

WORK_LONG_SIDE_PX = 900
"""Cards are searched for on a copy reduced to this or less, by a whole factor."""


def find_card(srgb: SrgbArray) -> ColourCard | NoCard:
    """Find a grey or colour card and read it.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels, upright.

    Returns
    -------
    ColourCard or NoCard
        `NoCard` without a reason where the photo shows none.

    Raises
    ------
    ValueError
        If `srgb` is not an RGB picture.
    """
    if srgb.ndim != 3 or srgb.shape[2] != 3:
        raise ValueError(f"srgb must have shape (H, W, 3), got {srgb.shape}")
    step = math.ceil(max(srgb.shape[:2]) / WORK_LONG_SIDE_PX)
    small = _reduced(srgb, step)
    marker = find_marker(small)
    if marker is not None:
        found = read_marker_card(srgb, _to_full(marker, step))
        if isinstance(found, ColourCard) or found.reason:
            return found
    shrink = CHART_LONG_SIDE_PX / max(small.shape[:2])
    if shrink < 1:
        small = np.asarray(
            cv2.resize(small, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8
        )
    middles = find_chart(small)
    if middles is None:
        return NoCard()
    scale = np.array(srgb.shape[1::-1]) / np.array(small.shape[1::-1])
    return read_chart(srgb, (middles + 0.5) * scale - 0.5)


def _reduced(srgb: SrgbArray, step: int) -> NDArray[np.uint8]:
    """8-bit copy reduced by a whole factor: that is three times as fast as any other."""
    eight = srgb if srgb.dtype == np.uint8 else (srgb >> 8).astype(np.uint8)
    height, width = (side // step for side in eight.shape[:2])
    whole = cast("NDArray[np.uint8]", np.ascontiguousarray(eight[: height * step, : width * step]))
    if step == 1:
        return whole
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _to_full(xy_px: FloatColumn, step: int) -> FloatColumn:
    return np.asarray((xy_px + 0.5) * step - 0.5, np.float64)
