"""A first guess for photos that are turned, zoomed or framed differently: trial poses, no position window.

Upright descriptors bear some 8 degrees of turn and 15 % of zoom. Where the plain attempt fails, a grid of turns and
zooms is tried on the strongest keypoints all over the photo; matches that agree with each other give the pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.measure.features import PhotoFeatures, Places
from tracker.measure.geometry import Affine, Points, apply_affine, frame_centre, similarity
from tracker.measure.matching import find_candidates, largest_agreeing_group

TURNS_DEG = (-36.0, -24.0, -12.0, 0.0, 12.0, 24.0, 36.0)
QUARTER_TURNS_DEG = tuple(
    quarter + beside for quarter in (90.0, 180.0, -90.0) for beside in (-12.0, 0.0, 12.0)
)
"""A phone held flat above a head does not know which way is up, and saves the photo on its side or its head."""
ZOOMS = (0.72, 1.0, 1.39)
STRONGEST = 2000
RATIO = 0.9
LEAST_AGREEING = 7
"""Agreeing matches below which a pose is not worth growing; chance groups reach 4-5."""


@dataclass(frozen=True, eq=False)
class Pose:
    """A trial pose: the similarity through the matches that agree on it, and how many they are."""

    prewarp: Affine
    agreeing: int


def search_poses(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    most: int = 2,
    *,
    turns_deg: Sequence[float] = TURNS_DEG,
) -> list[Pose]:
    """The poses on which the most matches agree, best first; empty where none stands out."""
    centre_r = frame_centre(reference.frame.working_shape)
    centre_m = frame_centre(moving.frame.working_shape)
    long_side = float(reference.frame.long_side)
    poses = []
    for zoom in ZOOMS:
        fixed = reference.places_at(0.0, max(1.0, 1 / zoom), STRONGEST)
        for turn in turns_deg:
            found = moving.places_at(turn, max(1.0, zoom), STRONGEST)
            trial = similarity(turn, zoom, centre_r, centre_m)
            pose = _agreeing(fixed, found, trial, long_side)
            if pose.agreeing >= LEAST_AGREEING:
                poses.append(pose)
    return sorted(poses, key=lambda pose: -pose.agreeing)[:most]


def _agreeing(fixed: Places, found: Places, trial: Affine, long_side: float) -> Pose:
    start = apply_affine(trial, fixed.xy)
    matches = find_candidates(fixed, found, start, np.inf).matches(RATIO)
    displacement = found.xy[matches.moving] - start[matches.reference]
    group = matches[largest_agreeing_group(fixed.xy[matches.reference], displacement, long_side)]
    if len(group) < LEAST_AGREEING:
        return Pose(trial, len(group))
    through = fit_similarity(fixed.xy[group.reference], found.xy[group.moving])
    return Pose(through, len(group))


def fit_similarity(from_xy: Points, to_xy: Points) -> Affine:
    """The turn, zoom and shift that take points to points with the least squares."""
    centre_from, centre_to = from_xy.mean(axis=0), to_xy.mean(axis=0)
    a = (from_xy - centre_from) @ np.array([1, 1j])
    b = (to_xy - centre_to) @ np.array([1, 1j])
    factor = complex(np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-12))
    return similarity(
        float(np.rad2deg(np.angle(factor))), max(abs(factor), 1e-6), centre_from, centre_to
    )
