"""General spot detectors, each called as its documentation says, given the true dot width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.scoring import Array
from tracker.measure.luminance import luminance_density

FWHM_PER_SIGMA = 2.3548


@dataclass(frozen=True, eq=False)
class Scene:
    """One photo, and what a peer is told about it."""

    srgb: NDArray[np.uint8]
    region: NDArray[np.bool_]
    """Treated skin."""
    fwhm_px: float
    true_px: Array
    """For scoring only."""

    @property
    def sigma_px(self) -> float:
        return self.fwhm_px / FWHM_PER_SIGMA


Detector = Callable[[Scene, float], Array]


def flattened(scene: Scene) -> NDArray[np.float32]:
    """Optical density above the skin around: dots are bright, light and shade are gone."""
    density = luminance_density(scene.srgb)
    broad = cv2.GaussianBlur(density, (0, 0), 4 * scene.fwhm_px)
    return np.asarray(density - broad, np.float32)


def _blob_log(scene: Scene, threshold: float) -> Array:
    from skimage.feature import blob_log

    low, high = 0.8 * scene.sigma_px, 1.25 * scene.sigma_px
    found = blob_log(
        flattened(scene), min_sigma=low, max_sigma=high, num_sigma=3, threshold=threshold
    )
    return found[:, 1::-1].astype(float)


def _blob_dog(scene: Scene, threshold: float) -> Array:
    from skimage.feature import blob_dog

    low, high = 0.8 * scene.sigma_px, 1.6 * scene.sigma_px
    found = blob_dog(flattened(scene), min_sigma=low, max_sigma=high, threshold=threshold)
    return found[:, 1::-1].astype(float)


def _simple_blob(scene: Scene, threshold: float) -> Array:
    settings = cv2.SimpleBlobDetector_Params()
    settings.filterByColor, settings.blobColor = True, 255
    settings.filterByArea = True
    settings.minArea = 0.2 * scene.fwhm_px**2
    settings.maxArea = 4.0 * scene.fwhm_px**2
    settings.filterByCircularity = settings.filterByConvexity = settings.filterByInertia = False
    settings.minDistBetweenBlobs = 0.8 * scene.fwhm_px
    settings.minRepeatability = 2
    settings.minThreshold, settings.maxThreshold = 255 * threshold, 250.0
    settings.thresholdStep = 8.0
    picture = np.clip(255 * flattened(scene) / 0.4, 0, 255).astype(np.uint8)
    found = cv2.SimpleBlobDetector_create(settings).detect(picture)
    return np.array([point.pt for point in found], float).reshape(-1, 2)


def _trackpy(scene: Scene, threshold: float) -> Array:
    import trackpy

    # The diameter must be odd and hold the spot; 1.5 FWHM holds 95 % of it.
    diameter = 2 * int(np.ceil(0.75 * scene.fwhm_px)) + 1
    found = trackpy.locate(
        np.clip(flattened(scene), 0, None),
        diameter,
        minmass=threshold * diameter**2,
        separation=0.8 * scene.fwhm_px,
        engine="numba" if find_spec("numba") else "python",
    )
    return found[["x", "y"]].to_numpy(float)


def _sep(scene: Scene, threshold: float) -> Array:
    import sep

    picture = np.ascontiguousarray(flattened(scene))
    background = sep.Background(picture, bw=64, bh=64)
    sep.set_extract_pixstack(3_000_000)
    # Dense work, and hair, are one blob of thousands at a low threshold.
    sep.set_sub_object_limit(65_536)
    found = sep.extract(
        picture - background,
        threshold,
        err=background.globalrms,
        minarea=4,
        # The usual matched filter merges neighbours: without it F1 is 0.93 instead of 0.77.
        filter_kernel=None,
        deblend_nthresh=64,
        deblend_cont=1e-6,
    )
    return np.column_stack([found["x"], found["y"]]).astype(float)


DETECTORS: dict[str, tuple[Detector, tuple[float, ...]]] = {
    "skimage blob_log": (_blob_log, (0.02, 0.03, 0.04, 0.05, 0.06, 0.08)),
    "skimage blob_dog": (_blob_dog, (0.01, 0.015, 0.02, 0.025, 0.03, 0.045)),
    "cv2.SimpleBlobDetector": (_simple_blob, (0.04, 0.08, 0.12, 0.18, 0.25, 0.35)),
    "trackpy": (_trackpy, (0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02)),
    "SEP": (_sep, (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)),
}
"""Each with the thresholds of which the best is taken."""

MODULES = {"trackpy": "trackpy", "SEP": "sep"}


def installed(name: str) -> bool:
    return name not in MODULES or find_spec(MODULES[name]) is not None
