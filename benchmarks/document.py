"""Tables for the terminal and for the documents, from the same rows."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.summary import (
    dot_figures,
    fade_figures,
    groups,
    refusals,
    unmeasured,
    worst_photos,
)
from tracker import METHOD_VERSION, __version__

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Table:
    """A titled table of text; the first column names the row."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def number(value: float | None, digits: int = 1) -> str:
    """A figure as it is shown; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    text = number(None if value is None else 100 * value, 0)
    return text if text == "–" else f"{text} %"


def show(table: Table, console: Console) -> None:
    shown = RichTable(title=table.title, title_justify="left")
    for place, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if place else "left")
    for row in table.rows:
        shown.add_row(*row)
    console.print(shown)
    if table.note:
        console.print(table.note, highlight=False)


def markdown(table: Table) -> str:
    lines = [f"## {table.title}", ""]
    if table.rows:
        lines.append("| " + " | ".join(table.columns) + " |")
        lines.append("|---" + "|--:" * (len(table.columns) - 1) + "|")
        lines += ["| " + " | ".join(row) + " |" for row in table.rows]
        lines.append("")
    if table.note:
        lines += [table.note, ""]
    return "\n".join(lines)


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, cwd=ROOT, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def origin(date: str | None) -> dict[str, Any]:
    """What was measured, when, on what."""
    return {
        "version": __version__,
        "method_version": METHOD_VERSION,
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "changed_since_commit": bool(_git("status", "--porcelain", "tracker")),
        "date": date or _git("log", "-1", "--format=%cs") or "unknown",
        "cores": os.cpu_count(),
    }


def _fade_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = []
    for name, members in groups(records):
        f = fade_figures(members)
        rows.append(
            (
                name,
                f"{f['series']}",
                f"{f['photos']}",
                f"{f['refused']}",
                number(f["mean_abs_error"]),
                number(f["p90_abs_error"]),
                number(f["worst_error"]),
                number(f["bias"]),
                percent(f["coverage"]),
                number(f["width"]),
                number(f["detectable"]),
            )
        )
    columns = (
        "conditions",
        "series",
        "photos",
        "refused",
        "mean abs. error",
        "90th pct.",
        "worst",
        "bias",
        "95 % interval holds truth",
        "interval width",
        "detectable",
    )
    note = (
        "Fade errors, widths and detectable changes in percentage points. Fading series: "
        "true fades 32, 59, 70 and 80 %; clinic conditions: clinic, hairy, dense, sparse and dark together; "
        "nothing changed: same skin, other pose, light and "
        "stubble; darker: 22 % more pigment; reddened skin: ink unchanged, treated skin red as after a "
        "session (haemoglobin density 0.03 and 0.06 higher); part untreated: some three tenths of the dots, an area "
        "of their own, stay as they were while the whole fades by 15, 30, 40 and 50 %."
    )
    return Table("Fade", columns, tuple(rows), note)


def _dot_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = []
    for name, members in groups(records):
        f = dot_figures(members)
        rows.append(
            (
                name,
                number(f["alignment_median_px"], 2),
                number(f["alignment_worst_median_px"], 2),
                number(f["alignment_p95_px"], 2),
                number(f["stated_over_true"], 1),
                percent(f["stated_too_low"]),
                number(f["precision"], 3),
                number(f["recall"], 3),
                number(f["f1"], 3),
                number(f["f1_worst"], 3),
                number(f["f1_alone"], 3),
                number(f["f1_gone"], 2),
                number(f["f1_present"], 2),
                number(f["tone_error"]),
                number(f["tone_stated"]),
            )
        )
    columns = (
        "conditions",
        "alignment median px",
        "worst photo",
        "95th pct.",
        "stated / true",
        "stated < 0.7 true",
        "dots precision",
        "recall",
        "F1",
        "worst F1",
        "F1, one photo alone",
        "gone F1",
        "present F1",
        "contrast gain error %",
        "its stated sd %",
    )
    note = (
        "Alignment: error of the map at the true dots, median over photos of the median and of the "
        "95th percentile over dots; *stated* is the photo's own error estimate. Dots: places taken "
        "for pigment at the baseline against true dots; mutual nearest neighbours within the "
        "smaller of 0.5 mm and half the local spacing, true dots closer than Sparrow's limit "
        "counted once; *one photo alone*: what `detect` lists of the first photo, hair left out. Gone "
        "and present: fates in the last photo (80 % faded) of the dots that were found; a dot is truly "
        "gone below 15 % of its own baseline."
    )
    return Table("Alignment, dots, fates, tone", columns, tuple(rows), note)


def _refusal_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = refusals(records)
    shown = tuple((r["sort"], f"{r['photos']}", f"{r['refused']}") for r in rows)
    accepted = [text for r in rows for text in (f"{r['sort']}: {a}" for a in r["accepted"])]
    note = "Not refused: " + "; ".join(accepted) + "." if accepted else "Every one was refused."
    if not any(r["photos"] for r in rows):
        return Table("Photos that must be refused", (), (), "None were in this run.")
    return Table("Photos that must be refused", ("photo", "tried", "refused"), shown, note)


def _cost_table(costs: Sequence[dict[str, Any]]) -> Table:
    rows = tuple(
        (
            f"{c['megapixels']} MP",
            f"{c['measured']} of {c['photos']}",
            number(c["seconds_per_photo"], 2),
            number(c["cpu_seconds_per_photo"], 2),
            number(c["peak_memory_mb"], 0),
            number(c["load_before"], 1),
        )
        for c in costs
    )
    columns = (
        "photo",
        "measured",
        "seconds per photo",
        "processor seconds",
        "peak memory, MB",
        "other load",
    )
    note = (
        "A series of three photos in a fresh process, from JPEG bytes to the result. *Other load*: "
        "processes that ran on the machine in the minute before, on average; where it is not near "
        "0 the times are upper bounds."
    )
    return Table("Time and memory", columns, rows, note)


def _worst_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = tuple(
        (
            w["series"],
            f"{w['photo']}",
            number(w["true"]),
            number(w["fade"]),
            f"{number(w['low'])} to {number(w['high'])}",
            number(w["tone_error"]),
            number(w["f1"], 2),
        )
        for w in worst_photos(records)
    )
    columns = ("series", "photo", "true", "fade", "interval", "contrast gain error %", "dots F1")
    missing = unmeasured(records)
    note = "Refused though it need not be: " + "; ".join(missing) + "." if missing else ""
    return Table("Worst photos", columns, rows, note)


def accuracy_tables(result: dict[str, Any]) -> list[Table]:
    """All tables of an accuracy run; of a hold-out run only what does not show single scenes."""
    records = result["series"]
    tables = [_fade_table(records), _dot_table(records), _refusal_table(records)]
    if result["cost"]:
        tables.append(_cost_table(result["cost"]))
    if not result["holdout"]:
        tables.append(_worst_table(records))
    return tables


def holdout_tables(result: dict[str, Any]) -> list[Table]:
    """Aggregates of a hold-out run, to stand below those of the ordinary one."""
    kept = accuracy_tables(result)[:3]
    return [replace(table, title=f"Hold-out seeds: {table.title.lower()}") for table in kept]


def preamble(result: dict[str, Any]) -> str:
    state = " with changes" if result["changed_since_commit"] else ""
    return (
        f"Written by `{result['command']}` on {result['date']}: smp-tracker "
        f"{result['version']}, method {result['method_version']}, commit {result['commit']}"
        f"{state}, {result['cores']} processor cores, {result['seconds'] / 60:.0f} minutes."
    )


def _seeds(result: dict[str, Any]) -> str:
    first, last = result["seeds"][0], result["seeds"][-1]
    return f"seed {first}" if first == last else f"seeds {first} to {last}"


def accuracy_document(result: dict[str, Any], holdout: dict[str, Any] | None = None) -> str:
    kept = ", not examined one by one" if result["holdout"] else ""
    scenes = (
        f"Rendered scenes with {_seeds(result)}{kept}. Every series is measured "
        "with default settings and no scale. The renderer is the project's own: it stands for "
        "conditions that could be thought of, not for all that a phone does. Scenes of 2.25 MP are "
        "measured on one core each; time and memory are those of the whole machine."
    )
    parts = ["# Benchmark: accuracy and cost on rendered truth", preamble(result), scenes]
    parts += [markdown(table).rstrip() for table in accuracy_tables(result)]
    if holdout is not None:
        parts.append(
            f"Hold-out scenes ({_seeds(holdout)}): not examined one by one, but their totals were "
            "reported between changes of the method, so this is a check and not a blind test. "
            + preamble(holdout)
        )
        parts += [markdown(table).rstrip() for table in holdout_tables(holdout)]
    return "\n\n".join(parts) + "\n"
