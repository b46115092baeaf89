"""Comparable cases of a clinic's own: same skin type, method, density class, and with consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.progress.published import Method, method_of
from tracker.records import ConsentLevel, ConsentRecord
from tracker.series import Session, Status, ViewAnalysis

USES = (ConsentLevel.RESEARCH, ConsentLevel.PUBLICATION)
"""Showing a curve beside another client's is use beyond one's own care."""


class DensityClass(StrEnum):
    """Our own cut by dots per cm2: published figures say `light` and `dense` without a number."""

    LIGHT = "light"
    MEDIUM = "medium"
    DENSE = "dense"
    UNKNOWN = "not measured"


MEDIUM_FROM, DENSE_FROM = 60.0, 150.0
"""Dots per cm2."""


def density_class(per_cm2: float) -> DensityClass:
    """Class of a baseline density; unknown without a scale."""
    if not per_cm2 > 0:
        return DensityClass.UNKNOWN
    if per_cm2 < MEDIUM_FROM:
        return DensityClass.LIGHT
    return DensityClass.MEDIUM if per_cm2 < DENSE_FROM else DensityClass.DENSE


@dataclass(frozen=True)
class Case:
    """One other client's course. `points` are (days since the baseline, sessions, fade)."""

    code: str
    skin_type: str
    method: Method
    density: DensityClass
    points: tuple[tuple[int, int, float], ...]
    consents: tuple[ConsentRecord, ...]


def main_method(sessions: Sequence[Session]) -> Method:
    """The method that most sessions used; the earlier one of two that tie."""
    methods = [method_of(session.method) for session in sessions]
    return max(dict.fromkeys(methods), key=methods.count) if methods else Method.UNKNOWN


def baseline_density(view: ViewAnalysis) -> float:
    """Dots per cm2 at baseline; NaN without a scale."""
    start = next((p.whole for p in view.photos if p.status is Status.BASELINE), None)
    return start.density_per_cm2 if start is not None else float("nan")


def comparable_cases(
    own: Case, others: Sequence[Case], *, today: date
) -> tuple[tuple[Case, ...], str]:
    """The cases that may and should stand beside one's own, and a sentence on them.

    A case of unknown skin type, method or density compares with nobody.
    """
    if not own.skin_type or Method.UNKNOWN is own.method or own.density is DensityClass.UNKNOWN:
        missing = [
            name
            for name, known in (
                ("skin type", bool(own.skin_type)),
                ("method", own.method is not Method.UNKNOWN),
                ("density (it needs a scale)", own.density is not DensityClass.UNKNOWN),
            )
            if not known
        ]
        return (), f"no comparable cases: {' and '.join(missing)} not known"
    alike = [
        case
        for case in others
        if case.code != own.code
        and (case.skin_type, case.method, case.density) == (own.skin_type, own.method, own.density)
        and len(case.points) > 1
    ]
    allowed = [
        case for case in alike if any(c.level in USES and c.in_force(today) for c in case.consents)
    ]
    words = (
        f"{len(allowed)} comparable cases (skin type {own.skin_type}, {own.method.value}, "
        f"{own.density.value} work)"
    )
    if len(alike) > len(allowed):
        words += f"; {len(alike) - len(allowed)} more have not consented to this use"
    return tuple(sorted(allowed, key=lambda case: case.code)), words
