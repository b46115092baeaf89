"""Where a photo shows skin worth measuring.

A treated scalp is nearly neutral and a wall nearly as bright, so neither colour nor
brightness alone parts them. What does: the wall is smooth, reaches the frame's edge and is
less red *than this photo's own skin*, whatever the white balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.luminance import (
    BoolArray,
    FloatArray,
    SrgbArray,
    clipped,
    linear_rgb,
)

WORK_LONG_SIDE_PX = 320
LEAST_REDNESS = 0.03
"""log10(R/G) below which nothing is skin under any usual white balance."""
LEAST_SKIN_SHARE = 0.04
"""A scalp fills at least this share of a photo that is worth measuring."""
GLARE_ABOVE_MEDIAN = 0.20
"""Density below the surrounding skin's median (a factor 1.6 in light) that is shine, not skin."""


@dataclass(frozen=True, eq=False)
class SkinMap:
    """Skin of one photo.

    Attributes
    ----------
    region : ndarray of shape (H, W) of bool
        Scalp and skin worth measuring.
    glare : ndarray of shape (H, W) of bool
        Shine and clipped pixels within it.
    covered_share : float
        Share of the frame that `region` covers.
    problems : tuple of str
        What stands in the way, in words; empty if nothing does.
    """

    region: BoolArray
    glare: BoolArray
    covered_share: float
    problems: tuple[str, ...] = ()


def _reduced(srgb: SrgbArray) -> SrgbArray:
    height, width = srgb.shape[:2]
    scale = WORK_LONG_SIDE_PX / max(height, width)
    if scale >= 1:
        return srgb
    # Averaging in linear light would be exact; over a few pixels codes differ little.
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return np.asarray(cv2.resize(srgb, size, interpolation=cv2.INTER_AREA))


def _features(small: SrgbArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """log10(R/G), log10(G/B) and density of a reduced picture."""
    logs = np.log10(np.maximum(linear_rgb(small), 1e-3))
    logs = cv2.GaussianBlur(logs, (0, 0), 1.0)
    red, green, blue = logs[:, :, 0], logs[:, :, 1], logs[:, :, 2]
    return red - green, green - blue, -(red + green + blue) / 3


def _border_level(redness: FloatArray, roughness: FloatArray) -> float | None:
    """Redness of a smooth, unred surround at the top and sides, None where there is none."""
    height, width = redness.shape
    edge = max(2, round(0.03 * min(height, width)))
    border = np.zeros(redness.shape, bool)
    border[:edge] = True
    border[: round(0.6 * height), :edge] = True
    border[: round(0.6 * height), -edge:] = True
    smooth = border & (roughness < np.percentile(roughness, 60))
    if np.count_nonzero(smooth) < 0.15 * np.count_nonzero(border):
        return None
    level = float(np.percentile(redness[smooth], 25))
    inside = float(np.percentile(redness[~border], 75))
    return level if inside - level > 0.06 else None


def _clean(mask: BoolArray, opening: int) -> BoolArray:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (opening, opening))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    if count <= 1:
        return np.zeros(mask.shape, bool)
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= 0.25 * areas.max()))
    # Holes are moles, shine or dense pigment, all part of the skin.
    outside = np.pad(~kept, 1, constant_values=True).astype(np.uint8)
    _, holes = cv2.connectedComponents(outside, connectivity=4)
    filled: BoolArray = (holes != holes[0, 0])[1:-1, 1:-1]
    return filled


def find_skin(srgb: SrgbArray) -> SkinMap:
    """Skin worth measuring in a photo; the whole frame of a close-up.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels.

    Raises
    ------
    ValueError
        If `srgb` is not an 8- or 16-bit RGB picture.
    """
    small = _reduced(srgb)
    redness, yellowness, density = _features(small)
    level = cv2.GaussianBlur(density, (0, 0), 2.0)
    roughness = cv2.GaussianBlur(np.abs(density - level), (0, 0), 3.0)
    surround = _border_level(redness, roughness)
    if surround is None:
        mask = redness > LEAST_REDNESS
        if np.median(redness) > LEAST_REDNESS and mask.mean() > 0.5:
            mask = np.ones(mask.shape, bool)
    else:
        skin_level = float(np.percentile(redness[redness > surround + 0.05], 40))
        cut = max(surround + 0.03, surround + 0.4 * (skin_level - surround))
        mask = _refine(redness, yellowness, density, redness > cut, surround)
        opening = max(3, round(0.10 * min(mask.shape)) | 1)
        mask = _clean(mask, opening)
    share = float(mask.mean())
    problems: list[str] = []
    if share < LEAST_SKIN_SHARE:
        problems.append("no scalp in view: fill the frame with the shaved scalp")
        mask = np.zeros(mask.shape, bool)
        share = 0.0
    height, width = srgb.shape[:2]
    region: BoolArray = (
        cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    )
    return SkinMap(region, _glare(srgb, region), share, tuple(problems))


def _refine(
    redness: FloatArray,
    yellowness: FloatArray,
    density: FloatArray,
    likely: BoolArray,
    surround: float,
) -> BoolArray:
    """Graph cut from a first guess, on colour ratios and density."""
    planes = np.stack([(redness - surround) * 600, yellowness * 300, density * 100], axis=2)
    picture = np.clip(planes, 0, 255).astype(np.uint8)
    labels = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if likely.all() or not likely.any():
        return likely
    cv2.setRNGSeed(1)
    cv2.grabCut(
        picture, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_MASK
    )
    refined: BoolArray = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return refined


def _glare(srgb: SrgbArray, region: BoolArray) -> BoolArray:
    """Shine: brighter than the surrounding skin by a factor, or clipped; within `region`."""
    small = _reduced(srgb)
    height, width = srgb.shape[:2]
    density = -np.log10(np.maximum(linear_rgb(small).min(axis=2), 1e-3))
    window = max(3, round(min(small.shape[:2]) / 6) | 1)
    codes = np.clip(density * 80, 0, 255).astype(np.uint8)
    surrounding = cv2.medianBlur(codes, window).astype(np.float32) / 80
    shine = (density < surrounding - GLARE_ABOVE_MEDIAN).astype(np.float32)
    shine = cv2.resize(shine, (width, height), interpolation=cv2.INTER_LINEAR)
    glare: BoolArray = ((shine > 0.5) | clipped(srgb)) & region
    return glare
