"""Which of the measured places hold pigment: hair told from dots by what the series shows.

Shape and colour of a single photo tell hair poorly. Over the series pigment fades, and all of
it much alike, while hair stays, longer or shorter by the last shave but again all of it much
alike. So the places' ratios of later to baseline pigment form two populations, one point per
place with one coordinate per photo. Each place gets a chance of being pigment from the mixture
of the two, weighed by the single photo's opinion and by what its neighbours are: hair grows in
areas, and outside the treated area there is nothing else. Where nothing fades the populations
coincide, the mixture says nothing and the single photo's opinion stands: the interval carries
that doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.results import FloatColumn


@dataclass(frozen=True)
class WeightSettings:
    """The two populations."""

    hair_mean_sd: float = 0.25
    """By how much a shave changes the darkness of all hairs together, against the baseline."""
    hair_spread: tuple[float, float] = (0.10, 0.30)
    """SD of single hairs' ratios about that: at least and at most."""
    hair_mean: tuple[float, float] = (0.7, 1.6)
    """Mean ratio of a photo's hairs: at least and at most."""
    looks: float = 0.85
    """The single photo's opinion counts up to this chance: a shaved root looks like a dot."""
    least_together: float = 0.35
    """Share of pigment among a pigment place's neighbours. A real tattoo is dense somewhere; a
    few odd ratios strewn among hair are not one."""
    pigment_spread_floor: float = 0.12
    pigment_spread_share: float = 0.5
    """Dots respond differently: SD of their ratios is at most about this share of the fade."""
    separation: float = 2.0
    """Populations whose means differ by less than this many sds, in the photos together, are
    not told apart; from twice this on the mixture has its full say."""
    neighbours: int = 40
    """Places whose opinion makes the local share of hair."""
    rounds: int = 25


@dataclass(frozen=True, eq=False)
class _Mixture:
    weight: FloatColumn
    score: float
    say: float


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
    before, chance = baseline[usable], prior[usable]
    ratios = np.stack(later)[:, usable] / before
    noise = np.hypot(np.array(later_sd)[:, None], baseline_sd * np.clip(ratios, 0, 1.5)) / before
    # A photo that shares no place with the baseline says nothing; it must not read as all gone.
    shares = np.isfinite(ratios).any(axis=1)
    ratios, noise = ratios[shares], noise[shares]
    if not shares.any():
        return prior
    _, found = cKDTree(xy_px[usable]).query(
        xy_px[usable], k=min(settings.neighbours, int(usable.sum()))
    )
    near = np.asarray(found)
    seen = np.isfinite(ratios)
    count = seen.sum(axis=0)
    mean_ratio = np.where(count > 0, np.nan_to_num(ratios).sum(axis=0) / np.maximum(count, 1), 1.0)
    # Three starts, from few to many places pigment; the likeliest end counts.
    ends = [
        _mix(
            ratios, noise, before, chance, near, mean_ratio <= np.quantile(mean_ratio, q), settings
        )
        for q in (0.05, 0.15, 0.6)
    ]
    # An end in which "hair" clears and "pigment" stays has the two confused (say 0).
    best = max(ends, key=lambda end: (end.say > 0, end.score))
    result = prior.copy()
    result[usable] = best.say * best.weight + (1 - best.say) * chance
    return result


