"""A speckled skin-like picture, warped by a known smooth map."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def speckled_skin(seed: int, shape: tuple[int, int] = (700, 800)) -> NDArray[np.uint8]:
    """Skin tone with random dark dots and a blotchy background."""
    rng = np.random.default_rng(seed)
    height, width = shape
    dots = (rng.random(shape) < 0.006).astype(np.float32) * rng.uniform(0.4, 1, shape).astype(
        np.float32
    )
    ink = cv2.GaussianBlur(dots, (0, 0), 1.7) * 14
    blotches = cv2.resize(
        rng.normal(0, 0.04, (height // 20, width // 20)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    light = np.exp(-ink + blotches)
    return np.clip(light[..., None] * [205.0, 165.0, 140.0], 0, 255).astype(np.uint8)


def true_map(xy: NDArray[np.float64], shape: tuple[int, int] = (700, 800)) -> NDArray[np.float64]:
    """Moving place of reference places: a turn, a shift and a bend, as a head turned by some degrees."""
    height, width = shape
    x, y = (xy[..., 0] - width / 2) / width, (xy[..., 1] - height / 2) / height
    turned_x = width * (0.99 * x - 0.03 * y + 0.02 * np.sin(3 * y) + 0.015 * x**2) + width / 2
    turned_y = height * (0.03 * x + 1.01 * y - 0.02 * np.cos(2.5 * x)) + height / 2
    return np.stack([turned_x + 6.0, turned_y - 9.0], axis=-1)


def photographed(
    srgb: NDArray[np.uint8], seed: int, *, gain: float = 0.9, noise: float = 2.0
) -> NDArray[np.uint8]:
    """The scene through `true_map`, in other light and with noise."""
    height, width = srgb.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float64)
    back = grid.copy()
    for _ in range(12):
        back += grid - true_map(back, (height, width))
    warped = cv2.remap(
        srgb.astype(np.float32),
        back[..., 0].astype(np.float32),
        back[..., 1].astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )
    rng = np.random.default_rng(seed)
    return np.clip(warped * gain + rng.normal(0, noise, warped.shape), 0, 255).astype(np.uint8)


def with_stubble(
    srgb: NDArray[np.uint8], roots_xy: NDArray[np.float64], length_px: float, lean_deg: float
) -> NDArray[np.uint8]:
    """The picture with dark hairs that start at the roots and lean one way."""
    layer = np.zeros(srgb.shape[:2], np.uint8)
    rng = np.random.default_rng(5)
    way = np.deg2rad(lean_deg + rng.normal(0, 15, len(roots_xy)))
    tips = roots_xy + length_px * np.column_stack([np.cos(way), np.sin(way)])
    for root, tip in zip(roots_xy, tips, strict=True):
        ends = np.rint(np.stack([root, tip]) * 16).astype(int)
        cv2.line(layer, ends[0].tolist(), ends[1].tolist(), 255, 1, cv2.LINE_AA, 4)
    hair = cv2.GaussianBlur(layer.astype(np.float32) / 255, (0, 0), 0.7)
    return np.clip(srgb * np.exp(-1.6 * hair)[..., None], 0, 255).astype(np.uint8)
