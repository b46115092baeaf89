"""Telling pigment dots from hair, moles and pores in one photo: cues per spot.

Each cue is scale-free and local: exposure, skin tone and size of the photo cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import FloatArray
from tracker.measure.peaks import sample
from tracker.measure.results import FloatColumn

RIDGE_ANGLES = 12
RIDGE_REACH_SIGMAS = (2.5, 4.0)
"""A hair goes on this far from a place on it; a dot has ended."""


@dataclass(frozen=True, eq=False)
class SpotShape:
    """Shape cues of spots.

    Attributes
    ----------
    roundness : ndarray of shape (n,)
        Ratio of the smaller to the larger curvature at the top, 1 round, 0 a line.
    line : ndarray of shape (n,)
        Height that a straight line through the spot keeps on its weaker side, relative to the
        spot; 0 for a lone dot, 1 for a place within a hair.
    """

    roundness: FloatColumn
    line: FloatColumn


def spot_shape(response: FloatArray, x: FloatColumn, y: FloatColumn, sigma: float) -> SpotShape:
    """Shape cues at places of a band-pass whose filter size is `sigma`."""
    if len(x) == 0:
        return SpotShape(np.empty(0), np.empty(0))
    step = max(1.0, 0.7 * sigma)

    def at(dx: float, dy: float) -> FloatColumn:
        return sample(response, x + dx * step, y + dy * step)

    middle = at(0, 0)
    hxx = at(-1, 0) - 2 * middle + at(1, 0)
    hyy = at(0, -1) - 2 * middle + at(0, 1)
    hxy = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    mean, spread = (hxx + hyy) / 2, np.hypot((hxx - hyy) / 2, hxy)
    strong, weak = mean - spread, mean + spread
    roundness = np.clip(weak / np.where(strong < 0, strong, -1), 0, 1)
    roundness[strong >= 0] = 1

    height = np.maximum(sample(response, x, y), 1e-6)
    line = np.zeros(len(x))
    for angle in np.arange(RIDGE_ANGLES) * np.pi / RIDGE_ANGLES:
        ux, uy = np.cos(angle) * sigma, np.sin(angle) * sigma
        sides = []
        for sign in (1, -1):
            along = [
                sample(response, x + sign * d * ux, y + sign * d * uy)
                for d in np.linspace(1.0, RIDGE_REACH_SIGMAS[1], 5)
            ]
            sides.append(np.min(along, axis=0) / height)
        line = np.maximum(line, np.maximum(*sides))
    return SpotShape(roundness, np.clip(line, 0, 1))


def hair_probability(shape: SpotShape) -> FloatColumn:
    """Chance that a spot is part of a hair, from its shape alone.

    A place on a hair is long (`roundness` low) and goes on (`line` high); a dot of a merged
    pair may be one of the two, rarely both.
    """
    evidence = 9.0 * (shape.line - 0.55) + 7.0 * (0.38 - shape.roundness)
    probability: FloatColumn = 1 / (1 + np.exp(-evidence))
    return probability
