"""The rules of the timeline: where a photo stands after a session. Dates come in as arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.series import Session, Stage


@dataclass(frozen=True)
class TimelineSettings:
    """Days after a session that bound the stages (the ranges published by removal clinics)."""

    immediate_days: int = 2
    """Frosting, redness and swelling: up to a day or two."""
    healing_days: int = 14
    """Crusts shed and whitish marks subside within two weeks."""
    healed_days: int = 28
    """From here on a photo counts for the fade; clearance goes on for up to six weeks."""

    def __post_init__(self) -> None:
        """Check that the bounds are in order."""
        if not 0 <= self.immediate_days <= self.healing_days < self.healed_days:
            raise ValueError(
                "TimelineSettings must hold 0 <= immediate_days <= healing_days < healed_days, got "
                f"{self.immediate_days}, {self.healing_days}, {self.healed_days}"
            )


DEFAULT_TIMELINE = TimelineSettings()


def days_since_session(captured_on: date | None, sessions: Iterable[Session]) -> int | None:
    """Days from the last session up to a photo; None before the first one or without a date."""
    if captured_on is None:
        return None
    passed = [session.date for session in sessions if session.date <= captured_on]
    return (captured_on - max(passed)).days if passed else None


def stage_of(
    captured_on: date | None,
    sessions: Sequence[Session],
    settings: TimelineSettings = DEFAULT_TIMELINE,
) -> Stage:
    """Where a photo stands on the healing timeline.

    Parameters
    ----------
    captured_on : date or None
        The photo's day.
    sessions : sequence of Session
        All known sessions, in any order.
    settings : TimelineSettings
        Days that bound the stages.

    Returns
    -------
    Stage
        `UNKNOWN` without a date or without any session, `BASELINE` before the first session. A
        photo of a session's own day counts as taken after it: fresh skin must never pass for a
        healed result.
    """
    if captured_on is None or not sessions:
        return Stage.UNKNOWN
    days = days_since_session(captured_on, sessions)
    if days is None:
        return Stage.BASELINE
    if days <= settings.immediate_days:
        return Stage.IMMEDIATE
    if days <= settings.healing_days:
        return Stage.HEALING
    if days < settings.healed_days:
        return Stage.SETTLING
    return Stage.HEALED
