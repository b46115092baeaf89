"""Hair: follicles that stay, stubble that differs after every shave."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.pigment import scatter
from tracker.rendering.regions import Regions
from tracker.rendering.scalp import Array, Chart, Head, unit
from tracker.rendering.spec import PhotoSpec, SeriesSpec
from tracker.rendering.splat import Image, add_blobs, add_strokes

HAIR_REFLECTANCE = {
    "black": (0.012, 0.010, 0.009),
    "brown": (0.045, 0.028, 0.018),
    "fair": (0.20, 0.13, 0.07),
}
GREY_REFLECTANCE = (0.42, 0.41, 0.39)
OPACITY = {"black": 0.95, "brown": 0.85, "fair": 0.55}


@dataclass(frozen=True, eq=False)
class Follicles:
    """Where hair leaves the skin: equal-length columns, head coordinates."""

    direction: Array
    point_mm: Array
    normal: Array
    growth: Array
    """Unit tangent the hair leans to."""
    lean_deg: Array
    """Angle above the skin."""
    diameter_mm: Array
    vigour: Array
    """Length relative to the average."""
    grey: NDArray[np.bool_]
    root_density: Array
    """Peak density of the shaved follicle seen through the skin."""

    def __len__(self) -> int:
        return len(self.vigour)

    def __getitem__(self, which: NDArray[np.bool_]) -> Follicles:
        return Follicles(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def grow(
    rng: np.random.Generator,
    head: Head,
    chart: Chart,
    regions: Regions,
    spec: SeriesSpec,
    half_width_mm: float,
) -> Follicles:
    """Follicular units of one to three hairs over the hair-bearing scalp."""
    units = scatter(rng, half_width_mm, spec.hairs_per_cm2 / 1.7, 0.55)
    direction = chart.direction(units)
    share = regions.hair_bearing(direction)
    bald = regions.bald(direction)
    if spec.treated == "patch":
        patch = 1 / (1 + np.exp(-regions.inside_treated_mm(direction) / 4.0))
        bald = np.maximum(bald, patch)
    thinned = 1 - bald * (1 - spec.hair_share_in_treated)
    kept = rng.random(len(units)) < share * thinned
    units, bald = units[kept], bald[kept]
    per_unit = rng.choice([1, 2, 3], len(units), p=[0.45, 0.40, 0.15])
    index = np.repeat(np.arange(len(units)), per_unit)
    uv = units[index] + rng.normal(0, 0.06, (len(index), 2))
    n = len(uv)
    direction = chart.direction(uv)
    point = head.surface(direction)
    normal = head.normal(point)
    whorl = unit(np.array([0.15, 0.85, -0.55]))
    away = direction - whorl
    flow = away + 0.5 * np.cross(direction, away) + 0.12 * rng.normal(size=(n, 3))
    flow += 0.15 * rng.normal(size=(len(units), 3))[index]
    growth = unit(flow - (flow * normal).sum(-1, keepdims=True) * normal)
    miniature = 1 - 0.5 * bald[index] * rng.random(n)
    grey = rng.random(n) < spec.grey_share
    return Follicles(
        direction,
        point,
        normal,
        growth,
        rng.normal(38, 9, n).clip(12, 75),
        spec.hair_diameter_mm * miniature * np.exp(rng.normal(0, 0.15, n)),
        np.exp(rng.normal(0, 0.25, n)) * miniature,
        grey,
        np.where(grey, 0.02, 0.30) * np.exp(rng.normal(0, 0.4, n)) * miniature,
    )


def paint_roots(canvas: Image, camera: Camera, follicles: Follicles) -> None:
    """Add the density of shaved follicles: small soft dots that stay where they are."""
    jacobian = camera.jacobian(follicles.point_mm)
    tangent = np.eye(3) - follicles.normal[:, :, None] * follicles.normal[:, None, :]
    flat = jacobian @ tangent
    sigma = 1.9 * follicles.diameter_mm / 2
    covariance = flat @ np.swapaxes(flat, 1, 2) * (sigma**2)[:, None, None]
    area = 2 * np.pi * np.sqrt(np.maximum(np.linalg.det(covariance), 0))
    add_blobs(
        canvas,
        camera.project(follicles.point_mm),
        covariance,
        np.full(len(follicles), 1.2),
        follicles.root_density * area,
    )


def paint_stubble(
    rng: np.random.Generator,
    cover: Image,
    camera: Camera,
    follicles: Follicles,
    photo: PhotoSpec,
    opacity: float,
) -> None:
    """Add ``-log(1 - cover)`` of this shave's stubble to `cover`."""
    n = len(follicles)
    length = photo.stubble_mm * follicles.vigour * rng.uniform(0.75, 1.25, n)
    lean = np.deg2rad(follicles.lean_deg + rng.normal(0, 8, n) + rng.normal(0, 5))
    sway = 0.14 * rng.normal(size=(n, 3)) + 0.15 * rng.normal(size=3)
    growth = unit(follicles.growth + sway)
    lift = np.cos(lean)[:, None] * growth + np.sin(lean)[:, None] * follicles.normal
    tip = follicles.point_mm + length[:, None] * lift
    start, end = camera.project(follicles.point_mm), camera.project(tip)
    scale = camera.focal_px / np.linalg.norm(follicles.point_mm - camera.position_mm, axis=1)
    add_strokes(cover, start, end, follicles.diameter_mm * scale, np.full(n, opacity))
