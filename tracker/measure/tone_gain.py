"""How much stronger or weaker a camera drew contrast than it did in the baseline photo.

A phone's tone curve multiplies every small density difference, the dots' too, by its slope at
the skin's brightness. Between two photos that slope can differ by 10 to 30 %, which no local
measurement of the dots can tell from a fade. The skin itself can: blotches of redness and
melanin are fixed to it. Their *colour* (green minus red density) tells where they are, whatever
the light, because shading cancels in it and pigment is nearly neutral. Two readings follow:

- how strongly the *brightness* follows that colour, in the photo against the baseline. Each
  photo's brightness is held against the *other* photo's colour: shine and stubble lighten or
  darken a photo and wash out or add colour at the same places, which would pass for blotches.
  Brightness is luma, the one mean of the channels that a camera's saturation leaves as it is:
  green takes a part of it along. What hair does to both is taken out by what was seen of the hair, and
  skin where brightness follows colour badly counts the less (`tracker.measure.skin_blotches`).
- how strongly the colour itself is drawn. It is the steadier figure, but a camera's saturation
  enters in full.

Both are ratios to the baseline, averaged by their variances, with 1 as a third opinion. Redness after a
session strengthens the colour of the treated skin and of native skin some way around it. So native skin is
read, and where blood came or went, brightness alone, by the blotches of melanin alone. Blood tells itself twice: by
its colour on the treated skin, and, long before that, by its blotches, which become stronger there than the
camera makes those of native skin. What shine lies on the dots more than on native skin is read by
`tracker.measure.veil`, which has to know how strongly colour is drawn (`ColourContrast`): there saturation counts
in full, and treated skin that is not red tells as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.skin_blotches import Blotches, BlotchSettings, blotches_of_size, halved

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
BLOOD = 0.66
"""Blue minus red over green minus red of haemoglobin: 0.58 of 0.88 in broad camera bands."""
ENCODING_GAMMA = 2.2
"""About how densities of linear light become codes: weighing the channels needs no more."""

Reading = tuple[float, float]
"""A logarithm and its variance."""


@dataclass(frozen=True)
class ToneGainSettings:
    """Sizes of skin blotches that are compared, relative to the picture's long side."""

    bands: tuple[tuple[float, float], ...] = ((0.008, 0.0125), (0.0125, 0.02))
    """Finer blotches know what a camera does to contrast within a few millimetres, coarser ones are less amid
    stubble."""
    prior_sd: float = 0.12
    """SD of log gain between two photos of one person's series: 0.03 to 0.11 between rendered photos of a clinic,
    0.13 and 0.18 between those of a phone (two renderers)."""
    saturation_sd: float = 0.08
    """The colour's own ratio is off by the camera's saturation, in all its readings alike."""
    brightness_sd: float = 0.015
    """The brightness reading is no better than this."""
    colour_sd: float = 0.01
    """Nor is what some skin shows of how strongly colour is drawn."""
    jackknife_short: float = 2.0
    """What a jackknife over cells makes of a reading's SD is too little by this: light and stubble are alike in
    neighbouring cells. Set, as that and the prior, on 204 unchanged photos of two renderers (own and second, seeds
    1101 to 1107 and 1121 to 1125), whose gains then err by 0.035 and 0.027."""
    shared_sd: float = 0.020
    """What all readings of the skin err by alike, against the dots: these are drawn with another
    contrast than blotches (local contrast, the gain's own blotches). The errors of 277 rendered and painted
    photos (own seeds 50 to 53, second 30 to 32 and 80 to 82, painted 30, 31, 80 and 81) want less; seeds that the
    engine was not looked at with err more."""
    least_agreement: float = 0.5
    """Correlation of the two colour pictures under which they say nothing."""
    reddened: float = 0.008
    """Change of blood's colour in treated against native skin, in density, that is redness. 237 rendered and
    painted photos without redness have at most 0.006; 0.06 of haemoglobin's density reads as 0.025 to 0.031."""
    redder_blotches: float = 0.2
    """Blotches of colour on treated skin that became stronger or weaker by so much (in logarithms) more than those of
    native skin are redness too, if that is `redder_sds` times what may be chance. 0.01 of haemoglobin's density, in
    colour too little to tell, makes it 0.36 to 0.54 and 7 to 21 times (12 rendered photos); where none came or went
    it is under 0.14 (288 of 290 rendered and painted photos; 0.22 and 0.23) and under 3.7 times."""
    redder_sds: float = 4.0
    """What redness must exceed, in standard deviations of the difference of both readings."""
    least_cells_across: float = 3.0
    """Side of a square of skin, in cells, that is enough to read."""
    blotches: BlotchSettings = BlotchSettings()


