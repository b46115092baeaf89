"""Point and frame conventions: full-resolution pixels, working pixels, affine maps.

Points are (n, 2) arrays of (x, y), x right, y down; the first pixel's centre is (0, 0), so
resizing by s takes x to (x + 0.5) s - 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.measure.luminance import BoolArray

Points = NDArray[np.float64]
Affine = NDArray[np.float64]
"""Shape (2, 3): y = A[:, :2] x + A[:, 2]."""


@dataclass(frozen=True)
class Frame:
    """A photo's full-resolution frame and the reduced frame in which alignment works.

    Attributes
    ----------
    shape : tuple of int
        (H, W) of the photo.
    working_shape : tuple of int
        (h, w) of the reduced picture.
    """

    shape: tuple[int, int]
    working_shape: tuple[int, int]

    @property
    def scale_xy(self) -> Points:
        """Working pixels per full pixel along x and y."""
        (height, width), (h, w) = self.shape, self.working_shape
        return np.array([w / width, h / height])

    @property
    def scale(self) -> float:
        """Working pixels per full pixel, the mean of both axes."""
        return float(self.scale_xy.mean())

    @property
    def long_side(self) -> int:
        """Long side of the reduced picture, working px."""
        return max(self.working_shape)

    def to_working(self, xy_px: Points) -> Points:
        scaled: Points = (xy_px + 0.5) * self.scale_xy - 0.5
        return scaled

    def to_full(self, xy_working: Points) -> Points:
        full: Points = (xy_working + 0.5) / self.scale_xy - 0.5
        return full

    def contains_working(self, xy_working: Points) -> NDArray[np.bool_]:
        return contains(xy_working, self.working_shape)


def reduced_frame(shape: tuple[int, int], scale: float) -> Frame:
    """The frame of a photo of (H, W) reduced by `scale` (never enlarged)."""
    scale = min(1.0, scale)
    h, w = (max(1, round(side * scale)) for side in shape)
    return Frame((int(shape[0]), int(shape[1])), (h, w))


def as_points(xy_px: ArrayLike, name: str = "xy_px") -> Points:
    """`xy_px` as an (n, 2) float64 array.

    Raises
    ------
    ValueError
        If it has another shape.
    """
    points = np.asarray(xy_px, np.float64)
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{name} must have shape (n, 2), got {points.shape}")
    return points


def contains(xy_px: Points, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """True where a point lies between the outermost pixel centres of a (H, W) picture."""
    x, y = xy_px[:, 0], xy_px[:, 1]
    inside: NDArray[np.bool_] = (x >= 0) & (y >= 0) & (x <= shape[1] - 1) & (y <= shape[0] - 1)
    return inside


def apply_affine(affine: Affine, xy: Points) -> Points:
    mapped: Points = xy @ affine[:, :2].T + affine[:, 2]
    return mapped


def similarity(rotation_deg: float, zoom: float, centre_from: Points, centre_to: Points) -> Affine:
    """Turn by `rotation_deg` (x towards y) and enlarge by `zoom` about `centre_from`, put at `centre_to`."""
    turn = np.deg2rad(rotation_deg)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    linear = np.array([[c, -s], [s, c]])
    return np.column_stack([linear, centre_to - linear @ centre_from])


def zoom_of(affine: Affine) -> float:
    """Linear magnification of an affine map: the root of its area factor."""
    return float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))


def rotation_of(affine: Affine) -> float:
    """Rotation of an affine map in degrees, x towards y."""
    a = affine[:, :2]
    return float(np.rad2deg(np.arctan2(a[1, 0] - a[0, 1], a[0, 0] + a[1, 1])))


def frame_centre(shape: tuple[int, int]) -> Points:
    return np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])


def centred_cells(shape: tuple[int, int], step_px: int) -> Points:
    """Centres of the `step_px` cells that cover a (H, W) picture, as (ny, nx, 2).

    Cell (i, j) stands at ((j + 0.5) step - 0.5, (i + 0.5) step - 0.5), the place that enlarging an
    (ny, nx) picture by `step_px` gives it.
    """
    ny, nx = (-(-side // step_px) for side in shape)
    x, y = np.meshgrid((np.arange(nx) + 0.5) * step_px - 0.5, (np.arange(ny) + 0.5) * step_px - 0.5)
    return np.stack([x, y], axis=-1)


def mask_at_cells(mask: BoolArray, step_px: int) -> BoolArray:
    """One value per `centred_cells` cell: its centre's."""
    cells = np.rint(centred_cells((mask.shape[0], mask.shape[1]), step_px)).astype(int)
    y = np.minimum(cells[..., 1], mask.shape[0] - 1)
    x = np.minimum(cells[..., 0], mask.shape[1] - 1)
    coarse: BoolArray = mask[y, x]
    return coarse
