"""Measure one rendered series with the tracker, without any settings, and score it."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.scenes import Case, rendered
from benchmarks.scoring import score_dots, score_photo, true_tone_gain
from tracker import view_analysis
from tracker.analysis import analyse_series
from tracker.measure.detection import detect_dots
from tracker.measure.luminance import SrgbArray
from tracker.measure.photo_kinds import told_apart
from tracker.measure.results import Kind
from tracker.measure.skin import find_skin
from tracker.measure.tone_gain import ToneGain
from tracker.series import SeriesAnalysis, SeriesPhoto
from tracker.synthetic import RenderedSeries


def as_photos(series: RenderedSeries) -> list[SeriesPhoto]:
    """The photos of a series as the tracker takes them; names keep the order."""
    return [
        SeriesPhoto(f"{number:02d}.jpg", str(number), lambda srgb=photo.srgb: srgb)
        for number, photo in enumerate(series.photos)
    ]


def analyse(series: RenderedSeries) -> tuple[SeriesAnalysis, list[ToneGain]]:
    """Measure; also hand back the tone gain of each photo, which the results do not carry."""
    gains: list[ToneGain] = []
    estimate = view_analysis.relative_tone_gain

    def noted(*args: Any, **more: Any) -> ToneGain:
        gains.append(estimate(*args, **more))
        return gains[-1]

    with mock.patch.object(view_analysis, "relative_tone_gain", noted):
        # Cases run side by side; each keeps to one core.
        analysis = analyse_series(as_photos(series), workers=1)
    return analysis, gains


def dots_of_one_photo(srgb: SrgbArray) -> np.ndarray:
    """Places that `detect` takes for dots, or may take for them, in one photo of which no series is known."""
    region = find_skin(srgb).region
    dots = told_apart(detect_dots(srgb, region if region.any() else None), srgb).dots
    return dots.xy_px[dots.kind != Kind.HAIR]


def measure_case(case: Case) -> dict[str, Any]:
    """Record of one case: what was measured, and how far it is from the truth."""
    started = time.perf_counter()
    series = rendered(case.spec)
    drawn = time.perf_counter()
    analysis, gains = analyse(series)
    seconds = time.perf_counter() - drawn
    record: dict[str, Any] = {
        "name": case.name,
        "kind": case.kind,
        "preset": case.preset,
        "seed": case.seed,
        "render_seconds": drawn - started,
        "seconds_per_photo": seconds / len(series.photos),
        "megapixels": case.spec.width_px * case.spec.height_px / 1e6,
        "baseline": "",
        "photos": [],
    }
    rows = {row.photo: row for row in analysis.photos}
    if not analysis.views:
        record["baseline"] = rows["00.jpg"].reason
        return record
    view = analysis.views[0]
    if view.baseline != "00.jpg":
        record["baseline"] = f"{view.baseline} was taken instead: {rows['00.jpg'].reason}"
        return record
    record["dots"] = score_dots(view.dots.xy_px, series)
    record["dots_alone"] = score_dots(dots_of_one_photo(series.photos[0].srgb), series)
    for number in range(1, len(series.photos)):
        record["photos"].append(score_photo(view, rows[f"{number:02d}.jpg"], series, number))
    usable = [photo for photo in record["photos"] if photo["status"] == "measured"]
    if case.kind != "refusal" and len(gains) == len(usable):
        for photo, gain in zip(usable, gains, strict=True):
            true = true_tone_gain(series, photo["photo"])
            photo["tone"] = {"gain": gain.gain, "log_sd": gain.log_sd, "true": true}
            photo["tone"]["log_error"] = float(np.log(gain.gain / true))
    return record
