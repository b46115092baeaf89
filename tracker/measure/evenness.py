"""Is the pigment evenly spread: relative variation over equal cells."""

from __future__ import annotations

import numpy as np

from tracker.measure.fade import block_index
from tracker.measure.results import FloatColumn

CELL_SPACINGS = 5.0
"""Side of a cell in median dot spacings: about 25 dots, so counting noise is near 20 %."""
MIN_CELL_DOTS = 8
MIN_CELLS = 6


def relative_variation(
    pigment: FloatColumn, weight: FloatColumn, xy_px: FloatColumn, spacing_px: float
) -> float:
    """SD / mean of the mean dot pigment over square cells; NaN with fewer than 6 usable cells.

    0 is perfectly even. Cells at the border hold fewer dots, so each cell's *mean dot* is used
    instead of its sum.
    """
    seen = np.isfinite(pigment) & (weight > 0)
    if seen.sum() < MIN_CELLS * MIN_CELL_DOTS:
        return float("nan")
    cell = block_index(xy_px[seen], CELL_SPACINGS * spacing_px)
    mass = np.bincount(cell, weight[seen])
    count = np.bincount(cell)
    total = np.bincount(cell, (weight * pigment)[seen])
    usable = (count >= MIN_CELL_DOTS) & (mass > 0)
    if usable.sum() < MIN_CELLS:
        return float("nan")
    mean_dot = total[usable] / mass[usable]
    centre = float(mean_dot.mean())
    return float(mean_dot.std(ddof=1)) / centre if centre > 0 else float("nan")
