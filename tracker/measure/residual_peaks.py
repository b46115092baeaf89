"""Spots of one size in any density picture, e.g. in what vanished between two photos."""

from __future__ import annotations

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.peaks import (
    FWHM_PER_SIGMA,
    SEPARATION_SIGMAS,
    SHAPE_RATIO,
    amplitude,
    band_pass,
    peak_pixels,
    sample,
    sample_band,
    spot_size,
    subpixel,
    to_full_px,
)
from tracker.measure.population import crowd_noise, describe_peaks
from tracker.measure.results import Dots, Kind


def find_peaks(
    density_residual: FloatArray,
    sigma_px: float,
    min_snr: float,
    region: BoolArray | None = None,
) -> Dots:
    """Spots of size `sigma_px` that stand out of a density picture, e.g. "early minus late".

    Parameters
    ----------
    density_residual : ndarray of shape (H, W)
        Density in which pigment is positive; NaN where not measured.
    sigma_px : float
        Standard deviation of the spots, ``fwhm_px / 2.355``.
    min_snr : float
        Least response over the local noise. The noise is that of the texture around, or
        a small share of a typical spot where spots stand so close that they are the texture.
    region : ndarray of shape (H, W) of bool, optional
        Where spots may lie.

    Returns
    -------
    dots : Dots
        `kind` is undecided and `hair_probability` NaN: a residual alone does not tell them.

    Raises
    ------
    ValueError
        If `density_residual` is not two-dimensional, `region` has another shape or
        `sigma_px` is not positive.
    """
    band = band_pass(density_residual, sigma_px, region)
    separation = SEPARATION_SIGMAS * band.sigma
    noise = crowd_noise(band, describe_peaks(band, separation))
    rows, columns = peak_pixels(band.response, noise * np.float32(min_snr), separation)
    x, y, top = subpixel(band.response, rows, columns)
    x_px, y_px = to_full_px(x, band.reduction), to_full_px(y, band.reduction)
    small, large = (
        band_pass(density_residual, sigma_px * scale, region)
        for scale in (1 / SHAPE_RATIO, SHAPE_RATIO)
    )
    size_px = spot_size(sample_band(small, x_px, y_px), sample_band(large, x_px, y_px), sigma_px)
    peak = amplitude(top, size_px, sigma_px)
    return Dots(
        x_px=x_px,
        y_px=y_px,
        fwhm_px=FWHM_PER_SIGMA * size_px,
        contrast=1 - 10.0**-peak,
        pigment=2 * np.pi * size_px**2 * peak,
        snr=top / sample(noise, x, y),
        hair_probability=np.full(len(x), np.nan),
        kind=np.full(len(x), Kind.UNDECIDED, np.int8),
    )
