"""What comes of a batch that is killed again and again: ``python -m benchmarks.kills_batch --kills 60``.

``smp-tracker batch`` measures two small rendered clients with the real engine in two processes. It is
killed (SIGKILL) at random moments, the command alone or with its processes, up to four times in a
row; then it runs to its end. Its results must be the bytes of a batch that nobody killed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.batch.conftest import results_of
from tracker.synthetic import random_client, render_series, write_client

CHECKOUT = Path(__file__).parents[1]
KILLS_IN_A_ROW = 4
LIMIT_S = 600
"""Of a run that nobody kills: one that hangs is a fault."""


def two_clients(root: Path) -> None:
    """Two clients of two small photos, out of one rendered."""
    client = random_client(5, n_photos=3)
    (view,) = client.views
    series = replace(view.series, width_px=640, height_px=640)
    client = replace(client, views=(replace(view, series=series),))
    rendered = root.parent / "rendered"
    write_client(client, [render_series(series)], rendered)
    photos = sorted(rendered.glob("*.jpg"))
    for name, some in (("A-0001", photos[:2]), ("B-0002", photos[1:])):
        (root / name).mkdir(parents=True)
        for photo in some:
            shutil.copy(photo, root / name)


def start(root: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker", "batch", str(root), "--out", str(out), "--jobs", "2"],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finish(root: Path, out: Path) -> str:
    """Run to the end; gives what went wrong, '' for nothing."""
    run = start(root, out)
    try:
        _, said = run.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        return "does not end"
    # 1: the photo that both clients have is named as a duplicate.
    text = said.decode(errors="replace")
    return "" if run.returncode in (0, 1) and "Traceback" not in text else text[-500:]


def run(
    n_kills: int, seed: int, tell: Callable[[str], None] = lambda _words: None
) -> dict[str, object]:
    """Kill so many times; gives counts, and every fault that was found."""
    chance = random.Random(seed)
    counts: Counter[str] = Counter()
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="smp-kills-") as folder:
        root = Path(folder) / "clients"
        two_clients(root)
        begun = time.monotonic()
        wrong = finish(root, Path(folder) / "whole")
        lasts_s = time.monotonic() - begun
        if wrong:
            return {"kills": 0, "counts": {}, "faults": [f"nobody killed it: {wrong}"]}
        whole = results_of(Path(folder) / "whole")
        kills = 0
        while kills < n_kills:
            out = Path(folder) / f"out-{kills}"
            for _ in range(min(KILLS_IN_A_ROW, n_kills - kills)):
                process = start(root, out)
                try:
                    process.wait(chance.uniform(0.0, lasts_s))
                except subprocess.TimeoutExpired:
                    with_its_processes = chance.random() < 0.5
                    if with_its_processes:
                        os.killpg(process.pid, signal.SIGKILL)
                    else:
                        process.kill()
                    process.wait()
                    if process.stderr is not None:
                        process.stderr.close()
                    kills += 1
                    counts["with its processes" if with_its_processes else "the command alone"] += 1
                else:
                    process.communicate()
                    counts["had ended before the kill"] += 1
                    break
            wrong = finish(root, out)
            counts["ended afterwards"] += not wrong
            if wrong:
                found.append(f"after kill {kills}: {wrong}")
            elif results_of(out) != whole:
                found.append(f"after kill {kills}: the results differ")
            shutil.rmtree(out, ignore_errors=True)
            tell(f"{kills} of {n_kills} kills, {len(found)} faults")
    return {"kills": kills, "counts": dict(counts), "faults": found}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    done = run(given.kills, given.seed, lambda words: print(words, file=sys.stderr))
    print(json.dumps(done, indent=1))
    return 1 if done["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
