"""Where a grown field may be used, and how far off it may be there.

A place is proven where the field is sure of itself, matches are near and held-out keypoints were found where
predicted. Skin that was cleared from end to end has nothing to match, but proven skin around it: the head does not
fold there, and a smooth field through all its rim lies between. Such gaps are bridged, with an error that says
so. Beyond the outermost matches nothing is: towards the outline of a head the map bends as it does nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.geometry import Points
from tracker.measure.growth import LOCAL_RATE, LOCAL_REACH_SHARE, Growth, HoldOut
from tracker.measure.luminance import BoolArray

SUPPORT = 4
SUPPORT_SHARE = 1 / 40
"""A place is proven only where this many matches were kept within this share of the long side."""
BESIDE = 16
MOST_ONE_SIDED = 0.45
OUTER_SLOPE = 0.1
"""Outside the crowd of matches - farther than this from the middle of the nearest 16, over their spread, and not
surrounded - the map may run off by a tenth of that distance: heads seen whole had 1.5 to 5 px at their outline."""
SD_CALIBRATION = 1.5
"""Errors at landmarks of real pairs were 1.1-1.8 times the posterior: neighbouring matches err together."""
BRIDGE_SHARE = 1 / 5
VIEWS, MOST_HIDDEN = 16, 3
"""A place is in a gap when it sees proven places within this share of the long side in 13 of 16 directions."""
BRIDGED_CALIBRATION = 2.2
"""Matches were taken out of discs of 1/40 to 1/9 of the long side on three real and three rendered pairs: the field
without them was off by 0.4 to 1.4 times the posterior, in the hardest pair 2.3 times (at most 2.7 full px)."""


@dataclass(frozen=True, eq=False)
class Trust:
    """What is known of a field on cells of the reference's working frame, shape (ny, nx).

    Attributes
    ----------
    sd_px : ndarray of float64
        Standard deviation of each coordinate, moving working px; NaN where the field may not be used.
    proven, bridged : ndarray of bool
        Where photos were seen to agree, and gaps between such places.
    """

    sd_px: NDArray[np.float64]
    proven: BoolArray
    bridged: BoolArray


def judge_cells(
    growth: Growth,
    proof: HoldOut,
    cells: Points,
    skin: BoolArray,
    long_side: float,
    trusted_sd_px: float,
) -> Trust:
    """Trust in a field at cells of shape (ny, nx, 2), working px.

    Parameters
    ----------
    growth, proof : Growth, HoldOut
        The field, and where held-out keypoints were found.
    skin : ndarray of shape (ny, nx), bool
        Nothing else can be proven or bridged.
    trusted_sd_px : float
        Largest standard deviation that is of use.
    """
    flat = cells.reshape(-1, 2)
    posterior = growth.fit.sd(flat)
    # The posterior is only as good as its prior: it is believed where matches are near and where
    # held-out keypoints were found.
    distance, near = (np.asarray(v) for v in cKDTree(growth.xy).query(flat, BESIDE))
    sure = (SD_CALIBRATION * posterior < trusted_sd_px) & (
        distance[:, SUPPORT - 1] < SUPPORT_SHARE * long_side
    )
    sure[sure] = proof.proven(flat[sure], LOCAL_RATE, LOCAL_REACH_SHARE * long_side)
    sure &= skin.ravel()
    proven = sure.reshape(skin.shape)
    posterior = posterior.reshape(skin.shape)
    step = float(cells[0, 1, 0] - cells[0, 0, 0]) if skin.shape[1] > 1 else 1.0
    reach = round(BRIDGE_SHARE * long_side / step)
    gap = ~proven & skin
    hidden = np.full(skin.shape, VIEWS)
    hidden[gap] = VIEWS - _views(proven, gap, reach)
    # The less of the rim is seen, the more the field runs on instead of lying between.
    gap_sd = BRIDGED_CALIBRATION * (1 + hidden / MOST_HIDDEN) * posterior
    bridged = gap & (hidden <= MOST_HIDDEN) & (gap_sd < trusted_sd_px)
    off, one_sided = _beside(flat, growth.xy[near])
    outer = proven & (one_sided > MOST_ONE_SIDED).reshape(skin.shape)
    # From the rim of a gap the other side is up to twice as far as from its middle.
    outer[outer] = _views(proven & ~outer, outer, 2 * reach) < VIEWS - MOST_HIDDEN
    sd = SD_CALIBRATION * posterior + OUTER_SLOPE * off.reshape(skin.shape) * outer
    proven &= sd < trusted_sd_px
    sd = np.where(bridged, gap_sd, np.where(proven, sd, np.nan))
    return Trust(sd, proven, bridged)


def _beside(places: Points, near: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance of (n, 2) places from the middle of their (n, k, 2) neighbours, and over these' spread."""
    middle = near.mean(axis=1)
    spread = np.sqrt(((near - middle[:, None]) ** 2).sum(axis=2).mean(axis=1))
    off: NDArray[np.float64] = np.hypot(*(places - middle).T)
    return off, off / np.maximum(spread, 1e-9)


def _views(mask: BoolArray, places: BoolArray, reach: int) -> NDArray[np.intp]:
    """In how many of `VIEWS` directions each of the `places` sees the mask within `reach` cells."""
    # A cell of slack on every side: a ray does not slip between two cells of the mask's rim.
    thick = cv2.dilate(np.pad(mask, reach + 2).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    row, column = (index + reach + 2 for index in np.nonzero(places))
    turn = 2 * np.pi * np.arange(VIEWS) / VIEWS
    far = np.arange(1, reach + 1)
    down = np.rint(np.outer(np.sin(turn), far)).astype(np.intp)
    right = np.rint(np.outer(np.cos(turn), far)).astype(np.intp)
    seen = np.zeros(len(row), np.intp)
    for dy, dx in zip(down, right, strict=True):
        seen += thick[row[:, None] + dy, column[:, None] + dx].any(axis=1)
    return seen
