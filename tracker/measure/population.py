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

import numpy as np

from tracker.measure.luminance import FloatArray
from tracker.measure.peaks import Band, peak_pixels, texture_noise
from tracker.measure.results import FloatColumn

BINS = 400
EM_STEPS = 80
FAST_NOISE_SHAPE, SLOW_NOISE_SHAPE = 1.25, 0.8
"""Weibull shapes of texture peaks: smooth skin falls like the first, mottled like the second."""
WIDEST_LOG_SPREAD, NARROWEST_LOG_SPREAD = 0.45, 0.2
"""Bounds on the spread of ln(height) within one photo's dots."""
LEAST_ASYMMETRY = 0.28
"""Dark-over-bright energy of peaks: skin without pigment stays below, dots lie above."""
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


def describe_population(dark: FloatColumn, bright: FloatColumn) -> Population:
    """Threshold and asymmetry of a photo's peaks.

    Parameters
    ----------
    dark, bright : ndarray
        Heights of the maxima of the band-pass and of its negative, at the dots' scale.
    """
    fast = fit_heights(dark, FAST_NOISE_SHAPE, WIDEST_LOG_SPREAD, WIDEST_LOG_SPREAD)
    slow = fit_heights(dark, SLOW_NOISE_SHAPE, NARROWEST_LOG_SPREAD, WIDEST_LOG_SPREAD)
    threshold = max(
        fast.threshold,
        min(slow.threshold, MOST_OF_TYPICAL * fast.typical, MOST_OF_NOISE * fast.noise),
    )
    dark_energy, bright_energy = float(np.sum(dark**2)), float(np.sum(bright**2))
    asymmetry = (dark_energy - bright_energy) / max(dark_energy + bright_energy, 1e-12)
    above = dark[dark > threshold]
    typical = float(np.median(above)) if len(above) else fast.typical
    return Population(threshold, fast.threshold, typical, asymmetry)


def describe_peaks(band: Band, separation: float) -> Population:
    """`describe_population` of a band-pass; maxima at least `separation` (its pixels) apart."""
    dark = band.response[peak_pixels(band.response, 0.0, separation)].astype(np.float64)
    bright_response = -band.response
    bright = bright_response[peak_pixels(bright_response, 0.0, separation)].astype(np.float64)
    return describe_population(dark, bright)


def crowd_noise(band: Band, crowd: Population) -> FloatArray:
    """Local noise of a band-pass, not mistaking crowded dots for rough skin, shape (h, w)."""
    noise = texture_noise(band)
    if crowd.pigmented:
        np.minimum(noise, np.float32(CROWD_NOISE_SHARE * crowd.typical), out=noise)
    return noise
