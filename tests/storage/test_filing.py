"""Photos come in: facts are read, originals kept byte for byte, nothing else is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from tests.storage.made_up import incoming
from tests.storage.photo_files import SECRETS, write_photo
from tracker.records import ClientRecord, DateSource, RecordError, SessionRecord
from tracker.series import Stage
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.overview import list_clients, timeline
from tracker.storage.store import Store
from tracker.storage.vault import Shelf, sha256_of
from tracker.storage.verify import verify_store

TODAY = date(2026, 9, 1)


def add(store: Store, code: str, *paths: Path, **facts: object) -> list[str]:
    photos = [describe_photo(path, today=TODAY, **facts)[0] for path in paths]  # type: ignore[arg-type]
    return list(file_photos(store, code, photos).notes)


@pytest.fixture
def clinic(store: Store) -> Store:
    store.add_client(ClientRecord("C-0001", smp_date=date(2025, 1, 1)))
    store.add_client(ClientRecord("C-0002"))
    return store


def test_facts_are_read_and_the_original_is_kept_byte_for_byte(
    clinic: Store, tmp_path: Path
) -> None:
    path = write_photo(tmp_path / "IMG_1_top.jpg")
    assert add(clinic, "C-0001", path) == []
    (kept,) = clinic.photos("C-0001")
    photo = kept.record
    assert (photo.name, photo.view, photo.device) == ("IMG_1_top.jpg", "top", "Phonemaker P9")
    assert (photo.captured_on, photo.date_source) == (date(2026, 3, 10), DateSource.CAMERA)
    assert (photo.orientation, photo.width_px, photo.height_px) == (6, 150, 200)
    assert photo.sha256 == sha256_of(path.read_bytes())
    assert clinic.vault.get(Shelf.ORIGINALS, photo.sha256) == path.read_bytes()


def test_place_and_serial_numbers_are_never_stored(
    clinic: Store, tmp_path: Path, database: str
) -> None:
    path = write_photo(tmp_path / "a_top.jpg")
    original = path.read_bytes()
    assert all(secret.encode() in original for secret in SECRETS)
    add(clinic, "C-0001", path)
    with clinic.reading() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert not any(secret in str(row) for secret in SECRETS)
    small = clinic.vault.get(Shelf.THUMBNAILS, sha256_of(original))
    assert not any(secret.encode() in small for secret in SECRETS)
    with Image.open(
        clinic.vault.inner.folder / "thumbnails" / sha256_of(original)[:2] / sha256_of(original)
    ) as thumbnail:  # type: ignore[attr-defined]
        assert not thumbnail.getexif()
        assert thumbnail.size == (150, 200)
    if "://" not in database:
        for file in Path(database).glob("records.db*"):
            assert not any(secret.encode() in file.read_bytes() for secret in SECRETS)


def test_the_same_photo_is_kept_once(clinic: Store, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.jpg")
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(path.read_bytes())
    (note,) = add(clinic, "C-0001", path, copy)
    assert note == "copy.jpg: is the same photo as a.jpg; kept once"
    assert add(clinic, "C-0001", copy) == []
    assert [kept.record.name for kept in clinic.photos("C-0001")] == ["a.jpg"]
    assert len(list(clinic.vault.names(Shelf.ORIGINALS))) == 1


def test_another_photo_of_the_same_name_gets_its_own(clinic: Store, tmp_path: Path) -> None:
    for number in range(3):
        add(
            clinic,
            "C-0001",
            write_photo(tmp_path / f"{number}" / "IMG_1.jpg", shade=40 + 30 * number),
        )
    assert sorted(kept.record.name for kept in clinic.photos("C-0001")) == [
        "IMG_1-2.jpg",
        "IMG_1-3.jpg",
        "IMG_1.jpg",
    ]


def test_a_photo_of_another_client_is_refused_and_nothing_is_kept(
    clinic: Store, tmp_path: Path
) -> None:
    mine = write_photo(tmp_path / "a.jpg")
    add(clinic, "C-0001", mine)
    other = write_photo(tmp_path / "b.jpg", shade=99)
    with pytest.raises(StoreError, match=r"a\.jpg: is filed under client C-0001 already"):
        add(clinic, "C-0002", other, mine)
    assert clinic.photos("C-0002") == []
    assert list(clinic.vault.names(Shelf.ORIGINALS)) == [sha256_of(mine.read_bytes())]


@pytest.mark.parametrize("taken", ["2024:12:31 10:00:00", "2030:01:01 10:00:00"])
def test_a_date_that_cannot_be(clinic: Store, tmp_path: Path, taken: str) -> None:
    path = write_photo(tmp_path / "a.jpg", taken=taken)
    if taken.startswith("2030"):  # a camera's date in the future is not used, and said
        photo, remarks = describe_photo(path, today=TODAY)
        assert photo.record.needs_date
        assert "lies in the future" in remarks[0]
        photo = replace(photo, record=replace(photo.record, captured_on=date(2030, 1, 1)))
    else:
        photo, _ = describe_photo(path, today=TODAY)
    with pytest.raises(RecordError, match="lies in the future|before the SMP"):
        file_photos(clinic, "C-0001", [photo])
    assert clinic.photos("C-0001") == []
    assert list(clinic.vault.names(Shelf.ORIGINALS)) == []
    assert list(clinic.vault.names(Shelf.THUMBNAILS)) == []


def test_a_photo_without_a_date_asks_for_one(clinic: Store, tmp_path: Path) -> None:
    (note,) = add(clinic, "C-0001", write_photo(tmp_path / "a.jpg", taken=None))
    assert "has no date; give it one" in note
    (kept,) = clinic.photos("C-0001")
    assert (kept.record.needs_date, kept.record.date_source) == (True, DateSource.NONE)
    assert list_clients(clinic)[0].n_undated == 1
    assert timeline(clinic, "C-0001").photos[0].stage is Stage.UNKNOWN
    dated = replace(kept.record, captured_on=date(2026, 4, 1), date_source=DateSource.TYPED)
    assert clinic.change_photo(replace(kept, record=dated)) == []
    assert list_clients(clinic)[0].n_undated == 0


def test_stages_follow_from_the_dates_and_are_not_stored(clinic: Store, tmp_path: Path) -> None:
    clinic.add_session("C-0001", SessionRecord(date(2026, 3, 2)))
    add(clinic, "C-0001", write_photo(tmp_path / "a.jpg", taken="2026:03:10 09:00:00"))
    (dated,) = timeline(clinic, "C-0001").photos
    assert (dated.stage, dated.days_since_session) == (Stage.HEALING, 8)
    (session,) = clinic.sessions("C-0001")
    clinic.change_session(replace(session, record=SessionRecord(date(2026, 2, 2))))
    (dated,) = timeline(clinic, "C-0001").photos
    assert (dated.stage, dated.days_since_session) == (Stage.HEALED, 36)
    assert "stage" not in tables.photo.c


def test_a_typed_date_view_and_scale_come_first(clinic: Store, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "x_front.jpg")
    facts = {"taken_on": date(2026, 5, 5), "view": "vertex", "mm_per_px": 0.07}
    add(clinic, "C-0001", path, **facts)
    photo = clinic.photos("C-0001")[0].record
    assert (photo.captured_on, photo.date_source) == (date(2026, 5, 5), DateSource.TYPED)
    assert (photo.view, photo.mm_per_px) == ("crown", 0.07)
    with pytest.raises(RecordError, match="view `below`: is not known"):
        describe_photo(path, today=TODAY, view="below")


def test_a_full_vault_leaves_records_and_vault_as_they_were(
    clinic: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_photo(tmp_path / f"{n}.jpg", shade=40 + 30 * n) for n in range(3)]
    put = clinic.vault.put
    calls: list[str] = []

    def full(shelf: Shelf, name: str, data: bytes) -> bool:
        calls.append(name)
        if len(calls) > 3:
            raise StoreError("vault", "cannot be written to (no space left on device)", "free some")
        return put(shelf, name, data)

    monkeypatch.setattr(clinic.vault, "put", full)
    with pytest.raises(StoreError, match="no space left"):
        add(clinic, "C-0001", *paths)
    assert clinic.photos("C-0001") == []
    for shelf in Shelf:
        assert list(clinic.vault.names(shelf)) == []


def test_lost_and_altered_originals_are_named_and_never_replaced_in_silence(
    clinic: Store, tmp_path: Path
) -> None:
    paths = [write_photo(tmp_path / f"{n}.jpg", shade=40 + 30 * n) for n in range(3)]
    add(clinic, "C-0001", *paths)
    assert verify_store(clinic).damage == ()
    lost, altered, _ = (sha256_of(path.read_bytes()) for path in paths)
    clinic.vault.remove(Shelf.ORIGINALS, lost)
    clinic.vault.remove(Shelf.ORIGINALS, altered)
    clinic.vault.put(Shelf.ORIGINALS, altered, b"something else")
    found = verify_store(clinic)
    assert [(d.client, d.name, d.sha256, d.what) for d in found.damage] == [
        ("C-0001", "0.jpg", lost, "lost"),
        ("C-0001", "1.jpg", altered, "altered"),
    ]
    # Filing them again brings the lost one back, and says so; the altered one stays as it is.
    (note,) = add(clinic, "C-0001", *paths)
    assert note.startswith("0.jpg: its original was lost from the vault; it is back")
    assert clinic.audit("C-0001")[-1].action == "put back"
    assert clinic.vault.get(Shelf.ORIGINALS, altered) == b"something else"
    assert [d.what for d in verify_store(clinic).damage] == ["altered"]


def test_the_database_keeps_no_photo_twice_even_where_two_file_at_once(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check and the transaction, somebody else files the same photo."""
    path = write_photo(tmp_path / "a.jpg")
    other = open_again()
    put = clinic.vault.put

    def put_then_overtaken(shelf: Shelf, name: str, data: bytes) -> bool:
        done = put(shelf, name, data)
        if shelf is Shelf.ORIGINALS:
            add(other, "C-0002", path)
        return done

    with monkeypatch.context() as patched:
        patched.setattr(clinic.vault, "put", put_then_overtaken)
        with pytest.raises(StoreError, match="is filed under client C-0002 already"):
            add(clinic, "C-0001", path)
    assert clinic.photos("C-0001") == []
    assert verify_store(other).damage == ()  # the other's original is not taken away
    assert len(other.photos("C-0002")) == 1


