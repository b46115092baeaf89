"""Small things painted straight into the picture, each with its own projected shape.

Painting through a texture would blur dots of three pixels; here every dot and hair is evaluated
at the pixels around it, vectorised over all that need a patch of the same size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.scalp import Array

Image = NDArray[np.float32]
CHUNK_VALUES = 300_000
"""Pixels evaluated at once: small enough to stay in the processor's cache."""


def _patches(
    sizes: NDArray[np.int64], rows: Array
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Groups of equal patch half-size, from the top of the picture down: (members, dy, dx)."""
    groups = []
    for size in np.unique(sizes):
        members = np.flatnonzero(sizes == size)
        members = members[np.argsort(rows[members], kind="stable")]
        dy, dx = np.mgrid[-size : size + 1, -size : size + 1]
        chunk = max(1, CHUNK_VALUES // dy.size)
        groups += [
            (members[start : start + chunk], dy.ravel(), dx.ravel())
            for start in range(0, len(members), chunk)
        ]
    return groups


def _deposit(
    canvas: Image, rows: NDArray[np.int64], columns: NDArray[np.int64], values: Array | Image
) -> None:
    height, width = canvas.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    flat = rows[inside] * width + columns[inside]
    if flat.size:
        first, last = int(flat.min()), int(flat.max()) + 1
        added = np.bincount(flat - first, weights=values[inside], minlength=last - first)
        canvas.reshape(-1)[first:last] += added.astype(np.float32)


def add_blobs(
    canvas: Image, xy_px: Array, covariance_px2: Array, flatness: Array, total: Array
) -> None:
    """Add soft elliptical blobs to `canvas`; each sums to its `total` exactly (frame permitting).

    Parameters
    ----------
    canvas : ndarray of shape (H, W), changed in place
    xy_px : ndarray of shape (n, 2)
    covariance_px2 : ndarray of shape (n, 2, 2)
        Shape, as the covariance of the Gaussian with the same half-maximum ellipse.
    flatness : ndarray of shape (n,)
        1 is a Gaussian, larger is flatter in the middle with a steeper edge.
    total : ndarray of shape (n,)
        Sum over pixels.
    """
    xx = covariance_px2[:, 0, 0] + 1 / 12  # the pixel's own box
    yy = covariance_px2[:, 1, 1] + 1 / 12
    xy = covariance_px2[:, 0, 1]
    determinant = np.maximum(xx * yy - xy**2, 1e-6)
    reach = 3.4 * np.sqrt(np.maximum(xx, yy)) / np.sqrt(flatness)
    sizes = np.ceil(reach).astype(np.int64) + 1
    # exp(-ln2 * q^m) with the form q = 1 on the half-maximum ellipse
    form = np.stack([yy, -2 * xy, xx], axis=1) / (2 * np.log(2) * determinant)[:, None]
    form = form.astype(np.float32)
    power = flatness.astype(np.float32)
    for members, dy, dx in _patches(sizes, xy_px[:, 1]):
        corner = np.rint(xy_px[members]).astype(np.int64)
        rest = (xy_px[members] - corner).astype(np.float32)
        x = dx.astype(np.float32) - rest[:, :1]
        y = dy.astype(np.float32) - rest[:, 1:]
        a, b, c = (column[:, None] for column in form[members].T)
        q = np.maximum(x * (a * x + b * y) + c * y * y, np.float32(1e-9))
        if (power[members] != 1).any():
            q = np.exp(power[members, None] * np.log(q))
        values = np.exp(np.float32(-np.log(2)) * q)
        values *= (total[members] / values.sum(axis=1)).astype(np.float32)[:, None]
        _deposit(canvas, corner[:, 1:] + dy, corner[:, :1] + dx, values)


def add_strokes(
    canvas: Image, start_px: Array, end_px: Array, width_px: Array, opacity: Array
) -> None:
    """Add ``-log(1 - coverage)`` of thin straight strokes to `canvas`, so that overlaps multiply.

    Parameters
    ----------
    canvas : ndarray of shape (H, W), changed in place
    start_px, end_px : ndarray of shape (n, 2)
    width_px, opacity : ndarray of shape (n,)
    """
    middle = (start_px + end_px) / 2
    half = (end_px - start_px) / 2
    half_length2 = np.maximum((half**2).sum(1), 1e-9)
    reach = np.abs(half).max(axis=1) + width_px / 2 + 1.0
    sizes = np.ceil(reach).astype(np.int64)
    edge = np.minimum(width_px, 1.0)
    for members, dy, dx in _patches(sizes, middle[:, 1]):
        corner = np.rint(middle[members]).astype(np.int64)
        rest = (middle[members] - corner).astype(np.float32)
        x = dx.astype(np.float32) - rest[:, :1]
        y = dy.astype(np.float32) - rest[:, 1:]
        hx, hy = half[members, :1].astype(np.float32), half[members, 1:].astype(np.float32)
        along = np.clip((x * hx + y * hy) / half_length2[members, None].astype(np.float32), -1, 1)
        distance = np.sqrt((x - along * hx) ** 2 + (y - along * hy) ** 2)
        wide = width_px[members, None]
        cover = np.clip((wide / 2 + 0.5 - distance) / edge[members, None], 0, 1)
        cover *= (edge * opacity)[members, None]
        used = cover > 0
        rows = np.broadcast_to(corner[:, 1:] + dy, cover.shape)[used]
        columns = np.broadcast_to(corner[:, :1] + dx, cover.shape)[used]
        _deposit(canvas, rows, columns, -np.log1p(-np.minimum(cover[used], 0.98)))
