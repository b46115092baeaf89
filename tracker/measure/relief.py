"""Relief of the skin between the dots beside native skin's, and how soft a photo is.

The light's height, focus, sharpening and noise filters change what a photo shows of the skin's
relief, by a factor of four and more. They do so on treated and on native skin alike, so that only
what treated skin changed *more* counts. What native skin shows at two widths tells how soft the
photo is.
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
BAND_EDGES_FWHM = (0.25, 0.42, 0.70, 1.20, 2.00)
"""Gaussian sigmas, in dot widths, between which the bands lie."""
RELIEF_BAND = 0
SOFT_BANDS = (1, 3)
"""Bands whose ratio on native skin tells how soft a photo is."""
LEAST_SIGMA_PX = 0.6


@dataclass(frozen=True, eq=False)
class ReliefPlaces:
    """Bare skin of the baseline photo, treated and native: baseline pixels (n, 2)."""

    treated: FloatColumn
    native: FloatColumn
    fwhm_px: float


@dataclass(frozen=True, eq=False)
class FineSpread:
    """ln of the spread (MAD) of each band's density on treated and native skin; NaN if unknown."""

    treated: FloatColumn
    native: FloatColumn


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
    """Spread of each band at given places of one photo.

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
    known = []
    for xy_px in places:
        seen = xy_px[np.isfinite(xy_px).all(axis=1)]
        x, y = np.rint(seen).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = x[inside], y[inside]
        clear = usable[y, x] > 0.95
        known.append((y[clear], x[clear]))
    spread = np.full((2, len(BAND_EDGES_FWHM) - 1), np.nan)
    filled = np.nan_to_num(np.asarray(density, np.float32))
    finer: FloatArray | None = None
    for number, edge in enumerate(BAND_EDGES_FWHM):
        sigma = max(LEAST_SIGMA_PX, edge * fwhm_px)
        coarser = np.asarray(cv2.GaussianBlur(filled, (0, 0), sigma), np.float32)
        if finer is not None:
            for area, at in enumerate(known):
                if len(at[0]) >= LEAST_PLACES:
                    band = finer[at] - coarser[at]
                    mad = float(np.median(np.abs(band - np.median(band))))
                    spread[area, number - 1] = np.log(max(mad, 1e-7))
        finer = coarser
    return FineSpread(spread[0], spread[1])


def relief_change(first: FineSpread, now: FineSpread) -> float:
    """ln of how much the relief of treated skin grew, beyond native skin's; NaN if unknown."""
    treated = now.treated[RELIEF_BAND] - first.treated[RELIEF_BAND]
    return float(treated - (now.native[RELIEF_BAND] - first.native[RELIEF_BAND]))


def softness_change(first: FineSpread, now: FineSpread) -> float:
    """How much less native skin shows at the finer of two widths, ln; above 0 the photo is softer.

    Light and contrast change both widths alike and cancel.
    """
    fine, coarse = SOFT_BANDS
    gone = first.native - now.native
    return float(gone[fine] - gone[coarse])
