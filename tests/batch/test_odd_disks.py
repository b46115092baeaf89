"""Names, places and disks that are not as they should be: nothing lost, nothing hidden."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.batch.conftest import TODAY, Run, add_photo, results_of
from tracker.batch.kept import LOCK_PATH
from tracker.batch.places import FolderPlace, PlaceLostError
from tracker.batch.session import Batch, BatchRequest, watch


def test_a_name_that_a_disk_cannot_take_costs_one_client(
    run: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a question mark on a disk of Windows: the others go on."""
    real = Path.write_bytes

    def refusing(self: Path, data: bytes) -> int:
        if self.parent.name == "overlays" and b"front" in os.fsencode(self.name):
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", refusing)
    totals = run()
    (row,) = (f for f in totals.failures if f.client == "anna")
    assert row.reason == "its results cannot be written (invalid argument)"
    assert (out / "bert" / "report.html").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="lengths of POSIX")
def test_the_longest_names_are_measured_or_named(run: Run, root: Path, out: Path) -> None:
    add_photo(root / "dora", "é" * 125 + "1.jpg", 41)
    add_photo(root / "dora", "é" * 125 + "2.jpg", 42)
    long = os.fsdecode(b"\xff" * 100)  # shown as \xff, four times as long
    add_photo(root / long, "a.jpg", 43)
    totals = run()
    assert len(list((out / "dora" / "overlays").iterdir())) == 2
    (row,) = (f for f in totals.failures if f.client.startswith("\\xff"))
    assert row.reason.endswith("is too long for the name of a folder")


@pytest.mark.parametrize("inside", ["anna/results", "results"])
def test_results_below_the_root_hide_no_photo(
    run: Run, root: Path, inside: str, engine: list[list[str]]
) -> None:
    for _ in range(2):
        totals = run(out=str(root / inside))
        assert (totals.clients, totals.photos) == (3, 9)
        assert all(f.client == "cara" for f in totals.failures)
    assert len(engine) == 4


def test_a_batch_ended_before_its_mark_is_no_hindrance(run: Run, out: Path) -> None:
    FolderPlace(out).write(LOCK_PATH, b"")
    assert run().photos == 9


def test_watching_again_leaves_the_tables_until_there_is_something_to_say(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    run()
    before, looks = results_of(out), []
    batch = Batch(BatchRequest(str(root), str(out)))

    def pause(_seconds: float) -> bool:
        looks.append(results_of(out))
        if len(looks) == 2:
            shutil.rmtree(root)  # as a network folder that looks empty once it is lost
            root.mkdir()
        return len(looks) < 4

    with batch.held() as lock, pytest.raises(PlaceLostError, match="cannot be reached any more"):
        watch(
            batch,
            lock,
            seconds=1,
            today=lambda: TODAY,
            pause=pause,
            told=lambda _moment: None,
            finished=lambda _totals: None,
        )
    assert looks == [before, before]
    assert results_of(out) == before
