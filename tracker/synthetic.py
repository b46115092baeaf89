"""Scalp scenes with known dots, motion, light and fade.

A scene is painted in skin coordinates on a curved head and photographed by a perspective camera;
the truth of every photo is known: where each dot is, what share of its ink is left, and which
pixel shows which skin. Pigment is optical density: a dot's `pigment_od_mm2` is the integral of
``log10(skin / pixel)`` over its area on the skin (`tracker.rendering` has the parts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.camera_processing import decode_jpeg, develop, encode_jpeg, expose
from tracker.rendering.hair import (
    GREY_REFLECTANCE,
    HAIR_REFLECTANCE,
    OPACITY,
    Follicles,
    grow,
    paint_roots,
    paint_stubble,
)
from tracker.rendering.light import diffuse, halfway, relief_shading, shine
from tracker.rendering.pigment import CORE_RGB, HALO_RGB, FadeHistory, Ink, fade_history, tattoo
from tracker.rendering.presets import PRESETS, scene_specs
from tracker.rendering.regions import Regions
from tracker.rendering.scalp import Array, Chart, Head, unit
from tracker.rendering.skin import HAEMOGLOBIN_RGB, MELANIN_RGB, SkinTexture, base_density
from tracker.rendering.spec import PhotoSpec, SeriesSpec
from tracker.rendering.splat import Image, add_blobs
from tracker.rendering.surroundings import paint_surroundings

__all__ = [
    "PRESETS",
    "PhotoSpec",
    "RenderedPhoto",
    "RenderedSeries",
    "SeriesSpec",
    "render_series",
    "scene_specs",
]

GRID_PX = 4
"""Rays are cast at every fourth pixel and interpolated; skin is smooth at that scale."""
LIMB_COSINE = 0.12
"""A dot seen more obliquely than about 83 degrees counts as behind the limb."""
TEXTURE_SIDE_LIMIT_PX = 2800
SHADOW_WIDENING = 3.2
HALO_SHARE = 0.3
STUBBLE_SHADOW_MM = 0.10
STUBBLE_SHADOW = np.float32(0.7)
HALO_WIDENING = 1.9


@dataclass(frozen=True, eq=False)
class RenderedPhoto:
    """One photo and its truth.

    Attributes
    ----------
    srgb : ndarray of uint8, shape (H, W, 3)
    jpeg : bytes or None
        The file that decodes to `srgb`; None where the spec asks for no compression.
    xy_px : ndarray of shape (n, 2)
        Dot centres in this photo; NaN where out of frame or behind the limb.
    retained : ndarray of shape (n,)
        Share of each dot's baseline pigment that is left in the dot (above 1: darker).
    fade : float
        ``1 - sum pigment / sum pigment at baseline`` over all dots; NaN for another person.
    zone_fade : mapping from zone name to fade
    skin_region, treated_region : ndarray of bool, shape (H, W)
        Skin of the head, and the part of it that was treated.
    treated_outline_px : tuple of ndarray (k, 2)
        Closed polygons around the treated area.
    hair_xy_px : ndarray of shape (m, 2)
        Roots of the hairs; NaN where not visible.
    """

    spec: PhotoSpec
    srgb: NDArray[np.uint8]
    jpeg: bytes | None
    xy_px: Array
    retained: Array
    shadow: Array
    fade: float
    zone_fade: Mapping[str, float]
    skin_region: NDArray[np.bool_]
    treated_region: NDArray[np.bool_]
    treated_outline_px: tuple[Array, ...]
    hair_xy_px: Array
    camera: Camera

    def fade_of(self, dots: NDArray[np.bool_], pigment_od_mm2: Array) -> float:
        """True fade of a choice of dots, weighted by their baseline pigment."""
        weight = pigment_od_mm2[dots]
        if not weight.sum() > 0:
            return float("nan")
        return float(1 - (weight * self.retained[dots]).sum() / weight.sum())


@dataclass(frozen=True, eq=False)
class RenderedSeries:
    """The photos of one view, the first of them the baseline."""

    spec: SeriesSpec
    photos: tuple[RenderedPhoto, ...]
    pigment_od_mm2: Array
    """Baseline pigment of every dot on the skin."""
    diameter_mm: Array
    zone: NDArray[np.str_]
    head: Head
    chart: Chart

    @property
    def mm_per_px(self) -> float:
        """Scale at the middle of the baseline photo."""
        camera = self.photos[0].camera
        target = self.head.surface(self.chart.axes[2])
        return float(np.linalg.norm(target - camera.position_mm) / camera.focal_px)

    def map_points(self, photo: int, xy_px: Array) -> Array:
        """Where skin seen at baseline pixels lies in another photo.

        Parameters
        ----------
        photo : int
            Index into `photos`.
        xy_px : ndarray of shape (..., 2)
            Pixels of the baseline photo.

        Returns
        -------
        ndarray of shape (..., 2)
            NaN where the baseline pixel shows no head or the skin is not visible.
        """
        place = np.asarray(xy_px, float)
        point, clearance = self.photos[0].camera.strike(place)
        camera = self.photos[photo].camera
        mapped = camera.project(point)
        seen = camera.sees(point, self.head.normal(point), least_cosine=LIMB_COSINE)
        other = self.photos[photo].spec.other_person
        mapped[(clearance >= 0) | ~seen | other] = np.nan
        return mapped


@dataclass(frozen=True, eq=False)
class _Person:
    """Everything about one head that stays the same between photos."""

    head: Head
    chart: Chart
    regions: Regions
    skin: SkinTexture
    base_density: NDArray[np.float32]
    ink: Ink
    history: FadeHistory
    follicles: Follicles


def _stream(spec: SeriesSpec, *key: int) -> np.random.Generator:
    return np.random.default_rng([spec.seed, *key])


def _visible_half_width_mm(cameras: list[Camera], chart: Chart) -> float:
    """Half width of the chart square that the photos show."""
    widest = 0.0
    for camera in cameras:
        height, width = camera.shape
        y, x = np.meshgrid(
            np.linspace(0, height - 1, 25), np.linspace(0, width - 1, 25), indexing="ij"
        )
        point, clearance = camera.strike(np.stack([x, y], axis=-1))
        uv = chart.uv(camera.head.direction(point))[clearance < 0]
        if len(uv):
            widest = max(widest, float(np.abs(uv).max()))
    return max(widest + 4.0, 10.0)


def _make_person(spec: SeriesSpec) -> tuple[_Person, list[Camera]]:
    chart = Chart.of_view(spec.view)
    head = Head.random(_stream(spec, 1))
    cameras = [Camera.of_photo(head, chart, spec, photo) for photo in spec.photos]
    regions = Regions.random(_stream(spec, 2), chart, spec)
    half_width = _visible_half_width_mm(cameras, chart)
    scale = min(spec.px_per_mm, TEXTURE_SIDE_LIMIT_PX / (2 * half_width))
    skin = SkinTexture.random(_stream(spec, 3), spec, half_width, scale)
    ink_reach = half_width
    if spec.treated == "patch":
        ink_reach = min(half_width, 1.3 * spec.patch_radius_mm + spec.edge_softness_mm)
    ink = tattoo(_stream(spec, 4), head, chart, regions, spec, ink_reach)
    person = _Person(
        head,
        chart,
        regions,
        skin,
        base_density(spec, _stream(spec, 6)),
        ink,
        fade_history(_stream(spec, 5), ink, spec),
        grow(_stream(spec, 7), head, chart, regions, spec, half_width),
    )
    return person, cameras


def render_series(spec: SeriesSpec) -> RenderedSeries:
    """Photograph one scalp as `spec` says. The same spec gives the same pixels."""
    person, cameras = _make_person(spec)
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
    large = cv2.resize(
        grid, (width * GRID_PX, height * GRID_PX), interpolation=cv2.INTER_LINEAR
    )
    return large[GRID_PX : GRID_PX + shape[0], GRID_PX : GRID_PX + shape[1]]


def _look(spec: SeriesSpec, index: int, person: _Person, camera: Camera) -> _View:
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

    def large(grid: Array) -> Image:
        return _enlarge(np.ascontiguousarray(grid, dtype=np.float32), shape)

    surroundings = in_front = None
    if (clearance > -3.0).any():
        skin = (10.0 ** -person.base_density).astype(np.float32)
        behind = np.where(clearance < 0, distance, np.inf)
        # the same wall and shirt hang there on every visit of the same day only
        around, front = paint_surroundings(
            _stream(spec, 20, index), camera, spec.photos[index], skin, camera.rays(xy), behind
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


@dataclass(frozen=True, eq=False)
class _InkLayers:
    """Densities (H, W) in green light; their colours differ."""

    core: Image
    halo: Image
    """Ink deeper or spread: light scattered in the skin makes it bluer."""
    crusts: Image


def _paint_ink(
    spec: SeriesSpec, index: int, person: _Person, camera: Camera, visible: NDArray[np.bool_]
) -> _InkLayers:
    """Density of all ink that is left in this photo."""
    photo = spec.photos[index]
    ink = person.ink[visible]
    retained = person.history.retained[index][visible]
    shadow = person.history.shadow[index][visible]
    layers = _InkLayers(*(np.zeros(camera.shape, np.float32) for _ in range(3)))
    if len(ink) == 0:
        return layers
    tangent = np.stack([np.cos(ink.turn), np.sin(ink.turn)], axis=1)
    first = unit(np.cross(ink.normal, np.array([0.31, 0.52, 0.79])))
    second = np.cross(ink.normal, first)
    long_axis = tangent[:, :1] * first + tangent[:, 1:] * second
    short_axis = np.cross(ink.normal, long_axis)
    jacobian = camera.jacobian(ink.point_mm)
    to_long = np.einsum("nij,nj->ni", jacobian, long_axis)
    to_short = np.einsum("nij,nj->ni", jacobian, short_axis)
    area_px2_per_mm2 = np.abs(np.linalg.det(np.stack([to_long, to_short], axis=-1)))

    def covariance(diameter_mm: Array, aspect: Array) -> Array:
        variance = diameter_mm**2 / (8 * np.log(2))
        long_part = np.einsum("ni,nj->nij", to_long, to_long) * (variance / aspect)[:, None, None]
        short_part = np.einsum("ni,nj->nij", to_short, to_short)
        result: Array = long_part + short_part * (variance * aspect)[:, None, None]
        return result

    xy = camera.project(ink.point_mm)
    total = ink.pigment_od_mm2 * area_px2_per_mm2
    lost = np.clip(1 - retained, 0, 1)
    diameter = ink.diameter_mm * (1 + 0.12 * lost)
    # an uneven drop of ink: a lobe beside the main deposit, their common centre at `xy`
    offset = ink.lobe_mm[:, :1] * to_long + ink.lobe_mm[:, 1:] * to_short
    share = ink.lobe_share
    left = total * retained
    solid = left * (1 - HALO_SHARE)
    main = covariance(diameter * (1 - 0.25 * share), ink.aspect)
    add_blobs(layers.core, xy - share[:, None] * offset, main, ink.flatness, solid * (1 - share))
    with_lobe = share > 0
    add_blobs(
        layers.core,
        (xy + (1 - share)[:, None] * offset)[with_lobe],
        covariance(diameter * 0.7, np.ones(len(ink)))[with_lobe],
        np.ones(with_lobe.sum()),
        (solid * share)[with_lobe],
    )
    round_dot = np.ones(len(ink))
    halo = covariance(diameter * HALO_WIDENING, round_dot)
    add_blobs(layers.halo, xy, halo, round_dot, left * HALO_SHARE)
    if shadow.any():
        wide = covariance(ink.diameter_mm * SHADOW_WIDENING, round_dot)
        add_blobs(layers.halo, xy, wide, round_dot, total * shadow)
    if photo.crust_share > 0:
        rng = _stream(spec, 30, index)
        crusted = rng.random(len(ink)) < photo.crust_share
        size = ink.diameter_mm[crusted] * rng.uniform(1.2, 2.2, crusted.sum())
        wide = covariance(ink.diameter_mm, ink.aspect)[crusted]
        wide *= ((size / ink.diameter_mm[crusted]) ** 2)[:, None, None]
        amount = rng.uniform(0.06, 0.25, crusted.sum()) * size**2 * area_px2_per_mm2[crusted]
        add_blobs(layers.crusts, xy[crusted], wide, np.full(crusted.sum(), 1.5), amount)
    return layers


def _skin_light(person: _Person, photo: PhotoSpec, view: _View, ink: _InkLayers) -> Image:
    """Linear light (H, W, 3) of the head without hair."""
    melanin, blood, neutral, slope_u, slope_v, oil = person.skin.sample(view.uv)
    if photo.redness > 0:
        reach = 1 / (1 + np.exp(-view.treated_mm / 4.0))
        blood = blood * (1 + reach) + np.float32(photo.redness) * reach
    melanin = melanin + ink.crusts
    lit = diffuse(view.normal, photo) * relief_shading(slope_u, slope_v, photo)
    gloss = shine(view.normal, slope_u, slope_v, oil, view.half, photo)
    light = np.empty((*ink.core.shape, 3), np.float32)
    for channel in range(3):
        density = (
            person.base_density[channel]
            + MELANIN_RGB[channel] * melanin
            + HAEMOGLOBIN_RGB[channel] * blood
            + neutral
            + np.float32(CORE_RGB[channel]) * ink.core
            + np.float32(HALO_RGB[channel]) * ink.halo
        )
        light[..., channel] = np.exp(np.float32(-np.log(10)) * density) * lit + 0.35 * gloss
    return light


def _add_hair(
    spec: SeriesSpec, index: int, person: _Person, camera: Camera, light: Image, view: _View
) -> Image:
    photo = spec.photos[index]
    seen = camera.sees(person.follicles.point_mm, person.follicles.normal, least_cosine=-0.05)
    follicles = person.follicles[seen]
    lit = diffuse(view.normal, photo)
    for grey in (False, True):
        group = follicles[follicles.grey == grey]
        if len(group) == 0:
            continue
        cover = np.zeros(camera.shape, np.float32)
        opacity = 0.5 if grey else OPACITY[spec.hair_colour]
        paint_stubble(_stream(spec, 40, index, int(grey)), cover, camera, group, photo, opacity)
        # each hair also shades the skin around its root
        shaded = cv2.GaussianBlur(cover, (0, 0), STUBBLE_SHADOW_MM * spec.px_per_mm)
        light = light * np.exp(-STUBBLE_SHADOW * shaded)[..., None]
        clear = np.exp(-cover)[..., None]
        reflectance = GREY_REFLECTANCE if grey else HAIR_REFLECTANCE[spec.hair_colour]
        light = light * clear + (1 - clear) * lit[..., None] * np.array(reflectance, np.float32)
    return light


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


def _render_photo(
    spec: SeriesSpec, index: int, person: _Person, camera: Camera
) -> RenderedPhoto:
    photo = spec.photos[index]
    ink, follicles = person.ink, person.follicles
    view = _look(spec, index, person, camera)
    visible = camera.sees(ink.point_mm, ink.normal, least_cosine=LIMB_COSINE)
    # dots just outside the frame still reach into it; behind the limb they do not
    paintable = visible | _just_outside(camera, ink)
    ink_layers = _paint_ink(spec, index, person, camera, paintable)
    hair_seen = camera.sees(follicles.point_mm, follicles.normal, least_cosine=LIMB_COSINE)
    rooted = follicles[hair_seen]
    if len(rooted):
        paint_roots(ink_layers.core, camera, rooted)
    light = _skin_light(person, photo, view, ink_layers)
    cover = view.head_cover
    if view.surroundings is not None and view.in_front is not None:
        cover = cover * (1 - view.in_front)
        light = light * cover[..., None] + view.surroundings * (1 - cover[..., None])
    skin_region = (cover > 0.5) & (view.head_cover > 0.5)
    light = _add_hair(spec, index, person, camera, light, view)
    rng = _stream(spec, 50, index)
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
    rendered = RenderedPhoto(
        photo,
        srgb,
        jpeg,
        xy,
        retained,
        person.history.shadow[index],
        float("nan"),
        {},
        skin_region,
        treated,
        _outlines(treated),
        hair_xy,
        camera,
    )
    pigment = ink.pigment_od_mm2
    everything = np.ones(len(ink), bool)
    return replace(
        rendered,
        fade=rendered.fade_of(everything, pigment),
        zone_fade={
            str(zone): rendered.fade_of(ink.zone == zone, pigment) for zone in np.unique(ink.zone)
        },
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
