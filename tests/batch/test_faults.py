"""A batch whose workers end, whose photos change and whose places go: one line, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.batch.conftest import InlinePool, Run, is_view, jpeg, results_of, rows_of
from tracker.batch.found import Kind
from tracker.batch.kept import Kept, watch_path
from tracker.batch.places import FolderPlace, PlaceLostError
from tracker.batch.plan import Plan
from tracker.batch.reading import CRASH
from tracker.batch.tasks import Changed, Crashed, Outcome, PublishTask, Task, ViewTask

Planned = Callable[..., Plan]


def crashing(root: Path, out: Path, bad: str) -> Callable[[Task], Outcome | None]:
    """A worker that is ended whenever it reads the photo `bad` of bert."""

    def before(task: Task) -> Outcome | None:
        if not is_view(task, "bert"):
            return None
        assert isinstance(task, ViewTask)
        if task.give_up or bad in task.left_out:
            return None
        if task.watched:
            content = json.dumps({"photo": bad, "preparing": True}).encode()
            FolderPlace(out).write(watch_path(task.name), content)
        return Crashed()

    return before


def test_a_photo_that_ends_its_worker_is_a_row_and_the_others_are_measured(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    pool = InlinePool(crashing(root, out, "2026-03-06_top.jpg"))
    totals = run(pool)
    tried = [task for task in pool.done if is_view(task, "bert")]
    assert [(t.watched, t.left_out) for t in tried if isinstance(t, ViewTask)] == [
        (False, ()),
        (True, ()),
        (True, ("2026-03-06_top.jpg",)),
    ]
    assert totals.measured == 7
    crashed = next(f for f in totals.failures if f.kind is Kind.CRASHED)
    assert (crashed.photo, crashed.reason, crashed.remedy) == ("2026-03-06_top.jpg", *CRASH)
    rows = {row["photo"]: row for row in rows_of(out / "bert" / "photos.csv")}
    assert rows["2026-03-06_top.jpg"]["status"] == "refused"
    assert rows["2026-05-05_top.jpg"]["status"] == "measured"
    assert not InlinePool().done
    pool = InlinePool(crashing(root, out, "2026-03-06_top.jpg"))
    run(pool)
    assert pool.done == [], "what failed is not tried again unasked"


def test_a_view_that_ends_its_worker_while_it_is_measured_fails_as_a_whole(
    run: Run, out: Path
) -> None:
    def before(task: Task) -> Outcome | None:
        return Crashed() if is_view(task, "bert") and not task.give_up else None  # type: ignore[union-attr]

    totals = run(InlinePool(before))
    crashed = [f for f in totals.failures if f.kind is Kind.CRASHED]
    assert [f.client for f in crashed] == ["bert"] * 3
    assert "too little memory" in crashed[0].reason
    assert len(rows_of(out / "bert" / "photos.csv")) == 3


def test_a_worker_that_ends_over_the_pictures_still_leaves_the_rows(run: Run, out: Path) -> None:
    def before(task: Task) -> Outcome | None:
        ends = isinstance(task, PublishTask) and task.client.name == "bert"
        return Crashed() if ends and not task.without_folder else None  # type: ignore[union-attr]

    totals = run(InlinePool(before))
    assert totals.photos == 9
    (crashed,) = (f for f in totals.failures if f.kind is Kind.CRASHED)
    assert crashed.client == "bert"
    assert not (out / "bert").exists()


def test_a_photo_that_is_still_being_copied_is_tried_again_then_named(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    times = []

    def once(task: Task) -> Outcome | None:
        if is_view(task, "bert") and not times:
            times.append(task)
            return Changed("2026-01-05_top.jpg was written to meanwhile")
        return None

    assert run(InlinePool(once)).measured == 8

    def always(task: Task) -> Outcome | None:
        again = is_view(task, "bert") and not task.give_up  # type: ignore[union-attr]
        return Changed("2026-01-05_top.jpg was written to meanwhile") if again else None

    totals = run(InlinePool(always), force=True)
    assert [f.kind for f in totals.failures].count(Kind.UNREADABLE) == 4


def test_a_photo_written_to_between_looks_is_seen(
    run: Run, root: Path, engine: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, seen = FolderPlace.read, []

    def changing(self: FolderPlace, path: str, n_bytes: int | None = None) -> bytes:
        data = read(self, path, n_bytes)
        if path == "bert/2026-01-05_top.jpg" and n_bytes is None and not seen:
            seen.append(path)
            (root / path).write_bytes(jpeg(500))
        return data

    monkeypatch.setattr(FolderPlace, "read", changing)
    totals = run()
    assert seen
    assert totals.measured == 8
    assert [photos[0] for photos in engine].count("2026-01-05_top.jpg") >= 3


def test_a_root_that_is_lost_stops_the_batch_and_costs_nothing(
    run: Run, root: Path, out: Path, tmp_path: Path, engine: list[list[str]]
) -> None:
    run(out=str(tmp_path / "whole"))
    hidden = tmp_path / "hidden"

    def unplug(task: Task) -> Outcome | None:
        if is_view(task, "bert"):
            root.rename(hidden)
            root.mkdir()  # a mount point that lost its share is an empty folder
        return None

    with pytest.raises(PlaceLostError, match="cannot be reached any more; what was measured is"):
        run(InlinePool(unplug))
    assert not (out / "failures.csv").exists()
    root.rmdir()
    hidden.rename(root)
    run()
    assert results_of(out) == results_of(tmp_path / "whole")


def test_one_folder_that_vanishes_stops_no_other(run: Run, root: Path) -> None:
    def remove(task: Task) -> Outcome | None:
        if is_view(task, "bert") and (root / "bert").exists():
            shutil.rmtree(root / "bert")
        return None

    totals = run(InlinePool(remove))
    gone = [f for f in totals.failures if f.client == "bert"]
    assert [f.reason for f in gone] == ["is no longer there"] * 3
    assert totals.measured == 5


def test_a_full_disk_stops_the_batch_with_one_line(
    run: Run, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(out=str(tmp_path / "whole"))
    written, real = [], os.fdopen

    def full(handle: int, *rest: Any) -> Any:
        written.append(handle)
        if len(written) > 12:
            os.close(handle)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", full)
        with pytest.raises(PlaceLostError, match="the disk is full; what was measured is kept"):
            run()
    run()
    assert results_of(out) == results_of(tmp_path / "whole")


def test_a_disk_that_fills_while_pictures_are_drawn_stops_it_too(
    run: Run, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tracker.report.results_folder._write_text", full)
        with pytest.raises(PlaceLostError, match="the disk is full"):
            run()
    assert run().photos == 9


def test_kept_series_are_found_by_another_run_whatever_the_client_is_called(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    run()
    engine.clear()
    (root / "bert").rename(root / "bertram")
    run()
    assert engine == []
    assert rows_of(out / "bertram" / "photos.csv")[0]["status"] == "baseline"
    record = Kept(FolderPlace(out)).client("bertram")
    assert record is not None
    assert replace(record, client="bert").client == "bert"


def test_a_correction_re_files_a_photo_in_a_batch(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    """The folder's corrections.json counts as it does for `analyse`."""
    moved = {"kind": "view", "photo": "2026-03-06_top.jpg", "view": "front"}
    later = {"kind": "date", "photo": "2026-01-05_front.jpg", "date": "2026-02-01"}
    text = json.dumps({"corrections": [moved, later]})
    (root / "anna" / "corrections.json").write_text(text, encoding="utf-8")
    run()
    assert ["2026-01-05_front.jpg", "2026-03-06_front.jpg", "2026-03-06_top.jpg"] in engine
    rows = {row["photo"]: row for row in rows_of(out / "anna" / "photos.csv")}
    assert rows["2026-03-06_top.jpg"]["view"] == "front"
    assert rows["2026-01-05_front.jpg"]["captured_on"] == "2026-02-01"
    # A file that cannot be understood fails its client alone, by name.
    (root / "anna" / "corrections.json").write_text("{", encoding="utf-8")
    totals = run()
    assert totals.n_failed >= 1
    assert "corrections.json, line 1" in (out / "failures.csv").read_text(encoding="utf-8")
