"""Sessions, dates and money to a goal: draws of the response carried into the future."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tracker.progress.money import Cost, Prices, cost_to_finish
from tracker.progress.points import ZonePoints
from tracker.progress.published import (
    LATE_ADVICE,
    LATE_SESSIONS,
    METHOD_REMARKS,
    PRICE_FACTOR,
    SESSIONS_FULL,
    SESSIONS_SOFT,
    Method,
)
from tracker.progress.response import Posterior, fade_of
from tracker.progress.schedule import LATEST_SPACING_DAYS, USUAL_SPACING_DAYS
from tracker.records.rules import LEAST_SPACING_DAYS

FloatArray = NDArray[np.float64]

MOST_SESSIONS = 15
"""Further ahead nothing is forecast: published courses end at 12."""
OWN_POINTS = 3
"""From so many healed points on a forecast is the client's own (metrics.md)."""
HEALED_DAYS = 28
LONG_AGO_DAYS = 365
PLATEAU_GAIN = 0.03
"""A session that is expected to bring less than this is hardly worth its risk."""
DAYS_AFTER_SESSION = 35
"""A curve's value for a session is drawn this long after it: between 28 and 42 days."""


@dataclass(frozen=True)
class CurvePoint:
    """The curve at one session's healed result: bands of the fade."""

    sessions: int
    on: date | None
    low95: float
    low80: float
    median: float
    high80: float
    high95: float
    future: bool


@dataclass(frozen=True)
class GoalForecast:
    """What it takes to reach a target in one zone. Sessions are counted from today.

    `sessions_high` and dates are None where more than `MOST_SESSIONS` may be needed.
    """

    goal: str
    target: float
    reached: str
    """`proved`, `likely` or empty."""
    sessions_low: int | None
    sessions_median: int | None
    sessions_high: int | None
    first_date: date | None
    last_date: date | None
    chance_within: tuple[float, ...]
    """Chance that the target is reached after 0, 1, 2, ... more sessions."""
    cost: Cost | None
    own: bool
    """True where this client's own healed photos decide; else the published range does."""
    sentence: str


@dataclass(frozen=True)
class Plateau:
    """Whether the last sessions still changed anything."""

    reached: bool
    next_gain: float
    """Median fade that one more session is expected to bring, a fraction."""
    sentence: str


@dataclass(frozen=True)
class Plan:
    """How the sessions to come are thought of."""

    method: Method
    spacing_days: int
    spacing_given: bool


def curve(
    posterior: Posterior,
    zone: str,
    sessions: Sequence[int],
    dates: Sequence[date],
    plan: Plan,
    *,
    today: date,
    n_future: int = 6,
    seed: int = 1,
) -> tuple[CurvePoint, ...]:
    """Bands of the curve after each past session of a zone and some to come."""
    rng = np.random.default_rng(seed)
    future = posterior.future_steps(zone, plan.method, n_future, rng)
    log_left = posterior.log_left(zone, sessions)
    rows = [CurvePoint(0, None, 0.0, 0.0, 0.0, 0.0, 0.0, False)]
    for k in range(1, len(sessions) + 1):
        fade = posterior.fade_after(zone, sessions[:k])
        on = dates[sessions[k - 1]] + timedelta(days=DAYS_AFTER_SESSION)
        rows.append(_bands(k, on, fade, False))
    last = dates[sessions[-1]] if sessions else None
    visit = _next_visit(last, plan, today)
    for k in range(n_future):
        fade = fade_of(posterior.floor, log_left + future[:, : k + 1].sum(axis=1))
        on = visit + timedelta(days=k * plan.spacing_days + DAYS_AFTER_SESSION)
        rows.append(_bands(len(sessions) + k + 1, on, fade, True))
    return tuple(rows)


def _bands(sessions: int, on: date, fade: FloatArray, future: bool) -> CurvePoint:
    a, b, c, d, e = (float(v) for v in np.quantile(fade, [0.025, 0.10, 0.5, 0.90, 0.975]))
    return CurvePoint(sessions, on, a, b, c, d, e, future)


