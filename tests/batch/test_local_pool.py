"""Real processes: crashes stay in their lane, memory is kept to, nobody outlives the batch."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from datetime import date
from pathlib import Path

import pytest

from tests.batch.conftest import add_photo
from tracker.batch import memory
from tracker.batch.found import FoundClient, FoundPhoto, Kind
from tracker.batch.local_pool import LocalPool
from tracker.batch.places import FolderPlace
from tracker.batch.session import Batch, BatchRequest
from tracker.batch.tasks import Crashed, Faulted, Job, Outcome, Task, ViewDone, ViewTask
from tracker.batch.worker import THREAD_VARIABLES, perform

TODAY = date(2026, 11, 1)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def task(name: str, n_photos: int = 1, megapixels: float = 1.0) -> ViewTask:
    size = int(megapixels * memory.LEAST_BYTES_PER_MEGAPIXEL)
    photos = tuple(
        FoundPhoto(f"{name}/{k}.jpg", f"{k}.jpg", "", size, "1") for k in range(n_photos)
    )
    return ViewTask(Job("root", "out", TODAY), FoundClient(name, photos), "")


def done() -> ViewDone:
    return ViewDone("", {}, True, 0)


def end_as_told(task: Task) -> Outcome:
    """What a worker does here: the client's name says how it ends."""
    match task.client.name:
        case "killed":  # what the system does to a process that takes too much memory
            os.kill(os.getpid(), signal.SIGKILL)
        case "native":  # what a faulty decoder does
            ctypes.string_at(0)
        case "exit":
            os._exit(3)
        case "slow":
            time.sleep(0.4)
        case "threads":
            import cv2

            values = [os.environ.get(name) for name in THREAD_VARIABLES]
            return Faulted(f"{values} {cv2.getNumThreads()}")
    return done()


def work_off(pool: LocalPool, tasks: list[ViewTask]) -> dict[str, Outcome]:
    ready: deque[Task] = deque(tasks)
    found: dict[str, Outcome] = {}
    deadline = time.monotonic() + 120
    try:
        while ready or pool.busy:
            assert time.monotonic() < deadline
            pool.fill(ready)
            found |= {t.client.name: outcome for t, outcome in pool.wait(0.2)}
    finally:
        pool.close()
    return found


@posix
def test_workers_that_are_ended_are_told_by_task_and_harm_no_other(tmp_path: Path) -> None:
    pool = LocalPool(FolderPlace(tmp_path), 2, memory_mb=4000, work=end_as_told)
    names = ["a", "killed", "slow", "native", "b", "exit", "c"]
    found = work_off(pool, [task(name) for name in names])
    assert found == {
        name: Crashed() if name in ("killed", "native", "exit") else done() for name in names
    }


def test_each_process_has_one_thread(tmp_path: Path) -> None:
    pool = LocalPool(FolderPlace(tmp_path), 1, memory_mb=4000, work=thread_counts)
    found = work_off(pool, [task("threads")])
    assert found["threads"] == Faulted("['1', '1', '1', '1'] 1")


def thread_counts(task: Task) -> Outcome:
    perform(task)  # sets OpenCV's threads; there is no such photo, which is another matter
    return end_as_told(task)


def test_what_does_not_fit_into_memory_waits(tmp_path: Path) -> None:
    need = memory.needed_mb(3, 48.0)
    pool = LocalPool(FolderPlace(tmp_path), 2, memory_mb=1.5 * need, work=end_as_told)
    ready: deque[Task] = deque([task("slow", 3, 48.0), task("big", 3, 48.0), task("last", 1, 1.0)])
    pool.fill(ready)
    assert [t.client.name for t in ready] == ["big", "last"]
    assert pool.waiting_for_memory
    work_off(pool, [])
    roomy = LocalPool(FolderPlace(tmp_path), 2, memory_mb=3 * need, work=end_as_told)
    ready = deque([task("slow", 3, 48.0), task("big", 3, 48.0)])
    roomy.fill(ready)
    assert not ready
    work_off(roomy, [])
    small = LocalPool(FolderPlace(tmp_path), 2, memory_mb=1, work=end_as_told)
    assert set(work_off(small, [task("x"), task("y")])) == {"x", "y"}, "one always runs"


def test_the_size_of_a_photo_is_read_from_its_head(tmp_path: Path) -> None:
    path = add_photo(tmp_path, "a.jpg", 1)
    place = FolderPlace(tmp_path)
    photo = FoundPhoto("a.jpg", "a.jpg", "", path.stat().st_size, "1")
    assert memory.megapixels_of(place, photo) == pytest.approx(0.12)
    unknown = FoundPhoto("none.heic", "none.heic", "", 1_200_000, "1")
    assert memory.megapixels_of(place, unknown) == pytest.approx(10.0)
    assert memory.free_mb() > 100


@posix
def test_workers_leave_with_a_batch_that_was_killed(root: Path, tmp_path: Path) -> None:
    script = f"""
import sys, time
from collections import deque
from tests.batch.test_local_pool import task, sleep_long
from tracker.batch.local_pool import LocalPool
from tracker.batch.places import FolderPlace
pool = LocalPool(FolderPlace({str(tmp_path)!r}), 1, memory_mb=4000, work=sleep_long)
pool.fill(deque([task({str(tmp_path / "pid")!r})]))
while True:
    pool.wait(0.1)
"""
    checkout = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=checkout)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        worker = int((tmp_path / "pid").read_text())
        os.kill(worker, 0)
    finally:
        parent.kill()
        parent.wait()
    while _runs(worker):
        assert time.monotonic() < deadline, "the worker outlives its batch"
        time.sleep(0.1)


def sleep_long(task: Task) -> Outcome:
    Path(task.client.name).write_text(str(os.getpid()))
    time.sleep(120)
    return done()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- a whole batch in which a photo ends its worker ------------------------------------------


def perform_but_die_over_bad(task: Task) -> Outcome:
    """A worker whose decoder crashes on one photo of bert."""
    from tests.batch.conftest import jpeg
    from tracker.batch import reading

    decode = reading.decode_photo

    def decoder(data: bytes, name: str) -> object:
        if data == jpeg(6):  # bert's second photo
            ctypes.string_at(0)
        return decode(data, name)

    reading.decode_photo = decoder  # type: ignore[assignment]
    try:
        return perform(task)
    finally:
        reading.decode_photo = decode


@posix
def test_a_native_crash_in_one_photo_is_one_row(root: Path, tmp_path: Path) -> None:
    batch = Batch(BatchRequest(str(root), str(tmp_path / "out"), workers=2))
    planned = batch.plan(batch.find())
    with batch.held() as lock:
        pool = batch.make_pool(perform_but_die_over_bad)
        for _ in batch.run(planned, lock, today=TODAY, pool=pool):
            pass
        totals = batch.write_outputs(planned.plan)
    crashed = [f for f in totals.failures if f.kind is Kind.CRASHED]
    assert [(f.client, f.photo) for f in crashed] == [("bert", "2026-03-06_top.jpg")]
    assert totals.photos == 9
    assert totals.unfinished == 0
