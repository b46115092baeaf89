"""Where a photo shows skin worth measuring.

A treated scalp is nearly neutral and a wall nearly as bright, so neither colour nor
brightness alone parts them. What does: the wall is smooth, reaches the frame's edge and is
less red *than this photo's own skin*, whatever the white balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

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
LEAST_REDNESS = 0.015
"""log10(R/G) below which nothing is skin: dense neutral pigment under a cool light has 0.03."""
SMOOTH_SURROUND = 0.4
"""A wall's roughness over the head's: walls reach 0.12, the edges of close-ups start at 0.7."""
WALL_ROUGHNESS_SHARE = 0.3
OUTLINE_DENSITY_STEP, OUTLINE_REDNESS_STEP = 0.2, 0.06
"""A patterned wall is rough; it still parts from the head in lightness and colour at once."""
LEAST_SKIN_ROUGHNESS = 0.0025
"""Painted walls and paper stay below 0.0013, the smoothest real skin has 0.005."""
MOST_COLOUR_TEXTURE = 1.0
LEAST_SKIN_SHARE = 0.06
"""A scalp fills at least this share of a photo that is worth measuring."""
HEAD_SHARE, SMALL_HEAD_SHARE = 0.25, 0.1
"""A head fills this share of a photo, or at least the second where the photo as a whole is no skin."""
GLARE_ABOVE_MEDIAN = 0.12
"""log10 of light above the surrounding skin between dots (a factor 1.3) that is shine."""


NO_SCALP = "no scalp in view (or far out of focus): fill the frame with the shaved scalp"
NO_COLOUR = "no scalp in view that its colour would show: the photo is black and white, take or send it in colour"
GREY_LEVELS = 2
"""A picture whose channels differ by no more than this is black and white."""


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


def as_float(picture: object) -> FloatArray:
    """`picture` as float32, without a copy where it already is."""
    return np.asarray(picture, np.float32)


def _reduced(srgb: SrgbArray) -> SrgbArray:
    height, width = srgb.shape[:2]
    scale = WORK_LONG_SIDE_PX / max(height, width)
    if scale >= 1:
        return srgb
    # Averaging in linear light would be exact; over a few pixels codes differ little.
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    return cast("SrgbArray", cv2.resize(srgb, size, interpolation=cv2.INTER_AREA))


def _features(small: SrgbArray) -> tuple[FloatArray, FloatArray]:
    """log10(R/G) and density of a reduced picture."""
    logs = np.log10(np.maximum(linear_rgb(small), 1e-3))
    logs = as_float(cv2.GaussianBlur(logs, (0, 0), 1.0))
    red, green, blue = logs[:, :, 0], logs[:, :, 1], logs[:, :, 2]
    return red - green, as_float(-(red + green + blue) / 3)


def _border_level(
    redness: FloatArray, roughness: FloatArray, head_share: float = HEAD_SHARE
) -> float | None:
    """Redness of a smooth surround at the top and sides that `head_share` of the rest exceeds; else None."""
    height, width = redness.shape
    edge = max(2, round(0.03 * min(height, width)))
    border = np.zeros(redness.shape, bool)
    border[:edge] = True
    border[: round(0.6 * height), :edge] = True
    border[: round(0.6 * height), -edge:] = True
    smooth = border & (roughness < np.percentile(roughness, 60))
    if np.count_nonzero(smooth) < 0.15 * np.count_nonzero(border):
        return None
    level = float(np.median(redness[smooth]))
    inside = float(np.percentile(redness[~border], 100 * (1 - head_share)))
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
    redness, density = _features(small)
    roughness = _roughness(density)
    mask = _head(redness, density, roughness, _border_level(redness, roughness))
    if mask.all() and not _looks_like_skin(small, mask, redness, roughness):
        level = _border_level(redness, roughness, SMALL_HEAD_SHARE)
        mask = _head(redness, density, roughness, level)
        # A small head stands free; a reddish thing that is cut off by the frame may be anything.
        if mask[0].any() or mask[:, 0].any() or mask[:, -1].any():
            mask = np.zeros_like(mask)
    if not _looks_like_skin(small, mask, redness, roughness):
        mask = np.zeros_like(mask)
    share = float(mask.mean())
    problems: list[str] = []
    if share < LEAST_SKIN_SHARE:
        grey = (
            np.ptp(small.astype(np.int64), axis=2).max()
            <= GREY_LEVELS * np.iinfo(small.dtype).max / 255
        )
        problems.append(NO_COLOUR if grey else NO_SCALP)
        mask, share = np.zeros_like(mask), 0.0
    height, width = srgb.shape[:2]
    region = _enlarged(mask, (height, width))
    return SkinMap(region, _glare(srgb, small, region), share, tuple(problems))


def _head(
    redness: FloatArray, density: FloatArray, roughness: FloatArray, surround: float | None
) -> BoolArray:
    """A head before a smooth surround of this redness; everything where there is none."""
    everything = np.ones(redness.shape, bool)
    if surround is None:
        return everything
    skin_level = float(np.percentile(redness[redness > surround + 0.05], 40))
    cut = max(surround + 0.03, surround + 0.4 * (skin_level - surround))
    head = _refine(redness, roughness, density, redness > cut, surround)
    # A wall in shadow may turn as red as a treated scalp; it stays as smooth as a wall is.
    grain = WALL_ROUGHNESS_SHARE * float(np.median(roughness[head])) if head.any() else 0.0
    head &= (roughness > grain) | (redness > surround + 0.75 * (skin_level - surround))
    opening = max(3, round(0.10 * min(head.shape)) | 1)
    head = _clean(head, opening)
    # Skin that only changes colour towards the edge of a close-up has no outline.
    return head if _has_outline(head, redness, density, roughness) else everything


def _enlarged(mask: BoolArray, shape: tuple[int, int]) -> BoolArray:
    """A reduced mask at full size, its outline halfway between pixels."""
    codes = cv2.resize(
        mask.astype(np.uint8) * np.uint8(255), shape[::-1], interpolation=cv2.INTER_LINEAR
    )
    enlarged: BoolArray = codes > 127
    return enlarged


def _roughness(density: FloatArray) -> FloatArray:
    """Local mean deviation from a slight blur."""
    level = cv2.GaussianBlur(density, (0, 0), 2.0)
    return as_float(cv2.GaussianBlur(np.abs(density - level), (0, 0), 3.0))


def _has_outline(
    head: BoolArray, redness: FloatArray, density: FloatArray, roughness: FloatArray
) -> bool:
    """Whether a mask's border is where a head ends, not where its skin changes colour."""
    if head.all() or not head.any():
        return bool(head.all())
    smoother = float(np.median(roughness[~head])) / max(float(np.median(roughness[head])), 1e-6)
    near = cv2.dilate(head.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    deep = cv2.erode(head.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    outer, inner = near & ~head, head & ~deep
    if not outer.any() or not inner.any():
        return False

    def step(feature: FloatArray) -> float:
        return abs(float(np.median(feature[inner])) - float(np.median(feature[outer])))

    return smoother < SMOOTH_SURROUND or (
        step(density) > OUTLINE_DENSITY_STEP and step(redness) > OUTLINE_REDNESS_STEP
    )


def _looks_like_skin(
    small: SrgbArray, mask: BoolArray, redness: FloatArray, roughness: FloatArray
) -> bool:
    """Reddish, textured as skin is, and its colour varying less than its lightness."""
    if not mask.any() or float(np.median(redness[mask])) < LEAST_REDNESS:
        return False
    if float(np.median(roughness[mask])) < LEAST_SKIN_ROUGHNESS:
        return False
    logs = np.log10(np.maximum(linear_rgb(small), 1e-3))
    fine = logs - cv2.GaussianBlur(logs, (0, 0), 2.0)
    colour = float(np.median(np.abs((fine[:, :, 0] - fine[:, :, 1])[mask])))
    light = float(np.median(np.abs(fine.mean(axis=2)[mask])))
    return colour < MOST_COLOUR_TEXTURE * light


def _refine(
    redness: FloatArray,
    roughness: FloatArray,
    density: FloatArray,
    likely: BoolArray,
    surround: float,
) -> BoolArray:
    """Graph cut from a first guess, on redness, grain and density."""
    grain = np.log10(np.maximum(roughness, 1e-4)) + 4
    planes = np.stack([(redness - surround) * 600, grain * 80, density * 100], axis=2)
    picture = np.clip(planes, 0, 255).astype(np.uint8)
    labels = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    if likely.all() or not likely.any():
        return likely
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, labels, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
    refined: BoolArray = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return refined


def _glare(srgb: SrgbArray, small: SrgbArray, region: BoolArray) -> BoolArray:
    """Shine: brighter than the surrounding skin by a factor, or clipped; within `region`."""
    light = np.log10(np.maximum(linear_rgb(small).min(axis=2), 1e-3))
    window = max(3, round(min(small.shape[:2]) / 6) | 1)
    # The brightest of a few pixels is the skin between the dots, which dense work hides.
    between = cv2.dilate(light, np.ones((5, 5), np.uint8))
    codes = np.clip((between + 3) * 80, 0, 255).astype(np.uint8)
    usual = cv2.medianBlur(codes, window).astype(np.float32) / 80 - 3
    shine = _enlarged(light > usual + GLARE_ABOVE_MEDIAN, (region.shape[0], region.shape[1]))
    glare: BoolArray = (shine | clipped(srgb)) & region
    return glare
