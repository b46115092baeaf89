"""Whether the hairs of the treated area are still there, compared with those of native skin.

Stubble is longer or shorter after every shave, and finer hairs drop below what a photo shows. All
of that happens to native skin too. So hairs of the baseline photo are looked up in each photo, on
treated and on native skin alike, and only what treated skin lost *more* counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import Dots, Estimate, FloatColumn

FINE_SHARE, COARSE_SHARE = 0.30, 1.2
"""Sigmas of the band that shows hairs, relative to the dots' FWHM: a shaved hair is finer."""
LEAST_FINE_PX = 0.8
SURE_HAIR = 0.7
"""Spots of the treated area that look less like hair than this may be pigment, and are left out."""
LEAST_HAIRS = 40
CHANCE = 0.10
"""Share of empty places that seem to hold a hair; what a place must exceed follows from it."""
FLOOR_SD = 0.09
"""SD of the share kept by what the two areas do not have in common (light, pigment beside hair);
from rendered series without a loss (`benchmarks/progress.py`)."""
LIKE_SHAVE = (0.45, 1.25)
"""Share of native hairs found again, relative to the baseline, at which two shaves are alike."""
DIRECTIONS = 8
MOST_EMPTY = 400
STILL_THERE = 0.35
"""A hair is found again with at least this part of its strength, the shave taken off."""


@dataclass(frozen=True, eq=False)
class HairSites:
    """Hairs of the baseline photo, and empty places beside them, in baseline pixels (n, 2)."""

    treated: FloatColumn
    native: FloatColumn
    empty_treated: FloatColumn
    empty_native: FloatColumn
    fwhm_px: float


@dataclass(frozen=True, eq=False)
class HairResponse:
    """Strength of fine dark spots at the sites of one photo; NaN where not photographed."""

    treated: FloatColumn
    native: FloatColumn
    empty_treated: FloatColumn
    empty_native: FloatColumn


def hair_sites(
    spots: Dots, fwhm_px: float, treated: BoolArray, native: BoolArray, scale: float
) -> HairSites:
    """Choose hairs of the baseline photo.

    Parameters
    ----------
    spots : Dots
        All spots of the baseline photo, hair included.
    fwhm_px : float
        Width of its pigment dots.
    treated, native : ndarray of bool, shape (h, w)
        Treated skin, and native skin well away from it, in the photo reduced by `scale`.
    scale : float
        Pixels of the masks per pixel of the photo.
    """
    xy = spots.xy_px
    inside, outside = _within(xy, treated, scale), _within(xy, native, scale)
    hairs = xy[inside & (spots.hair_probability >= SURE_HAIR)]
    return HairSites(
        hairs,
        xy[outside],
        _empty(xy, xy[inside], fwhm_px, treated, scale),
        _empty(xy, xy[outside], fwhm_px, native, scale),
        fwhm_px,
    )


def _within(xy_px: FloatColumn, mask: BoolArray, scale: float) -> BoolArray:
    x, y = np.rint((xy_px + 0.5) * scale - 0.5).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    inside[inside] &= mask[y[inside], x[inside]]
    return np.asarray(inside)


