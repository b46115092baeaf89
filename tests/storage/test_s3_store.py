"""A store whose photos lie in S3, on both databases: the same from import to erasure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import tracker.storage.results as results
from tests.storage.conftest import NOW
from tests.storage.made_up import CountingAnalysis
from tests.storage.photo_files import write_photo
from tracker.storage.backup import back_up
from tracker.storage.erase import erase_client
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.restore import restore
from tracker.storage.results import measure_client
from tracker.storage.vault import Shelf
from tracker.storage.verify import verify_store


def test_photos_in_s3(
    database: str, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    folder = tmp_path / "C-0001"
    paths = [
        write_photo(folder / f"{k}_top.jpg", shade=40 + 40 * k, taken=f"2026:0{k + 1}:10 09:00:00")
        for k in range(3)
    ]
    with open_store(database, vault=s3_url, create=True, clock=lambda: NOW) as store:
        import_folder(store, folder)
        assert import_folder(store, folder).photos.added == ()
        measure_client(store, "C-0001")
    with open_store(database, clock=lambda: NOW) as store:  # the place is remembered
        assert store.vault.place == s3_url
        assert measure_client(store, "C-0001").measured == ()
        first = store.photos("C-0001")[0].record
        assert first.captured_on == date(2026, 1, 10)
        assert store.vault.get(Shelf.ORIGINALS, first.sha256) == paths[0].read_bytes()
        back_up(store, tmp_path / "b.zip")
        store.vault.remove(Shelf.ORIGINALS, first.sha256)
        assert [(d.name, d.what) for d in verify_store(store).damage] == [("0_top.jpg", "lost")]
        restore(tmp_path / "b.zip", database, overwrite=True, clock=lambda: NOW)
        assert verify_store(store).damage == ()
        erase_client(store, "C-0001")
        assert [list(store.vault.names(shelf)) for shelf in Shelf] == [[], [], []]
