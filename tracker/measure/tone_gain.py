"""How much stronger or weaker a camera drew contrast than it did in the baseline photo.

A phone's tone curve multiplies every small density difference, the dots' too, by its slope at
the skin's brightness. Between two photos that slope can differ by 10 to 30 %, which no local
measurement of the dots can tell from a fade. The skin itself can: blotches of redness and
melanin are fixed to it, and their *colour* (red minus green density) is not touched by light
and shade, which cancel, nor by pigment, which is nearly neutral. The ratio of that colour's
spread in the two photos, on the same skin, is the ratio of the slopes.

The estimate is drawn towards 1 by a prior, the more the less the two colour pictures agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photometry import smooth_valid


@dataclass(frozen=True)
class ToneGainSettings:
    """Bands of skin colour that are compared, relative to the picture's long side."""

    bands: tuple[tuple[float, float], ...] = ((0.010, 0.030), (0.027, 0.080))
    prior_sd: float = 0.12
    """SD of log gain between two photos by one person's phones."""
    colour_sd: float = 0.025
    """What colour processing adds to the ratio besides the slope, SD of its logarithm."""
    least_agreement: float = 0.5
    """Correlation of the two colour pictures under which they say nothing."""
    cell: float = 0.08
    """Skin within this share of the long side counts as one independent sample."""


@dataclass(frozen=True)
class ToneGain:
    """Contrast of a photo relative to the baseline's, with the SD of its logarithm."""

    gain: float
    log_sd: float
    agreement: float
    """Correlation of the skin colour pictures; NaN where there was too little skin."""


def relative_tone_gain(
    baseline_rgb: FloatArray,
    photo_rgb: FloatArray,
    skin: BoolArray,
    settings: ToneGainSettings = ToneGainSettings(),
) -> ToneGain:
    """Contrast gain of a photo against the baseline from the colour of the same skin.

    Parameters
    ----------
    baseline_rgb, photo_rgb : ndarray of shape (H, W, 3)
        Optical density of the three channels in one frame; NaN where unusable.
    skin : ndarray of shape (H, W)
        Skin without pigment dots, or with few.
    """
    usable = skin & np.isfinite(baseline_rgb).all(axis=2) & np.isfinite(photo_rgb).all(axis=2)
    side = max(skin.shape)
    unknown = ToneGain(1.0, settings.prior_sd, float("nan"))
    if usable.sum() < (4 * settings.cell * side) ** 2:
        return unknown
    weight = usable.astype(np.float32)
    logs, variances, agreements = [], [], []
    for fine, coarse in settings.bands:
        before, after = (
            _colour_band(rgb, weight, fine * side, coarse * side)[usable]
            for rgb in (baseline_rgb, photo_rgb)
        )
        keep = _inner(before) & _inner(after)
        before, after = before[keep], after[keep]
        if before.std() == 0 or after.std() == 0:
            continue
        agreement = float(np.corrcoef(before, after)[0, 1])
        if not agreement > settings.least_agreement:
            continue
        cells = max(4.0, len(before) / (coarse * side) ** 2)
        # Log ratio of two SDs of a bivariate normal: variance (1 - r^2) / n.
        variances.append((1 - agreement**2) / cells + (1 - agreement) ** 2)
        logs.append(float(np.log(after.std() / before.std())))
        agreements.append(agreement)
    if not logs:
        return unknown
    weights = 1 / np.array(variances)
    log_ratio = float(np.average(logs, weights=weights))
    # The bands share their skin: no gain in precision from having two.
    variance = float(np.min(variances)) + settings.colour_sd**2
    shrink = settings.prior_sd**2 / (settings.prior_sd**2 + variance)
    return ToneGain(
        gain=float(np.exp(shrink * log_ratio)),
        log_sd=float(np.sqrt(shrink * variance)),
        agreement=max(agreements),
    )


def _colour_band(
    rgb: FloatArray, weight: FloatArray, fine_px: float, coarse_px: float
) -> FloatArray:
    colour = np.nan_to_num(rgb[..., 0] - rgb[..., 1]).astype(np.float32)
    return smooth_valid(colour, weight, fine_px) - smooth_valid(colour, weight, coarse_px)


def _inner(values: FloatArray) -> BoolArray:
    """Without the outer tails: a scab or a new pimple in one photo must not decide."""
    limit = 3 * 1.4826 * float(np.median(np.abs(values)))
    inner: BoolArray = np.abs(values) <= limit
    return inner
