"""Small density pictures of dots on textured skin, painted pixel by pixel, with known pigment."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.measure.painted_skin import lattice


@dataclass(frozen=True, eq=False)
class DensityScene:
    density: NDArray[np.float32]
    xy_px: NDArray[np.float64]
    amplitude: NDArray[np.float64]
    sigma_px: float
    spacing_px: float

    @property
    def pigment(self) -> NDArray[np.float64]:
        return 2 * np.pi * self.sigma_px**2 * self.amplitude

    @property
    def region(self) -> NDArray[np.bool_]:
        return np.ones(self.density.shape, bool)


def gaussians(
    shape: tuple[int, int],
    xy_px: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    sigma_px: float,
) -> NDArray[np.float64]:
    """Sum of round Gaussians, evaluated exactly at the pixel centres."""
    image = np.zeros(shape)
    reach = int(np.ceil(6 * sigma_px))
    for (x, y), height in zip(xy_px, amplitude, strict=True):
        left, top = max(0, round(x) - reach), max(0, round(y) - reach)
        right, bottom = min(shape[1], round(x) + reach + 1), min(shape[0], round(y) + reach + 1)
        along_x = np.exp(-((np.arange(left, right) - x) ** 2) / (2 * sigma_px**2))
        along_y = np.exp(-((np.arange(top, bottom) - y) ** 2) / (2 * sigma_px**2))
        image[top:bottom, left:right] += height * along_y[:, None] * along_x[None, :]
    return image


def skin(shape: tuple[int, int], *, noise: float, shading: float, seed: int) -> NDArray[np.float64]:
    """Density of bare skin: a shaded surface, blotches and fine grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    surface = 0.3 + shading * (0.5 * x - 0.3 * y + 0.4 * (x - 0.4) ** 2)
    grain = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), 1.0)
    blotches = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), 20.0)
    textured = surface + noise * grain / grain.std() + noise * blotches / blotches.std()
    return np.asarray(textured, np.float64)


def dotted_skin(
    *,
    size: int = 260,
    spacing_px: float = 13.0,
    sigma_px: float = 2.1,
    peak: float = 0.25,
    left: float | NDArray[np.float64] = 1.0,
    noise: float = 0.006,
    shading: float = 0.3,
    shift_px: tuple[float, float] = (0.0, 0.0),
    dots_seed: int = 1,
    skin_seed: int = 2,
) -> DensityScene:
    """Skin with a jittered lattice of dots; `left` is the share of the pigment that is left.

    The same `dots_seed` puts the same dots (moved by `shift_px`), whatever the skin does.
    """
    rng = np.random.default_rng(dots_seed)
    xy_px = lattice((size, size), spacing_px, rng)
    amplitude = peak * np.exp(rng.normal(0, 0.25, len(xy_px))) * left
    xy_px = xy_px + np.array(shift_px)
    bare = skin((size, size), noise=noise, shading=shading, seed=skin_seed)
    density = bare + gaussians((size, size), xy_px, amplitude, sigma_px)
    return DensityScene(density.astype(np.float32), xy_px, amplitude, sigma_px, spacing_px)