def _empty(
    spots: FloatColumn, some: FloatColumn, fwhm_px: float, mask: BoolArray, scale: float
) -> FloatColumn:
    """Places 1.6 dot widths from a spot and at least 1.1 from every spot, within a mask."""
    if len(some) == 0:
        return np.empty((0, 2))
    thinned = some[:: max(1, len(some) // MOST_EMPTY)]
    turns = np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS
    steps = 1.6 * fwhm_px * np.column_stack([np.cos(turns), np.sin(turns)])
    places = (thinned[:, None, :] + steps[None]).reshape(-1, 2)
    places = places[_within(places, mask, scale)]
    far, _ = cKDTree(spots).query(places, distance_upper_bound=1.1 * fwhm_px)
    return np.asarray(places[~np.isfinite(far)], np.float64)


def hair_response(
    density: FloatArray, usable: FloatArray, places: tuple[FloatColumn, ...], fwhm_px: float
) -> HairResponse:
    """Strength of fine dark spots at given places of one photo.

    Parameters
    ----------
    density, usable : ndarray of shape (H, W)
        Luminance density, and 1 where its pixels may be measured.
    places : four arrays of shape (n, 2)
        The fields of `HairSites`, mapped into this photo; NaN where not trusted.
    fwhm_px : float
        Width of the dots in this photo.
    """
    reduce = 2 if fwhm_px >= 4.5 else 1
    size = (density.shape[1] // reduce, density.shape[0] // reduce)
    small = np.asarray(cv2.resize(density, size, interpolation=cv2.INTER_AREA), np.float32)
    known = np.asarray(cv2.resize(usable, size, interpolation=cv2.INTER_AREA), np.float32)
    width = fwhm_px / reduce
    fine = cv2.GaussianBlur(small, (0, 0), max(LEAST_FINE_PX, FINE_SHARE * width))
    coarse = cv2.GaussianBlur(small, (0, 0), max(2 * LEAST_FINE_PX, COARSE_SHARE * width))
    # The alignment is good to a fraction of a dot: the strongest point nearby is the hair.
    band = cv2.dilate(np.asarray(fine - coarse, np.float32), np.ones((3, 3), np.uint8))

    def read(xy_px: FloatColumn) -> FloatColumn:
        out = np.full(len(xy_px), np.nan)
        seen = np.isfinite(xy_px).all(axis=1)
        x, y = np.floor((xy_px[seen] + 0.5) / reduce).astype(int).T
        inside = (x >= 0) & (y >= 0) & (x < size[0]) & (y < size[1])
        index = np.flatnonzero(seen)[inside]
        x, y = x[inside], y[inside]
        out[index] = np.where(known[y, x] > 0.9, band[y, x], np.nan)
        return out

    return HairResponse(*(read(xy_px) for xy_px in places))


@dataclass(frozen=True)
class HairsKept:
    """Share of the treated area's hairs that is still there, beside native skin's.

    `shave` is the share of native hairs found again: 1 is the same shave. `reason` says why
    nothing can be said.
    """

    kept: Estimate
    shave: float
    reason: str = ""


def hairs_kept(first: HairResponse, now: HairResponse) -> HairsKept:
    """Compare the hairs of one photo with the baseline's."""
    shares, counts = [], []
    shave = _ratio(first.native, now.native)
    for before, after, empty_before, empty_after in (
        (first.treated, now.treated, first.empty_treated, now.empty_treated),
        (first.native, now.native, first.empty_native, now.empty_native),
    ):
        both = np.isfinite(before) & np.isfinite(after)
        empty = np.isfinite(empty_before) & np.isfinite(empty_after)
        if empty.sum() < LEAST_HAIRS:
            return _nothing("too few bare places to compare hairs with")
        at_first = np.quantile(empty_before[empty], 1 - CHANCE)
        later = np.quantile(empty_after[empty], 1 - CHANCE)
        clear = both & (before > at_first)
        counts.append(int(clear.sum()))
        if counts[-1] < LEAST_HAIRS:
            where = "the treated area" if len(counts) == 1 else "native skin"
            return _nothing(f"only {counts[-1]} clear hairs on {where} at baseline")
        # Above what bare skin shows, and above a part of what this hair showed at this shave:
        # beside other hairs bare skin reads below zero.
        least = np.maximum(later, STILL_THERE * shave * before[clear])
        shares.append(float((after[clear] > least).mean()))
    treated, native = shares
    if not LIKE_SHAVE[0] <= native <= LIKE_SHAVE[1]:
        return HairsKept(
            Estimate.missing("share"), native, "the shave differs too much from the baseline's"
        )
    kept = treated / native
    errors = [s * (1 - s) / n for s, n in zip(shares, counts, strict=True)]
    variance = (errors[0] + kept**2 * errors[1]) / native**2 + (FLOOR_SD / native) ** 2
    half = 1.959964 * float(np.sqrt(variance))
    return HairsKept(Estimate(kept, kept - half, kept + half, counts[0], "share"), native)


def _ratio(before: FloatColumn, after: FloatColumn) -> float:
    """Median strength of native hairs against the baseline's, at most that of the baseline."""
    both = np.isfinite(before) & np.isfinite(after) & (before > 0)
    return float(np.clip(np.median(after[both] / before[both]), 0.0, 1.0)) if both.any() else 0.0


def _nothing(reason: str) -> HairsKept:
    return HairsKept(Estimate.missing("share"), float("nan"), reason)
