from __future__ import annotations

from datetime import date, timedelta

import pytest

from tracker.records import Goal, TimelineSettings, days_since_session, stage_of
from tracker.series import Session, Stage

DAY = date(2026, 3, 1)
SESSIONS = (Session(DAY + timedelta(days=40)), Session(DAY))


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        (-200, Stage.BASELINE),
        (-1, Stage.BASELINE),
        (0, Stage.IMMEDIATE),
        (2, Stage.IMMEDIATE),
        (3, Stage.HEALING),
        (14, Stage.HEALING),
        (15, Stage.SETTLING),
        (27, Stage.SETTLING),
        (28, Stage.HEALED),
        (39, Stage.HEALED),
        (40, Stage.IMMEDIATE),
        (68, Stage.HEALED),
        (4000, Stage.HEALED),
    ],
)
def test_stage_counts_from_the_last_session_before_the_photo(days: int, stage: Stage) -> None:
    assert stage_of(DAY + timedelta(days=days), SESSIONS) is stage


def test_stage_is_unknown_without_date_or_sessions() -> None:
    assert stage_of(None, SESSIONS) is Stage.UNKNOWN
    assert stage_of(DAY, ()) is Stage.UNKNOWN


def test_the_days_are_settings() -> None:
    later = TimelineSettings(healed_days=42)
    assert stage_of(DAY + timedelta(days=30), SESSIONS, later) is Stage.SETTLING
    with pytest.raises(ValueError, match="healed_days"):
        TimelineSettings(healing_days=30)


def test_days_since_session() -> None:
    assert days_since_session(DAY + timedelta(days=39), SESSIONS) == 39
    assert days_since_session(DAY + timedelta(days=45), SESSIONS) == 5
    assert days_since_session(DAY - timedelta(days=1), SESSIONS) is None
    assert days_since_session(None, SESSIONS) is None


def test_default_targets() -> None:
    assert Goal.SOFT_FADE.default_target == 0.50
    assert Goal.FULL_REMOVAL.default_target == Goal.CORRECTION.default_target == 0.95
