"""Records that are written by a clock that was set back: usable, in the order of writing, and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

import tracker.storage.results as results
from tests.storage.conftest import NOW
from tests.storage.made_up import CountingAnalysis, add_client, incoming
from tracker.records import NoteRecord, RecordError, SessionRecord
from tracker.storage.filing import file_photos
from tracker.storage.health import State, store_health
from tracker.storage.results import kept_analysis, measure_client
from tracker.storage.store import Store
from tracker.storage.verify import verify_store

BACK = NOW - timedelta(days=200)
CODE = "C-0001"


@pytest.fixture
def set_back(
    store: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> Store:
    """A measured client of today, opened again by a clock that says half a year ago."""
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    add_client(store, CODE, n_photos=2)
    store.add_session(CODE, SessionRecord(date(2026, 8, 20)))
    measure_client(store, CODE)
    later = open_again()
    later.clock = lambda: BACK
    return later


def test_what_was_there_stays_and_what_is_added_fits_in(set_back: Store) -> None:
    before = set_back.audit()
    assert kept_analysis(set_back, CODE) is not None
    set_back.add_session(CODE, SessionRecord(date(2026, 1, 20)))
    set_back.add_note(CODE, NoteRecord(set_back.today, "by the wrong clock"))
    file_photos(set_back, CODE, [incoming("early.jpg", date(2026, 1, 5), "top")])
    assert measure_client(set_back, CODE).measured == ("top",)
    assert [kept.record.date for kept in set_back.sessions(CODE)] == [
        date(2026, 1, 20),
        date(2026, 8, 20),
    ]
    assert len(set_back.photos(CODE)) == 5
    assert kept_analysis(set_back, CODE) is not None
    assert verify_store(set_back).damage == ()
    # The audit keeps the order of writing, whatever the clock said.
    audit = set_back.audit()
    assert audit[: len(before)] == before
    added = audit[len(before) :]
    assert {entry.at for entry in added} == {BACK.replace(tzinfo=None)}
    assert len(added) >= 3


def test_what_lies_in_its_future_is_refused_in_one_line_and_kept(set_back: Store) -> None:
    (session,) = set_back.sessions(CODE)
    with pytest.raises(RecordError, match=r"^session of 2026-08-20: date .* lies in the future; "):
        set_back.change_session(replace(session, record=replace(session.record, pain=3)))
    assert set_back.sessions(CODE) == [session]
    set_back.clock = lambda: NOW  # put right again
    set_back.change_session(replace(session, record=replace(session.record, pain=3)))


def test_it_is_told_in_one_line_before_and_after_something_was_written(
    set_back: Store, database: str
) -> None:
    def clock(now: datetime) -> tuple[State, str, str]:
        vault = set_back.vault.place
        (found,) = (f for f in store_health(database, vault=vault, now=now) if f.part == "clock")
        return found.state, found.what, found.remedy

    for _ in range(2):
        state, what, remedy = clock(BACK)
        assert state is State.BAD
        assert "is before the last change of the records (2026-09-01 12:00 UTC)" in what
        assert remedy == "set this computer's clock"
        set_back.add_note(CODE, NoteRecord(set_back.today, "by the wrong clock"))
