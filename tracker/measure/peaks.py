"""Dark spots of a given size: band-pass response, local noise, maxima and their size.

The band-pass is the scale-normalised Laplacian of a Gaussian, the matched filter for a
round spot on a smooth surface [1]_. Its noise is measured around each place, so that
rough skin asks for more contrast than smooth skin.

.. [1] T. Lindeberg, "Feature detection with automatic scale selection",
   Int. J. Comput. Vis. 30, 79-116 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.threads import map_threads

MAD_TO_SIGMA = 1.4826
FWHM_PER_SIGMA = 2.3548
FINEST_WORK_SIGMA_PX = 2.0
"""Larger spots are sought in a reduced picture, where their sigma is still at least this."""
NOISE_CELL_SIGMAS = 24.0
"""Side of the cells in which texture noise is measured, in units of the spot's sigma."""
SEPARATION_SIGMAS = 1.4
"""Least distance of two peaks in sigmas, about 0.6 of the spot's full width at half maximum."""
LEAST_NOISE = 2e-4
SHAPE_RATIO = 1.41421356
"""Ratio of the two filter sizes whose responses give a spot's own size."""


@dataclass(frozen=True, eq=False)
class Band:
    """A picture's response to spots of one size, at a reduced size of the picture.

    Attributes
    ----------
    response : ndarray of shape (h, w)
        Scale-normalised ``-LoG`` of the density; positive on dark spots, 0 where not measured.
    valid : ndarray of shape (h, w) of bool
        Where the filter rests on measured pixels.
    reduction : int
        The picture was reduced by this whole factor.
    sigma : float
        Filter size in reduced pixels.
    """

    response: FloatArray
    valid: BoolArray
    reduction: int
    sigma: float


