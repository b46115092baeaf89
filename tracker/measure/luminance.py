"""Linear light and optical density from sRGB pixels.

Formulas: IEC 61966-2-1 (sRGB transfer and luminance weights). Optical density is
``-log10`` of linear light, so a change of exposure is an added constant and a
multiplicative shading is a smooth added surface; both leave local differences alone.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
SrgbArray = NDArray[np.uint8] | NDArray[np.uint16]
"""Encoded sRGB pixels, shape (H, W, 3), R-G-B order."""

LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)
CLIP_HIGH_CODE_SHARE = 250 / 255
"""Codes at or above this share of full scale no longer follow the light (highlight roll-off)."""
CLIP_LOW_CODE_SHARE = 4 / 255
BLOCK_ROWS = 32
DARKEST_LINEAR = 2.0e-4
"""Floor before the logarithm: about two thirds of the first 8-bit code, OD 3.7."""


def _full_scale(srgb: SrgbArray) -> int:
    if srgb.dtype == np.uint8:
        return 255
    if srgb.dtype == np.uint16:
        return 65535
    raise ValueError(f"srgb must be uint8 or uint16, got {srgb.dtype}")


def _check_rgb(srgb: SrgbArray) -> None:
    if srgb.ndim != 3 or srgb.shape[2] != 3:
        raise ValueError(f"srgb must have shape (H, W, 3), got {srgb.shape}")


@lru_cache(maxsize=2)
def _linear_table(full_scale: int) -> FloatArray:
    code = np.arange(full_scale + 1) / full_scale
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    table = linear.astype(np.float32)
    table.setflags(write=False)
    return table


@lru_cache(maxsize=2)
def _density_table(full_scale: int) -> FloatArray:
    table = -np.log10(np.maximum(_linear_table(full_scale), DARKEST_LINEAR))
    density = table.astype(np.float32)
    density.setflags(write=False)
    return density


def _look_up(table: FloatArray, codes: SrgbArray) -> FloatArray:
    """Table value of each code; OpenCV's table look-up is several times faster for 8 bits."""
    if codes.dtype == np.uint8:
        return np.asarray(cv2.LUT(np.ascontiguousarray(codes), table), np.float32)
    return np.take(table, codes)


def linear_rgb(srgb: SrgbArray) -> FloatArray:
    """Linear light of encoded sRGB pixels, shape (H, W, 3), in [0, 1]."""
    _check_rgb(srgb)
    return _look_up(_linear_table(_full_scale(srgb)), srgb)


def luminance(srgb: SrgbArray) -> FloatArray:
    """Relative luminance Y of encoded sRGB pixels, shape (H, W), in [0, 1]."""
    return cv2.transform(linear_rgb(srgb), np.array([LUMINANCE_WEIGHTS], np.float32)).astype(
        np.float32, copy=False
    )


def channel_density(srgb: SrgbArray, channel: int) -> FloatArray:
    """Optical density ``-log10(C)`` of one linear channel (0 red, 1 green, 2 blue), shape (H, W)."""
    _check_rgb(srgb)
    return _look_up(_density_table(_full_scale(srgb)), srgb[:, :, channel])


def luminance_density(srgb: SrgbArray) -> FloatArray:
    """Optical density ``-log10(Y)`` of the luminance, shape (H, W)."""
    _check_rgb(srgb)
    density = np.empty(srgb.shape[:2], np.float32)
    # Some rows at a time stay in the processor's cache, and three planes of floats are never held.
    for top in range(0, len(srgb), BLOCK_ROWS):
        rows = density[top : top + BLOCK_ROWS]
        natural = cv2.log(np.maximum(luminance(srgb[top : top + BLOCK_ROWS]), DARKEST_LINEAR))
        np.multiply(natural, np.float32(-1 / np.log(10)), out=rows)
    return density


def clipped(srgb: SrgbArray) -> BoolArray:
    """True where a channel is so bright or all are so dark that the code no longer follows the light."""
    _check_rgb(srgb)
    full = _full_scale(srgb)
    brightest = np.asarray(cv2.max(cv2.max(srgb[..., 0], srgb[..., 1]), srgb[..., 2]))
    mask: BoolArray = (brightest >= round(CLIP_HIGH_CODE_SHARE * full)) | (
        brightest <= round(CLIP_LOW_CODE_SHARE * full)
    )
    return mask
