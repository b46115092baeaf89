"""The fade plot of a report, as SVG for paper and page: points, band, sessions, goal."""

from __future__ import annotations

import math
from datetime import date
from html import escape

from tracker.dossier.figures import ViewFigures
from tracker.dossier.words import Words
from tracker.report.charts import NOTICEABLE

WIDTH, HEIGHT = 720, 256
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 22, 34
TEAL, PALE_TEAL, INK, GREY, GOAL = "#0b6b6b", "#cfe3e1", "#211e1a", "#8a8680", "#b4580a"


def fade_chart(view: ViewFigures, target: float | None, words: Words) -> str:
    """An ``<svg>`` element; photos without a date stand in their order."""
    points = [p for p in view.points if math.isfinite(p.value)]
    dated = bool(points) and all(p.captured_on is not None for p in points)
    days = [p.captured_on for p in points if p.captured_on is not None]
    visits = view.session_days if dated else ()
    start = min([*days, *visits]) if dated else date.min
    shown = max(days) if dated else date.max
    band = [p for p in view.curve if dated and p.on is not None and not p.future and p.on <= shown]
    places = [
        (p.captured_on - start).days if dated and p.captured_on is not None else k
        for k, p in enumerate(points)
    ]
    visit_places = [(day - start).days for day in visits]
    last = max([1, *places, *visit_places])
    floor = min([-0.04, *(p.low - 0.02 for p in points if math.isfinite(p.low))])

    def x_of(place: float) -> float:
        return LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * place / last

    def y_of(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1.04 - share) / (1.04 - floor)

    font = 'font-family="Noto Sans, system-ui, sans-serif" font-size="12"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font} '
        f'fill="{INK}" role="img" aria-label="{escape(words("Fade over time"))}">'
    )
    parts = [head]
    right = WIDTH - RIGHT
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = y_of(share)
        parts.append(
            f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e2ded8"/>'
            f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end" fill="{GREY}">'
            f"{words.percent(share)}</text>"
        )
    levels = [(NOTICEABLE, GREY, words("noticeable from {share}", share=words.percent(NOTICEABLE)))]
    if target is not None:
        levels.append((target, GOAL, words("goal {share}", share=words.percent(target))))
    for share, colour, said in levels:
        y = y_of(share)
        # Above its line, but for one so high that the words would meet the line of 100 %.
        aside = 13 if share > 0.9 else -5
        parts.append(
            f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" '
            f'stroke-dasharray="5 4"/><text x="{LEFT + 4}" y="{y + aside:.1f}" '
            f'fill="{colour}">{escape(said)}</text>'
        )
    if band:
        spots = [visit_places[0] if visit_places else 0]
        spots += [(p.on - start).days for p in band if p.on is not None]
        upper = [*zip(spots, [0.0, *(p.high95 for p in band)], strict=True)]
        lower = [*zip(spots, [0.0, *(p.low95 for p in band)], strict=True)]
        shape = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in [*upper, *reversed(lower)])
        parts.append(f'<polygon points="{shape}" fill="{PALE_TEAL}" opacity="0.75"/>')
    for number, (place, day) in enumerate(zip(visit_places, visits, strict=True), 1):
        x = x_of(place)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="{GREY}" '
            f'stroke-dasharray="2 3"><title>{escape(words.day(day))}</title></line>'
            f'<text x="{x:.1f}" y="{TOP - 7}" text-anchor="middle" fill="{GREY}">{number}</text>'
        )
    if dated:
        ends = ((places[0], min(days), "start"), (places[-1], max(days), "end"))
        for place, day, anchor in ends if len(days) > 1 else ends[:1]:
            parts.append(
                f'<text x="{x_of(place):.1f}" y="{HEIGHT - 10}" text-anchor="{anchor}" '
                f'fill="{GREY}">{escape(words.day(day))}</text>'
            )
    line = " ".join(
        f"{x_of(x):.1f},{y_of(p.value):.1f}"
        for x, p in zip(places, points, strict=True)
        if not p.early
    )
    parts.append(f'<polyline points="{line}" fill="none" stroke="{TEAL}" stroke-width="2"/>')
    for place, point in zip(places, points, strict=True):
        x, y = x_of(place), y_of(point.value)
        if math.isfinite(point.low) and math.isfinite(point.high):
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y_of(point.low):.1f}" '
                f'y2="{y_of(point.high):.1f}" stroke="{TEAL}" stroke-width="1.5"/>'
            )
        fill = TEAL if point.healed else "#ffffff"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{TEAL}" '
            'stroke-width="2"/>'
        )
    return "".join([*parts, "</svg>"])
