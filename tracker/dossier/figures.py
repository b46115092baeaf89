"""One frozen set of figures behind every form of the report: no words, no pictures, no clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tracker.dossier.case import ClientCase
from tracker.measure.results import Estimate, Fate
from tracker.progress.evenness import FadeCell, fade_cells
from tracker.progress.forecast import CurvePoint, GoalForecast
from tracker.progress.judgement import Item, Judgement, judge
from tracker.progress.report import ViewProgress, curve_of_row
from tracker.progress.watches import Watch, watch_view
from tracker.records import Goal, PhotoRecord, SessionKind, SessionRecord
from tracker.records.consents import COVERS
from tracker.report.tables import to_json
from tracker.series import PhotoMeasures, Stage, Status, ViewAnalysis, ZoneMeasures

SCHEMA = "smp-tracker/report/1"


@dataclass(frozen=True)
class PhotoFigure:
    """One photo of the client, whatever became of it."""

    name: str
    sha256: str
    view: str
    captured_on: date | None
    stage: str
    days_since_session: int | None
    status: str
    reason: str
    """Why it was refused; empty otherwise."""
    notes: tuple[str, ...]
    """What limits its measures, in the engine's words."""


@dataclass(frozen=True)
class PointFigure:
    """One photo on the fade plot."""

    captured_on: date | None
    days: int | None
    """Days since the baseline photo."""
    value: float
    low: float
    high: float
    healed: bool
    early: bool
    """Taken while the skin was healing."""


@dataclass(frozen=True)
class ZoneFigure:
    """One zone (`all`: the whole treated area) in the photo that the result rests on."""

    zone: str
    fade: Estimate
    detectable: float
    n_dots: int
    density_ratio: float
    density_low: float
    density_high: float
    density_per_cm2: float
    evenness: Judgement | None
    tone: Judgement | None


@dataclass(frozen=True)
class ViewFigures:
    """One view: the photo its result rests on against its baseline."""

    view: str
    baseline: str
    baseline_on: date | None
    shown: str
    """Photo that the result rests on; empty where no later photo could be measured."""
    shown_on: date | None
    stage: str
    days_since_session: int | None
    healed: bool
    sessions_before: int
    """Treatments up to the shown photo."""
    sessions_since: int
    """Treatments after it."""
    newer_unhealed: int
    """Photos after it that were taken too early to count."""
    zones: tuple[ZoneFigure, ...]
    """The whole first."""
    judgement: tuple[Judgement, ...]
    """Of the whole treated area."""
    watches: tuple[Watch, ...]
    points: tuple[PointFigure, ...]
    curve: tuple[CurvePoint, ...]
    session_days: tuple[date, ...]
    forecast: GoalForecast | None
    """What it takes to reach the client's own goal."""
    fates: tuple[tuple[str, int], ...]
    mm_per_px: float | None
    cells: tuple[FadeCell, ...]

    @property
    def whole(self) -> ZoneFigure | None:
        return self.zones[0] if self.zones else None


@dataclass(frozen=True)
class ReportFigures:
    """Everything that a report says, before it is put into words."""

    client: str
    name: str
    skin_type: str
    smp_date: date | None
    goal: str
    target: float | None
    goal_zones: tuple[str, ...]
    method: str
    spacing_days: int | None
    sessions: tuple[SessionRecord, ...]
    photos: tuple[PhotoFigure, ...]
    views: tuple[ViewFigures, ...]
    notes: tuple[str, ...]
    consents: tuple[tuple[str, date, date | None, date | None], ...]
    """Level, given, expires, withdrawn."""
    healed_days: int
    program_version: str
    method_version: str
    settings_hash: str

    @property
    def healed(self) -> bool:
        """Whether every view that shows a result rests on a healed photo."""
        shown = [view for view in self.views if view.shown]
        return bool(shown) and all(view.healed for view in shown)

    @property
    def refused(self) -> tuple[PhotoFigure, ...]:
        return tuple(photo for photo in self.photos if photo.status == Status.REFUSED.value)

    @property
    def treatments(self) -> tuple[SessionRecord, ...]:
        return tuple(s for s in self.sessions if s.kind is SessionKind.TREATMENT)


def figures_of(case: ClientCase, *, with_name: bool = False) -> ReportFigures:
    """The figures of a report on one client.

    Parameters
    ----------
    case : ClientCase
    with_name : bool
        Whether the client's name stands in it; else the code alone does.
    """
    analysis, plan, client = case.analysis, case.plan, case.client
    rows = {row.photo: row for row in analysis.photos}
    made = {} if case.progress is None else {view.view: view for view in case.progress.views}
    target = plan.target
    if target is None and plan.goal is not None:
        target = plan.goal.default_target
    return ReportFigures(
        client=client.code,
        name=client.name if with_name else "",
        skin_type=client.skin_type,
        smp_date=client.smp_date,
        goal=plan.goal.value if plan.goal is not None else "",
        target=target,
        goal_zones=plan.zones,
        method=plan.method,
        spacing_days=plan.spacing_days,
        sessions=case.sessions,
        photos=tuple(_photo(photo, rows[photo.name]) for photo in case.photos),
        views=tuple(_view(case, view, made.get(view.view)) for view in analysis.views),
        notes=analysis.notes,
        consents=tuple(
            (c.level.value, c.given_on, c.expires_on, c.withdrawn_on)
            for c in case.consents
            if c.level in COVERS
        ),
        healed_days=case.settings.timeline.healed_days,
        program_version=analysis.version,
        method_version=analysis.method_version,
        settings_hash=analysis.settings_hash,
    )


