"""Comparable cases out of a real store: consent decides, and nothing is measured for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.progress.series import day, series
from tracker.progress.facts import CaseFacts
from tracker.progress.report import progress_of
from tracker.records import ClientRecord, ConsentLevel, ConsentRecord, SessionRecord
from tracker.series import SeriesAnalysis
from tracker.storage import comparing
from tracker.storage.opening import open_store
from tracker.storage.results import kept_analysis

COURSE = [(50, 0.32), (100, 0.54), (150, 0.68)]
DAYS = [10, 60, 110]


def test_only_clients_who_consented_are_opened(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    analysis = series(COURSE, DAYS)
    opened: list[str] = []

    def kept(_store: object, code: str, _settings: object) -> SeriesAnalysis:
        opened.append(code)
        return replace(analysis, client=code)

    monkeypatch.setattr(comparing, "kept_analysis", kept)
    today = date(2026, 10, 1)
    with open_store(database, create=True, vault=f"{tmp_path}/vault") as store:
        monkeypatch.setattr(type(store), "today", today)
        for code in ("own", "yes", "no", "withdrawn"):
            store.add_client(ClientRecord(code, skin_type="III"))
            for number in DAYS:
                store.add_session(code, SessionRecord(day(number), method="Q-switched Nd:YAG"))
        store.add_consent("yes", ConsentRecord(ConsentLevel.RESEARCH, day(0)))
        store.add_consent("no", ConsentRecord(ConsentLevel.CARE, day(0)))
        store.add_consent("withdrawn", ConsentRecord(ConsentLevel.RESEARCH, day(0)))
        (given,) = store.consents("withdrawn")
        store.withdraw_consent("withdrawn", given, day(100))
        facts = CaseFacts(skin_type="III")
        made = progress_of(analysis, facts, today=today)
        shown = comparing.with_comparable_cases(store, "own", analysis, facts, made)
    assert opened == ["yes"]
    (row,) = shown.views
    assert [case.code for case in row.comparable] == ["yes"]
    assert row.comparable[0].points[-1] == (150, 3, 0.68)
    assert "1 comparable cases" in row.comparable_words


def test_nothing_measured_is_nothing_kept(database: str, tmp_path: object) -> None:
    with open_store(database, create=True, vault=f"{tmp_path}/vault") as store:
        store.add_client(ClientRecord("C-1"))
        assert kept_analysis(store, "C-1") is None
