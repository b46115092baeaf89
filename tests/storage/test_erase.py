"""An erased client is gone from records, vault and disk; that it happened is all that stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

import tracker.storage.results as results
from tests.storage.made_up import CountingAnalysis, add_client
from tests.storage.photo_files import write_photo
from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    NoteRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.series import PolygonZone
from tracker.storage import engine as engines
from tracker.storage import tables
from tracker.storage.erase import erase_client, what_goes
from tracker.storage.errors import NotThereError, StoreError
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.results import measure_client
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.vault import Shelf
from tracker.storage.verify import verify_store

NAME = "Unforgettable Name"
CODE = "GONE-4711"


@pytest.fixture
def clinic(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two clients, everything there is to keep of the first one."""
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    add_client(store, "C-0002", n_photos=2)
    measure_client(store, "C-0002")
    store.add_client(ClientRecord(CODE, name=NAME, hair=f"{NAME} hair"))
    store.save_plan(CODE, TreatmentPlan(method=f"{NAME} method"), None)
    store.add_session(CODE, SessionRecord(date(2026, 3, 2), notes=f"{NAME} session"))
    triangle = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
    store.add_zone(CODE, PolygonZone(f"{NAME} zone", "top", triangle))
    store.add_consent(CODE, ConsentRecord(ConsentLevel.CARE, date(2026, 1, 1)))
    store.add_note(CODE, NoteRecord(date(2026, 1, 1), f"{NAME} note"))
    path = write_photo(tmp_path / f"{NAME}_top.jpg")
    file_photos(store, CODE, [describe_photo(path, today=date(2026, 9, 1))[0]])
    measure_client(store, CODE)
    return store


def test_the_list_says_all_that_goes_and_changes_nothing(clinic: Store) -> None:
    before = clinic.audit()
    planned = what_goes(clinic, CODE)
    assert planned.records == {
        "plan": 1,
        "sessions": 1,
        "photos": 1,
        "zones": 1,
        "corrections": 0,
        "results": 1,
        "consents": 1,
        "notes": 1,
        "audit entries": 8,
    }
    assert planned.photos == (f"{NAME}_top.jpg",)
    assert sorted(shelf for shelf, _ in planned.files) == sorted(Shelf)
    said = "\n".join(planned.lines())
    for part in (CODE, "1 sessions", "1 results", "1 originals", "1 thumbnails", f"{NAME}_top.jpg"):
        assert part in said
    assert clinic.audit() == before


def test_nothing_is_left_but_that_an_erasure_took_place(clinic: Store, database: str) -> None:
    files = what_goes(clinic, CODE).files
    gone = erase_client(clinic, CODE)
    assert gone.files == files
    with pytest.raises(NotThereError):
        clinic.client(CODE)
    assert not any(clinic.vault.holds(shelf, name) for shelf, name in files)
    with clinic.reading() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert NAME not in str(row)
                assert CODE not in str(row)
    last = clinic.audit()[-1]
    assert (last.action, last.what, last.client) == ("erase", "a client was erased", "")
    # The other client has lost nothing.
    assert [c.record.code for c in clinic.clients()] == ["C-0002"]
    assert len(clinic.photos("C-0002")) == 4
    assert verify_store(clinic).damage == ()
    assert verify_store(clinic).strays == ()
    assert measure_client(clinic, "C-0002").measured == ()
    if "://" not in database:  # not only unlinked: overwritten
        for file in Path(database).rglob("*"):
            assert NAME not in file.name
            if file.is_file():
                assert NAME.encode() not in file.read_bytes(), file
                assert CODE.encode() not in file.read_bytes(), file


def test_erasing_is_all_or_nothing(clinic: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ZeroDivisionError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "note_in_audit", broken)
        with pytest.raises(ZeroDivisionError):
            erase_client(clinic, CODE)
    assert clinic.client(CODE).record.name == NAME
    assert verify_store(clinic).damage == ()
    assert len(clinic.photos(CODE)) == 1


def test_an_erasure_that_fails_half_way_can_be_finished(
    clinic: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = what_goes(clinic, CODE).files
    remove = clinic.vault.remove
    removed: list[str] = []

    def failing(shelf: Shelf, name: str) -> None:
        if removed:
            raise StoreError("vault", "cannot be written to", "check the disk")
        removed.append(name)
        remove(shelf, name)

    with monkeypatch.context() as patched:
        patched.setattr(clinic.vault, "remove", failing)
        with pytest.raises(StoreError, match="cannot be written to"):
            erase_client(clinic, CODE)
    assert clinic.client(CODE).record.name == NAME  # still listed: nothing is forgotten half-way
    erase_client(clinic, CODE)
    assert not any(clinic.vault.holds(shelf, name) for shelf, name in files)
    assert verify_store(clinic).strays == ()
    assert [entry.action for entry in clinic.audit()].count("erase") == 1


def test_who_is_not_there_cannot_be_erased(store: Store) -> None:
    with pytest.raises(NotThereError, match="client nobody"):
        erase_client(store, "nobody")
    assert store.audit() == []


def test_an_erasure_beside_a_reader_says_what_is_left(
    clinic: Store,
    database: str,
    open_again: Callable[[], Store],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.2)
    eraser = open_again()
    with clinic.reading() as connection:
        assert connection.execute(sa.select(tables.client.c.id)).all()
        gone = erase_client(eraser, CODE)
    if "://" in database:  # a server cleans up by itself, see docs/records.md
        assert gone.notes == ()
        return
    assert "traces stay in the database file" in gone.notes[0]
    clinic.close()
    eraser.close()
    open_again().close()
    for file in Path(database).glob("records.db*"):
        assert NAME.encode() not in file.read_bytes()


def test_photos_that_were_never_filed_go_too(clinic: Store, tmp_path: Path) -> None:
    data = write_photo(tmp_path / "2026-08-01_top.jpg", shade=99).read_bytes()
    mine, theirs = tray_of(clinic, CODE), tray_of(clinic, "C-0002")
    for tray in (mine, theirs):
        tray.put(data, "2026-08-01_top.jpg", today=date(2026, 9, 1))
    assert "not filed yet: 1 photos in the tray" in what_goes(clinic, CODE).lines()
    erase_client(clinic, CODE)
    assert not mine.folder.exists()
    assert len(theirs.photos()) == 1


def test_a_tray_that_cannot_be_emptied_keeps_the_client(
    clinic: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_photo(tmp_path / "2026-08-01_top.jpg", shade=99).read_bytes()
    tray_of(clinic, CODE).put(data, "2026-08-01_top.jpg", today=date(2026, 9, 1))

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as held:
        held.setattr("tracker.storage.tray.shutil.rmtree", refuse)
        with pytest.raises(StoreError, match="tray of new photos: cannot be emptied"):
            erase_client(clinic, CODE)
    assert clinic.client(CODE).record.name == NAME
    erase_client(clinic, CODE)
    with pytest.raises(NotThereError):
        clinic.client(CODE)
