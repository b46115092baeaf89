"""What comes next, as HTML: forecast, judgement, watches, calendar. Pure: strings out.

Nothing is computed here: the rows are those of `tracker.progress`, as in the report.
"""

from __future__ import annotations

from tracker.progress.evenness import Lag
from tracker.progress.judgement import Judgement, Verdict
from tracker.progress.report import Progress, ViewProgress
from tracker.progress.schedule import DueState
from tracker.progress.watches import State, Watch
from tracker.report.page import estimate_words
from tracker.ui.look import chip, text
from tracker.ui.words import day, sentence, zone_title

VERDICT_CHIPS = {
    Verdict.NOTICEABLE: "good",
    Verdict.DETECTABLE: "part",
    Verdict.CANNOT_TELL: "none",
}
WATCH_CHIPS = {State.SEEN: "warn", State.NOT_SEEN: "good", State.CANNOT_TELL: "none"}
DUE_CHIPS = {
    DueState.TOO_EARLY: "warn",
    DueState.DUE: "good",
    DueState.PAST: "part",
    DueState.NOT_STARTED: "none",
}


def forecast_rows(row: ViewProgress, zone: str) -> str:
    """Goals of one zone: what it takes, when, and what it costs."""
    progress = next((z for z in row.zones if z.zone == zone), row.whole)
    if not progress.goals:
        return ""
    rows = []
    for goal in progress.goals:
        when = (
            "reached"
            if goal.reached
            else f"{day(goal.first_date) if goal.first_date else 'not foreseeable'} – "
            f"{day(goal.last_date) if goal.last_date else 'not foreseeable'}"
        )
        cost = goal.cost.sentence if goal.cost is not None else ""
        rows.append(
            f"<tr><td>{text(sentence(goal.sentence))}</td><td>{text(when)}</td>"
            f'<td class="wide quiet">{text(cost)}</td></tr>'
        )
    return _table(("To the goal", "Healed result", "*Cost to the finish"), rows)


def forecast_words(made: Progress, row: ViewProgress, zone: str) -> str:
    """The small print under a forecast."""
    progress = next((z for z in row.zones if z.zone == zone), row.whole)
    low, middle, high = progress.left_per_session
    return (
        f"If the sessions to come use {made.method.value}, {made.spacing_days} days apart. One "
        f"session leaves {middle:.0%} of what can clear ({low:.0%} to {high:.0%}). "
        f"{sentence(progress.plateau.sentence)} A forecast, never a promise."
    )


def lag_words(lags: tuple[Lag, ...]) -> list[str]:
    """Zones that are behind or ahead, a sentence each."""
    return [sentence(lag.sentence) for lag in lags if "pace" not in lag.sentence]


def judgement_rows(items: tuple[Judgement, ...]) -> str:
    """A row per item of a judged result."""
    rows = [
        f"<tr><td>{text(zone_title(item.zone))}</td><td>{text(item.item.value)}</td>"
        f"<td><strong>{text(item.word)}</strong><br>"
        f'<span class="quiet small">{text(sentence(item.sentence))}</span></td>'
        f'<td class="num wide">{text(estimate_words(item.value))}</td>'
        f"<td>{chip(item.verdict.value, VERDICT_CHIPS[item.verdict])}</td></tr>"
        for item in items
    ]
    return _table(("Zone", "Item", "Word", "*Value, 95 % interval", "Change"), rows)


def watch_rows(watches: tuple[Watch, ...]) -> str:
    """A row per watch; what is seen comes first."""
    order = sorted(watches, key=lambda watch: list(WATCH_CHIPS).index(watch.state))
    rows = []
    for watch in order:
        said = watch.sentence
        if watch.state is State.SEEN:
            since = f" since {day(watch.since)}" if watch.since else ""
            said = (
                f"{watch.sureness}{since}: {watch.sentence}. Could be {watch.could_fake}. "
                f"{watch.advice}"
            )
        elif watch.state is State.NOT_SEEN:
            said = f"{watch.sentence}. Smallest change found nine times in ten: {watch.found_from}"
        rows.append(
            f"<tr><td>{text(sentence(watch.sign.value)[:-1])}</td>"
            f"<td>{chip(watch.state.value, WATCH_CHIPS[watch.state])}</td>"
            f'<td class="quiet">{text(sentence(said))}</td></tr>'
        )
    return _table(("Sign", "State", "What the photos show"), rows)


def calendar_rows(made: Progress) -> str:
    """A row per zone: when the next session is due."""
    rows = [
        f"<tr><td>{text(zone_title(zone.zone))}</td>"
        f"<td>{chip(zone.state.value, DUE_CHIPS[zone.state])}</td>"
        f'<td class="quiet">{text(sentence(zone.sentence))}</td></tr>'
        for zone in made.calendar.zones
    ]
    return _table(("Zone", "Next session", ""), rows)


def _table(heads: tuple[str, ...], rows: list[str]) -> str:
    """A table; a heading with a star is for wide screens only."""
    cells = "".join(
        f'<th class="wide">{text(head[1:])}</th>'
        if head.startswith("*")
        else f"<th>{text(head)}</th>"
        for head in heads
    )
    return (
        f'<div class="smp"><table class="smp-rows"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
