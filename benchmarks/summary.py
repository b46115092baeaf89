"""From records of single photos to the figures that are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.scenes import FADING_PRESETS, REFUSALS

Record = dict[str, Any]
NAN = float("nan")


def _mean(values: Iterable[float]) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.mean(known)) if known else NAN


def _quantile(values: Iterable[float], share: float) -> float:
    known = [v for v in values if np.isfinite(v)]
    return float(np.quantile(known, share)) if known else NAN


def measured(records: Iterable[Record]) -> list[Record]:
    """Photos with a fade."""
    photos = [photo for record in records for photo in record["photos"]]
    return [photo for photo in photos if np.isfinite(photo.get("fade", NAN))]


def fade_figures(records: Sequence[Record]) -> dict[str, float]:
    """Fade error in points, and whether intervals are honest."""
    photos = measured(records)
    errors = [100 * photo["error"] for photo in photos]
    sizes = [abs(error) for error in errors]
    n_asked = sum(len(record["photos"]) or 1 for record in records)
    return {
        "series": len(records),
        "photos": len(photos),
        "refused": n_asked - len(photos),
        "mean_abs_error": _mean(sizes),
        "p90_abs_error": _quantile(sizes, 0.9),
        "worst_error": max(sizes, default=NAN),
        "bias": _mean(errors),
        "coverage": _mean([float(photo["covered"]) for photo in photos]),
        "width": _mean([100 * photo["width"] for photo in photos]),
        "detectable": _mean([100 * photo["detectable"] for photo in photos]),
    }


def dot_figures(records: Sequence[Record]) -> dict[str, float]:
    """Alignment, dots at the baseline, and their fates in the last photo."""
    aligned = [p["alignment"] for p in measured(records) if "median_px" in p["alignment"]]
    dots = [record["dots"] for record in records if "dots" in record]
    last = [p["fates"] for p in measured(records) if p["true_fade"] > 0.75]
    tone = [p["tone"] for p in measured(records) if "tone" in p]
    stated = [a["stated_px"] / a["median_px"] for a in aligned]
    return {
        "alignment_median_px": _quantile([a["median_px"] for a in aligned], 0.5),
        "alignment_worst_median_px": max((a["median_px"] for a in aligned), default=NAN),
        "alignment_p95_px": _quantile([a["p95_px"] for a in aligned], 0.5),
        "stated_over_true": _quantile(stated, 0.5),
        "stated_too_low": _mean([float(ratio < 0.7) for ratio in stated]),
        "precision": _mean([d["precision"] for d in dots]),
        "recall": _mean([d["recall"] for d in dots]),
        "f1": _mean([d["f1"] for d in dots]),
        "f1_alone": _mean([r["dots_alone"]["f1"] for r in records if "dots_alone" in r]),
        "f1_worst": min((d["f1"] for d in dots), default=NAN),
        "f1_unmerged": _mean([d["f1_unmerged"] for d in dots]),
        "f1_gone": _mean([f["f1_gone"] for f in last]),
        "f1_present": _mean([f["f1_present"] for f in last]),
        "tone_error": 100 * _mean([abs(t["log_error"]) for t in tone]),
        "tone_stated": 100 * _mean([t["log_sd"] for t in tone]),
    }


def groups(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """Records by conditions, in the order they are shown."""
    found: list[tuple[str, list[Record]]] = []
    kinds: list[tuple[str, Callable[[Record], bool]]] = [
        (preset, lambda r, preset=preset: r["kind"] == "fading" and r["preset"] == preset)
        for preset in FADING_PRESETS
    ]
    kinds += [
        (
            "clinic conditions",
            lambda r: r["kind"] == "fading" and r["preset"] not in ("phone", "wide"),
        ),
        ("all fading", lambda r: r["kind"] == "fading"),
        ("nothing changed", lambda r: r["kind"] == "nothing changed"),
        ("darker", lambda r: r["kind"] == "darker"),
        ("reddened skin", lambda r: r["kind"] == "reddened"),
        ("part untreated", lambda r: r["kind"] == "part untreated"),
    ]
    for name, belongs in kinds:
        members = [record for record in records if belongs(record)]
        if members:
            found.append((name, members))
    return found


def refusals(records: Sequence[Record]) -> list[dict[str, Any]]:
    """For each sort of photo that must be refused: how often it was, and what was said if not."""
    rows = []
    cases = [record for record in records if record["kind"] == "refusal" and record["photos"]]
    for number, sort in enumerate(REFUSALS):
        photos = [record["photos"][number] for record in cases]
        accepted = [
            f"{record['name']}: fade {100 * photo['fade']:.0f} % (true "
            f"{100 * photo['true_fade']:.0f} %)"
            for record, photo in zip(cases, photos, strict=True)
            if photo["status"] != "refused"
        ]
        rows.append(
            {
                "sort": sort,
                "photos": len(photos),
                "refused": len(photos) - len(accepted),
                "accepted": accepted,
            }
        )
    return rows


def worst_photos(records: Sequence[Record], n: int = 8) -> list[dict[str, Any]]:
    """Photos with the largest fade errors: where to look first."""
    listed = [
        {
            "series": record["name"],
            "photo": photo["photo"],
            "true": 100 * photo["true_fade"],
            "fade": 100 * photo["fade"],
            "low": 100 * photo["low"],
            "high": 100 * photo["high"],
            "tone_error": 100 * photo["tone"]["log_error"] if "tone" in photo else NAN,
            "f1": record["dots"]["f1"],
        }
        for record in records
        for photo in measured([record])
    ]
    return sorted(listed, key=lambda row: -abs(row["fade"] - row["true"]))[:n]


def unmeasured(records: Sequence[Record]) -> list[str]:
    """Series and photos that should have been measured but were refused, with the reason."""
    lines = []
    for record in records:
        if record["baseline"]:
            lines.append(f"{record['name']}: baseline: {record['baseline']}")
        if record["kind"] == "refusal":
            continue
        lines += [
            f"{record['name']}, photo {photo['photo']}: {photo['reason']}"
            for photo in record["photos"]
            if photo["status"] == "refused"
        ]
    return lines
