"""From a few agreeing matches to a field over the whole head, and a test of it that it has not seen.

Matches are looked for again only where the field is already sure of itself, kept only where their neighbours
move alike, and the field is fitted anew; a few rounds carry it from the first group over the head. Loose rules here
accept chance matches and drag the field along, so what was kept is not the proof: blocks of the photo
are held out, the field is fitted without them, and the share of their keypoints whose most similar keypoint lies
just where the field says is compared with chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.features import Places
from tracker.measure.geometry import Affine, Points, apply_affine, contains
from tracker.measure.matching import Matches, find_candidates, neighbours_agree
from tracker.measure.spline_field import FieldFit, fit_spline_field

KNOTS_PER_LONG_SIDE = 12
BEND_SHARE = 0.004
"""Prior second difference over one knot spacing, over the long side; see `spline_field`."""
MATCH_SD_PX = 1.0
"""Standard deviation of a match, working px."""
ROUNDS = 4
SETTLED = 1.05
"""Growth ends when a round adds less than 5 %."""
FINE_KNOTS_PER_LONG_SIDE = 24
"""Of the last fit, when thousands of matches can carry them."""
SURE_SD_PX = 8.0
"""Matches are looked for where the field's posterior sd is below this, working px."""
WINDOW_PX = (6.0, 24.0)
GROWTH_RATIO = 0.9
AGREE_TOLERANCE_PX = 2.0
AGREE_SLOPE = 0.05
AGREE_SHARE = 0.5
BLOCKS_PER_LONG_SIDE = 8
HIT_WINDOW_PX = 16.0
HIT_PX = 3.2
"""Within a square window of half side 16 px, a disc of 3.2 px holds 3 % of chance places."""
LOCAL = 64
LOCAL_RATE = 0.11
"""A neighbourhood of 64 keypoints with 7 hits is proven; by chance alone it has 2, and 7 in 1 of 200."""
LOCAL_REACH_SHARE = 1 / 12
PROOF_CELL_PX = 16.0
HIT_CHANCE = float(np.pi * HIT_PX**2 / (2 * HIT_WINDOW_PX) ** 2)


@dataclass(frozen=True, eq=False)
class Growth:
    """A grown field and the matches that carry it.

    The field gives displacements in moving working px on top of the prewarp, at reference working px.
    """

    fit: FieldFit
    matches: Matches
    xy: Points
    """Reference places of the matches, working px."""


@dataclass(frozen=True, eq=False)
class HoldOut:
    """How well fields fitted without a block predict the matches inside it."""

    xy: Points
    """Reference keypoints that were looked for, working px."""
    hit: NDArray[np.bool_]
    """Which of them were found where predicted."""

    @property
    def hit_rate(self) -> float:
        return float(self.hit.mean()) if len(self.hit) else 0.0

    def proven(self, xy: Points, least_rate: float, reach: float) -> NDArray[np.bool_]:
        """True where at least `least_rate` of the `LOCAL` nearest keypoints, all within `reach`, were hits."""
        if len(self.hit) < LOCAL:
            return np.zeros(len(xy), bool)
        # Neighbourhoods are large: places of one small cell share the answer of its middle.
        cells, member = np.unique(
            np.floor(xy / PROOF_CELL_PX).astype(int), axis=0, return_inverse=True
        )
        middles = (cells + 0.5) * PROOF_CELL_PX
        distance, near = (np.asarray(found) for found in cKDTree(self.xy).query(middles, LOCAL))
        proven = (self.hit[near].mean(axis=1) >= least_rate) & (distance[:, -1] < reach)
        shared: NDArray[np.bool_] = proven[member.ravel()]
        return shared


@dataclass(frozen=True, eq=False)
class Scene:
    """Both photos' keypoints, the prewarp between them and the working frames."""

    reference: Places
    moving: Places
    prewarp: Affine
    shape: tuple[int, int]
    moving_shape: tuple[int, int]

    @property
    def long_side(self) -> float:
        return float(max(self.shape))

    @property
    def start(self) -> Points:
        """Prewarped places of the reference keypoints."""
        return apply_affine(self.prewarp, self.reference.xy)

    def displacement(self, matches: Matches) -> Points:
        moved: Points = self.moving.xy[matches.moving] - self.start[matches.reference]
        return moved


