"""What the dark peaks of a photo are as a crowd: dots among texture, or texture alone.

Single spots are ambiguous, a crowd is not. Texture, noise and compression make as many
bright peaks as dark ones, of exponentially falling height; pigment adds dark peaks of similar
height. Two mixtures are fitted to the heights [1]_: one whose noise falls fast (everything
that stands out) and one whose noise falls slowly (what a person marks with confidence).

.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via
   the EM algorithm", J. R. Stat. Soc. B 39, 1-38 (1977).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.dot_scale import roundness_weight
from tracker.measure.luminance import FloatArray
from tracker.measure.peaks import Band, curvature_ratio, peak_pixels, sample, texture_noise
from tracker.measure.results import FloatColumn

BINS = 400
EM_STEPS = 80
FAST_NOISE_SHAPE, SLOW_NOISE_SHAPE = 1.25, 0.8
"""Weibull shapes of texture peaks: smooth skin falls like the first, mottled like the second."""
WIDEST_LOG_SPREAD, NARROWEST_LOG_SPREAD = 0.45, 0.2
"""Bounds on the spread of ln(height) within one photo's dots."""
LEAST_ASYMMETRY = 0.31
"""Dark-over-bright energy of round peaks: 24 patches of real skin without pigment reach 0.26,
merged pigment photographed from afar 0.33, dots that can be counted 0.5 to 0.95."""
ENERGY_CEILING_PERCENTILE = 95
CELL_SIGMAS, BLUR_CELLS = 4.0, 4.0
"""Grid and smoothing of the local asymmetry: a neighbourhood of some ten dots."""
CROWD_NOISE_SHARE = 0.12
"""Where dots stand close they are their own noise; it is not taken above this share of a dot."""
MOST_OF_TYPICAL = 0.72
MOST_OF_NOISE = 5.0
"""The confident threshold is held below these multiples of a typical dot and of the noise."""


@dataclass(frozen=True)
class HeightMixture:
    """Weibull noise plus log-normal dots.

    `threshold` is the height above which a peak is more likely a dot; `typical` the dots'
    median height; `noise` the Weibull scale; `share` of the peaks that are dots.
    """

    threshold: float
    typical: float
    noise: float
    share: float


@dataclass(frozen=True)
class Population:
    """The dark peaks of one photo as a crowd.

    Attributes
    ----------
    threshold : float
        Height above which a peak is marked with confidence.
    faintest : float
        Height above which a peak is more likely a dot than texture.
    typical : float
        Median height of the dots.
    asymmetry : float
        (dark - bright) / (dark + bright) energy of the peaks: 0 for texture, towards 1 for dots.
    """

    threshold: float
    faintest: float
    typical: float
    asymmetry: float

    @property
    def pigmented(self) -> bool:
        """Whether a crowd of dots is there at all."""
        return self.asymmetry >= LEAST_ASYMMETRY


def fit_heights(
    heights: FloatColumn, noise_shape: float, least_spread: float, most_spread: float
) -> HeightMixture:
    """Maximum-likelihood mixture of noise and dots for peak heights.

    Parameters
    ----------
    heights : ndarray of shape (n,)
        Peak heights; only positive ones count.
    noise_shape : float
        Shape of the Weibull distribution of texture peaks.
    least_spread, most_spread : float
        Bounds on the standard deviation of ln(height) of dots.
    """
    heights = heights[heights > 0]
    if len(heights) < 8:
        level = float(np.max(heights, initial=0.0))
        return HeightMixture(level, level, level, 0.0)
    top = float(np.percentile(heights, 99.9))
    low = max(float(np.percentile(heights, 0.1)), 1e-3 * top)
    edges = np.geomspace(low, max(top, 1.01 * low), BINS + 1)
    count, _ = np.histogram(np.clip(heights, low, top), edges)
    h = np.sqrt(edges[1:] * edges[:-1])
    h, count = h[count > 0], count[count > 0].astype(np.float64)
    log_h = np.log(h)
    p90 = float(np.percentile(heights, 90))
    best, best_likelihood = HeightMixture(top, top, top, 0.0), -np.inf
    for start in (0.25, 0.5):
        dot = np.where(h > start * p90, 1 - 1e-6, 1e-6)
        share, noise, centre, spread = 0.5, p90, np.log(p90), most_spread
        p_dot = p_noise = np.ones_like(h)
        for _ in range(EM_STEPS):
            mine, rest = count * dot, count * (1 - dot)
            share = float(np.clip(mine.sum() / count.sum(), 1e-6, 1 - 1e-6))
            noise = float((rest @ h**noise_shape / max(rest.sum(), 1e-9)) ** (1 / noise_shape))
            centre = float(mine @ log_h / max(mine.sum(), 1e-9))
            variance = float(mine @ (log_h - centre) ** 2 / max(mine.sum(), 1e-9))
            spread = float(np.clip(np.sqrt(variance), least_spread, most_spread))
            p_dot, p_noise = _parts(h, share, max(noise, 1e-9), centre, spread, noise_shape)
            dot = np.clip(p_dot / (p_dot + p_noise + 1e-300), 1e-6, 1 - 1e-6)
        likelihood = float(count @ np.log(p_dot + p_noise + 1e-300))
        if likelihood > best_likelihood:
            grid = np.exp(np.linspace(np.log(low), centre, BINS)) if centre > np.log(low) else h[:1]
            d, n = _parts(grid, share, max(noise, 1e-9), centre, spread, noise_shape)
            below = np.flatnonzero(d < n)
            threshold = float(grid[below[-1]]) if len(below) else float(grid[0])
            best = HeightMixture(threshold, float(np.exp(centre)), noise, share)
            best_likelihood = likelihood
    return best


