"""One batch at a time on one output.

The lock is a file that its owner keeps fresh. A batch that was killed leaves it behind: on the same
machine its process is seen to be gone, on another it has grown old.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tracker.batch.kept import LOCK_PATH
from tracker.batch.places import Place, PlaceLostError
from tracker.report.publish import OutputError

BEAT_SECONDS = 10.0
STALE_SECONDS = 90.0
"""Nine beats missed: the owner is gone, or so is its network."""
RACE_SECONDS = 0.2


class LockLostError(PlaceLostError):
    """Another batch has taken over this output."""


class OutputLock:
    """Held while a batch runs; `lost` tells that another one took over."""

    def __init__(self, out: Place) -> None:
        self._out = out
        self._token = secrets.token_hex(8)
        self._stop = threading.Event()
        self.lost = False

    def content(self) -> bytes:
        return json.dumps(
            {
                "token": self._token,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "beat": time.time(),
            }
        ).encode()

    def owns(self) -> bool:
        return _read(self._out).get("token") == self._token

    def check(self) -> None:
        """Raise `LockLostError` where another batch took over."""
        if self.lost:
            raise LockLostError(
                self._out.url,
                "another batch has taken over this output",
                "what was measured is kept; let it finish, or stop it and repeat the command",
            )

    def keep_fresh(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            try:
                if not self.owns():
                    self.lost = True
                    return
                self._out.write(LOCK_PATH, self.content())
            except (OSError, PlaceLostError):
                continue  # the workers will say so

    def release(self) -> None:
        self._stop.set()
        try:
            if self.owns():
                self._out.remove(LOCK_PATH)
        except (OSError, PlaceLostError):
            return  # it grows old


@contextmanager
def output_lock(out: Place) -> Iterator[OutputLock]:
    """Hold the lock of an output; raises `OutputError` where another batch has it."""
    lock = OutputLock(out)
    if not out.create(LOCK_PATH, lock.content()):
        owner = _read(out)
        if owner and not _is_gone(owner):
            raise OutputError(
                f"{out.url}: another batch writes there (process {owner.get('pid')} on "
                f"{owner.get('host')}); let it finish or name another folder"
                + (
                    ""
                    if owner.get("host") == socket.gethostname()
                    else f"; if it was stopped hard, try again in {STALE_SECONDS:.0f} s"
                )
            )
        out.remove(LOCK_PATH)
        if not out.create(LOCK_PATH, lock.content()):
            raise OutputError(f"{out.url}: another batch has just begun there; let it finish")
        time.sleep(RACE_SECONDS)  # two that found the same old lock: the later one has it
        if not lock.owns():
            raise OutputError(f"{out.url}: another batch has just begun there; let it finish")
    beating = threading.Thread(target=lock.keep_fresh, name="batch lock", daemon=True)
    beating.start()
    try:
        yield lock
    finally:
        lock.release()


def _read(out: Place) -> dict[str, Any]:
    try:
        content = json.loads(out.read(LOCK_PATH))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_gone(owner: dict[str, Any]) -> bool:
    if time.time() - float(owner.get("beat", 0)) > STALE_SECONDS:
        return True
    if owner.get("host") != socket.gethostname() or os.name == "nt":
        return False
    pid = int(owner.get("pid", 0))
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
