"""Grey and colour cards in a scene: what they reflect, and how they lie before the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from tracker.measure import colour_checker, marker_card
from tracker.measure.scale import DICTIONARIES
from tracker.rendering.light import diffuse
from tracker.rendering.scalp import Array
from tracker.rendering.spec import CardSpec, PhotoSpec
from tracker.rendering.splat import Image

PX_PER_MM = 10
DISTANCE_MM = 450.0
CHART_MM = (85.0, 58.0)
"""About the small edition that lies beside a head; patches 11 mm, 2.5 mm of black between."""


@dataclass(frozen=True)
class Printing:
    """How a printer made a marker card: all of it is unknown to whoever photographs the card."""

    paper: tuple[float, float, float] = tuple(marker_card.PAPER_REFLECTANCE.tolist())
    black: float = marker_card.BLACK_REFLECTANCE
    gamma: float = 1.0
    """Exponent on the light of a code: 1.2 prints greys darker than meant."""
    cast: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Density added to printed greys in proportion to their ink."""


def marker_card_reflectance(printing: Printing = Printing()) -> Image:
    """The printed card, (540, 850, 3), linear."""
    width, height = (round(side * PX_PER_MM) for side in marker_card.CARD_MM)
    code = np.ones((height, width), np.float32)

    def fill(left: float, top: float, right: float, bottom: float, grey: float) -> None:
        rows = slice(
            round(top * PX_PER_MM), max(round(top * PX_PER_MM) + 1, round(bottom * PX_PER_MM))
        )
        columns = slice(
            round(left * PX_PER_MM), max(round(left * PX_PER_MM) + 1, round(right * PX_PER_MM))
        )
        code[rows, columns] = grey

    for box, grey in zip(marker_card.patch_boxes_mm(), marker_card.GREYS, strict=True):
        left, top, right, bottom = box.tolist()
        fill(left, top, right, bottom, grey)
    for k in range(71):  # the millimetre scale, as the sheet has it
        fill(7.5 + k, 45 - (5.0 if k % 10 == 0 else 3.5 if k % 5 == 0 else 2.0), 7.6 + k, 45, 0.0)
    side = round(marker_card.MARKER_MM * PX_PER_MM)
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARIES[marker_card.DICTIONARY])
    marker = cv2.aruco.generateImageMarker(dictionary, marker_card.MARKER_ID, side)
    x, y = (round(at * PX_PER_MM) for at in marker_card.MARKER_CORNER_MM)
    code[y : y + side, x : x + side] = marker / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    ink = (1 - linear**printing.gamma)[..., None]
    reflectance = np.array(printing.paper) * (1 - ink) + printing.black * ink
    return np.asarray(reflectance * 10.0 ** (-ink * np.array(printing.cast)), np.float32)


def chart_reflectance() -> Image:
    """A 24-patch chart, linear, black between the patches."""
    width, height = (round(side * PX_PER_MM) for side in CHART_MM)
    picture = np.full((height, width, 3), 0.035, np.float32)
    pitch, side, margin = 13.5 * PX_PER_MM, 11.0 * PX_PER_MM, 3.0 * PX_PER_MM
    for k, colour in enumerate(colour_checker.patch_linear()):
        row, column = divmod(k, colour_checker.COLUMNS)
        top, left = round(margin + row * pitch), round(margin + column * pitch)
        picture[top : top + round(side), left : left + round(side)] = colour
    return picture


def reflectance_of(kind: Literal["marker", "chart"], printing: Printing = Printing()) -> Image:
    return marker_card_reflectance(printing) if kind == "marker" else chart_reflectance()


def lay_card(light: Image, reflectance: Image, corners_px: Array, lit: Image | float) -> Image:
    """A scene's linear light with a card over it.

    Parameters
    ----------
    light : ndarray of shape (H, W, 3)
    reflectance : ndarray of shape (h, w, 3)
        Of the card, from its upper left corner.
    corners_px : ndarray of shape (4, 2)
        Where its corners lie in the scene: upper left, upper right, lower right, lower left.
    lit : float or ndarray of shape (H, W)
        Light that falls on it, relative to a surface that faces the light.
    """
    height, width = reflectance.shape[:2]
    size = (light.shape[1], light.shape[0])
    # Reduced to the scene's scale first, or thin lines would be caught or missed by chance.
    side = np.linalg.norm(corners_px[1] - corners_px[0])
    shrink = min(1.0, float(side) / width)
    small = cv2.resize(
        reflectance,
        (max(8, round(width * shrink)), max(8, round(height * shrink))),
        interpolation=cv2.INTER_AREA,
    )
    h, w = small.shape[:2]
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) - np.float32(0.5)
    to_scene = cv2.getPerspectiveTransform(source, corners_px.astype(np.float32))
    card = cv2.warpPerspective(small, to_scene, size, borderMode=cv2.BORDER_REPLICATE)
    inside = np.zeros(light.shape[:2], np.float32)
    outline = np.rint(corners_px * 16).astype(np.int32)
    cv2.fillConvexPoly(inside, outline, 1.0, cv2.LINE_8, 4)
    cover = cv2.GaussianBlur(inside, (0, 0), 0.5)[..., None]
    shade = np.asarray(lit, np.float32)
    shade = shade[..., None] if shade.ndim == 2 else shade
    return np.asarray(light * (1 - cover) + card * shade * cover, np.float32)


def place_card(card: CardSpec, px_per_mm: float, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Corners (4, 2) of a card in a photo of this shape, and its normal in camera axes."""
    size = np.array(marker_card.CARD_MM if card.kind == "marker" else CHART_MM)
    flat = (np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5) * size
    turn, right, down = np.deg2rad([card.turn_deg, card.tilt_right_deg, card.tilt_down_deg])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    x, y = spin @ flat.T
    depth = np.sin(right) * x + np.sin(down) * y
    x, y = x * np.cos(right), y * np.cos(down)
    near = DISTANCE_MM / (DISTANCE_MM + depth)
    centre = (np.array(shape[::-1]) - 1) / 2 + np.array(card.place_px)
    corners = centre + px_per_mm * np.column_stack([x * near, y * near])
    normal = np.array([np.sin(right), np.sin(down), -1.0])
    return corners, normal / np.linalg.norm(normal)


def paint_card(light: Image, card: CardSpec, photo: PhotoSpec, px_per_mm: float) -> Image:
    """A scene's light with the photo's card, lit by the photo's own light."""
    corners, normal = place_card(card, px_per_mm * photo.zoom, light.shape[:2])
    lit = float(diffuse(normal[None].astype(np.float32), photo)[0])
    printing = Printing(gamma=card.print_gamma)
    return lay_card(light, reflectance_of(card.kind, printing), corners, lit)
