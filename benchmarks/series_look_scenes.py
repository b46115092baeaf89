"""Scenes for `tracker.measure.series_look` to learn from: series of both renderers, and painted heads.

Nothing here is a photo of a person: the painted heads are rendered bare ones with hair, which stays
in every photo while the dots painted on fade. Sizes, hair, shave and fades vary widely.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.other_scenes import LOOKS, render_other
from benchmarks.painted_scenes import paint_on_photo
from tracker import view_analysis
from tracker.analysis import analyse_series
from tracker.measure import view
from tracker.measure.catalogue import FLAT_SIGMAS, flatten
from tracker.measure.frame import MeasuringFrame
from tracker.measure.photo_pigment import FramePhoto
from tracker.measure.series_look import place_context, place_pictures
from tracker.measure.view import ViewMeasurement
from tracker.series import SeriesPhoto
from tracker.synthetic import render_series, scene_specs

SMALL = "small "
"""Scenes whose dots are 2.4 to 3.6 px wide, as in photos of a whole head."""
PAINTED = "painted"
USUAL_KINDS = (
    *("clinic", "hairy", PAINTED, "phone", "plain hairy", "sparse", "dark", "plain clinic"),
    *("dense", "plain sparse", "wide", "plain phone", "plain deep", "plain dense"),
)
SMALL_KINDS = tuple(
    SMALL + kind
    for kind in (
        *(PAINTED, "hairy", "phone", "plain hairy", "clinic", "dark", "plain clinic", "sparse"),
    )
)
SIDE_PX, SMALL_SIDE_PX = 1000, 800
PER_CLASS = 800
"""At most this many dots, and as many other places, of one scene."""
DOT_FWHM, OTHER_FWHM = 0.4, 0.9
"""A place this near to a true dot is one; one farther than that from all is none."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Places of one scene: what the network sees, whether there is a dot, and their baseline looks."""

    pictures: NDArray[np.float16]
    context: NDArray[np.float32]
    is_dot: NDArray[np.bool_]
    look: NDArray[np.float32]


def examples_of(kind: str, seed: int) -> Examples | None:
    """Examples of one scene; None where the tracker refuses it or its later photos."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, *kind.encode()])
    photos, dots_px = _scene(kind, seed, rng)
    measured = _measured(photos)
    if measured is None:
        return None
    frames, measurement, frame = measured
    # As the network will see them: before its own verdict chose which places are read again.
    first, *later = measurement.first_readings
    assert first is not None
    usable = np.isfinite(first.pigment) & (first.pigment > 2 * first.pigment_sd)
    fwhm_px = 2.355 * measurement.sigma_px / frame.scale
    distance = cKDTree(dots_px).query(frame.to_baseline(measurement.catalogue.xy_px))[0] / fwhm_px
    dot = np.flatnonzero(usable & (distance < DOT_FWHM))
    other = np.flatnonzero(usable & (distance > OTHER_FWHM))
    chosen = np.sort(
        np.concatenate([rng.permutation(dot)[:PER_CLASS], rng.permutation(other)[:PER_CLASS]])
    )
    seen = [
        (photo, pigment)
        for photo, pigment in zip(frames, measurement.first_readings, strict=True)
        if photo is not None and pigment is not None
    ]
    sigma_px, look = measurement.sigma_px, measurement.catalogue.look
    pictures, _ = place_pictures(
        [flatten(p.red * np.float32(1 / p.gain.gain), FLAT_SIGMAS * sigma_px) for p, _ in seen],
        [pigment.places_px[chosen] for _, pigment in seen],
        sigma_px,
    )
    context = place_context(
        first.pigment, usable, [p.pigment for p in later if p is not None], look, sigma_px
    )
    return Examples(
        pictures.astype(np.float16),
        context[chosen],
        distance[chosen] < DOT_FWHM,
        look[chosen].astype(np.float32),
    )


class _EnoughError(Exception):
    """Ends a measurement of which all is known that is asked."""


def _measured(
    photos: Sequence[NDArray[np.uint8]],
) -> tuple[Sequence[FramePhoto | None], ViewMeasurement, MeasuringFrame] | None:
    """A series' frames, measurement and measuring frame, which the results do not carry; without its last readings."""
    kept: dict[str, Any] = {}
    measure, around = view_analysis.measure_view, view_analysis.frame_around

    def measured(frames: Sequence[FramePhoto | None], **given: Any) -> ViewMeasurement:
        kept["frames"], kept["measurement"] = frames, measure(frames, **given)
        raise _EnoughError

    def framed(*given: Any) -> MeasuringFrame:
        kept["frame"] = around(*given)
        return kept["frame"]

    def first_readings(_photos: Any, measured: Any, *_given: Any, **_named: Any) -> list[Any]:
        return list(measured)

    series = [
        SeriesPhoto(f"{k:02d}.jpg", str(k), lambda srgb=srgb: srgb)  # type: ignore[misc]
        for k, srgb in enumerate(photos)
    ]
    with (
        mock.patch.object(view_analysis, "measure_view", measured),
        mock.patch.object(view_analysis, "frame_around", framed),
        # Hair is told from pigment by the first readings: the last ones need not be made.
        mock.patch.object(view, "read_dots_of_series", first_readings),
        suppress(_EnoughError),
    ):
        analyse_series(series, workers=1)
    measurement = kept.get("measurement")
    if measurement is None or sum(p is not None for p in measurement.photos) < 2:
        return None
    return kept["frames"], measurement, kept["frame"]


