"""From a person and a camera to a photo and its truth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.camera_processing import decode_jpeg, develop, encode_jpeg, expose
from tracker.rendering.colour_cards import paint_card
from tracker.rendering.hair import (
    GREY_REFLECTANCE,
    HAIR_REFLECTANCE,
    OPACITY,
    paint_roots,
    paint_stubble,
)
from tracker.rendering.ink_layers import InkLayers, paint_ink
from tracker.rendering.light import diffuse, halfway, relief_shading, shine
from tracker.rendering.person import LIMB_COSINE, Person, make_person, stream
from tracker.rendering.pigment import CORE_RGB, HALO_RGB, Ink
from tracker.rendering.scalp import Array, unit
from tracker.rendering.skin import HAEMOGLOBIN_RGB, MELANIN_RGB
from tracker.rendering.spec import PhotoSpec, SeriesSpec
from tracker.rendering.splat import Image
from tracker.rendering.surroundings import paint_surroundings
from tracker.rendering.truth import RenderedPhoto, RenderedSeries, fade_of

GRID_PX = 4
"""Rays are cast at every fourth pixel and interpolated; skin is smooth at that scale."""
STUBBLE_SHADOW_MM = 0.10
STUBBLE_SHADOW = np.float32(0.7)
GREY_OPACITY = 0.5
BLUE_SHIFT_RGB = np.array([0.3, 0.0, -0.3])
"""Colour of ink that turned blue, beside its own."""
LEAST_ZONE_DOTS = 30
"""Fewer dots of a zone in view do not make a zone's fade."""


def render_series(spec: SeriesSpec) -> RenderedSeries:
    """Photograph one scalp as `spec` says. The same spec gives the same pixels."""
    person, cameras = make_person(spec)
    photos = []
    for index, photo in enumerate(spec.photos):
        if photo.other_person:
            photos.append(_render_stranger(spec, index, len(person.ink)))
        else:
            photos.append(_render_photo(spec, index, person, cameras[index]))
    return RenderedSeries(
        spec,
        tuple(photos),
        person.ink.pigment_od_mm2,
        person.ink.diameter_mm,
        person.ink.zone,
        person.head,
        person.chart,
    )


def _render_stranger(spec: SeriesSpec, index: int, n_dots: int) -> RenderedPhoto:
    photo = spec.photos[index]
    own = replace(photo, other_person=False, fade=0.0)
    stranger = render_series(replace(spec, seed=spec.seed + 7919, photos=(own,))).photos[0]
    nothing = np.full(n_dots, np.nan)
    return replace(
        stranger,
        spec=photo,
        xy_px=np.full((n_dots, 2), np.nan),
        retained=nothing,
        shadow=nothing,
        fade=float("nan"),
        fade_shown=float("nan"),
        zone_fade={zone: float("nan") for zone in stranger.zone_fade},
    )


@dataclass(frozen=True, eq=False)
class _View:
    """What each pixel shows, enlarged from the coarse grid of rays."""

    uv: Image
    normal: Image
    half: Image
    """Unit vectors half-way between camera and light, camera axes."""
    head_cover: Image
    treated_mm: Image
    surroundings: Image | None
    in_front: Image | None


def _enlarge(grid: Image, shape: tuple[int, int]) -> Image:
    """Linear interpolation from nodes at pixels GRID_PX (i - 1) + (GRID_PX - 1) / 2."""
    height, width = grid.shape[:2]
    large = cv2.resize(grid, (width * GRID_PX, height * GRID_PX), interpolation=cv2.INTER_LINEAR)
    inner = large[GRID_PX : GRID_PX + shape[0], GRID_PX : GRID_PX + shape[1]]
    return np.asarray(inner, np.float32)


