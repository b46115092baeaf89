"""The measuring frame: the part of the baseline photo with pigment, at the dots' own scale.

Every photo is resampled once, straight into this frame. Dots much larger than needed are
measured on a reduced image (same integral, a fraction of the time), small ones at full size.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.registration import Registration
from tracker.measure.results import FloatColumn

FWHM_WANTED_PX = 5.0
"""Dots of this width in the frame carry all their information; larger ones are reduced."""
MAP_STEP_PX = 8
"""The map is computed on a grid of this many frame pixels and interpolated between."""


@dataclass(frozen=True)
class MeasuringFrame:
    """A window of the baseline photo, reduced by `scale` (frame px per baseline px, <= 1)."""

    left_px: int
    top_px: int
    width_px: int
    """Size of the window in baseline pixels."""
    height_px: int
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        return (
            max(1, round(self.height_px * self.scale)),
            max(1, round(self.width_px * self.scale)),
        )

    @property
    def scale_xy(self) -> FloatColumn:
        """Exact scale per axis after rounding the frame to whole pixels."""
        rows, columns = self.shape
        return np.array([columns / self.width_px, rows / self.height_px])

    def to_frame(self, baseline_xy_px: FloatColumn) -> FloatColumn:
        """Baseline pixels to frame pixels, (n, 2); pixel centres stay pixel centres."""
        corner = np.array([self.left_px, self.top_px])
        moved: FloatColumn = (baseline_xy_px - corner + 0.5) * self.scale_xy - 0.5
        return moved

    def to_baseline(self, frame_xy_px: FloatColumn) -> FloatColumn:
        corner = np.array([self.left_px, self.top_px])
        moved: FloatColumn = (frame_xy_px + 0.5) / self.scale_xy - 0.5 + corner
        return moved

    def crop(self, image: FloatArray) -> FloatArray:
        """The window of an image of the baseline photo, area-averaged to the frame."""
        window = image[
            self.top_px : self.top_px + self.height_px, self.left_px : self.left_px + self.width_px
        ]
        rows, columns = self.shape
        if window.shape[:2] == (rows, columns):
            return np.ascontiguousarray(window)
        reduced = cv2.resize(window, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.float32)

    def crop_mask(self, mask: BoolArray) -> BoolArray:
        inside: BoolArray = self.crop(mask.astype(np.float32)) > 0.99
        return inside

    def covered(
        self,
        outline_px: FloatColumn,
        shape: tuple[int, int],
        registration: Registration | None,
    ) -> BoolArray:
        """True where the frame shows the inside of an outline (n, 2) of a photo, or near it.

        `shape` is the photo's; `registration` is None for the baseline photo itself.
        """
        mask = np.zeros(shape, np.float32)
        cv2.fillPoly(mask, [np.rint(outline_px).astype(np.int32)], 1.0)
        if registration is None:
            seen = self.crop(mask)
        else:
            seen = self.view_of(registration, shape).resample(mask)
        grown = cv2.dilate((seen > 0.01).astype(np.uint8), np.ones((5, 5), np.uint8))
        return np.asarray(grown > 0)

    def resample(self, image: FloatArray, registration: Registration) -> FloatArray:
        """A channel of the moving photo seen in the frame.

        Parameters
        ----------
        image : ndarray of shape (H, W)
            Of the moving photo at full resolution, no NaN.
        registration : Registration
            Baseline pixels to moving pixels.

        Returns
        -------
        resampled : ndarray of the frame's shape
            NaN outside the moving photo and where the alignment is not trusted.
        """
        return self.view_of(registration, image.shape).resample(image)

    def view_of(self, registration: Registration, shape: tuple[int, ...]) -> FrameView:
        """Where the frame's pixels lie in a moving photo of this shape, for several channels of it."""
        rows, columns = self.shape
        grid_y = np.arange(0, rows + MAP_STEP_PX, MAP_STEP_PX, dtype=np.float64)
        grid_x = np.arange(0, columns + MAP_STEP_PX, MAP_STEP_PX, dtype=np.float64)
        mesh_x, mesh_y = np.meshgrid(grid_x, grid_y)
        nodes = self.to_baseline(np.column_stack([mesh_x.ravel(), mesh_y.ravel()]))
        moving = registration.map_points(nodes).reshape(len(grid_y), len(grid_x), 2)

        # Reduce the moving photo first where it is finer than the frame, or fine texture aliases.
        steps = np.hypot(*np.moveaxis(np.diff(moving, axis=1), -1, 0)) / MAP_STEP_PX
        step = float(np.nanmedian(steps)) if np.isfinite(steps).any() else 1.0
        height, width = shape[:2]
        source = (height, width)
        if step > 1.15:
            source = (max(1, round(height / step)), max(1, round(width / step)))
            moving = (moving + 0.5) * np.array([source[1] / width, source[0] / height]) - 0.5

        trusted: BoolArray = np.asarray(np.isfinite(moving).all(axis=2))
        known = np.where(trusted[..., None], moving, -1e4).astype(np.float32)
        # Node k sits at frame pixel k * step: resize with that convention by an explicit map.
        place_x, place_y = np.meshgrid(
            (np.arange(columns) / MAP_STEP_PX).astype(np.float32),
            (np.arange(rows) / MAP_STEP_PX).astype(np.float32),
        )
        x, y = (
            np.asarray(
                cv2.remap(
                    np.ascontiguousarray(known[..., axis]), place_x, place_y, cv2.INTER_LINEAR
                ),
                np.float32,
            )
            for axis in (0, 1)
        )
        sure = cv2.remap(np.asarray(trusted, np.float32), place_x, place_y, cv2.INTER_LINEAR)
        outside: BoolArray = (
            (sure < 0.999) | (x < 0) | (x > source[1] - 1) | (y < 0) | (y > source[0] - 1)
        )
        return FrameView(x, y, outside, source, step)


