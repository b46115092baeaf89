"""Reading a ColorChecker Classic: laid straight on its own patches, neutral row first."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from tracker.measure import colour_checker
from tracker.measure.card_reading import (
    MOST_CLIPPED,
    MOST_UNEVEN,
    UNEVEN,
    ColourCard,
    NoCard,
    judged,
    lay,
    read_boxes,
)
from tracker.measure.card_steps import CHART_STRENGTH_SD, CardCorrection, GreySteps
from tracker.measure.luminance import LUMINANCE_WEIGHTS, BoolArray, SrgbArray
from tracker.measure.results import FloatColumn

CHART = "24-patch card"
CELL_PX = 24
"""Side of a chart's cell when it is laid straight."""
MOST_MISMATCH, LIKELY_MISMATCH = 0.25, 0.12
"""Density (rms over the patches) by which a chart's colours may miss: beyond the first it is no such
chart, beyond the second not one to trust."""
MOST_LIGHT_MISFIT = 0.06
"""The same with the correction of the greys: they lie in one row, the light must be that of all."""
GAMMA = 0.45
"""Edges are looked for in light as the eye sees it, or dark patches would have none."""
ALIGNMENT_ROUNDS = 3
CALM_SHARE = 0.25
LEAST_CLEAR = 10
"""Patches of the 24 that must not be clipped: saturated ones clip first, in one channel."""
LEAST_ALIGNED = 12
"""Patches of the 24 that must agree on where the chart lies."""


def read_chart(srgb: SrgbArray, middles_px: FloatColumn) -> ColourCard | NoCard:
    cells = (_grid() + 0.5) * CELL_PX - 0.5
    rough, _ = cv2.findHomography(cells, middles_px)
    to_photo = None if rough is None else _aligned_chart(srgb, np.asarray(rough, np.float64))
    if to_photo is None:
        return NoCard()
    size = np.array([colour_checker.COLUMNS, colour_checker.ROWS]) * CELL_PX
    corners = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float64) - 0.5
    outline = cv2.perspectiveTransform(corners[None], to_photo)[0]
    laid = lay(srgb, to_photo, (int(size[1]), int(size[0])))
    half = CELL_PX / 4
    boxes = np.column_stack([cells + 0.5 - half, cells + 0.5 + half])
    seen, spread, bad = read_boxes(laid, boxes)
    true = -np.log10(colour_checker.patch_linear())
    neutral = colour_checker.NEUTRAL
    own = seen[neutral].copy()
    own[bad[neutral] > MOST_CLIPPED] = np.nan
    steps = GreySteps(true[neutral], np.full(6, colour_checker.EDITION_SD), own, np.full(3, 0.006))
    clear = int((bad <= MOST_CLIPPED).sum())
    if clear < LEAST_CLEAR:
        words = f"clipped: only {clear} of its 24 patches are neither too bright nor too dark"
        return NoCard(words, CHART, outline)
    off = _chart_mismatch(seen, true, bad)
    if not off < MOST_MISMATCH:
        return NoCard()
    if (spread[bad <= MOST_CLIPPED] > MOST_UNEVEN).any():
        return NoCard(UNEVEN, CHART, outline)
    if off > LIKELY_MISMATCH:
        return NoCard(
            "its colours are not those of the chart: in uneven light, partly hidden, or a copy",
            CHART,
            outline,
        )
    card = judged(CHART, outline, steps)
    if not isinstance(card, ColourCard):
        return card
    shown = np.isfinite(seen).all(axis=1) & (bad <= MOST_CLIPPED)
    strength = _strength(card.correction, seen, true, shown)
    correction = replace(card.correction, strength=strength, strength_sd=CHART_STRENGTH_SD)
    if _light_misfit(correction, seen, true, shown) > MOST_LIGHT_MISFIT:
        return NoCard("in uneven light: a shadow or a reflection lies on it", CHART, outline)
    return replace(card, correction=correction)


