"""What a spot looks like: the chance that it is a round deposit and not a piece of hair.

A small network sees each spot's neighbourhood, cut out at the dots' own scale and with its own
strength taken off, so that neither size, exposure nor skin tone enters: only shape does. It was
trained by `python -m benchmarks.train_spot_look` on rendered scenes, which writes its weights as
the module `spot_look_weights`. Nothing of it was fitted to photos of people.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.spot_look_weights import LAYERS, PACKED

GRID = 13
"""Samples per side of a neighbourhood."""
STEP_SIGMAS = 0.6
"""Their distance, in units of the dots' sigma: the view reaches 3.6 sigmas to each side."""
SMOOTHING_SIGMAS = 0.4
"""Blur before sampling, so that a large spot is not sampled between its pixels."""
WEAKEST, MOST = 1e-4, 4.0
"""Least strength by which a neighbourhood is divided, and bound on what comes of it."""
CHUNK = 8192
"""Spots looked at together; cv2.remap takes no picture longer than 32 767 rows."""
MOST_LOGIT = 6.0
TURNS = 8
"""Quarter turns of a picture, and of its mirror image."""


@dataclass(frozen=True, eq=False)
class SpotNet:
    """Weights (inputs, outputs) and biases of each layer; rectified but for the last."""

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    def logit(self, pictures: FloatArray) -> FloatColumn:
        """Log-odds of a dot for each row, shape (n,), whichever way up it is seen.

        Skin has no upright, but what was learnt from examples depends a little on the turn: the mean
        over the eight turns and mirrorings errs less than any one of them.

        Parameters
        ----------
        pictures : ndarray of shape (n, GRID * GRID)
        """
        first, bias = self.weights[0], self.biases[0]
        square = np.arange(pictures.shape[1]).reshape(GRID, GRID)
        total = np.zeros(len(pictures))
        for turn in range(TURNS):
            # Weights turned one way see what pictures turned the other way show.
            order = np.rot90(square, turn % 4)
            order = order[:, ::-1] if turn >= 4 else order
            values = np.maximum(pictures @ first[order.reshape(-1)] + bias, 0)
            for number, (weight, offset) in enumerate(
                zip(self.weights[1:], self.biases[1:], strict=True), 2
            ):
                values = values @ weight + offset
                if number < len(self.weights):
                    values = np.maximum(values, 0)
            total += np.clip(values[:, 0].astype(np.float64), -MOST_LOGIT, MOST_LOGIT)
        result: FloatColumn = total / TURNS
        return result


def unpacked(layers: Sequence[int], packed: str) -> SpotNet:
    """A network from its layers' sizes and its weights in half precision, base 64."""
    values = np.frombuffer(base64.b64decode(packed), np.float16).astype(np.float32)
    weights, biases = [], []
    start = 0
    for inputs, outputs in pairwise(layers):
        weights.append(values[start : start + inputs * outputs].reshape(inputs, outputs))
        start += inputs * outputs
        biases.append(values[start : start + outputs])
        start += outputs
    return SpotNet(tuple(weights), tuple(biases))


@cache
def spot_net() -> SpotNet:
    """The trained network."""
    return unpacked(LAYERS, PACKED)


def cut_out(
    density: FloatArray, x_px: FloatColumn, y_px: FloatColumn, sigma_px: float
) -> tuple[FloatArray, FloatArray]:
    """Neighbourhoods of spots less their own level, and the spots' strengths.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density, no NaN.
    x_px, y_px : ndarray of shape (n,)
        Centres.
    sigma_px : float
        The dots' scale.

    Returns
    -------
    levelled : ndarray of shape (n, GRID * GRID)
    strength : ndarray of shape (n,)
        Peak density of a round spot in the middle.
    """
    smooth = cv2.GaussianBlur(
        density, (0, 0), max(SMOOTHING_SIGMAS * sigma_px, 0.3), borderType=cv2.BORDER_REFLECT_101
    )
    offset = (np.arange(GRID) - GRID // 2) * STEP_SIGMAS * sigma_px
    dx, dy = (grid.reshape(1, -1) for grid in np.meshgrid(offset, offset))
    radius = np.hypot(dx, dy)[0] / sigma_px
    # The matched filter of a round spot on its surroundings sets the strength.
    profile = np.exp(-0.5 * radius**2)
    profile -= profile.mean()
    profile /= profile @ np.exp(-0.5 * radius**2)
    levelled = np.empty((len(x_px), GRID * GRID), np.float32)
    strength = np.empty(len(x_px), np.float32)
    for start in range(0, len(x_px), CHUNK):
        part = slice(start, start + CHUNK)
        map_x = (x_px[part, None] + dx).astype(np.float32)
        map_y = (y_px[part, None] + dy).astype(np.float32)
        values = cv2.remap(
            smooth, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        strength[part] = values @ profile.astype(np.float32)
        levelled[part] = values - np.median(values, axis=1, keepdims=True)
    return levelled, strength


def neighbourhoods(
    density: FloatArray, x_px: FloatColumn, y_px: FloatColumn, sigma_px: float
) -> FloatArray:
    """Neighbourhoods of spots, each with its own level and strength taken off (see `cut_out`).

    Returns
    -------
    looks : ndarray of shape (n, GRID * GRID)
        0 at the level of the surroundings, about 1 in the middle of a round spot.
    """
    return in_own_strength(*cut_out(density, x_px, y_px, sigma_px))


def in_own_strength(levelled: FloatArray, strength: FloatArray) -> FloatArray:
    """What `cut_out` gives as the network sees it, (n, GRID * GRID)."""
    return np.clip(levelled / np.maximum(strength, WEAKEST)[:, None], -MOST, MOST)


def dot_logit(
    density: FloatArray, x_px: FloatColumn, y_px: FloatColumn, sigma_px: float
) -> FloatColumn:
    """Log-odds that each spot is a round deposit, at even prior odds, shape (n,)."""
    if len(x_px) == 0:
        return np.empty(0)
    return spot_net().logit(neighbourhoods(density, x_px, y_px, sigma_px))
