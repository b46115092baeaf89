"""Comparable cases out of the store: other clients' measured courses, with consent only."""

from __future__ import annotations

from dataclasses import replace

from tracker.analysis import AnalysisSettings
from tracker.progress.comparable import (
    USES,
    Case,
    DensityClass,
    baseline_density,
    comparable_cases,
    density_class,
)
from tracker.progress.facts import CaseFacts
from tracker.progress.report import Progress, case_of
from tracker.records import ConsentRecord, SessionRecord, TreatmentPlan
from tracker.series import SeriesAnalysis
from tracker.storage.overview import treatments
from tracker.storage.results import kept_analysis
from tracker.storage.statements import records, select
from tracker.storage.store import Store


def with_comparable_cases(
    store: Store, code: str, analysis: SeriesAnalysis, facts: CaseFacts, made: Progress
) -> Progress:
    """The progress with other clients' courses beside each view.

    Only what is measured already is shown; a client without a consent to this use in force is not
    even opened.
    """
    others = _cases(store, code, made)
    views = []
    for view, row in zip(analysis.views, made.views, strict=True):
        density = density_class(baseline_density(view))
        own = case_of(code, view, analysis.sessions, facts, density, ())
        alike = [case for name, case in others if name == view.view]
        cases, words = comparable_cases(own, alike, today=made.today)
        views.append(replace(row, comparable=cases, comparable_words=words))
    return replace(made, views=tuple(views))


def _cases(store: Store, code: str, made: Progress) -> list[tuple[str, Case]]:
    found: list[tuple[str, Case]] = []
    for kept in store.clients():
        other = kept.record
        consents = [c.record for c in store.consents(other.code)]
        if other.code == code or not _allows(consents, made):
            continue
        with store.reading() as connection:
            visits = treatments(records(select(connection, SessionRecord, kept.id)))
            plans = select(connection, TreatmentPlan, kept.id)
        facts = CaseFacts.of_records(other, plans[0].record if plans else TreatmentPlan())
        analysis = kept_analysis(store, other.code, AnalysisSettings())
        for view in analysis.views if analysis is not None else ():
            density: DensityClass = density_class(baseline_density(view))
            case = case_of(other.code, view, visits, facts, density, consents)
            found.append((view.view, case))
    return found


def _allows(consents: list[ConsentRecord], made: Progress) -> bool:
    return any(c.level in USES and c.in_force(made.today) for c in consents)
