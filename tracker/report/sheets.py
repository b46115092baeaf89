"""Forecast and consultation sheet: as text for a terminal, as a page for paper."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup

from tracker.progress.consultation import ConsultationSheet
from tracker.progress.report import Progress, ViewProgress
from tracker.progress.watches import State
from tracker.report.charts import fade_svg
from tracker.report.evenness_map import evenness_svg
from tracker.report.page import page_environment
from tracker.series import SeriesAnalysis


def forecast_text(made: Progress) -> str:
    """The progress of one client in lines."""
    lines = [f"{made.client or 'client'}, as of {made.today}"]
    lines += [*made.sentences, *made.calendar.warnings]
    for view in made.views:
        lines += ["", view.view or "all photos", *_view_lines(view)]
    lines += ["", "calendar"]
    lines += [f"  {zone.zone}: {zone.sentence}" for zone in made.calendar.zones]
    lines += [
        f"  {words}"
        for words in (made.calendar.check_in, made.calendar.start, made.calendar.redo)
        if words
    ]
    return "\n".join(lines)


def _view_lines(view: ViewProgress) -> list[str]:
    lines = []
    for zone in view.zones:
        lines.append(f"  {zone.zone}")
        lines += [f"    {words}" for words in zone.sentences]
        for goal in zone.goals:
            lines.append(f"    {goal.sentence}")
            if not goal.reached:
                first = goal.first_date or "not foreseeable"
                last = goal.last_date or "not foreseeable"
                lines.append(f"      healed result between {first} and {last}")
            if goal.cost is not None:
                lines.append(f"      cost: {goal.cost.sentence}")
        if zone.zone == "all":
            lines.append(f"    {zone.plateau.sentence}")
    lines += [f"  {lag.sentence}" for lag in view.lags if "pace" not in lag.sentence]
    lines += [
        f"  {item.zone}, {item.item.value}: {item.word} ({item.verdict.value})"
        for item in view.judgement
        if item.zone == "all"
    ]
    for watch in view.watches:
        said = f"  watch, {watch.sign.value}: {watch.state.value}"
        if watch.state is State.SEEN:
            said += (
                f" ({watch.sureness}, since {watch.since or watch.photo}): {watch.sentence}; could "
                f"be {watch.could_fake}; {watch.advice}"
            )
        elif watch.state is State.CANNOT_TELL:
            said += f": {watch.sentence}"
        else:
            said += f" (smallest change found nine times in ten: {watch.found_from})"
        lines.append(said)
    if view.comparable_words:
        lines.append(f"  {view.comparable_words}")
    return lines


def forecast_page(analysis: SeriesAnalysis, made: Progress) -> str:
    """A self-contained HTML page of the progress, comparable cases as faint lines."""
    charts: Mapping[str, Markup] = {
        row.view: Markup(
            fade_svg(
                view,
                analysis.sessions,
                target=row.whole.goals[-1].target if row.whole.goals else None,
                curve=row.whole.curve,
                cases=[case.points for case in row.comparable],
            )
        )
        for view, row in zip(analysis.views, made.views, strict=True)
    }
    return (
        page_environment()
        .get_template("forecast.html.j2")
        .render(
            analysis=analysis,
            made=made,
            charts=charts,
            evenness_svg=lambda view: Markup(evenness_svg(view.cells)),
        )
    )


def consultation_text(sheet: ConsultationSheet) -> str:
    """The consultation sheet in lines."""
    lines = [f"Consultation sheet, {sheet.client or 'client'}"]
    lines.append(f"skin type: {sheet.skin_type or 'not noted'}")
    lines += [f"note: {words}" for words in sheet.problems]
    for view in sheet.views:
        lines.append(
            f"{view.view or 'baseline'} ({view.photo}): {view.n_dots} dots, "
            f"{_figure(view.density_per_cm2, 0, 'per cm2')} ({view.density.value}), contrast "
            f"{_percent(view.contrast)}, coverage {_percent(view.coverage)}, native skin ITA "
            f"{_figure(view.ita_deg, 0, 'degrees, an estimate')}"
        )
        lines += [f"  {remark}" for remark in view.remarks]
    lines += [f"mind: {words}" for words in sheet.flags]
    for goal in sheet.goals:
        lines.append(
            f"{goal.goal} ({goal.target:.0%} gone): {goal.sessions_low:.0f} to "
            f"{goal.sessions_high:.0f} sessions, {goal.cost_low:.0f} to {goal.cost_high:.0f} "
            f"{goal.currency}"
        )
        lines += [f"  {source}" for source in goal.sources]
    lines += [f"expect: {words}" for words in sheet.expectations]
    return "\n".join(lines)


def consultation_page(sheet: ConsultationSheet) -> str:
    """The consultation sheet as a self-contained HTML page."""
    return page_environment().get_template("consultation.html.j2").render(sheet=sheet)


def _figure(value: float, digits: int, unit: str) -> str:
    return f"{value:.{digits}f} {unit}" if math.isfinite(value) else "not measured"


def _percent(share: float) -> str:
    return f"{share:.0%}" if math.isfinite(share) else "not measured"
