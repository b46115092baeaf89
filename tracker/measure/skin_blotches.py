"""Blotches of colour that two photos of the same skin share, and how brightness follows them.

Blotches of redness and melanin are fixed to the skin; shading, shine and stubble are not. What is not must be
kept from passing for blotches, or from drowning them:

- *Hair.* Where stubble stands dense, skin between the hairs is darker. Each photo knows where: what a closing took
  out of it. What goes with that is taken out of the photo's brightness and colour by least squares.
- *Patches* that brightness follows badly, where hair or shine is left, count the less: each is weighed by the
  variance that colour leaves unexplained in either photo, as generalised least squares has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import LocalMean

ROUNDS = 3
"""Weights and what brightness makes of colour are found in turns."""


@dataclass(frozen=True)
class BlotchSettings:
    """Squares of skin; sides are shares of the picture's long side."""

    cell: float = 0.08
    """Skin within this counts as one independent sample."""
    patch: float = 0.02
    """Skin within this is as clear as one spot of it. Brightness readings of 112 photos err by 7 % more with
    0.04, and by 15 % more with 0.08."""
    least_patch_px: int = 20
    """Of a smaller patch nobody can tell how clear it is."""
    clearest: float = 0.1
    """Unexplained variance that every patch has at least, in those of the median patch: none is free of noise.
    0.05 to 0.3 are alike."""


@dataclass(frozen=True, eq=False)
class Blotches:
    """Products of two photos' blotches, summed per cell of skin; each array of shape (cells,).

    `cc` are of colour with colour, `bc` of brightness with colour; 0 the baseline, 1 the photo. Where colour alone is
    read it stands in brightness's place.
    """

    cc00: FloatColumn
    cc01: FloatColumn
    cc11: FloatColumn
    bc01: FloatColumn
    bc10: FloatColumn

    @property
    def agreement(self) -> float:
        """Correlation of the two colour pictures."""
        power = float(self.cc00.sum() * self.cc11.sum())
        return float(self.cc01.sum()) / power**0.5 if power > 0 else float("nan")

    def without_each_cell(self) -> Blotches:
        """Sums over all cells but one, for each of them."""
        sums = (self.cc00, self.cc01, self.cc11, self.bc01, self.bc10)
        filled = self.cc00 > 0
        return Blotches(*(values.sum() - values[filled] for values in sums))

    def whole(self) -> Blotches:
        sums = (self.cc00, self.cc01, self.cc11, self.bc01, self.bc10)
        return Blotches(*(np.atleast_1d(values.sum()) for values in sums))


def blotches_of_size(
    quantities: Sequence[FloatArray],
    skin: BoolArray,
    band: tuple[float, float],
    hair: Sequence[FloatArray] = (),
    settings: BlotchSettings = BlotchSettings(),
) -> Blotches:
    """Blotches of one size on the same skin of two photos.

    Parameters
    ----------
    quantities : sequence of two or four ndarrays of shape (H, W)
        Colour of the baseline and of the photo, or colour and brightness of the baseline, then of the photo. Colour
        alone is read from all skin alike: without brightness no patch is known to be clearer than another.
    skin : ndarray of bool, shape (H, W)
    band : tuple of float
        Sizes between which a blotch lies, as shares of the long side.
    hair : sequence of two ndarrays of shape (H, W), optional
        How much hair was taken out of the baseline and of the photo.
    settings : BlotchSettings
    """
    fine, coarse = (LocalMean(skin.astype(np.float32), size * max(skin.shape)) for size in band)

    def seen(values: FloatArray) -> FloatColumn:
        column: FloatColumn = (fine.of(values) - coarse.of(values))[skin].astype(np.float64)
        return column

    pictures = [seen(values) for values in quantities]
    kept = np.logical_and.reduce([_inner(values) for values in pictures])
    patches, cells = (
        _squares(skin, share * max(skin.shape))[kept] for share in (settings.patch, settings.cell)
    )
    columns = np.stack([values[kept] for values in pictures])
    cover = [seen(values)[kept] for values in hair]
    weight = np.ones(columns.shape[1])
    free = _without_hair(columns, cover, weight)
    if len(quantities) == 2:
        colour_0, colour_1 = brightness_0, brightness_1 = free
    else:
        weight = _clear_weight(free, patches, settings)
        if cover:
            # What hair does is seen best where the skin is clear, and the other way round.
            free = _without_hair(columns, cover, weight)
            weight = _clear_weight(free, patches, settings)
        colour_0, brightness_0, colour_1, brightness_1 = free

    def summed(first: FloatColumn, second: FloatColumn) -> FloatColumn:
        total: FloatColumn = np.bincount(cells, weight * first * second).astype(np.float64)
        return total

    return Blotches(
        summed(colour_0, colour_0),
        summed(colour_0, colour_1),
        summed(colour_1, colour_1),
        summed(brightness_0, colour_1),
        summed(brightness_1, colour_0),
    )


