"""The size of this photo's dots, found without any setting.

At every filter size of a ladder the picture's dark maxima are set against its bright ones.
Skin texture, noise and compression make both alike; pigment dots make dark ones alone. The
size at which the dark maxima carry the most energy beyond the bright is the dots' size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import FWHM_PER_SIGMA, band_pass, peak_pixels

SIGMA_LADDER_PX = tuple(0.84 * 2 ** (step / 4) for step in range(16))
"""FWHM 2 to 27 px in quarter octaves: the dots of a whole head up to those of a macro photo."""
CROWDING_SHRINK = 0.85
"""Share of the best energy scale that is the spot's own size: neighbours that touch widen it."""
TILE_PX = 320
TILE_BUDGET = 16
"""At most this many tiles are looked at: 1.6 MP, enough for thousands of dots."""


@dataclass(frozen=True, eq=False)
class DotScale:
    """Spot size of a photo.

    Attributes
    ----------
    sigma_px, fwhm_px : float
        Of a typical dot; NaN where nothing stands out.
    energy : ndarray of shape (16,)
        Dark-minus-bright energy per pixel at each `SIGMA_LADDER_PX`.
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


def _one_sided_energy(density: FloatArray, sigma_px: float, region: BoolArray) -> tuple[float, int]:
    band = band_pass(density, sigma_px, region)
    energy = 0.0
    for sign in (1, -1):
        response = band.response * np.float32(sign)
        rows, columns = peak_pixels(response, 0.0, band.sigma)
        heights = response[rows, columns].astype(np.float64)
        if len(heights) > 20:
            # A few moles or hairs must not outshout a thousand dots.
            heights = np.minimum(heights, np.percentile(heights, 95))
        energy += sign * float(np.sum(heights**2))
    return energy, int(band.valid.sum()) * band.reduction**2


def find_dot_scale(density: FloatArray, region: BoolArray) -> DotScale:
    """Typical spot size over `region`.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density.
    region : ndarray of shape (H, W) of bool
        Skin to look at.
    """
    energy = np.zeros(len(SIGMA_LADDER_PX))
    for window in sample_tiles(region):
        tile, skin = density[window], region[window]
        largest = min(tile.shape) / 8
        for k, sigma_px in enumerate(SIGMA_LADDER_PX):
            if sigma_px <= largest:
                energy[k] += _one_sided_energy(tile, sigma_px, skin)[0]
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
