"""What became of each baseline dot: persisting, faded, gone or not photographed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tracker.measure.results import Fate, FloatColumn

GONE_SIGMAS = 2.0
"""Pigment under this many sds of an empty place's reading cannot be told from no dot."""
GONE_SHARE = 0.17
"""...and under this share of its own baseline a dot is taken for gone in the sharpest photo."""


def dot_fates(
    baseline_pigment: FloatColumn,
    baseline_sd: float,
    pigment: FloatColumn,
    pigment_sd: float,
) -> NDArray[np.str_]:
    """Fate of each dot, shape (n,), as `Fate` text.

    `baseline_sd` and `pigment_sd` are the noise of one dot in either photo.

    A dot has *faded* when its drop exceeds its own smallest detectable change,
    ``1.96 sqrt(sd_baseline^2 + sd_now^2)``; it is *gone* when what is left is below
    detection; *censored* when its place was not photographed in either photo.
    """
    fate = np.full(len(pigment), Fate.PERSISTING.value, dtype="<U10")
    unseen = ~(np.isfinite(pigment) & np.isfinite(baseline_pigment))
    drop = baseline_pigment - pigment
    with np.errstate(invalid="ignore"):
        faded = drop > 1.96 * np.hypot(baseline_sd, pigment_sd)
        gone = faded & (
            pigment < np.maximum(GONE_SIGMAS * pigment_sd, GONE_SHARE * baseline_pigment)
        )
    fate[faded] = Fate.FADED.value
    fate[gone] = Fate.GONE.value
    fate[unseen] = Fate.CENSORED.value
    return fate


def survival(fate: NDArray[np.str_]) -> tuple[float, float, float]:
    """Share of the photographed dots that are still there, with its Wilson 95 % interval.

    References
    ----------
    .. [1] E. B. Wilson, J. Am. Stat. Assoc. 22, 209-212 (1927).
    """
    n = int(np.count_nonzero(fate != Fate.CENSORED.value))
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    share = 1 - np.count_nonzero(fate == Fate.GONE.value) / n
    z = float(norm.ppf(0.975))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # The bounds meet the share at 0 and 1; rounding must not carry them past it.
    return float(share), float(min(centre - half, share)), float(max(centre + half, share))
