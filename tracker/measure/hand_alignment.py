"""An alignment from point pairs: a person says which place of one photo is which of the other.

The pairs come first. From the affine map through them the photos' own details are matched again,
close by: where that gives an alignment that is borne out and that runs through the pairs, it is
the better one, since it rests on hundreds of places. Where it does not, the smooth field
through the pairs is the alignment, and only places are mapped that the pairs pin down.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracker.measure.features import PhotoFeatures
from tracker.measure.geometry import (
    Affine,
    Points,
    apply_affine,
    centred_cells,
    mask_at_cells,
    zoom_of,
)
from tracker.measure.registration import (
    CHECK_STEP_PX,
    RADIUS_PER_SD,
    NotRegistered,
    Registration,
    RegistrationSettings,
    register,
)
from tracker.measure.spline_field import fit_spline_field

LEAST_PAIRS = 3
HAND_SD_SHARE = 0.0008
"""Standard deviation of a place set by hand, over the photo's long side: 3 px of a 12 MP photo."""
LEAST_HAND_SD_PX = 1.0
LEAST_BREADTH = 0.05
"""Least ratio of the pairs' spread across to their spread along: below it they lie on one line."""
LARGEST_ZOOM = 4.0
KNOTS_PER_LONG_SIDE = 8
BEND_SHARE = 0.009
"""Prior second difference over a knot spacing, of the long side: a head turned by some 10 degrees
(`spline_field` has 0.004 over a twelfth; it grows with the square of the spacing)."""
ROBUST_FROM = 6
"""With fewer pairs a wrong one cannot be told from the others."""
TRUSTED_SHARE = 0.004
"""Places are mapped where the pairs leave less doubt than this share of the long side: the last
step of alignment (`refine`) searches that far."""
NEAR_SHARE = 0.05
"""Search window for details over the long side, about where the pairs put them."""
AGREEMENT = 4.0
"""A matched alignment must run through the pairs within this many of their standard deviations."""


def hand_sd_px(shape: tuple[int, int]) -> float:
    """Standard deviation of a place that a person sets in a photo of (H, W)."""
    return max(LEAST_HAND_SD_PX, HAND_SD_SHARE * max(shape))


def pair_misfits_px(reference_xy_px: Points, moving_xy_px: Points) -> NDArray[np.float64]:
    """How far each pair lies from where the other pairs put it, moving px, shape (n,).

    Each pair is left out in turn and predicted by the affine map through the rest. NaN with fewer
    than four pairs, or where the rest lies on one line.
    """
    n = len(reference_xy_px)
    misfit = np.full(n, np.nan)
    if n <= LEAST_PAIRS:
        return misfit
    for left_out in range(n):  # a person sets a dozen pairs at most
        others = np.arange(n) != left_out
        if _breadth(reference_xy_px[others]) < LEAST_BREADTH:
            continue
        affine = _affine_through(reference_xy_px[others], moving_xy_px[others])
        predicted = apply_affine(affine, reference_xy_px[left_out : left_out + 1])
        misfit[left_out] = float(np.hypot(*(predicted - moving_xy_px[left_out])[0]))
    return misfit


