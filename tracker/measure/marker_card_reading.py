"""Reading the project's own card: its marker says where the greys are, its paper how even the light is."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from tracker.measure import marker_card
from tracker.measure.card_reading import (
    INNER_SHARE,
    MOST_CLIPPED,
    MOST_UNEVEN,
    UNEVEN,
    ColourCard,
    NoCard,
    judged,
    lay,
    read_boxes,
)
from tracker.measure.card_steps import GreySteps
from tracker.measure.luminance import SrgbArray, linear_rgb
from tracker.measure.results import FloatColumn
from tracker.measure.scale import DICTIONARIES, EDGE_PX

MARKER_CARD = "marker card"
LEAST_PX_PER_MM = 2.5
"""A patch of the marker card is then 17 px wide, its blank squares 6 px."""
MOST_PX_PER_MM = 8.0
EDGE_REACH_MM = 1.6
"""Half of a marker's cell: how far from its outline the edge is looked for."""
EDGE_PROFILES, EDGE_SAMPLES = 24, 33
MOST_LIGHT_SLOPE = 0.25
"""Density by which the light may change across a card."""
LEAST_GREY_LIKENESS, LEAST_GREY_RANGE = 0.9, 0.2
"""Correlation of patches with the card's greys, and their range in density. Below, what carries the
marker is something else: a marker alone is no grey card."""


def find_marker(small: SrgbArray) -> FloatColumn | None:
    """Corners (4, 2) of the card's marker in a reduced picture; the largest of several."""
    grey = np.pad(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), EDGE_PX, mode="edge")
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARIES[marker_card.DICTIONARY])
    corners, names, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(grey)
    if len(corners) == 0:
        return None
    quads = np.asarray(corners, np.float64).reshape(-1, 4, 2)[
        np.ravel(names) == marker_card.MARKER_ID
    ]
    if len(quads) == 0:
        return None
    sides = np.linalg.norm(quads - np.roll(quads, 1, axis=1), axis=2).min(axis=1)
    return np.asarray(quads[int(np.argmax(sides))] - EDGE_PX)


def read_marker_card(srgb: SrgbArray, corners_px: FloatColumn) -> ColourCard | NoCard:
    """Read the greys beside a marker whose corners (4, 2) are known in full-resolution pixels.

    `NoCard` without a reason where the marker has no greys beside it.
    """
    sides = np.linalg.norm(corners_px - np.roll(corners_px, 1, axis=0), axis=1)
    px_per_mm = min(float(sides.min()) / marker_card.MARKER_MM, MOST_PX_PER_MM)
    if px_per_mm < LEAST_PX_PER_MM:
        return NoCard("too small in the photo to read its greys: come closer", MARKER_CARD)
    full_px_per_mm = float(sides.min()) / marker_card.MARKER_MM
    corners_px = _refined(srgb, corners_px, full_px_per_mm)
    outline_to_photo = cv2.getPerspectiveTransform(
        marker_card.marker_corners_mm().astype(np.float32), corners_px.astype(np.float32)
    )
    outline = cv2.perspectiveTransform(marker_card.outline_mm()[None], outline_to_photo)[0]
    # A laid pixel's centre is at (i + 0.5) / px_per_mm from the card's corner.
    to_mm = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, px_per_mm]]) / px_per_mm
    width, height = (round(side * px_per_mm) for side in marker_card.CARD_MM)
    laid = lay(srgb, outline_to_photo @ to_mm, (height, width))
    patches, spread, bad = read_boxes(
        laid, _inner(marker_card.patch_boxes_mm(), INNER_SHARE) * px_per_mm
    )
    nominal = marker_card.patch_densities()
    if not _like_greys(patches.mean(axis=1), nominal.mean(axis=1)):
        return NoCard()  # a marker without greys: a scale, not a grey card
    places = marker_card.paper_boxes_mm()
    paper, _, paper_bad = read_boxes(laid, places * px_per_mm)
    kept = np.isfinite(paper).all(axis=1) & (paper_bad <= MOST_CLIPPED)
    middles = (places[:, :2] + places[:, 2:]) / 2
    if (paper_bad > MOST_CLIPPED).mean() > 0.5:
        # The paper is too bright: the greys alone must do, in a light taken for even.
        slope, level = np.zeros(2), np.full(3, np.nan)
    else:
        fitted = _plane_of_light(middles[kept], paper[kept])
        if isinstance(fitted, str):
            return NoCard(fitted, MARKER_CARD, outline)
        slope, level = fitted
    boxes = marker_card.patch_boxes_mm()
    centre = np.array(marker_card.CARD_MM) / 2
    patches = patches - ((((boxes[:, :2] + boxes[:, 2:]) / 2 - centre) @ slope)[:, None])
    patches[bad > MOST_CLIPPED] = np.nan
    if (spread[bad <= MOST_CLIPPED] > MOST_UNEVEN).any():
        return NoCard(UNEVEN, MARKER_CARD, outline)
    own = marker_card.patch_sds()
    paper_density = -np.log10(marker_card.PAPER_REFLECTANCE)
    steps = GreySteps(
        np.vstack([paper_density, nominal]),
        np.r_[0.005, own],
        np.vstack([level, patches]),
        marker_card.PAPER_SD,
        marker_card.PRINT_TONE_SD,
    )
    return judged(MARKER_CARD, outline, steps)


