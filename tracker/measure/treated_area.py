"""Outline of the treated area, from where the baseline's pigment dots stand."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.luminance import BoolArray, FloatArray
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
FEATHERED_DENSITY_SHARE = 0.08
FEATHERED_SPACINGS = 4.0
FEATHERED_HAIR_BELOW = 0.5
"""The border goes on where spots less likely hair than this have that share of the usual density."""


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
    grid = _Grid(candidates, shape, region)
    density = grid.density(grid.weight)
    typical = _weighted_median(density[grid.rows, grid.columns], grid.weight)
    area = (density > LEAST_DENSITY_SHARE * typical) & (grid.skin > 0.2)
    return grid.full_size(_smooth_outline(area, grid.spacing))


def feathered_area(
    treated: BoolArray, dots: Dots, shape: tuple[int, int], region: BoolArray
) -> BoolArray:
    """The treated area and its feathered border: where dots thin out towards native skin.

    A border is drawn with fewer and fewer dots, so that half the usual density lies well inside
    the last of them. From the area outward the border goes on while a small share of the usual
    density is seen, but not far: hair that looks like dots would lead it on.

    Parameters
    ----------
    treated : ndarray of shape (H, W) of bool
        From `treated_area`, or drawn.
    dots, shape, region
        As given to `treated_area`.

    Returns
    -------
    area : ndarray of shape (H, W) of bool
        Holds all of `treated`.
    """
    candidates = dots[dots.kind != Kind.HAIR]
    if len(candidates) < FEWEST_DOTS or not treated.any():
        return treated
    grid = _Grid(candidates, shape, region)
    sure = candidates.hair_probability < FEATHERED_HAIR_BELOW
    density = grid.density(sure.astype(np.float64))
    core = grid.reduced(treated) > 0.5
    if not core.any():
        return treated
    usual = float(np.median(density[core]))
    near = cv2.dilate(core.astype(np.uint8), grid.disc(FEATHERED_SPACINGS)) > 0
    area = core | (near & (density > FEATHERED_DENSITY_SHARE * usual) & (grid.skin > 0.2))
    _, labels = cv2.connectedComponents(area.astype(np.uint8))
    joined: BoolArray = np.isin(labels, np.unique(labels[core]))
    return grid.full_size(joined & area) | treated


class _Grid:
    """Spots of a photo on a grid some cells to the dots' spacing."""

    def __init__(self, candidates: Dots, shape: tuple[int, int], region: BoolArray) -> None:
        # Squared: where hair is dense, many small doubts must not add up to a dot.
        doubt = np.nan_to_num(candidates.hair_probability, nan=0.5)
        self.weight: FloatColumn = (1 - doubt) ** 2
        tree = cKDTree(candidates.xy_px)
        distance, _ = tree.query(candidates.xy_px, k=[NEIGHBOURS + 1])
        reach = np.asarray(distance, np.float64)[:, 0]
        # A disc that holds k neighbours of a square lattice of spacing s has radius s sqrt(k / pi).
        spacing_px = _weighted_median(reach, self.weight) / np.sqrt(NEIGHBOURS / np.pi)
        cell_px = max(1.0, spacing_px / CELLS_PER_SPACING)
        self.photo_shape, self.region = shape, region
        self.spacing = spacing_px / cell_px
        """In cells."""
        self.shape = (int(np.ceil(shape[0] / cell_px)), int(np.ceil(shape[1] / cell_px)))
        self.rows = np.clip((candidates.y_px + 0.5) / cell_px, 0, self.shape[0] - 1).astype(int)
        self.columns = np.clip((candidates.x_px + 0.5) / cell_px, 0, self.shape[1] - 1).astype(int)
        self.skin = self.reduced(region)
        self.blurred_skin = self._blurred(self.skin)

    def reduced(self, mask: BoolArray) -> FloatArray:
        """Share of each cell that a mask of the photo covers."""
        reduced = cv2.resize(
            mask.astype(np.float32), self.shape[::-1], interpolation=cv2.INTER_AREA
        )
        return np.asarray(reduced, np.float32)

    def density(self, weight: FloatColumn) -> FloatArray:
        """Smoothed weight per cell of skin."""
        count = np.zeros(self.shape, np.float32)
        np.add.at(count, (self.rows, self.columns), weight.astype(np.float32))
        per_skin = self._blurred(count) / np.maximum(self.blurred_skin, 0.1)
        return np.where(self.blurred_skin > 0.1, per_skin, 0)

    def _blurred(self, cells: FloatArray) -> FloatArray:
        sigma = SMOOTHING_SPACINGS * self.spacing
        blurred = cv2.GaussianBlur(cells, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(blurred, np.float32)

    def disc(self, spacings: float) -> np.ndarray:
        side = 2 * max(1, round(spacings * self.spacing)) + 1
        return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))

    def full_size(self, area: BoolArray) -> BoolArray:
        """An area of the grid on the photo's skin."""
        size = self.photo_shape[::-1]
        full = cv2.resize(area.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        outlined: BoolArray = (full > 0.5) & self.region
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
