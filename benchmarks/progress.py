"""Progress against truth: calibration of the curve, watches on rendered series, colour by skin type.

    python -m benchmarks.progress --out FOLDER             runs what is missing in FOLDER
    python -m benchmarks.progress --out FOLDER --document  writes docs/progress_benchmark.md from it

Rendered series are small (0.6 MP, three photos: baseline, 30 % and 55 % gone) so that there can be
many. In *null* series nothing but fade happens. Every result is kept as a line of JSON: a run that
is stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta
from skimage.color import deltaE_ciede2000

from benchmarks.cards import BEGIN as CARDS
from benchmarks.cards import records_of, root_mean_square, worst_over_best
from benchmarks.progress_curve import calibration, calibration_table
from benchmarks.progress_series import (
    CHANGES,
    FIRST_SEED,
    NULL_PRESETS,
    heads,
    heads_showing,
    measure,
)
from tracker.measure.skin_look import INDICES, lab_of
from tracker.progress.watches import FALSE_ALARMS, Sign, State
from tracker.rendering.clients import SKIN_TYPE_NAMES

ERYTHEMA_OF_BLOOD = 0.9
"""log10(R/G) that one unit of the renderer's haemoglobin density adds."""
REDNESS_OF_TYPES = CHANGES["redness"].photo[2]["redness"]
SIX_SKINS = "heads in six skins"


# --- tables ---


FOUND_SHARE = 0.9
"""A size is stated as found where at least this share of the series that could tell raised the watch."""


