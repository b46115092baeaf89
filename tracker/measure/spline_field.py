"""A smooth displacement field from scattered, partly wrong measurements, with its uncertainty.

The field is a uniform cubic B-spline. Its prior says that second differences of the knot values are normal
with a given standard deviation (a head turned by 10 degrees bends the field by about 0.004 of the
photo's long side over a twelfth of it), which leaves any affine motion free; measurements are normal around it
with Tukey's weights against the wrong ones [1]_. The posterior is then Gaussian: its
covariance says how far the field may be off at any place.

References
----------
.. [1] P. Holland, R. Welsch, "Robust regression using iteratively reweighted least-squares",
   Commun. Stat. A 6, 813-827 (1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from tracker.measure.geometry import Points

SETTLED_WEIGHT = 0.03
"""Reweighting ends when no weight changes by more."""
TUKEY_CUT = 4.685
"""Residual, in standard deviations, beyond which a measurement has no weight (95 % efficiency)."""
LOOSE_PRIOR_PRECISION = 1e-9
"""Keeps the normal equations solvable where nothing was measured; negligible elsewhere."""


@dataclass(frozen=True, eq=False)
class SplineField:
    """A cubic B-spline vector field over a rectangle.

    Attributes
    ----------
    origin : ndarray of shape (2,)
        Place of the first knot cell's corner (x, y).
    spacing : float
        Distance of the knots.
    coefficients : ndarray of shape (ny, nx, 2)
    """

    origin: Points
    spacing: float
    coefficients: NDArray[np.float64]

    def __call__(self, xy: Points) -> Points:
        """Field vectors at (n, 2) places; held constant outside the rectangle of knots."""
        index, weight = _basis(xy, self.origin, self.spacing, self.coefficients.shape[:2])
        values: Points = np.einsum("nk,nkc->nc", weight, self.coefficients.reshape(-1, 2)[index])
        return values


@dataclass(frozen=True, eq=False)
class FieldFit:
    """A fitted field and what became of its measurements."""

    field: SplineField
    weight: NDArray[np.float64]
    """Tukey weight of each measurement, 0 (discarded) to 1."""
    residual: Points
    noise_sd: float
    """Robust standard deviation of a measurement's component about the field."""
    covariance: NDArray[np.float32]
    """Posterior covariance of each component's coefficients, (ny * nx, ny * nx)."""

    def sd(self, xy: Points) -> NDArray[np.float64]:
        """Posterior standard deviation of one component of the field at (n, 2) places."""
        field = self.field
        index, weight = _basis(xy, field.origin, field.spacing, field.coefficients.shape[:2])
        variance = np.zeros(len(xy))
        for k in range(16):
            variance += weight[:, k] * np.einsum(
                "nj,nj->n", weight, self.covariance[index[:, k, None], index]
            )
        deviation: NDArray[np.float64] = np.sqrt(np.maximum(variance, 0))
        return deviation


def fit_spline_field(
    xy: Points,
    displacement: Points,
    *,
    low: Points,
    high: Points,
    spacing: float,
    bend_sd: float,
    noise_sd: float | NDArray[np.float64],
    rounds: int = 6,
    zero_sd: float | None = None,
) -> FieldFit:
    """Fit a spline field to displacements measured at scattered places.

    Parameters
    ----------
    xy, displacement : ndarray of shape (n, 2)
        Places and what was measured there.
    low, high : ndarray of shape (2,)
        Corners of the rectangle to cover.
    spacing : float
        Distance of the knots.
    bend_sd : float
        Prior standard deviation of second differences of the knot values.
    noise_sd : float or ndarray of shape (n,)
        Standard deviation of a measurement; the robust scale of the residuals may enlarge it.
    rounds : int
        Reweighting rounds.
    zero_sd : float, optional
        Prior standard deviation of the knot values themselves (for corrections around zero).

    Raises
    ------
    ValueError
        If there are fewer than three measurements and no `zero_sd`.
    """
    if len(xy) < 3 and zero_sd is None:
        raise ValueError(f"at least 3 measurements are needed, got {len(xy)}")
    cells = np.maximum(1, np.ceil((high - low) / spacing).astype(int))
    nx, ny = int(cells[0]) + 3, int(cells[1]) + 3
    index, weight = _basis(xy, low, spacing, (ny, nx))
    design = sp.csr_array(
        (weight.ravel(), index.ravel(), np.arange(0, index.size + 1, 16)), shape=(len(xy), nx * ny)
    )
    outer = _OuterProducts(index, weight, nx * ny)
    prior = _bending(ny, nx) / bend_sd**2
    prior[np.diag_indices_from(prior)] += LOOSE_PRIOR_PRECISION + (
        0.0 if zero_sd is None else 1 / zero_sd**2
    )
    noise = np.broadcast_to(np.asarray(noise_sd, np.float64), (len(xy),))
    robust = np.ones(len(xy))
    stretch = 1.0
    for _ in range(max(1, rounds)):
        precision = robust / (stretch * noise) ** 2
        # The factorisation reads the lower triangle only.
        normal = prior + outer.weighted(precision)
        factor = scipy.linalg.cho_factor(normal, lower=True, overwrite_a=True, check_finite=False)
        values = scipy.linalg.cho_solve(
            factor,
            np.asarray(design.T @ (precision[:, None] * displacement), np.float64),
            check_finite=False,
        )
        residual = displacement - np.asarray(design @ values, np.float64)
        scaled = np.hypot(residual[:, 0], residual[:, 1]) / noise
        if len(xy):
            # For two normal components the median radius is 1.1774 standard deviations.
            stretch = max(1.0, float(np.median(scaled[robust > 0])) / 1.1774)
            before, robust = robust, np.maximum(0, 1 - (scaled / (stretch * TUKEY_CUT)) ** 2) ** 2
            if np.count_nonzero(robust) < 3:
                robust = np.ones(len(xy))
            if np.abs(robust - before).max() < SETTLED_WEIGHT:
                break
    covariance = scipy.linalg.cho_solve(factor, np.eye(nx * ny), check_finite=False)
    return FieldFit(
        SplineField(low, spacing, values.reshape(ny, nx, 2)),
        robust,
        residual,
        stretch * float(np.median(noise)) if len(xy) else 0.0,
        covariance.astype(np.float32),
    )


