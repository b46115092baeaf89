"""Photos for `tracker.measure.crowd_look` to learn from: first photos of both renderers, and painted heads.

Nothing here is a photo of a person. Sizes, hair, shave, lens, sharpening, noise and compression vary widely; some
photos are cut to a small piece, as close-ups are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.other_scenes import LOOKS, render_other
from benchmarks.series_look_scenes import (
    DOT_FWHM,
    OTHER_FWHM,
    PAINTED,
    SIDE_PX,
    SMALL,
    SMALL_SIDE_PX,
    painted_head,
    shown_places,
)
from tracker.measure.crowd_look import crowd_context, pictures_of
from tracker.measure.detection import DetectionSettings, detect_dots, pigment_density
from tracker.measure.luminance import channel_density
from tracker.measure.peaks import FWHM_PER_SIGMA
from tracker.measure.skin import find_skin
from tracker.measure.spot_look import cut_out
from tracker.synthetic import render_series, scene_specs

FULL = " full"
"""Whole photos of a preset, as it is rendered for benchmarks."""
KINDS = (
    *("clinic", "hairy", "phone", "dense", "sparse", "dark", "wide", "macro", PAINTED, *LOOKS),
    *(SMALL + kind for kind in ("clinic", "hairy", "phone", "dark", "sparse", PAINTED)),
    *(SMALL + kind for kind in ("plain clinic", "plain hairy", "plain phone")),
    *("wide" + FULL, "dark" + FULL, "hairy" + FULL),
)
PER_CLASS = 350
"""At most this many dots that stand out, and as many other spots, of one photo; a third of that of faint ones."""
LEAST_SPOTS = 20
FAINT_SNR = 2.2
"""Threshold of the faint spots: a series' catalogue holds such too."""

Photo = NDArray[np.uint8]
Places = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Examples:
    """Spots of one photo: what the network sees, and whether there is a dot."""

    pictures: NDArray[np.float16]
    context: NDArray[np.float32]
    is_dot: NDArray[np.bool_]


