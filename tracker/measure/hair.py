"""Telling pigment dots from hair in one photo, by shape.

A hair is finer than a dot and goes on in one direction. How fine and how long a spot is are
measured on the photo itself, the fineness relative to the photo's own round spots, so that
exposure, skin tone, blur and the size of the dots cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.dot_scale import roundness_weight
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import Band, band_pass, sample, sample_band
from tracker.measure.results import FloatColumn

FINE_SHARE = 0.4
"""The fine filter's size in sigmas of a dot: a shaved hair's width beside a dot's."""
FINEST_SIGMA_PX = 0.8
LEAST_FINENESS = 0.05
REFERENCE_QUANTILE = 0.3
PRIOR_STEPS = 30
LEAST_HAIR_SHARE = 0.02
INTERCEPT, FINENESS_WEIGHT, LENGTH_WEIGHT, ROUND_REFERENCE = -0.9, 5.2, 4.9, 0.6
"""Logistic fit on 12 rendered scenes, a reviewed real close-up in 12 variants and real stubble.
The intercept is set for a reference below the median fineness of round spots."""


@dataclass(frozen=True, eq=False)
class SpotShape:
    """Shape of spots.

    Attributes
    ----------
    roundness : ndarray of shape (n,)
        Ratio of the smaller to the larger curvature at the top: 1 round, 0 a line.
    fineness : ndarray of shape (n,)
        ln of the response at `FINE_SHARE` of the dots' scale over the response at it.
    """

    roundness: FloatColumn
    fineness: FloatColumn


def spot_shape(
    density: FloatArray,
    region: BoolArray,
    band: Band,
    x_px: FloatColumn,
    y_px: FloatColumn,
) -> SpotShape:
    """Shape of the spots at given places.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density.
    region : ndarray of shape (H, W) of bool
        Where spots may lie.
    band : Band
        Response of `density` at the dots' scale.
    x_px, y_px : ndarray of shape (n,)
        Places in full-resolution pixels.
    """
    if len(x_px) == 0:
        return SpotShape(np.empty(0), np.empty(0))
    x = (x_px + 0.5) / band.reduction - 0.5
    y = (y_px + 0.5) / band.reduction - 0.5
    step = max(1.0, 0.7 * band.sigma)

    def at(dx: float, dy: float) -> FloatColumn:
        return sample(band.response, x + dx * step, y + dy * step)

    middle = at(0, 0)
    hxx = at(-1, 0) - 2 * middle + at(1, 0)
    hyy = at(0, -1) - 2 * middle + at(0, 1)
    hxy = (at(1, 1) + at(-1, -1) - at(1, -1) - at(-1, 1)) / 4
    mean, spread = (hxx + hyy) / 2, np.hypot((hxx - hyy) / 2, hxy)
    strong, weak = mean - spread, mean + spread
    roundness = np.where(strong < 0, np.clip(weak / np.minimum(strong, -1e-12), 0, 1), 1.0)

    sigma_px = band.sigma * band.reduction
    fine = band_pass(density, max(FINEST_SIGMA_PX, FINE_SHARE * sigma_px), region)
    # The finest structure of a spot need not lie at its middle.
    side = 2 * max(1, round(sigma_px / fine.reduction)) + 1
    strongest = np.asarray(cv2.dilate(fine.response, np.ones((side, side), np.uint8)), np.float32)
    nearby = Band(strongest, fine.valid, fine.reduction, fine.sigma)
    ratio = sample_band(nearby, x_px, y_px) / np.maximum(middle, 1e-6)
    return SpotShape(roundness, np.log(np.maximum(ratio, LEAST_FINENESS)))


def hair_probability(shape: SpotShape, most_hair: float) -> FloatColumn:
    """Chance that a spot is part of a hair, from its shape alone.

    The share of hair among the photo's spots is estimated from the spots themselves [1]_.

    Parameters
    ----------
    shape : SpotShape
        Shape of all spots of one photo.
    most_hair : float
        Upper bound on that share, for where it is known that there are dots.

    References
    ----------
    .. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to
       new a priori probabilities", Neural Comput. 14, 21-41 (2002).
    """
    if len(shape.roundness) == 0:
        return np.empty(0)
    # The coarser of the round spots are the photo's dots even where round stubble outnumbers them.
    order = np.argsort(shape.fineness)
    weight = np.cumsum(roundness_weight(shape.roundness[order]) + 1e-3)
    usual = shape.fineness[order][int(np.searchsorted(weight, REFERENCE_QUANTILE * weight[-1]))]
    evidence = (
        INTERCEPT
        + FINENESS_WEIGHT * (shape.fineness - usual)
        + LENGTH_WEIGHT * (ROUND_REFERENCE - shape.roundness)
    )
    odds = np.exp(np.clip(evidence, -30, 30))
    share = 0.5
    for _ in range(PRIOR_STEPS):
        # How hairy this photo is follows from its own spots: only odds that speak move it.
        share = float(np.mean(share * odds / (share * odds + 1 - share)))
        share = min(max(share, LEAST_HAIR_SHARE), most_hair)
    probability: FloatColumn = share * odds / (share * odds + 1 - share)
    return probability