class _OuterProducts:
    """The normal equations' left side for any weights of the same measurements.

    Measurements of one knot cell bear on the same 16 knots: they are added up before they are spread.
    """

    def __init__(self, index: NDArray[np.intp], weight: NDArray[np.float64], knots: int) -> None:
        self.knots = knots
        self.order = np.argsort(index[:, 0], kind="stable")
        first = index[self.order, 0]
        starts = np.flatnonzero(np.r_[True, first[1:] != first[:-1]][: len(first)])
        self.ends = np.r_[starts, len(first)]
        column, row = np.triu_indices(16)
        cells = index[self.order[starts]]
        self.target = (cells[:, row] * knots + cells[:, column]).ravel()
        self.products = weight[self.order][:, row] * weight[self.order][:, column]

    def weighted(self, precision: NDArray[np.float64]) -> NDArray[np.float64]:
        """The lower triangle of ``design.T @ diag(precision) @ design``, dense, nil above."""
        n = len(self.order)
        adding = sp.csr_array(
            (precision[self.order], np.arange(n), self.ends), shape=(len(self.ends) - 1, n)
        )
        blocks = np.asarray(adding @ self.products, np.float64)
        total = np.bincount(self.target, weights=blocks.ravel(), minlength=self.knots**2)
        lower: NDArray[np.float64] = total.astype(np.float64).reshape(self.knots, self.knots)
        return lower


def _basis(
    xy: Points, origin: Points, spacing: float, knots: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Indices and weights (n, 16) of the knots that bear on each place."""
    ny, nx = knots
    position = (xy - origin) / spacing
    position = np.clip(position, 0, [nx - 3 - 1e-9, ny - 3 - 1e-9])
    # A place that is not known gets weights that are not: NaN in, NaN out.
    cell = np.floor(np.nan_to_num(position)).astype(np.intp)
    wx, wy = (_cubic(position[:, axis] - cell[:, axis]) for axis in (0, 1))
    offset = np.arange(4)
    index = (cell[:, 1, None] + offset)[:, :, None] * nx + (cell[:, 0, None] + offset)[:, None, :]
    weight = wy[:, :, None] * wx[:, None, :]
    return index.reshape(-1, 16), weight.reshape(-1, 16)


def _cubic(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """The four uniform cubic B-spline weights at t in [0, 1)."""
    s = 1 - t
    return (
        np.stack(
            [s**3, 3 * t**3 - 6 * t**2 + 4, 3 * s**3 - 6 * s**2 + 4, t**3],
            axis=-1,
        )
        / 6
    )


@lru_cache(maxsize=8)
def _bending(ny: int, nx: int) -> NDArray[np.float64]:
    """Squared second differences of the knot values, all directions, as a quadratic form."""
    second_x, second_y = _difference(nx, 2), _difference(ny, 2)
    first_x, first_y = _difference(nx, 1), _difference(ny, 1)
    parts = [
        sp.kron(sp.eye_array(ny), second_x),
        sp.kron(second_y, sp.eye_array(nx)),
        np.sqrt(2) * sp.kron(first_y, first_x),
    ]
    form = sum((part.T @ part for part in parts[1:]), start=parts[0].T @ parts[0])
    dense: NDArray[np.float64] = form.toarray()
    dense.setflags(write=False)
    return dense


def _difference(n: int, order: int) -> sp.csr_array:
    matrix = sp.eye_array(n, format="csr")
    for _ in range(order):
        matrix = matrix[1:] - matrix[:-1]
    return matrix