def register_by_pairs(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    reference_xy_px: Points,
    moving_xy_px: Points,
) -> Registration | NotRegistered:
    """Align two photos by places that a person paired.

    Parameters
    ----------
    reference, moving : PhotoFeatures
        From `extract_features`.
    reference_xy_px, moving_xy_px : ndarray of shape (n, 2)
        The same `n` places in both photos, full-resolution pixels.

    Returns
    -------
    Registration or NotRegistered
        The alignment, or why these pairs give none.

    Raises
    ------
    ValueError
        If there are fewer than three pairs, or the two lists differ in length.
    """
    if reference_xy_px.shape != moving_xy_px.shape or reference_xy_px.ndim != 2:
        raise ValueError(
            "reference_xy_px and moving_xy_px must have the same shape (n, 2), got "
            f"{reference_xy_px.shape} and {moving_xy_px.shape}"
        )
    n = len(reference_xy_px)
    if n < LEAST_PAIRS:
        raise ValueError(f"at least {LEAST_PAIRS} point pairs are needed, got {n}")
    if min(_breadth(reference_xy_px), _breadth(moving_xy_px)) < LEAST_BREADTH:
        return NotRegistered("the point pairs lie on one line: add one to the side of it")
    here = reference.frame.to_working(reference_xy_px)
    there = moving.frame.to_working(moving_xy_px)
    prewarp = _affine_through(here, there)
    if np.linalg.det(prewarp[:, :2]) <= 0:
        return NotRegistered("the point pairs exchange left and right: check which is which")
    full_zoom = zoom_of(prewarp) * reference.frame.scale / moving.frame.scale
    if not 1 / LARGEST_ZOOM <= full_zoom <= LARGEST_ZOOM:
        return NotRegistered(
            f"the point pairs make one photo {max(full_zoom, 1 / full_zoom):.1f} times as large as "
            "the other: check which is which"
        )
    sd_px = hand_sd_px(moving.frame.shape)
    near = RegistrationSettings(window_share=NEAR_SHARE)
    matched = register(reference, moving, near, start=prewarp)
    if isinstance(matched, Registration):
        off = np.hypot(*(matched.map_everywhere(reference_xy_px) - moving_xy_px).T)
        if float(np.median(off)) < AGREEMENT * sd_px:
            return replace(matched, evidence={**matched.evidence, "pairs": float(n)})
    return _through_pairs(reference, moving, here, there, prewarp, sd_px)


def _through_pairs(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    here: Points,
    there: Points,
    prewarp: Affine,
    hand_sd: float,
) -> Registration | NotRegistered:
    """The smooth field through the pairs; mapped where they pin it down."""
    frame = reference.frame
    n = len(here)
    fit = fit_spline_field(
        here,
        there - apply_affine(prewarp, here),
        low=np.zeros(2),
        high=np.array(frame.working_shape[::-1], np.float64),
        spacing=frame.long_side / KNOTS_PER_LONG_SIDE,
        bend_sd=BEND_SHARE * frame.long_side,
        noise_sd=hand_sd * moving.frame.scale,
        rounds=6 if n >= ROBUST_FROM else 1,
    )
    cells = centred_cells(frame.working_shape, CHECK_STEP_PX)
    flat = cells.reshape(-1, 2)
    skin = mask_at_cells(reference.region, CHECK_STEP_PX)
    sd_px = (fit.sd(flat) / moving.frame.scale).reshape(skin.shape)
    mapped = apply_affine(prewarp, flat) + fit.field(flat)
    seen = moving.frame.contains_working(mapped).reshape(skin.shape) & skin
    sd_px[sd_px > TRUSTED_SHARE * max(moving.frame.shape)] = np.nan
    good = np.isfinite(sd_px) & seen
    if not good.any():
        return NotRegistered("the point pairs pin down no skin: spread them over the treated area")
    return Registration(
        frame,
        moving.frame,
        prewarp,
        (fit.field,),
        sd_px.astype(np.float32),
        RADIUS_PER_SD * float(np.median(sd_px[good])),
        int(np.count_nonzero(good)) / max(1, int(np.count_nonzero(skin))),
        {"pairs": float(n), "misfit_px": float(np.median(np.hypot(*fit.residual.T)))},
    )


def _affine_through(here: Points, there: Points) -> Affine:
    """Least-squares affine map of (n, 2) places onto (n, 2) others."""
    design = np.column_stack([here, np.ones(len(here))])
    solved, *_ = np.linalg.lstsq(design, there, rcond=None)
    return np.asarray(solved.T, np.float64)


def _breadth(xy: Points) -> float:
    """Spread of places across over along their longest direction: 0 on a line."""
    spread = np.linalg.svd(xy - xy.mean(axis=0), compute_uv=False)
    return float(spread[1] / spread[0]) if spread[0] > 0 else 0.0
