"""Pictures of what was measured: dots by fate over the photo, and photos laid on the baseline.

Functions take and return arrays, so that page, command line and dashboard show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from tracker.measure.luminance import BoolArray, SrgbArray
from tracker.measure.registration import Registration
from tracker.measure.results import Fate
from tracker.series import PhotoMeasures, ViewAnalysis

Picture = NDArray[np.uint8]
"""A picture for the screen, shape (H, W, 3), R-G-B order."""

FATE_COLOURS: dict[Fate, tuple[int, int, int]] = {
    Fate.PERSISTING: (0, 62, 130),
    Fate.FADED: (240, 228, 66),
    Fate.GONE: (255, 255, 255),
    Fate.CENSORED: (110, 110, 110),
    Fate.NEW: (204, 60, 150),
}
"""Told apart by lightness too, so they hold for colour-blind eyes and in black and white."""
FATE_WORDS = {
    Fate.PERSISTING: "still there",
    Fate.FADED: "faded",
    Fate.GONE: "gone",
    Fate.CENSORED: "not visible",
    Fate.NEW: "new",
}
OUTLINE_COLOUR = (0, 158, 115)
NOT_SEEN_COLOUR = 236
"""Grey of places that the other photo does not show."""
OVERLAY_LONGEST_PX = 1600
_SUBPIXEL_BITS = 4


def to_8_bit(srgb: SrgbArray) -> Picture:
    """The picture with 8 bits per channel."""
    if srgb.dtype == np.uint16:
        return (srgb >> 8).astype(np.uint8)
    return srgb.astype(np.uint8, copy=False)


def shrink(srgb: SrgbArray, longest_px: int) -> tuple[Picture, float]:
    """An 8-bit picture whose longer side is at most `longest_px`, and its scale to the original."""
    height, width = srgb.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    picture = to_8_bit(srgb)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return picture, scale


def draw_dots(
    srgb: SrgbArray,
    view: ViewAnalysis,
    photo: PhotoMeasures,
    *,
    longest_px: int = OVERLAY_LONGEST_PX,
) -> Picture:
    """The photo with every baseline dot marked by its fate, and the treated outline.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        The decoded photo.
    view : ViewAnalysis
        The view it belongs to.
    photo : PhotoMeasures
        Its measures. A refused photo has no marks.
    longest_px : int
        Longer side of the picture.

    Returns
    -------
    ndarray of shape (h, w, 3), uint8
    """
    picture, scale = shrink(srgb, longest_px)
    picture = picture.copy()
    line = max(1, round(max(picture.shape) / 900))
    for polygon in view.treated_outline_px if photo.usable else ():
        if photo.registration is not None:
            polygon = photo.registration.map_points(polygon)
        _draw_outline(picture, _scaled(polygon, scale), line)
    if photo.dots is None:
        return picture
    xy = _scaled(np.column_stack([photo.dots.x_px, photo.dots.y_px]), scale)
    radius = max(2.0, 0.32 * _spacing_px(xy))
    for fate in (Fate.CENSORED, Fate.PERSISTING, Fate.FADED, Fate.GONE):
        places = xy[(photo.dots.fate == fate.value) & _known(xy)]
        _draw_rings(picture, places, radius, FATE_COLOURS[fate], line)
    return picture


def add_legend(picture: Picture, photo: PhotoMeasures) -> Picture:
    """Put a strip below a picture of `draw_dots` that names the marks and counts them."""
    if photo.dots is None:
        return picture
    counts = {fate: photo.dots.count(fate) for fate in Fate}
    return np.vstack([picture, _legend(picture.shape[1], counts)])


def align(srgb: SrgbArray, registration: Registration) -> tuple[Picture, BoolArray]:
    """The photo as seen from the baseline photo.

    Returns
    -------
    picture : ndarray of shape (H, W, 3), uint8
        In the baseline's frame; grey where the photo does not show the place.
    seen : ndarray of shape (H, W)
        True where it does.
    """
    warped = registration.warp(to_8_bit(srgb).astype(np.float32))
    seen: BoolArray = np.all(np.isfinite(warped), axis=2)
    picture = np.where(seen[:, :, None], warped, NOT_SEEN_COLOUR)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), seen


def checkerboard(before: Picture, after: Picture, cells: int = 8) -> Picture:
    """Squares of one picture and the other in turn: edges that run on show a good alignment."""
    if before.shape != after.shape:
        raise ValueError(f"before and after must be of one shape: {before.shape}, {after.shape}")
    height, width = before.shape[:2]
    cell = max(1, max(height, width) // cells)
    y, x = np.ogrid[:height, :width]
    return np.where((((y // cell) + (x // cell)) % 2 == 0)[:, :, None], before, after)


def encode_png(picture: Picture) -> bytes:
    """PNG file of a picture, by OpenCV's own settings: smaller files take three times as long."""
    return _encode(".png", picture, [])


