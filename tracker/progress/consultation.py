"""The consultation sheet: what the first photo shows, what to mind, and what each goal may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tracker.progress.comparable import DensityClass, baseline_density, density_class
from tracker.progress.facts import CaseFacts
from tracker.progress.judgement import withheld
from tracker.progress.published import (
    FIRST_SESSION,
    GHOSTING,
    LATE_ADVICE,
    METHOD_REMARKS,
    NEAR_NATIVE,
    PRICE_IN_ALL,
    PRICE_PER_SESSION,
    SECOND_SESSION,
    SESSIONS_FULL,
    SESSIONS_FULL_DENSE,
    SESSIONS_FULL_LIGHT,
    SESSIONS_SOFT,
    Method,
    PublishedRange,
    method_of,
)
from tracker.records import Goal, MedicalFlag, PigmentKind
from tracker.series import SeriesAnalysis, Status, ViewAnalysis

NO_SOURCE = (
    "our sources give no figure for it; the person who treats must know and decide before a session"
)
FLAG_WORDS: Mapping[MedicalFlag, str] = {
    MedicalFlag.ISOTRETINOIN: f"isotretinoin: {NO_SOURCE}",
    MedicalFlag.SKIN_DISEASE: f"psoriasis or dermatitis: {NO_SOURCE}",
    MedicalFlag.AUTOIMMUNE: (
        "autoimmune: the immune system clears the fragments for up to six weeks after a session; "
        f"for more {NO_SOURCE}"
    ),
    MedicalFlag.RECENT_SUN: (
        "recent sun: tanned skin changes the tone that a result is compared with; for the laser "
        f"itself {NO_SOURCE}"
    ),
}
DARK_SKIN = (
    "skin type {0}: hypopigmentation in 5 to 12 % of cases, more in types IV to VI (a "
    "practitioner's article); fluence goes by skin type; ask for a patch test"
)
ADDITIVES = (
    "{0}: may darken after a laser pass before it clears (paradoxical darkening; two sources)"
)


@dataclass(frozen=True)
class ViewBaseline:
    """What one view's first photo shows. NaN was not measured."""

    view: str
    photo: str
    n_dots: int
    density_per_cm2: float
    density: DensityClass
    contrast: float
    coverage: float
    """Share of the treated skin that the dots cover (width at half maximum)."""
    area_cm2: float
    ita_deg: float
    """Of native skin, an estimate; of the skin between the dots where no native skin shows."""
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class GoalRange:
    """Likely sessions and cost of one goal, low to high over the sources named."""

    goal: str
    target: float
    sessions_low: float
    sessions_high: float
    cost_low: float
    cost_high: float
    currency: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class ConsultationSheet:
    """What stands on the sheet."""

    client: str
    skin_type: str
    views: tuple[ViewBaseline, ...]
    flags: tuple[str, ...]
    goals: tuple[GoalRange, ...]
    expectations: tuple[str, ...]
    problems: tuple[str, ...]


def consultation(analysis: SeriesAnalysis, facts: CaseFacts) -> ConsultationSheet:
    """The sheet of one client, from the baseline photos and what is known of the person."""
    views = tuple(b for view in analysis.views if (b := _baseline(view)) is not None)
    known = [v.density for v in views if v.density is not DensityClass.UNKNOWN]
    order = list(DensityClass)
    density = max(known, key=order.index) if known else DensityClass.UNKNOWN
    flags = [FLAG_WORDS[flag] for flag in facts.flags]
    if facts.skin_type in ("IV", "V", "VI"):
        flags.append(DARK_SKIN.format(facts.skin_type))
    if facts.pigment in (PigmentKind.IRON_OXIDE, PigmentKind.TITANIUM_DIOXIDE):
        flags.append(ADDITIVES.format(facts.pigment.value))
    problems = []
    if not views:
        problems.append(
            "no baseline photo could be measured: the sheet holds published ranges only"
        )
    if not facts.skin_type:
        problems.append("the skin type is not noted; a photo gives an estimate (ITA) only")
    if density is DensityClass.UNKNOWN:
        problems.append(
            "the density is not known without a scale: ranges of all densities are shown"
        )
    method = method_of(facts.method)
    expectations = [
        *(r.cited for r in FIRST_SESSION),
        SECOND_SESSION.cited,
        NEAR_NATIVE.cited,
        GHOSTING.cited,
        LATE_ADVICE,
    ]
    if method is not Method.UNKNOWN:
        expectations.append(f"{method.value}: {METHOD_REMARKS[method]}")
    return ConsultationSheet(
        client=analysis.client,
        skin_type=facts.skin_type,
        views=views,
        flags=tuple(flags),
        goals=tuple(_goal_range(goal, density, facts) for goal in Goal),
        expectations=tuple(expectations),
        problems=tuple(problems),
    )


def _baseline(view: ViewAnalysis) -> ViewBaseline | None:
    photo = next((p for p in view.photos if p.status is Status.BASELINE), None)
    if photo is None or photo.whole is None:
        return None
    whole, look = photo.whole, photo.whole.look
    ita, remarks = math.nan, list(photo.flags)
    reason = withheld(look)
    if reason:
        remarks.append(f"no colour claim: {reason}")
    elif look is not None:
        native = math.isfinite(look.ita_native_deg)
        ita = look.ita_native_deg if native else look.ita_treated_deg
        by_card = look.ita_native if native else look.ita_treated
        if by_card.measured:
            remarks.append(
                f"ITA of {'native' if native else 'treated'} skin by the {look.card}: "
                f"{by_card.value:.0f}° ({by_card.low:.0f} to {by_card.high:.0f})"
            )
    per_cm2 = baseline_density(view)
    coverage = math.nan
    if view.scale_mm_per_px and per_cm2 > 0 and len(view.dots):
        width_cm = float(view.dots.fwhm_px[0]) * view.scale_mm_per_px / 10
        coverage = min(1.0, per_cm2 * math.pi * width_cm**2 / 4)
    return ViewBaseline(
        view.view,
        photo.photo,
        whole.n_dots,
        per_cm2,
        density_class(per_cm2),
        whole.contrast,
        coverage,
        whole.area_cm2,
        ita,
        tuple(remarks),
    )


def _goal_range(goal: Goal, density: DensityClass, facts: CaseFacts) -> GoalRange:
    ranges: tuple[PublishedRange, ...] = SESSIONS_SOFT
    if goal is not Goal.SOFT_FADE:
        extra = {
            DensityClass.LIGHT: SESSIONS_FULL_LIGHT,
            DensityClass.DENSE: SESSIONS_FULL_DENSE,
        }.get(density, ())
        ranges = extra or SESSIONS_FULL
        if density is DensityClass.UNKNOWN:
            ranges = (*SESSIONS_FULL, *SESSIONS_FULL_LIGHT, *SESSIONS_FULL_DENSE)
    low, high = min(r.low for r in ranges), max(r.high for r in ranges)
    target = goal.default_target
    if facts.goal is goal and facts.target is not None:
        target = facts.target
    sources = [r.cited for r in ranges]
    if facts.goal is goal and facts.price is not None and facts.currency:
        cost = (facts.price, facts.price, facts.currency.upper())
        sources.append(f"{facts.price:g} {facts.currency.upper()}: agreed for the whole removal")
    else:
        cost = (low * PRICE_PER_SESSION.low, high * PRICE_PER_SESSION.high, "USD")
        sources += [PRICE_PER_SESSION.cited, PRICE_IN_ALL.cited]
    return GoalRange(goal.value, target, low, high, *cost, tuple(sources))
