"""Two batches on one output: the second one is told; one that was killed is no hindrance."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracker.batch import lock as locks
from tracker.batch.kept import LOCK_PATH
from tracker.batch.lock import STALE_SECONDS, LockLostError, output_lock
from tracker.batch.places import FolderPlace
from tracker.report.publish import OutputError


def leave_lock(out: FolderPlace, *, host: str, pid: int, age: float) -> None:
    content = {"token": "other", "host": host, "pid": pid, "beat": time.time() - age}
    out.write(LOCK_PATH, json.dumps(content).encode())


def ended_process() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_second_batch_is_told(tmp_path: Path) -> None:
    out = FolderPlace(tmp_path)
    with (
        output_lock(out),
        pytest.raises(OutputError, match=r"another batch writes there \(process \d+ on"),
        output_lock(out),
    ):
        pass
    with output_lock(out):
        pass
    assert not (tmp_path / LOCK_PATH).exists()


def test_a_batch_that_was_killed_here_is_no_hindrance(tmp_path: Path) -> None:
    out = FolderPlace(tmp_path)
    leave_lock(out, host=socket.gethostname(), pid=ended_process(), age=1)
    with output_lock(out) as lock:
        assert lock.owns()


def test_a_batch_of_another_computer_is_waited_for_until_it_is_old(tmp_path: Path) -> None:
    out = FolderPlace(tmp_path)
    leave_lock(out, host="other", pid=1, age=1)
    with pytest.raises(OutputError, match="try again in 90 s"), output_lock(out):
        pass
    leave_lock(out, host="other", pid=1, age=STALE_SECONDS + 1)
    with output_lock(out):
        pass


def test_a_damaged_lock_is_no_hindrance(tmp_path: Path) -> None:
    out = FolderPlace(tmp_path)
    out.write(LOCK_PATH, b"{")
    with output_lock(out):
        pass


def test_it_is_kept_fresh_and_its_loss_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.02)
    out = FolderPlace(tmp_path)
    with output_lock(out) as lock:
        first = json.loads(out.read(LOCK_PATH))["beat"]
        wait_until(lambda: json.loads(out.read(LOCK_PATH))["beat"] > first)
        lock.check()
        leave_lock(out, host="other", pid=1, age=0)
        wait_until(lambda: lock.lost or not _overwritten(out))
        leave_lock(out, host="other", pid=1, age=0)
        wait_until(lambda: lock.lost)
        with pytest.raises(LockLostError, match="taken over"):
            lock.check()
    assert json.loads(out.read(LOCK_PATH))["token"] == "other", "the other one's lock stays"


def _overwritten(out: FolderPlace) -> bool:
    return bool(json.loads(out.read(LOCK_PATH))["token"] == "other")


def wait_until(there: object) -> None:
    deadline = time.monotonic() + 10
    while not there():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)
