"""The tray of new photos: whole or not there, found again by whoever comes, empty once filed."""

from __future__ import annotations

import io
import stat
import sys
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from tests import factories
from tracker.photos import PhotoError
from tracker.records import ClientRecord, DateSource, RecordError
from tracker.storage.opening import open_store
from tracker.storage.store import Store
from tracker.storage.tray import Look, already_filed, file_tray, tray_of
from tracker.storage.vault import Shelf, checked_get

TODAY = date(2026, 11, 24)


def jpeg(seed: int = 0) -> bytes:
    out = io.BytesIO()
    Image.fromarray(factories.make_srgb(0.1 * seed)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def store(tmp_path: Path):
    with open_store(str(tmp_path / "records"), create=True) as kept:
        kept.add_client(ClientRecord("C-1"))
        kept.add_client(ClientRecord("odd"))
        yield kept


def test_a_photo_comes_back_byte_for_byte_with_what_its_file_says(store: Store) -> None:
    put = tray_of(store, "C-1").put(jpeg(), "2026-03-02_top.jpg", today=TODAY)
    again = tray_of(store, "C-1")
    assert again.photos() == [put]
    assert again.data(put.sha256) == jpeg()
    assert (put.view, put.captured_on, put.date_source) == (
        "top",
        date(2026, 3, 2),
        DateSource.NAME,
    )
    assert put.look is Look.WAITING
    assert Image.open(io.BytesIO(again.thumbnail(put.sha256))).size[0] <= 320
    if sys.platform != "win32":
        assert stat.S_IMODE(again.folder.stat().st_mode) == 0o700


def test_the_same_photo_twice_is_there_once_and_trays_do_not_mix(store: Store) -> None:
    tray = tray_of(store, "C-1")
    first = tray.put(jpeg(), "a.jpg", today=TODAY)
    assert tray.put(jpeg(), "b.jpg", today=TODAY) == first
    assert len(tray.photos()) == 1
    assert tray_of(store, "odd").photos() == []


def test_what_is_no_photo_leaves_nothing(store: Store) -> None:
    tray = tray_of(store, "C-1")
    with pytest.raises(PhotoError, match="PDF document"):
        tray.put(b"%PDF-1.7", "letter.jpg", today=TODAY)
    assert not tray.folder.exists()


def test_a_file_cut_off_while_it_was_written_is_not_seen(store: Store) -> None:
    tray = tray_of(store, "C-1")
    put = tray.put(jpeg(), "a.jpg", today=TODAY)
    (tray.folder / f"{'f' * 64}.json").write_text('{"name": "half', encoding="utf-8")
    (tray.folder / ".half").write_bytes(jpeg()[:100])
    assert tray.photos() == [put]
    (tray.folder / f"{put.sha256}.photo").write_bytes(b"altered")
    with pytest.raises(RecordError, match="no longer in the tray"):
        tray.data(put.sha256)


def test_filing_empties_the_tray_and_keeps_what_a_person_typed(store: Store) -> None:
    tray = tray_of(store, "C-1")
    one = tray.put(jpeg(1), "IMG_1.jpg", today=TODAY)
    two = tray.put(jpeg(2), "IMG_2.jpg", today=TODAY)
    day = date(2026, 5, 1)
    tray.change(one.sha256, captured_on=day, date_source=DateSource.TYPED, view="crown")
    filed = file_tray(store, "C-1", [one.sha256])
    assert [photo.name for photo in filed.added] == ["IMG_1.jpg"]
    (kept,) = store.photos("C-1")
    assert (kept.record.captured_on, kept.record.view) == (day, "crown")
    assert checked_get(store.vault, Shelf.ORIGINALS, one.sha256) == jpeg(1)
    assert [photo.sha256 for photo in tray.photos()] == [two.sha256]
    assert already_filed(store, [one.sha256, two.sha256]) == {one.sha256: ("C-1", "IMG_1.jpg")}


def test_where_one_may_not_be_filed_none_is_and_the_tray_stays(store: Store) -> None:
    tray = tray_of(store, "C-1")
    hashes = [tray.put(jpeg(n), f"{n}.jpg", today=TODAY).sha256 for n in (1, 2)]
    other = tray_of(store, "odd")
    other.put(jpeg(2), "theirs.jpg", today=TODAY)
    file_tray(store, "odd", [hashes[1]])
    with pytest.raises(RecordError, match="filed under client odd"):
        file_tray(store, "C-1", hashes)
    assert len(tray.photos()) == 2
    assert store.photos("C-1") == []
    with pytest.raises(RecordError, match="holds none of these"):
        file_tray(store, "C-1", ["0" * 64])
