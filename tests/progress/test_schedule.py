"""The calendar: windows, warnings, waits, zone by zone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.progress.series import START, day, sessions_on
from tracker.progress.facts import CaseFacts
from tracker.progress.schedule import (
    DueState,
    calendar,
    spacing_warnings,
    treats,
    zone_stage,
)
from tracker.series import Session, Stage

ZONES = ["hairline", "left temple", "right temple"]


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (0, DueState.TOO_EARLY),
        (27, DueState.TOO_EARLY),
        (28, DueState.DUE),
        (56, DueState.DUE),
        (57, DueState.PAST),
    ],
)
def test_window_of_the_next_session(days: int, state: DueState) -> None:
    (row,) = calendar(sessions_on([0]), [], CaseFacts(), today=day(days)).zones
    assert row.state is state
    assert (row.opens_on, row.closes_on) == (day(28), day(56))


def test_too_early_says_why() -> None:
    (row,) = calendar(sessions_on([0]), [], CaseFacts(), today=day(10)).zones
    assert "too early before" in row.sentence
    assert "risk of scars" in row.sentence
    assert "gains nothing" in row.sentence


def test_zones_have_calendars_of_their_own() -> None:
    sessions = (
        Session(day(0), zones=("hairline",)),
        Session(day(20), zones=("Left Temple", "right temple")),
    )
    rows = {row.zone: row for row in calendar(sessions, ZONES, CaseFacts(), today=day(30)).zones}
    assert rows["hairline"].state is DueState.DUE
    assert rows["left temple"].state is DueState.TOO_EARLY
    assert rows["left temple"].last_session == day(20)
    assert zone_stage(day(30), "hairline", ZONES, sessions) is Stage.HEALED
    assert zone_stage(day(30), "left temple", ZONES, sessions) is Stage.HEALING
    assert zone_stage(day(10), "left temple", ZONES, sessions) is Stage.BASELINE


def test_names_decide_what_a_session_treated() -> None:
    nape = Session(day(0), zones=("nape",))
    assert not treats(nape, "hairline", ZONES)
    # Thirds have no names of their own: a session that names zones may mean them.
    assert treats(nape, "upper third", ["upper third", "middle third", "lower third"])
    assert treats(Session(day(0)), "hairline", ZONES)


def test_close_sessions_are_warned_of_on_the_same_skin_only() -> None:
    apart = (Session(day(0), zones=("hairline",)), Session(day(10), zones=("left temple",)))
    assert spacing_warnings(apart, ZONES) == []
    same = (Session(day(0), zones=("hairline",)), Session(day(27)))
    (warning,) = spacing_warnings(same, ZONES)
    assert "only 27 days apart on hairline" in warning


def test_waits_after_smp_and_before_redo() -> None:
    facts = CaseFacts(smp_date=START)
    assert "too fresh" in calendar((), [], facts, today=day(41)).start
    assert "is over" in calendar((), [], facts, today=day(42)).start
    assert (
        f"not before {day(56)} to {day(84)}"
        in calendar(sessions_on([0]), [], facts, today=day(30)).redo
    )


def test_check_ins_come_every_two_weeks_until_healed() -> None:
    made = calendar(sessions_on([0]), [], CaseFacts(), today=day(15), last_photo=day(0))
    assert made.check_ins == (day(14), day(28), day(42))
    assert made.check_in == f"a check-in photo has been due since {day(14)}"
    done = calendar(sessions_on([0]), [], CaseFacts(), today=day(15), last_photo=day(14))
    assert done.check_in == f"the next check-in photo is due on {day(28)}"


def test_odd_dates_get_a_sentence() -> None:
    mixed = (Session(day(50)), Session(day(0)), Session(day(900)))
    facts = CaseFacts(smp_date=day(20))
    words = " | ".join(calendar(mixed, [], facts, today=day(100)).warnings)
    assert "not noted in the order" in words
    assert "lies in the future" in words
    assert "before the SMP" in words
    assert "lie 850 days" in " | ".join(calendar(mixed, [], CaseFacts(), today=day(1000)).warnings)


def test_the_plan_moves_the_day_but_not_before_the_window() -> None:
    row = calendar(sessions_on([0]), [], CaseFacts(spacing_days=14), today=day(1)).zones[0]
    assert row.planned_on == day(28)
    later = calendar(sessions_on([0]), [], CaseFacts(spacing_days=70), today=day(60)).zones[0]
    assert (later.planned_on, later.state) == (day(70), DueState.DUE)
    assert isinstance(later.planned_on, date)
    assert later.planned_on - timedelta(days=70) == START
