"""Pictures for the screen: photos brought into the baseline's frame, cut and encoded."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tracker.measure.luminance import SrgbArray
from tracker.series import PhotoMeasures, ViewAnalysis

LONG_SIDE_PX = 1600
"""Long side of a compared picture: it is there at once, and finer parts follow on zoom."""
MARGIN = 0.08
OUTSIDE = 46
"""Grey level where the other photo shows nothing."""


@dataclass(frozen=True)
class Crop:
    """The part of the baseline photo that is shown, and by how much it is scaled."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture."""
        width = max(1, round((self.right - self.left) * self.scale))
        height = max(1, round((self.bottom - self.top) * self.scale))
        return width, height

    def to_picture(
        self, x_px: NDArray[np.float64], y_px: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Baseline pixels to pixels of the picture (pixel centres at integers)."""
        x = (x_px - self.left + 0.5) * self.scale - 0.5
        y = (y_px - self.top + 0.5) * self.scale - 0.5
        return x, y

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of the picture back to pixels of the photo."""
        return (
            (x + 0.5) / self.scale - 0.5 + self.left,
            (y + 0.5) / self.scale - 0.5 + self.top,
        )


def whole_photo(shape: tuple[int, int], long_side_px: int = LONG_SIDE_PX) -> Crop:
    """All of a photo of (H, W)."""
    return Crop(0, 0, shape[1], shape[0], min(1.0, long_side_px / max(shape)))


def crop_of(view: ViewAnalysis, long_side_px: int = LONG_SIDE_PX) -> Crop:
    """The treated area with a margin (else all dots; without dots the whole photo)."""
    height, width = view.baseline_shape
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    places = [*view.treated_outline_px] or ([view.dots.xy_px] if len(view.dots) else [])
    if places:
        x, y = np.concatenate(places).T
        reach = MARGIN * max(float(np.ptp(x)), float(np.ptp(y)), 40.0)
        left, right = float(x.min()) - reach, float(x.max()) + reach
        top, bottom = float(y.min()) - reach, float(y.max()) + reach
    box = (
        int(np.clip(left, 0, width - 2)),
        int(np.clip(top, 0, height - 2)),
        int(np.clip(np.ceil(right), 2, width)),
        int(np.clip(np.ceil(bottom), 2, height)),
    )
    long_side = max(box[2] - box[0], box[3] - box[1])
    return Crop(*box, scale=min(1.0, long_side_px / long_side))


def eight_bit(srgb: SrgbArray) -> NDArray[np.uint8]:
    """The photo's pixels at 8 bits, for showing."""
    if srgb.dtype == np.uint16:
        return (srgb >> 8).astype(np.uint8)
    return np.asarray(srgb, np.uint8)


def in_baseline_frame(srgb: SrgbArray, photo: PhotoMeasures) -> NDArray[np.uint8]:
    """A photo laid onto the baseline photo; grey where it shows nothing."""
    shown = eight_bit(srgb)
    if photo.registration is None:
        return shown
    warped = photo.registration.warp(shown.astype(np.float32))
    filled = np.nan_to_num(warped, nan=float(OUTSIDE))
    return np.clip(np.rint(filled), 0, 255).astype(np.uint8)


def cut(picture: NDArray[np.uint8], crop: Crop) -> NDArray[np.uint8]:
    part = picture[crop.top : crop.bottom, crop.left : crop.right]
    if crop.scale < 1.0:
        part = cv2.resize(part, crop.size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return np.ascontiguousarray(part)


def full_size_part(
    srgb: SrgbArray, photo: PhotoMeasures, crop: Crop, box: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    """A box of the shown picture with all the baseline photo's pixels; grey where nothing is seen.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        The photo.
    photo : PhotoMeasures
        Its row: with an alignment, it is laid onto the baseline.
    crop : Crop
    box : tuple of int
        (x0, y0, x1, y1) in pixels of the picture, the last ones excluded.
    """
    x0, y0, x1, y1 = (
        corner + round(at / crop.scale)
        for at, corner in zip(box, (crop.left, crop.top) * 2, strict=True)
    )
    x1, y1 = min(x1, crop.right), min(y1, crop.bottom)
    if photo.registration is None:
        return np.ascontiguousarray(eight_bit(srgb)[y0:y1, x0:x1])
    shown = eight_bit(srgb).astype(np.float32)
    warped = photo.registration.warp(shown, box=(x0, y0, x1, y1))
    filled = np.nan_to_num(warped, nan=float(OUTSIDE))
    return np.clip(np.rint(filled), 0, 255).astype(np.uint8)


def even_light(moving: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring the exposure and white balance of `moving` to that of `reference`, for the eye only.

    One gain per channel in linear light, from the median over the shared area; dots are far too
    small a share of it to matter, and no measure is ever taken from the result.
    """
    return with_gains(moving, light_gains(moving, reference))


def light_gains(moving: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Gain of each channel in linear light that brings `moving` to `reference`, shape (3,)."""
    shared = ~np.all(moving == OUTSIDE, axis=2)
    if not shared.any():
        return np.ones(3)
    linear = (np.arange(256) / 255.0) ** 2.2
    goal = np.array([np.median(linear[reference[:, :, c][shared]]) for c in range(3)])
    has = np.array([np.median(linear[moving[:, :, c][shared]]) for c in range(3)])
    gains: NDArray[np.float64] = goal / np.maximum(has, 1e-4)
    return gains


def with_gains(picture: NDArray[np.uint8], gains: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture with a gain per channel in linear light; what was not seen stays grey."""
    linear = (np.arange(256) / 255.0) ** 2.2
    tables = np.clip(255 * (linear[:, None] * gains) ** (1 / 2.2), 0, 255).astype(np.uint8)
    balanced = np.stack([tables[:, c][picture[:, :, c]] for c in range(3)], axis=-1)
    balanced[np.all(picture == OUTSIDE, axis=2)] = OUTSIDE
    return balanced


def jpeg(picture: NDArray[np.uint8], quality: int = 88) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def thumbnail_of_file(data: bytes, side_px: int = 360) -> bytes:
    """A small upright JPEG of a photo file, decoded no larger than needed.

    Raises
    ------
    OSError
        Or what else the decoder raises on damaged data.
    """
    with Image.open(io.BytesIO(data)) as image:
        image.draft("RGB", (side_px * 2, side_px * 2))
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail((side_px, side_px))
        buffer = io.BytesIO()
        upright.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def data_uri(jpeg_bytes: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg_bytes).decode("ascii")


def svg_uri(drawing: str) -> str:
    """A drawing as an image: the page keeps only plain HTML of what is put into it."""
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode("ascii")
