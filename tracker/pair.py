"""Two photos of one scalp: where does a place of one lie in the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.blas_threads import one_blas_thread
from tracker.measure.detection import detect_dots
from tracker.measure.features import extract_features
from tracker.measure.luminance import BoolArray, SrgbArray, luminance_density
from tracker.measure.pose_change import refuse_turned
from tracker.measure.refine import refine_on_density
from tracker.measure.registration import NotRegistered, Registration, register
from tracker.measure.skin import find_skin

ANCHORS = 600
"""Dots that the alignment is refined on."""
LEAST_ANCHORS = 60


@one_blas_thread()
def register_pair(reference: SrgbArray, moving: SrgbArray) -> Registration | NotRegistered:
    """Align two decoded photos as `analyse_series` aligns a photo with its baseline.

    Parameters
    ----------
    reference, moving : ndarray of shape (H, W, 3)
        Upright sRGB pixels.

    Returns
    -------
    Registration or NotRegistered
        The refined alignment, or why there is none that can be trusted.
    """
    region = find_skin(reference).region
    coarse = register(
        extract_features(reference, region),
        extract_features(moving, find_skin(moving).region),
    )
    coarse = refuse_turned(coarse)
    if isinstance(coarse, NotRegistered):
        return coarse
    return refine_on_density(
        coarse,
        luminance_density(reference),
        luminance_density(moving),
        _anchors(reference, region),
    )


def _anchors(srgb: SrgbArray, region: BoolArray) -> NDArray[np.float64]:
    """Places whose surroundings are compared: dots, or an even grid where there are too few."""
    places = detect_dots(srgb, region).dots.xy_px
    if len(places) < LEAST_ANCHORS:
        y, x = np.nonzero(region)
        step = max(1, len(x) // ANCHORS)
        places = np.column_stack([x, y]).astype(np.float64)[::step]
    return places[:: max(1, len(places) // ANCHORS)]
