"""Judging a healed result as clinics do: fade, evenness, edge, tone, clean skin, shadow.

Each item has a value with its interval, a word, and whether the change is noticeable, detectable,
or cannot be told from this photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tracker.measure.edge import edge_steepness
from tracker.measure.results import Estimate
from tracker.measure.skin_look import CARD, CARD_AND_NATIVE, SkinLook
from tracker.progress.evenness import unevenness
from tracker.progress.points import WHOLE, measures_of
from tracker.series import PhotoMeasures, ViewAnalysis, ZoneMeasures

NOTICEABLE_FADE = 0.23
"""Just-noticeable relative change of hair density (metrics.md)."""
NOTICEABLE_DELTA_E = 2.0
"""CIEDE2000 from which untrained eyes see a difference side by side; about 1 for trained ones."""
SEEN_DELTA_E = 1.0
CAST_B = -1.0
"""b* lower than native skin's by more than this looks grey or blue beside it."""
NOTICEABLE_RELIEF = math.log(2.0)
NOTICEABLE_GLOSS = 0.15
"""Blue over red by which the shiniest part is whiter than native skin's; our own choice."""
NOTICEABLE_EVENNESS = 0.10
FEW_DOTS = 0.30
"""Share of the dots still visible below which shadow is shadow without dots."""
NOTICEABLE_SHADOW = 0.03
"""Red density that is about two units of L* on fair skin."""


class Verdict(StrEnum):
    NOTICEABLE = "noticeable"
    DETECTABLE = "detectable"
    CANNOT_TELL = "cannot tell from this photo"


class Item(StrEnum):
    FADE = "fade"
    EVENNESS = "evenness"
    EDGE = "hairline edge"
    TONE = "tone match"
    CAST = "grey or blue cast"
    RELIEF = "texture"
    GLOSS = "sheen"
    SHADOW = "residual shadow"
    UNTOUCHED = "zones to be left alone"


@dataclass(frozen=True)
class Judgement:
    """One item of a result, in one zone."""

    item: Item
    zone: str
    photo: str
    value: Estimate
    before: Estimate
    """The same in the baseline photo; without a value where it is a comparison already."""
    word: str
    verdict: Verdict
    sentence: str


CLEARANCE = ((0.255, "poor"), (0.505, "fair"), (0.755, "good"), (0.95, "excellent"))
"""Clearance words clinicians use: 0-25 poor, 26-50 fair, 51-75 good, 76-95 excellent, then clear."""


def clearance_word(fade: float) -> str:
    """The clinicians' word for a fade."""
    if not math.isfinite(fade):
        return "not measured"
    if fade < 0:
        return "darker"
    return next((word for most, word in CLEARANCE if fade <= most), "clear")


def judge(
    view: ViewAnalysis, photo: PhotoMeasures, untouched: tuple[str, ...] = ()
) -> tuple[Judgement, ...]:
    """All items of one healed photo, the whole first, then zone by zone.

    Parameters
    ----------
    view : ViewAnalysis
    photo : PhotoMeasures
        The photo that the result rests on.
    untouched : tuple of str
        For a correction: zones that must stay as they are.
    """
    zones = [WHOLE, *(zone.zone for zone in photo.zones)]
    return tuple(item for zone in zones for item in _judge_zone(view, photo, zone, untouched))


def _judge_zone(
    view: ViewAnalysis, photo: PhotoMeasures, zone: str, untouched: tuple[str, ...]
) -> list[Judgement]:
    now = measures_of(photo, zone)
    start = next((p for p in view.photos if p.photo == view.baseline), None)
    before = measures_of(start, zone) if start is not None else None
    if now is None or start is None:
        return []
    items = [_fade(now, photo, zone)]
    if zone.lower() in {name.lower() for name in untouched}:
        items.append(_untouched(now, photo, zone))
    items.append(_evenness(view, photo, start, zone))
    items.append(_edge(view, photo, start, zone))
    look = now.look
    first = before.look if before is not None else None
    items += _tone(look, first, photo, zone)
    if zone == WHOLE:
        items += _clean(look, photo)
    items.append(_shadow(look, first, now, photo, zone))
    return items


def _verdict(value: Estimate, neutral: float, noticeable: float) -> Verdict:
    """Whether a value differs from `neutral`, and by as much as people notice."""
    if not value.measured or value.low <= neutral <= value.high:
        return Verdict.CANNOT_TELL
    far = abs(value.value - neutral) >= noticeable
    return Verdict.NOTICEABLE if far else Verdict.DETECTABLE