def _next_visit(last: date | None, plan: Plan, today: date) -> date:
    if last is None:
        return today
    return max(today, last + timedelta(days=plan.spacing_days))


def sessions_to(
    posterior: Posterior,
    zone: str,
    sessions: Sequence[int],
    target: float,
    method: Method,
    *,
    seed: int = 1,
) -> FloatArray:
    """Sessions that each draw needs from today on; infinite beyond `MOST_SESSIONS`."""
    rng = np.random.default_rng(seed)
    steps = posterior.future_steps(zone, method, MOST_SESSIONS, rng)
    total = posterior.log_left(zone, sessions)[:, None] + np.concatenate(
        [np.zeros((len(posterior), 1)), np.cumsum(steps, axis=1)], axis=1
    )
    there = fade_of(posterior.floor[:, None], total) >= target
    needed = np.where(there.any(axis=1), there.argmax(axis=1), np.inf)
    return np.asarray(needed, np.float64)


def forecast_goal(
    posterior: Posterior,
    points: ZonePoints,
    sessions: Sequence[int],
    dates: Sequence[date],
    goal: str,
    target: float,
    plan: Plan,
    prices: Prices,
    *,
    today: date,
) -> GoalForecast:
    """Sessions, dates and cost to a target in one zone.

    Parameters
    ----------
    posterior : Posterior
    points : ZonePoints
        Its zone is asked about; its last point says whether the target is reached already.
    sessions : sequence of int
        Past sessions of the zone.
    dates : sequence of date
        Of all sessions.
    goal : str
        The goal in words.
    target : float
        Share of the pigment to be gone.
    plan : Plan
        Method and spacing from now on.
    prices : Prices
    today : date
    """
    zone = points.zone
    last = next((p for p in reversed(points.points) if p.sessions), None)
    since = [i for i in sessions if last is not None and i not in last.sessions]
    reached = ""
    if last is not None and last.fade >= target:
        reached = "proved" if last.fade - 1.96 * last.sd >= target else "likely"
    needed = sessions_to(posterior, zone, sessions, target, plan.method)
    chance = tuple(float((needed <= k).mean()) for k in range(MOST_SESSIONS + 1))
    own_points = sum(bool(p.sessions) for p in points.points)
    own = own_points >= OWN_POINTS
    if reached:
        words = (
            f"{goal}: reached, {last.fade:.0%} is gone of the {target:.0%} aimed at"
            if last is not None
            else ""
        )
        if reached == "likely":
            words += "; the interval still reaches below, so a repeat photo should confirm it"
        return GoalForecast(goal, target, reached, 0, 0, 0, None, None, chance, None, own, words)
    low, median, high = (_whole(q) for q in np.quantile(needed, [0.1, 0.5, 0.9], method="lower"))
    if low == 0:
        low = 0 if since else 1  # the last healed photo says that it is not reached
        median = None if median is None else max(low, median)
    factor = PRICE_FACTOR.get(plan.method, (1.0, 1.0)) if _dearer(posterior, plan) else (1.0, 1.0)
    cost = cost_to_finish(
        prices, math.inf if low is None else low, math.inf if high is None else high, factor
    )
    first_date, last_date = _dates(low, high, sessions, dates, plan, today)
    words = _goal_words(goal, target, low, median, high, own, own_points, chance, plan)
    return GoalForecast(
        goal,
        target,
        "",
        low,
        median,
        high,
        first_date,
        last_date,
        chance,
        cost,
        own,
        words,
    )


