"""Pigment on its curve, hair that stays, hair that was shorn: which course is whose."""

import numpy as np
import pytest

from tracker.measure.courses import (
    Courses,
    CourseSettings,
    Populations,
    learnt_populations,
    log_densities,
    unknown_populations,
)

SETTINGS = CourseSettings()
LEFT = np.array([0.7, 0.45, 0.25])
KNOWN = Populations(LEFT, np.full(3, 0.15), np.ones(3), np.full(3, 0.15), np.array([0.3, 0.1, 0.4]))


def _courses(ratios: list[list[float]], noise: float = 0.05) -> Courses:
    """One row of ratios per place."""
    columns = np.array(ratios).T
    return Courses(
        columns,
        np.full(columns.shape, noise),
        np.ones(columns.shape, bool),
        np.ones(columns.shape[1]),
    )


def _evidence(*ratios: float) -> float:
    as_pigment, as_hair = log_densities(_courses([list(ratios)]), KNOWN, SETTINGS)
    return float(as_pigment[0] - as_hair[0])


@pytest.mark.parametrize("response", [0.6, 0.8, 1.0, 1.3, 1.8])
def test_dots_that_respond_unequally_are_all_pigment(response: float) -> None:
    assert _evidence(*(LEFT**response)) > 0.5


@pytest.mark.parametrize(
    "course",
    [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.02, 0.9, 0.1), (1.0, 0.0, 1.0)],
)
def test_what_stays_or_goes_at_once_or_comes_again_is_hair(course: tuple[float, ...]) -> None:
    assert _evidence(*course) < -2


def test_a_dot_that_clears_at_the_first_session_is_not_told_from_hair_that_went() -> None:
    # far below the others' curve from the first photo on: no evidence for pigment
    assert _evidence(0.05, 0.0, 0.0) < 0 < _evidence(0.55, 0.25, 0.1)


def test_both_populations_are_learnt_from_what_places_are_thought_to_be() -> None:
    rng = np.random.default_rng(3)
    n = 900
    hair = np.arange(n) % 3 == 0
    response = np.exp(0.4 * rng.normal(size=n))
    ratios = LEFT[:, None] ** response
    shorn = rng.random((3, n)) < np.array([0.4, 0.05, 0.4])[:, None]
    stays = 1.1 + 0.1 * rng.normal(size=(3, n))
    ratios = np.where(hair, np.where(shorn, 0.0, stays), ratios)
    ratios += 0.05 * rng.normal(size=(3, n))
    courses = Courses(ratios, np.full((3, n), 0.05), np.ones((3, n), bool), np.ones(n))
    found = unknown_populations(3, SETTINGS)
    for _ in range(10):
        found = learnt_populations(courses, np.where(hair, 0.05, 0.95), found, SETTINGS)
    true = (LEFT[:, None] ** response[~hair]).mean(axis=1)
    np.testing.assert_allclose(found.pigment, true, atol=0.05)
    np.testing.assert_allclose(found.hair, 1.1, atol=0.06)
    # odd hairs and what is supposed beforehand keep it low
    np.testing.assert_allclose(found.shorn, [0.35, 0.07, 0.35], atol=0.05)
    assert found.fades
    assert found.apart_sds > 3
    as_pigment, as_hair = log_densities(courses, found, SETTINGS)
    right = (as_pigment > as_hair) == ~hair
    assert right.mean() > 0.93


def test_a_photo_that_does_not_show_a_place_says_nothing_of_it() -> None:
    whole = _courses([[0.7, 0.45, 0.25], [0.7, 0.0, 0.25]])
    blind = Courses(whole.ratios, whole.noise, whole.seen.copy(), whole.amount)
    blind.seen[1] = False
    as_pigment, as_hair = log_densities(blind, KNOWN, SETTINGS)
    assert as_pigment[0] == as_pigment[1]
    assert as_hair[0] == as_hair[1]


def test_noise_unknown_is_no_evidence() -> None:
    known = _courses([[0.0, 1.0, 0.0]])
    unknown = Courses(known.ratios, np.full(known.ratios.shape, np.nan), known.seen, known.amount)
    sure, unsure = (
        abs(float(np.subtract(*log_densities(courses, KNOWN, SETTINGS))[0]))
        for courses in (known, unknown)
    )
    assert unsure < sure