def _fade(now: ZoneMeasures, photo: PhotoMeasures, zone: str) -> Judgement:
    fade = now.fade
    word = clearance_word(fade.value)
    verdict = _verdict(fade, 0.0, NOTICEABLE_FADE)
    if math.isfinite(now.detectable) and abs(fade.value) <= now.detectable:
        verdict = Verdict.CANNOT_TELL
    words = (
        f"{fade.value:.0%} of the pigment is gone ({fade.low:.0%} to {fade.high:.0%}): {word}"
        if fade.measured
        else "the fade could not be measured"
    )
    none = Estimate.missing(fade.unit)
    return Judgement(Item.FADE, zone, photo.photo, fade, none, word, verdict, words)


def _untouched(now: ZoneMeasures, photo: PhotoMeasures, zone: str) -> Judgement:
    verdict = _verdict(now.fade, 0.0, NOTICEABLE_FADE)
    stays = verdict is Verdict.CANNOT_TELL
    word = "unchanged" if stays else "changed"
    words = (
        "no change that can be proved where none is wanted"
        if stays
        else f"changed by {now.fade.value:.0%}, though this zone was to stay as it is"
    )
    none = Estimate.missing(now.fade.unit)
    return Judgement(Item.UNTOUCHED, zone, photo.photo, now.fade, none, word, verdict, words)


def _evenness(
    view: ViewAnalysis, photo: PhotoMeasures, start: PhotoMeasures, zone: str
) -> Judgement:
    now, before = unevenness(view, photo, zone), unevenness(view, start, zone)
    difference = _difference(now, before)
    verdict = _verdict(difference, 0.0, NOTICEABLE_EVENNESS)
    if not now.measured:
        word, words = "not measured", "too few dots in view to judge evenness"
    elif not before.measured or verdict is Verdict.CANNOT_TELL:
        word, words = "as even as before", f"cells differ by {now.value:.0%} of their mean"
    else:
        word = "less even" if difference.value > 0 else "more even"
        words = f"cells differ by {now.value:.0%} of their mean, at the start {before.value:.0%}"
    return Judgement(Item.EVENNESS, zone, photo.photo, now, before, word, verdict, words)


def _difference(now: Estimate, before: Estimate) -> Estimate:
    if not (now.measured and before.measured):
        return Estimate.missing(now.unit)
    half = float(np.hypot(now.high - now.low, before.high - before.low)) / 2
    value = now.value - before.value
    return Estimate(value, value - half, value + half, now.n, now.unit)


def _edge(view: ViewAnalysis, photo: PhotoMeasures, start: PhotoMeasures, zone: str) -> Judgement:
    now, before = (_steepness(view, p, zone) for p in (photo, start))
    difference = _difference(now, before)
    least = 0.25 * before.value if before.measured else math.inf
    verdict = _verdict(difference, 0.0, least)
    if not now.measured:
        word, words = "not measured", "too few dots at the border of this zone"
    elif verdict is Verdict.CANNOT_TELL:
        word, words = "as harsh as before", f"the border rises by {now.value:.3f} {now.unit}"
    else:
        word = "softer" if difference.value < 0 else "harsher"
        words = f"the border rises by {now.value:.3f} {now.unit}, at the start {before.value:.3f}"
    return Judgement(Item.EDGE, zone, photo.photo, now, before, word, verdict, words)


def _steepness(view: ViewAnalysis, photo: PhotoMeasures, zone: str) -> Estimate:
    mine = np.ones(len(view.dots), bool) if zone == WHOLE else view.dot_zone == zone
    if photo.dots is None or not mine.any():
        return Estimate.missing("OD/mm")
    return edge_steepness(
        view.dots.xy_px[mine],
        (view.pigment_weight * photo.dots.pigment)[mine],
        view.treated_outline_px,
        view.baseline_shape,
        spacing_px=view.dots.spacing_px,
        scale_mm_per_px=view.scale_mm_per_px,
    )


def withheld(look: SkinLook | None) -> str:
    """Why a photo supports no colour claim; empty where it does."""
    if look is None:
        return "measured by an earlier version: measure again for colour"
    return look.reason


def no_native(look: SkinLook | None) -> str:
    """Why nothing is said against native skin, and what the card says instead; else empty."""
    reason = withheld(look)
    if look is None or reason or look.reference != CARD:
        return reason
    change = look.treated_change_delta_e
    return (
        "no untreated skin beside to compare with; by the card in both photos the treated skin "
        f"itself changed by CIEDE2000 {change.value:.1f} ({change.low:.1f} to {change.high:.1f}) "
        "since the baseline"
    )


def normalised_on(look: SkinLook) -> str:
    """What white balance and exposure were taken from."""
    if look.reference == CARD_AND_NATIVE:
        return f"light set by the {look.card} and native skin"
    unused = f"; {look.card}" if look.card else ""
    return f"light set by native skin alone{unused}"


