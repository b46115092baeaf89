import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measure.fates import (
    RESPONSE_SPREAD,
    course_of_dots,
    dot_fates,
    local_response,
    survival,
)
from tracker.measure.results import Fate


def fates(before: list[float], now: list[float], sd: float = 0.1) -> list[str]:
    share = np.array(now, float) / np.array(before, float)
    return dot_fates(np.array(before, float), sd, np.array(now, float), sd, share).tolist()


def lattice(n: int) -> np.ndarray:
    side = int(np.ceil(np.sqrt(n)))
    return np.stack([np.arange(n) % side, np.arange(n) // side], axis=1).astype(float)


def test_each_fate() -> None:
    before = [1.0, 1.0, 1.0, 1.0, np.nan]
    now = [0.95, 0.5, 0.05, np.nan, 0.5]
    assert fates(before, now) == ["persisting", "faded", "gone", "censored", "censored"]


def test_darker_dots_persist() -> None:
    assert fates([1.0], [1.6]) == ["persisting"]


def test_what_was_never_above_the_noise_cannot_go() -> None:
    assert fates([0.15], [0.0]) == ["persisting"]


def test_in_a_sharp_photo_a_small_rest_is_gone_all_the_same() -> None:
    assert fates([1.0], [0.16], sd=0.001) == ["gone"]
    assert fates([1.0], [0.18], sd=0.001) == ["faded"]


def test_noise_decides_what_counts_as_faded() -> None:
    assert fates([1.0], [0.7], sd=0.05) == ["faded"]
    assert fates([1.0], [0.7], sd=0.2) == ["persisting"]


def test_the_course_tells_gone_from_left_better_than_one_reading() -> None:
    rng = np.random.default_rng(3)
    n, sd, means = 4000, 0.15, (0.65, 0.4, 0.3, 0.2)
    before = np.exp(rng.normal(0, 0.3, n))
    response = np.exp(rng.normal(0, 0.35, n))
    true = np.array([mean**response for mean in means])
    seen = [before * share + rng.normal(0, sd, n) for share in true]
    baseline = before + rng.normal(0, sd, n)
    share = course_of_dots(baseline, sd, seen, [sd] * 4, means, np.ones(n), lattice(n), 1.0)
    assert share.shape == (4, n)
    error, alone = share[-1] - true[-1], seen[-1] / baseline - true[-1]
    assert np.std(error) < 0.5 * np.std(alone)
    assert abs(error.mean()) < 0.02
    gone = true[-1] < 0.15
    said = dot_fates(baseline, sd, seen[-1], sd, share[-1]) == Fate.GONE.value
    assert 2 * (gone & said).sum() / (gone.sum() + said.sum()) > 0.7
    assert 2 * (~gone & ~said).sum() / ((~gone).sum() + (~said).sum()) > 0.85


def test_a_course_without_readings_is_the_mean_course() -> None:
    blind = np.full(3, np.nan)
    before = np.array([1.0, 2.0, np.nan])
    share = course_of_dots(before, 0.1, [blind], [0.1], [0.3], np.ones(3), lattice(3), 1.0)
    assert share[0, :2] == pytest.approx(0.3, abs=0.03)
    assert np.isnan(share[0, 2])


def test_dots_are_expected_to_go_as_those_around_them_do() -> None:
    # Half of the area was hardly treated: a dot seen badly, there or elsewhere, goes with its side.
    rng = np.random.default_rng(5)
    n, sd, mean = 1600, 0.2, 0.3
    xy = lattice(n)
    slow = xy[:, 0] < 20
    response = np.exp(np.where(slow, np.log(0.6), np.log(1.5)) + rng.normal(0, 0.25, n))
    true = mean**response
    seen = true + rng.normal(0, sd, n)
    blind = rng.random(n) < 0.1
    seen[blind] = np.nan

    def errors(places: np.ndarray) -> np.ndarray:
        ones = np.ones(n)
        return course_of_dots(ones, 0.02, [seen], [sd], [mean], ones, places, 1.0)[0] - true

    with_side, without = errors(xy), errors(rng.permutation(xy))
    assert np.std(with_side[~blind]) < 0.85 * np.std(without[~blind])
    assert np.std(with_side[blind]) < 0.7 * np.std(without[blind])


def test_hair_and_dots_that_show_nothing_say_nothing_about_their_neighbours() -> None:
    xy, ones = lattice(100), np.ones(100)
    quick = np.full(100, 0.5)
    sure, unsure = 0.01 * ones, RESPONSE_SPREAD**2 * ones
    assert np.all(local_response(quick, sure, ones, xy, 1.0) > 0.4)
    assert np.all(local_response(quick, sure, 0 * ones, xy, 1.0) == 0)
    assert np.all(np.abs(local_response(0 * quick, unsure, ones, xy, 1.0)) < 0.01)
    assert local_response(quick[:1], sure[:1], ones[:1], xy[:1], 1.0).tolist() == [0.0]


def test_a_dot_under_a_hair_is_expected_to_go_as_those_around_it_do() -> None:
    n = 400
    places, ones = lattice(n), np.ones(n)
    under = np.arange(n) % 20 == 7
    seen = np.where(under, 0.6, 0.3)
    weight = np.where(under, 0.0, 1.0)
    share = course_of_dots(ones, 0.02, [seen], [0.02], [0.3], weight, places, 1.0)[0]
    assert share[under] == pytest.approx(np.full(under.sum(), 0.3), abs=0.04)
    believed = course_of_dots(ones, 0.02, [seen], [0.02], [0.3], ones, places, 1.0)[0]
    assert believed[under].min() > 0.5


def test_no_dots_no_fates() -> None:
    assert fates([], []) == []


@pytest.mark.parametrize(
    ("gone", "n", "low", "high"),
    # Wilson (1927) intervals as published for x of n: 0/10, 5/10, 10/10
    [(10, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (0, 10, 0.7225, 1.0)],
)
def test_wilson_interval(gone: int, n: int, low: float, high: float) -> None:
    fate = np.array([Fate.GONE.value] * gone + [Fate.FADED.value] * (n - gone))
    share, found_low, found_high = survival(fate)
    assert share == pytest.approx(1 - gone / n)
    assert found_low == pytest.approx(low, abs=1e-4)
    assert found_high == pytest.approx(high, abs=1e-4)


def test_censored_dots_neither_live_nor_die() -> None:
    fate = np.array([Fate.GONE.value, Fate.PERSISTING.value, *[Fate.CENSORED.value] * 50])
    assert survival(fate)[0] == 0.5


@pytest.mark.parametrize("fate", [np.array([], "<U10"), np.array([Fate.CENSORED.value] * 3)])
def test_nothing_seen_is_nan(fate: np.ndarray) -> None:
    assert np.isnan(survival(fate)).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(gone=st.integers(0, 5000), left=st.integers(0, 5000))
def test_interval_holds_the_share_within_0_and_1(gone: int, left: int) -> None:
    if gone + left == 0:
        return
    fate = np.repeat([Fate.GONE.value, Fate.PERSISTING.value], [gone, left])
    share, low, high = survival(fate)
    assert -1e-12 <= low <= share <= high <= 1 + 1e-12