def _look(spec: SeriesSpec, index: int, person: Person, camera: Camera) -> _View:
    height, width = camera.shape
    rows = (np.arange(-1, -(-height // GRID_PX) + 1) + 0.5) * GRID_PX - 0.5
    columns = (np.arange(-1, -(-width // GRID_PX) + 1) + 0.5) * GRID_PX - 0.5
    y, x = np.meshgrid(rows, columns, indexing="ij")
    xy = np.stack([x, y], axis=-1)
    point, clearance = camera.strike(xy)
    direction = person.head.direction(point)
    normal = person.head.normal(point) @ camera.rotation.T
    away = point - camera.position_mm
    distance = np.linalg.norm(away, axis=-1)
    towards = -unit(away @ camera.rotation.T)
    px_per_mm = camera.focal_px / distance
    shape = (height, width)

    def large(grid: Array | Image) -> Image:
        return _enlarge(np.ascontiguousarray(grid, dtype=np.float32), shape)

    surroundings = in_front = None
    if (clearance > -3.0).any():
        skin = (10.0**-person.base_density).astype(np.float32)
        behind = np.where(clearance < 0, distance, np.inf)
        # the same wall and shirt hang there on every visit of the same day only
        around, front = paint_surroundings(
            stream(spec, 20, index), camera, spec.photos[index], skin, camera.rays(xy), behind
        )
        surroundings, in_front = large(around), large(front)
    return _View(
        large(person.chart.uv(direction)),
        large(normal),
        large(halfway(towards, spec.photos[index])),
        np.clip(0.5 - large(clearance * px_per_mm), 0, 1),
        large(person.regions.inside_treated_mm(direction)),
        surroundings,
        in_front,
    )


def _skin_light(person: Person, photo: PhotoSpec, view: _View, ink: InkLayers) -> Image:
    """Linear light (H, W, 3) of the head without hair."""
    melanin, blood, neutral, slope_u, slope_v, oil = person.skin.sample(view.uv)
    if photo.redness > 0:
        reach = 1 / (1 + np.exp(-view.treated_mm / 4.0))
        blood = blood * (1 + reach) + np.float32(photo.redness) * reach
    if photo.melanin_change or photo.sheen or photo.relief_change:
        reach = 1 / (1 + np.exp(-view.treated_mm / 2.0))
        melanin = melanin + np.float32(photo.melanin_change) * reach
        slope_u = slope_u * (1 + np.float32(photo.relief_change) * reach)
        slope_v = slope_v * (1 + np.float32(photo.relief_change) * reach)
        oil = oil + np.float32(photo.sheen) * reach
    melanin = melanin + ink.crusts
    core_rgb = CORE_RGB + photo.ink_blue * BLUE_SHIFT_RGB
    lit = diffuse(view.normal, photo) * relief_shading(slope_u, slope_v, photo)
    gloss = shine(view.normal, slope_u, slope_v, oil, view.half, photo)
    light = np.empty((*ink.core.shape, 3), np.float32)
    for channel in range(3):
        density = (
            person.base_density[channel]
            + MELANIN_RGB[channel] * melanin
            + HAEMOGLOBIN_RGB[channel] * blood
            + neutral
            + np.float32(core_rgb[channel]) * ink.core
            + np.float32(HALO_RGB[channel]) * ink.halo
        )
        light[..., channel] = np.exp(np.float32(-np.log(10)) * density) * lit + 0.35 * gloss
    return light


def _add_hair(
    spec: SeriesSpec, index: int, person: Person, camera: Camera, light: Image, view: _View
) -> Image:
    photo = spec.photos[index]
    seen = camera.sees(person.follicles.point_mm, person.follicles.normal, least_cosine=-0.05)
    follicles = person.follicles[seen & _bears_hair(spec, person, photo)]
    lit = diffuse(view.normal, photo)
    for grey in (False, True):
        group = follicles[follicles.grey == grey]
        if len(group) == 0:
            continue
        cover = np.zeros(camera.shape, np.float32)
        opacity = GREY_OPACITY if grey else OPACITY[spec.hair_colour]
        paint_stubble(stream(spec, 40, index, int(grey)), cover, camera, group, photo, opacity)
        # each hair also shades the skin around its root
        shaded = cv2.GaussianBlur(cover, (0, 0), STUBBLE_SHADOW_MM * spec.px_per_mm)
        light = light * np.exp(-STUBBLE_SHADOW * shaded)[..., None]
        clear = np.exp(-cover)[..., None]
        reflectance = GREY_REFLECTANCE if grey else HAIR_REFLECTANCE[spec.hair_colour]
        light = light * clear + (1 - clear) * lit[..., None] * np.array(reflectance, np.float32)
    return light


def _bears_hair(spec: SeriesSpec, person: Person, photo: PhotoSpec) -> NDArray[np.bool_]:
    """Follicles that have not been lost; the same ones are lost in every photo."""
    follicles = person.follicles
    if photo.hair_loss <= 0 or len(follicles) == 0:
        return np.ones(len(follicles), bool)
    treated = person.regions.inside_treated_mm(follicles.direction) > 0
    kept: NDArray[np.bool_] = ~treated | (
        stream(spec, 60).random(len(follicles)) >= photo.hair_loss
    )
    return kept


def _exposure_gain(light: Image, region: NDArray[np.bool_], photo: PhotoSpec) -> np.float32:
    """Auto-exposure: the median of the skin lands on a usual level, then the hand corrects."""
    shown = light[::7, ::7, 1][region[::7, ::7]]
    level = float(np.median(shown)) if shown.size else 0.3
    darker = level**0.55  # dark skin is photographed darker than fair skin
    return np.float32(0.50 * darker / max(level, 1e-3) * 2.0**photo.exposure_stops)


def _outlines(region: NDArray[np.bool_]) -> tuple[Array, ...]:
    contours, _ = cv2.findContours(
        region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1
    )
    return tuple(
        np.asarray(contour, float).reshape(-1, 2)
        for contour in contours
        if cv2.contourArea(contour) > 100
    )


def _render_photo(spec: SeriesSpec, index: int, person: Person, camera: Camera) -> RenderedPhoto:
    photo = spec.photos[index]
    ink, follicles = person.ink, person.follicles
    view = _look(spec, index, person, camera)
    visible = camera.sees(ink.point_mm, ink.normal, least_cosine=LIMB_COSINE)
    # dots just outside the frame still reach into it; behind the limb they do not
    paintable = visible | _just_outside(camera, ink)
    ink_layers = paint_ink(spec, index, person, camera, paintable)
    hair_seen = camera.sees(follicles.point_mm, follicles.normal, least_cosine=LIMB_COSINE)
    rooted = follicles[hair_seen & _bears_hair(spec, person, photo)]
    if len(rooted):
        paint_roots(ink_layers.core, camera, rooted)
    light = _skin_light(person, photo, view, ink_layers)
    cover = view.head_cover
    if view.surroundings is not None and view.in_front is not None:
        cover = cover * (1 - view.in_front)
        light = light * cover[..., None] + view.surroundings * (1 - cover[..., None])
    skin_region = (cover > 0.5) & (view.head_cover > 0.5)
    light = _add_hair(spec, index, person, camera, light, view)
    if photo.card is not None:
        light = paint_card(light, photo.card, photo, spec.px_per_mm)
    rng = stream(spec, 50, index)
    light = light * _exposure_gain(light, skin_region, photo)
    srgb = develop(expose(light, photo, rng), photo)
    jpeg = encode_jpeg(srgb, photo.jpeg_quality) if photo.jpeg_quality else None
    if jpeg is not None:
        srgb = decode_jpeg(jpeg)
    xy = camera.project(ink.point_mm)
    xy[~visible] = np.nan
    hair_xy = camera.project(follicles.point_mm)
    hair_xy[~hair_seen] = np.nan
    retained = person.history.retained[index]
    treated = (view.treated_mm > 0) & skin_region
    pigment, counted = ink.pigment_od_mm2, person.counted
    return RenderedPhoto(
        photo,
        srgb,
        jpeg,
        xy,
        retained,
        person.history.shadow[index],
        fade_of(pigment, retained, counted),
        fade_of(pigment, retained, counted & visible),
        {
            str(zone): fade_of(pigment, retained, counted & (ink.zone == zone))
            for zone, n in zip(*np.unique(ink.zone[counted], return_counts=True), strict=True)
            if n >= LEAST_ZONE_DOTS
        },
        skin_region,
        treated,
        _outlines(treated),
        hair_xy,
        camera,
    )


def _just_outside(camera: Camera, ink: Ink) -> NDArray[np.bool_]:
    """Dots that face the camera and lie within 40 px around the frame."""
    towards = unit(camera.position_mm - ink.point_mm)
    facing = (towards * ink.normal).sum(-1) > LIMB_COSINE
    x, y = camera.project(ink.point_mm).T
    height, width = camera.shape
    near = (x > -40) & (x < width + 40) & (y > -40) & (y < height + 40)
    result: NDArray[np.bool_] = facing & near
    return result