@dataclass(frozen=True)
class ColourContrast:
    """How strongly a photo draws the skin's colour against the baseline: by its contrast and its saturation.

    Attributes
    ----------
    log_ratio, log_sd : float
        Logarithm of the ratio, and its SD.
    by_treated : float
        Share of treated skin in it, in [0, 1]: so far shine on the treated skin is in the ratio.
    """

    log_ratio: float = 0.0
    log_sd: float = 0.0
    by_treated: float = 0.0


AS_BASELINE = ColourContrast()


@dataclass(frozen=True)
class ToneGain:
    """Contrast of a photo relative to the baseline's, with the SD of its logarithm."""

    gain: float
    log_sd: float
    agreement: float
    """Correlation of the skin colour pictures; NaN where there was too little skin."""
    colour: ColourContrast = AS_BASELINE
    """How strongly colour is drawn, which contrast and saturation make together."""


def relative_tone_gain(
    baseline_rgb: FloatArray,
    photo_rgb: FloatArray,
    treated: BoolArray,
    native: BoolArray,
    settings: ToneGainSettings = ToneGainSettings(),
    hair: tuple[FloatArray, FloatArray] | None = None,
) -> ToneGain:
    """Contrast gain of a photo against the baseline from the blotches of the same skin.

    Parameters
    ----------
    baseline_rgb, photo_rgb : ndarray of shape (H, W, 3)
        Optical density of the three channels in one frame, dots and hairs taken out as far as
        may be; NaN where unusable.
    treated : ndarray of shape (H, W)
        Skin with the dots. Its colour alone is read, and counts for the gain only where there is too little native
        skin: pigment is neutral enough not to spoil it, but skin that is red after a session
        would read as a stronger contrast. Against native skin it tells redness, and how strongly colour is drawn.
    native : ndarray of shape (H, W)
        Skin without pigment.
    hair : tuple of two ndarrays of shape (H, W), optional
        How much hair was taken out of the baseline and of the photo, in any one unit.
    """
    usable = np.isfinite(baseline_rgb).all(axis=2) & np.isfinite(photo_rgb).all(axis=2)
    least = (settings.least_cells_across * settings.blotches.cell * max(usable.shape)) ** 2
    readings = [(0.0, settings.prior_sd**2)]
    agreement = float("nan")
    native, treated = native & usable, treated & usable
    pictures = _colours(baseline_rgb, photo_rgb, skin_colour, hair)
    agreement_treated, by_treated = float("nan"), None
    if treated.sum() >= least:
        agreement_treated, by_treated = _drawn_colour(*_reduced(pictures, treated), settings)
    by_native, red = None, False
    if native.sum() >= least:
        brightness = [_luma_density(rgb) for rgb in (baseline_rgb, photo_rgb)]
        (*colours, luma_0, luma_1), cover, skin = _reduced(pictures, native, brightness)
        _, by_native = _drawn_colour(colours, cover, skin, settings)
        red = _redder_blotches(by_treated, by_native, settings) or _reddened(
            baseline_rgb, photo_rgb, treated, native, settings
        )
        if red:
            colours, _, _ = _reduced(_colours(baseline_rgb, photo_rgb, melanin_colour), native)
        quantities = (colours[0], luma_0, colours[1], luma_1)
        seen = [
            blotches_of_size(quantities, skin, band, cover, settings.blotches)
            for band in settings.bands
        ]
        agreement = seen[0].agreement
        found = None if red else _log_ratio(_colour_ratio, seen, settings)
        if found is not None:
            readings.append((found[0], found[1] + settings.saturation_sd**2))
        found = _log_ratio(_brightness_ratio, seen, settings)
        if found is not None:
            readings.append((found[0], found[1] + settings.brightness_sd**2))
    elif by_treated is not None:
        agreement = agreement_treated
        # Redness after a session is more colour too, but not by the measure that blood leaves alone: what both say
        # differently is doubt.
        bloodless = _colours(baseline_rgb, photo_rgb, melanin_colour, hair)
        _, checked = _drawn_colour(*_reduced(bloodless, treated), settings)
        apart = by_treated[0] - (checked[0] if checked is not None else 0.0)
        readings.append((by_treated[0], by_treated[1] + settings.saturation_sd**2 + apart**2))
    log_gain, variance = _averaged(readings)
    # Where native skin does not tell the gain, that of treated skin's colour must not say the same thing twice.
    alone = (
        (log_gain, variance + settings.shared_sd**2)
        if by_native is not None
        else (0.0, settings.prior_sd**2)
    )
    contrast = _contrast_of_colour(
        alone, None if red else by_native, None if red else by_treated, settings
    )
    if len(readings) == 1:
        return ToneGain(1.0, settings.prior_sd, agreement, contrast)
    log_sd = float(np.hypot(np.sqrt(variance), settings.shared_sd))
    return ToneGain(float(np.exp(log_gain)), log_sd, agreement, contrast)


