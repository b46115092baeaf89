"""The command batch: many clients' folders."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from tracker.batch.run import (
    BATCH_FILE,
    FAILURES_FILE,
    ClientOutcome,
    batch_csv,
    failures_csv,
    find_clients,
    measure_clients,
)
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal
from tracker.report.publish import published_folder
from tracker.series import natural_key


def batch(root: Path, out: Path, *, jobs: int, overwrite: bool, terminal: Terminal) -> int:
    """Measure every client below `root` into `out`; returns the exit status."""
    folders = find_clients(root, out)
    own_names = {BATCH_FILE, FAILURES_FILE, *(folder.name for folder in folders)}
    if (out / BATCH_FILE).exists():
        # Clients of an earlier batch may have left since.
        own_names |= {found.parent.name for found in out.glob("*/analysis.json")}
    outcomes: list[ClientOutcome] = []
    with (
        published_folder(out, own_names=own_names, overwrite=overwrite) as work,
        terminal.progress("batch") as progress,
    ):
        workers = min(jobs or os.cpu_count() or 1, len(folders))
        for outcome in measure_clients(folders, work, workers=workers, today=date.today()):
            outcomes.append(outcome)
            for row in outcome.failures:
                name = f"{row['client']}/{row['photo']}" if row["photo"] else row["client"]
                terminal.failure(f"{name}: not measured: {row['reason']}")
            for note in outcome.notes:
                terminal.detail(f"{outcome.client}/{note}")
            terminal.detail(f"{outcome.client}: {len(outcome.rows)} photos done")
            progress(len(outcomes) / len(folders), f"{outcome.client} done")
        outcomes.sort(key=lambda done: natural_key(done.client))
        (work / BATCH_FILE).write_text(batch_csv(outcomes), encoding="utf-8", newline="")
        (work / FAILURES_FILE).write_text(failures_csv(outcomes), encoding="utf-8", newline="")
    failures = [row for outcome in outcomes for row in outcome.failures]
    n_photos = sum(len(outcome.rows) for outcome in outcomes)
    terminal.result(
        f"{len(outcomes)} clients, {n_photos} photos, {len(failures)} not measured; {out}",
        {
            "out": str(out),
            "clients": len(outcomes),
            "photos": n_photos,
            "failures": failures,
        },
    )
    return SOME_REFUSED if failures else DONE
