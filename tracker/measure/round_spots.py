"""A picture of dark round spots: dots and pores are high in it, hairs and edges nil.

The smaller curvature of the density, less what the larger exceeds it by [1]_; its root, which keeps one dark spot
from outvoting many faded ones.

References
----------
.. [1] A. Frangi et al., "Multiscale vessel enhancement filtering", MICCAI 1998, 130-137.
"""

from __future__ import annotations

import cv2
import numpy as np

from tracker.measure.luminance import FloatArray

SPOT_SD_PX = 1.0
"""Blur before the curvature is taken: small, so that short hairs stay longer than wide."""
ROUND_SHARE = 1.0
"""1: a spot counts where the smaller curvature is over half of the larger."""
BAND_ROWS = 64
"""Rows worked on together: as many as stay in a processor's cache."""


def round_spots(density: FloatArray) -> FloatArray:
    """How much a dark round spot each place of a density is, shape (H, W); 0 on skin, along hairs and at edges."""
    smooth = cv2.GaussianBlur(density, (0, 0), SPOT_SD_PX)
    spots = np.empty(density.shape, np.float32)
    height = len(spots)
    # In bands of rows, which stay in the processor's cache, with a row more on either side for the slopes.
    for top in range(0, height, BAND_ROWS):
        end = min(top + BAND_ROWS, height)
        above = min(top, 1)
        band = smooth[top - above : end + 1]
        along_x, along_y, mixed = (
            cv2.Sobel(band, cv2.CV_32F, dx, dy, ksize=3, scale=0.25)[above : above + end - top]
            for dx, dy in ((2, 0), (0, 2), (1, 1))
        )
        mean = (along_x + along_y) * np.float32(-0.5)
        apart = cv2.magnitude((along_x - along_y) * np.float32(0.5), mixed)
        # Curvatures are mean -+ apart; their difference is twice `apart`.
        roundness = mean - np.float32(1 + 2 * ROUND_SHARE) * apart
        np.sqrt(np.maximum(roundness, 0), out=spots[top:end])
    return spots
