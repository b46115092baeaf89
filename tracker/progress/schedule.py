"""The calendar of a removal: due windows, too-early warnings, waits, check-ins; zone by zone.

Zones may be treated on different days, so each has a calendar of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from tracker.progress.facts import CaseFacts
from tracker.records.rules import LEAST_BASELINE_DAYS, LEAST_SPACING_DAYS
from tracker.records.timeline import DEFAULT_TIMELINE, TimelineSettings, stage_of
from tracker.series import Session, Stage

LATEST_SPACING_DAYS = 56
"""Published spacings reach from 28 [C, G] to 56 days [G, P]."""
USUAL_SPACING_DAYS = 42
"""The middle of the published spacings, and the one that most sources share."""
REDO_DAYS = (56, 84)
"""New SMP 8 to 12 weeks after the last removal session [C P]."""
CHECK_IN_DAYS = 14
"""Check-in photos every two weeks are a clinic's habit [C]."""
BASELINE_DAYS = (LEAST_BASELINE_DAYS, 56)
"""A baseline is due 6 to 8 weeks after the last SMP session at the earliest [P]."""
LONG_GAP_DAYS = 365
NAMED_ZONES = frozenset(
    {
        *("hairline", "left temple", "right temple", "mid-scalp", "crown"),
        *("left side", "right side", "nape"),
    }
)
TOO_EARLY_REASONS = (
    "the immune system still clears fragments of the last session, so less is left to treat than "
    "can be seen; the risk of scars grows; clearance gains nothing"
)


class DueState(StrEnum):
    NOT_STARTED = "no session yet"
    TOO_EARLY = "too early"
    DUE = "due"
    PAST = "past the usual window"


@dataclass(frozen=True)
class ZoneCalendar:
    """The next session of one zone."""

    zone: str
    sessions: int
    """Sessions so far that treated this zone."""
    last_session: date | None
    opens_on: date | None
    """First day of the next session's window, 28 days after the last."""
    closes_on: date | None
    planned_on: date | None
    """By the plan's spacing, else by the usual one; never before the window opens."""
    state: DueState
    sentence: str


@dataclass(frozen=True)
class Calendar:
    """All that the dates say on a day."""

    zones: tuple[ZoneCalendar, ...]
    warnings: tuple[str, ...]
    check_ins: tuple[date, ...]
    """Days on which a check-in photo is due until the skin has healed."""
    check_in: str
    redo: str
    """From when on new SMP may be thought of; empty before the first session."""
    start: str
    """Whether the wait after the SMP is over; empty where its date is not known."""


def treats(session: Session, zone: str, zones: Sequence[str]) -> bool:
    """Whether a session treated a zone, as far as names tell.

    A session without zones treated everything. Zones that nobody named (thirds of a view, the
    whole) count as treated unless the session's zones are others of the same view.
    """
    if not session.zones:
        return True
    named = {name.strip().lower() for name in session.zones}
    known = {name.strip().lower() for name in zones}
    if known & named:
        return zone.strip().lower() in named
    # None of this view's zones is meant by name: a view with names of its own was not treated.
    return not known & NAMED_ZONES


def zone_sessions(zone: str, zones: Sequence[str], sessions: Sequence[Session]) -> list[int]:
    """Indices of the sessions that treated a zone."""
    return [i for i, session in enumerate(sessions) if treats(session, zone, zones)]


def zone_stage(
    captured_on: date | None,
    zone: str,
    zones: Sequence[str],
    sessions: Sequence[Session],
    settings: TimelineSettings = DEFAULT_TIMELINE,
) -> Stage:
    """Stage of one zone in a photo: its own last session decides."""
    if not sessions:
        return Stage.UNKNOWN
    own = [sessions[i] for i in zone_sessions(zone, zones, sessions)]
    if captured_on is not None and not own:
        return Stage.BASELINE
    return stage_of(captured_on, own, settings)


def calendar(
    sessions: Sequence[Session],
    zones: Sequence[str],
    facts: CaseFacts,
    *,
    today: date,
    last_photo: date | None = None,
    settings: TimelineSettings = DEFAULT_TIMELINE,
) -> Calendar:
    """What is due when.

    Parameters
    ----------
    sessions : sequence of Session
        In time order.
    zones : sequence of str
        Zones of the photos; the whole scalp is asked about where there are none.
    facts : CaseFacts
    today : date
    last_photo : date, optional
        Day of the latest photo: a check-in that was made is not asked for again.
    settings : TimelineSettings
    """
    passed = [session for session in sessions if session.date <= today]
    names = list(zones) or ["all"]
    rows = tuple(_zone_calendar(zone, names, passed, facts, today) for zone in names)
    last = max((session.date for session in passed), default=None)
    check_ins: tuple[date, ...] = ()
    if last is not None:
        days = range(CHECK_IN_DAYS, settings.healed_days + CHECK_IN_DAYS + 1, CHECK_IN_DAYS)
        check_ins = tuple(last + timedelta(days=n) for n in days)
    return Calendar(
        zones=rows,
        warnings=(*spacing_warnings(sessions, names), *_date_warnings(sessions, facts, today)),
        check_ins=check_ins,
        check_in=_check_in(check_ins, last_photo, today),
        redo=_redo(last, today),
        start=_start(passed, facts, today),
    )