def _mix(
    ratios: FloatColumn,
    noise: FloatColumn,
    before: FloatColumn,
    chance: FloatColumn,
    near: NDArray[np.intp],
    start: NDArray[np.bool_],
    settings: WeightSettings,
) -> _Mixture:
    """Expectation-maximisation of the two populations from one start."""
    seen = np.isfinite(ratios)
    known = np.nan_to_num(ratios)
    # Photos share each dot's own response: their evidence adds up slower than their number.
    temper = np.maximum(seen.sum(axis=0), 1) ** -0.5
    told = (seen.mean(axis=0) >= 0.5).astype(np.float64)
    weight = np.where(start, 0.9, 0.1)
    spread = np.full(len(ratios), 0.25)
    held = np.clip(chance, 1 - settings.looks, settings.looks)
    looks = np.log(held / (1 - held))
    hair_spread = np.full(len(ratios), settings.hair_spread[1])
    score = -np.inf
    pigment_mean = hair_mean = np.ones(len(ratios))
    for _ in range(settings.rounds):
        pigment_mean = _weighted_ratio(weight * told, known, seen, before)
        hair_mean, hair_spread = _hair(1 - weight, known, seen, noise, hair_spread, settings)
        spread = _pigment_spread(weight * told, known, seen, noise, before, pigment_mean, settings)
        as_pigment = _log_density(known, pigment_mean, np.hypot(spread[:, None], noise), seen)
        as_hair = _log_density(known, hair_mean, np.hypot(hair_spread[:, None], noise), seen)
        # Only places that most later photos show have anything to tell.
        local = (weight * told)[near].sum(axis=1) / np.maximum(told[near].sum(axis=1), 1)
        local = np.clip(local, 0.02, 0.98)
        logit = looks + np.log(local / (1 - local)) + temper * (as_pigment - as_hair)
        weight = 1 / (1 + np.exp(-np.clip(logit, -30, 30)))
        share = np.clip(held * local / (held * local + (1 - held) * (1 - local)), 0.01, 0.99)
        top = np.maximum(as_pigment, as_hair) * temper
        mixed = share * np.exp(temper * as_pigment - top) + (1 - share) * np.exp(
            temper * as_hair - top
        )
        score = float((np.log(mixed) + top).mean())
        score -= 0.5 * float((((hair_mean - 1) / settings.hair_mean_sd) ** 2).sum()) / len(before)
    apart = float(np.sqrt((((hair_mean - pigment_mean) ** 2) / (spread**2 + hair_spread**2)).sum()))
    # Pigment that is darker than hair would be, in every photo, is not fading: no verdict.
    fades = float((hair_mean - pigment_mean).mean()) > 0
    together = float((weight * weight[near].mean(axis=1)).sum() / max(weight.sum(), 1e-9))
    real = fades and together >= settings.least_together
    say = np.clip(apart / settings.separation - 0.5, 0, 1) if real else 0.0
    return _Mixture(weight, score, float(say))


def _weighted_ratio(
    weight: FloatColumn, ratios: FloatColumn, seen: NDArray[np.bool_], before: FloatColumn
) -> FloatColumn:
    mass = weight * before * seen
    mean: FloatColumn = (mass * ratios).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)
    return mean


def _hair(
    weight: FloatColumn,
    ratios: FloatColumn,
    seen: NDArray[np.bool_],
    noise: FloatColumn,
    spread: FloatColumn,
    settings: WeightSettings,
) -> tuple[FloatColumn, FloatColumn]:
    """Mean and SD of the hair ratio per photo, the mean drawn to 1 where few hairs speak."""
    own = np.nan_to_num(noise, nan=1.0) ** 2
    precision = weight * seen / (spread[:, None] ** 2 + own)
    # Outliers, a hair where there was none before, must not drag the mean.
    precision = precision * (np.abs(ratios - 1) < 1)
    # Hairs of one photo share their shave: beyond about thirty of them nothing is learnt.
    precision *= 30 / max(float(weight.sum()), 30.0)
    pull = 1 / settings.hair_mean_sd**2
    mean = ((precision * ratios).sum(axis=1) + pull) / (precision.sum(axis=1) + pull)
    mean = np.clip(mean, *settings.hair_mean)
    excess = np.minimum((ratios - mean[:, None]) ** 2, 1.0) - own
    total = np.maximum((weight * seen).sum(axis=1), 1.0)
    variance = (weight * seen * excess).sum(axis=1) / total
    return mean, np.clip(np.sqrt(np.maximum(variance, 0)), *settings.hair_spread)


def _pigment_spread(
    weight: FloatColumn,
    ratios: FloatColumn,
    seen: NDArray[np.bool_],
    noise: FloatColumn,
    before: FloatColumn,
    mean: FloatColumn,
    settings: WeightSettings,
) -> FloatColumn:
    """SD of the dots' own ratios per photo, noise taken off, within what fading dots do."""
    mass = weight * before * seen
    excess = (ratios - mean[:, None]) ** 2 - np.nan_to_num(noise) ** 2
    variance = (mass * excess).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)
    most = np.maximum(
        settings.pigment_spread_share * np.abs(1 - mean), settings.pigment_spread_floor
    )
    spread: FloatColumn = np.clip(
        np.sqrt(np.maximum(variance, 0)), settings.pigment_spread_floor, most
    )
    return spread


def _log_density(
    ratios: FloatColumn, mean: FloatColumn, sd: FloatColumn, seen: NDArray[np.bool_]
) -> FloatColumn:
    """Log density of each place over the photos that show it; far outliers count alike."""
    sd = np.nan_to_num(sd, nan=1.0)
    distance = np.minimum(((ratios - mean[:, None]) / sd) ** 2, 16.0)
    total: FloatColumn = (seen * (-0.5 * distance - np.log(sd))).sum(axis=0)
    return total
