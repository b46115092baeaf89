"""A batch in this process, engine of paper: nothing twice, nothing lost, nothing mixed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.batch.conftest import InlinePool, Run, add_photo, is_view, results_of, rows_of
from tracker.batch.found import Kind
from tracker.batch.plan import Plan
from tracker.batch.publish_work import CLIENT_NAMES
from tracker.batch.tasks import Faulted, Outcome, Task
from tracker.report.tables import PHOTO_COLUMNS

Planned = Callable[..., Plan]


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
