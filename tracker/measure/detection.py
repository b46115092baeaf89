"""Finding the pigment dots of one photo, with no setting per photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.dot_scale import find_dot_scale
from tracker.measure.hair import spot_shape
from tracker.measure.luminance import BoolArray, FloatArray, SrgbArray, channel_density
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
    texture_noise,
    to_full_px,
)
from tracker.measure.results import Dots, Kind


@dataclass(frozen=True)
class DetectionSettings:
    """What counts as a spot. One set serves every photo.

    Attributes
    ----------
    threshold_snr : float
        Least response over local texture noise. Lower values serve a series, whose other
        photos sort out the false spots.
    least_share : float
        Least response relative to a typical dot of the photo.
    fwhm_px : float or None
        Dot size if known; None finds it from the photo.
    """

    threshold_snr: float = 3.0
    least_share: float = 0.2
    fwhm_px: float | None = None


@dataclass(frozen=True, eq=False)
class Detection:
    """The dark spots of one photo.

    Attributes
    ----------
    dots : Dots
        All spots, those taken for hair included (`kind`).
    fwhm_px : float
        The photo's typical dot size, full width at half maximum; NaN where none stands out.
    resolved : bool
        Whether dots can be counted: large enough in pixels and apart from each other.
    reason : str
        Why not, in words; empty where resolved.
    """

    dots: Dots
    fwhm_px: float
    resolved: bool
    reason: str


LEAST_RESOLVED_FWHM_PX = 3.0


def pigment_density(srgb: SrgbArray) -> FloatArray:
    """Mean optical density of red and green: pigment as in red, less compression noise."""
    density = channel_density(srgb, 0)
    density += channel_density(srgb, 1)
    density *= np.float32(0.5)
    return density


def detect_dots(
    srgb: SrgbArray,
    region: BoolArray | None = None,
    settings: DetectionSettings = DetectionSettings(),  # noqa: B008 - frozen
) -> Detection:
    """Pigment dots and look-alikes of one photo.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels.
    region : ndarray of shape (H, W) of bool, optional
        Skin to search; the whole picture if None.
    settings : DetectionSettings
        What counts as a spot.
    """
    density = pigment_density(srgb)
    if region is None:
        region = np.ones(density.shape, bool)
    if settings.fwhm_px is None:
        sigma_px = find_dot_scale(density, region).sigma_px
    else:
        sigma_px = settings.fwhm_px / FWHM_PER_SIGMA
    if not np.isfinite(sigma_px):
        return Detection(Dots.empty(), float("nan"), False, "nothing dot-like stands out")

    band = band_pass(density, sigma_px, region)
    noise = texture_noise(band)
    rows, columns = peak_pixels(
        band.response, noise * settings.threshold_snr, SEPARATION_SIGMAS * band.sigma
    )
    x, y, top = subpixel(band.response, rows, columns)
    typical = np.percentile(top, 75) if len(top) else 0.0
    keep = top >= settings.least_share * typical
    rows, columns, x, y, top = rows[keep], columns[keep], x[keep], y[keep], top[keep]
    x_px, y_px = to_full_px(x, band.reduction), to_full_px(y, band.reduction)
    small = band_pass(density, sigma_px / SHAPE_RATIO, region)
    large = band_pass(density, sigma_px * SHAPE_RATIO, region)
    size_px = spot_size(sample_band(small, x_px, y_px), sample_band(large, x_px, y_px), sigma_px)
    peak = amplitude(top, size_px, sigma_px)
    shape = spot_shape(band.response, band.response, x, y, band.sigma)
    hair = np.clip(1.0 - shape.roundness, 0, 1) * np.clip(2 * shape.line, 0, 1)
    kind = np.where(hair > 0.6, Kind.HAIR, Kind.DOT).astype(np.int8)
    dots = Dots(
        x_px=x_px,
        y_px=y_px,
        fwhm_px=FWHM_PER_SIGMA * size_px,
        contrast=1 - 10.0**-peak,
        pigment=2 * np.pi * size_px**2 * peak,
        snr=top / np.maximum(sample(noise, x, y), 1e-6),
        hair_probability=hair,
        kind=kind,
    )
    fwhm_px = FWHM_PER_SIGMA * sigma_px
    resolved = fwhm_px >= LEAST_RESOLVED_FWHM_PX
    reason = "" if resolved else f"dots are {fwhm_px:.1f} px, {LEAST_RESOLVED_FWHM_PX:.0f} needed"
    return Detection(dots, fwhm_px, resolved, reason)
