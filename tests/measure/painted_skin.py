"""Small pictures of skin with painted dots and hairs, whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FAIR, DARK = (0.55, 0.36, 0.27), (0.085, 0.05, 0.035)


@dataclass(frozen=True)
class PaintedSkin:
    srgb: NDArray[np.uint8]
    xy_px: NDArray[np.float64]


def encode(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    code = np.where(
        linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    )
    return np.clip(code * 255 + 0.5, 0, 255).astype(np.uint8)


def texture(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Density of pores and blotches, a few hundredths."""
    density = np.zeros(shape)
    for sigma, strength in ((1.2, 0.010), (5.0, 0.012), (25.0, 0.02)):
        noise = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), sigma)
        density += strength * noise / noise.std()
    return density


def lattice(
    shape: tuple[int, int], spacing: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Jittered lattice points, off the border."""
    ys, xs = np.mgrid[
        spacing : shape[0] - spacing : spacing, spacing : shape[1] - spacing : spacing
    ]
    points = np.column_stack([xs.ravel(), ys.ravel()])
    return points + rng.uniform(-0.25, 0.25, points.shape) * spacing


def paint(
    fwhm_px: float = 5.0,
    *,
    spacing: float = 3.2,
    size: int = 320,
    peak: float = 0.25,
    tone: tuple[float, float, float] = FAIR,
    hairs: int = 0,
    exposure: float = 1.0,
    shift_px: tuple[float, float] = (0.0, 0.0),
    seed: int = 1,
) -> PaintedSkin:
    """Skin with dots every `spacing` widths; `peak` 0 paints none."""
    rng = np.random.default_rng(seed)
    shape = (size, size)
    density = texture(shape, rng)
    points = lattice(shape, spacing * fwhm_px, rng) + np.array(shift_px)
    heights = peak * np.exp(rng.normal(0, 0.2, len(points)))
    sigma = fwhm_px / 2.3548
    y, x = np.mgrid[:size, :size].astype(np.float64)
    if peak:
        for (px, py), height in zip(points, heights, strict=True):
            window = (
                slice(max(0, int(py - 4 * sigma)), int(py + 4 * sigma) + 2),
                slice(max(0, int(px - 4 * sigma)), int(px + 4 * sigma) + 2),
            )
            square = (x[window] - px) ** 2 + (y[window] - py) ** 2
            density[window] += height * np.exp(-square / (2 * sigma**2))
    strands = np.zeros(shape, np.uint8)
    for _ in range(hairs):
        start = rng.uniform(0, size, 2)
        angle = rng.uniform(0, np.pi)
        end = start + 9 * fwhm_px * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(strands, start.astype(int).tolist(), end.astype(int).tolist(), 255, 1, cv2.LINE_AA)
    density += 0.5 * cv2.GaussianBlur(strands / 255.0, (0, 0), 0.7)
    linear = exposure * np.array(tone) * 10.0 ** -density[:, :, None]
    linear *= 1 + 0.008 * rng.normal(size=(*shape, 1))
    return PaintedSkin(encode(linear), points if peak else np.empty((0, 2)))


def f1(found: NDArray[np.float64], truth: NDArray[np.float64], tolerance_px: float) -> float:
    """Share of agreement of two point sets, each point used once."""
    if len(found) == 0 or len(truth) == 0:
        return 0.0
    distance = np.hypot(*(found[:, None] - truth[None]).transpose(2, 0, 1))
    hits = len(set(distance.argmin(axis=1)[distance.min(axis=1) <= tolerance_px]))
    return 2 * hits / (len(found) + len(truth))
