"""How well repeated measurements of the same skin agree, and how far they are from a truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.results import FloatColumn

Z_95 = 1.959964


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Mean difference of paired values and the range that holds 95 % of the differences."""

    bias: float
    low: float
    high: float
    n: int


def limits_of_agreement(first: FloatColumn, second: FloatColumn) -> LimitsOfAgreement:
    """Bland-Altman bias and limits of ``second - first``.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Paired values of one unit; pairs with a NaN are left out.

    Returns
    -------
    LimitsOfAgreement
        ``bias -+ 1.96 sd``, sd of the differences with n - 1; NaN where n < 2.

    Raises
    ------
    ValueError
        If the shapes differ.

    References
    ----------
    .. [1] J. M. Bland, D. G. Altman, Lancet 327, 307-310 (1986).
    """
    if first.shape != second.shape:
        raise ValueError(f"first and second must be pairs, got {first.shape} and {second.shape}")
    difference = (second - first)[np.isfinite(first) & np.isfinite(second)]
    n = len(difference)
    if n < 2:
        nan = float("nan")
        return LimitsOfAgreement(float(difference[0]) if n else nan, nan, nan, n)
    bias, sd = float(difference.mean()), float(difference.std(ddof=1))
    return LimitsOfAgreement(bias, bias - Z_95 * sd, bias + Z_95 * sd, n)


def within_subject_sd(ratings: FloatColumn) -> float:
    """Standard deviation s_w of repeats: root of the mean variance within the rows.

    Parameters
    ----------
    ratings : ndarray of shape (n, k)
        A row per subject, a column per repeat.

    References
    ----------
    .. [1] J. M. Bland, D. G. Altman, BMJ 313, 744 (1996).
    """
    kept = _complete(ratings)
    return float(np.sqrt(kept.var(axis=1, ddof=1).mean())) if len(kept) else float("nan")


def intraclass_correlation(ratings: FloatColumn) -> float:
    """ICC(2,1): two-way random effects, absolute agreement, a single measurement.

    ``(MS_R - MS_E) / (MS_R + (k - 1) MS_E + k (MS_C - MS_E) / n)`` with the mean squares of
    rows, columns and residual.

    Parameters
    ----------
    ratings : ndarray of shape (n, k)
        A row per subject, a column per repeat; rows with a NaN are left out.

    Returns
    -------
    float
        1 is perfect agreement; NaN for fewer than two complete rows or no variation.

    References
    ----------
    .. [1] P. E. Shrout, J. L. Fleiss, Psychological Bulletin 86, 420-428 (1979).
    """
    kept = _complete(ratings)
    n, k = kept.shape
    if n < 2:
        return float("nan")
    mean = kept.mean()
    rows = k * float(((kept.mean(axis=1) - mean) ** 2).sum()) / (n - 1)
    columns = n * float(((kept.mean(axis=0) - mean) ** 2).sum()) / (k - 1)
    total = float(((kept - mean) ** 2).sum())
    residual = (total - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    below = rows + (k - 1) * residual + k * (columns - residual) / n
    return (rows - residual) / below if below > 0 else float("nan")


def _complete(ratings: FloatColumn) -> FloatColumn:
    if ratings.ndim != 2 or ratings.shape[1] < 2:
        raise ValueError(
            f"ratings must be subjects by repeats, two repeats or more, got {ratings.shape}"
        )
    kept: FloatColumn = ratings[np.isfinite(ratings).all(axis=1)]
    return kept
