"""Skin as a texture on the chart: chromophores and relief that belong to the person.

Channels of `SkinTexture.maps`: melanin, haemoglobin and neutral density (multiplied on the base
colour), relief slope along u and v (shading that moves with the light), and oil (shine).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.rendering.scalp import Chart
from tracker.rendering.spec import SeriesSpec
from tracker.rendering.splat import Image

MELANIN_RGB = np.array([0.42, 0.66, 1.0], np.float32)
HAEMOGLOBIN_RGB = np.array([0.10, 1.0, 0.72], np.float32)
BASE_REFLECTANCE = np.array(
    [
        [0.66, 0.45, 0.36],
        [0.58, 0.365, 0.27],
        [0.49, 0.285, 0.195],
        [0.38, 0.205, 0.132],
        [0.225, 0.122, 0.080],
        [0.118, 0.067, 0.047],
    ],
    np.float32,
)
"""Linear reflectance (R, G, B) of Fitzpatrick I to VI, scalp in daylight."""

N_MAPS = 6


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, int], wavelength_px: float) -> Image:
    """Unit-variance noise with details of about `wavelength_px`."""
    sigma = wavelength_px / 4
    shrink = max(1.0, sigma / 1.5)
    height, width = (int(np.ceil(side / shrink)) + 8 for side in shape)
    noise = rng.standard_normal((height, width), dtype=np.float32)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), max(sigma / shrink, 0.3)), np.float32)
    noise = noise / max(float(noise.std()), 1e-9)
    if shrink > 1:
        large = cv2.resize(noise, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_CUBIC)
        noise = np.asarray(large, np.float32)
    return noise[: shape[0], : shape[1]]


def _specks(
    rng: np.random.Generator, shape: tuple[int, int], count: int, sigma_px: float, spread: float
) -> Image:
    """Sparse soft specks of peak about 1 with varied strength."""
    impulses = np.zeros(shape, np.float32)
    rows, columns = (rng.integers(0, side, count) for side in shape)
    impulses[rows, columns] = np.exp(rng.normal(-(spread**2) / 2, spread, count))
    sigma = max(sigma_px, 0.5)
    return cv2.GaussianBlur(impulses, (0, 0), sigma) * np.float32(2 * np.pi * sigma**2)


@dataclass(frozen=True, eq=False)
class SkinTexture:
    """The maps of one scalp over a square of the chart.

    Attributes
    ----------
    maps : ndarray of shape (6, N, N)
    half_width_mm : float
        The square spans ``-half_width_mm .. half_width_mm`` in u and v.
    px_per_mm : float
    """

    maps: Image
    half_width_mm: float
    px_per_mm: float

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        spec: SeriesSpec,
        chart: Chart,
        half_width_mm: float,
        px_per_mm: float,
    ) -> SkinTexture:
        """Draw the skin of one person."""
        side = int(np.ceil(2 * half_width_mm * px_per_mm)) + 1
        shape = (side, side)
        scale = px_per_mm
        area_cm2 = (2 * half_width_mm / 10) ** 2
        strength = np.float32(spec.texture)
        maps = np.zeros((N_MAPS, side, side), np.float32)
        melanin, blood, neutral, slope_u, slope_v, oil = maps

        for wavelength_mm, amount in ((45.0, 0.026), (14.0, 0.020), (4.0, 0.014), (1.3, 0.013)):
            melanin += strength * amount * _smooth_noise(rng, shape, wavelength_mm * scale)
        for wavelength_mm, amount in ((30.0, 0.012), (8.0, 0.012), (2.2, 0.012), (0.8, 0.012)):
            blood += strength * amount * _smooth_noise(rng, shape, wavelength_mm * scale)

        # fine creases: ridges of band-limited noise make a net, as the skin's own relief
        height = np.zeros(shape, np.float32)
        for wavelength_mm, amount in ((1.9, 0.055), (1.0, 0.042), (0.5, 0.022)):
            ridge = 1 - np.abs(_smooth_noise(rng, shape, wavelength_mm * scale))
            height -= np.float32(amount) * np.maximum(ridge, 0) ** 2
        height += 0.06 * _smooth_noise(rng, shape, 5.0 * scale)
        height += 0.010 * _smooth_noise(rng, shape, 0.7 * scale)
        furrows = _forehead_furrows(rng, chart, shape, half_width_mm, scale)
        height -= 0.25 * furrows
        neutral += strength * 0.07 * furrows
        pores = _specks(rng, shape, int(area_cm2 * 90), 0.07 * scale, 0.5)
        height -= 0.03 * pores
        neutral += strength * 0.05 * pores
        neutral -= strength * 0.25 * np.minimum(height, 0.0)
        slope_u[:] = strength * cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=scale / 8)
        slope_v[:] = strength * cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=scale / 8)

        neutral += strength * 0.015 * rng.standard_normal(shape, dtype=np.float32)
        oil[:] = np.clip(0.5 + 0.35 * _smooth_noise(rng, shape, 25 * scale), 0, 1)
        oil *= 1 + 0.5 * _smooth_noise(rng, shape, 0.7 * scale).clip(-1.5, 2)
        _paint_blemishes(rng, spec, maps, area_cm2, scale)
        return cls(maps, half_width_mm, px_per_mm)

    def sample(self, uv_mm: NDArray[np.float32]) -> Image:
        """Maps (6, H, W) at chart places (H, W, 2)."""
        place = ((uv_mm + self.half_width_mm) * self.px_per_mm).astype(np.float32)
        x, y = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
        return np.stack(
            [
                cv2.remap(layer, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
                for layer in self.maps
            ]
        )


def _forehead_furrows(
    rng: np.random.Generator,
    chart: Chart,
    shape: tuple[int, int],
    half_width_mm: float,
    scale: float,
) -> Image:
    """Depth (H, W), about 0 to 1, of the lines that run across a forehead."""
    depth = np.zeros(shape, np.float32)
    lateral = np.deg2rad(np.linspace(-30, 30, 90))
    for level_deg in rng.uniform(2, 30, 6):
        sway = 2.5 * np.cos(3 * lateral + rng.uniform(0, 6.3)) + rng.normal(0, 0.15, 90).cumsum()
        level = np.deg2rad(level_deg + sway)
        direction = np.stack(
            [np.sin(lateral), np.cos(lateral) * np.sin(level), np.cos(lateral) * np.cos(level)], 1
        )
        first, last = np.sort(rng.integers(0, 90, 2))
        path = (chart.uv(direction[first:last]) + half_width_mm) * scale
        line = np.zeros(shape, np.uint8)
        if len(path) > 10:
            points = np.rint(path * 16).astype(np.int32)
            cv2.polylines(
                line, [points], False, 255, max(1, round(0.25 * scale)), cv2.LINE_AA, shift=4
            )
            depth = np.maximum(depth, line * np.float32(rng.uniform(0.3, 1.0) / 255))
    return np.asarray(cv2.GaussianBlur(depth, (0, 0), max(0.22 * scale, 0.6)), np.float32)


def _paint_blemishes(
    rng: np.random.Generator, spec: SeriesSpec, maps: Image, area_cm2: float, scale: float
) -> None:
    """Moles, freckles, small vessels and red spots."""
    side = maps.shape[1]
    expected = spec.blemishes_per_100_cm2 * area_cm2 / 100

    def draw(
        layer: Image, count: int, low_mm: float, high_mm: float, depth: tuple[float, float]
    ) -> None:
        for _ in range(count):
            radius = rng.uniform(low_mm, high_mm) * scale
            reach = int(np.ceil(radius * 2.2)) + 2
            x, y = rng.uniform(reach + 1, side - reach - 2, 2) if side > 2 * reach + 4 else (0, 0)
            if x == 0:
                continue
            column, row = int(x), int(y)
            dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
            angle = np.arctan2(dy, dx)
            outline = radius * (
                1
                + 0.18 * np.cos(2 * angle + rng.uniform(0, 6.3))
                + 0.08 * np.cos(3 * angle + rng.uniform(0, 6.3))
            )
            distance = np.hypot(dx, dy) / outline
            patch = rng.uniform(*depth) / (1 + np.exp((distance - 1) / 0.10))
            layer[row - reach : row + reach + 1, column - reach : column + reach + 1] += patch

    draw(maps[0], rng.poisson(expected * 0.5), 0.5, 2.0, (0.15, 0.55))
    draw(maps[0], rng.poisson(expected * 6), 0.3, 1.4, (0.02, 0.09))
    draw(maps[1], rng.poisson(expected * 1.2), 0.4, 2.5, (0.05, 0.18))
    for _ in range(rng.poisson(expected * 1.0)):
        drift = rng.normal(size=2) * 0.25
        steps = rng.normal(size=(40, 2)).cumsum(0) * 0.35 + np.arange(40)[:, None] * drift
        path = (steps * scale).astype(np.int32)
        path -= path.min(0) - int(2 * scale)
        width, height = path.max(0) + int(2 * scale)
        if max(width, height) >= side:
            continue
        line = np.zeros((height, width), np.uint8)
        cv2.polylines(line, [path], False, 255, max(1, round(0.12 * scale)), cv2.LINE_AA)
        soft = cv2.GaussianBlur(line.astype(np.float32), (0, 0), max(0.15 * scale, 0.5))
        top, left = rng.integers(0, (side - height, side - width))
        maps[1][top : top + height, left : left + width] += soft * np.float32(
            rng.uniform(0.03, 0.10) / 255
        )


def base_density(spec: SeriesSpec, rng: np.random.Generator) -> NDArray[np.float32]:
    """Optical density (R, G, B) of this person's skin."""
    density = -np.log10(BASE_REFLECTANCE[spec.skin_type - 1])
    density = density + np.float32(rng.normal(0, 0.025)) * MELANIN_RGB
    result: NDArray[np.float32] = (
        density + np.float32(abs(rng.normal(0, 0.02))) * HAEMOGLOBIN_RGB
    ).astype(np.float32)
    return result