def _photo(photo: PhotoRecord, row: PhotoMeasures) -> PhotoFigure:
    return PhotoFigure(
        name=photo.name,
        sha256=photo.sha256,
        view=photo.view,
        captured_on=photo.captured_on,
        stage=row.stage.value,
        days_since_session=row.days_since_session,
        status=row.status.value,
        reason=row.reason,
        notes=row.flags,
    )


def shown_photo(view: ViewAnalysis) -> PhotoMeasures | None:
    """The photo that a view's report rests on.

    The last healed one that was measured; without any, the last measured one at all, which the
    report then does not call healed.
    """
    measured = [
        p
        for p in view.photos
        if p.status is Status.MEASURED and p.whole is not None and p.whole.fade.measured
    ]
    healed = [p for p in measured if p.stage is Stage.HEALED]
    found = healed or measured
    return found[-1] if found else None


def _view(case: ClientCase, view: ViewAnalysis, made: ViewProgress | None) -> ViewFigures:
    shown = shown_photo(view)
    start = next(p for p in view.photos if p.photo == view.baseline)
    treatments = [s for s in case.sessions if s.kind is SessionKind.TREATMENT]
    day = shown.captured_on if shown is not None else None
    untouched: tuple[str, ...] = ()
    if case.plan.goal is Goal.CORRECTION and case.plan.zones and shown is not None:
        wanted = {zone.lower() for zone in case.plan.zones}
        untouched = tuple(z.zone for z in shown.zones if z.zone.lower() not in wanted)
    items: tuple[Judgement, ...] = ()
    cells: tuple[FadeCell, ...] = ()
    if shown is not None and made is not None and made.judged == shown.photo:
        items, cells = made.judgement, made.cells  # the same judgement, made once
    elif shown is not None:
        items, cells = judge(view, shown, untouched), fade_cells(view, shown)
    later = [p for p in view.photos if day and p.captured_on and p.captured_on > day]
    return ViewFigures(
        view=view.view,
        baseline=view.baseline,
        baseline_on=start.captured_on,
        shown=shown.photo if shown is not None else "",
        shown_on=day,
        stage=shown.stage.value if shown is not None else "",
        days_since_session=shown.days_since_session if shown is not None else None,
        healed=shown is not None and shown.stage is Stage.HEALED,
        sessions_before=sum(1 for s in treatments if day and s.date <= day),
        sessions_since=sum(1 for s in treatments if day and s.date > day),
        newer_unhealed=sum(1 for p in later if p.stage is not Stage.HEALED),
        zones=_zones(shown, items),
        judgement=tuple(item for item in items if item.zone == "all"),
        watches=made.watches if made is not None else watch_view(view),
        points=tuple(_point(p, start) for p in view.photos if p.whole is not None),
        curve=curve_of_row(made) if made is not None else (),
        session_days=tuple(s.date for s in treatments),
        forecast=_own_goal(case, made),
        fates=tuple((fate.value, shown.dots.count(fate)) for fate in Fate)
        if shown is not None and shown.dots is not None
        else (),
        mm_per_px=view.scale_mm_per_px,
        cells=cells,
    )


def _zones(shown: PhotoMeasures | None, items: tuple[Judgement, ...]) -> tuple[ZoneFigure, ...]:
    if shown is None or shown.whole is None:
        return ()
    found = {(item.zone, item.item): item for item in items}
    return tuple(_zone(zone, found) for zone in (shown.whole, *shown.zones))


def _zone(zone: ZoneMeasures, found: Mapping[tuple[str, Item], Judgement]) -> ZoneFigure:
    return ZoneFigure(
        zone=zone.zone,
        fade=zone.fade,
        detectable=zone.detectable,
        n_dots=zone.n_dots,
        density_ratio=zone.density_ratio,
        density_low=zone.density_ratio_low,
        density_high=zone.density_ratio_high,
        density_per_cm2=zone.density_per_cm2,
        evenness=found.get((zone.zone, Item.EVENNESS)),
        tone=found.get((zone.zone, Item.TONE)),
    )


def _point(photo: PhotoMeasures, start: PhotoMeasures) -> PointFigure:
    at_start = photo is start
    fade = photo.whole.fade if photo.whole is not None else Estimate.missing("fraction")
    return PointFigure(
        captured_on=photo.captured_on,
        days=photo.days_since_baseline,
        value=0.0 if at_start else fade.value,
        low=0.0 if at_start else fade.low,
        high=0.0 if at_start else fade.high,
        healed=at_start or photo.stage is Stage.HEALED,
        early=photo.stage in (Stage.IMMEDIATE, Stage.HEALING, Stage.SETTLING),
    )


def _own_goal(case: ClientCase, made: ViewProgress | None) -> GoalForecast | None:
    if made is None or case.plan.goal is None:
        return None
    return next((g for g in made.whole.goals if g.goal == case.plan.goal.value), None)


def report_content(figures: ReportFigures) -> dict[str, Any]:
    """The figures as plain values: what a report carries for programs, apart from its time."""
    content: dict[str, Any] = json.loads(to_json(asdict(figures)))
    return {"schema": SCHEMA, **content, "healed": figures.healed}


def fingerprint(figures: ReportFigures) -> str:
    """SHA-256 of the figures: two reports with the same one say the same."""
    text = json.dumps(report_content(figures), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
