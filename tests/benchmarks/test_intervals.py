"""The factors that an interval's terms are given by the errors that were made."""

import numpy as np
import pytest

from benchmarks.intervals import TERMS, Outcome, likeliest_factors, table


def test_a_term_twice_too_large_is_halved_and_one_that_says_nothing_stays() -> None:
    rng = np.random.default_rng(2)
    n = 1500
    said = np.stack([np.full(n, 0.02), rng.uniform(0.0, 0.3, n), np.zeros(n)], axis=1)
    true_sd = np.hypot(said[:, 0], 0.5 * said[:, 1])
    error = true_sd * rng.standard_t(6, n) * np.sqrt(4 / 6)
    factors = likeliest_factors(error, said**2)
    assert factors == pytest.approx([1.0, 0.5, 1.0], abs=0.08)


def test_table_tells_width_and_coverage_before_and_after() -> None:
    terms = np.zeros(len(TERMS))
    terms[0] = 0.05**2
    outcomes = [Outcome("own, fading", error, tuple(terms)) for error in (0.01, -0.06)]
    (row, everything) = table(outcomes, np.full(len(TERMS), 0.5)).rows
    assert row == ("own, fading", "2", "4.3", "19.6", "100 %", "9.8", "50 %")
    assert everything[1:] == row[1:]
