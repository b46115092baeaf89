"""The command batch end to end, with the real engine on small rendered photos."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import results_of, snapshot
from tracker.cli import main
from tracker.report.tables import PHOTO_COLUMNS

CHECKOUT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def clients(small_client: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Four clients: two of two photos, one with a file that is no photo, two that cannot be
    measured at all. Nothing below it may change."""
    root = tmp_path_factory.mktemp("batch") / "clients"
    photos = sorted(small_client.glob("*.jpg"))
    for name, some in (("anna", photos[:2]), ("bert", photos[1:]), ("cara", photos[:1])):
        (root / name).mkdir(parents=True)
        for photo in some:
            shutil.copy(photo, root / name)
    (root / "anna" / "text.jpg").write_text("no photo at all")
    (root / "cara" / "sessions.csv").write_text("date\nsoon\n")
    (root / "no_photos").mkdir()
    before = snapshot(root)
    yield root
    assert snapshot(root) == before, "the photos' folder was changed"


def test_the_log_for_a_collector_counts_and_names_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Folders and files may be named after people: the log holds neither."""
    root = tmp_path / "clients"
    (root / "anna").mkdir(parents=True)
    (root / "anna" / "anna.jpg").write_text("no photo at all")
    given = ["batch", str(root), "--out", str(tmp_path / "out"), "--jobs", "1", "--log", "json"]
    assert main(given) == 1
    said = capfd.readouterr()
    assert "not measured" in said.out
    begun, ended = (json.loads(line) for line in said.err.splitlines())
    assert (begun["event"], begun["photos"]) == ("batch begun", 1)
    assert (ended["event"], ended["measured"], ended["failed"]) == ("batch ended", 0, 1)
    assert ended["seconds"] > 0
    assert "anna" not in said.err
    assert main([*given[:-1], "xml"]) == 2
    assert "--log" in capfd.readouterr().err


def batch(root: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", "batch", str(root), "--out", str(out), *options],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def views_of(out: Path) -> list[Path]:
    return list(out.glob(".smp-batch/views/*/*.json"))


def wait_for(run: subprocess.Popen[str], happened: Callable[[], bool]) -> None:
    """Until it happened or the run has ended."""
    deadline = time.monotonic() + 120
    while not happened() and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a batch that nobody stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    run = batch(clients, out, "--jobs", "2")
    said, complaints = run.communicate(timeout=300)
    assert run.returncode == 1, complaints
    assert "measured      4" in said
    names = sorted(line.split(":")[0] for line in complaints.strip().splitlines()[1:])
    assert names == ["anna/text.jpg", "bert/2026-02-26_top.jpg", "cara", "no_photos"]
    assert complaints.startswith("3 clients, 4 views, 6 photos; 3 clients with 6 photos to do")
    return out


def test_tables_at_the_top(whole: Path) -> None:
    names = sorted(path.name for path in whole.iterdir() if not path.name.startswith("."))
    assert names == [
        *("anna", "batch.csv", "batch.parquet", "bert", "failures.csv", "overview.html")
    ]
    rows = rows_of(whole / "batch.csv")
    assert list(rows[0]) == ["client", *PHOTO_COLUMNS]
    assert [row["client"] for row in rows] == ["anna"] * 3 + ["bert"] * 2
    failures = rows_of(whole / "failures.csv")
    assert [(row["client"], row["photo"], row["kind"]) for row in failures] == [
        ("anna", "text.jpg", "unreadable"),
        ("bert", "2026-02-26_top.jpg", "duplicate"),
        ("cara", "", "client"),
        ("no_photos", "", "client"),
    ]
    assert all(row["reason"] and row["remedy"] for row in failures)


def test_a_client_is_measured_as_analyse_measures_it(
    whole: Path, clients: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    assert main(["analyse", str(clients / "anna"), "--out", str(alone), "-q"]) == 1
    theirs, ours = results_of(alone), results_of(whole / "anna")
    assert set(ours) - set(theirs) == {"contact.jpg", "dots.parquet"}
    for name, data in theirs.items():
        assert ours[name] == data, name


def test_one_process_gives_the_bytes_of_two(clients: Path, whole: Path, tmp_path: Path) -> None:
    """Every output: tables, overlays, dots, pages. (Any order of photos: `tests/test_analysis.py`.)"""
    # The folders are made in another order too: what a disk lists first is chance.
    turned = tmp_path / "clients"
    for path in sorted(clients.rglob("*"), reverse=True):
        target = turned / path.relative_to(clients)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    (turned / "no_photos").mkdir()
    out = tmp_path / "out"
    run = batch(turned, out, "--jobs", "1", "-q")
    _, complaints = run.communicate(timeout=300)
    assert run.returncode == 1, complaints
    assert results_of(out) == results_of(whole)


@posix
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_killed_at_any_moment_it_ends_in_the_same_bytes(
    clients: Path, whole: Path, tmp_path: Path, seed: int
) -> None:
    out, moments = tmp_path / "out", random.Random(seed)
    for until in ("it began", "a view was kept", "any time"):
        run = batch(clients, out, "--jobs", "2", "-q")
        if until == "it began":
            wait_for(run, lambda: (out / ".smp-batch" / "lock").exists())
        elif until == "a view was kept":
            wait_for(run, lambda: bool(views_of(out)))
        time.sleep(moments.uniform(0.0, 0.4 if until == "it began" else 4.0))
        if until == "it began":  # later ones may have ended: how fast a machine is, nobody knows
            assert run.poll() is None
        run.kill()
        run.communicate()
    stamps = {p: p.stat().st_mtime_ns for p in views_of(out)}
    done = batch(clients, out, "--jobs", "2", "-q")
    _, complaints = done.communicate(timeout=300)
    assert done.returncode == 1, complaints
    assert results_of(out) == results_of(whole)
    again = {p for p, stamp in stamps.items() if p.stat().st_mtime_ns != stamp}
    assert not again, "a view was measured twice"


@posix
def test_stopped_by_ctrl_c_it_says_how_to_go_on(clients: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = batch(clients, out, "--jobs", "1")
    wait_for(run, lambda: bool(views_of(out)))
    assert run.poll() is None
    run.send_signal(signal.SIGINT)
    _, complaints = run.communicate(timeout=60)
    assert run.returncode == 130
    last = complaints.strip().splitlines()[-1]
    assert "the same command goes on where it stopped" in last
    assert (out / "batch.csv").exists()
    assert not (out / ".smp-batch" / "lock").exists()


def test_a_dry_run_writes_nothing(
    clients: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["batch", str(clients), "--out", str(out), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "photos     6    6" in said
    assert "about" in said
    assert "no_photos: not measured" in said
    assert not out.exists()
    assert main(["batch", str(clients), "--out", str(whole), "--dry-run", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert (content["clients"], content["photos"], content["photos_to_do"]) == (3, 6, 0)


def test_a_second_run_says_that_all_is_done(
    clients: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file()}
    assert main(["batch", str(clients), "--out", str(whole), "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert (content["clients"], content["photos"], content["measured"]) == (3, 5, 4)
    assert [row["kind"] for row in content["failures"]] == [
        *("unreadable", "duplicate", "client", "client")
    ]
    after = {p: p.stat().st_mtime_ns for p in whole.rglob("*") if p.is_file()}
    changed = {p.name for p in after if before.get(p) != after[p]}
    assert changed <= {"about.json", "progress.json"}


@posix
def test_two_batches_on_one_output_are_one_line(clients: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = batch(clients, out, "--jobs", "1", "-q")
    try:
        deadline = time.monotonic() + 60
        while not (out / ".smp-batch" / "lock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        second = batch(clients, out, "-q")
        _, complaints = second.communicate(timeout=60)
        assert second.returncode == 2
        (line,) = complaints.strip().splitlines()
        assert "another batch writes there (process" in line
    finally:
        first.terminate()
        first.communicate(timeout=60)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--pattern", "{name}"], "--pattern is `{name}`: holds an unknown field"),
        (["--pattern", "{client}+{date}"], "no photo's name follows"),
        (["--pattern", "{client}", "--manifest", "m.csv"], "excludes --manifest"),
        (["--manifest", "m.csv"], "there is no such file"),
        (["--scheduler", "tcp://127.0.0.1:9"], "no scheduler answers there"),
        (["--scheduler", "nonsense"], "is no address of a scheduler"),
        (["--every", "0"], "--every"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    clients: Path,
    tmp_path: Path,
    options: list[str],
    what: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.batch.cluster_pool.CONNECT_SECONDS", 1)
    assert main(["batch", str(clients), "--out", str(tmp_path / "out"), "-q", *options]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert what in line
    assert not list(tmp_path.glob("out/*.csv"))


def test_places_that_cannot_take_results(
    clients: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    file = tmp_path / "file"
    file.write_text("")
    for out, what in (
        (clients, "holds the photos, which are never changed"),
        (foreign, "holds other files (letter.txt)"),
        (file, "is a file, not a folder"),
    ):
        assert main(["batch", str(clients), "--out", str(out), "-q"]) == 2
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert what in line


@posix
def test_watching_measures_what_a_camera_writes(small_client: Path, tmp_path: Path) -> None:
    root, out = tmp_path / "camera", tmp_path / "out"
    root.mkdir()
    first, second, third = sorted(small_client.glob("*.jpg"))
    shutil.copy(first, root / f"anna_{first.name}")
    run = batch(root, out, "--watch", "--every", "0.4", "--pattern", "{client}_{date}_{view}")

    def wait_for_rows(n: int) -> None:
        deadline = time.monotonic() + 120
        while not (out / "batch.csv").exists() or len(rows_of(out / "batch.csv")) < n:
            assert time.monotonic() < deadline
            assert run.poll() is None, run.communicate()
            time.sleep(0.1)

    try:
        wait_for_rows(1)
        target = root / f"anna_{second.name}"
        with target.open("wb") as file:  # a slow copy: not taken before it has come to rest
            data = second.read_bytes()
            for start in range(0, len(data), len(data) // 6):
                file.write(data[start : start + len(data) // 6])
                file.flush()
                os.fsync(file.fileno())
                time.sleep(0.2)
        wait_for_rows(2)
        shutil.copy(third, root / f"bert_{third.name}")
        wait_for_rows(3)
    finally:
        run.send_signal(signal.SIGINT)
        _, complaints = run.communicate(timeout=60)
    assert run.returncode == 0, complaints
    assert complaints.strip().splitlines()[-1].startswith("stopped watching")
    rows = rows_of(out / "batch.csv")
    assert [(row["client"], row["status"]) for row in rows] == [
        ("anna", "baseline"),
        ("anna", "measured"),
        ("bert", "baseline"),
    ]
    assert rows_of(out / "failures.csv") == []
    assert len(list(out.glob(".smp-batch/views/*/*.json"))) == 3
