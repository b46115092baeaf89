"""The first page's cards and how far a client is measured, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests import factories
from tests.storage.made_up import CountingAnalysis, add_client, incoming
from tracker.records import ClientRecord, Goal, SessionKind, SessionRecord, TreatmentPlan
from tracker.storage.cards import client_cards, records_stamp
from tracker.storage.erase import erase_client
from tracker.storage.filing import file_photos
from tracker.storage.results import kept_analysis, measure_client, measured_state
from tracker.storage.store import Store


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> CountingAnalysis:
    analysis = CountingAnalysis()
    monkeypatch.setattr("tracker.storage.results.analyse_series", analysis)
    return analysis


def test_an_empty_store_has_no_cards(store: Store) -> None:
    assert client_cards(store) == []


def test_a_client_without_photos_has_a_card(store: Store) -> None:
    store.add_client(ClientRecord("C-1", name="Anna"))
    (card,) = client_cards(store)
    assert (card.n_photos, card.first_photo, card.steps, card.last_day) == (0, "", (), None)


def test_cards_hold_the_fades_that_were_measured(store: Store, measuring: CountingAnalysis) -> None:
    add_client(store)
    add_client(store, "C-0002", n_photos=1)
    store.save_plan("C-0001", TreatmentPlan(goal=Goal.SOFT_FADE), None)
    store.add_session("C-0001", SessionRecord(date(2026, 1, 12), SessionKind.PATCH_TEST))
    measure_client(store, "C-0001")
    first, second = client_cards(store)
    assert first.plan.goal is Goal.SOFT_FADE
    assert first.sessions == ()
    assert (first.n_photos, first.n_unmeasured, second.n_unmeasured) == (6, 0, 2)
    assert first.views == ("front", "top")
    result = first.result("top")
    assert result is not None
    assert result.fade == factories.FADES[2]
    assert result.captured_on == date(2026, 3, 10)
    assert second.result("top") is None
    assert first.last_day == date(2026, 3, 10)
    # A session that is entered later moves the stage, and measures nothing.
    store.add_session("C-0001", SessionRecord(date(2026, 3, 1)))
    moved = client_cards(store)[0].result("top")
    assert moved is not None
    assert moved.captured_on == date(2026, 2, 10)


def test_results_of_another_method_are_not_shown(
    store: Store, measuring: CountingAnalysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_client(store)
    measure_client(store, "C-0001")
    monkeypatch.setattr("tracker.storage.cards.METHOD_VERSION", "another")
    (card,) = client_cards(store)
    assert card.steps == ()
    assert card.n_unmeasured == 6


def test_the_stamp_changes_with_every_change(store: Store) -> None:
    seen = {records_stamp(store)}
    add_client(store)
    seen.add(records_stamp(store))
    kept = store.client("C-0001")
    store.change_client(replace(kept, record=replace(kept.record, name="Anna")))
    seen.add(records_stamp(store))
    erase_client(store, "C-0001")
    seen.add(records_stamp(store))
    assert len(seen) == 4


def test_how_far_a_client_is_measured(store: Store, measuring: CountingAnalysis) -> None:
    add_client(store)
    fresh = measured_state(store, "C-0001")
    assert fresh.views == fresh.missing == ("front", "top")
    measure_client(store, "C-0001")
    done = measured_state(store, "C-0001")
    assert done.missing == ()
    assert done.stamp == fresh.stamp
    assert kept_analysis(store, "C-0001") is not None
    # One photo more asks for its own view again; a session changes what is shown, not measured.
    file_photos(store, "C-0001", [incoming("more.jpg", date(2026, 5, 1), "top")])
    more = measured_state(store, "C-0001")
    assert more.missing == ("top",)
    store.add_session("C-0001", SessionRecord(date(2026, 3, 1)))
    assert measured_state(store, "C-0001").missing == ("top",)
    assert measured_state(store, "C-0001").stamp != more.stamp
