"""The result as HTML: headline card, zone rows, photo rows. Pure: strings in, strings out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from tracker.measure.results import Estimate
from tracker.series import (
    PhotoMeasures,
    Session,
    Stage,
    Status,
    ViewAnalysis,
    ZoneMeasures,
)
from tracker.ui.look import chip, text, verdict_chip
from tracker.ui.words import (
    NOTICEABLE_FADE,
    STAGE_WORDS,
    VERDICT_MEANING,
    Headline,
    Verdict,
    count,
    day,
    interval,
    number,
    percent,
    sentence,
    sessions_before,
    verdict_of,
    view_title,
    zone_title,
)

STAGE_CHIPS = {
    Stage.BASELINE: "good",
    Stage.HEALED: "good",
    Stage.SETTLING: "part",
    Stage.HEALING: "part",
    Stage.IMMEDIATE: "part",
    Stage.UNKNOWN: "none",
}


def hero(view: ViewAnalysis, heading: Headline, target: float | None) -> str:
    """The card a result is headed with: figure, claim, verdict, scale and facts."""
    figure = f'<div class="figure">{text(heading.figure)}</div>' if heading.figure else ""
    measures = heading.photo.whole if heading.photo else None
    parts = [
        f'<section class="smp smp-hero" aria-label="Result, {text(view_title(view.view))}">',
        f'<div class="top">{figure}<div class="words">',
        f'<p class="claim">{text(heading.claim)} <span>{text(heading.spread)}</span></p>',
        f'<p class="quiet">{text(heading.support)}</p></div></div>',
    ]
    if measures is not None:
        parts.append(scale_bar(measures, target))
    parts.append(
        f'<p style="margin-top:1.3rem">{verdict_chip(heading.verdict)} '
        f'<span class="quiet small">{text(VERDICT_MEANING[heading.verdict])}</span></p>'
    )
    if heading.photo is not None and measures is not None:
        parts.append(facts(view, measures))
    parts.append("</section>")
    return "".join(parts)


def scale_bar(measures: ZoneMeasures, target: float | None) -> str:
    """From nothing gone to all gone: the value, its interval, and the lines that matter."""
    fade = measures.fade
    low, high = _points(fade.low), _points(fade.high)
    marks = [_mark(NOTICEABLE_FADE, "noticeable", "above")]
    if math.isfinite(measures.detectable) and measures.detectable < NOTICEABLE_FADE - 0.02:
        marks.append(_mark(measures.detectable, "detectable", "first"))
    if target:
        marks.append(_mark(target, f"goal {percent(target)}", "goal last"))
    label = f"{percent(fade.value)} gone, interval {interval(fade)}"
    return (
        f'<div class="smp-scale" role="img" aria-label="{text(label)}"><div class="rail"></div>'
        f'<div class="fill" style="width:{_points(fade.value):.1f}%"></div>'
        f'<div class="band" style="left:{low:.1f}%;width:{max(high - low, 0.4):.1f}%"></div>'
        f"{''.join(marks)}</div>"
    )


def _mark(share: float, label: str, kind: str) -> str:
    return (
        f'<div class="mark {kind}" style="left:{_points(share):.1f}%">'
        f"<span>{text(label)}</span></div>"
    )


def _points(share: float) -> float:
    return min(max(share, 0.0), 1.0) * 100 if math.isfinite(share) else 0.0


def facts(view: ViewAnalysis, measures: ZoneMeasures) -> str:
    """What else the photo shows, each with the first photo's figure beside it."""
    start = next((p.whole for p in view.photos if p.status is Status.BASELINE), None)
    return (
        '<dl class="smp-facts">'
        + _fact("Dots followed", number(measures.n_dots), f"of {number(len(view.dots))} found")
        + _fact(
            "Dots still visible",
            percent(measures.density_ratio),
            _between(measures.density_ratio_low, measures.density_ratio_high),
        )
        + _density_fact(measures, start)
        + _fact(
            "Contrast of the dots", percent(measures.contrast_ratio), "of what it was at the start"
        )
        + _fact(
            "Unevenness",
            percent(measures.evenness),
            f"at the start {percent(start.evenness)}" if start else "",
        )
        + _fact(
            "Colour against native skin",
            number(measures.tone_delta_e, 1, "ΔE"),
            "below about 1 no eye sees it"
            if math.isfinite(measures.tone_delta_e)
            else "no untreated skin in view",
        )
        + "</dl>"
    )


def _density_fact(measures: ZoneMeasures, start: ZoneMeasures | None) -> str:
    if not math.isfinite(measures.density_per_cm2):
        return _fact("Dots per cm²", "not measured", "needs a scale (mm per pixel)")
    before = f"at the start {number(start.density_per_cm2)}" if start else ""
    return _fact("Dots per cm²", number(measures.density_per_cm2), before)


def _between(low: float, high: float) -> str:
    return interval(Estimate(low, low, high, 0, ""))


