"""Relief of the skin between the dots beside native skin's.

The light's height, focus, sharpening and noise filters change what a photo shows of the skin's
relief, by a factor of four and more. They do so on treated and on native skin alike, so that only
what treated skin changed *more* counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn

FAR_FWHM = 2.0
"""Skin nearer than this to a spot, in dot widths, is left out: there fade reads as less relief."""
MOST_PLACES = 12_000
LEAST_PLACES = 300
BAND_FWHM = (0.25, 0.42)
"""Gaussian sigmas, in dot widths, between which the band of relief lies."""
LEAST_SIGMA_PX = 0.6


@dataclass(frozen=True, eq=False)
class ReliefPlaces:
    """Bare skin of the baseline photo, treated and native: baseline pixels (n, 2)."""

    treated: FloatColumn
    native: FloatColumn
    fwhm_px: float


@dataclass(frozen=True)
class FineSpread:
    """ln of the spread (MAD) of the band's density on treated and native skin; NaN if unknown."""

    treated: float
    native: float


def relief_places(
    spots_px: FloatColumn, fwhm_px: float, treated: BoolArray, native: BoolArray, scale: float
) -> ReliefPlaces:
    """Pixels of the baseline photo at least `FAR_FWHM` dot widths from every spot.

    Parameters
    ----------
    spots_px : ndarray of shape (n, 2)
        All spots of the baseline photo, dots and hairs.
    fwhm_px : float
    treated, native : ndarray of bool, shape (h, w)
        Masks of the photo reduced by `scale`.
    """
    tree = cKDTree(spots_px) if len(spots_px) else None
    found = []
    for number, mask in enumerate((treated, native)):
        rows, columns = np.nonzero(mask)
        rng = np.random.default_rng(number)
        # Three times as many as wanted are drawn: most lie near a spot.
        chosen = rng.integers(0, max(1, len(rows)), 3 * MOST_PLACES if len(rows) else 0)
        inside = rng.uniform(-0.5, 0.5, (len(chosen), 2))
        xy = (np.column_stack([columns[chosen], rows[chosen]]) + inside + 0.5) / scale - 0.5
        if tree is not None and len(xy):
            away, _ = tree.query(xy, distance_upper_bound=FAR_FWHM * fwhm_px)
            xy = xy[~np.isfinite(away)]
        found.append(xy[:MOST_PLACES])
    return ReliefPlaces(found[0], found[1], fwhm_px)


def fine_spread(
    density: FloatArray, usable: FloatArray, places: tuple[FloatColumn, FloatColumn], fwhm_px: float
) -> FineSpread:
    """Spread of the band at given places of one photo.

    Parameters
    ----------
    density, usable : ndarray of shape (H, W)
        Luminance density, and 1 where its pixels may be measured.
    places : two arrays of shape (n, 2)
        Treated and native skin, mapped into this photo; NaN where not trusted.
    fwhm_px : float
        Width of the baseline's dots.
    """
    height, width = density.shape
    filled = np.nan_to_num(np.asarray(density, np.float32))
    finer, coarser = (
        np.asarray(
            cv2.GaussianBlur(filled, (0, 0), max(LEAST_SIGMA_PX, edge * fwhm_px)), np.float32
        )
        for edge in BAND_FWHM
    )
    spread = []
    for xy_px in places:
        seen = xy_px[np.isfinite(xy_px).all(axis=1)]
        x, y = np.rint(seen).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = x[inside], y[inside]
        clear = usable[y, x] > 0.95
        at = (y[clear], x[clear])
        if int(clear.sum()) < LEAST_PLACES:
            spread.append(float("nan"))
            continue
        band = finer[at] - coarser[at]
        mad = float(np.median(np.abs(band - np.median(band))))
        spread.append(float(np.log(max(mad, 1e-7))))
    return FineSpread(*spread)


def relief_change(first: FineSpread, now: FineSpread) -> float:
    """ln of how much the relief of treated skin grew, beyond native skin's; NaN if unknown."""
    return now.treated - first.treated - (now.native - first.native)
