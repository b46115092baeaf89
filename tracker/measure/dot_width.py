"""Reach of the mean dot, from the ring-by-ring mean of all dots of a photo, and how it grew.

A softer photo widens every dot, and so does ink that spreads. A lens widens core and foot alike.
Ink that spread lies in the foot: hair, pores and the sharpest dots stay at the dots' places and
keep the core as it was, so that half of the height, read there, may not tell.
"""

from __future__ import annotations

import cv2
import numpy as np

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn

RINGS = 21
OUTERMOST_SIGMA = 6.0
"""Rings reach this far, to the next dots: the faintest of them is the skin in between."""
ANGLES = 12
LEAST_DOTS = 60
FOOT_SHARE = 1 / 8
"""Of the mean dot's height. Of 90 rendered series in which dots became 2 and 2.5 times as wide (seeds 1101 to
1207) all reach farther here than any of 120 photos without spread does; at half the height 17 do not."""
CORE_SHARE = 0.77
"""ln(reach) that a softer photo adds for each ln(width of the dots' cores), on those 120 photos."""


def reach_px(
    density: FloatArray, places_px: FloatColumn, weight: FloatColumn, sigma_px: float
) -> float:
    """Radius at which the mean dot falls to `FOOT_SHARE` of its height; NaN where there is no mean dot.

    Hair does not know the dots' places and averages out; fade makes the mean dot fainter, not
    narrower.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Luminance density in the measuring frame; NaN where unusable.
    places_px : ndarray of shape (n, 2)
        Dots as this photo shows them.
    weight : ndarray of shape (n,)
        Say of each dot: its pigment at baseline.
    sigma_px : float
        Usual width; the rings reach out to `OUTERMOST_SIGMA` of it.
    """
    if len(places_px) < LEAST_DOTS:
        return float("nan")
    radii = np.linspace(0, OUTERMOST_SIGMA * sigma_px, RINGS)
    angles = np.arange(ANGLES) * 2 * np.pi / ANGLES
    ring_x = np.outer(radii, np.cos(angles)).ravel()
    ring_y = np.outer(radii, np.sin(angles)).ravel()
    x = np.asarray(places_px[:, :1] + ring_x, np.float32)
    y = np.asarray(places_px[:, 1:] + ring_y, np.float32)
    shown = cv2.remap(
        np.asarray(density, np.float32),
        x,
        y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("nan"),
    ).reshape(len(places_px), RINGS, ANGLES)
    per_dot = np.median(shown, axis=2)  # of the ring: a neighbour or hair covers part of it only
    known = np.isfinite(per_dot).all(axis=1) & (weight > 0)
    if int(known.sum()) < LEAST_DOTS:
        return float("nan")
    profile = weight[known] @ per_dot[known] / weight[known].sum()
    profile = profile - profile.min()
    foot = FOOT_SHARE * float(profile[0])
    below = np.flatnonzero(profile < foot)
    if foot <= 0 or len(below) == 0:
        return float("nan")
    k = int(below[0])
    share = (profile[k - 1] - foot) / (profile[k - 1] - profile[k])
    return float(radii[k - 1] + share * (radii[k] - radii[k - 1]))


def width_growth(reaches_px: tuple[float, float], core_sigmas_px: tuple[float, float]) -> float:
    """ln of how much farther the mean dot reaches, beyond what softness of the photo explains.

    Parameters
    ----------
    reaches_px : tuple of float
        `reach_px` in the baseline photo and now.
    core_sigmas_px : tuple of float
        Width fitted to the dots' cores (`blur_match.blur_variance`) in both.
    """
    first, now = reaches_px
    core_first, core_now = core_sigmas_px
    return float(np.log(now / first) - CORE_SHARE * np.log(core_now / core_first))
