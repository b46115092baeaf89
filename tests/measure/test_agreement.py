"""Agreement figures against values worked out in the papers and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.measure.agreement import (
    intraclass_correlation,
    limits_of_agreement,
    within_subject_sd,
)

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)
"""Table 2 of Shrout & Fleiss (1979): six subjects, four judges."""


def test_icc_is_that_of_the_paper() -> None:
    assert intraclass_correlation(SHROUT_FLEISS) == pytest.approx(0.29, abs=0.005)


def test_same_values_agree_wholly() -> None:
    values = np.array([0.1, 0.4, 0.9])
    ratings = np.column_stack([values, values])
    assert intraclass_correlation(ratings) == pytest.approx(1)
    assert within_subject_sd(ratings) == 0
    limits = limits_of_agreement(values, values)
    assert (limits.bias, limits.low, limits.high, limits.n) == (0, 0, 0, 3)


@given(st.floats(-1, 1))
def test_a_shift_is_bias_and_nothing_else(shift: float) -> None:
    first = np.array([0.1, 0.5, 0.7, 0.2])
    limits = limits_of_agreement(first, first + shift)
    assert limits.bias == pytest.approx(shift, abs=1e-12)
    assert limits.high - limits.low == pytest.approx(0, abs=1e-12)


def test_limits_hold_the_differences_they_should() -> None:
    rng = np.random.default_rng(1)
    first = rng.normal(size=4000)
    second = first + 0.3 + 0.1 * rng.normal(size=4000)
    limits = limits_of_agreement(first, second)
    inside = ((second - first) > limits.low) & ((second - first) < limits.high)
    assert inside.mean() == pytest.approx(0.95, abs=0.01)
    ratings = np.column_stack([first, second - 0.3])
    assert within_subject_sd(ratings) == pytest.approx(0.1 / np.sqrt(2), rel=0.05)


def test_missing_values_are_left_out() -> None:
    first, second = np.array([0.1, np.nan, 0.3]), np.array([0.2, 0.5, 0.4])
    assert limits_of_agreement(first, second).n == 2
    assert np.isnan(intraclass_correlation(np.array([[0.1, 0.2], [np.nan, 0.3]])))
    assert np.isnan(limits_of_agreement(first[:1], second[:1]).low)
    assert np.isnan(within_subject_sd(np.empty((0, 2))))


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="first and second must be pairs"):
        limits_of_agreement(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="ratings must be subjects by repeats"):
        intraclass_correlation(np.zeros((4, 1)))
