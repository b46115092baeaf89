"""General alignment methods: pixels of the reference to pixels of the moving photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.scoring import Array
from tracker.measure.luminance import luminance_density

RATIO = 0.8
"""Lowe's ratio test."""
RANSAC_PX = 5.0


@dataclass(frozen=True, eq=False)
class Pair:
    reference: NDArray[np.uint8]
    moving: NDArray[np.uint8]


Mapping = Callable[[Array], Array]


def _grey(srgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(srgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _homography(pair: Pair) -> Array | None:
    sift = cv2.SIFT_create(nfeatures=8000)
    points, words = zip(
        *(sift.detectAndCompute(_grey(photo), None) for photo in (pair.reference, pair.moving)),
        strict=True,
    )
    if words[0] is None or words[1] is None:
        return None
    near = cv2.BFMatcher().knnMatch(words[0], words[1], k=2)
    good = [two[0] for two in near if len(two) == 2 and two[0].distance < RATIO * two[1].distance]
    if len(good) < 4:
        return None
    here = np.array([points[0][match.queryIdx].pt for match in good])
    there = np.array([points[1][match.trainIdx].pt for match in good])
    found, _ = cv2.findHomography(here, there, cv2.RANSAC, RANSAC_PX)
    return found


def _apply(homography: Array, places: Array) -> Array:
    moved = np.column_stack([places, np.ones(len(places))]) @ homography.T
    return moved[:, :2] / moved[:, 2:]


def sift_homography(pair: Pair) -> Mapping | None:
    homography = _homography(pair)
    return None if homography is None else lambda places: _apply(homography, places)


def _encoded(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    return _grey(srgb).astype(np.float32) / np.float32(255)


def _locally_normalised(srgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Density over its local mean and spread: flow assumes that brightness does not change."""
    density = cv2.GaussianBlur(luminance_density(srgb), (0, 0), 1.5)
    side = max(density.shape)
    flat = density - cv2.GaussianBlur(density, (0, 0), side / 70)
    spread = np.sqrt(cv2.GaussianBlur(flat * flat, (0, 0), side / 35))
    return np.asarray(np.clip(0.5 + flat / (6 * spread + 1e-6), 0, 1), np.float32)


def _flow(
    pair: Pair, picture_of: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> Mapping | None:
    """Dense flow after the homography, at half size."""
    from skimage.registration import optical_flow_tvl1

    homography = _homography(pair)
    if homography is None:
        return None
    height, width = pair.reference.shape[:2]
    inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    brought = cv2.warpPerspective(
        picture_of(pair.moving), homography, (width, height), flags=inverse
    )
    halves = [
        cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        for picture in (picture_of(pair.reference), brought)
    ]
    down, right = optical_flow_tvl1(*halves)
    flow = np.stack([right, down], axis=-1).astype(np.float32)

    def mapping(places: Array) -> Array:
        half = ((places + 0.5) / 2 - 0.5).astype(np.float32)
        here = cv2.remap(flow, half[None, :, 0], half[None, :, 1], cv2.INTER_LINEAR)[0]
        return _apply(homography, places + 2 * here)

    return mapping


def tvl1_on_grey(pair: Pair) -> Mapping | None:
    return _flow(pair, _encoded)


def tvl1_on_normalised(pair: Pair) -> Mapping | None:
    return _flow(pair, _locally_normalised)


ALIGNERS: dict[str, Callable[[Pair], Mapping | None]] = {
    "SIFT + homography": sift_homography,
    "the same, then skimage optical_flow_tvl1": tvl1_on_grey,
    "the same flow on our normalised density": tvl1_on_normalised,
}
