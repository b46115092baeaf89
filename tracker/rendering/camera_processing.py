"""From linear light on the sensor to the file: lens, noise, phone processing, JPEG."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from tracker.rendering.spec import PhotoSpec
from tracker.rendering.splat import Image

CODES = 4096
LIGHTNESS_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
"""Of encoded values, as phones and JPEG use them (ITU-R BT.601)."""


def encode_srgb(linear: Image) -> Image:
    """SRGB code in [0, 1] of linear light (IEC 61966-2-1)."""
    clipped = np.clip(linear, 0, 1)
    result: Image = np.where(
        clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055
    ).astype(np.float32)
    return result


def _tone_table(photo: PhotoSpec) -> Image:
    """Encoded value for linear light 0..1.5 in `CODES` steps of its square root."""
    linear = np.linspace(0, np.sqrt(1.5), CODES, dtype=np.float32) ** 2
    if photo.shoulder > 0:
        knee = 1 - 0.55 * photo.shoulder
        room = 1.02 - knee
        above = np.maximum(linear - knee, 0)
        linear = np.where(linear > knee, knee + room * (1 - np.exp(-above / room)), linear)
    code = encode_srgb(linear) ** np.float32(photo.gamma)
    curved = code * code * (3 - 2 * code)
    result: Image = ((1 - photo.contrast) * code + photo.contrast * curved).astype(np.float32)
    return result


def _motion_kernel(photo: PhotoSpec) -> Image:
    reach = int(np.ceil(photo.motion_px / 2)) + 1
    side = 2 * reach + 1
    angle = np.deg2rad(photo.motion_deg)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * np.cos(angle) + y * np.sin(angle)
    across = -x * np.sin(angle) + y * np.cos(angle)
    kernel = np.clip(photo.motion_px / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(
        1 - np.abs(across), 0, 1
    )
    result: Image = (kernel / kernel.sum()).astype(np.float32).reshape(side, side)
    return result


def expose(linear: Image, photo: PhotoSpec, rng: np.random.Generator) -> Image:
    """Lens blur, white balance and sensor noise on linear light (H, W, 3)."""
    picture: NDArray[Any] = linear
    if photo.defocus_px > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), photo.defocus_px)
    if photo.motion_px > 0:
        picture = cv2.filter2D(picture, -1, _motion_kernel(photo))
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    level = np.sqrt(
        np.float32(photo.shot_noise**2) * np.clip(picture, 0, None)
        + np.float32(photo.read_noise**2)
    )
    picture = picture + level * noise
    gains = np.array([photo.white_balance[0], 1.0, photo.white_balance[1]], np.float32)
    result: Image = picture * gains
    return result


def develop(linear: NDArray[Any], photo: PhotoSpec) -> NDArray[np.uint8]:
    """What a phone makes of linear light: tone curve, noise filter, sharpening, 8 bits."""
    root = np.sqrt(np.clip(linear, 0, 1.5)) * np.float32((CODES - 1) / np.sqrt(1.5))
    code: NDArray[Any] = _tone_table(photo)[(root + np.float32(0.5)).astype(np.int32)]
    if photo.saturation != 1:
        grey = code @ LIGHTNESS_WEIGHTS
        code = grey[..., None] + np.float32(photo.saturation) * (code - grey[..., None])
    if photo.denoise > 0:
        smooth = cv2.bilateralFilter(code, 5, 0.05, 1.5)
        code += np.float32(photo.denoise) * (smooth - code)
    if photo.local_contrast > 0:
        small = cv2.resize(code, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), max(code.shape) / 8 / 40)
        size = (code.shape[1], code.shape[0])
        broad = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        code += np.float32(photo.local_contrast) * (code - broad)
    if photo.sharpen > 0:
        light = code @ LIGHTNESS_WEIGHTS
        detail = light - cv2.GaussianBlur(light, (0, 0), photo.sharpen_radius_px)
        code += np.float32(photo.sharpen) * detail[..., None]
    picture: NDArray[np.uint8] = (np.clip(code, 0, 1) * 255 + 0.5).astype(np.uint8)
    return picture


def encode_jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(picture).save(file, "JPEG", quality=quality)
    return file.getvalue()


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    with PillowImage.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))
