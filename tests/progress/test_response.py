"""The response curve: calibrated bands, pooled zones, darkening, misuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.progress_curve import calibration
from tracker.progress.published import Method, method_of
from tracker.progress.response import (
    HealedPoint,
    ResponsePrior,
    fade_of,
    fit_response,
    response_from_normal,
)

QS = Method.Q_SWITCHED


def points(fades: list[float], zone: str = "all", sd: float = 0.02) -> list[HealedPoint]:
    return [HealedPoint(zone, tuple(range(k + 1)), f, sd) for k, f in enumerate(fades)]


def width(n: int) -> float:
    truth = [0.32, 0.54, 0.68, 0.78, 0.85]
    fit = fit_response(points(truth[:n]), [QS] * n, ["all"])
    steps = fit.future_steps("all", QS, 1, np.random.default_rng(1))[:, 0]
    low, high = np.quantile(
        fade_of(fit.floor, fit.log_left("all", range(n)) + steps), [0.025, 0.975]
    )
    return float(high - low)


def test_bands_hold_the_truth_as_often_as_they_say() -> None:
    """A fast version of the benchmark: 60 clients from the prior, binomial slack of 3 sd."""
    for row in calibration(60, (0, 1, 3))[:3]:
        assert abs(row["80_1"] - 0.80) < 3 * np.sqrt(0.8 * 0.2 / 60)
        assert row["95_1"] > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60)


def test_draws_agree_with_the_prior_weighted_by_the_points() -> None:
    """Points that leave two stories open (slow, or stopped by a floor), against brute force."""
    seen = points([0.307, 0.481, 0.504], sd=0.03)
    fit = fit_response(seen, [QS] * 3, ["all"])
    later = fit.log_left("all", range(3)) + fit.future_steps(
        "all", QS, 3, np.random.default_rng(1)
    ).sum(axis=1)
    normal = np.random.default_rng(2).standard_normal((400_000, 10))
    steps, floor = response_from_normal(ResponsePrior(), QS, normal)
    fade = fade_of(floor[:, None], np.cumsum(steps, axis=1))
    misfit = (fade[:, :3] - [p.fade for p in seen]) / 0.03
    weight = np.exp(-0.5 * (misfit**2).sum(axis=1))
    order = np.argsort(fade[:, 5])
    levels = np.array([0.025, 0.1, 0.5, 0.9, 0.975])
    share = np.cumsum(weight[order]) / weight.sum()
    asked = fade[order, 5][np.searchsorted(share, levels)]
    assert np.quantile(fade_of(fit.floor, later), levels) == pytest.approx(asked, abs=0.015)
    assert fit.distinct_draws > 3900


def test_few_points_leave_the_band_wide() -> None:
    widths = [width(n) for n in (0, 1, 2, 3, 5)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 0.5
    assert widths[-1] < 0.2


def test_without_a_point_the_published_first_sessions_stand() -> None:
    fit = fit_response([], [], ["all"])
    steps = fit.future_steps("all", QS, 2, np.random.default_rng(1))
    first, second = (np.median(fade_of(fit.floor, steps[:, :k].sum(axis=1))) for k in (1, 2))
    assert 0.28 < first < 0.38  # 20-40 % [C], 30-40 % [P]
    assert 0.48 < second < 0.62  # 50-60 % [P]


def test_same_input_same_draws() -> None:
    one, other = (fit_response(points([0.3, 0.5]), [QS] * 2, ["all"]) for _ in range(2))
    assert np.array_equal(one.floor, other.floor)
    assert not np.array_equal(
        one.floor, fit_response(points([0.3, 0.5]), [QS] * 2, ["all"], seed=2).floor
    )


def test_a_zone_without_points_leans_on_the_others() -> None:
    fast = points([0.50, 0.74, 0.86], "a")
    fit = fit_response(fast, [QS] * 3, ["a", "b"])
    alone = fit_response([], [QS] * 3, ["b"])
    lent, own = (float(np.median(f.fade_after("b", range(3)))) for f in (fit, alone))
    assert lent > own + 0.05
    spread = [np.std(fit.fade_after(zone, range(3))) for zone in ("a", "b")]
    assert spread[1] > 2 * spread[0]


def test_darkening_explains_itself_and_leaves_the_others_alone() -> None:
    fades = [0.30, 0.52, 0.40, 0.58]
    plain = fit_response(points(fades), [QS] * 4, ["all"])
    told = fit_response(points(fades), [QS] * 4, ["all"], darkened=[2])
    assert np.median(told.fade_after("all", range(3))) == pytest.approx(0.40, abs=0.03)
    assert abs(np.median(plain.fade_after("all", range(3))) - 0.40) > 0.03
    step = np.median(told.future_steps("all", QS, 1, np.random.default_rng(1)))
    assert np.exp(-step) == pytest.approx(0.70, abs=0.06)


def test_methods_answer_differently() -> None:
    fit = fit_response(points([0.3, 0.5, 0.65]), [QS] * 3, ["all"])
    rng = np.random.default_rng(1)
    steps = {
        method: float(np.median(fit.future_steps("all", method, 1, rng)))
        for method in (Method.SALINE, QS, Method.COMBINATION)
    }
    assert steps[Method.SALINE] < steps[QS] < steps[Method.COMBINATION]
    spread = [np.std(fit.future_steps("all", m, 1, rng)) for m in (QS, Method.COMBINATION)]
    assert spread[1] > spread[0]


@pytest.mark.parametrize(
    ("words", "method"),
    [
        ("Q-switched Nd:YAG 1064 nm", Method.Q_SWITCHED),
        ("picosecond 755 nm", Method.PICOSECOND),
        ("Alexandrite", Method.ALEXANDRITE),
        ("combination 755 + 1064", Method.COMBINATION),
        ("saline", Method.SALINE),
        ("glycolic peel 30 %", Method.SUPERFICIAL),
        ("", Method.UNKNOWN),
        ("moonlight", Method.UNKNOWN),
    ],
)
def test_words_of_methods(words: str, method: Method) -> None:
    assert method_of(words) is method


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (HealedPoint("b", (0,), 0.3, 0.02), "point.zone must be one of a"),
        (HealedPoint("a", (1,), 0.3, 0.02), "point.sessions must be below 1"),
        (HealedPoint("a", (0,), float("nan"), 0.02), "finite fade"),
        (HealedPoint("a", (0,), 0.3, 0.0), "positive sd"),
    ],
)
def test_misuse_is_refused(point: HealedPoint, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit_response([point], [QS], ["a"])


@given(
    st.lists(st.floats(0.0, 0.98), min_size=1, max_size=4),
    st.floats(0.005, 0.2),
)
def test_any_fades_give_a_fade_between_nothing_and_all(fades: list[float], sd: float) -> None:
    fit = fit_response(points(fades, sd=sd), [QS] * len(fades), ["all"])
    now = fit.fade_after("all", range(len(fades)))
    assert np.isfinite(now).all()
    assert (now >= 0).all()
    assert (now <= 1).all()
    assert fit.prior == ResponsePrior()
