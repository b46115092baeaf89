"""Which of the measured places hold pigment: hair told from dots by what the series shows.

Shape and colour of a single photo tell hair poorly. Over the series hair stays and pigment
fades: each place's own response, 1 for a place that fades like the pigment as a whole and 0 for
one that stays, separates them well once something has faded. Each place gets a chance of being
pigment from a mixture of two populations of that response, weighed by the single photo's
opinion and by what its neighbours are: hair grows in areas, and outside the treated area there
is nothing else. Where nothing fades the response says nothing and the single photo's opinion
stands: the interval carries that doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.results import FloatColumn


@dataclass(frozen=True)
class WeightSettings:
    """The two populations."""

    hair_spread: float = 0.22
    """SD of a hair's late-to-baseline ratio: shaves differ by about this much."""
    least_fade: float = 0.15
    """With less fade the populations overlap too much to be told apart."""
    full_fade: float = 0.40
    """From this fade on the response has its full say."""
    pigment_spread_floor: float = 0.15
    neighbours: int = 40
    """Places whose opinion makes the local share of hair."""
    rounds: int = 30


def pigment_weights(
    baseline: FloatColumn,
    baseline_sd: float,
    later: Sequence[FloatColumn],
    later_sd: Sequence[float],
    hair_probability: FloatColumn,
    xy_px: FloatColumn,
    settings: WeightSettings = WeightSettings(),
) -> FloatColumn:
    """Chance in [0, 1] that each place holds pigment.

    Parameters
    ----------
    baseline : ndarray of shape (n,)
        Pigment at baseline; NaN where not seen.
    baseline_sd : float
        Its noise for one place.
    later, later_sd : sequences of ndarray of shape (n,) and of float
        The same in the later photos.
    hair_probability : ndarray of shape (n,)
        The single photo's opinion in [0, 1].
    xy_px : ndarray of shape (n, 2)
        The places.
    """
    prior = 1 - np.clip(hair_probability, 0.02, 0.98)
    usable = np.isfinite(baseline) & (baseline > 2 * baseline_sd)
    if usable.sum() < 50 or not later:
        return prior
    ratios = np.stack(later)[:, usable] / baseline[usable]
    noise = np.hypot(np.array(later_sd)[:, None], baseline_sd * np.clip(ratios, 0, 1.5))
    noise /= baseline[usable]
    before, chance = baseline[usable], prior[usable]
    tree = cKDTree(xy_px[usable])
    _, near = tree.query(xy_px[usable], k=min(settings.neighbours, int(usable.sum())))

    # Start from the more faded half of the places, so that hair cannot pull the start to itself.
    seen = np.isfinite(ratios).any(axis=0)
    if not seen.any():
        return prior
    typical = np.full(len(before), np.inf)
    typical[seen] = np.nanmedian(ratios[:, seen], axis=0)
    weight = chance * (typical <= np.median(typical[seen]))
    spread = 0.3
    for _ in range(settings.rounds):
        left = _retained(weight, ratios, before)
        response, response_sd, strength = _response(ratios, noise, left)
        hair_sd = np.hypot(settings.hair_spread / strength, response_sd)
        hair = _normal(response, hair_sd)
        pigment = _normal(response - 1.0, np.hypot(spread, response_sd))
        local = np.clip(weight[near].mean(axis=1), 0.02, 0.98)
        odds = chance / (1 - chance) * local / (1 - local) * pigment / np.maximum(hair, 1e-12)
        known = np.isfinite(response)
        # A place no later photo shows has only its looks and its neighbours to go by.
        odds = np.where(known, odds, chance / (1 - chance) * local / (1 - local))
        weight = odds / (1 + odds)
        mass = (weight * before)[known]
        excess = mass * ((response[known] - 1) ** 2 - response_sd[known] ** 2)
        spread = max(float(np.sqrt(max(excess.sum() / mass.sum(), 0.0))), settings.pigment_spread_floor)
    # A photo that shares no place with the baseline says nothing about how much has faded.
    fade = 1 - float(np.min(left[np.isfinite(ratios).any(axis=1)]))
    say = np.clip((fade - settings.least_fade) / (settings.full_fade - settings.least_fade), 0, 1)
    result = prior.copy()
    result[usable] = say * weight + (1 - say) * chance
    return result


def _retained(weight: FloatColumn, ratios: FloatColumn, before: FloatColumn) -> FloatColumn:
    """Weighted retained share of each later photo, shape (photos,)."""
    seen = np.isfinite(ratios)
    mass = weight * before * seen
    return (mass * np.nan_to_num(ratios)).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)


def _response(
    ratios: FloatColumn, noise: FloatColumn, left: FloatColumn
) -> tuple[FloatColumn, FloatColumn, FloatColumn]:
    """How far each place follows the pigment's fade (1) or stays (0), its sd, and the leverage.

    Least squares of ``1 - ratio = response * (1 - left)`` over the photos that show the place.
    """
    lever = np.clip(1 - left, 0.02, None)[:, None] * np.isfinite(ratios)
    total = (lever**2).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        response = (lever * (1 - np.nan_to_num(ratios))).sum(axis=0) / total
        sd = np.sqrt((lever**2 * np.nan_to_num(noise) ** 2).sum(axis=0)) / total
        # A shave is one draw per photo: several photos average it, though not independently.
        strength = total / np.sqrt((lever**2).sum(axis=0))
    response[total == 0] = np.nan
    return response, np.nan_to_num(sd, posinf=1.0), np.maximum(strength, 1e-3)


def _normal(distance: FloatColumn, sd: FloatColumn) -> FloatColumn:
    density: FloatColumn = np.exp(-0.5 * np.minimum((distance / sd) ** 2, 60.0)) / sd
    return density
