"""Offsets, tone and error from made-up grey steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tracker.measure.card_steps import CardCorrection, GreySteps, compare_steps, fit_steps

TRUE = np.repeat(np.array([0.05, 0.2, 0.4, 0.7, 1.0, 1.3])[:, None], 3, axis=1)


def steps(
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    slope: float = 0.0,
    sd: float = 0.01,
    noise: float = 0.0,
    seed: int = 0,
) -> GreySteps:
    """Steps whose seen density needs `offset` and a tone of 1 + `slope` to be true."""
    rng = np.random.default_rng(seed)
    seen = (TRUE - np.array(offset) + slope * 0.7) / (1 + slope)
    together = rng.normal(0, 1, (len(TRUE), 1)) * noise
    return GreySteps(TRUE, np.full(len(TRUE), sd), seen + together, np.zeros(3))


def fitted(given: GreySteps) -> CardCorrection:
    found = fit_steps(given)
    assert isinstance(found, CardCorrection), found
    return found


@pytest.mark.parametrize("slope", [-0.15, 0.0, 0.2])
def test_offsets_and_tone_are_found(slope: float) -> None:
    found = fitted(steps((0.1, -0.05, 0.2), slope=slope))
    seen = np.array([0.35, 0.5, 0.6])
    added, covariance = found.to_add(seen)
    assert added == pytest.approx(np.array([0.1, -0.05, 0.2]) + slope * (seen - 0.7), abs=0.01)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert found.of_differences(seen).sum(axis=1) == pytest.approx(1 + slope, abs=0.03)


def test_the_stated_error_of_the_steps_holds_the_truth() -> None:
    z = []
    for seed in range(200):
        found = fitted(steps(noise=0.012, sd=0.012, seed=seed))
        z.append(found.coefficients[:3] / np.sqrt(np.diag(found.covariance)[:3]))
    assert 0.6 < float(np.std(z)) < 1.1


def test_what_is_no_grey_scale_is_refused() -> None:
    good = steps()
    swapped = replace(good, seen=good.seen[[0, 2, 1, 3, 4, 5]])
    assert "step by step" in str(fit_steps(swapped))
    flat = replace(good, seen=0.4 + 0.3 * good.seen)
    assert "too little" in str(fit_steps(flat))
    tinted = good.seen.copy()
    tinted[2:4, 1] += 0.08
    assert "neutral" in str(fit_steps(replace(good, seen=tinted)))
    bumpy = good.seen + np.array([0, 0.1, -0.05, 0.1, -0.08, 0.08])[:, None]
    assert "one light" in str(fit_steps(replace(good, seen=bumpy)))
    dark = good.seen.copy()
    dark[3:] = np.nan
    assert "only 3" in str(fit_steps(replace(good, seen=dark)))


def test_between_two_photos_the_print_does_not_enter() -> None:
    printed = np.array([0, 0.05, -0.05, 0.08, -0.06, 0.05])[:, None]
    first = replace(steps(), seen=TRUE + printed)
    now = replace(steps(), seen=TRUE + printed - np.array([0.1, 0.0, -0.1]))
    change = compare_steps(now, first)
    assert isinstance(change, CardCorrection)
    assert change.to_add(np.full(3, 0.6))[0] == pytest.approx([0.1, 0.0, -0.1], abs=0.01)
    assert change.misfit < 0.005


def test_cards_that_differ_are_not_compared() -> None:
    other = GreySteps(TRUE[:5], np.full(5, 0.01), TRUE[:5], np.zeros(3))
    assert "different kinds" in str(compare_steps(steps(), other))
    clipped = steps().seen.copy()
    clipped[2:] = np.nan
    assert "too few" in str(compare_steps(steps(), replace(steps(), seen=clipped)))
