"""A client's card on the first page, as HTML. Pure: records in, strings out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.progress.facts import CaseFacts
from tracker.progress.schedule import DueState, ZoneCalendar, calendar
from tracker.storage.cards import ClientCard, FadeStep
from tracker.ui.look import Palette, chip, text
from tracker.ui.pictures import svg_uri
from tracker.ui.words import count, day, percent, view_title

WIDTH, HEIGHT, EDGE = 240, 64, 6
MOST_LEFT = 1.15


class Filter(StrEnum):
    """What the list of clients can be narrowed to."""

    ALL = "All"
    DUE = "Session due"
    REACHED = "Goal reached"
    TO_MEASURE = "To measure"
    UNDATED = "Photos without a date"


@dataclass(frozen=True)
class Standing:
    """What a card says besides records: results, the goal and the next session."""

    results: tuple[tuple[str, FadeStep], ...]
    """(view, latest fade that counts) of every view that has one."""
    target: float | None
    due: ZoneCalendar

    @property
    def goal_reached(self) -> bool:
        """Whether every view's latest fade is at the goal."""
        if self.target is None or not self.results:
            return False
        return all(step.fade >= self.target for _, step in self.results)

    @property
    def session_due(self) -> bool:
        return self.due.state in (DueState.DUE, DueState.PAST) and not self.goal_reached


def standing_of(card: ClientCard, today: date) -> Standing:
    """Judge a card as of today."""
    facts = CaseFacts.of_records(card.client.record, card.plan)
    dates = calendar(card.sessions, (), facts, today=today, last_photo=card.last_day)
    found = [(view, step) for view in card.views if (step := card.result(view)) is not None]
    return Standing(tuple(found), facts.target, dates.zones[0])


def matches(card: ClientCard, standing: Standing, words: str, chosen: Filter) -> bool:
    """Whether a card is among those looked for: every word somewhere in code, name or goal."""
    record = card.client.record
    goal = card.plan.goal.value if card.plan.goal else ""
    hay = f"{record.code} {record.name} {goal} {card.plan.method}".lower()
    if not all(word in hay for word in words.lower().split()):
        return False
    return {
        Filter.ALL: True,
        Filter.DUE: standing.session_due,
        Filter.REACHED: standing.goal_reached,
        Filter.TO_MEASURE: card.n_unmeasured > 0,
        Filter.UNDATED: card.n_undated > 0,
    }[chosen]


def card_html(
    card: ClientCard, standing: Standing, pictures: tuple[str, ...], colours: Palette
) -> str:
    """The card: pictures, who and what for, how much is gone, what comes next, flags."""
    record = card.client.record
    name = record.name or record.code
    named = record.name and record.name != record.code
    code = f'<span class="quiet small">{text(record.code)}</span>' if named else ""
    roles = ("First photo", "Latest photo")
    images = "".join(
        f'<img src="{uri}" alt="{role}">' for uri, role in zip(pictures, roles, strict=False) if uri
    )
    shown = images or '<div class="none">no photo yet</div>'
    single = " single" if images.count("<img") < 2 else ""
    goal = _goal(card, standing.target)
    return (
        f'<div class="smp smp-client"><div class="smp-pair{single}">{shown}</div>'
        f'<div class="head"><h3>{text(name)}</h3>{code}</div>'
        f'<p class="quiet small">{text(goal)}</p>'
        f"{_figures(card, standing)}{sparkline(card.steps, standing.target, colours)}"
        f'<p class="small">{text(due_words(standing))}</p>{_flags(card)}</div>'
    )


def _goal(card: ClientCard, target: float | None) -> str:
    goal = card.plan.goal.value if card.plan.goal else "no goal set"
    aim = f"{goal}, {percent(target)} gone" if target else goal
    return f"{aim[:1].upper()}{aim[1:]} · {count(len(card.sessions), 'session')}"


def _figures(card: ClientCard, standing: Standing) -> str:
    if not standing.results:
        said = "Nothing measured yet" if card.n_photos else "Add the first photo"
        if card.steps:
            said = "No healed photo to compare yet"
        return f'<p class="figures quiet">{said}</p>'
    parts = [
        f"<span><strong>{text(percent(step.fade))}</strong> "
        f'<small class="quiet">{text(view_title(view).lower())}</small></span>'
        for view, step in standing.results[:3]
    ]
    more = (
        f'<small class="quiet">+{len(standing.results) - 3}</small>' if standing.results[3:] else ""
    )
    return f'<p class="figures"><small class="quiet">Gone</small>{"".join(parts)}{more}</p>'


def due_words(standing: Standing) -> str:
    """What comes next for this client."""
    due = standing.due
    if standing.goal_reached:
        return "Goal reached"
    if due.state is DueState.NOT_STARTED:
        return "No session yet"
    if due.state is DueState.PAST:
        return f"Last session {day(due.last_session)}; the usual window is over"
    if due.state is DueState.TOO_EARLY:
        return f"Next session from {day(due.opens_on)}"
    return f"Session due since {day(due.opens_on)}"


def _flags(card: ClientCard) -> str:
    chips = [chip(flag.value, "warn") for flag in card.client.record.flags]
    if card.n_undated:
        chips.append(chip(f"{count(card.n_undated, 'photo')} without a date", "warn"))
    if card.n_unmeasured:
        chips.append(chip(f"{count(card.n_unmeasured, 'photo')} to measure", "none"))
    return f'<p class="flags">{"".join(chips)}</p>' if chips else ""


def sparkline(steps: tuple[FadeStep, ...], target: float | None, colours: Palette) -> str:
    """Pigment left over time, a line per view; filled marks count, hollow ones do not."""
    dated = [(step.captured_on, step) for step in steps if step.captured_on is not None]
    days = [day.toordinal() for day, _ in dated]
    if len(set(days)) < 2:
        return ""
    first, span = min(days), max(days) - min(days)
    parts = []
    if target:
        y = _level(1.0 - target)
        parts.append(
            f'<line x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colours.quiet}" '
            'stroke-width="1.2" stroke-dasharray="3 4"/>'
        )
    for view in dict.fromkeys(step.view for _, step in dated):
        places = [
            (EDGE + (day.toordinal() - first) / span * (WIDTH - 2 * EDGE), step)
            for day, step in dated
            if step.view == view
        ]
        line = " ".join(f"{x:.1f},{_level(1.0 - s.fade):.1f}" for x, s in places if s.counts)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colours.accent}" stroke-width="1.8"/>'
        )
        for x, step in places:
            fill = colours.accent if step.counts else colours.paper
            parts.append(
                f'<circle cx="{x:.1f}" cy="{_level(1.0 - step.fade):.1f}" r="3" fill="{fill}" '
                f'stroke="{colours.accent}" stroke-width="1.4"/>'
            )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{''.join(parts)}</svg>"
    )
    last = [step for _, step in dated if step.counts][-1:]
    words = f"Pigment left over time, {percent(1 - last[0].fade)} at the end" if last else ""
    return f'<img class="spark" src="{svg_uri(drawing)}" alt="{text(words)}">'


def _level(left: float) -> float:
    """Height of a share of pigment left; a little more than all of it still fits."""
    return EDGE + (1.0 - min(max(left, 0.0), MOST_LEFT) / MOST_LEFT) * (HEIGHT - 2 * EDGE)
