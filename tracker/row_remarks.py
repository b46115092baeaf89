"""What is said beside the numbers of a photo's row, or instead of them."""

from __future__ import annotations

from tracker.measure.fade import Z_95
from tracker.measure.results import Estimate
from tracker.measure.skin_look import SkinLook
from tracker.series import Stage

HAIR_FLAG_SD = 0.02
"""An error bar that hair alone makes this wide, as SD of the fade, is explained beside the row."""
HAIR_REFUSED_SD = 0.18
"""A fade that hair may leave in doubt by this much, +-35 points, says next to nothing. Where so much of what is
counted may be hair, painted heads were off by 10 to 66 points, beyond their intervals too."""
LEAST_OFF_COURSE = 0.05
"""Share of the pigment that fades unlike the rest from which on it is said."""
LEAST_FADE = -0.75
MOST_FADE = 1.08
"""Fades that pigment can show, noise included; beyond them something else was measured."""


def not_believed(fade: Estimate, hair_sd: float, days_since_baseline: int | None) -> str:
    """Why a fade is no measurement of pigment, and what to do; empty where it is one.

    Parameters
    ----------
    fade : Estimate
        Of the whole area, as a fraction.
    hair_sd : float
        SD of it by doubt about hair, at worst.
    days_since_baseline : int or None
    """
    # An earlier photo may hold many times the pigment of a baseline chosen in mid-course.
    earlier = days_since_baseline is not None and days_since_baseline < 0
    if fade.measured and (fade.value > MOST_FADE or (fade.value < LEAST_FADE and not earlier)):
        return (
            f"reads {fade.value:.0%} faded, which pigment cannot do: hair was taken for dots; "
            "shave as for the baseline and photograph again"
        )
    if hair_sd >= HAIR_REFUSED_SD:
        return (
            f"hair here cannot be told from dots (the fade would be known to ±{Z_95 * hair_sd:.0%}): "
            "shave as for the baseline, come closer, or draw the zone without hair"
        )
    return ""


def hair_flag(hair_sd: float) -> tuple[str, ...]:
    """The flag of a photo whose interval hair makes wide; none for others."""
    if hair_sd < HAIR_FLAG_SD:
        return ()
    told = (
        "hair here looks like dots, so the interval is wide: shave as for the baseline, "
        "come closer, or draw the zone without hair"
    )
    return (told,)


def off_course_flags(believed: float, possible: float) -> tuple[str, ...]:
    """The flags of a photo whose dots do not all fade alike, or may not; none for others.

    Parameters
    ----------
    believed, possible : float
        Share of the pigment in dots that do not fade as the rest does, and in places that may be such dots.
    """
    flags = []
    if believed >= LEAST_OFF_COURSE:
        flags.append(
            f"{believed:.0%} of the pigment does not fade as the rest does: "
            "a part that was not treated, or dots that do not respond"
        )
    if possible >= LEAST_OFF_COURSE:
        flags.append(
            f"{possible:.0%} of what may be pigment does not fade as the rest does, dots that were not treated "
            "or hair: the interval allows for both; look at the overlay, and mark dots or hair in Corrections"
        )
    return tuple(flags)


def healing_flag(stage: Stage) -> tuple[str, ...]:
    """The flag of a photo that was taken before the skin had healed; none for others."""
    if stage in (Stage.IMMEDIATE, Stage.HEALING, Stage.SETTLING):
        return (f"not healed yet ({stage.value})",)
    return ()


def card_flag(look: SkinLook | None) -> tuple[str, ...]:
    """The flag of a photo whose grey or colour card could not be used; none for others."""
    return (look.card,) if look is not None and "not used" in look.card else ()
