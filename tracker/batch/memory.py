"""How much memory a task may need, and how much there is."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image

import tracker.photos  # noqa: F401 - teaches Pillow HEIC and sets its size limit
from tracker.batch.found import FoundPhoto
from tracker.batch.places import Place
from tracker.batch.tasks import Task, ViewTask
from tracker.photos import MAX_MEGAPIXELS

BASE_MB = 250.0
"""A process with everything loaded and nothing measured."""
PHOTO_MB_PER_MEGAPIXEL = 30.0
"""Working copies of the photo that is looked at."""
KEPT_MB = 50.0
KEPT_MB_PER_MEGAPIXEL = 6.0
"""What stays of each photo of a view while it is measured."""
DRAWN_MB_PER_MEGAPIXEL = 70.0
"""A photo whose picture is drawn and pressed. All five stand above the peaks that
`python -m benchmarks.scale cost` measured at 2, 12 and 48 megapixels."""
LEAST_BYTES_PER_MEGAPIXEL = 120_000
"""A photo whose header says nothing is taken for one that was pressed this small."""
HEAD_BYTES = 262_144
SPARE_SHARE = 0.15
"""Of the memory that is free, left to everything else."""


def needed_mb(n_photos: int, megapixels: float) -> float:
    """Most memory that measuring a view of `n_photos` of this size may take, in MB."""
    working = BASE_MB + PHOTO_MB_PER_MEGAPIXEL * megapixels
    return working + n_photos * (KEPT_MB + KEPT_MB_PER_MEGAPIXEL * megapixels)


def drawing_mb(megapixels: float) -> float:
    """Most memory that writing a client's results may take, in MB."""
    return BASE_MB + DRAWN_MB_PER_MEGAPIXEL * megapixels


def task_mb(root: Place, task: Task) -> float:
    """Most memory that a task may take, by the size of its largest photo."""
    if not isinstance(task, ViewTask):
        megapixels = max((f.megapixels for f in task.facts.values()), default=0.0)
        return drawing_mb(megapixels)
    megapixels = 0.0
    for photo in task.client.photos:
        known = task.known.get(photo.path)
        megapixels = max(megapixels, known.megapixels if known else megapixels_of(root, photo))
    return needed_mb(task.n_photos, megapixels)


def megapixels_of(root: Place, photo: FoundPhoto) -> float:
    """Size of a photo from the first bytes of its file, else from the file's size."""
    try:
        with Image.open(io.BytesIO(root.read(photo.path, HEAD_BYTES))) as image:
            width, height = image.size
            return min(MAX_MEGAPIXELS, width * height / 1e6)
    except Exception:  # whatever is wrong with it is said when it is measured
        return min(MAX_MEGAPIXELS, photo.size / LEAST_BYTES_PER_MEGAPIXEL)


def free_mb() -> float:
    """Memory that can be taken without swapping, in MB: of the machine and of this container."""
    free = [_machine_mb()]
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            at_most = int(Path(limit).read_text())
            free.append((at_most - int(Path(used).read_text())) / 2**20)
        except (OSError, ValueError):  # "max": no limit
            continue
    return max(0.0, min(free)) * (1 - SPARE_SHARE)


def _machine_mb() -> float:
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) / 1024
    if sys.platform == "win32":
        return _windows_mb()
    # macOS: half of what the machine has; its own figure of free memory leaves out what it frees.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**21


def _windows_mb() -> float:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total_physical", ctypes.c_ulonglong),
            ("available_physical", ctypes.c_ulonglong),
            ("others", ctypes.c_ulonglong * 5),
        ]

    status = Status()
    status.length = ctypes.sizeof(Status)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return float(status.available_physical) / 2**20