def _dearer(posterior: Posterior, plan: Plan) -> bool:
    """Prices of the past are those of the methods used: only a new method is dearer."""
    return posterior.n_points == 0 or plan.method not in posterior.methods


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _dates(
    low: int | None,
    high: int | None,
    sessions: Sequence[int],
    dates: Sequence[date],
    plan: Plan,
    today: date,
) -> tuple[date | None, date | None]:
    """First and last day of a healed result at the goal."""
    last = dates[sessions[-1]] if sessions else None
    shortest = plan.spacing_days if plan.spacing_given else LEAST_SPACING_DAYS
    longest = plan.spacing_days if plan.spacing_given else LATEST_SPACING_DAYS
    ends: list[date | None] = []
    for count, spacing in ((low, shortest), (high, longest)):
        if count is None:
            ends.append(None)
        elif count == 0:
            ends.append(max(today, (last or today) + timedelta(days=HEALED_DAYS)))
        else:
            visit = _next_visit(last, Plan(plan.method, spacing, True), today)
            ends.append(visit + timedelta(days=(count - 1) * spacing + HEALED_DAYS))
    return ends[0], ends[1]


def _goal_words(
    goal: str,
    target: float,
    low: int | None,
    median: int | None,
    high: int | None,
    own: bool,
    own_points: int,
    chance: Sequence[float],
    plan: Plan,
) -> str:
    if low is None:
        many = (
            f"{goal}: {target:.0%} may never be reached this way; the chance within "
            f"{MOST_SESSIONS} more sessions is {chance[-1]:.0%}"
        )
    elif high is None:
        many = (
            f"{goal}: {low} more sessions or many more; the chance of {target:.0%} within "
            f"{LATE_SESSIONS[0]} more is {chance[LATE_SESSIONS[0]]:.0%}"
        )
    else:
        span = f"{low}" if low == high else f"{low} to {high}"
        plural = "session" if low == high == 1 else "sessions"
        many = (
            f"{goal}: {span} more {plural} to {target:.0%} (8 of 10 such courses; half by {median})"
        )
    if plan.method in (Method.SALINE, Method.SUPERFICIAL):
        many += f". {plan.method.value}: {METHOD_REMARKS[plan.method]}"
    if own:
        return f"{many}. From {own_points} healed photos of this client"
    ranges = SESSIONS_SOFT if target <= 0.6 else SESSIONS_FULL
    cited = "; ".join(r.cited for r in ranges)
    seen = "No healed photo" if own_points == 0 else f"Only {own_points} healed"
    return (
        f"{many}. {seen} so far ({OWN_POINTS} are needed for a forecast of one's own), so mostly "
        f"published ranges speak: {cited}"
    )


def judge_plateau(
    posterior: Posterior,
    points: ZonePoints,
    sessions: Sequence[int],
    method: Method,
) -> Plateau:
    """Whether two healed sessions brought nothing that can be proved, and what the next may."""
    zone = points.zone
    step = posterior.future_steps(zone, method, 1, np.random.default_rng(1))[:, 0]
    now = posterior.log_left(zone, sessions)
    gain = float(np.median(fade_of(posterior.floor, now + step) - fade_of(posterior.floor, now)))
    # The last point after each number of sessions.
    by_count = {len(p.sessions): p for p in points.points if p.sessions}
    steps = [by_count[k] for k in sorted(by_count)]
    words = f"one more session is expected to bring {gain:.0%} of the baseline's pigment"
    stands = False
    if len(steps) >= OWN_POINTS and len(steps[-1].sessions) - len(steps[-3].sessions) >= 2:
        before, last = steps[-3], steps[-1]
        error = 1.96 * float(np.hypot(before.sd, last.sd))
        moved = last.fade - before.fade
        stands = moved <= max(error, PLATEAU_GAIN) and gain < 2 * PLATEAU_GAIN
        if stands:
            words = (
                f"no change that can be proved over the last two sessions ({moved:+.0%}, error "
                f"{error:.0%}): a plateau, at {last.fade:.0%} gone; {words}"
            )
    if len(sessions) >= LATE_SESSIONS[0]:
        words = f"{words}. {LATE_ADVICE}"
    return Plateau(stands, gain, words)


def default_spacing(spacing_days: int | None) -> tuple[int, bool]:
    """Days between sessions to come, and whether the plan named them."""
    if spacing_days is None:
        return USUAL_SPACING_DAYS, False
    return max(spacing_days, LEAST_SPACING_DAYS), True
