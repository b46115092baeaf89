"""Round Gaussian spots: painting them, and solving for their heights in one linear system.

For spots of Gaussian shape the normal equations need no image-sized matrix: their right side is
the picture blurred by the spot and read at the places, their matrix is the overlap
``exp(-d^2 / 4 sigma^2)`` of each pair of places. A smooth background is taken off spots and
picture alike by one linear filter, so that dense work, with no bare skin between the dots, stays
unbiased.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg
from scipy.spatial import cKDTree

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import gaussian, sample

REACH_SIGMAS = 3.5
"""Wide Gaussians are cut off beyond this."""


def paint_spots(
    shape: tuple[int, int], xy_px: FloatColumn, amplitude: FloatColumn, sigma_px: float
) -> FloatArray:
    """Image of round Gaussian spots at sub-pixel places.

    Each spot is spread over 3 x 3 pixels by quadratic B-spline weights, whose variance is
    1/4 px^2 wherever the place falls within its pixel, and the image is blurred by the rest.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    xy_px : ndarray of shape (n, 2)
    amplitude : ndarray of shape (n,)
        Peak height of each spot.
    sigma_px : float
        Spot width, at least 0.7 px.

    Returns
    -------
    image : ndarray of shape (H, W)
    """
    height, width = shape
    margin = 2
    centre = np.rint(xy_px).astype(np.int64)
    inside = (
        (centre[:, 0] >= 0) & (centre[:, 0] < width) & (centre[:, 1] >= 0) & (centre[:, 1] < height)
    )
    centre = centre[inside]
    frac = xy_px[inside] - centre
    weights = np.stack([0.5 * (0.5 - frac) ** 2, 0.75 - frac**2, 0.5 * (0.5 + frac) ** 2], axis=-1)
    kernel = weights[:, 1, :, None] * weights[:, 0, None, :]
    kernel *= (amplitude[inside] * 2 * np.pi * sigma_px**2)[:, None, None]
    padded_width = width + 2 * margin
    step = np.arange(-1, 2)
    index = (centre[:, 1] + margin)[:, None, None] * padded_width + (centre[:, 0] + margin)[
        :, None, None
    ]
    index = index + step[None, :, None] * padded_width + step[None, None, :]
    padded = np.bincount(
        index.reshape(-1), kernel.reshape(-1), minlength=(height + 2 * margin) * padded_width
    ).reshape(height + 2 * margin, padded_width)
    impulses = padded[margin:-margin, margin:-margin].astype(np.float32)
    rest = max(sigma_px**2 - 0.25, 0.24) ** 0.5
    return cv2.GaussianBlur(impulses, (0, 0), rest, borderType=cv2.BORDER_CONSTANT).astype(
        np.float32, copy=False
    )


def skin_between(weight: FloatArray, xy_px: FloatColumn, sigma_px: float) -> FloatArray:
    """Weight of each pixel as skin: `weight`, falling smoothly to about 0 on the spots, shape (H, W).

    Smoothly, so that dense work, where no bare skin is left, keeps some weight everywhere.
    """
    cores = paint_spots(weight.shape, xy_px, np.ones(len(xy_px)), 1.3 * sigma_px)
    between: FloatArray = weight * np.exp(-3.0 * np.minimum(cores, 3.0))
    return between


def overlap(xy_px: FloatColumn, sigma_px: float, smooth_px: float, ridge: float) -> LinearOperator:
    """Normal matrix of unit spots after the background filter, shape (n, n).

    A spot g of width sigma loses its own smooth part: ``h = g - S g`` with S a Gaussian blur
    of `smooth_px`. The products ``<h_i, h_j> / (2 pi sigma^2)`` are sums of three Gaussians of
    the distance. The narrow one, ``0.5 exp(-d^2 / 4 sigma^2)``, is a sparse matrix; the two wide
    ones, which join hundreds of spots, act through a coarse grid. With an infinite `smooth_px`
    only the narrow one is left.
    """
    n = len(xy_px)
    two = 2 * sigma_px**2
    # Places farther apart than five sigmas do not share pixels (overlap < 0.3 %).
    pairs = cKDTree(xy_px).query_pairs(3.5 * two**0.5, output_type="ndarray")
    d2 = ((xy_px[pairs[:, 0]] - xy_px[pairs[:, 1]]) ** 2).sum(axis=1)
    off = 0.5 * np.exp(-d2 / (2 * two))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)])
    cols = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)])
    data = np.concatenate([off, off, np.full(n, 0.5 * (1 + ridge))])
    narrow = sparse.csr_matrix((data, (rows, cols)), shape=(n, n))
    if not np.isfinite(smooth_px):
        return LinearOperator((n, n), matvec=narrow.dot, dtype=np.float64)

    step = smooth_px / 2.5
    grid = _bilinear(xy_px, step)
    shape = grid.grid_shape
    wide = []
    for share, variance in ((-2.0, two + smooth_px**2), (1.0, two + 2 * smooth_px**2)):
        # Bilinear sharing out and reading back add step^2 / 6 each to the variance.
        sigma = float(np.sqrt(variance / step**2 - 1 / 3))
        # A blur has unit sum: its peak is 1 / (2 pi sigma^2) per grid cell.
        wide.append((share * np.pi * two / step**2, sigma, 2 * int(REACH_SIGMAS * sigma + 0.5) + 1))

    def apply(amplitude: FloatColumn) -> FloatColumn:
        coarse = (grid.matrix.T @ amplitude).reshape(shape)
        total = np.zeros(shape)
        for factor, sigma, side in wide:
            blurred = cv2.GaussianBlur(coarse, (side, side), sigma, borderType=cv2.BORDER_CONSTANT)
            total += factor * blurred
        result: FloatColumn = narrow @ amplitude + grid.matrix @ total.reshape(-1)
        return result

    return LinearOperator((n, n), matvec=apply, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Bilinear:
    matrix: sparse.csr_matrix
    grid_shape: tuple[int, int]


def _bilinear(xy_px: FloatColumn, step_px: float) -> _Bilinear:
    """Weights that read a coarse grid at the places, shape (n, grid cells)."""
    place = (xy_px - xy_px.min(axis=0)) / step_px + 1
    corner = np.floor(place).astype(np.int64)
    frac = place - corner
    columns, rows = (corner.max(axis=0) + 3).tolist()
    n = len(xy_px)
    index, share = [], []
    for dy in (0, 1):
        for dx in (0, 1):
            index.append((corner[:, 1] + dy) * columns + corner[:, 0] + dx)
            share.append(
                (frac[:, 1] if dy else 1 - frac[:, 1]) * (frac[:, 0] if dx else 1 - frac[:, 0])
            )
    matrix = sparse.csr_matrix(
        (np.concatenate(share), (np.tile(np.arange(n), 4), np.concatenate(index))),
        shape=(n, rows * columns),
    )
    return _Bilinear(matrix, (rows, columns))


def solve_amplitudes(
    matrix: LinearOperator, right: FloatColumn, start: FloatColumn | None = None
) -> FloatColumn:
    """Solve the normal equations; conjugate gradients, always the same steps.

    From the amplitudes of a fit that was nearly the same, if given, it is half the way.
    """
    solution, _ = cg(matrix, right, x0=2 * right if start is None else start, rtol=1e-4, maxiter=50)
    return solution


def filtered_amplitudes(
    filtered: FloatArray,
    xy_px: FloatColumn,
    sigma_px: float,
    smooth_px: float,
    ridge: float,
    start: FloatColumn | None = None,
) -> FloatColumn:
    """Amplitudes of spots in a picture that had its smooth part taken off twice; `start` as in `solve_amplitudes`."""
    right = sample(gaussian(filtered, sigma_px), xy_px)
    return solve_amplitudes(overlap(xy_px, sigma_px, smooth_px, ridge), right, start)