def encode_jpeg(picture: Picture, quality: int = 88) -> bytes:
    """JPEG file of a picture."""
    return _encode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def _encode(suffix: str, picture: Picture, options: Sequence[int]) -> bytes:
    done, data = cv2.imencode(suffix, picture[:, :, ::-1], options)
    if not done:
        raise ValueError(f"cannot encode a picture of shape {picture.shape} as {suffix}")
    return bytes(data)


def _scaled(xy_px: NDArray[Any], scale: float) -> NDArray[np.float64]:
    return (np.asarray(xy_px, np.float64) + 0.5) * scale - 0.5


def _known(xy: NDArray[np.float64]) -> BoolArray:
    known: BoolArray = np.all(np.isfinite(xy), axis=1)
    return known


def _spacing_px(xy: NDArray[np.float64]) -> float:
    """Median distance of a dot to its nearest neighbour; 0 for fewer than two dots."""
    known = xy[_known(xy)]
    if len(known) < 2:
        return 0.0
    distances = np.asarray(KDTree(known).query(known, k=2)[0])
    return float(np.median(distances[:, 1]))


def _fixed(values: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.rint(values * (1 << _SUBPIXEL_BITS)).astype(np.int32)


def _draw_rings(
    picture: Picture,
    places: NDArray[np.float64],
    radius: float,
    colour: tuple[int, int, int],
    line: int,
) -> None:
    size = int(_fixed(np.array([radius]))[0])
    for x, y in _fixed(places).tolist():
        cv2.circle(picture, (x, y), size, colour, line, cv2.LINE_AA, _SUBPIXEL_BITS)


def _draw_outline(picture: Picture, polygon: NDArray[np.float64], line: int) -> None:
    # Vertices that the photo does not show break the line instead of bending it.
    points = np.vstack([polygon, polygon[:1]])
    known = _known(points)
    starts = np.flatnonzero(known & ~np.r_[False, known[:-1]])
    ends = np.flatnonzero(known & ~np.r_[known[1:], False]) + 1
    for start, end in zip(starts, ends, strict=True):
        part = _fixed(points[start:end])
        cv2.polylines(picture, [part], False, OUTLINE_COLOUR, 2 * line, cv2.LINE_AA, _SUBPIXEL_BITS)


def _legend(width: int, counts: dict[Fate, int]) -> Picture:
    shown = [fate for fate in Fate if counts[fate] or fate not in (Fate.NEW, Fate.CENSORED)]
    size = min(0.62, width / 1500)
    height = max(20, round(56 * size))
    strip = np.full((height, width, 3), 205, np.uint8)
    x, middle = round(14 * size) + 4, height // 2
    for fate in shown:
        radius = max(3, round(11 * size))
        cv2.circle(strip, (x + radius, middle), radius, FATE_COLOURS[fate], 2, cv2.LINE_AA)
        x += 2 * radius + round(14 * size)
        text = f"{FATE_WORDS[fate]} {counts[fate]}"
        (length, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
        place = (x, middle + tall // 2)
        cv2.putText(
            strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, (20, 20, 20), 1, cv2.LINE_AA
        )
        x += length + round(36 * size)
    return strip