def fit_matches(scene: Scene, matches: Matches, knots: int = KNOTS_PER_LONG_SIDE) -> FieldFit:
    """The field through these matches."""
    finer = knots / KNOTS_PER_LONG_SIDE
    return fit_spline_field(
        scene.reference.xy[matches.reference],
        scene.displacement(matches),
        low=np.zeros(2),
        high=np.array([scene.shape[1], scene.shape[0]], np.float64),
        spacing=scene.long_side / knots,
        bend_sd=BEND_SHARE * scene.long_side / finer**1.5,
        noise_sd=MATCH_SD_PX,
    )


def grow(scene: Scene, seeds: Matches) -> Growth:
    """Spread the field from the seed matches as far as the photos agree."""
    matches = seeds
    fit = fit_matches(scene, matches)
    start = scene.start
    for turn in range(ROUNDS):
        sd = fit.sd(scene.reference.xy)
        predicted = start + fit.field(scene.reference.xy)
        sure = np.flatnonzero((sd < SURE_SD_PX) & contains(predicted, scene.moving_shape))
        radius = np.clip(3 * np.hypot(sd[sure], MATCH_SD_PX), *WINDOW_PX)
        found = find_candidates(scene.reference[sure], scene.moving, predicted[sure], radius)
        local = found.matches(GROWTH_RATIO)
        grown = Matches(sure[local.reference], local.moving)
        residual = scene.moving.xy[grown.moving] - predicted[grown.reference]
        keep = neighbours_agree(
            scene.reference.xy[grown.reference],
            residual,
            AGREE_TOLERANCE_PX,
            AGREE_SLOPE,
            AGREE_SHARE,
        )
        if np.count_nonzero(keep) < 4:
            break
        before, matches = len(matches), grown[keep]
        settled = turn > 0 and len(matches) < SETTLED * before
        fine = settled or turn == ROUNDS - 1
        fit = fit_matches(scene, matches, FINE_KNOTS_PER_LONG_SIDE if fine else KNOTS_PER_LONG_SIDE)
        if settled:
            break
    matches = matches[fit.weight > 0]
    return Growth(fit, matches, scene.reference.xy[matches.reference])


def hold_out(scene: Scene, matches: Matches) -> HoldOut:
    """Predict each half of a chequerboard of blocks from the other half."""
    block = scene.long_side / BLOCKS_PER_LONG_SIDE
    cell = np.floor(scene.reference.xy / block).astype(int).sum(axis=1) % 2
    start = scene.start
    looked, hit = [np.empty((0, 2))], [np.empty(0, bool)]
    for fold in (0, 1):
        others = matches[cell[matches.reference] != fold]
        if len(others) < 8:
            continue
        fit = fit_matches(scene, others)
        inside = np.flatnonzero(cell == fold)
        predicted = start[inside] + fit.field(scene.reference.xy[inside])
        known = (fit.sd(scene.reference.xy[inside]) < SURE_SD_PX) & contains(
            predicted, scene.moving_shape
        )
        rows, predicted = inside[known], predicted[known]
        best = find_candidates(scene.reference[rows], scene.moving, predicted, HIT_WINDOW_PX).moving
        seen = best >= 0
        off = np.hypot(*(scene.moving.xy[best[seen]] - predicted[seen]).T)
        looked.append(scene.reference.xy[rows[seen]])
        hit.append(off < HIT_PX)
    return HoldOut(np.concatenate(looked), np.concatenate(hit))


def keep_proven(scene: Scene, growth: Growth, proof: HoldOut) -> Growth:
    """The growth without the matches from places that the held-out test does not bear out."""
    xy = scene.reference.xy[growth.matches.reference]
    proven = proof.proven(xy, LOCAL_RATE, LOCAL_REACH_SHARE * scene.long_side)
    matches = growth.matches[proven]
    if len(matches) < 8:
        return growth
    fit = fit_matches(scene, matches, FINE_KNOTS_PER_LONG_SIDE)
    matches = matches[fit.weight > 0]
    return Growth(fit, matches, scene.reference.xy[matches.reference])
