"""Which places are measured: the dots of the baseline, as complete and unbiased as can be.

Selection matters more than the photometry. A list from the mean of all photos keeps survivors
and hair; one from "early minus late" loses dots that fade slowly. Their union, at a low
threshold, finds nearly all dots, and a low threshold also keeps the bias of "dark enough to be
found" small: the faintest dots that it decides about hold little of the pigment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.crowd_look import crowd_logit
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import (
    FWHM_PER_SIGMA,
    Band,
    band_pass,
    peak_pixels,
    sizes_at,
    subpixel,
    to_full_px,
)
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import smooth_valid
from tracker.measure.spot_look import dot_logit
from tracker.measure.threads import map_threads

FLAT_SIGMAS = 8
"""Photos are compared less their mean over this many sigmas."""


@dataclass(frozen=True)
class CatalogueSettings:
    """Thresholds of the union."""

    baseline_snr: float = 1.7
    change_snr: float = 3.0
    """Peaks of baseline minus later photos, over that difference's own texture."""
    baseline_lead: float = 2.0
    """Log-odds by which a peak of the difference must look more like a dot than the baseline's peak
    to replace it: taking the better of two looks makes every hair look a little like a dot."""
    change_look: float = 0.4
    """Share of the difference's look in the look of such a peak, the rest is the baseline's."""
    separation_fwhm: float = 0.7
    """Places closer than this are one dot; the joint fit could not tell them apart."""
    late_look: float = -3.0
    """Most log-odds of a dot for a place that only the later photos show."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Places to measure, in frame pixels.

    `look` is the log-odds, at even prior odds, that the baseline shows a round dot there and no
    hair: by how it looks beside all places (`crowd_look`).
    """

    xy_px: FloatColumn
    look: FloatColumn

    def __len__(self) -> int:
        return len(self.xy_px)


def flatten(density: FloatArray, scale_px: float) -> FloatArray:
    """Density minus its local mean over `scale_px`; NaN stays NaN."""
    valid = np.isfinite(density)
    filled = np.where(valid, density, 0).astype(np.float32)
    level = smooth_valid(filled, valid.astype(np.float32), scale_px)
    return np.where(valid, density - level, np.nan).astype(np.float32)


def build_catalogue(
    baseline: FloatArray,
    later: Sequence[FloatArray],
    *,
    sigma_px: float,
    region: BoolArray,
    settings: CatalogueSettings = CatalogueSettings(),
    workers: int = 1,
) -> Catalogue:
    """Union of the baseline's dots and of what vanished since.

    Parameters
    ----------
    baseline : ndarray of shape (H, W)
        Density of the baseline in the measuring frame, its level over `FLAT_SIGMAS` taken off
        (`flatten`); NaN where unusable.
    later : sequence of ndarray of shape (H, W)
        The same of the aligned later photos at the baseline's contrast.
    sigma_px : float
        Width of the dots in the frame.
    region : ndarray of shape (H, W)
        The treated area.
    workers : int
        Pictures looked at side by side; the result does not depend on it.
    """
    # Three pictures show places: the baseline, what vanished since, and what is dark late but was no peak early, which
    # is hair beside the dots: it is fitted along, or its darkness would be read as pigment that stays.
    shown = [baseline, *(_change_and_late(baseline, later) if later else ())]

    def band_of(picture: FloatArray) -> Band:
        return band_pass(picture, sigma_px, region)

    bands = map_threads(band_of, shown, workers)
    noise = map_threads(lambda picture: _noise(band_of(picture)), later, workers)
    least = settings.baseline_snr * min([_noise(bands[0]), *noise])
    thresholds = [least]
    if later:
        thresholds += [settings.change_snr * _noise(bands[1]), least]
    found = map_threads(
        lambda pair: _peaks(*pair), list(zip(bands, thresholds, strict=True)), workers
    )
    separation = settings.separation_fwhm * 2.355 * sigma_px
    own_look = [
        dot_logit(np.nan_to_num(picture), places[:, 0], places[:, 1], sigma_px)
        for picture, places in zip(shown[:2], found[:2], strict=True)
    ]
    own_look += [np.full(len(places), settings.late_look) for places in found[2:]]
    xy = np.concatenate(found)
    look = np.concatenate(own_look)
    source = np.concatenate([np.full(len(places), k) for k, places in enumerate(found)])
    # Of places that are one dot the one that looks more like a dot in its own picture stays: a
    # hair that stayed pulls the baseline's peak aside, a hair that was cut off that of the change.
    keep = _thin(xy, np.choose(source, [settings.baseline_lead, 0.0, -100.0]) + look, separation)
    xy, look, source = xy[keep], look[keep], source[keep]
    x, y = xy.T
    fwhm_px = FWHM_PER_SIGMA * sizes_at(baseline, x, y, sigma_px, region, workers=workers)
    by_baseline = crowd_logit(np.nan_to_num(baseline), x, y, fwhm_px, sigma_px, workers=workers)
    changed, late_only = source == 1, source == 2
    share = settings.change_look
    look = np.where(source == 0, by_baseline, look)
    look[changed] = share * look[changed] + (1 - share) * by_baseline[changed]
    look[late_only] = np.minimum(by_baseline[late_only], settings.late_look)
    return Catalogue(xy, look)


