"""Time and memory of one series in a fresh process: `measure_cost`.

The scenes come from the store as JPEG, so that rendering does not count; decoding does.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

from benchmarks.scenes import cost_spec, rendered, store_folder

SIZES_MEGAPIXELS = (4, 12)


def measure_cost(megapixels: int) -> dict[str, Any]:
    """Seconds per photo and peak memory of a series of three photos, in a child process."""
    # Other work on the machine makes times longer than they are: say how much there was.
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    path = _jpegs(megapixels)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cost", str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parent.parent,
    )
    return {
        "megapixels": megapixels,
        "load_before": load,
        **json.loads(done.stdout.splitlines()[-1]),
    }


def _jpegs(megapixels: int) -> Path:
    spec = cost_spec(megapixels)
    path = store_folder() / f"cost-{megapixels}.jpegs"
    known = pickle.loads(zlib.decompress(path.read_bytes())) if path.exists() else {}
    if known.get("spec") != repr(spec):
        jpegs = [photo.jpeg for photo in rendered(spec).photos]
        path.write_bytes(zlib.compress(pickle.dumps({"spec": repr(spec), "jpegs": jpegs}), 0))
    return path


def peak_memory_mb() -> float:
    """Most resident memory so far. On Linux of this program alone, not of what started it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 1024)


def _child(path: Path) -> None:
    from tracker.analysis import analyse_series
    from tracker.rendering.camera_processing import decode_jpeg
    from tracker.series import SeriesPhoto

    jpegs = pickle.loads(zlib.decompress(path.read_bytes()))["jpegs"]
    photos = [
        SeriesPhoto(f"{k}.jpg", str(k), lambda data=data: decode_jpeg(data))
        for k, data in enumerate(jpegs)
    ]
    wall, cpu = time.perf_counter(), time.process_time()
    analysis = analyse_series(photos)
    result = {
        "photos": len(photos),
        "measured": sum(row.usable for row in analysis.photos),
        "seconds_per_photo": (time.perf_counter() - wall) / len(photos),
        "cpu_seconds_per_photo": (time.process_time() - cpu) / len(photos),
        "peak_memory_mb": peak_memory_mb(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    _child(Path(sys.argv[1]))
