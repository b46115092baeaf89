"""How much stronger or weaker a camera drew contrast than it did in the baseline photo.

A phone's tone curve multiplies every small density difference, the dots' too, by its slope at
the skin's brightness. Between two photos that slope can differ by 10 to 30 %, which no local
measurement of the dots can tell from a fade. The skin itself can: blotches of redness and
melanin are fixed to it. Their *colour* (green minus red density) tells where they are, whatever
the light, because shading cancels in it and pigment is nearly neutral. Two readings follow:

- how strongly the *brightness* follows that colour, in the photo against the baseline. Light
  and shade do not know the blotches' places. Brightness is luma, the one mean of the channels that a
  camera's saturation leaves as it is: green takes a part of it along.
- how strongly the colour itself is drawn. It is the steadier figure, but a camera's saturation
  enters in full.

Both are ratios to the baseline, averaged by their variances, with 1 as a third opinion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.smoothing import smooth_valid

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
ENCODING_GAMMA = 2.2
"""About how densities of linear light become codes: weighing the channels needs no more."""


@dataclass(frozen=True)
class ToneGainSettings:
    """Sizes of skin blotches that are compared, relative to the picture's long side."""

    band: tuple[float, float] = (0.008, 0.025)
    prior_sd: float = 0.10
    """SD of log gain between two photos of one person's series."""
    saturation_sd: float = 0.07
    """The colour's own ratio is off by the camera's saturation, in all its readings alike."""
    brightness_sd: float = 0.03
    """The brightness reading is no better than this: stubble grows in whole areas at once."""
    shared_sd: float = 0.028
    """What all readings of the skin err by alike, against the dots: these are drawn with another
    contrast than blotches (sharpening, local contrast, lens). With it 96 % of the intervals of 160 rendered
    photos of two renderers hold the truth (own seeds 50 to 55, second 30 to 33 and 80 to 83)."""
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
    treated: BoolArray,
    native: BoolArray,
    settings: ToneGainSettings = ToneGainSettings(),
) -> ToneGain:
    """Contrast gain of a photo against the baseline from the blotches of the same skin.

    Parameters
    ----------
    baseline_rgb, photo_rgb : ndarray of shape (H, W, 3)
        Optical density of the three channels in one frame, dots and hairs taken out as far as
        may be; NaN where unusable.
    treated : ndarray of shape (H, W)
        Skin with the dots, for the colour reading: pigment is neutral enough not to spoil it,
        and a veil of shine, which weakens dots and blotches alike, is read where it counts.
    native : ndarray of shape (H, W)
        Skin without pigment, for the brightness reading.
    """
    usable = np.isfinite(baseline_rgb).all(axis=2) & np.isfinite(photo_rgb).all(axis=2)
    readings = [(0.0, settings.prior_sd**2)]
    agreement = float("nan")
    side = max(usable.shape)
    least = (4 * settings.cell * side) ** 2
    for mask, brightness in ((usable & treated, False), (usable & native, True)):
        if mask.sum() < least:
            continue
        colour_before, colour_after = (
            _band(rgb[..., 1] - rgb[..., 0], mask, settings) for rgb in (baseline_rgb, photo_rgb)
        )
        # Noise of one photo alone must not pass for a blotch: both photos tell the places.
        place = colour_before + colour_after
        before, after = colour_before, colour_after
        if brightness:
            before, after = (
                _band(_luma_density(rgb), mask, settings) for rgb in (baseline_rgb, photo_rgb)
            )
        kept = np.logical_and.reduce(
            [_inner(values) for values in (colour_before, colour_after, before, after)]
        )
        if not (colour_before[kept].any() and colour_after[kept].any()):
            continue
        agreed = float(np.corrcoef(colour_before[kept], colour_after[kept])[0, 1])
        if not brightness:
            agreement = agreed
        if not agreed > settings.least_agreement:
            continue
        cells = _cells(mask, settings.cell * side)[kept]
        ratio, variance = _ratio((after * place)[kept], (before * place)[kept], cells)
        if ratio > 0:
            if brightness:
                variance = variance + settings.brightness_sd**2
            else:
                variance += settings.saturation_sd**2
            readings.append((float(np.log(ratio)), variance))
    if len(readings) == 1:
        return ToneGain(1.0, settings.prior_sd, agreement)
    logs, variances = np.array(readings).T
    shares = 1 / variances
    gain = float(np.exp((logs * shares).sum() / shares.sum()))
    log_sd = float(np.hypot(np.sqrt(1 / shares.sum()), settings.shared_sd))
    return ToneGain(gain, log_sd, agreement)


def _ratio(after: FloatArray, before: FloatArray, cells: NDArray[np.intp]) -> tuple[float, float]:
    """Sum of `after` over sum of `before`, and the variance of its logarithm by jackknife."""
    above, below = (np.bincount(cells, values.astype(np.float64)) for values in (after, before))
    filled = np.bincount(cells) > 0
    above, below = above[filled], below[filled]
    if len(above) < 4 or below.sum() <= 0 or above.sum() <= 0:
        return 0.0, 1.0
    left_out = (above.sum() - above) / (below.sum() - below)
    if not (left_out > 0).all():
        return 0.0, 1.0
    logs = np.log(left_out)
    variance = (len(logs) - 1) / len(logs) * float(((logs - logs.mean()) ** 2).sum())
    return float(above.sum() / below.sum()), variance


def _cells(usable: BoolArray, side_px: float) -> NDArray[np.intp]:
    """Number of the square cell of each usable pixel."""
    rows, columns = np.nonzero(usable)
    across = int(usable.shape[1] / side_px) + 1
    return (rows / side_px).astype(np.intp) * across + (columns / side_px).astype(np.intp)


def _luma_density(rgb: FloatArray) -> FloatArray:
    """Density of luma, the weighted mean of the encoded channels (ITU-R BT.601), shape (H, W)."""
    codes = 10.0 ** (-np.nan_to_num(rgb) / ENCODING_GAMMA)
    luma = codes @ np.array(LUMA_WEIGHTS, np.float32)
    density: FloatArray = (-ENCODING_GAMMA * np.log10(np.maximum(luma, 1e-4))).astype(np.float32)
    return density


def _band(picture: FloatArray, usable: BoolArray, settings: ToneGainSettings) -> FloatArray:
    """Blotches of the chosen sizes at the usable pixels, shape (n,)."""
    side = max(picture.shape)
    fine, coarse = settings.band
    filled = np.nan_to_num(picture).astype(np.float32)
    weight = usable.astype(np.float32)
    band = smooth_valid(filled, weight, fine * side) - smooth_valid(filled, weight, coarse * side)
    return band[usable]


def _inner(values: FloatArray) -> BoolArray:
    """Without the outer tails: a scab or a new pimple in one photo must not decide."""
    limit = 3 * 1.4826 * float(np.median(np.abs(values)))
    inner: BoolArray = np.abs(values) <= limit
    return inner
