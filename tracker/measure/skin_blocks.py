"""A photo's skin in blocks: the colour between the dots, cell by cell.

Colour claims rest on blocks of the reduced picture, in which dots and hairs are closed. Blocks of
treated skin are compared with blocks of native skin *in the same photo*: white balance and
exposure are the same for both and cancel in densities; what the light does across a curved head
is smooth, and is fitted along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from scipy.linalg import solve_triangular
from scipy.spatial.distance import cdist

from tracker.measure.luminance import BoolArray, FloatArray, channel_density
from tracker.measure.results import FloatColumn

BLOCK_PX = 10
"""Side of a block in pixels of the reduced picture (500 px long): some 50 x 50 blocks."""
LEAST_VALID_SHARE = 0.6
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
CLUSTER_BLOCKS = 6
"""Neighbouring blocks share blotches: their errors are taken together in squares of this side."""
LEAST_BLOCKS = 25
"""Fewer blocks of treated or of native skin support no claim."""
HUBER = 1.5
ROUNDS = 4
FIELD_REACH = 1.5
FIELD_SHARE = 10.0
"""Shine lies in blotches: a field of covariance ``exp(-r / FIELD_REACH)``, r in half long sides of
the picture, and this multiple of the variance of four blocks' noise. A strong field leaves less of
moved shine and takes more of a change that ends softly: on rendered heads of seeds 1601 to 1608 in
six skins errors of melanin were 0.005 (type I) to 0.012 with 0.3, 0.005 to 0.007 with 3, 0.004 to
0.005 with 300; a change that ends within 4 mm read 0.10, 0.08 and 0.05."""
POOLED = 4
LEAST_POOLED = 8


@dataclass(frozen=True, eq=False)
class SkinBlocks:
    """One photo's skin between the dots, in the baseline's frame; a row per block.

    Attributes
    ----------
    x, y : ndarray of shape (n,)
        Centres, -1 to 1 over the picture's long side.
    density : ndarray of shape (n, k)
        Mean optical density, of red, green and blue as a rule; NaN where too little skin is usable.
    cluster : ndarray of shape (n,)
        Number of the square of blocks whose errors belong together.
    """

    x: FloatColumn
    y: FloatColumn
    density: FloatColumn
    cluster: np.ndarray


@dataclass(frozen=True, eq=False)
class Effect:
    """Treated minus native skin: one value per quantity, with its covariance.

    `n_treated`, `n_native` count blocks. `reason` says why there is no value.
    """

    value: FloatColumn
    covariance: FloatColumn
    n_treated: int
    n_native: int
    reason: str = ""

    @property
    def measured(self) -> bool:
        return not self.reason

    def scaled(self, matrix: FloatColumn) -> Effect:
        """The effect in other units: `matrix` (k, k) times the values."""
        return replace(
            self, value=matrix @ self.value, covariance=matrix @ self.covariance @ matrix.T
        )


def skin_blocks(codes: FloatArray) -> SkinBlocks:
    """Cut a reduced picture into blocks.

    Parameters
    ----------
    codes : ndarray of shape (h, w, 3)
        sRGB codes 0..255 of the skin with dots and hairs closed; NaN where unusable.
    """
    known: BoolArray = np.asarray(np.isfinite(codes).all(axis=-1))
    whole = np.clip(np.nan_to_num(codes) * (65535 / 255), 0, 65535).astype(np.uint16)
    return density_blocks(np.stack([channel_density(whole, c) for c in range(3)], axis=-1), known)


def density_blocks(density: FloatArray, known: BoolArray) -> SkinBlocks:
    """Blocks of a reduced picture in optical density, (h, w, k), of the pixels that are known."""
    height, width = known.shape
    rows, columns = height // BLOCK_PX, width // BLOCK_PX
    share = block_shares(known)
    below = np.where(share >= LEAST_VALID_SHARE, share, np.nan)
    weight = known.astype(np.float32)
    half = max(height, width) / 2
    y, x = (np.indices((rows, columns)).reshape(2, -1) + 0.5) * BLOCK_PX
    row, column = np.indices((rows, columns)).reshape(2, -1) // CLUSTER_BLOCKS
    return SkinBlocks(
        (x - width / 2) / half,
        (y - height / 2) / half,
        np.stack(
            [_means(density[..., c] * weight) / below for c in range(density.shape[-1])], axis=-1
        ),
        row * (columns // CLUSTER_BLOCKS + 1) + column,
    )


MOST_CLOSED_CODE, LEAST_CLOSED_CODE = 251.0, 3.0
"""Codes beyond these are clipped: the reduced picture averages them with their neighbours."""
MOST_BRIGHT_SHARE = 0.05
BRIGHT_REFERENCE = 0.4
"""Shine is what is brighter than the photo's usual skin. Where more than this share of native
skin counts as shine, it is the treated skin that became darker: then shine is not left out."""


def without_shine(codes: FloatArray, bright: FloatArray, native: BoolArray) -> FloatArray:
    """The reduced picture with clipped and shining places NaN, (h, w, 3).

    Parameters
    ----------
    codes : ndarray of shape (h, w, 3)
    bright : ndarray of shape (h, w)
        Share under shine.
    native : ndarray of bool, shape (h, w)
        Native skin.
    """
    clean = codes.copy()
    low, high = np.nanmin(codes, axis=2, initial=255.0), np.nanmax(codes, axis=2, initial=0.0)
    clean[(low < LEAST_CLOSED_CODE) | (high > MOST_CLOSED_CODE)] = np.nan
    shining = bright > MOST_BRIGHT_SHARE
    shown = native & np.isfinite(bright)
    if shown.any() and float(shining[shown].mean()) <= BRIGHT_REFERENCE:
        clean[shining] = np.nan
    return clean


TAIL = 0.10
"""Shine lies on a part of the skin: its whitest tenth tells."""


def whitening(
    blocks: SkinBlocks, first: SkinBlocks, treated: BoolArray, native: BoolArray
) -> tuple[float, int]:
    """How much whiter the shiniest part of treated skin became since the baseline.

    Shine has the colour of the light: it lifts blue over red (linear) towards 1, most where the
    light is mirrored. The `1 - TAIL` quantile of the change is that patch; native skin's is taken
    off, and with it another white balance. The middle of the treated skin is not: where shine is
    strong it lies on the whole area, and such a difference read it as less.

    Returns
    -------
    value : float
        In units of blue over red; NaN with fewer than `LEAST_BLOCKS` of either skin.
    n_treated : int
    """
    ratio = 10.0 ** (blocks.density[:, 0] - blocks.density[:, 2])
    change = ratio - 10.0 ** (first.density[:, 0] - first.density[:, 2])
    patches = []
    for members in (treated, native):
        some = change[members & np.isfinite(change)]
        if len(some) < LEAST_BLOCKS:
            return float("nan"), 0
        patches.append(float(np.quantile(some, 1 - TAIL)))
    return patches[0] - patches[1], int((treated & np.isfinite(change)).sum())


def block_shares(mask: BoolArray) -> FloatColumn:
    """Share of each block that a mask of the reduced picture covers, shape (n,)."""
    return _means(mask.astype(np.float32))


def _means(image: FloatArray) -> FloatColumn:
    rows, columns = (side // BLOCK_PX for side in image.shape)
    cut = image[: rows * BLOCK_PX, : columns * BLOCK_PX]
    mean = cut.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return np.asarray(mean, np.float64).ravel()


class Light(Enum):
    """What differs between places beside treated and native skin.

    `CURVED`: light across a head, a polynomial of degree 2. `BLOTCHED`: light and blotches of shine,
    a random field beside a plane; skin at both sides of the border, which lies in the same
    blotches, then says most. For changes, in which the skin's own blotches cancel.
    """

    CURVED = "curved"
    BLOTCHED = "blotched"


@dataclass(frozen=True, eq=False)
class BlotchedLight:
    """Quantities of blocks pooled by fours, whitened beside a random field of blotches of light.

    Generalised least squares by straight lines beside a plane and that field. A square of two by two blocks gives
    one row of what it has of treated skin and one of native skin: at the border, which says most, single blocks count.
    """

    quantities: FloatColumn
    """A row per square and skin, a column per quantity."""
    plane: FloatColumn
    """Level and slopes of smooth light, likewise."""

    @classmethod
    def of(
        cls,
        values: FloatColumn,
        blocks: SkinBlocks,
        treated: BoolArray,
        native: BoolArray,
        field_share: float = FIELD_SHARE,
    ) -> BlotchedLight | None:
        """Pool and whiten quantities (n, k); None with too little skin of either sort.

        `treated` and `native` are the blocks that lie wholly in either, `field_share` as of `treated_effect`.
        """
        columns, rows = len(np.unique(blocks.x)), len(np.unique(blocks.y))
        whole = (rows // 2, 2, columns // 2, 2)

        def fours(quantity: FloatColumn) -> FloatColumn:
            grid = quantity.reshape(rows, columns, -1)[: rows // 2 * 2, : columns // 2 * 2]
            total = grid.reshape(*whole, -1).sum(axis=(1, 3))
            return np.asarray(total.reshape(whole[0] * whole[2], -1), np.float64)

        known = np.isfinite(values).all(axis=1)
        row_wise = np.column_stack([blocks.x, blocks.y, np.nan_to_num(values)])
        means, counts = [], []
        for members in (treated & known, native & known):
            n = fours(members.astype(float))[:, 0]
            if int(members.sum()) < LEAST_BLOCKS or int((n == POOLED).sum()) < LEAST_POOLED:
                return None
            means.append(fours(row_wise * members[:, None])[n > 0] / n[n > 0, None])
            counts.append(n[n > 0])
        place, seen = np.split(np.vstack(means), [2], axis=1)
        covariance = field_share * np.exp(-cdist(place, place) / FIELD_REACH)
        covariance += np.diag(POOLED / np.concatenate(counts))
        whitened = solve_triangular(
            np.linalg.cholesky(covariance),
            np.column_stack([np.ones(len(place)), place, seen]),
            lower=True,
        )
        return cls(whitened[:, 3:], whitened[:, :3])

    def effect(self, cause: int, of: Sequence[int]) -> tuple[FloatColumn, FloatColumn]:
        """What a unit of the quantity `cause` adds to the quantities `of`, and the covariance of that.

        Robust on the whitened residuals.
        """
        design = np.column_stack([self.quantities[:, cause], self.plane])
        coefficients, residual, weight, inverse = _robust_fit(design, self.quantities[:, of])
        noise = (residual * weight[:, None]).T @ residual / weight.sum()
        return coefficients[0], noise * inverse[0, 0]

    def less(self, of: Sequence[int], cause: int, effect: FloatColumn) -> BlotchedLight:
        """The same with what a cause adds to the quantities `of` taken off."""
        rest = self.quantities.copy()
        rest[:, of] -= np.outer(self.quantities[:, cause], effect)
        return replace(self, quantities=rest)


def _robust_fit(
    design: FloatColumn, seen: FloatColumn
) -> tuple[FloatColumn, FloatColumn, FloatColumn, FloatColumn]:
    """Coefficients, residuals and weights of rows, and the inverse of the weighted normal matrix."""
    weight = np.ones(len(seen))
    for _ in range(ROUNDS):
        scaled = design * weight[:, None]
        inverse = np.linalg.pinv(scaled.T @ design)
        coefficients = inverse @ (scaled.T @ seen)
        residual = seen - design @ coefficients
        weight = _huber_weight(residual)
    return coefficients, residual, weight, np.asarray(inverse, np.float64)


def _huber_weight(residual: FloatColumn) -> FloatColumn:
    """Say of each row by its size over all quantities, in robust standard deviations."""
    spread = 1.4826 * np.median(np.abs(residual), axis=0) + 1e-12
    size = np.sqrt(((residual / spread) ** 2).mean(axis=1))
    return np.asarray(np.minimum(1.0, HUBER / np.maximum(size, 1e-9)))


def treated_effect(
    quantity: FloatColumn,
    blocks: SkinBlocks,
    treated: BoolArray,
    native: BoolArray,
    *,
    light: Light = Light.CURVED,
    field_share: float = FIELD_SHARE,
) -> Effect:
    """What treated skin has more than native skin, shading across the head taken off.

    A robust straight-line fit ``q = polynomial(x, y) + effect * treated``: what light does on a
    head is smooth, and blotches are noise. Errors are taken per cluster of blocks. With
    `Light.BLOTCHED` a random field stands for the curved terms.

    Parameters
    ----------
    quantity : ndarray of shape (n, k)
        `k` quantities per block; NaN where not known.
    blocks : SkinBlocks
    treated, native : ndarray of bool, shape (n,)
        Blocks that lie wholly in either.
    light : Light
        What else differs from place to place.
    field_share : float
        Variance of the random field of `Light.BLOTCHED`, in variances of four blocks' noise.

    References
    ----------
    .. [1] P. J. Huber, Robust Statistics (1981); K.-Y. Liang, S. L. Zeger, Biometrika 73, 13-22
       (1986), for the errors of clustered data.
    .. [2] N. Cressie, Statistics for Spatial Data (1993), ch. 3, for the random field.
    """
    values = quantity if quantity.ndim == 2 else quantity[:, None]
    k = values.shape[1]
    usable = np.isfinite(values).all(axis=1) & (treated | native)
    n_treated, n_native = int((usable & treated).sum()), int((usable & native).sum())
    empty = Effect(np.full(k, np.nan), np.full((k, k), np.nan), n_treated, n_native)
    if n_native < LEAST_BLOCKS:
        return _because(empty, "too little untreated skin in view to compare with")
    if n_treated < LEAST_BLOCKS:
        return _because(empty, "too little treated skin in view")
    if light is Light.BLOTCHED:
        whitened = BlotchedLight.of(
            np.column_stack([values, treated]), blocks, treated, native, field_share
        )
        if whitened is None:
            return _because(empty, "too little skin in view to tell colour from shine")
        return Effect(*whitened.effect(k, range(k)), n_treated, n_native)
    x, y = blocks.x[usable], blocks.y[usable]
    inside = treated[usable].astype(float)
    design = np.column_stack([inside, np.ones_like(x), x, y, x * x, x * y, y * y])
    seen = values[usable]
    coefficients, residual, weight, inverse = _robust_fit(design, seen)
    lever = (design * weight[:, None]) @ inverse[0]
    _, cluster = np.unique(blocks.cluster[usable], return_inverse=True)
    n_clusters = int(cluster.max()) + 1
    score = np.stack(
        [np.bincount(cluster, lever * residual[:, c], n_clusters) for c in range(k)], axis=1
    )
    covariance = score.T @ score * (n_clusters / max(1, n_clusters - design.shape[1]))
    if n_clusters <= design.shape[1]:
        return _because(empty, "too little skin in view to tell colour from shading")
    return Effect(coefficients[0], covariance, n_treated, n_native)


def _because(effect: Effect, reason: str) -> Effect:
    return Effect(effect.value, effect.covariance, effect.n_treated, effect.n_native, reason=reason)
