"""Cards on plain skin before a camera with faults that are stated."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.results import FloatColumn
from tracker.rendering.camera_processing import decode_jpeg, develop, encode_jpeg, expose
from tracker.rendering.colour_cards import Printing, lay_card, place_card, reflectance_of
from tracker.rendering.skin import BASE_REFLECTANCE
from tracker.rendering.spec import CardSpec, PhotoSpec

SHAPE, PX_PER_MM = (460, 600), 4.0
CAMERA, PRINTED = PhotoSpec(shot_noise=0.01, read_noise=0.002), Printing()
Light = NDArray[np.float32]
Change = Callable[[Light, FloatColumn], Light]
LYING = {"turn_deg": 17.0, "tilt_right_deg": 12.0, "tilt_down_deg": -10.0, "place_px": (30.0, 20.0)}


def card_photo(
    kind: str,
    skin_type: int = 3,
    photo: PhotoSpec = CAMERA,
    *,
    lying: dict[str, object] = LYING,
    change: Change | None = None,
    gain: float = 1.0,
    printing: Printing = PRINTED,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """A photo of a card on skin of a known colour; `change` works on the scene's light."""
    rng = np.random.default_rng(seed)
    blotches = cv2.GaussianBlur(rng.standard_normal(SHAPE).astype(np.float32), (0, 0), 3)
    skin = BASE_REFLECTANCE[skin_type - 1] * 10 ** (-0.16 * blotches[..., None])
    corners, _ = place_card(CardSpec(kind=kind, **lying), PX_PER_MM, SHAPE)  # type: ignore[arg-type]
    light = lay_card(np.asarray(skin, np.float32), reflectance_of(kind, printing), corners, 1.0)  # type: ignore[arg-type]
    if change is not None:
        light = change(light, corners)
    light = np.asarray(light * gain * 2.0**photo.exposure_stops, np.float32)
    return decode_jpeg(encode_jpeg(develop(expose(light, photo, rng), photo), 92))


def skin_density(srgb: NDArray[np.uint8]) -> FloatColumn:
    """Density of the skin in the photo's upper left corner, red, green, blue."""
    code = srgb[8:60, 8:140].reshape(-1, 3) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.asarray(-np.log10(linear.mean(axis=0)))


def true_density(skin_type: int) -> FloatColumn:
    return np.asarray(-np.log10(BASE_REFLECTANCE[skin_type - 1]), np.float64)


def _inside(shape: tuple[int, ...], corners: FloatColumn, part: list[tuple[float, float]]) -> Light:
    """Mask of a polygon in shares of the card's sides."""
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    to_scene = cv2.getPerspectiveTransform(square, corners.astype(np.float32))
    outline = cv2.perspectiveTransform(np.array([part], np.float32), to_scene)[0]
    mask = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(mask, np.rint(outline).astype(np.int32), 1.0)
    return mask


def _strip(start: float, end: float, *, down: bool) -> list[tuple[float, float]]:
    if down:
        return [(-1, start), (2, start), (2, end), (-1, end)]
    return [(start, -1), (end, -1), (end, 2), (start, 2)]


def shadow(
    start: float, end: float, *, depth: float = 0.5, soft_px: float = 6.0, down: bool = False
) -> Change:
    """A shadow over a strip of the scene, from `start` to `end` of the card's width or height."""

    def change(light: Light, corners: FloatColumn) -> Light:
        mask = _inside(light.shape, corners, _strip(start, end, down=down))
        mask = cv2.GaussianBlur(mask, (0, 0), soft_px)
        return np.asarray(light * (1 - depth * mask)[..., None])

    return change


def mirror(x: float, y: float, reach: float, amount: float) -> Change:
    """A lamp mirrored on the card at a place of it; `reach` in shares of its width."""

    def change(light: Light, corners: FloatColumn) -> Light:
        place = corners[0] + x * (corners[1] - corners[0]) + y * (corners[3] - corners[0])
        rows, columns = np.indices(light.shape[:2])
        sigma = reach * np.linalg.norm(corners[1] - corners[0])
        far = (columns - place[0]) ** 2 + (rows - place[1]) ** 2
        return np.asarray(light + (amount * np.exp(-far / (2 * sigma**2)))[..., None], np.float32)

    return change


def veil(amount: float) -> Change:
    """Light added to everything: haze, or a sheet of glass."""
    return lambda light, _: light + np.float32(amount)


def hand(left: float, top: float, right: float, bottom: float) -> Change:
    """Skin over a part of the card."""

    def change(light: Light, corners: FloatColumn) -> Light:
        part = [(left, top), (right, top), (right, bottom), (left, bottom)]
        cover = cv2.GaussianBlur(_inside(light.shape, corners, part), (0, 0), 1.0)[..., None]
        return np.asarray(light * (1 - cover) + BASE_REFLECTANCE[2] * cover, np.float32)

    return change
