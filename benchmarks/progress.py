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
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.progress_curve import calibration, calibration_table
from tracker.analysis import analyse_series
from tracker.measure.results import Estimate
from tracker.progress.watches import FALSE_ALARMS, Sign, State, watch_view
from tracker.rendering.clients import SKIN_TYPE_NAMES
from tracker.series import SeriesPhoto, ViewAnalysis
from tracker.synthetic import SeriesSpec, render_series, scene_specs

HISTORY = (0.0, 0.30, 0.55)
SIDE_PX, SHRINK = 800, 0.58
FIRST_SEED = 202
"""Floors and thresholds were set on seeds 1 to 5, 101 to 104 and 201 of the same presets."""
ERYTHEMA_OF_BLOOD = 0.9
"""log10(R/G) that one unit of the renderer's haemoglobin density adds."""

REDNESS_ENDS_MM = 4.0
"""The renderer's redness ends over this distance from the treated area's border."""


@dataclass(frozen=True)
class Change:
    """A true change of the last photo: what the renderer is told, and its size in words."""

    sign: Sign
    words: str
    photo: Mapping[str, float]
    presets: tuple[str, ...] = ("clinic", "phone", "dark")


CHANGES: Mapping[str, Change] = {
    "redness": Change(Sign.REDNESS, "haemoglobin density +0.08", {"redness": 0.08}),
    "lighter": Change(Sign.LIGHTER, "melanin density -0.14", {"melanin_change": -0.14}),
    "darker": Change(Sign.DARKER_SKIN, "melanin density +0.14", {"melanin_change": 0.14}),
    "darkening": Change(Sign.DARKENING, "30 % gone, then 0 %", {"fade": 0.0}),
    "rough": Change(Sign.TEXTURE, "relief five times as strong", {"relief_change": 4.0}),
    "sheen": Change(Sign.TEXTURE, "nine times the oil", {"sheen": 8.0}),
    "hair": Change(Sign.HAIR, "80 % of the hairs lost", {"hair_loss": 0.8}, ("hairy",)),
    "spread": Change(Sign.SPREAD, "dots twice as wide", {"ink_spread": 1.0}),
    "blue": Change(Sign.BLUE, "45 % more red, 45 % less blue", {"ink_blue": 1.5}),
}
NULL = "nothing"
NULL_PRESETS = ("clinic", "phone", "dark", "hairy")
TYPES = "by skin type"


@dataclass(frozen=True)
class Job:
    kind: str
    preset: str
    seed: int
    skin_type: int = 0
    """0 keeps the preset's own."""


def small_scene(job: Job) -> SeriesSpec:
    """A small rendered series of a preset, with a job's true change in its last photo."""
    spec = scene_specs(job.preset, job.seed, HISTORY)
    spec = replace(spec, width_px=SIDE_PX, height_px=SIDE_PX, px_per_mm=spec.px_per_mm * SHRINK)
    if job.skin_type:
        spec = replace(spec, skin_type=job.skin_type)
    kind = "redness" if job.kind == TYPES else job.kind
    if kind == NULL:
        return spec
    last = replace(spec.photos[-1], **CHANGES[kind].photo)  # type: ignore[arg-type]
    return replace(spec, photos=(*spec.photos[:-1], last))


def jobs(n_null: int, n_changes: int, n_types: int) -> list[Job]:
    """All series, mixed so that a run stopped early has some of each."""
    found: list[Job] = []
    for k in range(max(n_null, n_changes, n_types)):
        seed = FIRST_SEED + k
        if k < n_null:
            found += [Job(NULL, preset, seed) for preset in NULL_PRESETS]
        if k < n_changes:
            found += [
                Job(kind, change.presets[k % len(change.presets)], seed)
                for kind, change in CHANGES.items()
            ]
        if k < n_types:
            found += [Job(TYPES, "clinic", seed, skin) for skin in range(1, 7)]
    return found