@dataclass(frozen=True, eq=False)
class FrameView:
    """Where each pixel of a measuring frame lies in a moving photo.

    Attributes
    ----------
    x, y : ndarray of the frame's shape
        Pixels of the moving photo reduced to the shape `source`.
    outside : ndarray of the frame's shape, bool
        Outside the moving photo, or the alignment is not trusted there.
    source : tuple of int
        (H, W) to which the moving photo is reduced first.
    step_px : float
        Pixels of the moving photo per pixel of the frame.
    """

    x: FloatArray
    y: FloatArray
    outside: BoolArray
    source: tuple[int, int]
    step_px: float

    def resample(self, image: FloatArray) -> FloatArray:
        """A channel of the moving photo, (H, W) without NaN, in the frame; NaN where `outside`."""
        channel = image.astype(np.float32, copy=False)
        if channel.shape != self.source:
            size = (self.source[1], self.source[0])
            channel = np.asarray(
                cv2.resize(channel, size, interpolation=cv2.INTER_AREA), np.float32
            )
        resampled = cv2.remap(
            channel, self.x, self.y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        result = np.asarray(resampled, np.float32)
        result[self.outside] = np.nan
        return result


def frame_around(
    treated: BoolArray, fwhm_px: float, margin_px: float, shape: tuple[int, int]
) -> MeasuringFrame:
    """Frame that holds the treated area with a margin, scaled to the dots.

    Raises
    ------
    ValueError
        If nothing is treated.
    """
    rows = np.flatnonzero(treated.any(axis=1))
    columns = np.flatnonzero(treated.any(axis=0))
    if len(rows) == 0:
        raise ValueError("treated area is empty")
    top = max(0, int(rows[0] - margin_px))
    left = max(0, int(columns[0] - margin_px))
    bottom = min(shape[0], int(rows[-1] + margin_px) + 1)
    right = min(shape[1], int(columns[-1] + margin_px) + 1)
    scale = min(1.0, FWHM_WANTED_PX / fwhm_px)
    return MeasuringFrame(left, top, right - left, bottom - top, scale)
