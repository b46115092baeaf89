"""How harsh the border of the treated area is: pigment against the distance to the border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.results import Estimate, FloatColumn

STRIPS = 4
STRIP_SPACINGS = 3.0
"""Width of a strip along the border, in median dot spacings: narrower ones hold now one row of dots, now two."""
RASTER_PX = 700
LEAST_DOTS = 60
LEAST_STRIPS = 2
LEAST_PER_STRIP = 8
RESAMPLES = 200
SEED = 20_260_101


def edge_steepness(
    xy_px: FloatColumn,
    pigment: FloatColumn,
    outline_px: Sequence[FloatColumn],
    shape: tuple[int, int],
    *,
    spacing_px: float,
    scale_mm_per_px: float | None,
) -> Estimate:
    """Rise of the pigment from the border inwards: the steepest strip to strip.

    Parameters
    ----------
    xy_px : ndarray of shape (n, 2)
        Dots in the baseline photo; of one zone, or all of them.
    pigment : ndarray of shape (n,)
        Pigment of each dot times its chance of being pigment, OD px^2 or OD mm^2; NaN unseen.
    outline_px : sequence of ndarray (k, 2)
        Border of the treated area in the baseline photo.
    shape : (int, int)
        Of the baseline photo.
    spacing_px : float
        Median spacing of the dots.
    scale_mm_per_px : float or None
        Then the unit is OD per mm, else OD per dot spacing.

    Returns
    -------
    Estimate
        With a 95 % interval from resampled dots; missing where too few dots lie at the border.
    """
    unit = "OD/mm" if scale_mm_per_px else "OD/spacing"
    seen = np.isfinite(pigment)
    if seen.sum() < LEAST_DOTS or not outline_px or not spacing_px > 0:
        return Estimate.missing(unit)
    reduce = min(1.0, RASTER_PX / max(shape))
    size = (max(1, round(shape[0] * reduce)), max(1, round(shape[1] * reduce)))
    mask = np.zeros(size, np.uint8)
    cv2.fillPoly(mask, [np.rint(polygon * reduce).astype(np.int32) for polygon in outline_px], 1)
    # The photo's own border is no border of the treated area.
    depth = cv2.distanceTransform(cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE), 2, 5)
    depth_px = np.asarray(depth[1:-1, 1:-1], np.float64) / reduce
    width = STRIP_SPACINGS * spacing_px
    xy, amount = xy_px[seen], pigment[seen]
    x, y = np.rint(xy * reduce).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < size[1]) & (y < size[0])
    strip = np.full(len(xy), STRIPS)
    strip[inside] = np.minimum(depth_px[y[inside], x[inside]] / width, STRIPS).astype(int)
    # Area only beside the dots that are asked about: a zone has a part of the border.
    here = np.zeros(size, np.uint8)
    here[y[inside], x[inside]] = 1
    reach = max(1, round(2 * spacing_px * reduce))
    here = np.asarray(cv2.dilate(here, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    cell = np.minimum(depth_px / width, STRIPS).astype(int)[(mask > 0) & (here > 0)]
    area = np.bincount(cell, minlength=STRIPS + 1)[:STRIPS] / reduce**2
    # As deep as the zone goes: a narrow one has fewer strips.
    n_strips = int(np.argmax(np.append(area, 0.0) < 1))
    in_strips = np.bincount(strip, minlength=STRIPS + 1)[:n_strips]
    if n_strips < LEAST_STRIPS or (in_strips[: STRIPS // 2] < LEAST_PER_STRIP).any():
        return Estimate.missing(unit)
    area = area[:n_strips]
    per_area = 1 / (area * (scale_mm_per_px or 1.0) ** 2)
    step = STRIP_SPACINGS * (spacing_px * scale_mm_per_px if scale_mm_per_px else 1.0)

    def steepest(mass: NDArray[Any]) -> FloatColumn:
        """Steepest rise of each row of pigment per strip."""
        density = mass * per_area
        rise = np.diff(density, axis=1, prepend=0.0)
        return np.asarray(rise.max(axis=1) / step)

    # Dots drawn again with putting back, and their pigment summed per strip.
    n = len(xy)
    drawn = np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n), np.int32)
    row = np.arange(RESAMPLES)[:, None] * (STRIPS + 1)
    cells = RESAMPLES * (STRIPS + 1)
    mass = np.bincount((row + strip[drawn]).ravel(), amount[drawn].ravel(), cells)
    draws = steepest(mass.reshape(RESAMPLES, STRIPS + 1)[:, :n_strips])
    whole = np.bincount(strip, amount, STRIPS + 1)[None, :n_strips]
    value = float(steepest(whole)[0])
    spread = 1.96 * float(np.std(draws))
    return Estimate(value, value - spread, value + spread, n, unit)
