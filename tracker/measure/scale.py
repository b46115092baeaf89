"""Millimetres per pixel from a printed ArUco marker in the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.luminance import SrgbArray

DICTIONARIES = {
    "DICT_4X4_50": cv2.aruco.DICT_4X4_50,
    "DICT_6X6_250": cv2.aruco.DICT_6X6_250,
}
SMALLEST_SIDE_PX = 24.0
"""Below this a marker's bits are about 3 px and its side is not known within 4 %."""
MOST_DISTORTED_SIDES = 0.6
"""Least ratio of a marker's shortest to longest side; flatter ones are seen too obliquely."""
EDGE_PX = 32


@dataclass(frozen=True)
class MarkerScale:
    """Scale from the markers of one photo.

    Attributes
    ----------
    mm_per_px : float
        Mean over the markers that were used.
    relative_sd : float
        Spread of the sides over all markers, a share of the mean: tilt and distance differences.
    n_markers : int
        Markers used.
    dictionary : str
        Name of the ArUco dictionary they belong to.
    """

    mm_per_px: float
    relative_sd: float
    n_markers: int
    dictionary: str


def find_marker_scale(srgb: SrgbArray, marker_mm: float) -> MarkerScale | None:
    """Scale of a photo from ArUco markers of known side, or None where no usable one is seen.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels.
    marker_mm : float
        Side of the printed black square in millimetres.

    Raises
    ------
    ValueError
        If `marker_mm` is not positive or `srgb` is not an RGB picture.
    """
    if not (np.isfinite(marker_mm) and marker_mm > 0):
        raise ValueError(f"marker_mm must be a positive length, got {marker_mm}")
    if srgb.ndim != 3 or srgb.shape[2] != 3:
        raise ValueError(f"srgb must have shape (H, W, 3), got {srgb.shape}")
    eight_bit = srgb if srgb.dtype == np.uint8 else (srgb >> 8).astype(np.uint8)
    grey = cv2.cvtColor(np.ascontiguousarray(eight_bit), cv2.COLOR_RGB2GRAY)
    # OpenCV drops a marker whose card ends near the edge of the photo: the edge is moved away.
    grey = np.pad(grey, EDGE_PX, mode="edge")
    best: MarkerScale | None = None
    for name, code in DICTIONARIES.items():
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(code), parameters)
        corners, _, _ = detector.detectMarkers(grey)
        if len(corners) == 0:
            continue
        quads = np.asarray(corners, np.float64).reshape(-1, 4, 2)
        sides = np.linalg.norm(quads - np.roll(quads, -1, axis=1), axis=2)
        usable = (sides.min(axis=1) >= SMALLEST_SIDE_PX) & (
            sides.min(axis=1) >= MOST_DISTORTED_SIDES * sides.max(axis=1)
        )
        if not usable.any():
            continue
        sides = sides[usable]
        mean_side_px = float(sides.mean())
        found = MarkerScale(
            mm_per_px=marker_mm / mean_side_px,
            relative_sd=float(sides.std() / mean_side_px),
            n_markers=int(usable.sum()),
            dictionary=name,
        )
        if best is None or found.n_markers > best.n_markers:
            best = found
    return best
