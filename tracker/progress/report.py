"""Everything about the progress of one client in one function, behind every door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from tracker.progress.comparable import Case, main_method
from tracker.progress.evenness import FadeCell, Lag, fade_cells, lags
from tracker.progress.facts import CaseFacts
from tracker.progress.forecast import (
    LONG_AGO_DAYS,
    CurvePoint,
    GoalForecast,
    Plan,
    Plateau,
    curve,
    default_spacing,
    forecast_goal,
    judge_plateau,
)
from tracker.progress.judgement import Judgement, judge
from tracker.progress.money import Prices, prices_of
from tracker.progress.points import WHOLE, FadePoint, ZonePoints, points_of, zone_names
from tracker.progress.published import Method, method_of
from tracker.progress.response import DEFAULT_PRIOR, Posterior, ResponsePrior, fit_response
from tracker.progress.schedule import Calendar, calendar, zone_sessions, zone_stage
from tracker.progress.watches import Watch, watch_view
from tracker.records import Goal
from tracker.records.timeline import DEFAULT_TIMELINE, TimelineSettings
from tracker.series import PhotoMeasures, SeriesAnalysis, Session, Stage, Status, ViewAnalysis

PROGRESS_VERSION = "1"
"""Another version could say other things of the same measurements."""


@dataclass(frozen=True)
class ZoneProgress:
    """One zone of a view, or its whole (`all`)."""

    zone: str
    sessions: int
    points: tuple[FadePoint, ...]
    curve: tuple[CurvePoint, ...]
    left_per_session: tuple[float, float, float]
    """Share that one session leaves: 95 % band and median, of the method asked about."""
    floor: tuple[float, float, float]
    """Share that is not expected to clear: 95 % band and median."""
    goals: tuple[GoalForecast, ...]
    plateau: Plateau
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class ViewProgress:
    """One view: curve and forecast per zone, the judged photo, and what is watched."""

    view: str
    zones: tuple[ZoneProgress, ...]
    """The whole first."""
    lags: tuple[Lag, ...]
    stages: tuple[tuple[str, str, str], ...]
    """(photo, zone, stage) where a zone's stage differs from the photo's."""
    judged: str
    """Photo that the judgement rests on; empty where none is healed."""
    judgement: tuple[Judgement, ...]
    cells: tuple[FadeCell, ...]
    watches: tuple[Watch, ...]
    comparable: tuple[Case, ...] = ()
    comparable_words: str = ""

    @property
    def whole(self) -> ZoneProgress:
        return self.zones[0]


@dataclass(frozen=True)
class Progress:
    """The progress of one client on a day."""

    version: str
    today: date
    client: str
    method: Method
    spacing_days: int
    calendar: Calendar
    prices: Prices
    views: tuple[ViewProgress, ...]
    sentences: tuple[str, ...]


def progress_of(
    analysis: SeriesAnalysis,
    facts: CaseFacts,
    *,
    today: date,
    method: str = "",
    spacing_days: int | None = None,
    timeline: TimelineSettings = DEFAULT_TIMELINE,
    prior: ResponsePrior = DEFAULT_PRIOR,
) -> Progress:
    """Curve, forecast, judgement and watches of a measured client.

    Parameters
    ----------
    analysis : SeriesAnalysis
    facts : CaseFacts
        Goal, prices, method and flags.
    today : date
        Forecasts and reminders count from here.
    method : str
        "What if" the sessions to come used this method; else the plan's, else the last one's.
    spacing_days : int, optional
        "What if" they came this many days apart; else the plan's, else the usual spacing.
    timeline : TimelineSettings
    prior : ResponsePrior
    """
    sessions = tuple(s for s in sorted(analysis.sessions, key=lambda s: s.date) if s.date <= today)
    words = method or facts.method or (sessions[-1].method if sessions else "")
    spacing, given = default_spacing(spacing_days or facts.spacing_days)
    plan = Plan(method_of(words), spacing, given)
    prices = prices_of(sessions, facts)
    zones = sorted({zone for view in analysis.views for zone in zone_names(view)})
    photo_days = [p.captured_on for p in analysis.photos if p.captured_on is not None]
    last_photo = max(photo_days, default=None)
    told = []
    if last_photo is not None and (today - last_photo).days > LONG_AGO_DAYS:
        told.append(
            f"the last photo is {(today - last_photo).days} days old: what is left today may "
            "differ; take a healed photo before planning on"
        )
    if prices.problem:
        told.append(prices.problem)
    return Progress(
        version=PROGRESS_VERSION,
        today=today,
        client=analysis.client,
        method=plan.method,
        spacing_days=spacing,
        calendar=calendar(
            analysis.sessions, zones, facts, today=today, last_photo=last_photo, settings=timeline
        ),
        prices=prices,
        views=tuple(
            _view(view, sessions, facts, plan, prices, today, timeline, prior)
            for view in analysis.views
        ),
        sentences=tuple(told),
    )


def _view(
    view: ViewAnalysis,
    sessions: Sequence[Session],
    facts: CaseFacts,
    plan: Plan,
    prices: Prices,
    today: date,
    timeline: TimelineSettings,
    prior: ResponsePrior,
) -> ViewProgress:
    names = zone_names(view)
    methods = [method_of(session.method) for session in sessions]
    found = {zone: points_of(view, zone, sessions, timeline=timeline) for zone in (WHOLE, *names)}
    own = {zone: zone_sessions(zone, names, sessions) for zone in names}
    own[WHOLE] = (
        sorted({i for zone in names for i in own[zone]}) if names else list(range(len(sessions)))
    )
    whole = _fit([found[WHOLE]], methods, prior)
    rows = [_zone(found[WHOLE], whole, own[WHOLE], sessions, facts, plan, prices, today)]
    behind: tuple[Lag, ...] = ()
    if names:
        parts = _fit([found[zone] for zone in names], methods, prior)
        rows += [
            _zone(found[zone], parts, own[zone], sessions, facts, plan, prices, today)
            for zone in names
        ]
        if any(p.sessions for zone in names for p in found[zone].points):
            behind = lags(parts, [own[zone] for zone in names], _shares(view, names))
    judged = judged_photo(view)
    untouched: tuple[str, ...] = ()
    if facts.goal is Goal.CORRECTION and facts.zones:
        wanted = {zone.lower() for zone in facts.zones}
        untouched = tuple(zone for zone in names if zone.lower() not in wanted)
    return ViewProgress(
        view=view.view,
        zones=tuple(rows),
        lags=behind,
        stages=_stages(view, names, sessions, timeline),
        judged=judged.photo if judged is not None else "",
        judgement=judge(view, judged, untouched) if judged is not None else (),
        cells=fade_cells(view, judged) if judged is not None else (),
        watches=watch_view(view),
    )


def curve_of_row(row: ViewProgress) -> tuple[CurvePoint, ...]:
    """The whole's curve of a view; empty where no healed photo after a session supports one."""
    return row.whole.curve if any(point.sessions for point in row.whole.points) else ()


