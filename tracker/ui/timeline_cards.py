"""One client's sessions and photos in time, as HTML. Pure: records in, strings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tracker.records import SessionKind, SessionRecord
from tracker.series import Stage
from tracker.storage.overview import DatedPhoto, Timeline
from tracker.ui.cards import STAGE_CHIPS
from tracker.ui.look import chip, text
from tracker.ui.words import STAGE_WORDS, count, day, number, percent, view_title

MOST_PICTURES = 120
"""More photos than these are named without a picture: the page stays quick."""


def timeline_html(
    timeline: Timeline,
    picture: Callable[[str], str],
    fades: Mapping[str, float],
) -> str:
    """Sessions as heads, the photos after each below it, by stage; `fades` by content hash."""
    groups: list[tuple[SessionRecord | None, list[DatedPhoto]]] = [(None, [])]
    groups += [(kept.record, []) for kept in timeline.sessions]
    undated = []
    for dated in timeline.photos:
        taken = dated.photo.record.captured_on
        if taken is None:
            undated.append(dated)
            continue
        passed = [i for i, (s, _) in enumerate(groups) if s is None or s.date <= taken]
        groups[passed[-1]][1].append(dated)
    parts = []
    number_of = 0
    left = MOST_PICTURES
    for session, photos in groups:
        if session is not None and session.kind is SessionKind.TREATMENT:
            number_of += 1
        if session is None and not photos:
            continue
        parts.append(_group(_head(session, number_of), photos, picture, fades, left))
        left -= len(photos)
    if undated:
        head = "<h4>Without a date</h4>"
        parts.append(_group(head, undated, picture, fades, left))
    return f'<div class="smp smp-timeline">{"".join(parts)}</div>' if parts else ""


def _head(session: SessionRecord | None, nth: int) -> str:
    if session is None:
        return "<h4>Before the first session</h4>"
    name = "Patch test" if session.kind is SessionKind.PATCH_TEST else f"Session {nth}"
    facts = [session.method or "method not noted", session.device]
    if session.wavelength_nm:
        facts.append(number(session.wavelength_nm, 0, "nm"))
    if session.fluence_j_cm2:
        facts.append(number(session.fluence_j_cm2, 1, "J/cm²"))
    if session.zones:
        facts.append(", ".join(session.zones))
    if session.pain is not None:
        facts.append(f"pain {session.pain} of 10")
    if session.cost is not None:
        facts.append(number(session.cost, 0, session.currency or ""))
    facts.append(session.notes)
    said = " · ".join(fact.strip() for fact in facts if fact.strip())
    return (
        f'<h4>{text(name)} <span class="quiet">{text(day(session.date))}</span></h4>'
        f'<p class="quiet small">{text(said)}</p>'
    )


def _group(
    head: str,
    photos: list[DatedPhoto],
    picture: Callable[[str], str],
    fades: Mapping[str, float],
    left: int,
) -> str:
    if not photos:
        return f'<section>{head}<p class="quiet small">No photo yet.</p></section>'
    figures = "".join(
        _photo(dated, picture(dated.photo.record.sha256) if i < left else "", fades)
        for i, dated in enumerate(photos)
    )
    return f'<section>{head}<div class="strip">{figures}</div></section>'


def _photo(dated: DatedPhoto, uri: str, fades: Mapping[str, float]) -> str:
    record = dated.photo.record
    alt = f"{view_title(record.view)}, {day(record.captured_on)}"
    image = f'<img src="{uri}" alt="{text(alt)}" loading="lazy">' if uri else ""
    days = dated.days_since_session
    when = f"{count(days, 'day')} after" if days is not None else ""
    fade = fades.get(record.sha256)
    gone = f"<strong>{text(percent(fade))} gone</strong>" if fade is not None else ""
    stage = STAGE_WORDS[dated.stage] if dated.stage is not Stage.BASELINE else "start"
    return (
        f"<figure>{image}<figcaption>{chip(stage, STAGE_CHIPS[dated.stage])}"
        f"<span>{text(day(record.captured_on))}</span>"
        f'<span class="quiet">{text(" · ".join(w for w in (view_title(record.view), when) if w))}'
        f"</span>{gone}</figcaption></figure>"
    )
