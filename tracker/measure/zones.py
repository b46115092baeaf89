"""Zones of a view: polygons a person drew, else thirds of the treated area.

Left and right are the client's own: a front photo shows the right temple at its left edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.results import FloatColumn

WHOLE = "all"
OUTSIDE = "outside zones"

_ACROSS = {"front": ("right temple", "hairline", "left temple")}
"""Views whose thirds lie side by side, named from the picture's left."""
_DOWN = ("upper third", "middle third", "lower third")
MIN_DOTS_PER_THIRD = 60
"""Smaller areas stay one zone: thirds of fewer dots could not be measured."""


@dataclass(frozen=True, eq=False)
class ZoneLayout:
    """How a view is cut into zones: drawn polygons, or bands between `edges_px` along an axis."""

    names: tuple[str, ...]
    polygons: tuple[FloatColumn, ...] = ()
    axis: int = 0
    edges_px: tuple[float, ...] = ()

    def zone_of(self, xy_px: FloatColumn) -> NDArray[np.str_]:
        """Zone name of each point of the baseline photo, shape (n,)."""
        if not self.polygons:
            band = np.digitize(xy_px[:, self.axis], self.edges_px)
            return np.array(self.names)[band]
        # Wide enough for every name: a name cut short would match no zone.
        longest = max(len(name) for name in (*self.names, OUTSIDE))
        zone = np.full(len(xy_px), OUTSIDE, dtype=f"<U{longest}")
        free = np.ones(len(xy_px), bool)
        for name, vertices in zip(self.names, self.polygons, strict=True):
            inside = free & points_in_polygon(xy_px, vertices)
            zone[inside] = name
            free &= ~inside
        return zone


def lay_zones(
    xy_px: FloatColumn, view: str, polygons: Sequence[tuple[str, FloatColumn]] = ()
) -> ZoneLayout:
    """Zones of a view from its baseline dots.

    Parameters
    ----------
    xy_px : ndarray of shape (n, 2)
        Dots in the baseline photo.
    view : str
        View name; decides how automatic thirds are laid and named.
    polygons : sequence of (name, vertices of shape (m, 2))
        Drawn zones; the first that holds a point names it. With none, thirds of equal dot number.
    """
    if polygons:
        return ZoneLayout(
            tuple(name for name, _ in polygons), tuple(vertices for _, vertices in polygons)
        )
    if len(xy_px) < 3 * MIN_DOTS_PER_THIRD:
        return ZoneLayout((WHOLE,))
    names = _ACROSS.get(view)
    axis = 0 if names else 1
    edges = np.quantile(xy_px[:, axis], [1 / 3, 2 / 3])
    return ZoneLayout(names or _DOWN, (), axis, tuple(float(e) for e in edges))


def points_in_polygon(xy_px: FloatColumn, vertices_px: FloatColumn) -> NDArray[np.bool_]:
    """True where a point lies inside a closed polygon (even-odd rule), shape (n,).

    Raises
    ------
    ValueError
        If the polygon has fewer than three vertices.
    """
    if len(vertices_px) < 3:
        raise ValueError(f"a polygon needs at least 3 vertices, got {len(vertices_px)}")
    vertices = np.asarray(vertices_px, float)
    x, y = xy_px[:, 0], xy_px[:, 1]
    inside = np.zeros(len(xy_px), bool)
    # Edge by edge: points times edges at once would take a gigabyte for a finely drawn zone.
    for (start_x, start_y), (end_x, end_y) in zip(
        vertices, np.roll(vertices, -1, axis=0), strict=True
    ):
        if start_y == end_y:
            continue
        spans = (start_y > y) != (end_y > y)
        cross_x = start_x + (y - start_y) * (end_x - start_x) / (end_y - start_y)
        inside ^= spans & (x < cross_x)
    return inside


def outlines(mask: NDArray[np.bool_]) -> tuple[FloatColumn, ...]:
    """Closed outer borders of a mask, largest first, each (n, 2) in pixels."""
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    shapes = sorted(contours, key=cv2.contourArea, reverse=True)
    return tuple(c.reshape(-1, 2).astype(np.float64) for c in shapes if len(c) >= 3)
