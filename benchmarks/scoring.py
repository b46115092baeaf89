"""How far a measurement is from the truth: plain numbers per photo and per baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.rendering.camera_processing import LIGHTNESS_WEIGHTS, develop
from tracker.series import PhotoMeasures, Status, ViewAnalysis
from tracker.synthetic import PhotoSpec, RenderedSeries

Array = NDArray[np.float64]
Index = NDArray[np.int64]

GONE_BELOW = 0.15
"""A dot with less than this share of its own baseline pigment is truly gone."""
SPARROW_FWHM = 0.85
"""Two equal Gaussian spots closer than 2 sigma show one peak, not two (Sparrow's limit)."""
MATCH_MM = 0.5
"""Found and true dots match within this and half the local spacing, whichever is less."""
BLUR_SIGMA_PX = 0.45
"""Pixel and demosaicking, beside the lens."""


def match_dots(found_px: Array, true_px: Array, mm_per_px: float) -> tuple[Index, Index]:
    """Indices of mutually nearest pairs (found, true) within the tolerance of the metrics."""
    none = np.empty(0, np.int64)
    if len(found_px) == 0 or len(true_px) < 2:
        return none, none
    true_tree, found_tree = cKDTree(true_px), cKDTree(found_px)
    spacing = np.median(true_tree.query(true_px, k=min(7, len(true_px)))[0][:, 1:], axis=1)
    distance, nearest = true_tree.query(found_px)
    back = found_tree.query(true_px)[1]
    mutual = back[nearest] == np.arange(len(found_px))
    close = distance <= np.minimum(MATCH_MM / mm_per_px, spacing[nearest] / 2)
    found = np.flatnonzero(mutual & close)
    return found, np.asarray(nearest)[found]


def merge_unresolved(true_px: Array, pigment: Array, fwhm_px: float) -> Array:
    """Centres of true dots after pairs that no photo can show as two were made one."""
    places, weights = true_px.copy(), pigment.copy()
    while len(places) > 1:
        pairs = cKDTree(places).query_pairs(SPARROW_FWHM * fwhm_px, output_type="ndarray")
        if len(pairs) == 0:
            break
        # Each dot joins one other per round: nearest pairs first.
        gap = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
        free = np.ones(len(places), bool)
        for a, b in pairs[np.argsort(gap)]:
            if free[a] and free[b]:
                free[a] = free[b] = False
                total = weights[a] + weights[b]
                places[a] = (weights[a] * places[a] + weights[b] * places[b]) / total
                weights[a], weights[b] = total, 0.0
        places, weights = places[weights > 0], weights[weights > 0]
    return places


def true_fwhm_px(series: RenderedSeries) -> float:
    """Median width of a dot as the baseline photo shows it."""
    photo = series.photos[0].spec
    blur = np.hypot(photo.defocus_px, BLUR_SIGMA_PX)
    return float(np.hypot(np.median(series.diameter_mm) / series.mm_per_px, 2.3548 * blur))


def f1_score(n_right: float, n_found: float, n_true: float) -> dict[str, float]:
    precision = n_right / n_found if n_found else float("nan")
    recall = n_right / n_true if n_true else float("nan")
    total = n_found + n_true
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * n_right / total if total else float("nan"),
    }


def inside(region: NDArray[np.bool_], xy_px: Array) -> NDArray[np.bool_]:
    """Which places lie on True pixels; NaN and outside the picture are not."""
    known = np.isfinite(xy_px).all(axis=1)
    x, y = np.rint(np.nan_to_num(xy_px, nan=-1)).astype(int).T
    known &= (x >= 0) & (y >= 0) & (x < region.shape[1]) & (y < region.shape[0])
    known[known] = region[y[known], x[known]]
    return known


def score_dots(found_px: Array, series: RenderedSeries) -> dict[str, float]:
    """Precision, recall and F1 at the baseline, with true dots that merge counted once."""
    baseline = series.photos[0]
    shown = np.isfinite(baseline.xy_px).all(axis=1)
    true_px, pigment = baseline.xy_px[shown], series.pigment_od_mm2[shown]
    strict, _ = match_dots(found_px, true_px, series.mm_per_px)
    distinct = merge_unresolved(true_px, pigment, true_fwhm_px(series))
    merged, _ = match_dots(found_px, distinct, series.mm_per_px)
    result = f1_score(len(merged), len(found_px), len(distinct))
    result["f1_unmerged"] = f1_score(len(strict), len(found_px), len(true_px))["f1"]
    result["n_true"], result["n_found"] = len(distinct), len(found_px)
    return result


