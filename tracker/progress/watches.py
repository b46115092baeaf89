"""What to keep an eye on: signs that a clinic should see. Never a diagnosis.

A watch speaks when the latest photo that may tell differs from the baseline (or from native skin)
by more than its error allows, the number of questions asked of a series taken into account: eight
signs times its photos share a false-alarm rate of 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
from scipy.stats import norm

from tracker.measure.results import Estimate
from tracker.measure.skin_look import CARD, SkinLook
from tracker.progress.darkening import pigment_step
from tracker.series import PhotoMeasures, Stage, Status, ViewAnalysis

FALSE_ALARMS = 0.05
"""Share of series without any change that may raise a watch by chance."""
REDNESS_AFTER_DAYS = 2
"""Redness is usual for a day or two after a session; growing later it is a red flag [G]."""
SURE_Z = 5.0
AGREES_Z = 1.645
LEAST_KEPT_PIGMENT = 0.15
"""With less pigment left its width and colour are not read."""
Z_95 = 1.959964


class Sign(StrEnum):
    REDNESS = "redness after day two"
    LIGHTER = "skin lighter than native"
    DARKER_SKIN = "skin darker than native"
    DARKENING = "pigment darkening"
    TEXTURE = "texture or sheen"
    HAIR = "hair follicles lost"
    SPREAD = "pigment spread"
    BLUE = "pigment blue shift"


FAKES = {
    Sign.REDNESS: "warmer light on the treated side, cold, sport or sun before the photo",
    Sign.LIGHTER: "shine, a flash, light that falls on the treated side, tanned native skin",
    Sign.DARKER_SKIN: "light from the other side, regrown stubble, a tan that fades elsewhere",
    Sign.DARKENING: "stubble that is longer or was not shaved, a softer or darker photo",
    Sign.TEXTURE: "light from the side, a sharper or softer photo, sweat or cream, a flash, paler skin",
    Sign.HAIR: "a closer shave of the treated area than of the rest",
    Sign.SPREAD: "a photo out of focus or moved, or a phone's noise filter",
    Sign.BLUE: "bluer light, a phone's colour processing, another white balance",
}
ADVICE = "show this to your clinic"
SMALLEST: Mapping[Sign, tuple[str, str]] = {
    Sign.REDNESS: ("an erythema index of about +0.03", "10 of 11 rendered series"),
    Sign.LIGHTER: ("a melanin index of about -0.05", "11 of 12 rendered series"),
    Sign.DARKER_SKIN: ("a melanin index of about +0.08", "11 of 11 rendered series"),
    Sign.DARKENING: ("60 % of the baseline's pigment", "12 of 12 rendered series"),
    Sign.TEXTURE: (
        "relief eight times as strong, or strong shine on the whole area",
        "12 of 12 and 12 of 12 rendered series",
    ),
    Sign.HAIR: ("80 % of the hairs, where 40 are clear", "6 of 6 rendered series"),
    Sign.SPREAD: ("dots two and a half times as wide", "12 of 12 rendered series"),
    Sign.BLUE: ("60 % more red and less blue taken away", "6 of 6 rendered series"),
}
"""Smallest true change found nine times in ten on rendered series (docs/progress_benchmark.md), and
in how many."""


class State(StrEnum):
    SEEN = "seen"
    NOT_SEEN = "not seen"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Watch:
    """One sign in one view.

    Attributes
    ----------
    sign : Sign
    state : State
    photo : str
        The latest photo that was asked.
    value : Estimate
        What it showed, with its 95 % interval.
    sureness : str
        `sure` or `likely` where something is seen.
    since : date or None
        Day of the first photo from which on the sign was seen without a break.
    sentence : str
        What was seen; or what stood in the way.
    could_fake : str
        Light or handling that could look the same.
    advice : str
        Empty unless something is seen.
    smallest : str
        The smallest true change that the benchmark's series showed nine times in ten.
    found_in : str
        In how many of them.
    """

    sign: Sign
    state: State
    photo: str
    value: Estimate
    sureness: str
    since: date | None
    sentence: str
    could_fake: str
    advice: str
    smallest: str
    found_in: str

    @property
    def found_from(self) -> str:
        """Both, as one phrase."""
        return f"{self.smallest} ({self.found_in})"


@dataclass(frozen=True)
class _Reading:
    """How far one photo goes in the direction of a sign, in standard errors."""

    photo: PhotoMeasures
    value: Estimate
    z: float
    words: str
    reason: str = ""


def watch_view(view: ViewAnalysis) -> tuple[Watch, ...]:
    """All watches of one view."""
    photos = [p for p in view.photos if p.status is Status.MEASURED]
    resting = [p for p in photos if p.stage in (Stage.HEALED, Stage.UNKNOWN, Stage.BASELINE)]
    late = [
        p
        for p in photos
        if p.days_since_session is None or p.days_since_session > REDNESS_AFTER_DAYS
    ]
    # A photo whose stage is not known counts: without session dates nothing says it is fresh.
    questions = len(Sign) * max(1, len(photos))
    threshold = float(norm.isf(FALSE_ALARMS / questions))
    readings: dict[Sign, list[_Reading]] = {
        Sign.REDNESS: [_redness(p) for p in late],
        Sign.LIGHTER: [_lighter(p) for p in resting],
        Sign.DARKER_SKIN: [_darker_skin(p) for p in resting],
        Sign.DARKENING: _darkening(view, resting),
        Sign.TEXTURE: [_texture(p) for p in resting],
        Sign.HAIR: [_hair(p) for p in resting],
        Sign.SPREAD: [_of_ink(p, blue=False) for p in resting],
        Sign.BLUE: [_of_ink(p, blue=True) for p in resting],
    }
    return tuple(_watch(sign, found, threshold) for sign, found in readings.items())


def _watch(sign: Sign, readings: Sequence[_Reading], threshold: float) -> Watch:
    told = [r for r in readings if math.isfinite(r.z)]
    asked = readings[-1].photo.photo if readings else ""
    reason = readings[-1].reason if readings else "no photo of healed skin yet"
    watch = Watch(
        sign,
        State.CANNOT_TELL,
        asked,
        Estimate.missing(""),
        "",
        None,
        reason,
        FAKES[sign],
        "",
        *SMALLEST[sign],
    )
    if not told:
        return watch
    last = told[-1]
    if last is not readings[-1] and last.z < threshold:
        # An older photo in which nothing was seen says nothing of today.
        return replace(watch, sentence=f"{reason}; nothing was seen up to {last.photo.photo}")
    watch = replace(watch, photo=last.photo.photo, value=last.value)
    if last.z < threshold:
        return replace(
            watch, state=State.NOT_SEEN, sentence=f"nothing beyond the error: {last.words}"
        )
    since = last
    for reading in reversed(told):
        if reading.z < threshold:
            break
        since = reading
    return replace(
        watch,
        state=State.SEEN,
        sureness="sure" if last.z >= SURE_Z else "likely",
        since=since.photo.captured_on,
        sentence=last.words,
        advice=ADVICE,
    )


def _sd(value: Estimate) -> float:
    return (value.high - value.low) / (2 * Z_95)


def _z(value: Estimate, sign: float) -> float:
    """Standard errors by which a value goes in the direction `sign`; NaN if not measured."""
    return sign * value.value / max(_sd(value), 1e-9) if value.measured else math.nan


def _silent(photo: PhotoMeasures, reason: str) -> _Reading:
    return _Reading(photo, Estimate.missing(""), math.nan, "", reason)


def _colour(
    photo: PhotoMeasures, read: Callable[[PhotoMeasures], tuple[Estimate, float, str]]
) -> _Reading:
    look = photo.whole.look if photo.whole is not None else None
    if look is None:
        return _silent(photo, "measured by an earlier version: measure again for colour")
    if look.reason:
        return _silent(photo, f"no colour claim: {look.reason}")
    value, z, words = read(photo)
    if not math.isfinite(z):
        return _silent(photo, "no colour claim: too little skin is shown in both photos")
    return _Reading(photo, value, z, words)


def _redness(photo: PhotoMeasures) -> _Reading:
    def read(of: PhotoMeasures) -> tuple[Estimate, float, str]:
        assert of.whole is not None
        assert of.whole.look is not None
        change = of.whole.look.erythema_change
        days = of.days_since_session
        when = f", {days} days after a session" if days is not None else ""
        words = (
            f"erythema index {change.value:+.3f} against {_against(of)}{when} "
            f"({change.low:+.3f} to {change.high:+.3f})"
        )
        return change, _z(change, 1.0), words

    return _colour(photo, read)


def _lighter(photo: PhotoMeasures) -> _Reading:
    def read(of: PhotoMeasures) -> tuple[Estimate, float, str]:
        assert of.whole is not None
        look = of.whole.look
        assert look is not None
        melanin = look.melanin_change
        both = _agreed(_z(melanin, -1.0), _z(look.lightness_change, -1.0))
        return melanin, both, _melanin_words(of, look)

    return _colour(photo, read)


def _darker_skin(photo: PhotoMeasures) -> _Reading:
    def read(of: PhotoMeasures) -> tuple[Estimate, float, str]:
        assert of.whole is not None
        look = of.whole.look
        assert look is not None
        melanin = look.melanin_change
        both = _agreed(_z(melanin, 1.0), _z(look.lightness_change, 1.0))
        return melanin, both, _melanin_words(of, look)

    return _colour(photo, read)


def _against(photo: PhotoMeasures) -> str:
    """What a change of colour was taken against."""
    look = photo.whole.look if photo.whole is not None else None
    if look is not None and look.reference == CARD:
        return "the baseline by the colour card in both photos, no native skin beside"
    return "the baseline and native skin"


def _melanin_words(photo: PhotoMeasures, look: SkinLook) -> str:
    melanin, beside = look.melanin_change, look.skin_delta_l
    words = (
        f"melanin index {melanin.value:+.3f} against {_against(photo)} ({melanin.low:+.3f} to "
        f"{melanin.high:+.3f})"
    )
    if not beside.measured:
        return words
    return (
        f"{words}; L* {beside.value:+.1f} against native skin, ITA "
        f"{look.ita_treated_deg:.0f}° beside {look.ita_native_deg:.0f}° (estimates)"
    )


def _agreed(melanin_z: float, lightness_z: float) -> float:
    """Melanin's z where lightness goes the same way at 5 %, else the lesser of both.

    Fading ink makes skin lighter, but not less brown; it looks a little browner, but never darker.
    """
    return melanin_z if lightness_z >= AGREES_Z else min(melanin_z, lightness_z)


def _darkening(view: ViewAnalysis, photos: Sequence[PhotoMeasures]) -> list[_Reading]:
    """More pigment than in the healed photo before, and than at the baseline for the first."""
    readings = []
    before = next((p for p in view.photos if p.status is Status.BASELINE), None)
    for photo in photos:
        fade = photo.whole.fade if photo.whole is not None else Estimate.missing("fraction")
        if not fade.measured:
            readings.append(_silent(photo, "the fade could not be measured"))
            continue
        more = Estimate.missing("fraction")
        if before is not None:
            more = pigment_step(view, before, photo)
        if not more.measured:
            more = _step_of_fades(before, fade)
        name = (
            "the baseline" if before is None or before.status is Status.BASELINE else before.photo
        )
        words = (
            f"{more.value:+.0%} of the baseline's pigment against {name} ({more.low:+.0%} to "
            f"{more.high:+.0%})"
        )
        readings.append(_Reading(photo, more, _z(more, 1.0), words))
        before = photo
    return readings


def _step_of_fades(before: PhotoMeasures | None, fade: Estimate) -> Estimate:
    """The same from two fades alone, as results of earlier versions give it."""
    old = Estimate(0.0, 0.0, 0.0, 0, "fraction")
    if before is not None and before.whole is not None and before.whole.fade.measured:
        old = before.whole.fade
    more, error = old.value - fade.value, float(np.hypot(_sd(fade), _sd(old)))
    return Estimate(more, more - Z_95 * error, more + Z_95 * error, fade.n, "fraction")


def _texture(photo: PhotoMeasures) -> _Reading:
    look = photo.whole.look if photo.whole is not None else None
    if look is None:
        return _silent(photo, "measured by an earlier version: measure again for texture")
    relief, gloss = look.relief_change, look.gloss_change
    found = [
        (abs(_z(relief, 1.0)), relief, "relief"),
        (_z(gloss, 1.0), gloss, "shine"),
    ]
    told = [(z, value, what) for z, value, what in found if math.isfinite(z)]
    if not told:
        return _silent(photo, "too little skin between the dots, or no native skin, to judge by")
    z, value, what = max(told, key=lambda entry: entry[0])
    # Three questions in one: rougher, smoother, shinier.
    z = float(norm.isf(min(0.5, 3 * norm.sf(z)))) if z > 0 else z
    if what == "relief":
        words = (
            f"relief between the dots {math.exp(value.value):.2f} times the baseline's "
            f"({math.exp(value.low):.2f} to {math.exp(value.high):.2f})"
        )
    else:
        words = (
            f"the shiniest part of the treated skin is whiter than native skin's by "
            f"{value.value:+.2f} in blue over red since the baseline ({value.low:+.2f} to "
            f"{value.high:+.2f})"
        )
    return _Reading(photo, value, z, words)


def _hair(photo: PhotoMeasures) -> _Reading:
    if photo.look is None:
        return _silent(photo, "measured by an earlier version: measure again for hair")
    kept = photo.look.hairs_kept
    if not kept.measured:
        return _silent(photo, photo.look.hair_reason)
    lost = Estimate(1 - kept.value, 1 - kept.high, 1 - kept.low, kept.n, "share")
    words = (
        f"{lost.value:.0%} of {kept.n} hairs of the treated area not found again, beyond what "
        f"native skin lost to the shave ({lost.low:.0%} to {lost.high:.0%})"
    )
    return _Reading(photo, lost, _z(lost, 1.0), words)


def _of_ink(photo: PhotoMeasures, *, blue: bool) -> _Reading:
    if photo.look is None:
        return _silent(photo, "measured by an earlier version: measure again")
    fade = photo.whole.fade if photo.whole is not None else Estimate.missing("fraction")
    if not fade.measured or fade.value > 1 - LEAST_KEPT_PIGMENT:
        return _silent(photo, "too little pigment is left to read its width and colour")
    value = photo.look.ink_colour_change if blue else photo.look.dot_width_change
    if not value.measured:
        return _silent(photo, "too few dots to read their width and colour")
    size = f"{math.exp(value.value):.2f} times the baseline's"
    span = f"({math.exp(value.low):.2f} to {math.exp(value.high):.2f})"
    what = "red over luminance pigment" if blue else "width of the mean dot beyond softness"
    return _Reading(photo, value, _z(value, 1.0), f"{what} {size} {span}")