def _tone(
    look: SkinLook | None, first: SkinLook | None, photo: PhotoMeasures, zone: str
) -> list[Judgement]:
    reason = no_native(look)
    none_e, none_b = Estimate.missing("dE00"), Estimate.missing("b*")
    if look is None or reason:
        words = f"no colour claim: {reason}"
        return [
            Judgement(item, zone, photo.photo, none, none, "withheld", Verdict.CANNOT_TELL, words)
            for item, none in ((Item.TONE, none_e), (Item.CAST, none_b))
        ]
    tone, cast = look.whole_delta_e, look.delta_b
    before = first.whole_delta_e if first is not None else none_e
    if tone.low <= 0:
        verdict, word = Verdict.CANNOT_TELL, "no difference that can be proved"
    elif tone.value < SEEN_DELTA_E:
        verdict, word = Verdict.DETECTABLE, "matches"
    elif tone.value < NOTICEABLE_DELTA_E:
        verdict, word = Verdict.DETECTABLE, "close"
    else:
        verdict = Verdict.NOTICEABLE
        word = "visible" if tone.value < 5 else "clearly different"
    words = (
        f"CIEDE2000 {tone.value:.1f} ({tone.low:.1f} to {tone.high:.1f}) against native skin; "
        f"from about {NOTICEABLE_DELTA_E:.0f} on people see it; {normalised_on(look)}"
    )
    flash = "cannot tell"
    if cast.high < 0 and cast.value <= CAST_B:
        flash = "grey or blue cast"
    elif cast.low > 0:
        flash = "warmer than native skin"
    elif cast.low > CAST_B:
        flash = "no cast"
    return [
        Judgement(Item.TONE, zone, photo.photo, tone, before, word, verdict, words),
        Judgement(
            Item.CAST,
            zone,
            photo.photo,
            cast,
            first.delta_b if first is not None else none_b,
            flash,
            _verdict(cast, 0.0, NOTICEABLE_DELTA_E),
            f"b* differs from native skin by {cast.value:+.1f} ({cast.low:+.1f} to "
            f"{cast.high:+.1f}); light that is bluer on one side can fake it",
        ),
    ]


def _clean(look: SkinLook | None, photo: PhotoMeasures) -> list[Judgement]:
    relief = look.relief_change if look is not None else Estimate.missing("ln")
    gloss = look.gloss_change if look is not None else Estimate.missing("B/R")
    items = []
    for item, value, noticeable, more, less in (
        (Item.RELIEF, relief, NOTICEABLE_RELIEF, "rougher", "smoother"),
        (Item.GLOSS, gloss, NOTICEABLE_GLOSS, "shinier", "duller"),
    ):
        verdict = _verdict(value, 0.0, noticeable)
        if not value.measured:
            word, words = "not measured", "too little skin between the dots, or no native skin"
        elif verdict is Verdict.CANNOT_TELL:
            word = "no change"
            words = "no change of the skin between the dots that can be proved"
        else:
            word = more if value.value > 0 else less
            size = (
                f"{math.exp(value.value):.1f} times the baseline's"
                if item is Item.RELIEF
                else f"its shiniest part by {value.value:+.2f} in blue over red"
            )
            words = f"{word} than at the start: {size}"
        none = Estimate.missing(value.unit)
        items.append(Judgement(item, WHOLE, photo.photo, value, none, word, verdict, words))
    return items


def _shadow(
    look: SkinLook | None,
    first: SkinLook | None,
    now: ZoneMeasures,
    photo: PhotoMeasures,
    zone: str,
) -> Judgement:
    none = Estimate.missing("OD")
    reason = no_native(look)
    if look is None or reason:
        words = f"no colour claim: {reason}"
        return Judgement(
            Item.SHADOW, zone, photo.photo, none, none, "withheld", Verdict.CANNOT_TELL, words
        )
    shadow = look.shadow
    verdict = _verdict(shadow, 0.0, NOTICEABLE_SHADOW)
    before = first.shadow if first is not None else none
    if verdict is Verdict.CANNOT_TELL or shadow.value < 0:
        word = "none that can be proved"
    elif math.isfinite(now.density_ratio) and now.density_ratio < FEW_DOTS:
        word = "shadow without dots"
    else:
        word = "shadow between the dots"
    words = (
        f"the skin between the dots is darker than native skin by {shadow.value:.3f} OD "
        f"({shadow.low:.3f} to {shadow.high:.3f}); published: 15 to 25 % of cases keep a shadow"
    )
    return Judgement(Item.SHADOW, zone, photo.photo, shadow, before, word, verdict, words)
