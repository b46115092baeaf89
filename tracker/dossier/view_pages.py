"""The pages of one view: pictures, plot, zones, judgement, watches."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.dossier.figures import ViewFigures, ZoneFigure
from tracker.dossier.letter import Block, heading, pictures, table, text
from tracker.dossier.pictures import PairPictures
from tracker.dossier.words import NO_VALUE, Words
from tracker.measure.results import Fate
from tracker.progress.judgement import Judgement
from tracker.progress.watches import State, Watch
from tracker.report.overlays import FATE_WORDS

PERCENT_UNITS = ("fraction", "share", "SD / mean")


def view_name(view: str, words: Words) -> str:
    return words.engine(view).capitalize() if view else words("All photos")


def status_words(view: ViewFigures, words: Words) -> str:
    """Whether and since when the skin has healed, as the rule says it."""
    days = view.days_since_session
    if view.healed and days is not None:
        return words("healed: {days} days after the last session", days=days)
    if days is not None:
        return words(
            "not yet healed: {days} days after the last session ({stage})",
            days=days,
            stage=words.engine(view.stage),
        )
    return words("not yet healed: no session before this photo is on record")


def pair_block(view: ViewFigures, words: Words) -> Block:
    name = view_name(view.view, words)
    return pictures(
        (
            f"{view.view}/before",
            words("{view}, baseline, {day}", view=name, day=words.day(view.baseline_on)),
        ),
        (
            f"{view.view}/after",
            words(
                "{view}, {day}, {status}",
                view=name,
                day=words.day(view.shown_on),
                status=status_words(view, words),
            ),
        ),
    )


def view_blocks(
    view: ViewFigures,
    pairs: Mapping[str, PairPictures],
    words: Words,
) -> list[Block]:
    blocks = [heading(words("View: {view}", view=view_name(view.view, words)))]
    pair = pairs.get(view.view)
    if pair is not None:
        blocks.append(pair_block(view, words))
        blocks.append(text(colour_words(view, pair, words), small=True))
        shown = [(f"{view.view}/dots", _fates(view, words))]
        if pair.heat:
            shown.append(
                (
                    f"{view.view}/heat",
                    words("Share gone in each cell, in per cent: even where alike"),
                )
            )
        blocks.append(pictures(*shown))
    blocks.append(
        Block(
            "chart",
            view.view,
            items=(
                words(
                    "Filled: healed; hollow: too early to count. Bars: 95 % interval; band: 95 % of the "
                    "response curve; numbered lines: sessions."
                ),
            ),
        )
    )
    blocks += [heading(words("Zones")), _zone_table(view, words)]
    blocks += [heading(words("How the result is judged")), _judgement_table(view, words)]
    blocks += [heading(words("What is watched")), _watch_table(view, words)]
    return blocks


def colour_words(view: ViewFigures, pair: PairPictures, words: Words) -> str:
    """Declares crop, scale and what was done to the colours."""
    said = words(
        "Both photos: the same crop and scale; the later one is moved into the baseline's frame."
    )
    if pair.gains:
        red, green, blue = (words.number(g, 2) for g in pair.gains)
        said += " " + words(
            "Colour: the later photo's red, green and blue light is multiplied by {red}, {green} "
            "and {blue}, so that untreated skin looks alike. Nothing is measured in these pictures.",
            red=red,
            green=green,
            blue=blue,
        )
    else:
        said += " " + words(
            "Colour: left as photographed, since too little untreated skin is seen in both photos "
            "or it differs too much."
        )
    if view.mm_per_px:
        said += " " + words(
            "Scale: 1 mm is {px} pixels of the baseline photo.",
            px=words.number(1 / view.mm_per_px, 1),
        )
    return said


def _fates(view: ViewFigures, words: Words) -> str:
    counted = [
        f"{words.engine(FATE_WORDS[Fate(fate)])} {words.number(n)}" for fate, n in view.fates if n
    ]
    return words("Dots of the baseline in the later photo: {counts}", counts=", ".join(counted))


def _zone_name(zone: str, words: Words) -> str:
    return words("whole treated area") if zone == "all" else words.engine(zone)


def _zone_table(view: ViewFigures, words: Words) -> Block:
    head = (
        words("Zone"),
        words("gone"),
        words("95 % interval"),
        words("provable from"),
        words("dots"),
        words("still visible"),
        words("per cm²"),
        words("evenness"),
        words("tone, ΔE00"),
    )
    return table(
        head,
        [_zone_row(zone, words) for zone in view.zones],
        "lrrrrrrrr",
        (18, 9, 14, 12, 9, 10, 8, 12, 9),
        small=True,
    )


def _zone_row(zone: ZoneFigure, words: Words) -> tuple[str, ...]:
    even, tone = zone.evenness, zone.tone
    return (
        _zone_name(zone.zone, words),
        words.percent(zone.fade.value),
        words.interval(zone.fade),
        words.percent(zone.detectable),
        words.number(zone.n_dots),
        words.percent(zone.density_ratio),
        words.number(zone.density_per_cm2),
        words.percent(even.value.value) if even is not None else NO_VALUE,
        words.number(tone.value.value, 1) if tone is not None else NO_VALUE,
    )


def _judgement_table(view: ViewFigures, words: Words) -> Block:
    rows = [
        (
            words.engine(item.item.value),
            _estimate(item, words),
            words.engine(item.word),
            words.engine(item.verdict.value),
        )
        for item in view.judgement
    ]
    head = (words("Item"), words("value (95 % interval)"), words("in a word"), words("change is"))
    return table(head, rows, "llll", (22, 28, 28, 22), small=True)


def _estimate(item: Judgement, words: Words) -> str:
    value = item.value
    if not value.measured:
        return NO_VALUE
    if value.unit in PERCENT_UNITS:
        return f"{words.percent(value.value)} ({words.interval(value)})"
    digits = 1 if value.unit in ("dE00", "L*", "b*") else 3
    unit = {"dE00": "ΔE00", "ln": "(ln)"}.get(value.unit, value.unit)
    return f"{words.estimate(value, digits)} {unit}"


def _watch_table(view: ViewFigures, words: Words) -> Block:
    rows = [(words.engine(w.sign.value), *_watch_words(w, words)) for w in view.watches]
    head = (words("Sign"), words("state"), words("remark"))
    return table(head, rows, "lll", (26, 16, 58), small=True)


def _watch_words(watch: Watch, words: Words) -> tuple[str, str]:
    state = words.engine(watch.state.value)
    if watch.state is State.NOT_SEEN:
        return state, words(
            "nothing beyond the error of the photos; smallest change found nine times in ten: {size}",
            size=words.engine(watch.smallest),
        )
    if watch.state is State.CANNOT_TELL:
        return state, words.engine(watch.sentence)
    since = words.day(watch.since) if watch.since is not None else watch.photo
    said = words(
        "{sureness}, since {since}: {what}. The same can come from: {fakes}. Show this to your clinic.",
        sureness=words.engine(watch.sureness),
        since=since,
        what=words.engine(watch.sentence),
        fakes=words.engine(watch.could_fake),
    )
    return state, said
