"""Outline of the treated area, from where the baseline's pigment dots stand."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.luminance import BoolArray
from tracker.measure.results import Dots, FloatColumn, Kind

NEIGHBOURS = 6
"""The distance to the sixth neighbour gives the local spacing."""
SMOOTHING_SPACINGS = 1.6
LEAST_DENSITY_SHARE = 0.5
"""Of the density at a typical dot: at a straight border a smoothed density is half of it."""
LARGEST_HOLE_SPACINGS = 6.0
LEAST_AREA_SHARE = 0.08
"""Parts smaller than this share of the largest are stray dots, not treated area."""
CELLS_PER_SPACING = 3.0
FEWEST_DOTS = 12


def treated_area(dots: Dots, shape: tuple[int, int], region: BoolArray) -> BoolArray:
    """Where the skin is treated: smooth, without small holes, its border dots inside.

    Parameters
    ----------
    dots : Dots
        Spots of the baseline photo; hair counts little, by its probability.
    shape : tuple of int
        (H, W) of the photo.
    region : ndarray of shape (H, W) of bool
        Skin of the photo; nothing outside it is treated.

    Returns
    -------
    area : ndarray of shape (H, W) of bool
        All False where fewer than `FEWEST_DOTS` pigment-like spots are seen.

    Raises
    ------
    ValueError
        If `region` has another shape than `shape`.
    """
    if region.shape != shape:
        raise ValueError(f"region must have shape {shape}, got {region.shape}")
    candidates = dots[dots.kind != Kind.HAIR]
    if len(candidates) < FEWEST_DOTS:
        return np.zeros(shape, bool)
    # Squared: where hair is dense, many small doubts must not add up to a dot.
    weight = (1 - np.nan_to_num(candidates.hair_probability, nan=0.5)) ** 2
    tree = cKDTree(candidates.xy_px)
    distance, _ = tree.query(candidates.xy_px, k=[NEIGHBOURS + 1])
    reach = np.asarray(distance, np.float64)[:, 0]
    # A disc that holds k neighbours of a square lattice of spacing s has radius s sqrt(k / pi).
    spacing_px = _weighted_median(reach, weight) / np.sqrt(NEIGHBOURS / np.pi)
    cell_px = max(1.0, spacing_px / CELLS_PER_SPACING)
    grid_shape = (int(np.ceil(shape[0] / cell_px)), int(np.ceil(shape[1] / cell_px)))

    rows = np.clip((candidates.y_px + 0.5) / cell_px, 0, grid_shape[0] - 1).astype(int)
    columns = np.clip((candidates.x_px + 0.5) / cell_px, 0, grid_shape[1] - 1).astype(int)
    count = np.zeros(grid_shape, np.float32)
    np.add.at(count, (rows, columns), weight.astype(np.float32))
    skin = cv2.resize(region.astype(np.float32), grid_shape[::-1], interpolation=cv2.INTER_AREA)
    sigma = SMOOTHING_SPACINGS * spacing_px / cell_px
    blurred = cv2.GaussianBlur(count, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    blurred_skin = cv2.GaussianBlur(skin, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    density = np.where(blurred_skin > 0.1, blurred / np.maximum(blurred_skin, 0.1), 0)
    typical = _weighted_median(density[rows, columns].astype(np.float64), weight)
    area = (density > LEAST_DENSITY_SHARE * typical) & (skin > 0.2)
    area = _smooth_outline(area, spacing_px / cell_px)
    full = cv2.resize(area.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)
    outlined: BoolArray = (full > 0.5) & region
    return outlined


def _weighted_median(values: FloatColumn, weight: FloatColumn) -> float:
    order = np.argsort(values)
    running = np.cumsum(weight[order])
    return float(values[order[int(np.searchsorted(running, 0.5 * running[-1]))]])


def _smooth_outline(area: BoolArray, spacing: float) -> BoolArray:
    """Without specks, small holes and ragged edges; `spacing` in cells."""

    def disk(spacings: float) -> np.ndarray:
        side = 2 * max(1, round(spacings * spacing)) + 1
        return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))

    mask = cv2.morphologyEx(area.astype(np.uint8), cv2.MORPH_CLOSE, disk(1.0))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disk(1.5))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 1:
        return np.zeros(area.shape, bool)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(sizes >= LEAST_AREA_SHARE * sizes.max()))
    _, holes, hole_stats, _ = cv2.connectedComponentsWithStats(
        (~kept).astype(np.uint8), connectivity=4
    )
    largest_hole = (LARGEST_HOLE_SPACINGS * spacing) ** 2
    small = np.flatnonzero(hole_stats[:, cv2.CC_STAT_AREA] < largest_hole)
    filled: BoolArray = kept | (np.isin(holes, small[small > 0]))
    return filled
