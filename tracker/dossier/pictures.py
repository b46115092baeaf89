"""Pictures of a report: baseline and healed photo alike in crop, scale and colour, dots, heat map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import BoolArray, SrgbArray, linear_rgb
from tracker.progress.evenness import FadeCell
from tracker.report.evenness_map import DEEP, PALE
from tracker.report.overlays import (
    NOT_SEEN_COLOUR,
    Picture,
    align,
    draw_dots,
    encode_jpeg,
    shrink,
    to_8_bit,
)
from tracker.series import PhotoMeasures, ViewAnalysis

MARGIN = 0.06
"""Of the treated area's longer side, shown around it."""
PICTURE_PX = 900
"""Longer side of a picture in a report: 86 mm wide at 265 dots per inch."""
MOST_GAIN = 1.6
"""Photos whose skin differs by more than this are shown as they are: no gain can mend them."""
LEAST_SKIN_PX = 400
GREY = 0.72


@dataclass(frozen=True)
class Crop:
    """A rectangle of the baseline photo, in its pixels; the last row and column excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, picture: NDArray[np.generic]) -> NDArray[np.generic]:
        return picture[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True)
class PairPictures:
    """JPEG files of one view, all of the same crop and scale; empty where there is none.

    Attributes
    ----------
    gains : tuple of float
        What the later photo's linear red, green and blue were multiplied by; empty where its
        colour was left as it is.
    scale : float
        Pixels of the pictures per pixel of the baseline photo.
    """

    before: bytes
    after: bytes
    dots: bytes
    heat: bytes
    gains: tuple[float, ...]
    scale: float
    crop: Crop


def treated_crop(view: ViewAnalysis, margin: float = MARGIN) -> Crop:
    """The treated area's rectangle with a margin; the whole photo without an outline."""
    height, width = view.baseline_shape
    if not view.treated_outline_px:
        return Crop(0, 0, width, height)
    points = np.vstack(view.treated_outline_px)
    points = points[np.all(np.isfinite(points), axis=1)]
    if len(points) == 0:
        return Crop(0, 0, width, height)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    rim = margin * max(right - left, bottom - top)
    return Crop(
        max(0, int(left - rim)),
        max(0, int(top - rim)),
        min(width, int(np.ceil(right + rim)) + 1),
        min(height, int(np.ceil(bottom + rim)) + 1),
    )


def pair_pictures(
    view: ViewAnalysis,
    shown: PhotoMeasures,
    baseline_srgb: SrgbArray,
    shown_srgb: SrgbArray,
    cells: Sequence[FadeCell] = (),
) -> PairPictures:
    """Pictures of one view: both photos in the baseline's frame.

    Parameters
    ----------
    view : ViewAnalysis
    shown : PhotoMeasures
        The later photo.
    baseline_srgb, shown_srgb : ndarray of shape (H, W, 3)
        The decoded photos.
    cells : sequence of FadeCell
        The evenness map of the later photo.
    """
    crop = treated_crop(view)
    before = to_8_bit(np.ascontiguousarray(crop.of(baseline_srgb)))
    if shown.registration is None:
        moved, seen = to_8_bit(shown_srgb), np.ones(shown_srgb.shape[:2], bool)
    else:
        moved, seen = align(shown_srgb, shown.registration)
    after = np.ascontiguousarray(crop.of(moved))
    seen = np.ascontiguousarray(crop.of(seen))
    untreated = ~_inside(view, crop)
    gains = colour_gains(before, after, seen & untreated)
    normal = _multiplied(after, gains, seen) if gains else after
    small_before, scale = shrink(before, PICTURE_PX)
    small_after, _ = shrink(normal, PICTURE_PX)
    marked = draw_dots(moved, view, _in_baseline_frame(view, shown), longest_px=max(moved.shape))
    small_dots, _ = shrink(np.ascontiguousarray(crop.of(marked)), PICTURE_PX)
    return PairPictures(
        before=encode_jpeg(small_before),
        after=encode_jpeg(small_after),
        dots=encode_jpeg(small_dots),
        heat=encode_jpeg(heat_map(small_before, cells, crop, scale)) if cells else b"",
        gains=gains,
        scale=scale,
        crop=crop,
    )


