"""The size of this photo's dots, found without any setting.

At every filter size of a ladder the picture's dark round maxima are set against its bright
round ones. Skin texture, noise and compression make both alike; pigment dots make dark ones
alone. The size at which the dark maxima carry the most energy beyond the bright is the dots'
size. Stubble is dark too, and finer; it is long, so the round share of a place's energy tells
which parts of a photo may speak: treated skin does, a stubbled side does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import FWHM_PER_SIGMA, band_pass, curvature_ratio, peak_pixels
from tracker.measure.results import FloatColumn
from tracker.measure.threads import map_threads

SIGMA_LADDER_PX = tuple(0.84 * 2 ** (step / 4) for step in range(16))
"""FWHM 2 to 27 px in quarter octaves: the dots of a whole head up to those of a macro photo."""
CROWDING_SHRINK = 0.8
"""Share of the best energy scale that is the spot's own size: neighbours that touch widen it."""
ROUND_FROM, ROUND_TO = 0.45, 0.75
"""Ratio of curvatures between which a maximum starts to count, and counts fully, as round."""
SHARE_POWER = 4.0
"""How steeply parts of lower round share lose their say."""
TILE_PX = 320
TILE_BUDGET = 14
"""At most this many tiles are looked at: 1.4 MP, enough for thousands of dots."""


@dataclass(frozen=True, eq=False)
class DotScale:
    """Spot size of a photo.

    Attributes
    ----------
    sigma_px, fwhm_px : float
        Of a typical dot; NaN where nothing stands out.
    energy : ndarray of shape (16,)
        Dark-minus-bright energy of round maxima at each `SIGMA_LADDER_PX`.
    """

    sigma_px: float
    energy: FloatArray

    @property
    def fwhm_px(self) -> float:
        return FWHM_PER_SIGMA * self.sigma_px


def sample_tiles(region: BoolArray) -> list[tuple[slice, slice]]:
    """Windows spread over the region, those with the most skin, at most `TILE_BUDGET`."""
    height, width = region.shape
    rows, columns = max(1, round(height / TILE_PX)), max(1, round(width / TILE_PX))
    y_edges = np.linspace(0, height, rows + 1).astype(int)
    x_edges = np.linspace(0, width, columns + 1).astype(int)
    windows = [
        (slice(int(y_edges[i]), int(y_edges[i + 1])), slice(int(x_edges[j]), int(x_edges[j + 1])))
        for i in range(rows)
        for j in range(columns)
    ]
    shares = np.array([region[window].mean() for window in windows])
    usable = np.flatnonzero(shares >= 0.5 * shares.max())
    if len(usable) > TILE_BUDGET:
        usable = usable[np.linspace(0, len(usable) - 1, TILE_BUDGET).round().astype(int)]
    return [windows[k] for k in usable]


def roundness_weight(ratio: FloatColumn) -> FloatColumn:
    """0 for elongated, 1 for round maxima."""
    weight: FloatColumn = np.clip((ratio - ROUND_FROM) / (ROUND_TO - ROUND_FROM), 0, 1)
    return weight


def _dark_energy(density: FloatArray, sigma_px: float, region: BoolArray) -> tuple[float, float]:
    """Dark-minus-bright energy of all maxima, and of the round ones."""
    band = band_pass(density, sigma_px, region)
    total = rounded = 0.0
    for sign in (1, -1):
        response = band.response * np.float32(sign)
        rows, columns = peak_pixels(response, 0.0, band.sigma)
        heights = response[rows, columns].astype(np.float64)
        if len(heights) > 20:
            # A few moles or hairs must not outshout a thousand dots.
            heights = np.minimum(heights, np.percentile(heights, 95))
        energy = heights**2
        total += sign * float(energy.sum())
        weight = roundness_weight(curvature_ratio(response, rows, columns))
        rounded += sign * float(energy @ weight)
    return total, rounded


def find_dot_scale(density: FloatArray, region: BoolArray, *, workers: int = 1) -> DotScale:
    """Typical spot size over `region`.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density.
    region : ndarray of shape (H, W) of bool
        Skin to look at.
    workers : int
        Tiles looked at side by side; the result does not depend on it.
    """

    def look(window: tuple[slice, slice]) -> list[tuple[float, float]]:
        tile, skin = density[window], region[window]
        largest = min(tile.shape) / 8
        return [
            _dark_energy(tile, sigma_px, skin) if sigma_px <= largest else (0.0, 0.0)
            for sigma_px in SIGMA_LADDER_PX
        ]

    energies = np.array(map_threads(look, sample_tiles(region), workers))
    every, rounded = energies[..., 0], energies[..., 1]
    strength = np.maximum(rounded.max(axis=1), 0)
    share = np.clip(strength / np.maximum(every.max(axis=1), 1e-12), 0, 1)
    # The share that the roundest fifth of the energy has is what dots look like here.
    order = np.argsort(share)
    running = np.cumsum(strength[order])
    reference = share[order[int(np.searchsorted(running, 0.8 * running[-1]))]]
    weight = np.minimum(1, share / max(reference, 1e-6)) ** SHARE_POWER
    energy = weight @ rounded
    best = int(np.argmax(energy))
    if energy[best] <= 0:
        return DotScale(float("nan"), energy.astype(np.float32))
    log_sigma = np.log(SIGMA_LADDER_PX)
    shift = 0.0
    if 0 < best < len(energy) - 1 and energy[best + 1] > 0:
        left, here, right = energy[best - 1 : best + 2]
        curve = left - 2 * here + right
        if curve < 0:
            shift = float(np.clip(0.5 * (left - right) / curve, -0.5, 0.5))
    sigma = float(np.exp(log_sigma[best] + shift * (log_sigma[1] - log_sigma[0])))
    return DotScale(CROWDING_SHRINK * sigma, energy.astype(np.float32))