def _interval(k: int, n: int) -> str:
    """95 % interval of a share (Clopper & Pearson, Biometrika 26, 404, 1934)."""
    if n == 0:
        return "-"
    low = 0.0 if k == 0 else float(beta.ppf(0.025, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(0.975, k + 1, n - k))
    return f"{low:.0%} to {high:.0%}"


def _raised(watches: Mapping[str, Any]) -> list[str]:
    return [sign for sign, w in watches.items() if w["state"] == State.SEEN.value]


def null_table(records: Sequence[dict[str, Any]]) -> str:
    """False alarms on null series, judged after the second and after the third photo."""
    rows: dict[str, list[list[str]]] = {name: [] for name in (*NULL_PRESETS, SIX_SKINS)}
    for record in records:
        if record["series"]:
            name = SIX_SKINS if record["skin_type"] else record["preset"]
            alarms = {*_raised(record["series"][0]["watches"]), *_raised(record["before"])}
            rows[name].append(sorted(alarms))
    alarms = [a for own in rows.values() for a in own]
    wrong, n = sum(map(bool, alarms)), len(alarms)
    share = f"{wrong / n:.1%}, 95 % interval {_interval(wrong, n)}" if n else "none measured"
    lines = [
        (
            f"Null series: {n}; with any watch raised after the second or the third photo: {wrong} "
            f"({share}; asked for is at most {FALSE_ALARMS:.0%})."
        ),
        "",
        "| scenes | null series | with a false alarm | which |",
        "|---|--:|--:|---|",
    ]
    for name, own in rows.items():
        signs = ", ".join(sorted({sign for a in own for sign in a})) or "-"
        lines.append(f"| {name} | {len(own)} | {sum(map(bool, own))} | {signs} |")
    return "\n".join(lines)


def change_table(records: Sequence[dict[str, Any]]) -> str:
    """What was found of each true change, size by size."""
    lines = [
        (
            "| true change | size | series | found | 95 % interval | cannot tell | median reading "
            "| other signs raised |"
        ),
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    stated = ["", "| true change | smallest size found nine times in ten |", "|---|---|"]
    for kind, change in CHANGES.items():
        first = ""
        for size, words in enumerate(change.sizes):
            own = [
                s
                for r in records
                if not r["skin_type"]
                for s in r["series"]
                if s["kind"] == kind and s["size"] == size
            ]
            states = [s["watches"][change.sign.value] for s in own]
            n, found = len(states), sum(s["state"] == State.SEEN.value for s in states)
            silent = sum(s["state"] == State.CANNOT_TELL.value for s in states)
            values = [s["value"] for s in states if s["value"] is not None]
            others = Counter(
                sign for s in own for sign in _raised(s["watches"]) if sign != change.sign.value
            )
            middle = f"{np.median(values):+.3f}" if values else "-"
            beside = ", ".join(f"{sign} {k}" for sign, k in others.most_common()) or "-"
            lines.append(
                f"| {change.sign.value} ({kind}) | {change.words} {words} | {n} | {found} "
                f"| {_interval(found, n)} | {silent} | {middle} | {beside} |"
            )
            told = n - silent
            if not first and told and found / told >= FOUND_SHARE:
                first = f"{change.words} {words}: {found} of {told} ({_interval(found, told)})"
                first += f"; {silent} more could not tell and said so" if silent else ""
        stated.append(f"| {change.sign.value} ({kind}) | {first or 'none of these'} |")
    return "\n".join(lines + stated)


COLOURS = ("erythema", "melanin", "lightness")


def _calm_readings(record: dict[str, Any]) -> list[dict[str, float]]:
    """Errors of one null series' later photos: in density, in stated errors, in L* and in CIEDE2000."""
    found = []
    for photo in record["series"][0]["photos"][1:]:
        look, row = photo["look"], {}
        if photo["fade"] is not None:
            row["fade"] = 100 * (photo["fade"] - photo["true_fade"])
            row["fade, in its own error"] = (photo["fade"] - photo["true_fade"]) / photo["fade_sd"]
        for name in COLOURS:
            value = look.get(f"{name}_change")
            if value is not None:
                row[name] = value
                row[f"{name}, in its own error"] = value / look[f"{name}_change_sd"]
        if all(name in row for name in COLOURS):
            # Red, green and blue density that the three readings stand for.
            more = np.linalg.solve(INDICES, [row[name] for name in COLOURS])
            native = -np.log10(np.array([photo["native_linear"]]))
            before, after = lab_of(native), lab_of(native + more)
            row["L*"] = float(after[0, 0] - before[0, 0])
            row["dE00"] = float(deltaE_ciede2000(before, after)[0])  # type: ignore[no-untyped-call]
        found.append(row)
    return found


TYPE_COLUMNS = (
    ("fade", "fade, points"),
    ("fade, in its own error", "fade, in its own error"),
    ("dE00", "colour, CIEDE2000"),
    ("L*", "lightness, L*"),
    ("lightness, in its own error", "lightness, in its own error"),
    ("erythema", "erythema, density"),
    ("erythema, in its own error", "erythema, in its own error"),
    ("melanin", "melanin, density"),
    ("melanin, in its own error", "melanin, in its own error"),
)


def type_table(records: Sequence[dict[str, Any]]) -> str:
    """Errors by skin type, on the same heads in six skins; rms over photos without a change."""
    by_type: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        if record["skin_type"] and record["series"]:
            by_type[record["skin"]].append(record)
    head = [title for _, title in TYPE_COLUMNS]
    lines = [
        "| skin type | heads | " + " | ".join(head) + " | redness read, of the true | told |",
        "|---|--:|" + "--:|" * (len(head) + 2),
    ]
    truth = REDNESS_OF_TYPES * ERYTHEMA_OF_BLOOD
    worst: dict[str, list[float]] = defaultdict(list)
    for skin, own in sorted(by_type.items()):
        calm = [row for record in own for row in _calm_readings(record)]
        cells = []
        for name, title in TYPE_COLUMNS:
            value = root_mean_square([row[name] for row in calm if name in row])
            worst[title].append(value)
            cells.append(f"{value:.4f}" if "density" in title else f"{value:.2f}")
        red, seen = [], 0
        for record in own:
            last = record["series"][-1]
            value = last["photos"][-1]["look"].get("erythema_change")
            if value is not None:
                red.append(value / (truth * record["red_share"]))
            seen += last["watches"][Sign.REDNESS.value]["state"] == State.SEEN.value
        share = float(np.median(red)) if red else math.nan
        worst["redness read"].append(share)
        lines.append(
            f"| {SKIN_TYPE_NAMES[skin - 1]} | {len(own)} | "
            + " | ".join(cells)
            + f" | {share:.0%} | {seen} of {len(own)} |"
        )
    lines += ["", "| worst over best skin type (asked for: at most 1.5) | |", "|---|--:|"]
    lines += [f"| {name} | {worst_over_best(values)} |" for name, values in worst.items()]
    return "\n".join(lines)


def document(out: Path, target: Path, remark: str = "") -> None:
    """Write the benchmark's document from what a run left in its folder; `remark` goes on top."""
    records = records_of(out / "series.jsonl")
    rows = json.loads((out / "calibration.json").read_text("utf-8"))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    refused = [
        f"{r['preset']} {r['seed']}"
        for r in records
        if r["refused"] or any(p["reason"] for s in r["series"] for p in s["photos"])
    ]
    parts = [
        "# Progress: benchmark",
        (
            f"Made by `python -m benchmarks.progress --out FOLDER`, then `--document`; commit {commit}. "
            "Method: [progress.md](progress.md)."
        ),
        *([remark] if remark else []),
        "## The curve on simulated clients",
        (
            "Clients drawn from the prior itself, and from published ranges (20 to 40 % after the first "
            "session, steps that vary by a quarter, one in five with a shadow of 8 to 25 %). Points have "
            "an error of 3 points. A band should hold the truth as often as it says; wide bands with few "
            "points are meant."
        ),
        calibration_table(rows),
        "## Watches on rendered series",
        (
            "Small series (0.6 MP), three photos. A head is rendered once: its null series, and the same "
            "last photo with a true change. No head counts twice among the null series or for one size "
            f"of a change. Seeds from {FIRST_SEED} on; floors were set on lower seeds. *Found* counts "
            "all series; the smallest size found nine times in ten counts those in which the sign could "
            "be told, and says how many more could not and said so."
        ),
        null_table(records),
        change_table(records),
        "## Colour by skin type",
        (
            "The same heads in six skins; rms over the second and third photo, in which nothing but fade "
            "happened (fade that shows as lightness is in the errors of lightness). In a changed third "
            "photo, haemoglobin density rises by 0.08 in the middle, softly less towards the border: the "
            'true value is the mean over the treated area. "In its own error" divides by the standard '
            "error that the reading states. CIEDE2000 is the colour error as it is seen, of all three "
            "readings together; the same density is fewer L* in dark skin. Light that is added to the "
            "skin is a larger share of what dark skin sends back."
        ),
        type_table(records),
        f"Series with a refused photo: {len(refused)}"
        + (f" ({'; '.join(refused[:12])})" if refused else "")
        + ".",
    ]
    # What `benchmarks.cards` wrote below stays.
    cards = target.read_text("utf-8").partition(CARDS)[1:] if target.exists() else ()
    parts += ["".join(cards).rstrip()] if any(cards) else []
    target.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--null", type=int, default=19, help="heads per kind of scene")
    parser.add_argument(
        "--changes", type=int, default=14, help="series per true change at its middle size"
    )
    parser.add_argument("--types", type=int, default=4, help="heads in six skins each")
    parser.add_argument("--clients", type=int, default=1000, help="clients per row")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--show",
        nargs="+",
        default=(),
        metavar="KIND:SIZE",
        help="these changes (size 0 to 2) on every head, instead of the plan",
    )
    parser.add_argument("--document", action="store_true", help="write the document and stop")
    parser.add_argument("--remark", default="", help="a sentence for the top of the document")
    parser.add_argument("--target", type=Path, default=Path("docs/progress_benchmark.md"))
    given = parser.parse_args(arguments)
    if given.document:
        document(given.out, given.target, given.remark)
        return 0
    given.out.mkdir(parents=True, exist_ok=True)
    done = given.out / "calibration.json"
    if not done.exists():
        done.write_text(json.dumps(calibration(given.clients)), encoding="utf-8")
    lines = given.out / "series.jsonl"
    names = ("preset", "seed", "skin_type")
    known = {tuple(r[n] for n in names) for r in records_of(lines)}
    planned = heads(given.null, given.changes, given.types)
    if given.show:
        pairs = [entry.partition(":") for entry in given.show]
        planned = heads_showing([(kind, int(size)) for kind, _, size in pairs], given.null)
    todo = [h for h in planned if h.key not in known]
    with ProcessPoolExecutor(given.workers) as pool, lines.open("a", encoding="utf-8") as file:
        for future in as_completed([pool.submit(measure, head) for head in todo]):
            file.write(json.dumps(future.result()) + "\n")
            file.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