def test_strays_are_counted(clinic: Store) -> None:
    clinic.vault.put(Shelf.ORIGINALS, sha256_of(b"left over"), b"left over")
    assert verify_store(clinic).strays == (sha256_of(b"left over"),)


def test_a_left_over_file_that_was_altered_becomes_no_original(
    clinic: Store, tmp_path: Path
) -> None:
    path = write_photo(tmp_path / "a.jpg")
    name = sha256_of(path.read_bytes())
    clinic.vault.put(Shelf.ORIGINALS, name, b"cut short")
    with pytest.raises(StoreError, match="has been altered"):
        add(clinic, "C-0001", path)
    assert clinic.photos("C-0001") == []
    assert clinic.vault.get(Shelf.ORIGINALS, name) == b"cut short"
    clinic.vault.remove(Shelf.ORIGINALS, name)
    clinic.vault.put(Shelf.ORIGINALS, name, path.read_bytes())  # left over, and whole
    add(clinic, "C-0001", path)
    assert verify_store(clinic).damage == ()


def test_who_is_stopped_while_a_file_gets_its_name_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_client(ClientRecord("C-0001"))
    put = store.vault.put

    def stopped(shelf: Shelf, name: str, data: bytes) -> bool:
        put(shelf, name, data)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(store.vault, "put", stopped)
        with pytest.raises(KeyboardInterrupt):
            file_photos(store, "C-0001", [incoming("a.jpg", date(2026, 2, 2))])
    assert list(store.vault.names(Shelf.ORIGINALS)) == []
    assert store.photos("C-0001") == []
