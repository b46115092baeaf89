"""A program that is killed while it keeps something loses nothing that it acknowledged."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import kills, kills_batch
from tests.postgres import PostgresServer
from tests.storage.made_up import add_client
from tracker.records import ClientRecord
from tracker.storage.opening import open_store
from tracker.storage.tray import tray_of
from tracker.storage.vault import Shelf

pytestmark = pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="POSIX signals"
)


@pytest.mark.parametrize("each", [1, pytest.param(4, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_and_nothing_is_half_there(each: int) -> None:
    done = kills.run(each * len(kills.WORKS), seed=7)
    assert done["faults"] == []
    assert done["kills"] == dict.fromkeys(kills.WORKS, each)


def test_nothing_is_lost_on_a_server(postgres: PostgresServer) -> None:
    done = kills.run(2, seed=7, works=kills.ON_A_SERVER, new_database=postgres.new_database)
    assert done["faults"] == []
    assert done["kills"] == dict.fromkeys(kills.ON_A_SERVER, 1)


def test_the_look_at_old_stores_finds_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "OLD_STORES", 4)
    names = []
    for number in range(4):
        path = kills.old_store(tmp_path, 0, number)
        kills._lay_down(kills.revision_of(number), path)
        names.append(path.name)
    open_store(str(tmp_path / names[1])).close()  # as it must be, and nobody heard of it
    with open_store(str(tmp_path / names[2])) as store:
        store.add_client(ClientRecord("C-0777"))
    said = [("migrated", names[2]), ("migrated", names[3])]
    found, states = kills.migration_faults(tmp_path, 0, said)
    assert found == [
        f"{names[2]} holds other than before",
        f"{names[3]} was said to be up to date and is at {kills.revision_of(3)}",
    ]
    assert states == {"killed after the end": 1}


def test_the_look_at_a_batch_finds_results_that_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That a real one's do not is shown in `tests/cli/test_batch.py`, with the real engine."""
    results = iter(({"batch.csv": b"whole"}, {"batch.csv": b"half"}))
    monkeypatch.setattr(kills_batch, "two_clients", lambda root: root.mkdir())
    monkeypatch.setattr(kills_batch, "results_of", lambda out: next(results))
    monkeypatch.setattr(kills_batch, "finish", lambda root, out: "")
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(
        kills_batch,
        "start",
        lambda root, out: subprocess.Popen(command, start_new_session=True),
    )
    assert kills_batch.run(1, seed=3)["faults"] == ["after kill 1: the results differ"]


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
