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
