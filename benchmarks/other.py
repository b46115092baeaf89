"""The tracker on scenes by another hand: the second renderer, and dots painted on real skin.

``python -m benchmarks.other`` measures series of `benchmarks.other_scenes` with default settings
and prints a table; ``--photos FOLDER`` adds series of dots painted on the photos of that folder
(shaved heads without pigment; they stay where they are). ``--document FILE`` writes it all down.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from benchmarks.document import Table, markdown, number, origin, percent, show
from benchmarks.measuring import dots_of_one_photo
from benchmarks.other_scenes import LOOKS, OtherScene, render_other
from benchmarks.painted_scenes import paint_on_photo
from benchmarks.scenes import HISTORIES
from benchmarks.scoring import f1_score, match_dots, merge_unresolved
from benchmarks.summary import fade_figures
from tracker.analysis import analyse_series
from tracker.measure.skin import find_skin
from tracker.photos import PHOTO_SUFFIXES, load_photo
from tracker.series import SeriesPhoto

PAINTED_SCALE = 0.75
"""Photos are reduced by this before dots of 9 px/mm are painted on."""
RIM_PX = 61
"""Dots keep this far from the border of the skin."""
NULL_LOOKS = ("plain clinic", "plain phone", "plain hairy")
PARTIAL = "part untreated"
PARTIAL_LOOKS = ("plain clinic", "plain phone", "plain hairy")
LEFT_OUT = 0.3
"""Share of the dots that no session reaches in a series of that kind, which else fades as the others do."""

Job = tuple[str, str, int, str]
"""Source ('second renderer' or a photo's path), look or photo name, seed, history."""


def jobs(seeds: Sequence[int], photos: Sequence[Path]) -> list[Job]:
    """Every look fading, some unchanged, darker or treated in part; every photo fading, unchanged and in part."""
    chosen: list[Job] = []
    for seed in seeds:
        chosen += [("", look, seed, "fading") for look in LOOKS]
        chosen += [("", look, seed + 50, "nothing changed") for look in NULL_LOOKS]
        chosen.append(("", "plain clinic", seed + 90, "darker"))
        chosen += [("", look, seed + 130, PARTIAL) for look in PARTIAL_LOOKS]
        for photo in photos:
            chosen.append((str(photo), photo.stem, seed, "fading"))
            chosen.append((str(photo), photo.stem, seed + 50, "nothing changed"))
            chosen.append((str(photo), photo.stem, seed + 130, PARTIAL))
    return chosen


def _painted(
    path: str, name: str, seed: int, history: Sequence[float], left_out: float = 0.0
) -> OtherScene:
    photo = cv2.resize(
        load_photo(Path(path)).srgb,
        None,
        fx=PAINTED_SCALE,
        fy=PAINTED_SCALE,
        interpolation=cv2.INTER_AREA,
    )
    skin = cv2.erode(find_skin(photo).region.astype(np.uint8), np.ones((RIM_PX, RIM_PX))) > 0
    rows, columns = np.nonzero(skin)
    middle_y, middle_x = np.median(rows), np.median(columns)
    reach = 0.33 * min(np.ptp(rows), np.ptp(columns)) + 80
    y, x = np.mgrid[: skin.shape[0], : skin.shape[1]]
    patch = skin & (np.hypot((y - middle_y) / 1.3, x - middle_x) < reach)
    rng = np.random.default_rng(seed)
    return paint_on_photo(
        name,
        np.asarray(photo, np.uint8),
        patch,
        seed,
        history,
        dots_per_cm2=rng.uniform(60, 120),
        stubble_per_cm2=rng.uniform(0, 80),
        left_out=left_out,
    )


def scene_of(job: Job) -> OtherScene:
    source, name, seed, kind = job
    history, left_out = (
        (HISTORIES["fading"], LEFT_OUT) if kind == PARTIAL else (HISTORIES[kind], 0.0)
    )
    if source:
        return _painted(source, name, seed, history, left_out)
    return render_other(name, seed, history, left_out=left_out)


def as_photos(scene: OtherScene) -> list[SeriesPhoto]:
    """The photos of a scene as the tracker takes them; names keep the order."""
    return [
        SeriesPhoto(f"{k:02d}.jpg", str(k), lambda srgb=srgb: srgb)
        for k, srgb in enumerate(scene.photos)
    ]


def bare_photos(folder: Path | None) -> list[Path]:
    """Photos of a folder that show a head without pigment, by their names; none without one."""
    if folder is None:
        return []
    return sorted(
        p for p in folder.iterdir() if p.suffix.lower() in PHOTO_SUFFIXES and "without" in p.stem
    )


def measure(job: Job) -> dict[str, Any]:
    """Errors of one series, in the form that `benchmarks.summary` reads."""
    cv2.setNumThreads(1)
    source, name, _, kind = job
    scene = scene_of(job)
    photos = as_photos(scene)
    analysis = analyse_series(photos, workers=1)
    record: dict[str, Any] = {"group": f"{name if not source else 'painted'}, {kind}", "photos": []}
    rows = {row.photo: row for row in analysis.photos}
    if not analysis.views or analysis.views[0].baseline != "00.jpg":
        return record
    view = analysis.views[0]
    record["dots"] = _dots(view.dots.xy_px, scene)
    record["dots_alone"] = _dots(dots_of_one_photo(scene.photos[0]), scene)
    for k in range(1, len(photos)):
        row, true = rows[f"{k:02d}.jpg"], scene.fade(k)
        photo: dict[str, Any] = {"true_fade": true}
        if row.whole is not None and row.registration is not None:
            fade = row.whole.fade
            photo |= {
                "fade": fade.value,
                "error": fade.value - true,
                "covered": fade.low <= true <= fade.high,
                "width": fade.high - fade.low,
                "detectable": row.whole.detectable,
            }
            shown = np.isfinite(scene.xy_px[0][:, 0]) & np.isfinite(scene.xy_px[k][:, 0])
            mapped = row.registration.map_points(scene.xy_px[0][shown])
            photo["alignment_px"] = float(
                np.nanmedian(np.hypot(*(mapped - scene.xy_px[k][shown]).T))
            )
        record["photos"].append(photo)
    return record


def _dots(found_px: np.ndarray, scene: OtherScene) -> float:
    """F1 of the baseline's dots; pairs that no photo can show as two count once."""
    shown = np.isfinite(scene.xy_px[0][:, 0])
    distinct = merge_unresolved(scene.xy_px[0][shown], scene.pigment[shown], scene.fwhm_px)
    right, _ = match_dots(found_px, distinct, scene.mm_per_px)
    return f1_score(len(right), len(found_px), len(distinct))["f1"]


def table(records: Sequence[dict[str, Any]]) -> Table:
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(record["group"], []).append(record)
    rows = []
    for name, members in groups.items():
        figures = fade_figures(members)
        aligned = [p["alignment_px"] for m in members for p in m["photos"] if "alignment_px" in p]
        f1, alone = ([m[k] for m in members if k in m] for k in ("dots", "dots_alone"))
        rows.append(
            (
                name,
                f"{figures['photos']:.0f}",
                f"{figures['refused']:.0f}",
                number(figures["mean_abs_error"]),
                number(figures["p90_abs_error"]),
                number(figures["bias"]),
                percent(figures["coverage"]),
                number(figures["width"]),
                number(float(np.median(aligned)) if aligned else None, 2),
                number(float(np.mean(f1)) if f1 else None, 2),
                number(float(np.mean(alone)) if alone else None, 2),
            )
        )
    return Table(
        "Scenes by another hand",
        (
            "scenes",
            "photos",
            "refused",
            "mean abs. error",
            "90th pct.",
            "bias",
            "95 % interval holds truth",
            "interval width",
            "alignment median px",
            "dots F1",
            "F1, one photo alone",
        ),
        tuple(rows),
        "Errors and widths in percentage points. 'plain': second renderer, which shares no code "
        "with the one that the engine was built against; 'painted': known dots on photos of real "
        "shaved heads, whose own stubble stays in every photo. One photo alone: what `detect` lists of the first "
        "photo, hair left out.",
    )


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.other", description=__doc__)
    parser.add_argument("--scenes", type=int, default=1, help="scenes per look and photo")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first scene")
    parser.add_argument("--photos", type=Path, help="folder of real photos to paint dots on")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--document", type=Path, help="where the Markdown goes")
    parser.add_argument("--date", help="date of the run; else that of the commit")
    arguments = parser.parse_args(given)
    photos = bare_photos(arguments.photos)
    chosen = jobs(range(arguments.seed, arguments.seed + arguments.scenes), photos)
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        records = list(pool.map(measure, chosen))
    made = table(records)
    console = Console(width=170)
    show(made, console)
    if arguments.document:
        facts = origin(arguments.date)
        painted = " --photos FOLDER" if photos else ""
        command = f"python -m benchmarks.other --scenes {arguments.scenes} --seed {arguments.seed}{painted}"
        arguments.document.write_text(
            f"# Benchmark: scenes by another hand\n\nWritten by `{command}`, commit "
            f"{facts['commit']}, method {facts['method_version']}.\n\n{markdown(made)}",
            encoding="utf-8",
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
