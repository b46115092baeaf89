"""What became of each baseline dot: persisting, faded, gone or not photographed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import norm

from tracker.measure.results import Fate, FloatColumn

GONE_SHARE = 0.17
"""A dot with less than this share of its own baseline left is gone."""
RESPONSE_SPREAD = 0.4
"""SD of the logarithm of a dot's response: how much quicker or slower than the mean it fades."""
LOCAL_SPREAD, OWN_SPREAD = 0.25, 0.35
"""Parts of that spread which neighbours share, and which they do not."""
REACH_SPACINGS = 4.0
NEIGHBOURS = 60
"""Dots within about this many median spacings respond alike: spots of a laser overlap."""
HEAVY_TAILS = 1.2
"""True spread of a dot's reading over its noise at empty places: neighbours and stubble add tails."""
WANDER = 0.06
"""SD of one photo's ratio about the dot's own course, beside the reading's noise."""
SLOWEST, QUICKEST, STEPS = -1.6, 1.6, 33
"""Range and steps of ln(response) that are weighed against each other."""
MOST_EVIDENCE = 8.0
"""A single photo's reading, however odd, speaks for this many nats at most."""


def course_of_dots(
    baseline_pigment: FloatColumn,
    baseline_sd: float,
    later: Sequence[FloatColumn],
    later_sd: Sequence[float],
    retained: Sequence[float],
    weight: FloatColumn,
    xy_px: FloatColumn,
    spacing_px: float,
) -> FloatColumn:
    """Share of each dot's pigment that is left in each photo, by its course over all of them.

    One photo's reading of one dot is noisy; a series shows how quickly the dot responds. A dot of
    response ``s`` keeps ``m_k ** s`` where the dots' mean keeps ``m_k``; the mean over what the
    readings leave of ``s`` is the dot's share. Before its own readings count, ``s`` is expected to be
    log-normal about what the dots around show (`local_response`).

    Parameters
    ----------
    baseline_pigment : ndarray of shape (n,)
    baseline_sd : float
        Its noise for one dot.
    later, later_sd : sequences of ndarray of shape (n,) and of float
        The same in the later photos; NaN where not seen.
    retained : sequence of float
        Mean share left in each of them (`m_k`).
    weight : ndarray of shape (n,)
        Chance in [0, 1] that the place's readings tell of pigment alone: they count by that much, for
        the dot and for those around it. Hair on a dot says nothing about what is left of it.
    xy_px : ndarray of shape (n, 2)
        Places in the baseline photo.
    spacing_px : float
        Median spacing of the dots.

    Returns
    -------
    share : ndarray of shape (photos, n)
        NaN where the baseline shows nothing.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.stack(later) / baseline_pigment
        spread = np.hypot(
            np.array(later_sd)[:, None], baseline_sd * np.clip(ratios, 0, 1.5)
        ) / np.abs(baseline_pigment)
    log_response = np.linspace(SLOWEST, QUICKEST, STEPS)
    means = np.clip(np.array(retained), 0.02, 0.97)
    courses = means[:, None] ** np.exp(log_response)
    evidence = np.zeros((len(baseline_pigment), STEPS))
    for ratio, sd, course in zip(ratios, spread, courses, strict=True):
        variance = (HEAVY_TAILS * np.nan_to_num(sd, nan=1.0)) ** 2 + WANDER**2
        misfit = 0.5 * (np.nan_to_num(ratio)[:, None] - course) ** 2 / variance[:, None]
        evidence -= np.where(np.isfinite(ratio)[:, None], np.minimum(misfit, MOST_EVIDENCE), 0)
    evidence *= weight[:, None]
    everywhere = _chances(evidence, log_response, 0.0, RESPONSE_SPREAD)
    known = np.isfinite(ratios).any(axis=0)
    around = local_response(
        everywhere @ log_response,
        everywhere @ log_response**2 - (everywhere @ log_response) ** 2,
        np.where(known, weight, 0.0),
        xy_px,
        spacing_px,
    )
    share: FloatColumn = courses @ _chances(evidence, log_response, around, OWN_SPREAD).T
    share[:, ~np.isfinite(baseline_pigment)] = np.nan
    return share


def _chances(
    evidence: FloatColumn, log_response: FloatColumn, expected: FloatColumn | float, spread: float
) -> FloatColumn:
    """Chance of each response for each dot, shape (n, steps)."""
    prior = -0.5 * ((log_response - np.reshape(expected, (-1, 1))) / spread) ** 2
    chance = evidence + prior
    chance = np.exp(chance - chance.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    result: FloatColumn = chance
    return result


def local_response(
    log_response: FloatColumn,
    variance: FloatColumn,
    weight: FloatColumn,
    xy_px: FloatColumn,
    spacing_px: float,
) -> FloatColumn:
    """Logarithm of the response that is expected of a dot by those around it, shape (n,).

    Parameters
    ----------
    log_response, variance : ndarray of shape (n,)
        Each dot's mean and variance, with `RESPONSE_SPREAD` about 0 expected beforehand.
    weight : ndarray of shape (n,)
        What each dot counts.
    xy_px : ndarray of shape (n, 2)
    spacing_px : float
        Median spacing of the dots.
    """
    n = len(xy_px)
    if n < 2:
        return np.zeros(n)
    # What its readings took from the prior's variance is what a dot knows by itself.
    learnt = np.clip(1 - variance / RESPONSE_SPREAD**2, 1e-3, 1)
    precision = weight * learnt / RESPONSE_SPREAD**2
    found = cKDTree(xy_px).query(xy_px, k=min(NEIGHBOURS + 1, n))
    distance, beside = np.asarray(found[0])[:, 1:], np.asarray(found[1])[:, 1:]
    near = np.exp(-0.5 * (distance / (REACH_SPACINGS * spacing_px)) ** 2) * precision[beside]
    above = (near * (log_response / learnt)[beside]).sum(axis=1)
    expected: FloatColumn = above / (near.sum(axis=1) + 1 / LOCAL_SPREAD**2)
    return expected


def dot_fates(
    baseline_pigment: FloatColumn,
    baseline_sd: float,
    pigment: FloatColumn,
    pigment_sd: float,
    share: FloatColumn,
) -> NDArray[np.str_]:
    """Fate of each dot, shape (n,), as `Fate` text.

    Parameters
    ----------
    baseline_pigment, pigment : ndarray of shape (n,)
    baseline_sd, pigment_sd : float
        The noise of one dot in either photo.
    share : ndarray of shape (n,)
        What is left of each dot, by its course over the series (`course_of_dots`).

    Returns
    -------
    fate : ndarray of shape (n,)
        *gone* when less than `GONE_SHARE` is left of a dot that stood out of the noise; *faded*
        when its drop exceeds its own smallest detectable change,
        ``1.96 sqrt(sd_baseline^2 + sd_now^2)``; *censored* when its place was not photographed
        in either photo; else *persisting*.
    """
    fate = np.full(len(pigment), Fate.PERSISTING.value, dtype="<U10")
    unseen = ~(np.isfinite(pigment) & np.isfinite(baseline_pigment))
    detectable = 1.96 * np.hypot(baseline_sd, pigment_sd)
    with np.errstate(invalid="ignore", divide="ignore"):
        faded = baseline_pigment - pigment > detectable
        # The course says more than one reading: that need not be a detectable drop of its own.
        gone = (share < GONE_SHARE) & (baseline_pigment > 1.96 * baseline_sd)
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
