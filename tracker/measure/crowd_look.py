"""What a spot looks like beside the other spots of its photo: the chance that it is a dot and not hair.

Alone, a shaved root and a dot can look the same. Beside each other they seldom do: in one photo dots have much the
same strength and width, and so have roots, but which of the two kinds is the stronger and which the broader differs
from photo to photo. A small network sees each spot's neighbourhood, cut out at the dots' own scale and with its own
strength taken off, and is told how strong and how broad the spot is beside the crowd, and how both are spread in it.
What its shape alone says (`spot_look`) has a part in it.

It was trained on rendered scenes alone, by ``python -m benchmarks.train_crowd_look``.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tracker.measure.crowd_look_weights import CHANNELS, HIDDEN, PACKED
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import FWHM_PER_SIGMA
from tracker.measure.place_net import PlaceNet, unpacked
from tracker.measure.results import FloatColumn
from tracker.measure.spot_look import cut_out, in_own_strength, spot_net

CONTEXT = 14
"""Numbers beside the picture."""
CROWD_SHARE = 0.5
"""The crowd are the spots stronger than this share of the usual strength, which is the mean weighted by strength
itself: a list of faint spots more or less hardly changes it."""
SHARES = (10, 25, 50, 75, 90)
"""Percentiles of the crowd that the network is told."""
WEAKEST = 1e-3
"""Least strength, optical density, by which a picture is divided."""
FAINTEST, DARKEST = -4.0, 6.0
"""Bounds on a picture, in strengths of its spot."""
USUAL_FWHM_PX = 5.0
FAINTEST_LOG, STRONGEST_LOG, BROADEST_LOG = -3.0, 2.0, 1.5
"""Bounds on the logarithms of a spot's strength over the crowd's, and of its width over the dots', either way."""
LEAST_FWHM_PX = 0.1
MOST_CONTEXT = 3.0
"""Bound on every number beside the picture, either way."""
TURNS_SEEN = 2
"""Ways up that the network sees a spot: all eight change the F1 of 30 rendered photos by 0.003 at most."""
SHAPE_SHARE = 0.4
"""Share of `spot_look` in what is said, which knows no crowd: where a real close-up shows dots alone, reduced to dots
of 2.7 px, the network by itself takes some for hair (F1 0.913; 0.925 with a share of 0.3, 0.936 with this one)."""


@cache
def crowd_net() -> PlaceNet:
    """The trained network."""
    return unpacked(1, CONTEXT, CHANNELS, HIDDEN, PACKED)


def crowd_of(strength: FloatColumn) -> BoolArray:
    """Spots that stand out as most do, (n,) of bool; of spots without any strength none."""
    positive = np.maximum(strength, 0)
    usual = (positive @ positive) / max(float(positive.sum()), 1e-9)
    stands_out: BoolArray = positive > CROWD_SHARE * usual
    return stands_out


def pictures_of(levelled: FloatArray, strength: FloatArray) -> FloatArray:
    """Neighbourhoods from `cut_out` in strengths of their spots, (n, GRID * GRID)."""
    return np.clip(levelled / np.maximum(strength, WEAKEST)[:, None], FAINTEST, DARKEST)


def crowd_context(
    strength: FloatColumn, fwhm_px: FloatColumn, sigma_px: float, among: BoolArray | None = None
) -> FloatArray:
    """Each spot's strength and width beside the crowd, and the crowd's own spread, shape (n, CONTEXT).

    Parameters
    ----------
    strength : ndarray of shape (n,)
        Peak density of a round spot there; at least one spot.
    fwhm_px : ndarray of shape (n,)
        Full width at half maximum, no NaN.
    sigma_px : float
        The dots' scale.
    among : ndarray of shape (n,) of bool, optional
        Spots that make the crowd; all if None.
    """
    crowd = np.ones(len(strength), bool) if among is None else among.copy()
    crowd[crowd] = crowd_of(strength[crowd])
    if not crowd.any():
        crowd[:] = True
    usual = float(np.median(np.maximum(strength[crowd], WEAKEST)))
    dots_px = FWHM_PER_SIGMA * sigma_px
    own = [
        np.clip(np.log(np.maximum(strength, WEAKEST) / usual), FAINTEST_LOG, STRONGEST_LOG),
        np.clip(np.log(np.maximum(fwhm_px, LEAST_FWHM_PX) / dots_px), -BROADEST_LOG, BROADEST_LOG),
    ]
    spread = np.concatenate([np.percentile(column[crowd], SHARES) for column in own])
    shared = np.concatenate([[dots_px / USUAL_FWHM_PX, np.log(usual) / 2], spread])
    context = np.column_stack([*own, np.tile(shared, (len(strength), 1))])
    bounded: FloatArray = np.clip(context, -MOST_CONTEXT, MOST_CONTEXT).astype(np.float32)
    return bounded


def crowd_logit(
    density: FloatArray,
    x_px: FloatColumn,
    y_px: FloatColumn,
    fwhm_px: FloatColumn,
    sigma_px: float,
    *,
    workers: int = 1,
) -> FloatColumn:
    """Log-odds that each spot is a dot, at even prior odds, shape (n,).

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density, no NaN.
    x_px, y_px, fwhm_px : ndarray of shape (n,)
        Centres and widths of all spots of the photo: what one of them is depends on the others.
    sigma_px : float
        The dots' scale.
    workers : int
        Parts of the list looked at side by side; the result does not depend on it.
    """
    if len(x_px) == 0:
        return np.empty(0)
    levelled, strength = cut_out(density, x_px, y_px, sigma_px)
    context = crowd_context(strength.astype(np.float64), fwhm_px, sigma_px)
    beside_crowd = crowd_net().logit(
        pictures_of(levelled, strength), context, turns=TURNS_SEEN, workers=workers
    )
    by_shape = spot_net().logit(in_own_strength(levelled, strength))
    said: FloatColumn = (1 - SHAPE_SHARE) * beside_crowd + SHAPE_SHARE * by_shape
    return said
