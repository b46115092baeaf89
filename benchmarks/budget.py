"""Where the error of a fade comes from: reading the dots, the camera's contrast, or shine on the dots.

``python -m benchmarks.budget --scenes 2 --seed 112`` measures the series of ``benchmarks.accuracy`` that need not be
refused and splits the error of every fade into three. What the camera's curve and the drawn shine did to contrast is
known of a rendered photo: the gain that was read on native skin is held against what they did there, and the veil
against what shine took of the dots beyond that. The rest is the reading of the dots: places, widths, lens, hair,
selection. ``--document FILE`` writes the table down.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from rich.console import Console

from benchmarks.document import Table, markdown, number, origin, show
from benchmarks.measuring import analyse
from benchmarks.scenes import Case, cases, rendered
from benchmarks.scoring import true_tone_gain
from benchmarks.shine_truth import shine_kept
from tracker import view_analysis
from tracker.measure.veil import Veil

PARTS = ("dots", "contrast", "shine")
LEAST_LEFT = 0.02
"""Less is taken for this: a fade of everything has no logarithm."""
KINDS = ("fading", "nothing changed", "darker", "reddened")


@dataclass(frozen=True)
class Split:
    """The error of one photo's fade, percentage points, as the sum of its parts.

    To first order in the errors: each part is what the fade would be off by, were the others right.
    """

    group: str
    dots: float
    contrast: float
    shine: float

    @property
    def whole(self) -> float:
        return self.dots + self.contrast + self.shine


def split_case(case: Case) -> list[Split]:
    """The errors of a rendered series, photo by photo; refused ones are left out."""
    series = rendered(case.spec)
    veils: list[Veil] = []
    read = view_analysis.relative_veil

    def noted(*given: Any, **more: Any) -> Veil:
        veils.append(read(*given, **more))
        return veils[-1]

    with mock.patch.object(view_analysis, "relative_veil", noted):
        analysis, gains = analyse(series)
    rows = {row.photo: row for row in analysis.photos}
    aligned = [k for k in range(1, len(series.photos)) if rows[f"{k:02d}.jpg"].registration]
    if not analysis.views or analysis.views[0].baseline != "00.jpg":
        return []
    kept = shine_kept(case.spec)
    found = []
    for k, gain, veil in zip(aligned, gains, veils, strict=True):
        row, truth = rows[f"{k:02d}.jpg"], series.photos[k]
        if row.whole is None:
            continue
        left = 1 - truth.fade_shown
        on_native = np.log(true_tone_gain(series, k) * kept[k].native / kept[0].native)
        on_dots = np.log(kept[k].dots / kept[0].dots) - np.log(kept[k].native / kept[0].native)
        contrast = float(np.log(gain.gain) - on_native)
        shine = float(np.log(veil.kept) - on_dots)
        too_little = float(np.log(max(1 - row.whole.fade.value, LEAST_LEFT) / left))
        dots = -too_little - contrast - shine
        found.append(
            Split(f"{case.preset}, {case.kind}", *(100 * left * x for x in (dots, contrast, shine)))
        )
    return found


def _split_alone(case: Case) -> list[Split]:
    cv2.setNumThreads(1)
    return split_case(case)


def table_of(splits: Sequence[Split]) -> Table:
    """Mean error and bias of every part, a row per sort of scalp and history."""
    rows = []
    for group in [*dict.fromkeys(one.group for one in splits), "all"]:
        some = [one for one in splits if group in (one.group, "all")]
        figures = [group, str(len(some))]
        for part in (*PARTS, "whole"):
            errors = np.array([getattr(one, part) for one in some])
            figures += [number(float(np.abs(errors).mean())), number(float(errors.mean()))]
        rows.append(tuple(figures))
    named = ("reading the dots", "contrast on native skin", "shine on the dots", "all three")
    columns = ["series", "photos"]
    for name in named:
        columns += [f"{name}: mean error", "bias"]
    note = (
        "Percentage points of fade; bias above 0 reads too much fade. Each part is what the fade would be off by, "
        "were the others right; *all three* is their sum, which differs from the fade's own error by what "
        "logarithms and differences differ."
    )
    return Table("Where the error of a fade comes from", tuple(columns), tuple(rows), note)


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--scenes", type=int, default=2, help="scalps of every sort")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--document", type=Path, help="where the Markdown goes")
    arguments = parser.parse_args(given)
    seeds = range(arguments.seed, arguments.seed + arguments.scenes)
    chosen = [case for case in cases(seeds) if case.kind in KINDS]
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        splits = [one for some in pool.map(_split_alone, chosen) for one in some]
    made = table_of(splits)
    show(made, Console(width=170))
    if arguments.document:
        facts = origin(None)
        command = f"python -m benchmarks.budget --scenes {arguments.scenes} --seed {arguments.seed}"
        arguments.document.write_text(
            f"# Benchmark: where errors come from\n\nWritten by `{command}`, commit "
            f"{facts['commit']}, method {facts['method_version']}.\n\n{markdown(made)}",
            encoding="utf-8",
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
