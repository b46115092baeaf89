"""The command self-check: the method against rendered truth."""

from __future__ import annotations

import time
from dataclasses import asdict

from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, percent, table
from tracker.self_check import (
    LEAST_COVERAGE,
    MOST_MEAN_ERROR,
    ErrorFigures,
    SelfCheck,
    run_self_check,
)


def self_check(n_series: int, seed: int, *, terminal: Terminal) -> int:
    """Run the self-check and say what it found; returns the exit status."""
    started = time.monotonic()
    with terminal.progress("self-check") as progress:
        check = run_self_check(n_series=n_series, seed=seed, progress=progress)
    for reading in check.refused:
        terminal.failure(f"{reading.series}, photo {reading.photo}: {reading.reason}")
    terminal.result(_text(check), {**asdict(check), "passed": check.passed})
    terminal.detail(f"{time.monotonic() - started:.0f} s")
    return DONE if check.passed else SOME_REFUSED


def _text(check: SelfCheck) -> str:
    photos: list[tuple[str, ...]] = [("series", "photo", "true", "fade", "95 % interval", "holds")]
    photos += [
        (
            reading.series,
            "null" if reading.photo == 1 else f"repeat {reading.photo - 1}",
            percent(reading.true_fade),
            percent(reading.fade),
            "-" if reading.reason else f"{percent(reading.low)} to {percent(reading.high)}",
            "-" if reading.reason else "yes" if reading.covered else "NO",
        )
        for reading in check.readings
    ]
    figures = [
        ("", "photos", "mean error", "worst", "bias", "intervals hold truth", "width"),
        _figures("faded or darker", check.fading),
        _figures("nothing changed", check.null),
    ]
    same = check.repeatability
    repeats = [
        ("pairs of photos of the same skin", f"{same.n_pairs}"),
        ("ICC(2,1)", f"{same.icc:.3f}"),
        ("Bland-Altman bias", percent(same.limits.bias)),
        ("Bland-Altman limits", f"{percent(same.limits.low)} to {percent(same.limits.high)}"),
        ("within-subject sd", percent(same.s_w)),
        ("CV of the pigment left", percent(same.cv)),
        ("smallest detectable change", percent(same.detectable)),
    ]
    verdict = "passed" if check.passed else "FAILED"
    said = (
        f"Self-check {verdict} (asked: every photo measured, mean error up to "
        f"{percent(MOST_MEAN_ERROR)}, at least {percent(LEAST_COVERAGE)} of the intervals hold "
        f"the truth); method {check.method_version}, settings {check.settings_hash}"
    )
    return "\n\n".join(
        [
            table(photos),
            "Errors in points of the baseline's pigment\n" + table(figures),
            "Repeatability of the fade\n" + table(repeats),
            said,
        ]
    )


def _figures(name: str, figures: ErrorFigures) -> tuple[str, ...]:
    return (
        name,
        f"{figures.n}",
        percent(figures.mean_absolute),
        percent(figures.worst),
        percent(figures.bias),
        percent(figures.coverage),
        percent(figures.mean_width),
    )
