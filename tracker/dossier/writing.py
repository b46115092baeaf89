"""Figures into a letter: the one place where a report's sentences are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tracker.dossier.figures import ReportFigures, ViewFigures
from tracker.dossier.letter import (
    Block,
    Letter,
    Section,
    bullets,
    facts,
    heading,
    table,
    text,
)
from tracker.dossier.pictures import PairPictures
from tracker.dossier.reference import closing_blocks
from tracker.dossier.view_pages import pair_block, status_words, view_blocks, view_name
from tracker.dossier.words import NO_VALUE, Words
from tracker.progress.watches import State
from tracker.records import SessionKind, SessionRecord
from tracker.storage.clinic_settings import ClinicSettings

MOST_CARDS = 4


def write_letter(
    figures: ReportFigures,
    pairs: Mapping[str, PairPictures],
    clinic: ClinicSettings,
    words: Words,
    *,
    made_at: datetime,
    undrawable: str = "",
) -> Letter:
    """The letter of a report.

    Parameters
    ----------
    figures : ReportFigures
    pairs : mapping of view name to PairPictures
    clinic : ClinicSettings
    words : Words
        The language.
    made_at : datetime
        The stated creation time.
    undrawable : str
        Characters that the PDF cannot draw; it says so.
    """
    shown = [view for view in figures.views if view.shown]
    title = words("Healed result") if figures.healed else words("Interim result")
    stamp = "" if figures.healed else words("not yet healed")
    sections = [Section(tuple(_first_page(figures, pairs, words, undrawable)), stamp)]
    sections.append(Section(tuple(_record(figures, words)), stamp))
    for view in shown:
        view_stamp = "" if view.healed else words("not yet healed")
        sections.append(Section(tuple(view_blocks(view, pairs, words)), view_stamp))
    sections.append(Section(tuple(closing_blocks(figures, words))))
    return Letter(
        language=words.language.value,
        title=title,
        clinic=clinic.name,
        clinic_lines=clinic.lines,
        footer=words(
            "{client} · made {time} · smp-tracker {version}, method {method} · a measurement, "
            "not a diagnosis",
            client=figures.client,
            time=words.moment(made_at),
            version=figures.program_version,
            method=figures.method_version,
        ),
        page_word=words("page"),
        made_on=words.long_day(made_at.date()),
        sections=tuple(sections),
        alt={
            "before": words("Baseline photo"),
            "after": words("Later photo in the baseline's frame"),
            "dots": words("Dots marked by their fate"),
            "heat": words("Share gone in cells over the photo"),
            "chart": words("Fade over time"),
        },
    )


def goal_words(figures: ReportFigures, words: Words) -> str:
    if not figures.goal:
        return words("not noted")
    said = words.engine(figures.goal)
    if figures.target is not None:
        said += ": " + words("{share} of the pigment to go", share=words.percent(figures.target))
    if figures.goal_zones:
        said += " (" + ", ".join(words.engine(z) for z in figures.goal_zones) + ")"
    return said


def _first_page(
    figures: ReportFigures,
    pairs: Mapping[str, PairPictures],
    words: Words,
    undrawable: str,
) -> list[Block]:
    shown = [view for view in figures.views if view.shown]
    blocks = [
        facts(
            (words("Client"), figures.name or figures.client),
            (words("Code"), figures.client if figures.name else ""),
            (words("Goal"), goal_words(figures, words)),
            (words("Sessions so far"), _sessions_so_far(figures, words)),
        )
    ]
    if undrawable:
        blocks.append(
            Block(
                "warning",
                words(
                    "Some characters ({characters}) are not in the fonts of this PDF and are "
                    "replaced by a sign; the HTML report shows them.",
                    characters=undrawable,
                ),
            )
        )
    if not shown:
        blocks.append(
            Block("warning", words("No later photo could be measured: there is no result yet."))
        )
        blocks += [text(words.engine(note)) for note in figures.notes]
        return blocks
    cards = [_headline(view, words) for view in shown[:MOST_CARDS]]
    blocks.append(Block("headline", rows=tuple(cards)))
    first = next((view for view in shown if view.view in pairs), None)
    if first is not None:
        blocks.append(pair_block(first, words))
    blocks += [heading(words("In plain words")), bullets(summary(figures, words))]
    return blocks


def _sessions_so_far(figures: ReportFigures, words: Words) -> str:
    done = figures.treatments
    if not done:
        return words("none on record")
    return words("{n}, the last on {day}", n=len(done), day=words.day(done[-1].date))


def _headline(view: ViewFigures, words: Words) -> tuple[str, ...]:
    """Name, number, interval, status of one view's card."""
    assert view.whole is not None
    fade = view.whole.fade
    return (
        view_name(view.view, words),
        words.percent(fade.value),
        words("of the pigment is gone, 95 % interval {interval}", interval=words.interval(fade)),
        status_words(view, words),
        "healed" if view.healed else "early",
    )