def _light_misfit(
    correction: CardCorrection, seen: FloatColumn, true: FloatColumn, shown: BoolArray
) -> float:
    """Density (rms) by which the luminance of all patches misses what the greys say."""
    weights = np.array(LUMINANCE_WEIGHTS)
    made = np.array([d + correction.to_add(d)[0] for d in seen[shown]]).reshape(-1, 3)
    off = np.log10(10.0**-made @ weights) - np.log10(10.0 ** -true[shown] @ weights)
    return float(np.sqrt((off**2).mean()))


def _strength(
    correction: CardCorrection, seen: FloatColumn, true: FloatColumn, shown: BoolArray
) -> float:
    """True over shown distance from grey of the chart's muted patches, skin among them."""
    muted = colour_checker.MUTED
    muted = muted[shown[muted]]
    found = np.array([seen[k] + correction.to_add(seen[k])[0] for k in muted]).reshape(-1, 3)
    found = found - found.mean(axis=1, keepdims=True)
    wanted = true[muted] - true[muted].mean(axis=1, keepdims=True)
    return float((found * wanted).sum() / (found**2).sum()) if len(muted) else 1.0


def _chart_mismatch(seen: FloatColumn, true: FloatColumn, bad: FloatColumn) -> float:
    """Density (rms) by which the luminance of the patches misses a gain, a tone and nothing else."""
    weights = np.array(LUMINANCE_WEIGHTS)
    shown = np.isfinite(seen).any(axis=1) & (bad <= MOST_CLIPPED)
    if shown.sum() < LEAST_CLEAR:
        return float("nan")
    light = -np.log10(np.nan_to_num(10.0 ** -np.nan_to_num(seen, nan=6.0)) @ weights)[shown]
    wanted = -np.log10(10.0**-true @ weights)[shown]
    design = np.column_stack([np.ones_like(light), light, light**2])
    residual = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    return float(np.sqrt((residual**2).mean()))


def _grid() -> FloatColumn:
    """Column and row of the 24 patches, (24, 2)."""
    row, column = np.divmod(np.arange(24), colour_checker.COLUMNS)
    return np.column_stack([column, row]).astype(float)


def _aligned_chart(srgb: SrgbArray, to_photo: FloatColumn) -> FloatColumn | None:
    """The homography (chart px to photo px) set right on the chart itself, or None.

    OpenCV's search may be half a patch off. Each patch is the calm place between its edges: the
    middle of where a window of half a cell sees the least of them. Patches outvote each other.
    """
    margin, reach = CELL_PX, round(0.45 * CELL_PX)
    size = np.array([colour_checker.COLUMNS, colour_checker.ROWS]) * CELL_PX + 2 * margin
    moved = np.array([[1.0, 0, -margin], [0, 1, -margin], [0, 0, 1]])
    cells = (_grid() + 0.5) * CELL_PX - 0.5
    offsets = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
    for _ in range(ALIGNMENT_ROUNDS):
        laid = lay(srgb, to_photo @ moved, (int(size[1]), int(size[0])))
        shown = (laid.linear**GAMMA).astype(np.float32)
        edges = sum(np.abs(cv2.Sobel(shown, cv2.CV_32F, *axis)) for axis in ((1, 0), (0, 1)))
        side = CELL_PX // 2 + 1
        seen = cv2.blur(np.asarray(edges, np.float32).mean(axis=2), (side, side))
        x, y = np.rint(cells + margin).astype(int).T[:, :, None] + offsets.T[:, None]
        cost = seen[y, x]
        low, high = cost.min(axis=1, keepdims=True), np.median(cost, axis=1, keepdims=True)
        calm = cost <= low + CALM_SHARE * (high - low)
        centres = (calm[..., None] * offsets).sum(axis=1) / calm.sum(axis=1)[:, None]
        # The rounded start of the search is not the cell's middle.
        centres += np.rint(cells + margin) - margin
        fine, kept = cv2.findHomography(cells, centres, cv2.RANSAC, 0.12 * CELL_PX)
        if fine is None or kept.sum() < LEAST_ALIGNED:
            return None
        to_photo = to_photo @ fine
    return np.asarray(to_photo, np.float64)
