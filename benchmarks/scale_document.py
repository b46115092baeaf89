"""Figures of docs/scale.md: what `python -m benchmarks.scale` measured, and an estimate from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tracker.batch.memory import drawing_mb, needed_mb

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PHOTOS = 1_000_000
MEGAPIXELS = 12
CORES = 64
CORE_HOUR_USD = 0.04
"""A shared virtual core of the large providers, list price on demand, rounded up."""
STORAGE_USD_GB_MONTH = 0.023
"""Object storage, list price, first tier."""
MB_PER_PHOTO = 4.0
"""A 12 megapixel JPEG or HEIC of a phone."""
LOSS = 0.9
"""Share of the cores' time that is work: the rest waits for photos, results, the last tasks."""


def write_document(results: Mapping[str, Any], path: Path) -> None:
    """Put the figures between the marks of the document."""
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    figures = "\n\n".join(sections(results))
    path.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


def sections(results: Mapping[str, Any]) -> list[str]:
    """Text of every part that was measured; a part that was not says so."""
    makers = {
        "cost": _cost,
        "speed": _speed,
        "thousand": _end_to_end,
        "plan": _plan,
    }
    found = []
    for part, make in makers.items():
        if part in results:
            found.append(make(results[part]))
        elif part == "thousand":
            found.append(
                "**A thousand photos end to end**: not run yet (`python -m benchmarks.scale thousand`)."
            )
    if "cost" in results:
        found.append(_estimate(results["cost"]))
    return found


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["--:"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _where(figures: Mapping[str, Any]) -> str:
    load = figures.get("load")
    busy = "" if load is None or isinstance(load, list) else f", load {load:.1f} before"
    return (
        f"{figures['processors']} processors, Python {figures['python']}, "
        f"commit {figures['commit']}{busy}."
    )


def _reckoned_mb(size: Mapping[str, Any]) -> float:
    """What the local pool keeps free for a client of this size."""
    megapixels = size["megapixels"]
    return max(needed_mb(size["photos"], megapixels), drawing_mb(megapixels))


def _cost(figures: Mapping[str, Any]) -> str:
    head = (
        "megapixels",
        "measuring, s per photo",
        "writing, s per photo",
        "most memory, MB",
        "reckoned with, MB",
        "results, MB per photo",
        "load",
    )
    rows = [
        (
            str(size["megapixels"]),
            f"{size['measure_seconds_per_photo']:.1f}",
            f"{size['write_seconds_per_photo']:.1f}",
            f"{size['peak_mb']:.0f}",
            f"{_reckoned_mb(size):.0f}",
            f"{size['result_bytes_per_photo'] / 1e6:.1f}",
            f"{size['load']:.1f}",
        )
        for size in figures["sizes"]
    ]
    return (
        "**Throughput and memory** of one process, one thread, a view of three photos "
        "(`python -m benchmarks.scale cost`):\n\n" + _table(head, rows) + f"\n\n{_where(figures)}"
    )


def _speed(figures: Mapping[str, Any]) -> str:
    rows = [
        (jobs, *(f"{seconds:.1f}" for seconds in times), f"{min(times):.1f}")
        for jobs, times in figures["runs"].items()
    ]
    n_runs = len(next(iter(figures["runs"].values())))
    head = ("processes", *(f"run {k + 1}, s" for k in range(n_runs)), "best, s")
    low, high = figures["load"]
    return (
        f"**One process and two** on {figures['clients']} clients of three half-megapixel photos, in "
        "turn (`python -m benchmarks.scale speed`):\n\n"
        + _table(head, rows)
        + f"\n\nBest against best: **{figures['speedup']:.2f} x**. {_where(figures)} Load before the "
        f"runs {low:.1f} to {high:.1f}: above 0.5 another program takes from both, and the figure says "
        "little."
    )


def _end_to_end(figures: Mapping[str, Any]) -> str:
    name = "A thousand" if figures["photos"] == 1000 else str(figures["photos"])
    rate = figures["photos"] / figures["seconds"]
    return (
        f"**{name} photos end to end**: {figures['clients']} rendered clients of five photos of "
        f"{figures['megapixels']:.1f} megapixels; killed hard in the middle and started again. "
        f"{figures['seconds'] / 60:.1f} min in all, {rate:.2f} photos/s with pictures and tables; "
        f"{figures['measured']} measured, {figures['not_measured']} refused; "
        f"{figures['finished_when_killed']} views were done when it was killed, "
        f"{figures['measured_again']} of them measured again; mean error of the fade "
        f"{100 * figures['mean_error']:.1f} points. Most memory {figures['peak_mb']:.0f} MB with all "
        f"workers, {figures['coordinator_peak_mb']:.0f} MB without. Results "
        f"{figures['result_bytes'] / 1e6:.0f} MB. Started once more with nothing to do: "
        f"{figures['nothing_to_do_seconds']:.1f} s. {_where(figures)}"
    )


def _plan(figures: Mapping[str, Any]) -> str:
    fresh, resumed = figures["plan"], figures["resume"]
    rows = [
        (
            "planning, nothing known",
            f"{fresh['seconds']:.1f}",
            f"{fresh['processor_seconds']:.1f}",
            f"{fresh['peak_mb']:.0f}",
        ),
        (
            "planning, all of it done before",
            f"{resumed['planned_seconds']:.1f}",
            "",
            "",
        ),
        (
            "the same with all tables written",
            f"{resumed['seconds']:.1f}",
            f"{resumed['processor_seconds']:.1f}",
            f"{resumed['peak_mb']:.0f}",
        ),
    ]
    return (
        f"**{figures['photos']:,} simulated photos** of {figures['clients']:,} clients "
        "(`python -m benchmarks.scale plan`; asked for are 10 s and 500 MB):\n\n".replace(",", " ")
        + _table(("", "seconds", "processor seconds", "most memory, MB"), rows)
        + f"\n\nRecords take {figures['records_bytes'] / 1e6:.0f} MB. {_where(figures)}"
    )


def _estimate(cost: Mapping[str, Any]) -> str:
    (size,) = (s for s in cost["sizes"] if s["megapixels"] == MEGAPIXELS)
    seconds = size["measure_seconds_per_photo"] + size["write_seconds_per_photo"]
    core_hours = PHOTOS * seconds / 3600 / LOSS
    photos_gb = PHOTOS * MB_PER_PHOTO / 1000
    results_gb = PHOTOS * size["result_bytes_per_photo"] / 1e9
    rows = [
        ("work", f"{core_hours:,.0f} core hours".replace(",", " ")),
        ("time", f"{core_hours / CORES:.0f} h on {CORES} cores"),
        ("computing", f"{core_hours * CORE_HOUR_USD:,.0f} USD".replace(",", " ")),
        ("memory", f"{_reckoned_mb(size) * CORES / 1000:.0f} GB for {CORES} workers"),
        (
            "photos",
            f"{photos_gb / 1000:.1f} TB, {photos_gb * STORAGE_USD_GB_MONTH:.0f} USD a month",
        ),
        (
            "results",
            f"{results_gb / 1000:.1f} TB, {results_gb * STORAGE_USD_GB_MONTH:.0f} USD a month",
        ),
    ]
    return (
        "**A million photos, on paper** (nothing of this was run):\n\n"
        + _table(("", "estimate"), rows)
        + f"\n\nAssumed: photos of {MEGAPIXELS} megapixels and {MB_PER_PHOTO:.0f} MB, in views of three; "
        f"{seconds:.1f} s of one core each, as measured above on that machine and at that load; "
        f"{100 * LOSS:.0f} % of the cores' time is work; {CORE_HOUR_USD} USD per core hour, "
        f"{STORAGE_USD_GB_MONTH} USD per GB and month; traffic between workers and storage in one "
        "place costs nothing; a photo is fetched two to four times."
    )
