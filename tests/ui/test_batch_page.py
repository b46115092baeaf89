"""The Batch page: plan, progress, cancel, summary, failures; a real batch behind it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import shown_text
from tests.ui.test_pages import press, visit
from tracker.batch.session import BatchRequest
from tracker.ui.batch_runs import BatchRuns, command_of
from tracker.ui.pages import batch as page

Wait = Callable[[str], str]


@pytest.fixture
def photos(small_client: Path, tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    first, second, _ = sorted(small_client.glob("*.jpg"))
    for name in ("anna", "bert"):
        (root / name).mkdir(parents=True)
    shutil.copy(first, root / "anna")
    shutil.copy(second, root / "anna")
    shutil.copy(first, root / "bert")
    (root / "bert" / "b<1>.jpg").write_text("no photo")
    (root / "empty").mkdir()
    return root


@pytest.fixture(autouse=True)
def none_left_running() -> Iterator[None]:
    yield
    for run in page.runs()._runs.values():
        run.process.kill()
        run.process.wait()


def words(app: AppTest) -> str:
    return shown_text(app).replace("\u00a0", " ")


def open_page(app: AppTest, root: object, out: object) -> None:
    app.run()
    visit(app, "Batch")
    app.text_input(key="batch-root").set_value(str(root))
    app.text_input(key="batch-out").set_value(str(out))
    app.run()
    assert not app.exception


def run_until(app: AppTest, there: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, words(app)[-1500:]
        time.sleep(0.2)
        app.run()
        assert not app.exception


def test_without_folders_it_says_what_to_do(app: AppTest) -> None:
    app.run()
    visit(app, "Batch")
    assert not app.exception
    assert "Name both folders" in words(app)
    assert not [button for button in app.button if button.label == "Start"]


def test_from_the_plan_to_the_failures(app: AppTest, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    open_page(app, photos, out)
    press(app, "Show the plan")
    said = words(app)
    assert "The plan" in said
    assert "2 to do" in said
    assert "4 to do" in said
    assert "holds no photos" in said
    assert not out.exists()
    press(app, "Start")
    run_until(app, lambda: "Measuring" in words(app), 30)
    bars: list[str] = []

    def finished() -> bool:
        bars.extend(str(bar.proto.text) for bar in app.get("progress"))
        return "Results" in words(app)

    run_until(app, finished)
    assert any("photos" in text for text in bars), bars
    said = words(app)
    for fact in ("<dt>Clients</dt><dd>2", "<dt>Photos</dt><dd>4", "<dt>Measured</dt><dd>3"):
        assert fact in said
    assert "is not a photo" in said
    assert "overview.html" in said
    frame = app.dataframe[0].value
    assert "b<1>.jpg" in set(frame["photo"])
    assert {"client", "photo", "reason", "what to do"} == set(frame.columns)
    press(app, "Show the plan")
    assert "0 to do" in words(app)


@pytest.mark.long
def test_stopped_it_goes_on(app: AppTest, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    open_page(app, photos, out)
    press(app, "Show the plan")
    press(app, "Start")
    run_until(app, lambda: (out / ".smp-batch" / "progress.json").exists(), 60)
    press(app, "Stop the batch")
    run_until(app, lambda: not page.runs().running(str(out)), 60)
    app.run()
    assert not page.runs().problem(str(out))
    assert "was stopped" in words(app)
    press(app, "Show the plan")
    press(app, "Start")
    run_until(app, lambda: "<dt>Measured</dt><dd>3" in words(app))


@pytest.mark.parametrize(
    ("named", "what"), [("nowhere", "there is no such folder"), ("photos/anna", "holds no client")]
)
def test_a_folder_that_is_none_is_one_note(
    app: AppTest, photos: Path, tmp_path: Path, named: str, what: str
) -> None:
    open_page(app, tmp_path / named, tmp_path / "out")
    press(app, "Show the plan")
    assert what in words(app)
    assert not [button for button in app.button if button.label == "Start"]


def test_a_batch_that_cannot_go_on_says_why(photos: Path, tmp_path: Path) -> None:
    runs = BatchRuns()
    request = BatchRequest(str(photos), str(tmp_path / "out"), scheduler="nonsense")
    runs.start(request)
    deadline = time.monotonic() + 60
    while runs.running(request.out):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "is no address of a scheduler" in runs.problem(request.out)


def test_the_command_says_all_that_was_asked_for() -> None:
    request = BatchRequest(
        "/in",
        "s3://b/out",
        pattern="{client}",
        workers=3,
        scheduler="tcp://x:1",
        summary_only=True,
        retry_failed=True,
    )
    assert command_of(request)[1:] == [
        *("-m", "tracker", "batch", "/in", "--out", "s3://b/out", "-q", "--pattern", "{client}"),
        *("--jobs", "3", "--scheduler", "tcp://x:1", "--summary-only", "--retry-failed"),
    ]
    assert command_of(BatchRequest("/in", "/out", manifest=Path("/m.xlsx")))[0] == sys.executable
