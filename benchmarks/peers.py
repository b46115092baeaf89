"""The tracker against general tools on the same rendered scenes, in one run.

``python -m benchmarks.peers`` finds dots with five detectors, aligns with two methods, and
measures fade by counting. Each peer is given what the tracker has to find out: the true dot
size, the true treated area, and the threshold that serves the peer best on these very scenes.
Needs the dependency group `bench`; a peer that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from benchmarks.document import Table, markdown, number, origin, percent, preamble, show
from benchmarks.measuring import as_photos, dots_of_one_photo
from benchmarks.peer_alignment import ALIGNERS, Pair
from benchmarks.peer_detectors import DETECTORS, Detector, Scene, installed
from benchmarks.scenes import FADING_PRESETS, fading_case, rendered
from benchmarks.scoring import Array, inside, match_dots, merge_unresolved, true_fwhm_px
from tracker.analysis import analyse_series
from tracker.pair import register_pair
from tracker.synthetic import RenderedSeries

LATER = (2, 4)
"""Photos whose fade is told by counting: 59 and 80 % gone."""
PAIRS = (1, 4)
"""Photos aligned with the baseline: little faded, and nearly all."""
GOOD_PX = 0.6
OWN = "smp-tracker"


@dataclass
class Tally:
    """What one tool did on all scenes, a row per scene."""

    seconds: list[float]
    f1: list[float]
    precision: list[float]
    recall: list[float]
    fade_error: list[float]


def _score(found: Array, scene: Scene, series: RenderedSeries) -> tuple[float, float, float]:
    """F1, precision, recall inside the treated area."""
    inner = found[inside(scene.region, found)] if len(found) else found.reshape(0, 2)
    right, _ = match_dots(inner, scene.true_px, series.mm_per_px)
    n_found, n_true = len(inner), len(scene.true_px)
    return (
        2 * len(right) / max(n_found + n_true, 1),
        len(right) / max(n_found, 1),
        len(right) / max(n_true, 1),
    )


def _scene(series: RenderedSeries, photo: int) -> Scene:
    shot = series.photos[photo]
    shown = np.isfinite(shot.xy_px).all(axis=1)
    fwhm_px = true_fwhm_px(series)
    distinct = merge_unresolved(shot.xy_px[shown], series.pigment_od_mm2[shown], fwhm_px)
    return Scene(
        shot.srgb, shot.treated_region, fwhm_px, distinct[inside(shot.treated_region, distinct)]
    )


def _count(found: Array, region: np.ndarray) -> int:
    return int(np.count_nonzero(inside(region, found))) if len(found) else 0


def tally_detector(
    detector: Detector, threshold: float, scenes: Sequence[tuple[RenderedSeries, list[Scene]]]
) -> Tally:
    """Run one detector with one threshold on every scene; the first of a scene is the baseline."""
    tally = Tally([], [], [], [], [])
    for series, (baseline, *later) in scenes:
        started = perf_counter()
        found = detector(baseline, threshold)
        tally.seconds.append(perf_counter() - started)
        f1, precision, recall = _score(found, baseline, series)
        tally.f1.append(f1)
        tally.precision.append(precision)
        tally.recall.append(recall)
        before = _count(found, baseline.region)
        for number_, scene in zip(LATER, later, strict=True):
            now = _count(detector(scene, threshold), scene.region)
            fade = 1 - now / before if before else float("nan")
            tally.fade_error.append(fade - series.photos[number_].fade_shown)
    return tally


def best_tally(
    name: str, scenes: Sequence[tuple[RenderedSeries, list[Scene]]], console: Console
) -> tuple[float, Tally]:
    """The threshold with the best mean F1 over all scenes, and what it gave."""
    detector, thresholds = DETECTORS[name]
    baselines = [(series, shots[0]) for series, shots in scenes]
    means = []
    for threshold in thresholds:
        scores = [_score(detector(shot, threshold), shot, series)[0] for series, shot in baselines]
        means.append(float(np.mean(scores)))
    best = thresholds[int(np.argmax(means))]
    console.print(f"{name}: threshold {best:g}, mean F1 {max(means):.3f}", highlight=False)
    return best, tally_detector(detector, best, scenes)


def own_detector(scene: Scene, _threshold: float) -> Array:
    """Dots of one photo by the tracker, which is told nothing."""
    return dots_of_one_photo(scene.srgb)


def own_series(scenes: Sequence[tuple[RenderedSeries, list[Scene]]]) -> Tally:
    """Dots and fades by the tracker from the whole series; seconds per photo."""
    tally = Tally([], [], [], [], [])
    for series, (baseline, *_) in scenes:
        started = perf_counter()
        analysis = analyse_series(as_photos(series), workers=1)
        tally.seconds.append((perf_counter() - started) / len(series.photos))
        if not analysis.views:
            continue
        view = analysis.views[0]
        f1, precision, recall = _score(view.dots.xy_px, baseline, series)
        tally.f1.append(f1)
        tally.precision.append(precision)
        tally.recall.append(recall)
        for row, truth in zip(view.photos, series.photos, strict=False):
            if int(row.photo[:2]) in LATER and row.whole is not None:
                tally.fade_error.append(row.whole.fade.value - truth.fade_shown)
    return tally


def own_alignment(pair: Pair) -> Callable[[Array], Array] | None:
    registration = register_pair(pair.reference, pair.moving)
    return getattr(registration, "map_points", None)


def alignment_rows(serieses: Sequence[RenderedSeries], console: Console) -> list[dict[str, Any]]:
    """Each method on each pair; a refused or failed pair counts against the method."""
    rows = []
    for name, align in {OWN: own_alignment, **ALIGNERS}.items():
        medians, seconds = [], []
        for series in serieses:
            for number_ in PAIRS:
                places = series.photos[0].xy_px
                places = places[np.isfinite(places).all(axis=1)]
                truth = series.map_points(number_, places)
                seen = np.isfinite(truth).all(axis=1)
                started = perf_counter()
                mapping = align(Pair(series.photos[0].srgb, series.photos[number_].srgb))
                seconds.append(perf_counter() - started)
                if mapping is None:
                    medians.append(np.inf)
                    continue
                error = np.hypot(*(mapping(places[seen]) - truth[seen]).T)
                known = error[np.isfinite(error)]
                medians.append(float(np.median(known)) if len(known) else np.inf)
        console.print(f"{name}: {np.median(medians):.2f} px", highlight=False)
        rows.append(
            {
                "method": name,
                "pairs": len(medians),
                "median_px": float(np.median(medians)),
                "worst_px": float(max(medians)),
                "good": float(np.mean(np.array(medians) <= GOOD_PX)),
                "seconds": float(np.mean(seconds)),
            }
        )
    return rows


def detector_rows(
    scenes: Sequence[tuple[RenderedSeries, list[Scene]]], console: Console
) -> list[dict[str, Any]]:
    found: list[tuple[str, str, Tally]] = [
        (f"{OWN}, whole series", "none", own_series(scenes)),
        (f"{OWN}, one photo", "none", tally_detector(own_detector, 0.0, scenes)),
    ]
    for name in DETECTORS:
        if installed(name):
            threshold, tally = best_tally(name, scenes, console)
            found.append((name, f"{threshold:g}", tally))
    return [
        {
            "method": name,
            "threshold": threshold,
            "f1": float(np.mean(tally.f1)),
            "f1_worst": float(np.min(tally.f1)),
            "precision": float(np.mean(tally.precision)),
            "recall": float(np.mean(tally.recall)),
            "seconds": float(np.mean(tally.seconds)),
            "fade_error": 100 * float(np.nanmean(np.abs(tally.fade_error))),
            "fade_worst": 100 * float(np.nanmax(np.abs(tally.fade_error))),
        }
        for name, threshold, tally in found
    ]


def _ratio(value: float, reference: float) -> str:
    """How many times the reference; more is worse for errors and times."""
    if not (np.isfinite(value) and reference > 0):
        return "–"
    return f"{value / reference:.1f} ×"


def tables(result: dict[str, Any]) -> list[Table]:
    own = result["detectors"][0]
    missed = 1 - own["f1"]
    dots = tuple(
        (
            r["method"],
            number(r["f1"], 3),
            number(r["f1_worst"], 3),
            number(r["precision"], 3),
            number(r["recall"], 3),
            _ratio(1 - r["f1"], missed),
            number(r["seconds"], 2),
            r["threshold"],
        )
        for r in result["detectors"]
    )
    fades = tuple(
        (
            r["method"] if n == 0 else f"counting with {r['method']}",
            number(r["fade_error"]),
            number(r["fade_worst"]),
            _ratio(r["fade_error"], own["fade_error"]),
        )
        for n, r in enumerate(result["detectors"])
    )
    base = result["alignment"][0]
    alignment = tuple(
        (
            r["method"],
            number(r["median_px"], 2),
            number(r["worst_px"], 1) if np.isfinite(r["worst_px"]) else "not aligned",
            percent(r["good"]),
            _ratio(r["median_px"], base["median_px"]),
            number(r["seconds"], 2),
            _ratio(r["seconds"], base["seconds"]),
        )
        for r in result["alignment"]
    )
    n = len(result["scenes"])
    return [
        Table(
            "Dots at the baseline",
            (
                "method", "mean F1", "worst F1", "precision", "recall",
                "1 − F1, ratio", "seconds", "threshold",
            ),
            dots,
            f"{n} scenes: {', '.join(result['scenes'])}. Only places inside the true treated area "
            "count, for all. Every peer is given the true dot width, the picture flattened, and "
            "the one threshold that is best for it on these scenes; the tracker is given nothing.",
        ),
        Table(
            "Fade, from photos 59 and 80 % faded",
            ("method", "mean abs. error, points", "worst", "ratio"),
            fades,
            "Counting finds the dots of the later photo anew, inside the true treated area, and "
            "takes the loss in number for the fade.",
        ),
        Table(
            "Alignment of the baseline with a follow-up",
            (
                "method", "median px", "worst pair", f"pairs ≤ {GOOD_PX} px", "error ratio",
                "seconds", "time ratio",
            ),
            alignment,
            f"{base['pairs']} pairs of {result['megapixels']:.1f} MP. Error of the map at the true "
            "dots: median over pairs of the median over dots. The flow starts from the homography, "
            "at half size; its last row is given the tracker's own preparation of the picture.",
        ),
    ]  # fmt: skip


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--presets", nargs="+", default=list(FADING_PRESETS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--document", type=Path, help="where the Markdown goes")
    parser.add_argument("--date", help="date of the run; else that of the commit")
    arguments = parser.parse_args(given)
    console = Console(width=max(170, Console().width))
    cv2.setNumThreads(1)
    cv2.setRNGSeed(1)
    started = perf_counter()
    missing = [name for name in DETECTORS if not installed(name)]
    for name in missing:
        console.print(f"{name} is not installed: left out (dependency group bench)")
    serieses = [
        rendered(fading_case("fading", preset, arguments.seed).spec) for preset in arguments.presets
    ]
    scenes = [(s, [_scene(s, photo) for photo in (0, *LATER)]) for s in serieses]
    command = f"python -m benchmarks.peers --seed {arguments.seed}"
    if arguments.presets != list(FADING_PRESETS):
        command += " --presets " + " ".join(arguments.presets)
    result: dict[str, Any] = {
        "command": command,
        **origin(arguments.date),
        "scenes": [f"{preset} {arguments.seed}" for preset in arguments.presets],
        "megapixels": serieses[0].photos[0].srgb[..., 0].size / 1e6,
        "left_out": missing,
        "detectors": detector_rows(scenes, console),
        "alignment": alignment_rows(serieses, console),
    }
    result["seconds"] = perf_counter() - started
    made = tables(result)
    for table in made:
        show(table, console)
    arguments.out.mkdir(parents=True, exist_ok=True)
    plain = json.dumps(result, indent=1).replace("Infinity", "null").replace("NaN", "null")
    (arguments.out / "peers.json").write_text(plain + "\n", encoding="utf-8")
    document = arguments.document or arguments.out / "peers.md"
    left_out = f" Not installed and left out: {', '.join(missing)}." if missing else ""
    absent = [preset for preset in FADING_PRESETS if preset not in arguments.presets]
    if absent:
        left_out += (
            f" Conditions left out of this run: {', '.join(absent)}; the tracker's own errors there "
            "are in [benchmark.md](benchmark.md), and the ratios below do not hold for them."
        )
    text = f"# Against peers\n\n{preamble(result)} Every method on one core.{left_out}\n\n"
    text += "\n".join(markdown(table) for table in made)
    document.write_text(text, encoding="utf-8")
    console.print(f"{arguments.out / 'peers.json'} and {document} written", highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