def _change_and_late(
    baseline: FloatArray, later: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Baseline less the mean of the later photos, and that mean; NaN where no later photo shows anything."""
    stack = np.stack(later)
    seen = np.isfinite(stack)
    count = seen.sum(axis=0)
    mean = np.where(seen, stack, 0).sum(axis=0) / np.maximum(count, 1)
    change = np.where(count > 0, baseline - mean, np.nan).astype(np.float32)
    return change, np.where(count > 0, mean, np.nan).astype(np.float32)


def _noise(band: Band) -> float:
    """Response of skin texture to the spot filter; of all photos the emptiest one counts.

    In dense work the dots themselves make up most of the response, so a threshold over a photo's
    own spread would lose the faint half of them. Texture is the same skin in every photo.
    """
    if not band.valid.any():
        return float("inf")
    # The bright side holds no dots; its spread is texture, noise and the gaps between dots.
    bright = -band.response[band.valid & (band.response < 0)]
    return 1.4826 * float(np.median(bright)) if len(bright) else 0.0


def _peaks(band: Band, least: float) -> FloatColumn:
    """Places (n, 2) of the spot filter's maxima above `least`."""
    rows, columns = peak_pixels(band.response, least, 1.4 * band.sigma)
    x, y, _ = subpixel(band.response, rows, columns)
    return np.column_stack([to_full_px(x, band.reduction), to_full_px(y, band.reduction)])


def _thin(xy_px: FloatColumn, rank: FloatColumn, separation_px: float) -> BoolArray:
    """Greedy non-maximum suppression: True for places with no higher-ranked one nearby."""
    keep = np.ones(len(xy_px), bool)
    if len(xy_px) < 2:
        return keep
    pairs = cKDTree(xy_px).query_pairs(separation_px, output_type="ndarray")
    if len(pairs) == 0:
        return keep
    first_wins = rank[pairs[:, 0]] >= rank[pairs[:, 1]]
    winner = np.where(first_wins, pairs[:, 0], pairs[:, 1])
    loser = np.where(first_wins, pairs[:, 1], pairs[:, 0])
    # A loser to a place that itself lost to another stays only if no surviving place beats it:
    # a few rounds settle it, the longest chains seen are four places long.
    for _ in range(6):
        beaten = np.zeros(len(xy_px), bool)
        beaten[loser[keep[winner]]] = True
        keep = ~beaten
    return keep


def median_spacing(xy_px: FloatColumn) -> float:
    """Median distance to the nearest neighbour, scaled to the mean spacing of a jittered lattice."""
    if len(xy_px) < 3:
        return float("nan")
    distance, _ = cKDTree(xy_px).query(xy_px, k=2)
    return float(np.median(np.asarray(distance)[:, 1])) * 1.2