def _parts(
    h: FloatColumn, share: float, noise: float, centre: float, spread: float, shape: float
) -> tuple[FloatColumn, FloatColumn]:
    """Densities of dots and of noise at heights `h`, weighted by their shares."""
    dots = share * np.exp(-((np.log(h) - centre) ** 2) / (2 * spread**2)) / (spread * h * 2.5066)
    ratio = h / noise
    texture = (1 - share) * shape / noise * ratio ** (shape - 1) * np.exp(-(ratio**shape))
    return dots, texture


@dataclass(frozen=True, eq=False)
class Peaks:
    """All maxima of a band-pass or of its negative.

    `rows` and `columns` index the band, `heights` are its values there (positive), `weight` is
    0 for elongated and 1 for round ones.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    heights: FloatColumn
    weight: FloatColumn

    @property
    def round_energy(self) -> FloatColumn:
        """Squared heights of the round ones; a few moles or hairs do not outshout the rest."""
        if len(self.heights) == 0:
            return np.empty(0)
        ceiling = np.percentile(self.heights, ENERGY_CEILING_PERCENTILE)
        energy: FloatColumn = self.weight * np.minimum(self.heights, ceiling) ** 2
        return energy


def all_peaks(response: FloatArray, separation: float) -> Peaks:
    """Positive maxima of `response`, at least `separation` pixels apart."""
    rows, columns = peak_pixels(response, 0.0, separation)
    return Peaks(
        rows,
        columns,
        response[rows, columns].astype(np.float64),
        roundness_weight(curvature_ratio(response, rows, columns)),
    )


def asymmetry(dark: FloatColumn | float, bright: FloatColumn | float) -> FloatColumn:
    """(dark - bright) / (dark + bright) of energies; 0 where there is neither."""
    total = np.asarray(dark, np.float64) + bright
    share: FloatColumn = (np.asarray(dark) - bright) / np.maximum(total, 1e-12)
    return share


def describe_population(dark: Peaks, bright: Peaks) -> Population:
    """Threshold and asymmetry of a photo's peaks.

    Parameters
    ----------
    dark, bright : Peaks
        Maxima of the band-pass and of its negative, at the dots' scale.
    """
    fast = fit_heights(dark.heights, FAST_NOISE_SHAPE, WIDEST_LOG_SPREAD, WIDEST_LOG_SPREAD)
    slow = fit_heights(dark.heights, SLOW_NOISE_SHAPE, NARROWEST_LOG_SPREAD, WIDEST_LOG_SPREAD)
    threshold = max(
        fast.threshold,
        min(slow.threshold, MOST_OF_TYPICAL * fast.typical, MOST_OF_NOISE * fast.noise),
    )
    above = dark.heights[dark.heights > threshold]
    typical = float(np.median(above)) if len(above) else fast.typical
    balance = asymmetry(float(dark.round_energy.sum()), float(bright.round_energy.sum()))
    return Population(threshold, fast.threshold, typical, float(balance))


def local_asymmetry(band: Band, dark: Peaks, bright: Peaks) -> FloatArray:
    """Asymmetry around each place, shape of a coarse grid over the band.

    The grid's cells are `CELL_SIGMAS` wide; `sample_coarse` reads it at places of the band.
    """
    cell = CELL_SIGMAS * band.sigma
    shape = tuple(int(np.ceil(side / cell)) for side in band.response.shape)
    smooth = []
    for peaks in (dark, bright):
        energy = np.bincount(
            (peaks.rows / cell).astype(np.intp) * shape[1] + (peaks.columns / cell).astype(np.intp),
            weights=peaks.round_energy,
            minlength=shape[0] * shape[1],
        ).reshape(shape)
        smooth.append(
            cv2.GaussianBlur(energy, (0, 0), BLUR_CELLS, borderType=cv2.BORDER_REFLECT_101).astype(
                np.float64
            )
        )
    return asymmetry(smooth[0], smooth[1]).astype(np.float32)


def sample_coarse(grid: FloatArray, band: Band, x: FloatColumn, y: FloatColumn) -> FloatColumn:
    """Values of a coarse grid at places of the band."""
    cell = CELL_SIGMAS * band.sigma
    return sample(grid, (x + 0.5) / cell - 0.5, (y + 0.5) / cell - 0.5)


def crowd_noise(band: Band, crowd: Population) -> FloatArray:
    """Local noise of a band-pass, not mistaking crowded dots for rough skin, shape (h, w)."""
    noise = texture_noise(band)
    if crowd.pigmented:
        np.minimum(noise, np.float32(CROWD_NOISE_SHARE * crowd.typical), out=noise)
    return noise