def _zone_calendar(
    zone: str, zones: Sequence[str], sessions: Sequence[Session], facts: CaseFacts, today: date
) -> ZoneCalendar:
    own = [sessions[i].date for i in zone_sessions(zone, zones, sessions)]
    if not own:
        words = "no session yet, so no next one is due"
        return ZoneCalendar(zone, 0, None, None, None, None, DueState.NOT_STARTED, words)
    last = max(own)
    days = (today - last).days
    opens = last + timedelta(days=LEAST_SPACING_DAYS)
    closes = last + timedelta(days=LATEST_SPACING_DAYS)
    spacing = max(facts.spacing_days or USUAL_SPACING_DAYS, LEAST_SPACING_DAYS)
    planned = last + timedelta(days=spacing)
    if today < opens:
        state = DueState.TOO_EARLY
        words = (
            f"{days} days since the last session: too early before {opens}, because "
            f"{TOO_EARLY_REASONS}"
        )
    elif today <= max(closes, planned):
        state = DueState.DUE
        words = f"the next session is due from {opens} to {max(closes, planned)}"
    else:
        state = DueState.PAST
        words = (
            f"{days} days since the last session: past the usual window, which rarely hurts; "
            "take a new photo before the next session"
        )
    return ZoneCalendar(zone, len(own), last, opens, closes, planned, state, words)


def spacing_warnings(sessions: Sequence[Session], zones: Sequence[str]) -> list[str]:
    """Pairs of sessions on the same skin that came too close, one sentence each."""
    found: dict[tuple[date, date], list[str]] = {}
    for zone in zones:
        days = sorted(sessions[i].date for i in zone_sessions(zone, zones, sessions))
        for before, after in pairwise(days):
            if (after - before).days < LEAST_SPACING_DAYS:
                found.setdefault((before, after), []).append(zone)
    return [
        f"sessions of {before} and {after}: only {(after - before).days} days apart on "
        f"{', '.join(names)}; under {LEAST_SPACING_DAYS} days {TOO_EARLY_REASONS}"
        for (before, after), names in sorted(found.items())
    ]


def _date_warnings(sessions: Sequence[Session], facts: CaseFacts, today: date) -> list[str]:
    words = []
    days = [session.date for session in sessions]
    if days != sorted(days):
        words.append("the sessions were not noted in the order of their dates; they are counted so")
    later = [day for day in days if day > today]
    if later:
        words.append(f"the session of {later[0]} lies in the future and is not counted yet")
    if facts.smp_date is not None and days and min(days) < facts.smp_date:
        words.append(
            f"the session of {min(days)} lies before the SMP of {facts.smp_date}: mend one of them"
        )
    gaps = [
        (before, after)
        for before, after in pairwise(sorted(days))
        if (after - before).days > LONG_GAP_DAYS
    ]
    words += [
        f"between the sessions of {before} and {after} lie {(after - before).days} days: pigment "
        "also fades by itself in such a time, and is counted here as the sessions' doing"
        for before, after in gaps
    ]
    return words


def _check_in(check_ins: Sequence[date], last_photo: date | None, today: date) -> str:
    due = [day for day in check_ins if day <= today]
    coming = [day for day in check_ins if day > today]
    missed = [day for day in due if last_photo is None or last_photo < day]
    if missed:
        return f"a check-in photo has been due since {missed[-1]}"
    return f"the next check-in photo is due on {coming[0]}" if coming else ""


def _redo(last: date | None, today: date) -> str:
    if last is None:
        return ""
    first, late = (last + timedelta(days=n) for n in REDO_DAYS)
    if today < first:
        return f"new SMP not before {first} to {late}: 8 to 12 weeks after the last session"
    return f"new SMP has been possible since {first} to {late}, if the skin is healed"


def _start(sessions: Sequence[Session], facts: CaseFacts, today: date) -> str:
    if facts.smp_date is None or sessions:
        return ""
    first, late = (facts.smp_date + timedelta(days=n) for n in BASELINE_DAYS)
    if today < first:
        return (
            f"the SMP of {facts.smp_date} is too fresh: a baseline photo and the first session are "
            f"due from {first} to {late} at the earliest"
        )
    return f"the wait after the SMP of {facts.smp_date} is over"