def _in_baseline_frame(view: ViewAnalysis, shown: PhotoMeasures) -> PhotoMeasures:
    """The photo's dots where they stand in the baseline: one warp serves both pictures."""
    if shown.dots is None:
        return replace(shown, registration=None)
    seen = np.isfinite(shown.dots.x_px)
    x_px, y_px = (np.where(seen, c, np.nan) for c in (view.dots.x_px, view.dots.y_px))
    return replace(shown, registration=None, dots=replace(shown.dots, x_px=x_px, y_px=y_px))


def colour_gains(before: Picture, after: Picture, native: BoolArray) -> tuple[float, ...]:
    """Factors of linear red, green, blue that make the untreated skin of both photos alike.

    Parameters
    ----------
    before, after : ndarray of shape (H, W, 3), uint8
        The same places in both photos.
    native : ndarray of shape (H, W)
        Untreated skin that both photos show.

    Returns
    -------
    tuple of float
        Three factors; empty where too little untreated skin is seen or it differs too much.
    """
    if native.sum() < LEAST_SKIN_PX:
        return ()
    # Medians: stubble, moles and shine do not decide.
    then = np.median(linear_rgb(before[native].reshape(-1, 1, 3))[:, 0], axis=0)
    now = np.median(linear_rgb(after[native].reshape(-1, 1, 3))[:, 0], axis=0)
    if np.any(now <= 1e-3) or np.any(then <= 1e-3):
        return ()
    gains = then / now
    if np.any(gains > MOST_GAIN) or np.any(gains < 1 / MOST_GAIN):
        return ()
    return tuple(round(float(gain), 3) for gain in gains)


def _multiplied(picture: Picture, gains: Sequence[float], seen: BoolArray) -> Picture:
    """The picture with its linear light multiplied per channel; places not seen stay grey."""
    codes = np.arange(256, dtype=np.uint8)
    linear = linear_rgb(np.repeat(codes[:, None, None], 3, axis=2))[:, 0] * np.asarray(gains)
    linear = np.clip(linear, 0.0, 1.0)
    # sRGB encoding, IEC 61966-2-1.
    encoded = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055
    )
    table = np.rint(255 * encoded).astype(np.uint8)
    changed = np.stack([table[picture[..., k], k] for k in range(3)], axis=2)
    return np.where(seen[:, :, None], changed, NOT_SEEN_COLOUR).astype(np.uint8)


def _inside(view: ViewAnalysis, crop: Crop) -> BoolArray:
    """Where the crop shows treated skin, with a rim of its own."""
    mask = np.zeros((crop.bottom - crop.top, crop.right - crop.left), np.uint8)
    for polygon in view.treated_outline_px:
        points = np.rint(polygon - (crop.left, crop.top)).astype(np.int32)
        cv2.fillPoly(mask, [points], 1)
    rim = max(1, max(mask.shape) // 60)
    grown = cv2.dilate(mask, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))
    return np.asarray(grown > 0)


def heat_map(small: Picture, cells: Sequence[FadeCell], crop: Crop, scale: float) -> Picture:
    """Cells of the evenness map over a greyed photo, each with the share gone in per cent."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = 255 * (1 - GREY) + GREY * grey
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    boxes = []
    for cell in cells:
        half = cell.side_px / 2
        x0, x1 = ((cell.x_px + s * half - crop.left) * scale for s in (-1, 1))
        y0, y1 = ((cell.y_px + s * half - crop.top) * scale for s in (-1, 1))
        share = min(max(cell.fade, 0.0), 1.0)
        colour = [a + share * (b - a) for a, b in zip(PALE, DEEP, strict=True)]
        box = (round(x0) + 1, round(y0) + 1, round(x1) - 1, round(y1) - 1)
        part = picture[max(0, box[1]) : max(0, box[3]), max(0, box[0]) : max(0, box[2])]
        part *= 0.25
        part += 0.75 * np.asarray(colour, np.float32)
        boxes.append((box, share, cell.fade))
    drawn = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    for (x0, y0, x1, y1), share, fade in boxes:
        size = (x1 - x0) / 70
        text = f"{100 * fade:.0f}"
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
        if width < x1 - x0 and size > 0.25:
            ink = (255, 255, 255) if share > 0.55 else (33, 30, 26)
            place = ((x0 + x1 - width) // 2, (y0 + y1 + height) // 2)
            thick = 2 if size > 0.6 else 1
            cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, ink, thick, cv2.LINE_AA)
    return drawn