def _history(rng: np.random.Generator) -> list[float]:
    """Fades of one to four later photos: mostly growing, some none, some darker."""
    n = int(rng.integers(1, 5))
    style = rng.random()
    if style < 0.12:
        return [0.0] * (n + 1)
    if style < 0.18:
        return [0.0, *(float(rng.uniform(-0.25, -0.05)) for _ in range(n))]
    most = rng.uniform(0.15, 0.95)
    return [0.0, *sorted((most * np.sort(rng.random(n)).clip(0.15)).tolist())]


def _scene(
    kind: str, seed: int, rng: np.random.Generator
) -> tuple[Sequence[NDArray[np.uint8]], NDArray[np.float64]]:
    """Photos, and the true places in the first of them."""
    history = _history(rng)
    small, name = kind.startswith(SMALL), kind.removeprefix(SMALL)
    side = SMALL_SIDE_PX if small else SIDE_PX
    if name in LOOKS:
        look = LOOKS[name]
        hairs = look.hairs_per_cm2 * float(np.exp(rng.uniform(-1, 1.2)))
        scale = float(rng.uniform(7, 11)) if small else look.px_per_mm * float(rng.uniform(0.6, 1))
        look = replace(look, hairs_per_cm2=hairs, px_per_mm=scale)
        other = render_other(name, seed, history, side_px=side, look=look)
        return other.photos, shown_places(other.xy_px[0])
    if name == PAINTED:
        return painted_head(seed, history, small, rng)
    spec = scene_specs(name, seed, history)
    scale = float(rng.uniform(0.55, 1)) * spec.px_per_mm if name != "wide" else spec.px_per_mm
    if small:
        scale = float(rng.uniform(2.4, 3.6)) / spec.dot_diameter_mm
    spec = replace(
        spec,
        width_px=side,
        height_px=side,
        px_per_mm=scale,
        hairs_per_cm2=float(rng.uniform(60, 260)),
        hair_share_in_treated=float(rng.choice([spec.hair_share_in_treated, rng.uniform(0, 1)])),
        hair_diameter_mm=float(rng.uniform(0.05, 0.11)),
        edge_softness_mm=float(rng.uniform(0, 6)),
    )
    series = render_series(spec)
    return [photo.srgb for photo in series.photos], shown_places(series.photos[0].xy_px)


def painted_head(
    seed: int, history: Sequence[float], small: bool, rng: np.random.Generator
) -> tuple[Sequence[NDArray[np.uint8]], NDArray[np.float64]]:
    """Dots painted on a rendered bare head with hair."""
    spec = scene_specs(str(rng.choice(["hairy", "phone", "clinic", "dark"])), seed, (0.0,))
    spec = replace(
        spec,
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        px_per_mm=float(rng.uniform(7, 12)),
        treated="none",
        hairs_per_cm2=float(rng.uniform(60, 300)),
        hair_share_in_treated=1.0,
    )
    if small:
        photo = replace(
            spec.photos[0],
            stubble_mm=float(rng.uniform(0.15, 1.2)),
            sharpen=float(rng.uniform(0, 1.2)),
        )
        spec = replace(
            spec,
            hair_diameter_mm=float(rng.uniform(0.05, 0.12)),
            hair_colour="black" if rng.random() < 0.5 else "brown",
            photos=(photo,),
        )
    head = render_series(spec).photos[0].srgb
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    middle = SIDE_PX / 2
    scene = paint_on_photo(
        PAINTED,
        head,
        np.hypot(y - middle, x - middle) < rng.uniform(250, 420),
        seed,
        history,
        px_per_mm=float(rng.uniform(7, 12)),
        dots_per_cm2=float(rng.uniform(50, 140)),
        stubble_per_cm2=float(rng.uniform(0, 80)),
    )
    return scene.photos, shown_places(scene.xy_px[0])


def shown_places(xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those of the true places that a photo shows."""
    return xy_px[np.isfinite(xy_px).all(axis=1)]
