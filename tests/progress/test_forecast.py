"""Forecast, plateau, money, and every bad input's sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.progress.series import day, series, sessions_on
from tracker.progress.facts import CaseFacts
from tracker.progress.money import prices_of
from tracker.progress.report import Progress, last_day, progress_of
from tracker.records import Goal

DAYS = [10, 60, 110, 160]
FULL = CaseFacts(goal=Goal.FULL_REMOVAL, target=0.95)
COURSE = [(50, 0.32), (100, 0.54), (150, 0.68)]


def whole_words(made: Progress) -> str:
    row = made.views[0].whole
    return " | ".join([*made.sentences, *made.calendar.warnings, *row.sentences])


def goal_of(made: Progress, name: str):  # type: ignore[no-untyped-def]
    return next(goal for goal in made.views[0].whole.goals if goal.goal == name)


def test_a_usual_course_is_forecast_with_dates_and_money() -> None:
    analysis = series(COURSE, DAYS[:3], cost=400.0, currency="EUR")
    made = progress_of(analysis, FULL, today=day(150))
    goal = goal_of(made, "full removal")
    assert goal.own
    assert not goal.reached
    assert goal.sessions_low >= 2
    assert goal.first_date > day(150)
    assert goal.last_date is None or goal.last_date > goal.first_date
    assert goal.cost.low == goal.sessions_low * 400
    assert "EUR" in goal.cost.sentence
    assert list(goal.chance_within) == sorted(goal.chance_within)
    assert goal_of(made, "soft fade").reached == "proved"
    assert "reached" in goal_of(made, "soft fade").sentence


def test_few_points_say_that_published_ranges_speak() -> None:
    made = progress_of(series(COURSE[:1], DAYS[:1]), FULL, today=day(60))
    goal = goal_of(made, "full removal")
    assert not goal.own
    assert "Only 1 healed so far" in goal.sentence
    assert "a practitioner's article" in goal.sentence


def test_what_if_spacing_and_method() -> None:
    analysis = series(COURSE, DAYS[:3], cost=400.0, currency="EUR")
    usual = goal_of(progress_of(analysis, FULL, today=day(150), spacing_days=42), "full removal")
    slow = goal_of(progress_of(analysis, FULL, today=day(150), spacing_days=90), "full removal")
    assert slow.first_date > usual.first_date
    assert slow.sessions_low == usual.sessions_low
    made = progress_of(analysis, FULL, today=day(150), method="picosecond")
    dearer = goal_of(made, "full removal")
    assert dearer.cost.low == pytest.approx(dearer.sessions_low * 400 * 1.3)


def test_a_plateau_is_named_with_the_published_advice() -> None:
    days = [10 + 50 * k for k in range(9)]
    fades = [0.40, 0.58, 0.66, 0.70, 0.72, 0.73, 0.735, 0.735, 0.737]
    photos = [(d + 40, f) for d, f in zip(days, fades, strict=True)]
    made = progress_of(series(photos, days, half=0.02), FULL, today=day(460))
    plateau = made.views[0].whole.plateau
    assert plateau.reached
    assert "plateau" in plateau.sentence
    assert "rarely improves" in plateau.sentence
    assert goal_of(made, "full removal").chance_within[8] < 0.2
    early = progress_of(series(COURSE, DAYS[:3]), FULL, today=day(150)).views[0].whole.plateau
    assert not early.reached


def test_darkening_is_explained_and_the_fit_goes_on() -> None:
    photos = [(50, 0.32), (100, 0.10), (150, 0.45)]
    made = progress_of(series(photos, DAYS[:3]), FULL, today=day(160))
    assert "paradoxical darkening" in whole_words(made)
    assert goal_of(made, "full removal").sessions_low >= 1


def test_a_lagging_zone_is_a_session_behind() -> None:
    made = progress_of(series(COURSE, DAYS[:3], half=0.02, zone=0.25), FULL, today=day(150))
    lags = {lag.zone: lag for lag in made.views[0].lags}
    assert "behind the whole" in lags["hairline"].sentence
    assert "ahead of the whole" in lags["crown"].sentence
    even = progress_of(series(COURSE, DAYS[:3], zone=0.0), FULL, today=day(150))
    assert all("pace" in lag.sentence for lag in even.views[0].lags)


def test_sessions_out_of_order() -> None:
    analysis = series(COURSE, DAYS[:3])
    turned = replace(analysis, sessions=analysis.sessions[::-1])
    made = progress_of(turned, FULL, today=day(150))
    assert "not noted in the order" in whole_words(made)
    same = progress_of(analysis, FULL, today=day(150)).views[0].whole
    assert repr(made.views[0].whole) == repr(same)


def test_photos_before_the_first_session_only() -> None:
    made = progress_of(series([(20, 0.01)], [30]), FULL, today=day(31))
    assert "before the first session only" in whole_words(made)
    assert not goal_of(made, "full removal").own


def test_all_photos_unhealed() -> None:
    made = progress_of(series([(12, 0.5), (20, 0.4)], [10]), FULL, today=day(21))
    assert "before the skin had healed" in whole_words(made)
    assert made.views[0].judged == ""


def test_negative_fade_gets_a_sentence_and_no_forecast() -> None:
    made = progress_of(series([(50, -0.30)], [10]), FULL, today=day(60))
    assert "more pigment than the baseline" in whole_words(made)
    assert made.views[0].whole.goals == ()


def test_a_gap_of_two_years() -> None:
    made = progress_of(series([(50, 0.3), (800, 0.6)], [10, 760]), FULL, today=day(810))
    assert "lie 750 days" in whole_words(made)
    old = progress_of(series([(50, 0.3)], [10]), FULL, today=day(800))
    assert "the last photo is 750 days old" in whole_words(old)


def test_prices_in_two_currencies() -> None:
    sessions = (
        *sessions_on([0], cost=300.0, currency="EUR"),
        *sessions_on([50], cost=400.0, currency="usd"),
    )
    analysis = replace(series(COURSE, DAYS[:3]), sessions=sessions)
    made = progress_of(analysis, FULL, today=day(150))
    assert "more than one currency (EUR, USD)" in whole_words(made)
    assert goal_of(made, "full removal").cost.low != goal_of(made, "full removal").cost.low


def test_a_goal_already_reached_asks_for_nothing_more() -> None:
    facts = CaseFacts(goal=Goal.SOFT_FADE, target=0.5)
    goal = goal_of(progress_of(series(COURSE, DAYS[:3]), facts, today=day(150)), "soft fade")
    assert goal.reached == "proved"
    assert goal.sessions_high == 0
    assert goal.cost is None
    close = goal_of(progress_of(series([(50, 0.51)], DAYS[:1]), facts, today=day(60)), "soft fade")
    assert close.reached == "likely"
    assert "repeat photo" in close.sentence


def test_agreed_price_less_what_was_paid() -> None:
    facts = replace(FULL, price=2000.0, currency="EUR")
    analysis = series(COURSE, DAYS[:3], cost=400.0, currency="EUR")
    cost = goal_of(progress_of(analysis, facts, today=day(150)), "full removal").cost
    assert (cost.low, cost.high) == (800.0, 800.0)


def test_prices_without_currency_or_in_another() -> None:
    assert not prices_of(sessions_on([0], cost=300.0), CaseFacts()).known
    assert not prices_of(sessions_on([0]), CaseFacts(currency="EUR")).known
    assert prices_of((), CaseFacts()).currency == "USD"


def test_no_sessions_at_all() -> None:
    made = progress_of(series([(50, 0.3)], []), FULL, today=day(60))
    assert "no session is noted" in whole_words(made)


def test_the_last_day_of_a_series() -> None:
    assert last_day(series(COURSE, DAYS)) == day(160)
    undated = series([], [])
    photos = tuple(replace(p, captured_on=None) for p in undated.views[0].photos)
    empty = replace(undated, views=(replace(undated.views[0], photos=photos),))
    assert last_day(empty) is None


def test_same_input_same_progress() -> None:
    analysis = series(COURSE, DAYS[:3], cost=400.0, currency="EUR")
    one, other = (progress_of(analysis, FULL, today=day(150)) for _ in range(2))
    assert repr(one) == repr(other)
