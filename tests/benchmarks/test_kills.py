"""A program that is killed while it keeps something loses nothing that it acknowledged."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from benchmarks import kills
from tests.storage.made_up import add_client
from tracker.records import ClientRecord
from tracker.storage.opening import open_store
from tracker.storage.tray import tray_of
from tracker.storage.vault import Shelf

pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="POSIX signals"
)


def test_nothing_acknowledged_is_lost_and_nothing_is_half_there() -> None:
    done = kills.run(8, seed=7)
    assert done["faults"] == []
    assert done["kills"] == dict.fromkeys(kills.WORKS, 2)


def test_the_look_afterwards_finds_what_is_wrong(tmp_path: Path) -> None:
    place, folder = str(tmp_path / "records"), tmp_path / "files"
    folder.mkdir()
    said = [("client", "I-1"), ("tray", "0" * 64), ("measured", "M-1"), ("backup", "b.zip")]
    with open_store(place, create=True) as store:
        store.add_client(ClientRecord(kills.TRAY))
        add_client(store, "I-2", n_photos=1)
        add_client(store, "M-1")
        kept = tray_of(store, kills.TRAY).put(kills.small_photo(1), "a.jpg", today=store.today)
        name = next(iter(store.vault.names(Shelf.ORIGINALS)))
        next(Path(store.vault.place).rglob(name)).write_bytes(b"half")
    found = kills.faults(place, folder, [*said, ("tray", kept.sha256)])
    assert sum("is altered" in each for each in found) == 1
    assert "client I-1 is missing" in found
    assert "client I-2 is half imported: 2, 0" in found
    assert "the measures of M-1 are missing" in found
    assert f"{'0' * 64} is missing from the tray" in found
    assert "b.zip is missing" in found
    assert len(found) == 6
