"""A perspective camera looking at a head: skin to pixel and pixel to skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.scalp import Array, Chart, Head, unit
from tracker.rendering.spec import PhotoSpec, SeriesSpec

NEWTON_STEPS = 8
CLOSE_ENOUGH_MM = 1e-5
SWELLING = 1.12
"""An ellipsoid of the head's half axes times this holds the head and its bumps."""
NOMINAL_DISTANCE_MM = 450.0
"""At this distance a photo of zoom 1 has the series' px per mm."""


def _rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Array:
    yaw, pitch, roll = np.deg2rad([yaw_deg, pitch_deg, roll_deg])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    rotation: Array = about_z @ about_y @ about_x
    return rotation


@dataclass(frozen=True, eq=False)
class Camera:
    """Pose and optics of one photo. Camera axes: x right, y down, z away from the camera."""

    head: Head
    chart: Chart
    rotation: Array
    """Rows: camera axes in head coordinates."""
    position_mm: Array
    """Optical centre in head coordinates."""
    focal_px: float
    centre_px: tuple[float, float]
    radial_distortion: float
    shape: tuple[int, int]

    @classmethod
    def of_photo(cls, head: Head, chart: Chart, spec: SeriesSpec, photo: PhotoSpec) -> Camera:
        base = chart.axes * np.array([[1.0], [1.0], [-1.0]])
        rotation = _rotation(photo.yaw_deg, photo.pitch_deg, photo.roll_deg) @ base
        target = head.surface(chart.axes[2])
        position = target - photo.distance_mm * rotation[2]
        centre = (
            (spec.width_px - 1) / 2 + photo.shift_px[0],
            (spec.height_px - 1) / 2 + photo.shift_px[1],
        )
        return cls(
            head,
            chart,
            rotation,
            position,
            spec.px_per_mm * NOMINAL_DISTANCE_MM * photo.zoom,
            centre,
            photo.radial_distortion,
            (spec.height_px, spec.width_px),
        )

    def project(self, point_mm: Array) -> Array:
        """Pixels (..., 2) of points in head coordinates (visibility not judged)."""
        seen = (point_mm - self.position_mm) @ self.rotation.T
        plane = seen[..., :2] / seen[..., 2:]
        radius2 = (plane**2).sum(-1, keepdims=True)
        pixels: Array = (
            plane * (1 + self.radial_distortion * radius2) * self.focal_px + self.centre_px
        )
        return pixels

    def jacobian(self, point_mm: Array) -> Array:
        """Derivative (..., 2, 3) of the pixel by the point, px per mm."""
        step = 0.01
        columns = [
            (self.project(point_mm + step * axis) - self.project(point_mm - step * axis))
            / (2 * step)
            for axis in np.eye(3)
        ]
        return np.stack(columns, axis=-1)

    def rays(self, xy_px: Array) -> Array:
        """Unit viewing directions (..., 3) in head coordinates through pixels."""
        distorted = (xy_px - self.centre_px) / self.focal_px
        plane = distorted
        for _ in range(4):
            radius2 = (plane**2).sum(-1, keepdims=True)
            plane = distorted / (1 + self.radial_distortion * radius2)
        seen = np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1)
        return unit(seen @ self.rotation)

    def strike(self, xy_px: Array) -> tuple[Array, Array]:
        """Where the rays through pixels strike the head.

        Parameters
        ----------
        xy_px : ndarray of shape (..., 2)

        Returns
        -------
        point_mm : ndarray of shape (..., 3)
            First point on the surface; for a ray that misses, its point nearest to the head.
        clearance_mm : ndarray of shape (...)
            Negative depth of the ray below the surface; positive where it misses the head.
        """
        rays = self.rays(xy_px)
        origin = self.position_mm
        largest = self.head.largest_half_axes_mm
        scaled_ray, scaled_origin = rays / largest, origin / largest
        nearest = -(scaled_ray @ scaled_origin) / (scaled_ray**2).sum(-1)

        def at(along: Array) -> Array:
            return origin + along[..., None] * rays

        # Near the limb the height along a ray is a parabola around its lowest place; deep inside
        # it has a kink at the head's centre, and the ellipsoid's own nearest place serves.
        lowest = self.head.height(at(nearest))
        limb = lowest > -40.0
        ray, along_limb = rays[limb], nearest[limb]
        for step in (10.0, 5.0, 2.5, 2.0):
            before, here, after = (
                self.head.height(origin + (along_limb + shift)[..., None] * ray)
                for shift in (-step, 0.0, step)
            )
            bend = np.maximum((before - 2 * here + after) / step**2, 1e-4)
            along_limb = along_limb + np.clip((before - after) / (2 * step * bend), -30, 30)
        nearest[limb] = along_limb
        lowest[limb] = self.head.height(origin + along_limb[..., None] * ray)
        # Start on a swollen ellipsoid: from outside, Newton on a convex height cannot overshoot.
        swollen = SWELLING**2 - ((at(nearest) / largest) ** 2).sum(-1)
        along = nearest - np.sqrt(np.maximum(swollen / (scaled_ray**2).sum(-1), 0.0))
        for _ in range(NEWTON_STEPS):
            height, gradient = self.head.height_and_gradient(at(along))
            slope = np.minimum((gradient * rays).sum(-1), -1e-3)
            step_mm = np.clip(height / slope, -20, 20)
            along = np.minimum(along - step_mm, nearest)
            if np.abs(height[lowest < 0]).max(initial=0.0) < CLOSE_ENOUGH_MM:
                break
        return at(np.where(lowest < 0, along, nearest)), lowest

    def sees(
        self, point_mm: Array, normal: Array, *, least_cosine: float = 0.0
    ) -> NDArray[np.bool_]:
        """True where a surface point faces the camera and lies inside the frame."""
        towards = unit(self.position_mm - point_mm)
        facing = (towards * normal).sum(-1) > least_cosine
        x, y = np.moveaxis(self.project(point_mm), -1, 0)
        height, width = self.shape
        inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
        seen: NDArray[np.bool_] = facing & inside
        return seen
