"""The dots of micropigmentation: where they sit, how much ink they hold, how it goes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.rendering.regions import Regions
from tracker.rendering.scalp import Array, Chart, Head
from tracker.rendering.spec import SeriesSpec

CORE_RGB = np.array([1.0, 1.0, 0.95])
HALO_RGB = np.array([1.14, 1.0, 0.78])
"""Density of ink per channel against green: carbon is nearly neutral, scatter makes it bluer."""


@dataclass(frozen=True, eq=False)
class Ink:
    """The dots at baseline: equal-length columns, head coordinates."""

    direction: Array
    point_mm: Array
    normal: Array
    diameter_mm: Array
    """Full width at half maximum."""
    aspect: Array
    turn: Array
    """Shorter over longer axis, and the longer one's angle in the skin plane (radians)."""
    flatness: Array
    lobe_share: Array
    lobe_mm: Array
    """Share of the ink in a lobe, and where the lobe stands along the two axes."""
    pigment_od_mm2: Array
    zone: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.diameter_mm)

    def __getitem__(self, which: NDArray[np.bool_]) -> Ink:
        return Ink(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def scatter(rng: np.random.Generator, half_width_mm: float, per_cm2: float, gap: float) -> Array:
    """Places (n, 2) with a least distance (Poisson discs), by thinning random candidates.

    `gap` is the least distance over the spacing of the hexagonal layout of that density.
    Thinning stops near 0.75; beyond, the asked density is not reached.
    """
    area_mm2 = (2 * half_width_mm) ** 2
    count = int(area_mm2 * per_cm2 / 100)
    spacing = 10.0 * np.sqrt(2 / np.sqrt(3) / max(per_cm2, 1e-9))
    kept = np.empty((0, 2))
    for _ in range(6):
        new = rng.uniform(-half_width_mm, half_width_mm, (count + 8, 2))
        if len(kept):
            new = new[cKDTree(kept).query(new)[0] > gap * spacing]
        pairs = cKDTree(new).query_pairs(gap * spacing, output_type="ndarray")
        alive = np.ones(len(new), bool)
        # an earlier candidate wins; a few sweeps settle chains of neighbours
        for _ in range(4):
            lost = np.zeros(len(new), bool)
            lost[pairs[:, 1][alive[pairs[:, 0]]]] = True
            alive = ~lost
        close = pairs[alive[pairs[:, 0]] & alive[pairs[:, 1]]]
        alive[close[:, 1]] = False
        kept = np.concatenate([kept, new[alive]])
        if len(kept) >= count:
            break
    return kept[rng.permutation(len(kept))[:count]]


def tattoo(
    rng: np.random.Generator,
    head: Head,
    chart: Chart,
    regions: Regions,
    spec: SeriesSpec,
    half_width_mm: float,
) -> Ink:
    """Dots over the treated area, as an operator would place them."""
    uv = scatter(rng, half_width_mm, spec.dots_per_cm2, spec.regularity)
    merged = rng.random(len(uv)) < spec.merged_share
    turn = rng.uniform(0, 2 * np.pi, merged.sum())
    beside = 0.75 * spec.dot_diameter_mm * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    uv = np.concatenate([uv, uv[merged] + beside])
    direction = chart.direction(uv)
    margin = regions.inside_treated_mm(direction)
    softness = max(spec.edge_softness_mm, 1e-3)
    chance = np.clip(0.5 + margin / softness, 0, 1) ** 1.5
    # a hand is not a machine: passes overlap here and leave gaps there
    waves = rng.normal(size=(10, 3)) * 40.0
    unevenness = np.cos(direction @ waves.T + rng.uniform(0, 2 * np.pi, 10)).sum(-1) / np.sqrt(5)
    chance *= np.clip(0.88 + 0.14 * unevenness, 0.3, 1.0)
    if spec.treated == "none":
        chance[:] = 0
    kept = rng.random(len(uv)) < chance
    direction = direction[kept]
    n = len(direction)
    point = head.surface(direction)
    diameter = spec.dot_diameter_mm * np.exp(rng.normal(0, spec.diameter_spread, n))
    diameter = np.clip(diameter, 0.10, 0.60)
    flatness = rng.uniform(0.9, 1.4, n)
    lobed = rng.random(n) < 0.5
    lobe_share = np.where(lobed, rng.uniform(0.15, 0.45, n), 0.0)
    around = rng.uniform(0, 2 * np.pi, n)
    lobe = diameter * rng.uniform(0.35, 0.75, n)
    peak = spec.peak_density * np.exp(rng.normal(0, spec.density_spread, n))
    # a Gaussian of this half-maximum diameter holds peak * pi d^2 / (4 ln 2)
    pigment = np.minimum(peak, 1.2) * np.pi * diameter**2 / (4 * np.log(2))
    return Ink(
        direction,
        point,
        head.normal(point),
        diameter,
        rng.uniform(0.68, 1.0, n),
        rng.uniform(0, np.pi, n),
        flatness,
        lobe_share,
        lobe[:, None] * np.stack([np.cos(around), np.sin(around)], axis=1),
        pigment,
        regions.zone_names(direction),
    )


@dataclass(frozen=True, eq=False)
class FadeHistory:
    """What every dot retains in every photo.

    Attributes
    ----------
    retained : ndarray of shape (photos, n)
        Share of the baseline pigment left in the dot.
    shadow : ndarray of shape (photos, n)
        Share that has spread into a broad shadow around the dot; not counted as dot pigment.
    """

    retained: Array
    shadow: Array


def fade_history(
    rng: np.random.Generator, ink: Ink, spec: SeriesSpec, counted: NDArray[np.bool_]
) -> FadeHistory:
    """Draw each dot's response so that the `counted` dots fade exactly as the photos say.

    A dot with exponent k keeps ``(1 - fade)^(c k)``; c is solved per photo so that the pigment
    sum matches `PhotoSpec.fade`. Neighbours respond alike (spots of the laser overlap).
    """
    n = len(ink)
    if n == 0:
        empty = np.empty((len(spec.photos), 0))
        return FadeHistory(empty, empty)
    waves = rng.normal(size=(12, 3)) * 14.0
    field = np.cos(ink.direction @ waves.T + rng.uniform(0, 6.28, 12)).sum(-1) / np.sqrt(6)
    exponent = np.exp(spec.response_spread * (0.6 * field + 0.8 * rng.normal(size=n)))
    for zone, factor in spec.zone_response:
        exponent[ink.zone == zone] *= factor
    darkening = rng.random(n) < spec.darkening_share
    darker_by = rng.uniform(1.05, 1.4, n)
    retained = np.ones((len(spec.photos), n))
    weight = np.where(counted, ink.pigment_od_mm2, 0.0)
    weight /= max(weight.sum(), 1e-12)
    wander = np.zeros(n)
    for i, photo in enumerate(spec.photos):
        if photo.fade == 0.0:
            continue
        wander = 0.7 * wander + 0.10 * rng.normal(size=n)
        base = (1 - photo.fade) ** (exponent * np.exp(wander))
        if photo.fade > 0:
            base[darkening] = darker_by[darkening]
        low, high = np.log(1e-3), np.log(1e3)
        for _ in range(60):
            middle = (low + high) / 2
            powered = np.where(darkening & (photo.fade > 0), base, base ** np.exp(middle))
            too_much = (weight * powered).sum() > 1 - photo.fade
            if too_much == (photo.fade > 0):
                low = middle
            else:
                high = middle
        retained[i] = powered
    shadow = spec.ghosting * np.clip(1 - retained, 0, None) * rng.uniform(0.5, 1.5, n)
    return FadeHistory(retained, shadow)