def _averaged(readings: Sequence[Reading]) -> Reading:
    logs, variances = np.array(readings).T
    shares = 1 / variances
    return float((logs * shares).sum() / shares.sum()), float(1 / shares.sum())


def _contrast_of_colour(
    gain: Reading, by_native: Reading | None, by_treated: Reading | None, settings: ToneGainSettings
) -> ColourContrast:
    """How strongly colour is drawn, by the gain and by what native and treated skin show of it.

    What treated skin says otherwise than native skin, or than no change where that is not seen, may be blood that is
    too little to be told: it is added to the doubt about treated skin.
    """
    readings, shares = [(gain[0], gain[1] + settings.saturation_sd**2)], [0.0]
    usual = 0.0
    if by_native is not None:
        usual = by_native[0]
        readings.append((usual, by_native[1] + settings.colour_sd**2))
        shares.append(0.0)
    if by_treated is not None:
        apart = by_treated[0] - usual
        readings.append((by_treated[0], by_treated[1] + settings.colour_sd**2 + apart**2))
        shares.append(1.0)
    log_ratio, variance = _averaged(readings)
    treated = sum(share * variance / r[1] for share, r in zip(shares, readings, strict=True))
    return ColourContrast(log_ratio, float(np.sqrt(variance)), treated)


def _colours(
    baseline_rgb: FloatArray,
    photo_rgb: FloatArray,
    colour: Callable[[FloatArray], FloatArray],
    hair: tuple[FloatArray, FloatArray] | None = None,
) -> list[FloatArray]:
    """A colour of the baseline and of the photo, then the hair taken out of both, if that is told."""
    return [colour(baseline_rgb), colour(photo_rgb), *(hair or ())]


def _reduced(
    pictures: Sequence[FloatArray], skin: BoolArray, more: Sequence[FloatArray] = ()
) -> tuple[list[FloatArray], list[FloatArray], BoolArray]:
    """Both colours and what is `more`, the hair, and the skin, in pictures of half the size."""
    together = np.stack([*pictures[:2], *more, *pictures[2:]], axis=-1).astype(np.float32)
    reduced, kept = halved(together, skin)
    n = 2 + len(more)
    return reduced[:n], reduced[n:], kept


def _drawn_colour(
    colours: Sequence[FloatArray],
    hair: Sequence[FloatArray],
    skin: BoolArray,
    settings: ToneGainSettings,
) -> tuple[float, Reading | None]:
    """Agreement of the colours of some skin, and how strongly the photo draws them.

    By the finest blotches alone: the coarser ones add nothing where brightness is not read.
    """
    seen = blotches_of_size(colours, skin, settings.bands[0], hair, settings.blotches)
    return seen.agreement, _log_ratio(_colour_ratio, [seen], settings)