def last_day(analysis: SeriesAnalysis) -> date | None:
    """The latest day that a series knows of: a report made of it says the same on any day."""
    days = [p.captured_on for p in analysis.photos if p.captured_on is not None]
    return max([*days, *(session.date for session in analysis.sessions)], default=None)


def judged_photo(view: ViewAnalysis) -> PhotoMeasures | None:
    """The photo a result rests on: the last measured one that is healed, or of unknown stage."""
    resting = (Stage.HEALED, Stage.UNKNOWN)
    photos = [
        p
        for p in view.photos
        if p.status is Status.MEASURED and p.stage in resting and p.whole is not None
    ]
    return photos[-1] if photos else None


def _fit(zones: Sequence[ZonePoints], methods: Sequence[Method], prior: ResponsePrior) -> Posterior:
    darkened = sorted({i for zone in zones for i in zone.darkened})
    points = [p.healed_point() for zone in zones for p in zone.points if p.sessions]
    return fit_response(
        points, methods, [zone.zone for zone in zones], darkened=darkened, prior=prior
    )


def _zone(
    points: ZonePoints,
    posterior: Posterior,
    own: Sequence[int],
    sessions: Sequence[Session],
    facts: CaseFacts,
    plan: Plan,
    prices: Prices,
    today: date,
) -> ZoneProgress:
    zone = points.zone
    dates = [session.date for session in sessions]
    goals = {
        "soft fade": Goal.SOFT_FADE.default_target,
        "full removal": Goal.FULL_REMOVAL.default_target,
    }
    if facts.target is not None:
        goals[facts.goal.value if facts.goal is not None else "own goal"] = facts.target
    step = posterior.future_steps(zone, plan.method, 1, np.random.default_rng(1))[:, 0]
    told = list(points.sentences)
    last = points.points[-1] if points.points else None
    forecasts: tuple[GoalForecast, ...] = ()
    # More pigment than at the start gets its sentence, not a number that pretends.
    if last is None or last.fade + 1.96 * last.sd >= 0:
        forecasts = tuple(
            forecast_goal(posterior, points, own, dates, goal, target, plan, prices, today=today)
            for goal, target in goals.items()
        )
    return ZoneProgress(
        zone=zone,
        sessions=len(own),
        points=points.points,
        curve=curve(posterior, zone, own, dates, plan, today=today),
        left_per_session=_band(np.exp(-step)),
        floor=_band(posterior.floor),
        goals=forecasts,
        plateau=judge_plateau(posterior, points, own, plan.method),
        sentences=tuple(told),
    )


def _band(draws: Any) -> tuple[float, float, float]:
    low, middle, high = (float(v) for v in np.quantile(draws, [0.025, 0.5, 0.975]))
    return low, middle, high


def _shares(view: ViewAnalysis, names: Sequence[str]) -> Any:
    """Share of the baseline's pigment in each zone."""
    amount = view.pigment_weight * view.dots.pigment
    total = np.array([float(amount[view.dot_zone == name].sum()) for name in names])
    return total / total.sum() if total.sum() > 0 else np.full(len(names), np.nan)


def _stages(
    view: ViewAnalysis,
    names: Sequence[str],
    sessions: Sequence[Session],
    timeline: TimelineSettings,
) -> tuple[tuple[str, str, str], ...]:
    rows = []
    for photo in view.photos:
        for name in names:
            stage = zone_stage(photo.captured_on, name, names, sessions, timeline)
            if stage is not photo.stage:
                rows.append((photo.photo, name, stage.value))
    return tuple(rows)


def case_of(
    code: str,
    view: ViewAnalysis,
    sessions: Sequence[Session],
    facts: CaseFacts,
    density: Any,
    consents: Any,
) -> Case:
    """A client's course in one view, as another client's page may show it."""
    points = points_of(view, WHOLE, sessions)
    start = next((p.captured_on for p in view.photos if p.photo == view.baseline), None)
    course = [(0, 0, 0.0)]
    course += [
        ((p.captured_on - start).days, len(p.sessions), p.fade)
        for p in points.points
        if start is not None
    ]
    return Case(
        code, facts.skin_type, main_method(sessions), density, tuple(course), tuple(consents)
    )


def progress_content(progress: Progress) -> Mapping[str, Any]:
    """The progress as plain values, as it stands in analysis.json. Codes of others are left out."""
    content = asdict(progress)
    for view in content["views"]:
        view["comparable"] = [case["points"] for case in view["comparable"]]
    return content