def measure(job: Job) -> dict[str, Any]:
    """Render and measure one series; its watches and readings as plain values."""
    import cv2

    cv2.setNumThreads(1)
    spec = small_scene(job)
    series = render_series(spec)

    def reader(number: int) -> SeriesPhoto:
        return SeriesPhoto(f"{number}.jpg", str(number), lambda: series.photos[number].srgb)

    analysis = analyse_series([reader(k) for k in range(len(series.photos))], workers=1)
    record: dict[str, Any] = asdict(job) | {"skin": spec.skin_type, "views": len(analysis.views)}
    if not analysis.views:
        return record
    (view,) = analysis.views
    record["watches"] = _watches(view)
    # Up to the photo before the change, nothing but fade has happened: a null series too.
    record["before"] = _watches(replace(view, photos=view.photos[:-1]))
    record["red_share"] = _red_share(view, spec.px_per_mm)
    record["photos"] = [
        {
            "true_fade": truth.fade,
            "fade": _plain(row.whole.fade.value if row.whole else math.nan),
            "reason": row.reason,
            "look": {
                key: value
                for name in LOOKS
                for key, value in _reading(name, getattr(row.whole.look, name)).items()
            }
            if row.whole is not None and row.whole.look is not None
            else {},
        }
        for row, truth in zip(view.photos, series.photos, strict=True)
    ]
    return record


LOOKS = (
    "erythema_change",
    "melanin_change",
    "lightness_change",
    "relief_change",
    "gloss_change",
)


def _reading(name: str, value: Estimate) -> dict[str, float | None]:
    sd = (value.high - value.low) / (2 * 1.959964)
    return {name: _plain(value.value), f"{name}_sd": _plain(sd)}


def _red_share(view: ViewAnalysis, px_per_mm: float) -> float:
    """Mean share of the full redness over the treated area: the renderer lets it end softly."""
    import cv2

    mask = np.zeros(view.baseline_shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(p).astype(np.int32) for p in view.treated_outline_px], 1)
    depth_mm = cv2.distanceTransform(mask, cv2.DIST_L2, 5)[mask > 0] / px_per_mm
    return float(np.mean(1 / (1 + np.exp(-depth_mm / REDNESS_ENDS_MM)))) if mask.any() else math.nan


def _watches(view: ViewAnalysis) -> dict[str, Any]:
    return {
        w.sign.value: {"state": w.state.value, "value": _plain(w.value.value)}
        for w in watch_view(view)
    }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


# --- tables ---


