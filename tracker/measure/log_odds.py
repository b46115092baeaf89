"""Chances as log-odds, which add up, and back."""

from __future__ import annotations

import numpy as np

from tracker.measure.results import FloatColumn


def logit(share: FloatColumn) -> FloatColumn:
    """Log-odds of chances; 0 and 1 are held a millionth away from certain."""
    held = np.clip(share, 1e-6, 1 - 1e-6)
    odds: FloatColumn = np.log(held / (1 - held))
    return odds


def chance(log_odds: FloatColumn) -> FloatColumn:
    """Chances in [0, 1] of log-odds."""
    found: FloatColumn = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return found


def held(share: FloatColumn) -> FloatColumn:
    """No neighbourhood is surely all dots or all hair."""
    kept: FloatColumn = np.clip(share, 0.02, 0.98)
    return kept


def told_by_two_kinds(
    value: FloatColumn, share: FloatColumn, spread: tuple[float, float]
) -> tuple[FloatColumn, tuple[float, float]]:
    """Log-odds of the first of two kinds by a number that each kind has about a mean of its own.

    Parameters
    ----------
    value : ndarray of shape (n,)
    share : ndarray of shape (n,)
        Chance of each to be of the first kind: either kind's mean and SD are weighted by it.
    spread : (float, float)
        SD of a kind: at least and at most.

    Returns
    -------
    log_odds : ndarray of shape (n,)
    means : (float, float)
        Of the first and of the second kind.
    """
    means, log_densities = [], []
    for weight in (share + 1e-9, 1 - share + 1e-9):
        mean = float(weight @ value / weight.sum())
        variance = float(weight @ (value - mean) ** 2 / weight.sum())
        sd = float(np.clip(np.sqrt(variance), *spread))
        means.append(mean)
        log_densities.append(-0.5 * ((value - mean) / sd) ** 2 - np.log(sd))
    return log_densities[0] - log_densities[1], (means[0], means[1])