def _redder_blotches(
    by_treated: Reading | None, by_native: Reading | None, settings: ToneGainSettings
) -> bool:
    """Whether the blotches of treated skin became stronger, or weaker, than the camera makes those of native skin."""
    if by_treated is None or by_native is None:
        return False
    apart = abs(by_treated[0] - by_native[0])
    chance = float(np.sqrt(by_treated[1] + by_native[1]))
    return apart > max(settings.redder_blotches, settings.redder_sds * chance)


def _reddened(
    baseline_rgb: FloatArray,
    photo_rgb: FloatArray,
    treated: BoolArray,
    native: BoolArray,
    settings: ToneGainSettings,
) -> bool:
    """Whether blood came to the treated skin, or left it, since the baseline."""
    if not (treated.any() and native.any()):
        return False
    red, green, blue = np.moveaxis(photo_rgb - baseline_rgb, -1, 0)
    # Half of blue minus red is what melanin and shine change green minus red by.
    blood = (green - red) - np.float32(0.5) * (blue - red)
    change = float(np.median(blood[treated]) - np.median(blood[native]))
    return abs(change) > settings.reddened


def skin_colour(rgb: FloatArray) -> FloatArray:
    """Density of blood's and melanin's colour, blind to neutral light and pigment, shape (H, W)."""
    colour: FloatArray = rgb[..., 1] - rgb[..., 0]
    return colour


def melanin_colour(rgb: FloatArray) -> FloatArray:
    """Density of melanin's colour, blind to blood and to neutral light and pigment, shape (H, W)."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    colour: FloatArray = (blue - red) - np.float32(BLOOD) * (green - red)
    return colour


def _colour_ratio(sums: Blotches) -> FloatColumn:
    """How strongly colour is drawn.

    Noise of one photo alone must not pass for a blotch: the places are those that both photos show.
    """
    return (sums.cc11 + sums.cc01) / (sums.cc01 + sums.cc00)


def _brightness_ratio(sums: Blotches) -> FloatColumn:
    """How strongly brightness follows colour, each photo's held against the other's colour.

    With gain g and saturation s, brightness of the photo on the baseline's colour is g times, and
    brightness of the baseline on the photo's colour g s times what it is on the baseline's own.
    """
    return _colour_ratio(sums) * sums.bc10 / sums.bc01


def _log_ratio(
    ratio: Callable[[Blotches], FloatColumn],
    seen: Sequence[Blotches],
    settings: ToneGainSettings,
) -> Reading | None:
    """Mean logarithm of a ratio over the bands and its variance by jackknife; None where unclear.

    Bands see much the same blotches: the variance of the mean is taken as the mean variance.
    """
    logs, variances = [], []
    for blotches in seen:
        if not blotches.agreement > settings.least_agreement:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            left_out = np.log(ratio(blotches.without_each_cell()))
            whole = float(np.log(ratio(blotches.whole()))[0])
        if len(left_out) < 4 or not (np.isfinite(left_out).all() and np.isfinite(whole)):
            continue
        share = (len(left_out) - 1) / len(left_out)
        logs.append(whole)
        variance = share * float(((left_out - left_out.mean()) ** 2).sum())
        variances.append(settings.jackknife_short**2 * variance)
    return (float(np.mean(logs)), float(np.mean(variances))) if logs else None


def _luma_density(rgb: FloatArray) -> FloatArray:
    """Density of luma, the weighted mean of the encoded channels (ITU-R BT.601), shape (H, W)."""
    codes = 10.0 ** (-np.nan_to_num(rgb) / ENCODING_GAMMA)
    luma = codes @ np.array(LUMA_WEIGHTS, np.float32)
    density: FloatArray = (-ENCODING_GAMMA * np.log10(np.maximum(luma, 1e-4))).astype(np.float32)
    return density
