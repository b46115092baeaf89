"""Finding the pigment dots of one photo, with no setting per photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.dot_scale import find_dot_scale
from tracker.measure.hair import hair_probability, spot_shape
from tracker.measure.luminance import BoolArray, FloatArray, SrgbArray, channel_density
from tracker.measure.peaks import (
    FWHM_PER_SIGMA,
    SEPARATION_SIGMAS,
    amplitude,
    band_pass,
    sample,
    sizes_at,
    subpixel,
    to_full_px,
)
from tracker.measure.population import (
    LEAST_ASYMMETRY,
    all_peaks,
    crowd_noise,
    describe_population,
    local_asymmetry,
    sample_coarse,
)
from tracker.measure.results import Dots, Kind


@dataclass(frozen=True)
class DetectionSettings:
    """What counts as a spot. One set serves every photo.

    Attributes
    ----------
    threshold_snr : float or None
        Least response over local texture noise. None lets the photo's own crowd of peaks
        decide, which is what a person would mark; a low number (2 to 3) serves a series,
        whose other photos sort out the false spots.
    fwhm_px : float or None
        Dot size if known; None finds it from the photo.
    """

    threshold_snr: float | None = None
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


LEAST_RESOLVED_FWHM_PX = 2.5
SNR_BY_ASYMMETRY = ((0.05, LEAST_ASYMMETRY), (6.0, 1.5))
"""The less a photo's peaks look like a crowd of dots, the more a single spot must stand out."""
MOST_HAIR_AMONG_DOTS, MOST_HAIR = 0.6, 0.98
"""Bounds on the share of hair among the spots, with a crowd of dots and without."""
RIM_SIGMAS = 0.35
"""A maximum this close to the picture's edge is a spot whose centre was not photographed."""
HAIR_ABOVE, DOT_BELOW = 0.85, 0.5
"""Hair probabilities at which a spot is called hair, or a dot."""


def pigment_density(srgb: SrgbArray) -> FloatArray:
    """Mean optical density of red and green: pigment as in red, less compression noise."""
    density = channel_density(srgb, 0)
    density += channel_density(srgb, 1)
    density *= np.float32(0.5)
    return density


def detect_dots(
    srgb: SrgbArray,
    region: BoolArray | None = None,
    settings: DetectionSettings = DetectionSettings(),
    *,
    workers: int = 1,
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
    workers : int
        Parts of the photo looked at side by side; the result does not depend on it.

    Raises
    ------
    ValueError
        If `srgb` is not an 8- or 16-bit RGB picture, or `region` has another shape.
    """
    density = pigment_density(srgb)
    if region is None:
        region = np.ones(density.shape, bool)
    if region.shape != density.shape:
        raise ValueError(f"region must have shape {density.shape}, got {region.shape}")
    if settings.fwhm_px is None:
        sigma_px = find_dot_scale(density, region, workers=workers).sigma_px
    else:
        sigma_px = settings.fwhm_px / FWHM_PER_SIGMA
    if not np.isfinite(sigma_px):
        return Detection(Dots.empty(), float("nan"), False, "nothing dot-like stands out")

    band = band_pass(density, sigma_px, region)
    separation = SEPARATION_SIGMAS * band.sigma
    dark, bright = all_peaks(band.response, separation), all_peaks(-band.response, separation)
    x, y, top = subpixel(band.response, dark.rows, dark.columns)
    crowd = describe_population(dark, bright)
    noise = sample(crowd_noise(band, crowd), x, y)
    if settings.threshold_snr is not None:
        keep = top > settings.threshold_snr * noise
    else:
        least_snr = float(np.interp(crowd.asymmetry, *SNR_BY_ASYMMETRY))
        keep = (top > crowd.threshold) & (top > least_snr * noise)
    height, width = band.response.shape
    rim = RIM_SIGMAS * band.sigma
    keep &= (x >= rim) & (y >= rim) & (x <= width - 1 - rim) & (y <= height - 1 - rim)
    x, y, top, noise = x[keep], y[keep], top[keep], noise[keep]

    x_px, y_px = to_full_px(x, band.reduction), to_full_px(y, band.reduction)
    size_px = sizes_at(density, x_px, y_px, sigma_px, region, workers=workers)
    peak = amplitude(top, size_px, sigma_px)
    most_hair = MOST_HAIR_AMONG_DOTS if crowd.pigmented else MOST_HAIR
    hair = hair_probability(spot_shape(density, region, band, x_px, y_px), most_hair)
    kind = np.full(len(x), Kind.UNDECIDED, np.int8)
    if crowd.pigmented:
        among_dots = sample_coarse(local_asymmetry(band, dark, bright), band, x, y)
        kind[(hair < DOT_BELOW) & (among_dots >= LEAST_ASYMMETRY)] = Kind.DOT
    kind[hair > HAIR_ABOVE] = Kind.HAIR
    dots = Dots(
        x_px=x_px,
        y_px=y_px,
        fwhm_px=FWHM_PER_SIGMA * size_px,
        contrast=1 - 10.0**-peak,
        pigment=2 * np.pi * size_px**2 * peak,
        snr=top / noise,
        hair_probability=hair,
        kind=kind,
    )
    fwhm_px = FWHM_PER_SIGMA * sigma_px
    if not crowd.pigmented:
        return Detection(dots, fwhm_px, False, "no crowd of pigment-like dots stands out")
    if fwhm_px < LEAST_RESOLVED_FWHM_PX:
        reason = f"dots are {fwhm_px:.1f} px, {LEAST_RESOLVED_FWHM_PX:.0f} needed to count them"
        return Detection(dots, fwhm_px, False, reason)
    return Detection(dots, fwhm_px, True, "")