def _fact(name: str, value: str, remark: str) -> str:
    small = f"<small>{text(remark)}</small>" if remark else ""
    return f"<div><dt>{text(name)}</dt><dd>{text(value)}{small}</dd></div>"


def _bar(fade: Estimate) -> str:
    low, high = _points(fade.low), _points(fade.high)
    return (
        f'<div class="bar" aria-hidden="true"><i style="width:{_points(fade.value):.1f}%"></i>'
        f'<b style="left:{low:.1f}%;width:{max(high - low, 0.8):.1f}%"></b></div>'
    )


def zone_rows(photo: PhotoMeasures, lagging: Sequence[ZoneMeasures]) -> str:
    """A row per zone of one photo, the least faded marked."""
    behind = {zone.zone for zone in lagging}
    rows = []
    for zone in ([photo.whole] if photo.whole else []) + list(photo.zones):
        verdict = verdict_of(zone)
        word = chip("Lags behind", "warn") if zone.zone in behind else verdict_chip(verdict)
        value = percent(zone.fade.value)
        spread = interval(zone.fade) if zone.fade.measured else ""
        rows.append(
            f"<tr><td>{text(zone_title(zone.zone))}</td>"
            f'<td class="num"><strong>{text(value)}</strong></td>'
            f'<td class="wide">{_bar(zone.fade) if zone.fade.measured else ""}</td>'
            f'<td class="num quiet">{text(spread)}</td>'
            f'<td class="num wide">{text(number(zone.n_dots))}</td><td>{word}</td></tr>'
        )
    return (
        '<div class="smp"><table class="smp-rows"><thead><tr><th>Zone</th><th>Gone</th>'
        '<th class="wide"></th><th>95 % interval</th><th class="wide">Dots</th><th>Change</th>'
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def photo_rows(
    view: ViewAnalysis, sessions: tuple[Session, ...], refused: Sequence[PhotoMeasures] = ()
) -> str:
    """A row per photo of a view, in time order; `refused` are photos without a baseline."""
    photos = [*view.photos, *(photo for photo in refused if photo.view in ("", view.view))]
    photos.sort(key=lambda photo: (photo.captured_on or date.max, photo.photo))
    rows = []
    for photo in photos:
        refused_photo = photo.status is Status.REFUSED
        fade = photo.whole.fade if photo.whole else Estimate.missing("fraction")
        if photo.status is Status.BASELINE:
            gone, spread, bar = "start", "", ""
        elif refused_photo or not fade.measured:
            gone, spread, bar = "not measured", "", ""
        else:
            gone, spread, bar = percent(fade.value), interval(fade), _bar(fade)
        if refused_photo:
            stage = chip("refused", "warn")
        elif photo.status is Status.BASELINE:
            stage = chip("first photo", "good")
        else:
            stage = chip(STAGE_WORDS[photo.stage], STAGE_CHIPS[photo.stage])
        nth = sessions_before(photo, sessions)
        after = f"after session {nth}" if nth else "before the first session" if sessions else ""
        rows.append(
            f'<tr class="{"dim" if refused_photo else ""}"><td class="num">{text(day(photo.captured_on))}'
            f'<br><span class="quiet small">{text(after)}</span></td>'
            f'<td class="smp-file wide">{text(photo.photo)}</td><td>{stage}</td>'
            f'<td class="num"><strong>{text(gone)}</strong><br>'
            f'<span class="quiet small">{text(spread)}</span></td><td class="wide">{bar}</td></tr>'
        )
        remarks = [flag for flag in photo.flags if not flag.startswith("not healed")]
        if remarks and not refused_photo:
            rows.append(
                f'<tr class="remark"><td colspan="5">{text(sentence("; ".join(remarks)))}</td></tr>'
            )
    return (
        '<div class="smp"><table class="smp-rows"><thead><tr><th>Taken</th>'
        '<th class="wide">Photo</th><th>Stage</th><th>Pigment gone</th><th class="wide"></th></tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def summary_line(
    n_photos: int, sessions: tuple[Session, ...], goal: str, target: float | None
) -> str:
    """What stands under a client's name."""
    parts = [count(n_photos, "photo")]
    if sessions:
        parts.append(count(len(sessions), "session"))
    if goal:
        aim = goal.replace("_", " ").replace("-", " ")
        parts.append(f"goal: {aim}" + (f" ({percent(target)} gone)" if target else ""))
    elif target:
        parts.append(f"goal: {percent(target)} gone")
    return " · ".join(parts)


def view_verdicts(headings: Sequence[tuple[str, Headline]]) -> list[str]:
    """Short labels for choosing a view: ``Top 63 %``."""
    return [
        f"{view_title(view)} {heading.figure}".strip()
        if heading.verdict is not Verdict.NOT_MEASURED
        else f"{view_title(view)} –"
        for view, heading in headings
    ]
