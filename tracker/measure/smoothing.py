"""Smoothing, reading and spread of pictures with missing pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn


def sample(
    image: FloatArray, xy_px: FloatColumn, interpolation: int = cv2.INTER_CUBIC
) -> FloatColumn:
    """Values of an image at sub-pixel places, bicubic if not told otherwise, shape (n,); the edge value outside."""
    if len(xy_px) == 0:
        return np.empty(0)
    # cv2.remap takes at most 32767 columns: fold the list into a rectangle.
    n = len(xy_px)
    columns = min(n, 4096)
    rows = -(-n // columns)
    folded = np.zeros((rows * columns, 2), np.float32)
    folded[:n] = xy_px
    maps = folded.reshape(rows, columns, 2)
    values = cv2.remap(
        image, maps[..., 0], maps[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE
    )
    return values.reshape(-1)[:n].astype(np.float64)


def gaussian(image: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur, the border mirrored, shape and type kept."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.float32)


def blur(image: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur that shrinks the image first where sigma is large (same result to ~1 %)."""
    step = _step(sigma_px)
    if step >= 2:
        return _enlarged(_shrunk_blur(_shrunk(image, step), sigma_px, step), image.shape)
    return _plain_blur(image, sigma_px)


def _step(sigma_px: float) -> int:
    """Pixels that may become one before a blur of this sigma."""
    return int(sigma_px // 4)


def _plain_blur(image: FloatArray, sigma_px: float) -> FloatArray:
    blurred = cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32)


def _shrunk(image: FloatArray, step: int) -> FloatArray:
    height, width = image.shape
    size = (-(-width // step), -(-height // step))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def _shrunk_blur(small: FloatArray, sigma_px: float, step: int) -> FloatArray:
    """Blur of a shrunk image by a sigma of the large one."""
    # In small pixels area averaging adds a variance of up to 1/12, linear upsampling 1/6.
    return _plain_blur(small, max(sigma_px**2 / step**2 - 0.25, 0.25) ** 0.5)


def _enlarged(small: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    size = (shape[1], shape[0])
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.float32)


class LocalMean:
    """Weighted local mean, ``blur(image * weight) / blur(weight)``, for several images of one weight.

    Where little weight is left nearby, the mean leans on a wider neighbourhood instead of on noise.
    A mean over many pixels is smooth: it is worked out on a shrunk image, and enlarged once.
    """

    def __init__(self, weight: FloatArray, sigma_px: float) -> None:
        self._weight, self._sigma_px, self._step = weight, sigma_px, max(_step(sigma_px), 1)
        mass, self._wide_mass = self._near_and_wide(weight)
        self._trust = mass / (mass + np.float32(0.02))
        self._mass = np.maximum(mass, 1e-6, out=mass)
        self._wide_mass = np.maximum(self._wide_mass, 1e-6)

    def _near_and_wide(self, image: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Blurs by one and by four sigma, shrunk."""
        if self._step < 2:
            return _plain_blur(image, self._sigma_px), blur(image, 4 * self._sigma_px)
        small = _shrunk(image, self._step)
        near = _shrunk_blur(small, self._sigma_px, self._step)
        return near, blur(small, 4 * self._sigma_px / self._step)

    def of(self, image: FloatArray) -> FloatArray:
        """Local mean of an image, its shape."""
        value, wide = self._near_and_wide(image * self._weight)
        wide /= self._wide_mass
        value *= self._trust
        value /= self._mass
        wide *= 1 - self._trust
        value += wide
        return value if self._step < 2 else _enlarged(value, image.shape)


def smooth_valid(image: FloatArray, weight: FloatArray, sigma_px: float) -> FloatArray:
    """Local mean of one image (`LocalMean`)."""
    return LocalMean(weight, sigma_px).of(image)


def robust_sd(values: NDArray[np.floating]) -> float:
    """Standard deviation by the median absolute deviation, of at most some 60 000 values (to 0.5 %)."""
    if values.size == 0:
        return float("nan")
    step = max(1, values.size // 60_000)
    thinned = values.reshape(-1)[::step]
    centre = np.median(thinned)
    return float(1.4826 * np.median(np.abs(thinned - centre)))