def watch_tables(records: Sequence[dict[str, Any]]) -> str:
    """False alarms on null series, and what was found of each true change."""
    null = [(r["preset"], r["watches"]) for r in records if r["kind"] == NULL and "watches" in r]
    null += [(r["preset"], r["before"]) for r in records if r["kind"] != NULL and "before" in r]
    alarms = [
        [sign for sign, w in found.items() if w["state"] == State.SEEN.value] for _, found in null
    ]
    wrong = sum(bool(a) for a in alarms)
    share = f"{wrong / len(null):.1%}" if null else "none measured"
    total = (
        f"Null series: {len(null)}; with any watch raised: {wrong} ({share}; asked for is at most "
        f"{FALSE_ALARMS:.0%})."
    )
    lines = [
        total,
        "",
        "| scenes | null series | with a false alarm | which |",
        "|---|--:|--:|---|",
    ]
    for preset in NULL_PRESETS:
        own = [a for (name, _), a in zip(null, alarms, strict=True) if name == preset]
        names = sorted({name for a in own for name in a})
        lines.append(
            f"| {preset} | {len(own)} | {sum(bool(a) for a in own)} | {', '.join(names) or '-'} |"
        )
    lines += [
        "",
        "| true change | size | series | found | cannot tell | median reading |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for kind, change in CHANGES.items():
        own_records = [r for r in records if r["kind"] == kind and "watches" in r]
        states = [r["watches"][change.sign.value] for r in own_records]
        found = sum(s["state"] == State.SEEN.value for s in states)
        silent = sum(s["state"] == State.CANNOT_TELL.value for s in states)
        values = [s["value"] for s in states if s["value"] is not None]
        middle = f"{np.median(values):+.3f}" if values else "-"
        lines.append(
            f"| {change.sign.value} ({kind}) | {change.words} | {len(states)} | {found} | {silent} "
            f"| {middle} |"
        )
    return "\n".join(lines)


def type_table(records: Sequence[dict[str, Any]]) -> str:
    """Errors by skin type, on the same heads in six skins."""
    by_type: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        if record["kind"] == TYPES and "photos" in record:
            by_type[record["skin"]].append(record)
    truth = CHANGES["redness"].photo["redness"] * ERYTHEMA_OF_BLOOD
    lines = [
        (
            "| skin type | series | fade, mean error | no change: erythema, rms | in its own error "
            "| melanin, rms | in its own error | redness read, of the true | told |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]

    def rms(v: list[float]) -> float:
        return float(np.sqrt(np.mean(np.square(v)))) if v else math.nan

    worst: dict[str, list[float]] = defaultdict(list)
    for skin, own in sorted(by_type.items()):
        fades = [
            abs(p["fade"] - p["true_fade"])
            for r in own
            for p in r["photos"][1:2]
            if p["fade"] is not None
        ]
        calm = [r["photos"][1]["look"] for r in own]
        row: dict[str, float] = {"fade": float(np.mean(fades)) if fades else math.nan}
        for name in ("erythema", "melanin"):
            key = f"{name}_change"
            told = [c for c in calm if c.get(key) is not None]
            row[name] = rms([c[key] for c in told])
            row[f"{name}, in its own error"] = rms([c[key] / c[f"{key}_sd"] for c in told])
        red = [
            r["photos"][2]["look"]["erythema_change"] / (truth * r["red_share"])
            for r in own
            if r["photos"][2]["look"].get("erythema_change") is not None
        ]
        row["redness read"] = float(np.median(red)) if red else math.nan
        seen = sum(r["watches"][Sign.REDNESS.value]["state"] == State.SEEN.value for r in own)
        for name, value in row.items():
            worst[name].append(value)
        lines.append(
            f"| {SKIN_TYPE_NAMES[skin - 1]} | {len(own)} | {100 * row['fade']:.1f} points | "
            f"{row['erythema']:.4f} | {row['erythema, in its own error']:.2f} | "
            f"{row['melanin']:.4f} | {row['melanin, in its own error']:.2f} | "
            f"{row['redness read']:.0%} | {seen} of {len(own)} |"
        )
    lines += ["", "| worst over best skin type (asked for: at most 1.5) | |", "|---|--:|"]
    for name, values in worst.items():
        known = [v for v in values if math.isfinite(v) and v > 0]
        if known:
            lines.append(f"| {name} | {max(known) / min(known):.2f} |")
    return "\n".join(lines)


def document(out: Path, target: Path, remark: str = "") -> None:
    """Write the benchmark's document from what a run left in its folder; `remark` goes on top."""
    records = _records(out / "series.jsonl")
    rows = json.loads((out / "calibration.json").read_text("utf-8"))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    refused = [
        f"{r['preset']} {r['kind']} {r['seed']}"
        for r in records
        if not r["views"] or any(p["reason"] for p in r["photos"])
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
            f"Small series (0.6 MP), seeds from {FIRST_SEED} on; floors were set on seeds 1 to 5, 101 "
            "to 104 and 201, that of width "
            "on 203. The change is in the last photo; the photos before it count as a null series as well."
        ),
        watch_tables(records),
        "## Colour by skin type",
        (
            "The same heads in six skins. The second photo has no change but fade; in the third, "
            "haemoglobin density rises by 0.08 in the middle, softly less towards the border: the true value "
            'is the mean over the treated area. "In its own error" divides by the standard error that the '
            "reading states: light that is added to the skin is a larger share of what dark skin sends back, "
            "so that errors in density grow with darkness and the stated errors must grow along."
        ),
        type_table(records),
        f"Series with a refused photo: {len(refused)}"
        + (f" ({'; '.join(refused[:12])})" if refused else "")
        + ".",
    ]
    target.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _records(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument("--null", type=int, default=20, help="null series per kind of scene")
    parser.add_argument("--changes", type=int, default=10, help="series per true change")
    parser.add_argument("--types", type=int, default=4, help="heads in six skins each")
    parser.add_argument("--clients", type=int, default=1000, help="clients per row")
    parser.add_argument("--workers", type=int, default=1)
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
    names = ("kind", "preset", "seed", "skin_type")
    known = {tuple(r[n] for n in names) for r in _records(lines)}
    todo = [
        job
        for job in jobs(given.null, given.changes, given.types)
        if tuple(getattr(job, n) for n in names) not in known
    ]
    with ProcessPoolExecutor(given.workers) as pool, lines.open("a", encoding="utf-8") as file:
        for future in as_completed([pool.submit(measure, job) for job in todo]):
            file.write(json.dumps(future.result()) + "\n")
            file.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