def reduce_picture(picture: FloatArray, factor: int) -> FloatArray:
    """Mean over blocks of `factor` x `factor` pixels; an incomplete last block is dropped."""
    if factor == 1:
        return picture
    height, width = (side // factor * factor for side in picture.shape[:2])
    return cv2.resize(
        picture[:height, :width],
        (width // factor, height // factor),
        interpolation=cv2.INTER_AREA,
    ).astype(np.float32, copy=False)


def to_full_px(reduced_px: FloatColumn, factor: int) -> FloatColumn:
    """Full-resolution coordinate of a reduced one (centres of blocks)."""
    return (reduced_px + 0.5) * factor - 0.5


def fill_missing(density: FloatArray, spread_px: float) -> tuple[FloatArray, BoolArray | None]:
    """`density` with NaN replaced by the surrounding level, and where it was measured."""
    measured: BoolArray = np.isfinite(density)
    if measured.all():
        return density, None
    if not measured.any():
        return np.zeros_like(density), measured
    known = np.where(measured, density, 0).astype(np.float32)
    weight = measured.astype(np.float32)
    level = np.full(density.shape, float(np.median(density[measured])), np.float32)
    blurred_weight = cv2.GaussianBlur(weight, (0, 0), spread_px)
    blurred = cv2.GaussianBlur(known, (0, 0), spread_px)
    np.divide(blurred, blurred_weight, out=level, where=blurred_weight > 1e-3)
    return np.where(measured, known, level).astype(np.float32), measured


def laplacian_response(smooth: FloatArray, sigma: float) -> FloatArray:
    """Scale-normalised ``-Laplacian`` of a density already smoothed by `sigma`, dark = positive."""
    response = cv2.Laplacian(
        smooth,
        cv2.CV_32F,
        ksize=1,
        scale=-sigma * sigma,
        borderType=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(response, np.float32)


def band_pass(density: FloatArray, sigma_px: float, region: BoolArray | None = None) -> Band:
    """Response of `density` to dark spots of standard deviation `sigma_px`.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density or a residual of it; NaN where not measured.
    sigma_px : float
        Standard deviation of the sought spot in pixels of `density`.
    region : ndarray of shape (H, W) of bool, optional
        Where spots may lie; everywhere if None.

    Raises
    ------
    ValueError
        If `density` is not two-dimensional, or `region` has another shape.
    """
    if density.ndim != 2:
        raise ValueError(f"density must be two-dimensional, got shape {density.shape}")
    if region is not None and region.shape != density.shape:
        raise ValueError(f"region must have shape {density.shape}, got {region.shape}")
    if not sigma_px > 0:
        raise ValueError(f"sigma_px must be positive, got {sigma_px}")
    filled, measured = fill_missing(density, max(2.0, 2 * sigma_px))
    factor = max(1, int(sigma_px / FINEST_WORK_SIGMA_PX))
    factor = min(factor, max(1, min(density.shape) // 8))
    sigma = sigma_px / factor
    small = reduce_picture(filled, factor)
    # Averaging over a block already blurs by (factor^2 - 1) / 12 square pixels.
    already = (factor**2 - 1) / 12 / factor**2
    smooth = cv2.GaussianBlur(
        small, (0, 0), max(0.3, (sigma**2 - already) ** 0.5), borderType=cv2.BORDER_REFLECT_101
    )
    response = laplacian_response(np.asarray(smooth, np.float32), sigma)
    valid: BoolArray = np.ones(small.shape, bool)
    if measured is not None:
        hole = reduce_picture((~measured).astype(np.float32), factor)
        side = 2 * round(sigma) + 1
        valid &= cv2.dilate(hole, np.ones((side, side), np.uint8)) < 0.05
    if region is not None:
        valid &= reduce_picture(region.astype(np.float32), factor) > 0.5
    response[~valid] = 0
    return Band(response, valid, factor, sigma)


def texture_noise(band: Band) -> FloatArray:
    """Local standard deviation of the band-pass, robust against the spots in it, shape (h, w).

    Median absolute deviation in cells of `NOISE_CELL_SIGMAS`, interpolated between
    the cells' centres; a cell with little skin takes the picture's level.
    """
    height, width = band.response.shape
    step = max(1, round(band.sigma))
    usable = band.valid[::step, ::step]
    values = np.where(usable, band.response[::step, ::step], np.nan)
    cell = max(8, round(NOISE_CELL_SIGMAS * band.sigma / step))
    rows, columns = (-(-side // cell) for side in values.shape)
    padded = np.full((rows * cell, columns * cell), np.nan, np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    blocks = (
        padded.reshape(rows, cell, columns, cell)
        .swapaxes(1, 2)
        .reshape(rows * columns, cell * cell)
    )
    count = np.isfinite(blocks).sum(axis=1)
    spread = MAD_TO_SIGMA * _median(np.abs(blocks - _median(blocks, count)[:, None]), count)
    whole = float(np.median(spread[count >= 8])) if (count >= 8).any() else 0.0
    grid = np.where(count >= blocks.shape[1] / 4, spread, whole).reshape(rows, columns)
    # Cells stand at their own centres; the border repeats the outermost ones.
    y = ((np.arange(height) / step + 0.5) / cell - 0.5).astype(np.float32)
    x = ((np.arange(width) / step + 0.5) / cell - 0.5).astype(np.float32)
    grid = _bilinear_grid(grid.astype(np.float32), y, x)
    # Less than a tenth of an 8-bit code is no noise a photo can have; it keeps a flat field quiet.
    return np.maximum(grid, LEAST_NOISE)


def _median(rows: FloatArray, count: NDArray[np.intp]) -> FloatArray:
    """Median of each row's finite values, of which there are `count`; NaN sorts last."""
    middle = np.maximum(count - 1, 0) // 2
    median: FloatArray = np.sort(rows, axis=1)[np.arange(len(rows)), middle]
    return median


def _bilinear_grid(grid: FloatArray, y: FloatArray, x: FloatArray) -> FloatArray:
    """`grid` interpolated at the outer product of grid coordinates, borders repeated."""

    def mix(values: FloatArray, at: FloatArray) -> FloatArray:
        at = np.clip(at, 0, values.shape[0] - 1)
        low = np.minimum(at.astype(np.intp), max(0, values.shape[0] - 2))
        high = np.minimum(low + 1, values.shape[0] - 1)
        share = (at - low).astype(np.float32)[:, None]
        mixed: FloatArray = values[low] * (1 - share) + values[high] * share
        return mixed

    return np.ascontiguousarray(mix(mix(grid, y).T, x).T)


def peak_pixels(
    response: FloatArray, floor: float | FloatArray, separation: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the maxima above `floor`, none with a higher one within `separation`."""
    radius = max(1, int(separation))
    grid = np.hypot(*np.mgrid[-radius : radius + 1, -radius : radius + 1])
    disk = (grid <= max(separation, 1.0)).astype(np.uint8)
    if radius == 1:
        disk[:] = 1
    highest = cv2.dilate(response, disk, borderType=cv2.BORDER_REPLICATE)
    rows, columns = np.nonzero((response >= highest) & (response > floor))
    return rows, columns


def curvature_ratio(
    response: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> FloatColumn:
    """Smaller over larger curvature at maxima: 1 round, 0 a ridge."""
    height, width = response.shape
    r = np.clip(rows, 1, max(1, height - 2))
    c = np.clip(columns, 1, max(1, width - 2))
    here = 2 * response[r, c].astype(np.float64)
    xx = response[r, c - 1] - here + response[r, c + 1]
    yy = response[r - 1, c] - here + response[r + 1, c]
    diagonal = response[r + 1, c + 1].astype(np.float64) + response[r - 1, c - 1]
    xy = (diagonal - response[r + 1, c - 1] - response[r - 1, c + 1]) / 4
    mean, spread = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    ratio: FloatColumn = np.clip((mean + spread) / np.minimum(mean - spread, -1e-12), 0, 1)
    return ratio


def subpixel(
    response: FloatArray, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[FloatColumn, FloatColumn, FloatColumn]:
    """x, y and height of the parabola through each maximum and its neighbours."""
    height, width = response.shape
    r = np.clip(rows, 1, max(1, height - 2))
    c = np.clip(columns, 1, max(1, width - 2))
    here = response[r, c].astype(np.float64)
    left, right = response[r, c - 1].astype(np.float64), response[r, c + 1].astype(np.float64)
    up, down = response[r - 1, c].astype(np.float64), response[r + 1, c].astype(np.float64)
    curve_x, curve_y = left - 2 * here + right, up - 2 * here + down
    dx = np.where(curve_x < 0, 0.5 * (left - right) / np.where(curve_x < 0, curve_x, -1), 0)
    dy = np.where(curve_y < 0, 0.5 * (up - down) / np.where(curve_y < 0, curve_y, -1), 0)
    dx, dy = np.clip(dx, -0.75, 0.75), np.clip(dy, -0.75, 0.75)
    top = here - 0.25 * ((left - right) * dx + (up - down) * dy)
    return (c + dx).astype(np.float64), (r + dy).astype(np.float64), top.astype(np.float64)


def sample(picture: FloatArray, x: FloatColumn, y: FloatColumn) -> FloatColumn:
    """Bilinear values of `picture` at the points, the border repeated outside."""
    if len(x) == 0:
        return np.empty(0)
    height, width = picture.shape
    x = np.clip(x, 0, width - 1)
    y = np.clip(y, 0, height - 1)
    c = np.minimum(x.astype(np.intp), max(0, width - 2))
    r = np.minimum(y.astype(np.intp), max(0, height - 2))
    c1, r1 = np.minimum(c + 1, width - 1), np.minimum(r + 1, height - 1)
    u, v = x - c, y - r
    top = picture[r, c] * (1 - u) + picture[r, c1] * u
    bottom = picture[r1, c] * (1 - u) + picture[r1, c1] * u
    value: FloatColumn = (top * (1 - v) + bottom * v).astype(np.float64)
    return value


def spot_size(
    small_response: FloatColumn, large_response: FloatColumn, sigma: float
) -> FloatColumn:
    """Standard deviation of Gaussian spots from their responses at two filter sizes.

    A Gaussian spot of standard deviation s answers a filter of size f with
    ``2 A s^2 f^2 / (s^2 + f^2)^2``; the two answers, at ``sigma / sqrt(2)`` and
    ``sigma * sqrt(2)``, give s. Clipped to [0.5, 2] sigma, where crowding decides.
    """
    small_sq, large_sq = sigma**2 / SHAPE_RATIO**2, sigma**2 * SHAPE_RATIO**2
    ratio = np.maximum(small_response, 1e-9) / np.maximum(large_response, 1e-9)
    q = np.sqrt(ratio * large_sq / small_sq)
    size_sq = np.where(q > 1.001, (large_sq - q * small_sq) / np.maximum(q - 1, 1e-3), np.inf)
    size: FloatColumn = np.sqrt(np.clip(size_sq, (0.5 * sigma) ** 2, (2 * sigma) ** 2))
    return size


def amplitude(response: FloatColumn, size: FloatColumn | float, sigma: float) -> FloatColumn:
    """Peak density of Gaussian spots of standard deviation `size` from their response."""
    size_sq = np.square(size)
    peak: FloatColumn = response * (size_sq + sigma**2) ** 2 / (2 * size_sq * sigma**2)
    return peak


def sample_band(band: Band, x_px: FloatColumn, y_px: FloatColumn) -> FloatColumn:
    """Response of a band at full-resolution places."""
    factor = band.reduction
    return sample(band.response, (x_px + 0.5) / factor - 0.5, (y_px + 0.5) / factor - 0.5)


def sizes_at(
    density: FloatArray,
    x_px: FloatColumn,
    y_px: FloatColumn,
    sigma_px: float,
    region: BoolArray | None = None,
    *,
    workers: int = 1,
) -> FloatColumn:
    """Standard deviation of the spots at some places, px, shape (n,), by `spot_size`.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density; NaN where not measured.
    x_px, y_px : ndarray of shape (n,)
        Centres.
    sigma_px : float
        The usual spot's.
    region : ndarray of shape (H, W) of bool, optional
        Where spots may lie; everywhere if None.
    workers : int
        The two filters are applied side by side; the result does not depend on it.
    """

    def answer(size_px: float) -> FloatColumn:
        return sample_band(band_pass(density, size_px, region), x_px, y_px)

    small, large = map_threads(answer, (sigma_px / SHAPE_RATIO, sigma_px * SHAPE_RATIO), workers)
    return spot_size(small, large, sigma_px)
