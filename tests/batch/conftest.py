"""Roots of small photos, an engine of paper, and a pool that works in this very process."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests import factories
from tracker import METHOD_VERSION, __version__
from tracker.analysis import AnalysisSettings
from tracker.batch import view_work
from tracker.batch.outputs import BatchTotals
from tracker.batch.plan import Plan
from tracker.batch.session import Batch, BatchRequest
from tracker.batch.tasks import Outcome, Task, ViewTask
from tracker.batch.worker import perform
from tracker.photos import PhotoError
from tracker.records import days_since_session, stage_of
from tracker.row_remarks import healing_flag
from tracker.series import SeriesAnalysis, SeriesPhoto, Session, Status
from tracker.view_rows import refused_row

TODAY = date(2026, 11, 1)


def jpeg(seed: int) -> bytes:
    """A small photo unlike every other."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(seed).integers(90, 200, (30, 40, 3), np.uint8)
    Image.fromarray(noise).resize((400, 300)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


def add_photo(folder: Path, name: str, seed: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(jpeg(seed))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three clients: two views, one view, and one whose second file is no photo."""
    root = tmp_path / "root"
    start = date(2026, 1, 5)
    seed = 0
    for client, views, n in (
        ("anna", ("top", "front"), 2),
        ("bert", ("top",), 3),
        ("cara", ("top",), 2),
    ):
        for view in views:
            for number in range(n):
                day = start + timedelta(days=60 * number)
                add_photo(root / client, f"{day}_{view}.jpg", seed := seed + 1)
    (root / "cara" / "2026-03-06_top.jpg").write_bytes(b"no photo at all")
    (root / "anna" / "sessions.csv").write_text("date,method\n2026-01-20,picosecond\n")
    return root


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stands in for `analyse_series` in workers of this process. Lists the photos of each call."""
    calls: list[list[str]] = []

    def analyse(
        photos: Sequence[SeriesPhoto],
        *,
        client: str,
        sessions: Sequence[Session],
        settings: AnalysisSettings,
        progress: Callable[[float, str], None] | None,
        **rest: Any,
    ) -> SeriesAnalysis:
        calls.append([photo.name for photo in photos])
        rows, refused = [], []
        for photo in photos:
            if progress:
                progress(0.1, f"looking at {photo.name}")
            stage = stage_of(photo.captured_on, sessions, settings.timeline)
            since = days_since_session(photo.captured_on, sessions)
            try:
                photo.read()
            except PhotoError as problem:
                reason = f"{problem.what}; {problem.remedy}"
                refused.append(refused_row(photo, reason, stage=stage, days_since_session=since))
                continue
            first = rows[0].captured_on if rows else photo.captured_on
            days = (photo.captured_on - first).days if photo.captured_on and first else None
            rows.append(
                replace(
                    factories.make_photo_measures(min(len(rows), 3)),
                    photo=photo.name,
                    sha256=photo.sha256,
                    view=photo.view,
                    captured_on=photo.captured_on,
                    days_since_baseline=days,
                    days_since_session=since,
                    stage=stage,
                    status=Status.MEASURED if rows else Status.BASELINE,
                    registered_to=rows[0].photo if rows else "",
                    registration=None,
                    flags=tuple(healing_flag(stage)),
                )
            )
        if progress:
            progress(0.9, "measuring")
        views = ()
        if rows:
            view = factories.make_view()
            views = (replace(view, view=rows[0].view, baseline=rows[0].photo, photos=tuple(rows)),)
        return SeriesAnalysis(
            client=client,
            views=views,
            refused=tuple(refused),
            sessions=tuple(sessions),
            version=__version__,
            method_version=METHOD_VERSION,
            settings=settings.as_mapping(),
            settings_hash=settings.fingerprint(),
        )

    monkeypatch.setattr(view_work, "analyse_series", analyse)
    return calls


@dataclass
class InlinePool:
    """Works in this process, one task at a time. `before` may answer in place of the work."""

    before: Callable[[Task], Outcome | None] = lambda _task: None
    done: list[Task] = field(default_factory=list)
    most_tasks: int | None = None
    _next: Task | None = None

    @property
    def busy(self) -> bool:
        return self._next is not None

    def fill(self, ready: deque[Task]) -> None:
        if self._next is None and ready:
            self._next = ready.popleft()

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]:
        task, self._next = self._next, None
        if task is None:
            return []
        if self.most_tasks is not None and len(self.done) >= self.most_tasks:
            raise KeyboardInterrupt
        self.done.append(task)
        return [(task, self.before(task) or perform(task))]

    def close(self) -> None:
        self._next = None


Run = Callable[..., BatchTotals]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def run(root: Path, out: Path, engine: list[list[str]]) -> Run:
    """Run a batch in this process; options are those of `BatchRequest`."""

    def run_it(pool: InlinePool | None = None, **options: Any) -> BatchTotals:
        batch = Batch(BatchRequest(**{"root": str(root), "out": str(out), **options}))
        planned = batch.plan(batch.find())
        with batch.held() as lock:
            for _ in batch.run(planned, lock, today=TODAY, pool=pool or InlinePool()):
                pass
            return batch.write_outputs(planned.plan)

    return run_it


@pytest.fixture
def plan_of(root: Path, out: Path) -> Callable[..., Plan]:
    def plan_it(**options: Any) -> Plan:
        batch = Batch(BatchRequest(**{"root": str(root), "out": str(out), **options}))
        return batch.plan(batch.find()).plan

    return plan_it


def results_of(out: Path) -> dict[str, bytes]:
    """Bytes of all results; what a batch keeps for itself is not among them."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".smp-batch" not in path.relative_to(out).parts
    }


@pytest.fixture
def unchanged_root(root: Path) -> Iterator[None]:
    """Nothing below the root may be changed, made or removed."""
    before = snapshot(root)
    yield
    assert snapshot(root) == before


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_view(task: Task, client: str, view: str = "top") -> bool:
    return isinstance(task, ViewTask) and (task.client.name, task.view) == (client, view)
