"""What a worker process does with a task; nothing it does can take the batch with it."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Sequence

from tracker.batch.places import PlaceLostError, write_failure
from tracker.batch.publish_work import publish_client
from tracker.batch.reading import PhotoChangedError
from tracker.batch.tasks import (
    Changed,
    ClientFailed,
    Faulted,
    Lost,
    Outcome,
    Task,
    ViewTask,
)
from tracker.batch.view_work import measure_view
from tracker.record_files import FolderError
from tracker.records import RecordError
from tracker.report.publish import OutputError

NAME_ERRORS = (errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ)
"""What disks say of a name they cannot take: a matter of one client, not of the place."""
PARENT_SECONDS = 1.0
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Set to 1 where a process works: each processor has one of its own."""


def perform(task: Task) -> Outcome:
    """Do a task; every way it can fail is an outcome."""
    import cv2

    cv2.setNumThreads(1)
    try:
        return measure_view(task) if isinstance(task, ViewTask) else publish_client(task)
    except FolderError as error:
        return ClientFailed(f"{error.name}: {error.what}", error.remedy)
    except PhotoChangedError as error:
        return Changed(str(error))
    except RecordError as error:
        return Lost(str(error))
    except (OutputError, PlaceLostError) as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in NAME_ERRORS:
            reason = f"its results cannot be written ({(cause.strerror or '').lower()})"
            return ClientFailed(reason, "give the client and its photos short and plain names")
        if isinstance(error, OutputError) and isinstance(cause, OSError):
            # The client's folder is checked before; what is left is the disk.
            error = write_failure(task.job.out, cause)
        return Lost(str(error))
    except Exception as error:  # one client's fault must not cost the others a night's work
        return Faulted(" ".join(f"{type(error).__name__}: {error}".split())[:300])


def perform_all(tasks: Sequence[Task]) -> list[Outcome]:
    """Do tasks one after another; after a loss the rest are not tried."""
    outcomes: list[Outcome] = []
    for task in tasks:
        done = outcomes[-1] if outcomes and isinstance(outcomes[-1], Lost) else perform(task)
        outcomes.append(done)
    return outcomes


def begin_worker(parent: int) -> None:
    """In a new local worker: end with the program that started it, even where that was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(1)

    if os.name != "nt":
        threading.Thread(target=watch, name="parent watch", daemon=True).start()
