"""Many at once: nobody's work is lost, and nobody is told that the store is locked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.storage.made_up import incoming
from tracker.records import ClientRecord, NoteRecord, RecordError, SessionRecord
from tracker.storage import engine as engines
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.filing import file_photos, file_within, originals_put
from tracker.storage.statements import lock_client
from tracker.storage.store import Store
from tracker.storage.vault import Shelf

WRITERS = 25
ROUNDS = 3


def at_once(stores: list[Store], work: Callable[[Store, int], None]) -> None:
    """Let every writer begin at the same moment, each on connections of its own."""
    start = threading.Barrier(len(stores))

    def run(number: int) -> None:
        start.wait()
        work(stores[number], number)

    with ThreadPoolExecutor(len(stores)) as pool:
        for done in [pool.submit(run, number) for number in range(len(stores))]:
            done.result()


def test_25_writers_lose_nothing(store: Store, open_again: Callable[[], Store]) -> None:
    store.add_client(ClientRecord("shared"))

    def work(own: Store, number: int) -> None:
        own.add_client(ClientRecord(f"W-{number}"))
        for k in range(ROUNDS):
            own.add_note("shared", NoteRecord(date(2026, 1, 1), f"note {number}-{k}"))
        own.add_session("shared", SessionRecord(date(2026, 1, 1) + timedelta(days=number)))
        file_photos(own, "shared", [incoming(f"{number}.jpg", date(2026, 2, 2))])

    at_once([open_again() for _ in range(WRITERS)], work)
    assert len(store.clients()) == WRITERS + 1
    assert {kept.record.text for kept in store.notes("shared")} == {
        f"note {number}-{k}" for number in range(WRITERS) for k in range(ROUNDS)
    }
    assert len(store.sessions("shared")) == WRITERS
    assert len(store.photos("shared")) == WRITERS
    assert len(store.audit("shared")) == 1 + WRITERS * (ROUNDS + 2)


def test_25_people_editing_one_client_lose_no_update(
    store: Store, open_again: Callable[[], Store]
) -> None:
    """Each adds a word to the same field; whoever is told "changed meanwhile" does it again."""
    store.add_client(ClientRecord("shared"))
    told: list[int] = []

    def work(own: Store, number: int) -> None:
        for attempt in range(200):
            seen = own.client("shared")
            words = f"{seen.record.hair} w{number}".strip()
            try:
                own.change_client(replace(seen, record=replace(seen.record, hair=words)))
            except ChangedMeanwhileError:
                told.append(attempt)
            else:
                return
        raise AssertionError("never got through")

    at_once([open_again() for _ in range(WRITERS)], work)
    kept = store.client("shared")
    assert sorted(kept.record.hair.split()) == sorted(f"w{n}" for n in range(WRITERS))
    assert kept.version == WRITERS + 1


def test_of_two_sessions_on_one_day_one_is_kept(
    store: Store, open_again: Callable[[], Store]
) -> None:
    store.add_client(ClientRecord("shared"))
    refused: list[str] = []

    def work(own: Store, number: int) -> None:
        try:
            own.add_session("shared", SessionRecord(date(2026, 1, 1), notes=str(number)))
        except RecordError as error:
            refused.append(str(error))

    at_once([open_again() for _ in range(8)], work)
    assert len(store.sessions("shared")) == 1
    assert len(refused) == 7
    assert all("there is one already on that day" in line for line in refused)


def test_codes_given_out_at_once_differ(store: Store, open_again: Callable[[], Store]) -> None:
    at_once(
        [open_again() for _ in range(8)], lambda own, _: own.add_client(ClientRecord("")) and None
    )
    assert [c.record.code for c in store.clients()] == [f"C-{n:04d}" for n in range(1, 9)]


def test_a_fresh_store_opened_by_many_is_made_once(open_again: Callable[[], Store]) -> None:
    start = threading.Barrier(6)
    opened: list[Store] = []

    def run() -> None:
        start.wait()
        opened.append(open_again())

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(run) for _ in range(6)]:
            done.result()
    opened[0].add_client(ClientRecord("C-0001"))
    assert all(len(store.clients()) == 1 for store in opened)


def test_readers_see_one_moment_while_others_write(
    store: Store, open_again: Callable[[], Store]
) -> None:
    from tracker.storage.statements import select

    store.add_client(ClientRecord("a"))
    other = open_again()
    with store.reading() as connection:
        before = select(connection, ClientRecord)
        other.add_client(ClientRecord("b"))
        assert select(connection, ClientRecord) == before
    assert len(store.clients()) == 2


def test_a_photo_filed_by_two_at_once_was_not_lost(
    store: Store, open_again: Callable[[], Store]
) -> None:
    """Who looked before the other filed it says that it was there already, and no more."""
    store.add_client(ClientRecord("shared"))
    photos = [incoming("a.jpg", date(2026, 2, 2))]
    other = open_again()
    with originals_put(other, photos) as put:
        store.vault.remove(Shelf.ORIGINALS, photos[0].record.sha256)
        file_photos(store, "shared", photos)
        with other.writing() as connection:
            filed = file_within(connection, other, lock_client(connection, "shared"), photos, put)
    assert (len(filed.known), filed.notes) == (1, ())
    assert [entry.action for entry in store.audit("shared")] == ["add", "add"]


def test_turning_the_log_on_waits_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's own waiting is left out where programs meet a fresh database."""
    asked: list[str] = []

    class Cursor:
        def execute(self, text: str) -> None:
            asked.append(text)
            if len(asked) < 3:
                raise sqlite3.OperationalError("database is locked")

    engines._use_log(Cursor())
    assert asked == ["PRAGMA journal_mode = WAL"] * 3
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", -1.0)
    asked.clear()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        engines._use_log(Cursor())
