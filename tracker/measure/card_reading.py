"""A card laid straight, its patches read, and the result of it: a card or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from tracker.measure.card_steps import CardCorrection, GreySteps, fit_steps
from tracker.measure.luminance import (
    LUMINANCE_WEIGHTS,
    BoolArray,
    SrgbArray,
    clipped,
    linear_rgb,
)
from tracker.measure.results import FloatColumn

INNER_SHARE = 0.5
"""Of a patch's sides, around its middle: what is read."""
MOST_CLIPPED = 0.05
LEAST_LINEAR = 0.004
"""Darker than this a channel's code is mostly rounding and noise."""
MOST_UNEVEN = 0.030
"""Density: spread of quarters within a patch, or of the blank paper around a plane of light."""
UNEVEN = "its patches are uneven: out of focus, a shadow's edge or something over it"


@dataclass(frozen=True, eq=False)
class ColourCard:
    """A card that a photo's colours can be set by.

    Attributes
    ----------
    kind : str
        `MARKER_CARD` or `CHART`.
    corners_px : ndarray of shape (4, 2)
        Its outline in the photo.
    steps : GreySteps
    correction : CardCorrection
    """

    kind: str
    corners_px: FloatColumn
    steps: GreySteps
    correction: CardCorrection


@dataclass(frozen=True)
class NoCard:
    """No card that can be used; `reason` is empty where none was seen at all.

    `corners_px` (4, 2) is the outline of a card that was refused, where it is known: it is no skin.
    """

    reason: str = ""
    kind: str = ""
    corners_px: FloatColumn | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Laid:
    """A card laid straight: linear light (h, w, 3), and where it is clipped or outside."""

    linear: FloatColumn
    bad: BoolArray


def lay(srgb: SrgbArray, to_photo: FloatColumn, shape: tuple[int, int]) -> Laid:
    """The part of a photo that a homography (card px to photo px) names, laid straight."""
    height, width = shape
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    codes = np.asarray(cv2.warpPerspective(srgb, to_photo, (width, height), flags=flags))
    ones = np.ones(srgb.shape[:2], np.uint8)
    inside = cv2.warpPerspective(
        ones, to_photo, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    )
    codes = cast("SrgbArray", codes)
    return Laid(np.asarray(linear_rgb(codes), np.float64), clipped(codes) | (inside == 0))


def read_boxes(laid: Laid, boxes_px: FloatColumn) -> tuple[FloatColumn, FloatColumn, FloatColumn]:
    """Density (n, 3), spread of its quarters (n,), and share clipped (n,) of boxes."""
    n = len(boxes_px)
    density, spread, bad = np.empty((n, 3)), np.empty(n), np.empty(n)
    for k, (left, top, right, bottom) in enumerate(np.rint(boxes_px).astype(int)):
        part = laid.linear[top:bottom, left:right]
        bad[k] = laid.bad[top:bottom, left:right].mean() if part.size else 1.0
        if not part.size:
            density[k], spread[k] = np.nan, np.nan
            continue
        rows, columns = part.shape[0] // 2, part.shape[1] // 2
        quarters = np.array(
            [
                part[a : a + rows, b : b + columns].mean(axis=(0, 1))
                for a in (0, part.shape[0] - rows)
                for b in (0, part.shape[1] - columns)
            ]
        )
        mean = part.mean(axis=(0, 1))
        density[k] = np.where(mean >= LEAST_LINEAR, -np.log10(np.maximum(mean, 1e-6)), np.nan)
        light = quarters @ LUMINANCE_WEIGHTS
        spread[k] = np.std(np.log10(np.maximum(light, 1e-4)))
    return density, spread, bad


def judged(kind: str, outline: FloatColumn, steps: GreySteps) -> ColourCard | NoCard:
    correction = fit_steps(steps)
    if isinstance(correction, str):
        return NoCard(correction, kind, outline)
    return ColourCard(kind, outline, steps, correction)