def halved(pictures: FloatArray, skin: BoolArray) -> tuple[list[FloatArray], BoolArray]:
    """Means of two by two pixels of skin: the finest blotches are five pixels wide and more."""
    height, width = (side // 2 * 2 for side in skin.shape)
    weight = skin[:height, :width].astype(np.float32)
    filled = np.where(skin[..., None], pictures, 0)[:height, :width] * weight[..., None]
    size = (width // 2, height // 2)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    kept: BoolArray = np.asarray(share > 0.6)
    # OpenCV resizes four channels at a time and no more.
    sums = [
        cv2.resize(filled[..., k], size, interpolation=cv2.INTER_AREA)
        for k in range(filled.shape[-1])
    ]
    means = [np.where(kept, s / np.maximum(share, 0.1), 0).astype(np.float32) for s in sums]
    return means, kept


def _without_hair(
    columns: FloatColumn, cover: Sequence[FloatColumn], weight: FloatColumn
) -> FloatColumn:
    """What is seen of the baseline, then as much of the photo, less what goes with each photo's own hair."""
    if not cover:
        return columns
    free, each = columns.copy(), len(columns) // 2
    for rows, hair in zip((slice(0, each), slice(each, None)), cover, strict=True):
        power = float((weight * hair * hair).sum())
        if power > 0:
            free[rows] -= np.outer(columns[rows] @ (weight * hair) / power, hair)
    return free


def _clear_weight(
    columns: FloatColumn, patches: NDArray[np.intp], settings: BlotchSettings
) -> FloatColumn:
    """Weight of each pixel, (n,): the inverse of what its patch's colour leaves unexplained in both photos.

    `columns` are colour and brightness of the baseline, then of the photo, (4, n).
    """
    colour_0, brightness_0, colour_1, brightness_1 = columns
    count = np.bincount(patches)
    known = count >= settings.least_patch_px
    weight: FloatColumn = np.ones(columns.shape[1])
    if not known.any():
        return weight
    for _ in range(ROUNDS):
        shared = float((weight * colour_0 * colour_1).sum())
        if shared <= 0:
            break
        before = float((weight * brightness_0 * colour_1).sum()) / shared
        after = float((weight * brightness_1 * colour_0).sum()) / shared
        rest = (brightness_0 - before * colour_0) ** 2 + (brightness_1 - after * colour_1) ** 2
        variance = np.bincount(patches, rest) / np.maximum(count, 1)
        typical = float(np.median(variance[known]))
        if typical <= 0:
            break
        share = np.where(known, typical / (variance + settings.clearest * typical), 0.0)
        weight = share[patches]
    return weight


def _squares(usable: BoolArray, side_px: float) -> NDArray[np.intp]:
    """Number of the square of that side in which each usable pixel lies."""
    rows, columns = np.nonzero(usable)
    across = int(usable.shape[1] / side_px) + 1
    return (rows / side_px).astype(np.intp) * across + (columns / side_px).astype(np.intp)


def _inner(values: FloatColumn) -> BoolArray:
    """Without the outer tails: a scab or a new pimple in one photo must not decide."""
    limit = 3 * 1.4826 * float(np.median(np.abs(values))) if values.size else 0.0
    inner: BoolArray = np.abs(values) <= limit
    return inner
