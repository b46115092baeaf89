"""Which photo of a series to align with which, so that each reaches the baseline by its best way.

A photo is aligned with the baseline directly where that gives a good map. Where it does not (most of the
ink is gone, the pose is far off), the photos already aligned are tried as stepping stones, those nearest in
the order of the series first, because neighbouring photos look alike; the step is composed with the
stone's own map. Few steps are tried per photo, so that the cost grows with the number of photos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.features import PhotoFeatures
from tracker.measure.geometry import apply_affine, centred_cells, contains
from tracker.measure.pose_change import refuse_turned
from tracker.measure.registration import (
    CHECK_STEP_PX,
    RADIUS_PER_SD,
    NotRegistered,
    Registration,
    RegistrationSettings,
    register,
)
from tracker.measure.spline_field import fit_spline_field
from tracker.measure.threads import map_threads

GOOD_ERROR_WORKING_PX = 0.7
GOOD_OVERLAP = 0.5
"""A direct alignment this good needs no stepping stone."""
STONES = 2
"""Stepping stones tried per photo."""
COMPOSED_KNOTS_PER_LONG_SIDE = 24


@dataclass(frozen=True, eq=False)
class Link:
    """How one photo reached the baseline.

    `parent` is the index of the photo it was matched with: the baseline's, or a stepping stone's; its own for
    the baseline itself and for refusals. `result` is None for the baseline.
    """

    result: Registration | NotRegistered | None
    parent: int


def align_series(
    features: Sequence[PhotoFeatures],
    baseline: int,
    settings: RegistrationSettings | None = None,
    *,
    workers: int = 1,
    straight: Mapping[int, Registration | NotRegistered] | None = None,
) -> list[Link]:
    """Align every photo of a series with its baseline photo.

    Parameters
    ----------
    features : sequence of PhotoFeatures
        In time order.
    baseline : int
        Index of the photo that the others are aligned with.
    workers : int
        Photos aligned at the same time; the maps do not depend on it.
    straight : mapping, optional
        What `register` made of the baseline and a photo, by the photo's index, where that is already known.

    Returns
    -------
    list of Link
        One per photo.

    Raises
    ------
    ValueError
        If `baseline` is no index into `features`.
    """
    if not 0 <= baseline < len(features):
        raise ValueError(f"baseline must be in [0, {len(features)}), got {baseline}")
    links = [Link(None, k) for k in range(len(features))]
    others = sorted(
        (k for k in range(len(features)) if k != baseline), key=lambda k: (abs(k - baseline), k)
    )
    known = {} if straight is None else straight

    def direct_to(k: int) -> Registration | NotRegistered:
        return known[k] if k in known else register(features[baseline], features[k], settings)

    for k, result in zip(others, map_threads(direct_to, others, workers), strict=True):
        links[k] = Link(result, baseline)
    # Nearest to the baseline first, so that a rescued photo can be a stone for the next one.
    for k in others:
        direct = links[k].result
        if _good(direct):
            continue
        stones = sorted(
            (j for j in others if j != k and _good(links[j].result)),
            key=lambda j: (abs(j - k), abs(j - baseline)),
        )[:STONES]
        for stone in stones:
            first = links[stone].result
            second = register(features[stone], features[k], settings)
            if not isinstance(first, Registration) or not isinstance(second, Registration):
                continue
            chained = compose(first, second)
            if _better(chained, links[k].result):
                links[k] = Link(chained, stone)
    for k in others:
        reached = links[k].result
        if reached is not None:
            checked = refuse_turned(reached)
            links[k] = Link(checked, k if isinstance(checked, NotRegistered) else links[k].parent)
    return links


def _good(result: Registration | NotRegistered | None) -> bool:
    return (
        isinstance(result, Registration)
        and result.error_px * result.moving.scale <= GOOD_ERROR_WORKING_PX
        and result.overlap >= GOOD_OVERLAP
    )


def _better(chained: Registration, known: Registration | NotRegistered | None) -> bool:
    """A chain must show clearly more skin, or be clearly more exact, than what is known."""
    if not isinstance(known, Registration):
        return True
    return chained.overlap / known.overlap > 1.1 * chained.error_px / known.error_px


def compose(first: Registration, second: Registration) -> Registration:
    """The map that goes by `first` (A to B), then by `second` (B to C), as one registration.

    Raises
    ------
    ValueError
        If `second` does not start in the photo where `first` ends.
    """
    if first.moving != second.reference:
        raise ValueError(
            f"second must start in the photo where first ends: {first.moving.shape}, "
            f"got {second.reference.shape}"
        )
    cells = centred_cells(first.reference.working_shape, CHECK_STEP_PX)
    flat = cells.reshape(-1, 2)
    there = first.map_working(flat)
    end = second.map_working(there)
    linear = second.prewarp[:, :2] @ first.prewarp[:, :2]
    prewarp = np.column_stack(
        [linear, second.prewarp[:, :2] @ first.prewarp[:, 2] + second.prewarp[:, 2]]
    )
    inside = contains(there, first.moving.working_shape)
    long_side = float(first.reference.long_side)
    fit = fit_spline_field(
        flat[inside],
        (end - apply_affine(prewarp, flat))[inside],
        low=np.zeros(2),
        high=np.array(first.reference.working_shape[::-1], np.float64),
        spacing=long_side / COMPOSED_KNOTS_PER_LONG_SIDE,
        bend_sd=0.01 * long_side,
        noise_sd=0.05,
        rounds=1,
    )
    zoom = float(np.sqrt(abs(np.linalg.det(second.prewarp[:, :2]))))
    zoom *= first.moving.scale / second.moving.scale
    full, there_full = first.reference.to_full(flat), first.moving.to_full(there)
    second_sd = second.sd_at(there_full).reshape(cells.shape[:2])
    sd_px = np.hypot(zoom * first.sd_px, second_sd).astype(np.float32)
    # Both maps end at their photos' borders; the middle photo's counts as well.
    known = np.isfinite(sd_px)
    skin = np.isfinite(first.sd_px)
    share = int(np.count_nonzero(known & skin)) / max(1, int(np.count_nonzero(skin)))
    composed = replace(
        first,
        moving=second.moving,
        prewarp=prewarp,
        fields=(fit.field,),
        sd_px=np.where(known, sd_px, np.nan).astype(np.float32),
        error_px=RADIUS_PER_SD * float(np.median(sd_px[known])) if known.any() else np.inf,
        overlap=first.overlap * share,
        bridged=known
        & ~(first.is_proven(full) & second.is_proven(there_full)).reshape(known.shape),
        evidence={
            "steps": first.evidence.get("steps", 1.0) + second.evidence.get("steps", 1.0),
            "hit_rate": min(first.evidence["hit_rate"], second.evidence["hit_rate"]),
        },
    )
    return composed
