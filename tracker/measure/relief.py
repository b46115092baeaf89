"""Relief of the skin between the dots: rougher or smoother than at the baseline."""

from __future__ import annotations

import cv2
import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn

NEAR_DOT_SIGMA = 3.0
"""Skin nearer than this to a dot or hair (in the dots' sigma) is left out."""
FINE_SIDE_PX, COARSE_SIDE_PX = 5, 17
"""Sides of the two means whose difference is the relief, in the measuring frame, where a dot is
about 5 px wide: finer is noise of the sensor, coarser is shading."""
LEAST_PIXELS = 3000
MOST_SAMPLES = 150_000


def between_dots(shape: tuple[int, int], places_px: FloatColumn, sigma_px: float) -> BoolArray:
    """True where a frame shows no dot or hair nearby, shape (H, W)."""
    marks = np.zeros(shape, np.uint8)
    x, y = np.rint(places_px).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    marks[y[inside], x[inside]] = 1
    side = 2 * max(1, round(NEAR_DOT_SIGMA * sigma_px)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(marks, kernel) == 0)


def log_relief(density: FloatArray, free: BoolArray, gain: float) -> float:
    """ln of the spread (MAD) of fine density over skin without dots; NaN with too little of it.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Luminance density in the measuring frame; NaN where unusable.
    free : ndarray of bool, shape (H, W)
        `between_dots`, within the treated area.
    gain : float
        How much more contrast this photo draws than the baseline photo.
    """
    known = free & np.isfinite(density)
    if int(known.sum()) < LEAST_PIXELS:
        return float("nan")
    weight = known.astype(np.float32)
    filled = np.where(known, density, 0).astype(np.float32)

    def smooth(side_px: int) -> FloatArray:
        above = cv2.blur(filled, (side_px, side_px))
        below = cv2.blur(weight, (side_px, side_px))
        return np.asarray(above / np.maximum(below, 1e-2), np.float32)

    fine = (smooth(FINE_SIDE_PX) - smooth(COARSE_SIDE_PX))[known]
    fine = fine[:: max(1, len(fine) // MOST_SAMPLES)]
    spread = float(np.median(np.abs(fine - np.median(fine))))
    return float(np.log(max(spread, 1e-6) / max(gain, 0.2)))