def summary(figures: ReportFigures, words: Words) -> list[str]:
    """The result in a few plain sentences."""
    said = []
    for view in (v for v in figures.views if v.shown and v.whole is not None):
        assert view.whole is not None
        fade = view.whole.fade
        name = view_name(view.view, words)
        if abs(fade.value) <= view.whole.detectable:
            line = words(
                "{view}: the change ({share}) is smaller than what these photos can prove.",
                view=name,
                share=words.percent(fade.value),
            )
        elif fade.value < 0:
            line = words(
                "{view}: more pigment is seen than at the start ({share}). Show this to your clinic.",
                view=name,
                share=words.percent(-fade.value),
            )
        else:
            line = words(
                "{view}: about {share} of the pigment of the first photo is gone; with 95 % "
                "certainty {interval}.",
                view=name,
                share=words.percent(fade.value),
                interval=words.interval(fade),
            )
        said.append(line + _against_goal(figures, view, words))
        if not view.healed:
            said.append(
                words(
                    "{view}: this photo does not show healed skin by the rule of {days} days after "
                    "the last session. It is not a healed result; another photo is needed.",
                    view=name,
                    days=figures.healed_days,
                )
            )
        elif view.sessions_since:
            said.append(
                words(
                    "{view}: sessions after this photo: {n}. It shows the skin before them.",
                    view=name,
                    n=view.sessions_since,
                )
            )
    seen = [w for v in figures.views for w in v.watches if w.state is State.SEEN]
    if seen:
        signs = ", ".join(dict.fromkeys(words.engine(w.sign.value) for w in seen))
        said.append(words("To be looked at by your clinic: {signs}.", signs=signs))
    if figures.refused:
        said.append(
            words("{n} photos could not be measured; why stands below.", n=len(figures.refused))
        )
    return said


def _against_goal(figures: ReportFigures, view: ViewFigures, words: Words) -> str:
    whole = view.whole
    if figures.target is None or whole is None:
        return ""
    goal = words.percent(figures.target)
    if whole.fade.low >= figures.target:
        return " " + words("The goal of {goal} is reached.", goal=goal)
    if whole.fade.value >= figures.target:
        return " " + words("The goal of {goal} is likely reached.", goal=goal)
    made = view.forecast
    if view.healed and made is not None and made.sessions_low is not None:
        if made.sessions_high is None:
            return " " + words(
                "To the goal of {goal}: {low} sessions more, or many; not foreseeable yet.",
                goal=goal,
                low=made.sessions_low,
            )
        source = (
            words("from this client's own healed photos")
            if made.own
            else words("from published ranges")
        )
        return " " + words(
            "To the goal of {goal}: likely {low} to {high} sessions more ({source}).",
            goal=goal,
            low=made.sessions_low,
            high=made.sessions_high,
            source=source,
        )
    return " " + words("The goal of {goal} is not reached yet.", goal=goal)


def _record(figures: ReportFigures, words: Words) -> list[Block]:
    blocks = [
        heading(words("Plan and sessions")),
        facts(
            (words("Goal"), goal_words(figures, words)),
            (words("Method planned"), figures.method),
            (
                words("Spacing planned"),
                words("{n} days", n=figures.spacing_days) if figures.spacing_days else "",
            ),
            (words("Skin type (Fitzpatrick)"), figures.skin_type),
            (words("Last SMP session"), words.day(figures.smp_date) if figures.smp_date else ""),
            (words("Consent"), _consents(figures, words)),
        ),
    ]
    if figures.sessions:
        head = (
            words("No."),
            words("Date"),
            words("Method"),
            words("Device"),
            "nm",
            "J/cm²",
            words("spot, mm"),
            words("passes"),
            words("Zones"),
            words("pain"),
        )
        blocks.append(
            table(
                head,
                _session_rows(figures.sessions, words),
                "rlllrrrrlr",
                (6, 13, 18, 15, 8, 8, 8, 11, 17, 9),
                small=True,
            )
        )
    else:
        blocks.append(text(words("No session is on record.")))
    if figures.refused:
        blocks.append(heading(words("Photos that were not measured")))
        blocks.append(
            table(
                (words("Photo"), words("Date"), words("Reason")),
                [
                    (p.name, words.day(p.captured_on), words.engine(p.reason))
                    for p in figures.refused
                ],
                "lll",
                (30, 16, 54),
                small=True,
            )
        )
    noted = [p for p in figures.photos if p.notes]
    if noted:
        blocks.append(heading(words("Notes on the photos")))
        blocks.append(
            table(
                (words("Photo"), words("What limits its measures")),
                [(p.name, "; ".join(words.engine(n) for n in p.notes)) for p in noted],
                "ll",
                (30, 70),
                small=True,
            )
        )
    return blocks


def _consents(figures: ReportFigures, words: Words) -> str:
    said = []
    for level, given, expires, withdrawn in figures.consents:
        line = f"{words.engine(level)}: {words.day(given)}"
        if expires is not None:
            line += ", " + words("expires {day}", day=words.day(expires))
        if withdrawn is not None:
            line += ", " + words("withdrawn {day}", day=words.day(withdrawn))
        said.append(line)
    return "; ".join(said) or words("none on record")


def _session_rows(sessions: tuple[SessionRecord, ...], words: Words) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    number = 0
    for session in sessions:
        patch = session.kind is SessionKind.PATCH_TEST
        number += 0 if patch else 1
        rows.append(
            (
                words("patch test") if patch else str(number),
                words.day(session.date),
                session.method or NO_VALUE,
                session.device or NO_VALUE,
                NO_VALUE if session.wavelength_nm is None else f"{session.wavelength_nm:.0f}",
                words.number(session.fluence_j_cm2, 1),
                words.number(session.spot_mm, 1),
                words.number(session.passes),
                ", ".join(words.engine(z) for z in session.zones) or words("whole scalp"),
                words.number(session.pain),
            )
        )
    return rows
