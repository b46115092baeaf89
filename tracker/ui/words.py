"""Numbers and verdicts in plain words. Pure: no Streamlit, no clock.

A measure that could not be taken reads "not measured", never 0.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.measure.results import Estimate
from tracker.series import PhotoMeasures, Session, Stage, Status, ViewAnalysis, ZoneMeasures
from tracker.ui.speech import speech

NOT_MEASURED = "not measured"
NOTICEABLE_FADE = 0.23
"""Just-noticeable relative change of hair density, dermatologists and patients alike (22.7 %)."""
HEALED_AFTER_DAYS = 28
SPACE = "\u00a0"
MINUS = "\u2212"

STAGE_WORDS = {
    Stage.BASELINE: "before session 1",
    Stage.IMMEDIATE: "fresh",
    Stage.HEALING: "healing",
    Stage.SETTLING: "settling",
    Stage.HEALED: "healed",
    Stage.UNKNOWN: "no session dates",
}
COUNTED_STAGES = (Stage.BASELINE, Stage.HEALED, Stage.UNKNOWN)
"""Skin at rest: before the first session, healed, or nothing known that speaks against it."""
FATE_WORDS = {
    "persisting": "still there",
    "faded": "faded",
    "gone": "gone",
    "censored": "not visible here",
    "new": "new",
}


class Verdict(StrEnum):
    """What a change amounts to, in the words a result is headed with."""

    NOTICEABLE = "Noticeable"
    DETECTABLE = "Detectable"
    CANNOT_TELL = "Cannot tell"
    DARKER = "Darker"
    NOT_MEASURED = "Not measured"


VERDICT_MEANING = {
    Verdict.NOTICEABLE: "Large enough for most people to see.",
    Verdict.DETECTABLE: "Certain from the photos, though smaller than most people notice.",
    Verdict.CANNOT_TELL: "Smaller than these photos can prove.",
    Verdict.DARKER: "More pigment than in the first photo. Worth showing to your clinic.",
    Verdict.NOT_MEASURED: "There is no photo yet that this can be read from.",
}


def percent(share: float) -> str:
    """A share as whole per cent: ``0.634`` is ``63 %``."""
    if not math.isfinite(share):
        return NOT_MEASURED
    points = round(share * 100)
    return f"{MINUS if points < 0 else ''}{abs(points)}{_sign()}"


def _sign() -> str:
    return f"{speech().percent_gap}%"


def interval(estimate: Estimate) -> str:
    """The 95 % interval in per cent: ``58-68 %``, or ``-3 to 11 %`` across zero."""
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return "interval unknown"
    low, high = round(estimate.low * 100), round(estimate.high * 100)
    if low == high:
        return percent(estimate.low)
    if low < 0:
        signed = [f"{MINUS if v < 0 else ''}{abs(v)}" for v in (low, high)]
        return f"{signed[0]} to {signed[1]}{_sign()}"
    return f"{low}\u2013{high}{_sign()}"


def number(value: float, digits: int = 0, unit: str = "") -> str:
    """A plain number with the reader's grouping, or "not measured"."""
    if not math.isfinite(value):
        return NOT_MEASURED
    signs = {",": speech().group, ".": speech().decimal, "-": MINUS}
    text = "".join(signs.get(c, c) for c in f"{value:,.{digits}f}")
    return f"{text}{SPACE}{unit}" if unit else text


def day(when: date | None) -> str:
    """A date as the reader writes it; ``14 Mar 2026`` where that is not known."""
    return "no date" if when is None else speech().day(when)


_ISO_DAY = re.compile(r"(?<![\w.-])(\d{4}-\d\d-\d\d)(?![\w-]|\.\w)")


def days_in(words: str) -> str:
    """Words with their ISO dates as the reader writes them; file names stay as they are."""

    def told(found: re.Match[str]) -> str:
        try:
            return day(date.fromisoformat(found[1]))
        except ValueError:
            return found[1]

    return _ISO_DAY.sub(told, words)


def count(n: int, one: str, many: str | None = None) -> str:
    return f"{number(n)}{SPACE}{one if n == 1 else many or one + 's'}"


def sentence(words: str) -> str:
    """The words with a capital and a full stop, their dates as the reader writes them."""
    said = days_in(words.strip()).rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."


def view_title(view: str) -> str:
    return _title(view) if view else "Scalp"


def zone_title(zone: str) -> str:
    return "Whole treated area" if zone == "all" else _title(zone)


def _title(name: str) -> str:
    spaced = name.replace("_", " ").replace("-", " ").strip()
    return spaced[:1].upper() + spaced[1:]


def verdict_of(measures: ZoneMeasures | None) -> Verdict:
    """Judge a change against what can be proved and what can be seen."""
    if measures is None or not measures.fade.measured:
        return Verdict.NOT_MEASURED
    fade, detectable = measures.fade, measures.detectable
    threshold = detectable if math.isfinite(detectable) else 0.0
    if abs(fade.value) <= threshold or fade.low <= 0.0 <= fade.high:
        return Verdict.CANNOT_TELL
    if fade.value < 0:
        return Verdict.DARKER
    return Verdict.NOTICEABLE if fade.value >= NOTICEABLE_FADE else Verdict.DETECTABLE


def sessions_before(photo: PhotoMeasures, sessions: tuple[Session, ...]) -> int:
    """How many sessions lie before the photo (on its day counts as before)."""
    if photo.captured_on is None:
        return 0
    return sum(session.date <= photo.captured_on for session in sessions)


def counts_as_result(photo: PhotoMeasures) -> bool:
    """True for a later photo whose stage lets it stand as a result."""
    return (
        photo.status is Status.MEASURED
        and photo.stage in COUNTED_STAGES
        and photo.whole is not None
        and photo.whole.fade.measured
    )


