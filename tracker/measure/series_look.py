"""What a place looks like in all photos of a series: the chance that it holds pigment and not hair.

A dot sits still, stays round and only grows fainter. Stubble is a stroke in one photo and a point in
the next, longer or shorter by the last shave. One photo alone does not tell a shaved root from a
dot; the photos together mostly do. A small network sees four pictures of every place, cut out at
the dots' own scale and divided by the place's strength at baseline: the baseline, and the mean, the
darkest and the lightest of all later photos. Beside them it is told how much pigment the place
holds, what is left of it, how both are spread over the series, since what a dot does can only
be judged by what the others do, and how the place looks in the baseline beside all others
(`crowd_look`).

It was trained on rendered scenes alone, by ``python -m benchmarks.train_series_look``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import FloatArray
from tracker.measure.place_net import PlaceNet, unpacked
from tracker.measure.results import FloatColumn
from tracker.measure.series_look_weights import CHANNELS, HIDDEN, PACKED
from tracker.measure.spot_look import GRID, cut_out
from tracker.measure.threads import map_threads

WEAKEST = 1e-3
"""Least strength, optical density, by which pictures are divided."""
FAINTEST, DARKEST = -4.0, 6.0
"""Bounds on the pictures, in strengths of the place at baseline."""
DOT_LOOK, HAIR_LOOK = 1.0, -1.0
"""Looks at baseline from which on a place counts among dots, or hairs, of the series' spread."""
LEAST_OF_A_KIND = 10
SHARES = (10, 25, 50, 75, 90)
USUAL_PHOTOS, USUAL_FWHM_PX = 4, 5.0


PICTURES, CONTEXT = 4, 16
"""Pictures of a place, and numbers beside them."""
TURNS_SEEN = 4
"""Ways up that the network sees a place: all eight change the log loss of 22 scenes by 0.0005."""
LOOK_UNIT = 3.0
"""Log-odds of the look at baseline that the network is told as 1."""


@cache
def series_net() -> PlaceNet:
    """The trained network."""
    return unpacked(PICTURES, CONTEXT, CHANNELS, HIDDEN, PACKED)


def _pictures(
    flat: FloatArray, xy_px: FloatColumn, sigma_px: float
) -> tuple[FloatArray, FloatArray]:
    """Neighbourhoods of places, level taken off, and strengths; NaN where the place is not seen."""
    missing = ~np.isfinite(flat)
    filled = np.where(missing, 0, flat).astype(np.float32)
    shown, strength = cut_out(filled, xy_px[:, 0], xy_px[:, 1], sigma_px)
    column, row = np.rint(xy_px).astype(int).T
    height, width = flat.shape
    hidden = missing[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    shown[hidden], strength[hidden] = np.nan, np.nan
    return shown, strength


def place_pictures(
    flat: Sequence[FloatArray],
    places_px: Sequence[FloatColumn],
    sigma_px: float,
    *,
    workers: int = 1,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Baseline, mean, darkest and lightest later picture of every place.

    Parameters
    ----------
    flat : sequence of ndarray of shape (H, W)
        Flattened density of the baseline and of later photos at its contrast; NaN where unusable.
    places_px : sequence of ndarray of shape (n, 2)
        The places as each of these photos shows them.
    sigma_px : float
        Width of the dots.
    workers : int
        Photos looked at side by side; the result does not depend on it.

    Returns
    -------
    pictures : ndarray of shape (n, PICTURES * GRID * GRID)
        In strengths of the place at baseline. A place that no later photo shows has its baseline
        picture four times.
    shown : ndarray of shape (n,) of bool
        Places that a later photo shows.
    """
    photos = list(zip(flat, places_px, strict=True))
    step = max(workers, 1)
    # As many photos at a time as there are workers: a long series would not fit into memory.
    shown = (
        some
        for k in range(0, len(photos), step)
        for some in map_threads(
            lambda photo: _pictures(*photo, sigma_px), photos[k : k + step], workers
        )
    )
    first, own = next(shown)
    strength = np.maximum(np.nan_to_num(own), WEAKEST)
    total, count = np.zeros_like(first), np.zeros_like(first[:, :1])
    darkest, lightest = np.full_like(first, -np.inf), np.full_like(first, np.inf)
    for later, _ in shown:
        total += np.nan_to_num(later)
        count += np.isfinite(later[:, :1])
        np.fmax(darkest, later, out=darkest)
        np.fmin(lightest, later, out=lightest)
    parts = [
        np.where(count > 0, part, first)
        for part in (first, total / np.maximum(count, 1), darkest, lightest)
    ]
    pictures = np.stack(parts, axis=1) / strength[:, None, None]
    bounded: FloatArray = np.clip(np.nan_to_num(pictures), FAINTEST, DARKEST)
    return bounded.reshape(len(first), PICTURES * GRID * GRID), count[:, 0] > 0


def place_context(
    baseline: FloatColumn,
    usable: NDArray[np.bool_],
    later: Sequence[FloatColumn],
    look: FloatColumn,
    sigma_px: float,
) -> FloatArray:
    """Each place's amount, what is left of it and its look at baseline, and how the series spreads, (n, CONTEXT).

    Parameters
    ----------
    baseline : ndarray of shape (n,)
        Pigment at baseline, NaN where not seen.
    usable : ndarray of shape (n,) of bool
        Places that hold pigment at baseline beyond its noise.
    later : sequence of ndarray of shape (n,)
        The same in later photos.
    look : ndarray of shape (n,)
        Log-odds of a dot by the baseline alone.
    sigma_px : float
    """
    readings = np.stack(later)
    count = np.isfinite(readings).sum(axis=0)
    total = np.where(np.isfinite(readings), readings, 0).sum(axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = mean / baseline
    known = usable & np.isfinite(left)
    dots, hairs = known & (look > DOT_LOOK), known & (look < HAIR_LOOK)
    spread = [
        np.percentile(left[kind], SHARES) if kind.sum() > LEAST_OF_A_KIND else np.ones(len(SHARES))
        for kind in (dots, hairs)
    ]
    odds = np.log10(max(int(dots.sum()), 1) / max(int(hairs.sum()), 1))
    scene = [odds, len(later) / USUAL_PHOTOS, 2.355 * sigma_px / USUAL_FWHM_PX]
    common = dots if dots.sum() > LEAST_OF_A_KIND else usable
    usual = float(np.nanmedian(baseline[common])) if common.any() else 1.0
    with np.errstate(invalid="ignore"):
        amount = np.log(np.maximum(np.nan_to_num(baseline), 1e-6) / max(usual, 1e-6))
    own = [
        np.clip(amount, -3, 3),
        np.clip(np.nan_to_num(left, nan=1.0), -1, 3),
        np.clip(look / LOOK_UNIT, -2, 2),
    ]
    shared = np.clip(np.concatenate([*spread, scene]), -2, 3)
    context: FloatArray = np.column_stack([*own, np.tile(shared, (len(baseline), 1))])
    return context.astype(np.float32)


def pigment_logit(
    pictures: FloatArray, context: FloatArray, *, glance: bool = False, workers: int = 1
) -> FloatColumn:
    """Log-odds, at even prior odds, that each place holds pigment, shape (n,).

    At a `glance` the places are seen one way up only: a quarter of the time, and a little less sure.
    """
    turns = 1 if glance else TURNS_SEEN
    return series_net().logit(
        pictures.astype(np.float32), context.astype(np.float32), turns=turns, workers=workers
    )
