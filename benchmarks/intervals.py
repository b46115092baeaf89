"""What the terms of the fade's interval are worth: their sizes against the errors that were made.

``python -m benchmarks.intervals`` measures series with known truth, keeps what each term of the
interval says of every photo, and prints by what factor each should be multiplied so that the
errors are likeliest. The terms were set so; it must not be run on the seeds of a benchmark.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
from rich.console import Console
from scipy.optimize import minimize

from benchmarks import measuring, other
from benchmarks.document import Table, number, percent, show
from benchmarks.scenes import HISTORIES, Case, cases, rendered
from tracker import view_rows
from tracker.analysis import analyse_series
from tracker.measure.fade import Z_95, FadeSettings, SystematicErrors, systematic_variance
from tracker.measure.results import Estimate

ERROR_TERMS = tuple(field.name for field in fields(SystematicErrors))
TERMS = ("bootstrap", "floor", "tone share", *ERROR_TERMS)
FREEDOM = 6.0
"""Errors have heavier tails than a normal law: Student's t of so many degrees of freedom."""
DOUBT_OF_FACTOR = 1.0
"""SD of the logarithm of a factor that is expected beforehand: a term that says little stays at 1."""


@dataclass(frozen=True)
class Outcome:
    """One photo: the error of its fade, and the variance that each of `TERMS` gives it."""

    group: str
    error: float
    variances: tuple[float, ...]


def _terms(left: float, fade: Estimate, errors: SystematicErrors) -> tuple[float, ...]:
    """Variance of a fade by each of `TERMS`."""
    settings = FadeSettings()
    shared = systematic_variance(left, errors, settings)
    whole = ((fade.high - fade.low) / (2 * Z_95)) ** 2
    scaled = {"alignment": abs(left), "lens": abs(left), "tone": abs(left)}
    return (
        max(whole - shared, 0.0),
        settings.floor_sd**2,
        (settings.tone_share * left) ** 2,
        *((getattr(errors, name) * scaled.get(name, 1.0)) ** 2 for name in ERROR_TERMS),
    )


def measure(job: Case | other.Job) -> list[Outcome]:
    """Outcomes of one series; none where its first photo was not taken as the baseline."""
    cv2.setNumThreads(1)
    if isinstance(job, Case):
        group, photos = f"own, {job.kind}", measuring.as_photos(rendered(job.spec))
        true = [photo.fade for photo in job.spec.photos]
    else:
        scene = other.scene_of(job)
        group, photos = f"{'painted' if job[0] else 'other'}, {job[3]}", other.as_photos(scene)
        true = [scene.fade(k) for k in range(len(photos))]
    said: list[tuple[Estimate, SystematicErrors]] = []
    estimate = view_rows.estimate_fade

    def noted(*given: Any, errors: SystematicErrors, **more: Any) -> Estimate:
        fade = estimate(*given, errors=errors, **more)
        said.append((fade, errors))
        return fade

    with mock.patch.object(view_rows, "estimate_fade", noted):
        analysis = analyse_series(photos, workers=1)
    if not analysis.views or analysis.views[0].baseline != "00.jpg":
        return []
    rows = {row.photo: row for row in analysis.photos}
    outcomes = []
    for k in range(1, len(photos)):
        whole = rows[f"{k:02d}.jpg"].whole
        if whole is None or not whole.fade.measured:
            continue
        errors = next(errors for fade, errors in said if fade == whole.fade)
        error = whole.fade.value - true[k]
        outcomes.append(Outcome(group, error, _terms(1 - whole.fade.value, whole.fade, errors)))
    return outcomes


def likeliest_factors(error: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Factor for the SD of each term, shape (terms,), that makes the errors likeliest.

    Parameters
    ----------
    error : ndarray of shape (n,)
    variances : ndarray of shape (n, terms)
        What each term says, not negative.
    """

    def unlikely(log_factor: np.ndarray) -> float:
        scale = variances @ np.exp(2 * log_factor) * (FREEDOM - 2) / FREEDOM
        misfit = 0.5 * np.log(scale) + (FREEDOM + 1) / 2 * np.log1p(error**2 / (FREEDOM * scale))
        return float(misfit.sum() + 0.5 * ((log_factor / DOUBT_OF_FACTOR) ** 2).sum())

    found = minimize(unlikely, np.zeros(variances.shape[1]), method="L-BFGS-B")
    return np.asarray(np.exp(found.x))


def table(outcomes: Sequence[Outcome], factors: np.ndarray) -> Table:
    rows = []
    groups = sorted({outcome.group for outcome in outcomes})
    for name, members in [(g, [o for o in outcomes if o.group == g]) for g in groups] + [
        ("all", list(outcomes))
    ]:
        error = np.array([o.error for o in members])
        variances = np.array([o.variances for o in members])
        cells = [name, f"{len(members)}", number(100 * float(np.sqrt(np.mean(error**2))))]
        for factor in (np.ones(len(TERMS)), factors):
            half = Z_95 * np.sqrt(variances @ factor**2)
            cells += [
                number(200 * float(half.mean())),
                percent(float(np.mean(np.abs(error) <= half))),
            ]
        rows.append(tuple(cells))
    return Table(
        "Intervals",
        ("photos", "n", "rms error", "width", "holds truth", "width so", "holds truth so"),
        tuple(rows),
        "Errors and widths in percentage points; *so*: with the terms multiplied by the factors.",
    )


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals", description=__doc__)
    parser.add_argument("--own", type=int, nargs="*", default=[50, 51, 52, 53], help="own seeds")
    parser.add_argument("--other", type=int, nargs="*", default=[30, 31], help="second renderer's")
    parser.add_argument("--photos", type=Path, help="folder of real photos to paint dots on")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args(given)
    chosen: list[Case | other.Job] = [
        case for case in cases(arguments.own) if case.kind in HISTORIES
    ]
    photos = other.bare_photos(arguments.photos)
    chosen += [job for job in other.jobs(arguments.other, photos) if job[3] in HISTORIES]
    console = Console(width=120)
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        for job, found in zip(chosen, pool.map(measure, chosen), strict=True):
            outcomes += found
            name = job.name if isinstance(job, Case) else f"{job[1]} {job[3]} {job[2]}"
            console.print(name, len(found), highlight=False)
    error = np.array([outcome.error for outcome in outcomes])
    factors = likeliest_factors(error, np.array([outcome.variances for outcome in outcomes]))
    for name, factor in zip(TERMS, factors, strict=True):
        console.print(f"{name:12s} times {factor:.2f}", highlight=False)
    show(table(outcomes, factors), console)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