def result_photo(view: ViewAnalysis) -> PhotoMeasures | None:
    """The photo a view's result rests on: the latest that counts."""
    standing = [photo for photo in view.photos if counts_as_result(photo)]
    return standing[-1] if standing else None


def when_taken(photo: PhotoMeasures, sessions: tuple[Session, ...]) -> str:
    """``41 days after session 4: healed``; the date where no session precedes."""
    nth = sessions_before(photo, sessions)
    if nth and photo.days_since_session is not None:
        days = count(photo.days_since_session, "day")
        return f"{days} after session {nth}: {STAGE_WORDS[photo.stage]}"
    if photo.captured_on is None:
        return f"photo {photo.photo}"
    aside = "" if sessions else " (no session dates given)"
    return day(photo.captured_on) + aside


@dataclass(frozen=True)
class Headline:
    """What a view's page is headed with."""

    figure: str
    """The big figure, such as ``63 %``; empty where there is none."""
    claim: str
    """What the figure says, such as ``of the pigment is gone``."""
    spread: str
    """The interval in brackets, such as ``(58-68 %)``; empty where there is none."""
    support: str
    """When the photo was taken, or what is missing."""
    verdict: Verdict
    photo: PhotoMeasures | None

    @property
    def sentence(self) -> str:
        if not self.figure:
            return f"{self.claim}. {self.support}"
        return f"{self.figure} {self.claim} {self.spread}, {self.support}"


def headline(view: ViewAnalysis, sessions: tuple[Session, ...]) -> Headline:
    """The result of one view in one sentence."""
    photo = result_photo(view)
    if photo is None or photo.whole is None:
        return _headline_without_result(view, sessions)
    measures = photo.whole
    verdict = verdict_of(measures)
    taken = when_taken(photo, sessions)
    if verdict is Verdict.DARKER:
        darker = Estimate(
            -measures.fade.value, -measures.fade.high, -measures.fade.low, measures.fade.n, ""
        )
        return Headline(
            percent(darker.value),
            "more pigment than in the first photo",
            f"({interval(darker)})",
            taken,
            verdict,
            photo,
        )
    if verdict is Verdict.CANNOT_TELL:
        return Headline(
            percent(measures.fade.value),
            "change, too small to prove",
            f"({interval(measures.fade)})",
            taken,
            verdict,
            photo,
        )
    return Headline(
        percent(measures.fade.value),
        "of the pigment is gone",
        f"({interval(measures.fade)})",
        taken,
        verdict,
        photo,
    )


def _headline_without_result(view: ViewAnalysis, sessions: tuple[Session, ...]) -> Headline:
    later = [photo for photo in view.photos if photo.status is Status.MEASURED]
    if later:
        taken = when_taken(later[-1], sessions)
        support = (
            f"The latest photo is too fresh ({taken}). A result counts from "
            f"{HEALED_AFTER_DAYS} days after a session on."
        )
        return Headline("", "No healed photo yet", "", support, Verdict.NOT_MEASURED, None)
    if any(photo.status is Status.BASELINE for photo in view.photos):
        support = "Add a photo of the same view taken later, and the fade can be read."
        return Headline(
            "", "Only the first photo is measured", "", support, Verdict.NOT_MEASURED, None
        )
    support = "See below what stood in the way of each photo."
    return Headline("", "Nothing could be measured", "", support, Verdict.NOT_MEASURED, None)


def lagging_zones(photo: PhotoMeasures) -> list[ZoneMeasures]:
    """Zones that fade surely less than the whole: their interval lies below the whole's."""
    if photo.whole is None or not photo.whole.fade.measured:
        return []
    return [
        zone for zone in photo.zones if zone.fade.measured and zone.fade.high < photo.whole.fade.low
    ]


def contributors(view: ViewAnalysis) -> int:
    """Photos of the view that carry a fade."""
    return sum(photo.status is Status.MEASURED for photo in view.photos)


REMEDIES = (
    (("blur", "sharp", "focus"), "Hold the phone still, tap to focus on the scalp, take it again."),
    (("mirrored",), "Turn mirroring off in the camera's settings, or flip the photo."),
    (
        ("another person", "another head"),
        "Check that it shows this client and this view, taken from where the first photo was.",
    ),
    (
        ("aligned", "align", "matched", "registered", "overlap", "pose"),
        "Take it again from the same place and at the same angle as the first photo.",
    ),
    (("glare", "shine", "reflect"), "Use soft light from the side, no flash, and dry the scalp."),
    (("bright", "dark", "clipped", "expos"), "Use even light without flash and take it again."),
    (("black and white",), "Take it in colour, or send the photo as the camera took it."),
    (
        ("no scalp", "no skin", "not a scalp", "little skin"),
        "Fill the picture with the treated scalp, hair short, and take it again.",
    ),
    (
        ("px per dot", "small", "closer"),
        "Move closer, or use the full-size photo.",
    ),
)
ADVICE = ("hold", "use", "lower", "send", "copy", "take", "move", "fill")
"""A reason whose second half begins with one of these says itself what to do."""
REMEDY = "Take it again like the first photo: same place, same distance, even light."


def remedy_for(reason: str) -> str:
    """A refusal's reason as a sentence, with what to do unless it says so itself."""
    said = reason.strip() or "the reason is not known"
    if ";" in said or any(f": {verb} " in said for verb in ADVICE):
        return sentence(said)
    low = said.lower()
    remedy = next((do for signs, do in REMEDIES if any(sign in low for sign in signs)), REMEDY)
    return f"{sentence(said)} {remedy}"