def examples_of(kind: str, seed: int) -> Examples | None:
    """Examples of one photo; None where nothing dot-like stands out."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, *kind.encode()])
    srgb, dots_px = _handled(*_cut(*_photo(kind, seed, rng), kind, rng), kind, rng)
    region = find_skin(srgb).region if rng.random() < 0.8 else None
    found = detect_dots(srgb, region)
    if not np.isfinite(found.fwhm_px) or len(found.dots) < LEAST_SPOTS:
        return None
    sigma_px = found.fwhm_px / FWHM_PER_SIGMA
    faint = detect_dots(srgb, region, DetectionSettings(FAINT_SNR, found.fwhm_px)).dots
    added = cKDTree(found.dots.xy_px).query(faint.xy_px)[0] > 0.3 * found.fwhm_px
    xy = np.concatenate([found.dots.xy_px, faint.xy_px[added]])
    fwhm_px = np.concatenate([found.dots.fwhm_px, faint.fwhm_px[added]])
    stands_out = np.arange(len(xy)) < len(found.dots)
    # As a series is read, in red, or as one photo is, in red and green.
    density = channel_density(srgb, 0) if rng.random() < 0.5 else pigment_density(srgb)
    levelled, strength = cut_out(density, xy[:, 0], xy[:, 1], sigma_px)
    pictures = pictures_of(levelled, strength)
    listed = stands_out if rng.random() < 0.5 else np.ones(len(xy), bool)
    context = crowd_context(strength.astype(np.float64), fwhm_px, sigma_px, listed)
    distance = cKDTree(dots_px).query(xy)[0] / found.fwhm_px
    chosen = []
    for of_class in (distance < DOT_FWHM, distance > OTHER_FWHM):
        strong = rng.permutation(np.flatnonzero(of_class & listed & stands_out))[:PER_CLASS]
        weak = rng.permutation(np.flatnonzero(of_class & listed & ~stands_out))[: PER_CLASS // 3]
        chosen += [strong, weak]
    some = np.sort(np.concatenate(chosen))
    return Examples(pictures[some].astype(np.float16), context[some], distance[some] < DOT_FWHM)


def _photo(kind: str, seed: int, rng: np.random.Generator) -> tuple[Photo, Places]:
    """A first photo, and the places of its dots."""
    full, small = kind.endswith(FULL), kind.startswith(SMALL)
    name = kind.removesuffix(FULL).removeprefix(SMALL)
    hairs = float(np.exp(rng.uniform(np.log(1), np.log(40)))) if rng.random() < 0.3 else None
    side = SMALL_SIDE_PX if small else SIDE_PX
    if name == PAINTED:
        photos, dots_px = painted_head(seed, (0.0,), small, rng)
        return photos[0], dots_px
    if name in LOOKS:
        look = LOOKS[name]
        usual = look.hairs_per_cm2 * float(np.exp(rng.uniform(-1, 1.2)))
        scale = float(rng.uniform(7, 11)) if small else look.px_per_mm * float(rng.uniform(0.6, 1))
        look = replace(look, hairs_per_cm2=usual if hairs is None else hairs, px_per_mm=scale)
        scene = render_other(name, seed, (0.0,), side_px=side, look=look)
        return scene.photos[0], shown_places(scene.xy_px[0])
    spec = scene_specs(name, seed, (0.0,))
    if hairs is not None or not full:
        usual = float(rng.uniform(60, 260))
        spec = replace(spec, hairs_per_cm2=usual if hairs is None else hairs)
    if rng.random() < 0.4:
        photo = replace(spec.photos[0], stubble_mm=float(rng.uniform(0.03, 0.35)))
        spec = replace(spec, photos=(photo,))
    if not full:
        scale = spec.px_per_mm * (1.0 if name in ("wide", "macro") else float(rng.uniform(0.55, 1)))
        if small:
            scale = float(rng.uniform(2.4, 3.6)) / spec.dot_diameter_mm
        spec = replace(
            spec,
            width_px=side,
            height_px=side,
            px_per_mm=scale,
            hair_share_in_treated=float(
                rng.choice([spec.hair_share_in_treated, rng.uniform(0, 1)])
            ),
            hair_diameter_mm=float(rng.uniform(0.05, 0.11)),
            edge_softness_mm=float(rng.uniform(0, 6)),
        )
    rendered = render_series(spec).photos[0]
    return rendered.srgb, shown_places(rendered.xy_px)


def _cut(srgb: Photo, dots_px: Places, kind: str, rng: np.random.Generator) -> tuple[Photo, Places]:
    """The photo, or a small piece of it around a dot or around their middle."""
    if kind.endswith(FULL) or rng.random() > 0.3:
        return srgb, dots_px
    side = int(rng.uniform(220, 600))
    middle = dots_px[rng.integers(len(dots_px))]
    if rng.random() < 0.4:
        middle = np.median(dots_px, axis=0)
    height, width = srgb.shape[:2]
    left, top = np.clip(middle - side / 2, 0, [width - side, height - side]).astype(int)
    piece = np.ascontiguousarray(srgb[top : top + side, left : left + side])
    return piece, dots_px - [left, top]


def _handled(
    srgb: Photo, dots_px: Places, kind: str, rng: np.random.Generator
) -> tuple[Photo, Places]:
    """The photo as other hands may leave it: resized, noisy, sharpened or softened, compressed again."""
    if rng.random() < 0.5:
        return srgb, dots_px
    if rng.random() < 0.6:
        fine = kind.startswith((SMALL, "wide"))
        zoom = float(
            rng.uniform(0.85, 1.5) if fine else np.exp(rng.uniform(np.log(0.4), np.log(1.6)))
        )
        larger = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
        way = cv2.INTER_AREA if zoom < 1 else larger
        srgb = np.asarray(cv2.resize(srgb, None, fx=zoom, fy=zoom, interpolation=way), np.uint8)
        dots_px = (dots_px + 0.5) * zoom - 0.5
    picture = srgb.astype(np.float32)
    if rng.random() < 0.5:
        picture += rng.normal(0, rng.uniform(1, 7), picture.shape).astype(np.float32)
    lens = rng.random()
    if lens < 0.3:
        soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.8, 1.6))
        picture += np.float32(rng.uniform(0.2, 1.2)) * (picture - soft)
    elif lens < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2)), np.float32)
    srgb = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))]
        _, file = cv2.imencode(".jpg", srgb[..., ::-1], quality)
        srgb = np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1])
    return srgb, dots_px