def _inner(boxes: FloatColumn, share: float) -> FloatColumn:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * share
    return np.column_stack([middle - half, middle + half])


def _like_greys(light: FloatColumn, nominal: FloatColumn) -> bool:
    """Whether six patches, or four at either end, look like the card's greys."""
    for some in (slice(0, 6), slice(0, 4), slice(2, 6)):
        seen, meant = light[some], nominal[some]
        known = np.isfinite(seen)
        if known.sum() < 3 or np.ptp(seen[known]) < LEAST_GREY_RANGE:
            continue
        if np.corrcoef(seen[known], meant[known])[0, 1] >= LEAST_GREY_LIKENESS:
            return True
    return False


def _refined(srgb: SrgbArray, corners_px: FloatColumn, px_per_mm: float) -> FloatColumn:
    """The marker's corners at full resolution, from straight lines along its sides.

    Patches lie three of its sides away: a corner must be known to a tenth of a millimetre. Corners
    are rounded by blur and move inwards; the middle of a straight edge in linear light stays.
    """
    reach = EDGE_REACH_MM * px_per_mm
    low = np.maximum(np.floor(corners_px.min(axis=0) - 2 * reach).astype(int), 0)
    high = np.ceil(corners_px.max(axis=0) + 2 * reach).astype(int) + 1
    window_srgb = cast("SrgbArray", np.ascontiguousarray(srgb[low[1] : high[1], low[0] : high[0]]))
    window = linear_rgb(window_srgb)[..., 1]
    along = np.linspace(0.1, 0.9, EDGE_PROFILES)
    across = np.linspace(-reach, reach, EDGE_SAMPLES)
    lines = []
    for start, end in zip(corners_px - low, np.roll(corners_px, -1, axis=0) - low, strict=True):
        direction = (end - start) / np.linalg.norm(end - start)
        outwards = np.array([direction[1], -direction[0]])
        middles = start + along[:, None] * (end - start)
        places = (middles[:, None] + across[:, None] * outwards).astype(np.float32)
        profile = cv2.remap(
            window,
            np.ascontiguousarray(places[..., 0]),
            np.ascontiguousarray(places[..., 1]),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        tail = EDGE_SAMPLES // 6
        dark, bright = profile[:, :tail].mean(), profile[:, -tail:].mean()
        # Where a step lies is where its integral says: no threshold, and noise averages out.
        share = (profile - dark) / max(float(bright - dark), 1e-3)
        edge = reach - share.mean(axis=1) * 2 * reach
        kept = np.abs(edge - np.median(edge)) <= max(0.2 * reach, 1e-6)
        points = middles[kept] + edge[kept, None] * outwards
        centre = points.mean(axis=0)
        lines.append((centre, np.linalg.svd(points - centre)[2][0]))
    found = np.empty((4, 2))
    for k in range(4):
        (a, u), (b, v) = lines[k - 1], lines[k]
        found[k] = a + u * np.linalg.solve(np.column_stack([u, -v]), b - a)[0]
    moved = np.linalg.norm(found + low - corners_px, axis=1)
    return corners_px if not (moved < 2 * reach).all() else np.asarray(found + low)


def _plane_of_light(
    places_mm: FloatColumn, paper: FloatColumn
) -> tuple[FloatColumn, FloatColumn] | str:
    """Slope of the light across blank paper (density per mm, (2,)), and the paper's density (3,).

    A robust plane through the blank squares. Where they leave it the card is not evenly lit, or
    something lies on it; which of the two their colour says.
    """
    if len(places_mm) < 12:
        return "partly hidden or cut off: little of its blank paper is seen"
    centre = np.array(marker_card.CARD_MM) / 2
    design = np.column_stack([np.ones(len(places_mm)), places_mm - centre])
    light = paper.mean(axis=1)
    weight = np.ones(len(light))
    for _ in range(6):
        scaled = design * weight[:, None]
        found = np.linalg.pinv(scaled.T @ design) @ (scaled.T @ light)
        off = light - design @ found
        spread = max(1.4826 * float(np.median(np.abs(off))), 0.003)
        weight = 1 / (1 + (off / (2 * spread)) ** 2)
    colour = paper - light[:, None]
    tint = np.abs(colour - np.median(colour, axis=0)).max(axis=1)
    covered = (tint > MOST_UNEVEN) & (off > MOST_UNEVEN)
    if covered.mean() > 0.08:
        return "partly hidden: something lies on it"
    if (np.abs(off[~covered]) > 2 * MOST_UNEVEN).mean() > 0.08 or (
        float(np.std(off[~covered])) > MOST_UNEVEN
    ):
        return "in uneven light: a shadow or a reflection lies on it"
    if float(np.abs(found[1:]) @ np.array(marker_card.CARD_MM)) > MOST_LIGHT_SLOPE:
        return "in uneven light: it gets much darker from one side to the other"
    level = np.median((paper - (design[:, 1:] @ found[1:])[:, None])[~covered], axis=0)
    return found[1:], level
