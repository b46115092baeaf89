"""A batch in this process, engine of paper: nothing twice, nothing lost, nothing mixed."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.batch.conftest import InlinePool, Run, add_photo, jpeg, results_of
from tracker.batch.found import Kind
from tracker.batch.kept import Kept, watch_path
from tracker.batch.places import FolderPlace, PlaceLostError
from tracker.batch.plan import Plan
from tracker.batch.publish_work import CLIENT_NAMES
from tracker.batch.reading import CRASH
from tracker.batch.tasks import Changed, Crashed, Faulted, Outcome, PublishTask, Task, ViewTask
from tracker.report.tables import PHOTO_COLUMNS

Planned = Callable[..., Plan]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_view(task: Task, client: str, view: str = "top") -> bool:
    return isinstance(task, ViewTask) and (task.client.name, task.view) == (client, view)


@pytest.mark.usefixtures("unchanged_root")
def test_results_of_a_batch(run: Run, out: Path, engine: list[list[str]]) -> None:
    totals = run()
    assert (totals.clients, totals.photos, totals.measured, totals.n_failed) == (3, 9, 8, 1)
    assert len(engine) == 4
    assert sorted(path.name for path in out.iterdir()) == [
        *(".smp-batch", "anna", "batch.csv", "batch.parquet", "bert", "cara"),
        *("failures.csv", "overview.html"),
    ]
    assert sorted(path.name for path in (out / "anna").iterdir()) == sorted(CLIENT_NAMES)
    rows = rows_of(out / "batch.csv")
    assert list(rows[0]) == ["client", *PHOTO_COLUMNS]
    assert [row["client"] for row in rows] == ["anna"] * 4 + ["bert"] * 3 + ["cara"] * 2
    per_client = rows_of(out / "bert" / "photos.csv")
    assert [{k: v for k, v in row.items() if k != "client"} for row in rows[4:7]] == per_client
    (failure,) = rows_of(out / "failures.csv")
    assert failure == {
        "client": "cara",
        "photo": "2026-03-06_top.jpg",
        "view": "top",
        "kind": "unreadable",
        "reason": "is not a photo",
        "remedy": "use a JPEG, PNG, HEIC, TIFF or WebP photo",
    }


def test_parquet_says_the_same_as_csv(run: Run, out: Path) -> None:
    run()
    table = pq.read_table(out / "batch.parquet")
    assert table.column_names == ["client", *PHOTO_COLUMNS]
    rows = rows_of(out / "batch.csv")
    assert table.num_rows == len(rows)
    for theirs, ours in zip(table.to_pylist(), rows, strict=True):
        for name, text in ours.items():
            value = theirs[name]
            if isinstance(value, float):
                assert float(text) == pytest.approx(value, rel=1e-5)
            else:
                assert text == ("" if value is None else str(value))
    dots = pq.read_table(out / "bert" / "dots.parquet")
    assert dots.num_rows == len(rows_of(out / "bert" / "dots.csv"))
    assert dots["client"][0].as_py() == "bert"


def test_nothing_is_done_twice(run: Run, out: Path, engine: list[list[str]]) -> None:
    run()
    before = results_of(out)
    engine.clear()
    pool = InlinePool()
    totals = run(pool)
    assert (totals.clients, totals.photos, totals.n_failed) == (3, 9, 1)
    assert pool.done == []
    assert engine == []
    assert results_of(out) == before


@pytest.mark.parametrize("n_tasks", range(8))
def test_stopped_after_any_task_it_goes_on_to_the_same_bytes(
    run: Run, out: Path, tmp_path: Path, engine: list[list[str]], n_tasks: int
) -> None:
    run(out=str(tmp_path / "whole"))
    whole = results_of(tmp_path / "whole")
    engine.clear()
    if n_tasks < 7:
        with pytest.raises(KeyboardInterrupt):
            run(InlinePool(most_tasks=n_tasks))
    run()
    assert results_of(out) == whole
    assert len(engine) == 4, "a view was measured twice"


def test_one_photo_more_measures_its_view_alone(
    run: Run, root: Path, engine: list[list[str]], plan_of: Planned
) -> None:
    run()
    engine.clear()
    add_photo(root / "anna", "2026-05-05_top.jpg", 77)
    plan = plan_of()
    assert [planned.client.name for planned in plan.pending] == ["anna"]
    totals = run()
    assert engine == [["2026-01-05_top.jpg", "2026-03-06_top.jpg", "2026-05-05_top.jpg"]]
    assert totals.photos == 10


def test_a_session_entered_measures_nothing_and_moves_the_stages(
    run: Run, root: Path, out: Path, tmp_path: Path, engine: list[list[str]]
) -> None:
    run()
    assert {row["stage"] for row in rows_of(out / "bert" / "photos.csv")} == {"unknown"}
    (root / "bert" / "sessions.csv").write_text("date\n2026-03-01\n")
    engine.clear()
    run()
    assert engine == []
    assert [row["stage"] for row in rows_of(out / "bert" / "photos.csv")] == [
        *("baseline", "healing", "healed")
    ]
    run(out=str(tmp_path / "anew"))
    assert results_of(out) == results_of(tmp_path / "anew")


def test_a_file_that_was_only_touched_is_not_measured(
    run: Run, root: Path, out: Path, engine: list[list[str]]
) -> None:
    run()
    before = results_of(out)
    photo = root / "bert" / "2026-01-05_top.jpg"
    os.utime(photo, (1, 1))
    engine.clear()
    pool = InlinePool()
    run(pool)
    assert len(pool.done) == 2
    assert engine == []
    assert results_of(out) == before


def test_a_photo_renamed_is_measured_again(run: Run, root: Path, engine: list[list[str]]) -> None:
    run()
    engine.clear()
    (root / "bert" / "2026-01-05_top.jpg").rename(root / "bert" / "2025-12-31_top.jpg")
    run()
    assert len(engine) == 1


def test_results_that_were_removed_are_written_again_without_measuring(
    run: Run, out: Path, engine: list[list[str]]
) -> None:
    run()
    before = results_of(out)
    engine.clear()
    shutil.rmtree(out / "bert")
    (out / "overview.html").unlink()
    run()
    assert engine == []
    assert results_of(out) == before


def test_damaged_records_are_made_again(run: Run, out: Path, engine: list[list[str]]) -> None:
    run()
    before = results_of(out)
    for path in (out / ".smp-batch").glob("clients/*/*.json"):
        path.write_bytes(path.read_bytes()[:-40])
    for path in (out / ".smp-batch").glob("series/*/*.smpr"):
        path.write_bytes(path.read_bytes()[:-40])
    engine.clear()
    run()
    assert len(engine) == 4
    assert results_of(out) == before


def test_one_bad_client_stops_no_other(run: Run, root: Path, out: Path) -> None:
    (root / "anna" / "sessions.csv").write_text("date\nsoon\n")
    totals = run()
    assert (totals.clients, totals.photos) == (3, 5)
    rows = rows_of(out / "failures.csv")
    assert [(row["client"], row["kind"]) for row in rows] == [
        ("anna", "client"),
        ("cara", "unreadable"),
    ]
    assert rows[0]["reason"] == "sessions.csv, line 2: `soon` is no date"
    assert not (out / "anna").exists()
    (root / "anna" / "sessions.csv").write_text("date\n2026-01-20\n")
    assert run().photos == 9


def test_results_with_foreign_files_are_left_alone(run: Run, out: Path) -> None:
    (out / ".smp-batch").mkdir(parents=True)
    (out / ".smp-batch" / "about.json").write_text("{}")
    (out / "bert").mkdir()
    (out / "bert" / "letter.txt").write_text("dear")
    run()
    assert (out / "bert" / "letter.txt").read_text() == "dear"
    rows = rows_of(out / "failures.csv")
    assert rows[0]["client"] == "bert"
    assert "letter.txt" in rows[0]["reason"]


def test_retry_failed_looks_again_at_what_failed_only(
    run: Run, root: Path, engine: list[list[str]], plan_of: Planned
) -> None:
    def fault(task: Task) -> Outcome | None:
        return Faulted("ValueError: x") if is_view(task, "bert") and not task.give_up else None  # type: ignore[union-attr]

    totals = run(InlinePool(fault))
    assert [f.kind for f in totals.failures] == [Kind.FAULT] * 3 + [Kind.UNREADABLE]
    assert totals.photos == 9, "a batch loses no row"
    assert not plan_of().pending
    engine.clear()
    totals = run(retry_failed=True)
    assert len(engine) == 2
    assert [f.kind for f in totals.failures] == [Kind.UNREADABLE]


def test_force_measures_all_again(run: Run, out: Path, engine: list[list[str]]) -> None:
    run()
    before = results_of(out)
    run(force=True)
    assert len(engine) == 8
    assert results_of(out) == before


def test_summary_only_writes_tables_alone_and_measures_nothing_twice(
    run: Run, root: Path, out: Path, tmp_path: Path, engine: list[list[str]]
) -> None:
    run(out=str(tmp_path / "whole"))
    totals = run(summary_only=True)
    assert (totals.clients, totals.photos) == (3, 9)
    assert sorted(results_of(out)) == [
        *("batch.csv", "batch.parquet", "failures.csv", "overview.html")
    ]
    assert (out / "batch.csv").read_bytes() == (tmp_path / "whole" / "batch.csv").read_bytes()
    small = sum(p.stat().st_size for p in out.rglob("*.smpr"))
    assert small < 0.5 * sum(p.stat().st_size for p in (tmp_path / "whole").rglob("*.smpr"))
    engine.clear()
    add_photo(root / "anna", "2026-05-05_top.jpg", 77)
    run(summary_only=True)
    assert len(engine) == 1
    run()  # now with folders: the dots have to be measured
    assert (out / "anna" / "dots.csv").exists()


def test_duplicates_are_measured_and_named(run: Run, root: Path, out: Path) -> None:
    shutil.copy(root / "anna" / "2026-01-05_top.jpg", root / "bert" / "2026-05-01_top.jpg")
    totals = run()
    assert totals.photos == 10
    assert totals.n_failed == 1
    (row,) = (row for row in rows_of(out / "failures.csv") if row["kind"] == "duplicate")
    assert (row["client"], row["photo"]) == ("bert", "2026-05-01_top.jpg")
    assert row["reason"] == "is the same file as anna/2026-01-05_top.jpg"
    photos = rows_of(out / "bert" / "photos.csv")
    assert [row["status"] for row in photos] == ["baseline", "measured", "measured", "measured"]


# --- workers that end, photos that change, places that go ------------------------------------


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
