"""Which of the measured places hold pigment: hair told from dots by what the series shows.

Shape and colour of a single photo tell hair poorly. Over the series hair stays and pigment
fades: the ratio of late to baseline pigment separates them well once something has faded.
Each place gets a chance of being pigment from a mixture of two populations of that ratio, hair
held near 1 and pigment free, weighed by the single photo's opinion. Where nothing fades the
ratio says nothing and the single photo's opinion stands: the interval carries that doubt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.results import FloatColumn


@dataclass(frozen=True)
class WeightSettings:
    """The two populations."""

    hair_spread: float = 0.25
    """SD of the hair ratio: a shave changes a stubble hair's darkness by about this much."""
    least_fade: float = 0.25
    """With less fade the populations overlap too much to be told apart."""
    full_fade: float = 0.55
    """From this fade on the ratio has its full say."""
    pigment_spread_floor: float = 0.12
    rounds: int = 25


def pigment_weights(
    baseline: FloatColumn,
    baseline_sd: float,
    late: FloatColumn,
    late_sd: float,
    hair_probability: FloatColumn,
    settings: WeightSettings = WeightSettings(),
) -> FloatColumn:
    """Chance in [0, 1] that each place holds pigment.

    Parameters
    ----------
    baseline, late : ndarray of shape (n,)
        Pigment at baseline and in the most faded part of the series; NaN where not seen.
    baseline_sd, late_sd : float
        Noise of one place in either.
    hair_probability : ndarray of shape (n,)
        The single photo's opinion in [0, 1].
    """
    prior = 1 - np.clip(hair_probability, 0.02, 0.98)
    seen = np.isfinite(baseline) & np.isfinite(late) & (baseline > 2 * baseline_sd)
    if seen.sum() < 50:
        return prior
    before, now, chance = baseline[seen], late[seen], prior[seen]
    ratio = now / before
    noise = np.hypot(late_sd, np.clip(ratio, 0, 1.5) * baseline_sd) / before
    weight = chance.copy()
    left, spread = _ratio(weight, now, before), 0.3
    for _ in range(settings.rounds):
        hair = _normal(ratio - 1.0, np.hypot(settings.hair_spread, noise))
        pigment = _normal(ratio - left, np.hypot(spread, noise))
        odds = chance * pigment
        weight = odds / (odds + (1 - chance) * hair + 1e-12)
        left = _ratio(weight, now, before)
        excess = (weight * before * ((ratio - left) ** 2 - noise**2)).sum() / (weight * before).sum()
        spread = max(float(np.sqrt(max(excess, 0.0))), settings.pigment_spread_floor)
    say = np.clip(
        (1 - left - settings.least_fade) / (settings.full_fade - settings.least_fade), 0, 1
    )
    result = prior.copy()
    result[seen] = say * weight + (1 - say) * chance
    return result


def _ratio(weight: FloatColumn, now: FloatColumn, before: FloatColumn) -> float:
    return float((weight * now).sum() / (weight * before).sum())


def _normal(distance: FloatColumn, sd: FloatColumn) -> FloatColumn:
    density: FloatColumn = np.exp(-0.5 * (distance / sd) ** 2) / sd
    return density
