"""The shape of a head and the chart that skin is painted on.

Head coordinates, mm: x to the person's left, y up, z forward. The surface is star-shaped: in the
direction ``d`` it lies at ``A d / |d|_p * (1 + bumps(d))`` - a superellipsoid with low bumps.
The chart of a view is the azimuthal-equidistant map of directions around the view's axis, so
``u, v`` run right and down in the photo and are about millimetres of skin near the centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CHART_RADIUS_MM = 88.0
FACE_STRETCH = 1.6
"""The lower half of the head over the upper one, in height."""
VIEW_AXES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    # towards the camera, up in the photo
    "front": ((0.0, 0.77, 0.64), (0.0, 1.0, 0.0)),
    "top": ((0.0, 1.0, 0.12), (0.0, 0.0, -1.0)),
    "crown": ((0.0, 0.80, -0.60), (0.0, 1.0, 0.0)),
    "left": ((0.86, 0.50, 0.12), (0.0, 1.0, 0.0)),
    "right": ((-0.86, 0.50, 0.12), (0.0, 1.0, 0.0)),
    "back": ((0.0, 0.25, -0.97), (0.0, 1.0, 0.0)),
    "close-up": ((0.12, 0.90, 0.42), (0.0, 0.0, -1.0)),
}


def unit(vector: Array) -> Array:
    length = np.sqrt(np.einsum("...i,...i->...", vector, vector))
    result: Array = vector / np.maximum(length, 1e-12)[..., None]
    return result


@dataclass(frozen=True, eq=False)
class Head:
    """A head's surface.

    Attributes
    ----------
    half_axes_mm : ndarray of shape (3,)
    squareness : float
        Exponent p of the norm; 2 is an ellipsoid.
    bump_waves : ndarray of shape (k, 3), bump_phases, bump_heights : ndarray of shape (k,)
        Low cosine waves over directions, heights relative to the radius.
    """

    half_axes_mm: Array
    squareness: float
    bump_waves: Array
    bump_phases: Array
    bump_heights: Array

    @classmethod
    def random(cls, rng: np.random.Generator) -> Head:
        axes = np.array([77.0, 96.0, 97.0]) * rng.uniform(0.95, 1.05, 3)
        waves = unit(rng.normal(size=(5, 3))) * rng.uniform(2.5, 9.0, (5, 1))
        heights = rng.uniform(0.4, 1.0, 5) * 0.042 / np.linalg.norm(waves, axis=1)
        return cls(axes, rng.uniform(2.1, 2.35), waves, rng.uniform(0, 2 * np.pi, 5), heights)

    @property
    def largest_half_axes_mm(self) -> Array:
        """Half axes of an ellipsoid that holds both halves of the head (without bumps)."""
        largest: Array = self.half_axes_mm * np.array([1.0, FACE_STRETCH, 1.0])
        return largest

    def _bumps(self, direction: Array) -> Array:
        waves = np.cos(direction @ self.bump_waves.T + self.bump_phases)
        bumps: Array = waves @ self.bump_heights
        return bumps

    def _axes(self, upwards: Array) -> Array:
        """Half axes (..., 3) above or below the widest level; face and nape reach far down."""
        axes: Array = np.where(upwards[..., None] < 0, self.largest_half_axes_mm, self.half_axes_mm)
        return axes

    def surface(self, direction: Array) -> Array:
        """Points (..., 3) in mm where the unit `direction` (..., 3) leaves the head."""
        norm = (np.abs(direction) ** self.squareness).sum(-1) ** (1 / self.squareness)
        radius = (1 + self._bumps(direction)) / norm
        points: Array = self._axes(direction[..., 1]) * direction * radius[..., None]
        return points

    def direction(self, point_mm: Array) -> Array:
        """Unit directions (..., 3) that belong to points (on or near the surface)."""
        return unit(point_mm / self._axes(point_mm[..., 1]))

    def height(self, point_mm: Array) -> Array:
        """About the distance above the surface in mm; negative inside."""
        scaled = point_mm / self._axes(point_mm[..., 1])
        p_norm = (np.abs(scaled) ** self.squareness).sum(-1) ** (1 / self.squareness)
        height: Array = (p_norm - 1 - self._bumps(unit(scaled))) * CHART_RADIUS_MM
        return height

    def height_and_gradient(self, point_mm: Array) -> tuple[Array, Array]:
        """`height` (...) and its derivative (..., 3) by the point, exactly."""
        axes = self._axes(point_mm[..., 1])
        scaled = point_mm / axes
        steep = np.abs(scaled) ** (self.squareness - 1)
        p_norm = (steep * np.abs(scaled)).sum(-1) ** (1 / self.squareness)
        length = np.sqrt((scaled**2).sum(-1))
        direction = scaled / length[..., None]
        phase = direction @ self.bump_waves.T + self.bump_phases
        height: Array = (p_norm - 1 - np.cos(phase) @ self.bump_heights) * CHART_RADIUS_MM
        slope = steep * np.sign(scaled) / p_norm[..., None] ** (self.squareness - 1)
        along_waves = np.sin(phase) @ (self.bump_heights[:, None] * self.bump_waves)
        radial = (along_waves * direction).sum(-1, keepdims=True)
        slope += (along_waves - radial * direction) / length[..., None]
        gradient: Array = slope * (CHART_RADIUS_MM / axes)
        return height, gradient

    def normal(self, point_mm: Array) -> Array:
        """Outward unit normals (..., 3) at surface points."""
        return unit(self.height_and_gradient(point_mm)[1])


@dataclass(frozen=True, eq=False)
class Chart:
    """Maps chart coordinates (u, v) in mm to directions and back.

    `axes` has the rows right, down and towards the camera, in head coordinates.
    """

    axes: Array

    @classmethod
    def of_view(cls, view: str) -> Chart:
        if view not in VIEW_AXES:
            raise ValueError(f"view must be one of {', '.join(VIEW_AXES)}; got {view!r}")
        towards, up = (np.array(vector) for vector in VIEW_AXES[view])
        towards = unit(towards)
        down = -unit(up - (up @ towards) * towards)
        return cls(np.stack([np.cross(down, -towards), down, towards]))

    def direction(self, uv_mm: Array) -> Array:
        radius = np.hypot(uv_mm[..., 0], uv_mm[..., 1])
        angle = radius / CHART_RADIUS_MM
        sideways = np.sinc(angle / np.pi) / CHART_RADIUS_MM
        local = np.stack(
            [uv_mm[..., 0] * sideways, uv_mm[..., 1] * sideways, np.cos(angle)], axis=-1
        )
        direction: Array = local @ self.axes
        return direction

    def uv(self, direction: Array) -> Array:
        local = direction @ self.axes.T
        sine = np.hypot(local[..., 0], local[..., 1])
        angle = np.arctan2(sine, local[..., 2])
        stretch = CHART_RADIUS_MM * angle / np.maximum(sine, 1e-12)
        uv: Array = local[..., :2] * np.where(sine < 1e-9, CHART_RADIUS_MM, stretch)[..., None]
        return uv
