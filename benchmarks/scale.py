"""Throughput, memory and size of a batch: `python -m benchmarks.scale cost speed thousand plan`.

Each part measures in programs of its own, on rendered photos, and puts its figures into
`scale.json` in the store of scenes; `document` writes docs/scale.md from them. The parts that time
anything say how busy the machine was.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.cost import peak_memory_mb
from benchmarks.scale_photos import COST_SIZES, SMALL_PX, cost_folder, small_clients
from benchmarks.scenes import store_folder

ROOT = Path(__file__).resolve().parent.parent
SPEED_CLIENTS, SPEED_RUNS = 24, 2
THOUSAND_CLIENTS, THOUSAND_PHOTOS = 200, 5
SIMULATED_CLIENTS, SIMULATED_PHOTOS = 10_000, 10
RESULTS = "scale.json"


def results_path() -> Path:
    return store_folder() / RESULTS


def read_results() -> dict[str, Any]:
    path = results_path()
    content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return content


def keep(part: str, figures: dict[str, Any]) -> None:
    results_path().write_text(json.dumps(read_results() | {part: figures}, indent=1))


def load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def machine() -> dict[str, Any]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    return {
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0,
        "python": platform.python_version(),
        "commit": commit,
    }


# --- running the command --------------------------------------------------------------------


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tracker", "batch", *map(str, arguments), "--json", "-q"]


def _run(*arguments: object) -> dict[str, Any]:
    """Run a batch to its end; gives wall time, processor time and what it said."""
    before = _children_seconds()
    started = time.perf_counter()
    done = subprocess.run(_command(*arguments), cwd=ROOT, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    content: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    return {
        "seconds": seconds,
        "processor_seconds": _children_seconds() - before,
        "said": content,
    }


def _children_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


class _Memory:
    """Watches the most memory that a program and all it started hold together."""

    def __init__(self, pid: int) -> None:
        import psutil

        self._process = psutil.Process(pid)
        self.peak_mb = self.own_peak_mb = 0.0

    def look(self) -> None:
        import psutil

        try:
            family = [self._process, *self._process.children(recursive=True)]
            sizes = [member.memory_info().rss / 2**20 for member in family]
        except psutil.Error:
            return
        self.own_peak_mb = max(self.own_peak_mb, sizes[0])
        self.peak_mb = max(self.peak_mb, sum(sizes))


# --- the parts ------------------------------------------------------------------------------


def cost() -> dict[str, Any]:
    """Seconds and memory per photo at 2, 12 and 48 megapixels, one process, one thread."""
    figures = []
    for megapixels in COST_SIZES:
        folder = cost_folder(megapixels)
        out = store_folder() / "scale-cost-out"
        shutil.rmtree(out, ignore_errors=True)
        before = load()
        child = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", "_view", str(folder), str(out)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        row = json.loads(child.stdout.splitlines()[-1])
        figures.append({"megapixels": megapixels, "load": before, **row})
        print(figures[-1], flush=True)
        shutil.rmtree(out, ignore_errors=True)
    return {"sizes": figures}


def _view(folder: str, out: str) -> None:
    """In a program of its own: one client through the tasks of a worker."""
    from tracker.batch.found import Found
    from tracker.batch.layout import find_in_folders
    from tracker.batch.places import open_place
    from tracker.batch.tasks import Job, PublishDone, PublishTask, ViewDone, ViewTask
    from tracker.batch.worker import perform

    root = Path(folder).parent
    everything = find_in_folders(open_place(str(root)))
    (client,) = (c for c in Found(everything.clients).clients if c.name == Path(folder).name)
    job = Job(str(root), out, date(2026, 12, 1))
    started = time.perf_counter()
    done = perform(ViewTask(job, client, "top"))
    measured = time.perf_counter()
    measuring_mb = peak_memory_mb()
    if not isinstance(done, ViewDone):
        raise SystemExit(str(done))
    written = perform(PublishTask(job, client, "", done.facts, {"top": done.key}))
    if not isinstance(written, PublishDone):
        raise SystemExit(str(written))
    n = len(client.photos)
    n_bytes = sum(f.stat().st_size for f in Path(out).rglob("*") if f.is_file())
    print(
        json.dumps(
            {
                "photos": n,
                "not_measured": done.n_failures,
                "measure_seconds_per_photo": (measured - started) / n,
                "write_seconds_per_photo": (time.perf_counter() - measured) / n,
                "measuring_peak_mb": measuring_mb,
                "peak_mb": peak_memory_mb(),
                "result_bytes_per_photo": n_bytes / n,
                "photo_bytes": sum(photo.size for photo in client.photos) / n,
            }
        )
    )


def speed() -> dict[str, Any]:
    """The same clients with one process and with two, in turn; the best of each."""
    root = small_clients("scale-speed", SPEED_CLIENTS, 3)
    out = store_folder() / "scale-speed-out"
    runs: dict[int, list[float]] = {1: [], 2: []}
    loads = []
    for _ in range(SPEED_RUNS):
        for jobs in (1, 2):
            shutil.rmtree(out, ignore_errors=True)
            loads.append(load())
            runs[jobs].append(_run(root, "--out", out, "--jobs", jobs)["seconds"])
            print(jobs, "processes:", round(runs[jobs][-1], 1), "s, load", loads[-1], flush=True)
    shutil.rmtree(out, ignore_errors=True)
    best = {jobs: min(times) for jobs, times in runs.items()}
    return {
        "clients": SPEED_CLIENTS,
        "photos": 3 * SPEED_CLIENTS,
        "runs": {str(jobs): times for jobs, times in runs.items()},
        "load": [min(loads), max(loads)],
        "speedup": best[1] / best[2],
    }


def thousand() -> dict[str, Any]:
    """A thousand photos end to end, killed once in the middle and started again."""
    name, n_clients = "scale-thousand", THOUSAND_CLIENTS
    root = small_clients(name, n_clients, THOUSAND_PHOTOS)
    out = store_folder() / f"{name}-out"
    shutil.rmtree(out, ignore_errors=True)
    before = load()
    started = time.perf_counter()
    run = subprocess.Popen(
        _command(root, "--out", out), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    memory = _Memory(run.pid)
    records = out / ".smp-batch" / "views"
    while len(list(records.glob("*/*.json"))) < n_clients // 2:
        if run.poll() is not None:
            raise SystemExit("the batch ended before it could be killed")
        memory.look()
        time.sleep(0.5)
    run.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    run.wait()
    until_killed = time.perf_counter() - started
    time.sleep(2)  # its workers leave
    finished = {p: p.stat().st_mtime_ns for p in records.glob("*/*.json")}
    again = time.perf_counter()
    resumed = subprocess.Popen(
        _command(root, "--out", out), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    memory_again = _Memory(resumed.pid)
    while resumed.poll() is None:
        memory_again.look()
        time.sleep(0.5)
    after_resume = time.perf_counter() - again
    said = json.loads(resumed.stdout.read()) if resumed.stdout else {}
    repeated = sum(p.stat().st_mtime_ns != stamp for p, stamp in finished.items())
    nothing = _run(root, "--out", out)
    n_bytes = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    figures = {
        "clients": said["clients"],
        "photos": said["photos"],
        "measured": said["measured"],
        "not_measured": sum(f["kind"] != "duplicate" for f in said["failures"]),
        "megapixels": SMALL_PX[0] * SMALL_PX[1] / 1e6,
        "seconds": until_killed + after_resume,
        "finished_when_killed": len(finished),
        "measured_again": repeated,
        "nothing_to_do_seconds": nothing["seconds"],
        "peak_mb": max(memory.peak_mb, memory_again.peak_mb),
        "coordinator_peak_mb": max(memory.own_peak_mb, memory_again.own_peak_mb),
        "result_bytes": n_bytes,
        "mean_error": _mean_error(root, out),
        "load": before,
    }
    shutil.rmtree(out, ignore_errors=True)
    return figures


def _mean_error(root: Path, out: Path) -> float:
    """Mean absolute error of the fade over all measured photos, against the rendered truth."""
    import csv

    errors = []
    with (out / "batch.csv").open(encoding="utf-8", newline="") as file:
        rows = {(r["client"], r["photo"]): r["fade"] for r in csv.DictReader(file) if r["fade"]}
    for folder in sorted(root.iterdir()):
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        for view in truth["views"].values():
            for photo in view["photos"][1:]:
                measured = rows.get((folder.name, photo["photo"]))
                if measured is not None:
                    errors.append(abs(float(measured) - photo["fade"]))
    return sum(errors) / len(errors)


def plan() -> dict[str, Any]:
    """A hundred thousand simulated photos: planned, and resumed with all of them done."""
    root, out = store_folder() / "scale-plan", store_folder() / "scale-plan-out"
    shutil.rmtree(out, ignore_errors=True)
    _simulated(root)
    fresh = _in_child("_plan", root, out)
    _pretend_done(root, out)
    resumed = _in_child("_resume", root, out)
    size = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    shutil.rmtree(out, ignore_errors=True)
    return {
        "clients": SIMULATED_CLIENTS,
        "photos": SIMULATED_CLIENTS * SIMULATED_PHOTOS,
        "plan": fresh,
        "resume": resumed,
        "records_bytes": size,
        "load": load(),
    }


def _simulated(root: Path) -> None:
    if (root / f"client-{SIMULATED_CLIENTS - 1:05d}").exists():
        return
    start = date(2016, 1, 4)
    for number in range(SIMULATED_CLIENTS):
        folder = root / f"client-{number:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(SIMULATED_PHOTOS):
            day = start + timedelta(days=45 * k)
            (folder / f"{day}_{'top' if k % 2 else 'front'}.jpg").write_bytes(b"simulated")


def _pretend_done(root: Path, out: Path) -> None:
    """Records as a finished batch leaves them, with rows of the usual length."""
    from tracker.batch.kept import ClientRecord, Kept, PhotoFacts
    from tracker.batch.places import open_place
    from tracker.batch.session import Batch, BatchRequest
    from tracker.report.tables import PHOTO_COLUMNS

    asked = Batch(BatchRequest(str(root), str(out), summary_only=True))
    kept = Kept(open_place(str(out)))
    for planned in asked.plan(asked.find()).plan.clients:
        client = planned.client
        rows = []
        for photo in client.photos:
            row: dict[str, Any] = dict.fromkeys(PHOTO_COLUMNS, 0.4123456)
            row |= {"photo": photo.name, "sha256": f"{hash(photo.path):064x}"[-64:]}
            row |= {"view": photo.view, "status": "measured", "reason": "", "stage": "healed"}
            row |= {"captured_on": photo.name[:10], "flags": "", "registered_to": photo.name}
            row |= {"days_since_baseline": 40, "days_since_session": 40, "n_dots": 800}
            rows.append([row[name] for name in PHOTO_COLUMNS])
        kept.put_client(
            ClientRecord(
                client.name,
                planned.state,
                "",
                {
                    p.path: (p.size, p.stamp, PhotoFacts("0" * 64, megapixels=12.0))
                    for p in client.photos
                },
                rows,
                [],
                [],
                {"views": [], "photos": len(rows), "measured": len(rows), "version": ""},
                seconds=20.0,
                megapixels=120.0,
            )
        )


def _in_child(name: str, root: Path, out: Path) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", name, str(root), str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    row: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    print(name, row, flush=True)
    return row


def _plan(root: str, out: str) -> None:
    from tracker.batch.session import Batch, BatchRequest

    started = time.perf_counter()
    asked = Batch(BatchRequest(root, out, summary_only=True))
    planned = asked.plan(asked.find())
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - started,
                "processor_seconds": time.process_time(),
                "peak_mb": peak_memory_mb(),
                "to_do": planned.plan.n_new_photos,
            }
        )
    )


def _resume(root: str, out: str) -> None:
    from tracker.batch.session import Batch, BatchRequest

    started = time.perf_counter()
    asked = Batch(BatchRequest(root, out, summary_only=True))
    planned = asked.plan(asked.find())
    planned_after = time.perf_counter() - started
    Path(out, ".smp-batch", "about.json").write_text("{}")
    with asked.held() as lock:
        for _ in asked.run(planned, lock, today=date(2026, 12, 1)):
            pass
        totals = asked.write_outputs(planned.plan)
    print(
        json.dumps(
            {
                "planned_seconds": planned_after,
                "seconds": time.perf_counter() - started,
                "processor_seconds": time.process_time(),
                "peak_mb": peak_memory_mb(),
                "to_do": planned.plan.n_new_photos,
                "rows": totals.photos,
            }
        )
    )


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "cost": cost,
    "speed": speed,
    "thousand": thousand,
    "plan": plan,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=[*PARTS, "document"])
    for part in parser.parse_args().parts:
        if part == "document":
            from benchmarks.scale_document import write_document

            write_document(read_results(), ROOT / "docs" / "scale.md")
            continue
        keep(part, PARTS[part]() | machine())
        print(json.dumps(read_results()[part], indent=1), flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1].startswith("_"):
        {"_view": _view, "_plan": _plan, "_resume": _resume}[sys.argv[1]](*sys.argv[2:])
    else:
        main()
