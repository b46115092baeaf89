"""How right the tracker is on scenes whose truth is known, and what it costs.

``python -m benchmarks.accuracy`` measures every preset with default settings, prints tables and
writes accuracy.json and accuracy.md; with ``--document docs/benchmark.md`` the latter goes there.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.cost import SIZES_MEGAPIXELS, measure_cost
from benchmarks.document import accuracy_document, accuracy_tables, origin, show
from benchmarks.scenes import FADING_PRESETS, HOLDOUT_SEED, Case, cases

FIRST_SEED = 1
SCENES = 3
HOLDOUT_SCENES = 2
WIDTH = 170
"""Columns of the terminal under which the widest table would be cut."""


def _quiet_worker() -> None:
    import cv2

    cv2.setNumThreads(1)


def _measure(case: Case) -> dict[str, Any]:
    from benchmarks.measuring import measure_case

    return measure_case(case)


def run(chosen: Sequence[Case], workers: int, console: Console) -> list[dict[str, Any]]:
    """Records of all cases in their order; each case in a worker with one thread."""
    if workers == 1:
        _quiet_worker()
        return [
            _told(_measure(case), number, len(chosen), console)
            for number, case in enumerate(chosen, 1)
        ]
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    records: dict[str, dict[str, Any]] = {}
    with ProcessPoolExecutor(workers, get_context("spawn"), _quiet_worker) as pool:
        waiting = {pool.submit(_measure, case): case for case in chosen}
        for done in as_completed(waiting):
            records[waiting[done].name] = done.result()
            _told(done.result(), len(records), len(chosen), console)
    return [records[case.name] for case in chosen]


def _told(record: dict[str, Any], number: int, n: int, console: Console) -> dict[str, Any]:
    said = f"{number}/{n} {record['name']}"
    # Of the hold-out only totals are shown: nobody shall tune on its scenes.
    if record["seed"] < HOLDOUT_SEED:
        errors = [f"{100 * p['error']:+.1f}" for p in record["photos"] if "error" in p]
        said += f": errors {' '.join(errors)}"
    console.print(said, highlight=False)
    return record


def _plain(value: Any) -> Any:
    """JSON has no NaN: what was not measured is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _restored(path: Path) -> dict[str, Any]:
    """An earlier result; null is NaN again."""

    def known(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: known(item) for key, item in value.items()}
        if isinstance(value, list):
            return [known(item) for item in value]
        return math.nan if value is None else value

    restored: dict[str, Any] = known(json.loads(path.read_text(encoding="utf-8")))
    return restored


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--scenes", type=int, default=SCENES, help="scenes per preset")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="seed of the first scene")
    parser.add_argument("--presets", nargs="+", default=list(FADING_PRESETS))
    parser.add_argument("--holdout", action="store_true", help="hold-out seeds, for totals only")
    parser.add_argument("--quick", action="store_true", help="one scene per preset, 4 MP only")
    parser.add_argument("--no-cost", action="store_true", help="leave out time and memory")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--document", type=Path, help="where the Markdown goes")
    parser.add_argument("--date", help="date of the run; else that of the commit")
    arguments = parser.parse_args(given)
    if arguments.quick:
        arguments.scenes = 1
    if arguments.holdout:
        arguments.seed = HOLDOUT_SEED
        arguments.scenes = min(arguments.scenes, HOLDOUT_SCENES)
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    started = time.perf_counter()
    console = Console(width=max(WIDTH, Console().width))
    seeds = range(arguments.seed, arguments.seed + arguments.scenes)
    chosen = cases(seeds, arguments.presets)
    # First, while this command has not loaded the machine itself.
    sizes = () if arguments.no_cost else SIZES_MEGAPIXELS[: 1 if arguments.quick else None]
    costs = [measure_cost(megapixels) for megapixels in sizes]
    records = run(chosen, max(1, arguments.workers), console)
    result = {
        "command": _command(arguments),
        **origin(arguments.date),
        "seconds": time.perf_counter() - started,
        "seeds": list(seeds),
        "holdout": arguments.holdout,
        "cost": costs,
        "series": records,
    }
    for table in accuracy_tables(result):
        show(table, console)
    name = "holdout" if arguments.holdout else "accuracy"
    arguments.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(result), indent=1, allow_nan=False) + "\n"
    (arguments.out / f"{name}.json").write_text(text, encoding="utf-8")
    document = arguments.document or arguments.out / f"{name}.md"
    aside = arguments.out / "holdout.json"
    holdout = None if arguments.holdout or not aside.exists() else _restored(aside)
    document.write_text(accuracy_document(result, holdout), encoding="utf-8")
    console.print(f"{arguments.out / name}.json and {document} written", highlight=False)
    return 0


def _command(arguments: argparse.Namespace) -> str:
    words = ["python -m benchmarks.accuracy", f"--scenes {arguments.scenes}"]
    words.append("--holdout" if arguments.holdout else f"--seed {arguments.seed}")
    if arguments.presets != list(FADING_PRESETS):
        words.append("--presets " + " ".join(arguments.presets))
    if arguments.no_cost:
        words.append("--no-cost")
    return " ".join(words)


if __name__ == "__main__":
    raise SystemExit(main())