def score_fates(view: ViewAnalysis, row: PhotoMeasures, series: RenderedSeries, number: int) -> Any:
    """F1 of 'gone' and of 'present' over the baseline dots that were found and seen again."""
    assert row.dots is not None
    shown = np.flatnonzero(np.isfinite(series.photos[0].xy_px).all(axis=1))
    found, true = match_dots(view.dots.xy_px, series.photos[0].xy_px[shown], series.mm_per_px)
    fate = row.dots.fate[found]
    known = (fate != "censored") & np.isfinite(series.photos[number].xy_px[shown[true], 0])
    said_gone = (fate == "gone")[known]
    is_gone = (series.photos[number].retained[shown[true]] < GONE_BELOW)[known]

    def f1(said: NDArray[np.bool_], true_: NDArray[np.bool_]) -> float:
        return f1_score(np.count_nonzero(said & true_), said.sum(), true_.sum())["f1"]

    return {
        "f1_gone": f1(said_gone, is_gone),
        "f1_present": f1(~said_gone, ~is_gone),
        "share_gone": float(is_gone.mean()) if len(is_gone) else float("nan"),
    }


def score_alignment(row: PhotoMeasures, series: RenderedSeries, number: int) -> dict[str, float]:
    """Error of the map at the true dots, and its own estimate of the median error."""
    assert row.registration is not None
    places = series.photos[0].xy_px
    places = places[np.isfinite(places).all(axis=1)]
    truth = series.map_points(number, places)
    seen = np.isfinite(truth).all(axis=1)
    mapped = row.registration.map_points(places[seen])
    error = np.hypot(*(mapped - truth[seen]).T)
    known = error[np.isfinite(error)]
    if len(known) == 0:
        return {"covered": 0.0}
    return {
        "median_px": float(np.median(known)),
        "p95_px": float(np.percentile(known, 95)),
        "stated_px": row.registration_error_px,
        "covered": len(known) / max(len(error), 1),
    }


def score_photo(
    view: ViewAnalysis, row: PhotoMeasures, series: RenderedSeries, number: int
) -> dict[str, Any]:
    """Everything known about one photo after the baseline."""
    truth = series.photos[number]
    record: dict[str, Any] = {
        "photo": number,
        "true_fade": truth.fade_shown,
        "status": row.status.value,
        "reason": row.reason,
    }
    if row.status is Status.REFUSED or row.whole is None:
        return record
    fade = row.whole.fade
    record |= {
        "fade": fade.value,
        "low": fade.low,
        "high": fade.high,
        "error": fade.value - truth.fade_shown,
        "covered": fade.low <= truth.fade_shown <= fade.high,
        "width": fade.high - fade.low,
        "detectable": row.whole.detectable,
        "said_darker": "pigment darker than at baseline" in row.flags,
        "alignment": score_alignment(row, series, number),
        "fates": score_fates(view, row, series, number),
    }
    return record


def true_tone_gain(series: RenderedSeries, number: int) -> float:
    """How much more contrast of a dot photo `number`'s processing draws than the baseline's.

    Slope of density out against density in, at the colour of the treated skin, mean of red and
    luminance; local contrast multiplies it. Sharpening keeps a dot's integral and is left out.
    """
    slopes = [_tone_slope(series, k) for k in (number, 0)]
    return slopes[0] / slopes[1]


def _tone_slope(series: RenderedSeries, number: int) -> float:
    photo = series.photos[number]
    plain = replace(photo.spec, denoise=0.0, sharpen=0.0, local_contrast=0.0)
    skin = photo.srgb[photo.treated_region]
    if len(skin) == 0:
        return float("nan")
    code = np.median(skin, axis=0) / 255
    grey = code @ LIGHTNESS_WEIGHTS
    code = grey + (code - grey) / photo.spec.saturation
    ramp = np.linspace(0, 1.2, 6000, dtype=np.float32)
    grey_codes = _developed(np.repeat(ramp[:, None], 3, axis=1), plain)[:, 0] / 255
    level = np.interp(code, grey_codes, ramp)
    density = np.linspace(-0.08, 0.2, 600)
    shaded = (level * 10.0 ** -density[:, None]).astype(np.float32)
    out = _developed(shaded, plain) / 255
    linear = np.where(out <= 0.04045, out / 12.92, ((out + 0.055) / 1.055) ** 2.4)
    channels = (linear[:, 0], linear @ np.array([0.2126, 0.7152, 0.0722]))
    slopes = [np.polyfit(density, -np.log10(np.maximum(c, 1e-4)), 1)[0] for c in channels]
    return float(np.mean(slopes)) * (1 + photo.spec.local_contrast)


def _developed(colours: NDArray[np.float32], photo: PhotoSpec) -> Array:
    # A picture whose rows are single colours: no neighbour can mix in.
    return develop(colours[:, None, :], photo)[:, 0].astype(float)
