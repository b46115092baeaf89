"""What a run of `benchmarks.load` comes to, in words and tables."""

from __future__ import annotations

import argparse
import math
import os
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import theilslopes

if TYPE_CHECKING:
    from benchmarks.load import Run

BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"


def growth(memory_mb: Sequence[float]) -> float:
    """Growth of the memory over the second half of a run, as a share of what it was at its start.

    The slope is Theil and Sen's: the median over all pairs of moments, which single peaks leave alone.
    """
    second = np.asarray(memory_mb[len(memory_mb) // 2 :])
    if len(second) < 2:
        return math.nan
    slope, intercept, _, _ = theilslopes(second)
    return float(slope * (len(second) - 1) / intercept)


def as_text(runs: Sequence[Run], given: argparse.Namespace) -> str:
    """The tables of all runs, a sentence on each, and what it ran on."""
    parts = [
        _sentence(given),
        _totals(runs),
        "Seconds until a page stood there, half of the times / 95 % of the times / the worst:",
        _pages(runs),
        "Memory of the server in MB, mean of each minute:",
        _memory(runs),
        (
            f"{os.cpu_count()} processors shared by server, database and visitors, Python "
            f"{platform.python_version()}."
        ),
    ]
    parts += [
        f"Errors on {run.database}: "
        + "; ".join(f"{words} ({n})" for words, n in run.faults.most_common(10))
        for run in runs
        if run.faults
    ]
    return "\n\n".join(parts)


def _sentence(given: argparse.Namespace) -> str:
    database = "" if given.database == "both" else f" --database {given.database}"
    return (
        f"`python -m benchmarks.load --minutes {given.minutes:g} --visitors {given.visitors} "
        f"--seed {given.seed}{database}`: {given.visitors} visitors at once, each on a page for "
        f"{given.pause:g} s on average; three measured clients and {given.clients} made-up ones with "
        f"{given.photos} photos each."
    )


def _totals(runs: Sequence[Run]) -> str:
    def row(name: str, values: Sequence[str]) -> str:
        return f"| {name} | {' | '.join(values)} |"

    every = [[s for times in run.seconds.values() for s in times] for run in runs]
    return "\n".join(
        [
            row("", [run.database for run in runs]),
            f"|---|{'--:|' * len(runs)}",
            row("errors", [str(run.faults.total()) for run in runs]),
            row("pages opened", [str(run.n_pages) for run in runs]),
            row("sessions", [str(run.n_sessions) for run in runs]),
            row(
                "notes kept, on a page / by a command",
                [f"{len(run.seconds['Note kept'])} / {run.n_commands}" for run in runs],
            ),
            row(
                "parts run again, pictures fetched",
                [f"{run.n_parts}, {run.n_pictures}" for run in runs],
            ),
            row("page time, 95 % under", [f"{_quantile(each, 0.95):.2f} s" for each in every]),
            row(
                "memory, growth over the second half",
                [f"{100 * growth(run.memory_mb):+.1f} %" for run in runs],
            ),
            row("processor time of the server", [f"{run.processor_share:.0%}" for run in runs]),
        ]
    )


def _pages(runs: Sequence[Run]) -> str:
    names = list(dict.fromkeys(name for run in runs for name in run.seconds))
    lines = [
        f"| page | {' | '.join(f'{run.database} | times' for run in runs)} |",
        f"|---|{'--:|--:|' * len(runs)}",
    ]
    for name in sorted(names):
        cells = []
        for run in runs:
            times = run.seconds[name]
            half, most = _quantile(times, 0.5), _quantile(times, 0.95)
            worst = max(times, default=math.nan)
            cells.append(f"{half:.2f} / {most:.2f} / {worst:.2f} | {len(times)}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _memory(runs: Sequence[Run]) -> str:
    longest = max(len(run.memory_mb) for run in runs)
    minutes = range(math.ceil(longest / 60))
    lines = [
        f"| minute | {' | '.join(str(minute + 1) for minute in minutes)} |",
        f"|---|{'--:|' * len(minutes)}",
    ]
    for run in runs:
        slices = [run.memory_mb[60 * minute : 60 * minute + 60] for minute in minutes]
        means = [f"{np.mean(each):.0f}" if each else "" for each in slices]
        lines.append(f"| {run.database} | {' | '.join(means)} |")
    return "\n".join(lines)


def _quantile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share)) if values else math.nan
