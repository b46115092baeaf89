"""How much of the pigment is gone, with an interval that is meant to be believed.

fade = 1 - sum(w p_now) / sum(w p_baseline) over the same dots, w the chance that a dot is
pigment. A ratio of sums, not a mean of ratios: faint dots have wild ratios and little pigment.

The interval adds, in variance: a spatial block bootstrap (neighbouring dots fade alike, so
dots are not independent), the photometry's own noise, the zero point read at empty places, the
disagreement of colour channels, the doubt about hair and about the shadow that was taken off, and
terms for the lens and the camera's tone curve in proportion to what is left. Systematic terms are measured
per photo where that is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.results import Estimate, FloatColumn

Z_95 = 1.959964


@dataclass(frozen=True)
class FadeSettings:
    """Interval of the fade; shares are relative to the baseline pigment."""

    block_spacings: float = 6.0
    """Side of a bootstrap block in median dot spacings: beyond it dots fade independently."""
    resamples: int = 400
    seed: int = 20_260_101
    tone_share: float = 0.015
    """Relative sd of local contrast by sharpening and what the tone gain does not see."""
    floor_sd: float = 0.008
    """What is left of zero point, width and hair after their corrections, SD of the fade."""
    min_dots: int = 20
    """Fewer dots give no fade."""


DOUBT_AT_WORST = 7 / 3
"""By how much the doubt's SD is short where most of what is counted may be hair: the interval's was set on photos of
which few are such."""


@dataclass(frozen=True)
class SystematicErrors:
    """Standard deviations of one photo's fade that the bootstrap cannot see, as fractions."""

    zero_point: float = 0.0
    """From empty places: what "no dot" reads, relative to the mean baseline dot."""
    channel: float = 0.0
    """Gap between the fades of two colour channels."""
    counting: float = 0.0
    """Effect on the fade of counting or not counting the doubtful spots."""
    doubt: float = 0.0
    """Share of the counted pigment that may be hair, beyond what clean series show."""
    readings: float = 0.0
    """Gap between the reading that masks hair and the one that clips it."""
    small_dots: float = 0.0
    """Hair that dots of few pixels are not told from."""
    off_course: float = 0.0
    """How many of the places that do not fade as the dots do are dots nevertheless."""
    shadow: float = 0.0
    """Ink that stays about the dots and was taken off what they read."""
    alignment: float = 0.0
    """Loss of signal by the misplacement that is left."""
    lens: float = 0.0
    """Relative sd of what the photo's lens and sharpening make of the dots."""
    tone: float = 0.0
    """Extra relative sd of local contrast, scaled by what is left."""

    @property
    def hair(self) -> float:
        """All that hair leaves in doubt."""
        terms = (self.counting, self.doubt, self.readings, self.small_dots)
        return float(np.sqrt(sum(term**2 for term in terms)))

    @property
    def hair_at_worst(self) -> float:
        """The same where hair looks so much like dots that it is counted as often as not."""
        return replace(self, doubt=DOUBT_AT_WORST * self.doubt).hair

    def without_hair(self) -> SystematicErrors:
        return replace(self, counting=0.0, doubt=0.0, readings=0.0, small_dots=0.0)


def retained_share(
    baseline_pigment: FloatColumn, pigment: FloatColumn, weight: FloatColumn
) -> float:
    """Weighted pigment now over weighted pigment at baseline; NaN without common dots."""
    both = np.isfinite(baseline_pigment) & np.isfinite(pigment)
    total = float((weight * baseline_pigment)[both].sum())
    return float((weight * pigment)[both].sum()) / total if total > 0 else float("nan")


def block_index(xy_px: FloatColumn, side_px: float) -> np.ndarray:
    """Number of the square block each place falls into, 0..blocks-1, shape (n,)."""
    cell = np.floor((xy_px - xy_px.min(axis=0)) / side_px).astype(np.int64)
    _, index = np.unique(cell[:, 1] * (cell[:, 0].max() + 1) + cell[:, 0], return_inverse=True)
    return index


def bootstrap_sd(
    baseline_pigment: FloatColumn,
    pigment: FloatColumn,
    weight: FloatColumn,
    xy_px: FloatColumn,
    *,
    spacing_px: float,
    settings: FadeSettings = FadeSettings(),
) -> float:
    """Standard deviation of the retained share under resampling of square blocks."""
    blocks = block_index(xy_px, settings.block_spacings * spacing_px)
    n_blocks = int(blocks.max()) + 1
    now: FloatColumn = np.bincount(blocks, weight * pigment, n_blocks).astype(np.float64)
    before: FloatColumn = np.bincount(blocks, weight * baseline_pigment, n_blocks).astype(
        np.float64
    )
    if n_blocks < 3:
        # Too small a zone for blocks: resample dots, and say less.
        now, before, n_blocks = weight * pigment, weight * baseline_pigment, len(pigment)
    draws = np.random.default_rng(settings.seed).multinomial(
        n_blocks, np.full(n_blocks, 1 / n_blocks), settings.resamples
    )
    below = draws @ before
    ratio = (draws @ now)[below > 0] / below[below > 0]
    return float(ratio.std()) if len(ratio) > 1 else float("nan")


def estimate_fade(
    baseline_pigment: FloatColumn,
    pigment: FloatColumn,
    weight: FloatColumn,
    xy_px: FloatColumn,
    *,
    spacing_px: float,
    errors: SystematicErrors = SystematicErrors(),
    settings: FadeSettings = FadeSettings(),
) -> Estimate:
    """Fade of a set of dots with its 95 % interval.

    Parameters
    ----------
    baseline_pigment, pigment : ndarray of shape (n,)
        Same unit; NaN where a photo does not show the place.
    weight : ndarray of shape (n,)
        Chance in [0, 1] that the place holds pigment.
    xy_px : ndarray of shape (n, 2)
        Places in the baseline photo.
    spacing_px : float
        Median spacing of the dots.
    errors : SystematicErrors
        Terms that all dots of the photo share.

    Returns
    -------
    Estimate
        A fraction (0.42 = 42 % gone); negative where the pigment got darker. `n` is the number
        of dots. Missing where fewer than `settings.min_dots` dots are seen in both photos.
    """
    both = np.isfinite(baseline_pigment) & np.isfinite(pigment) & (weight > 0)
    n = int(both.sum())
    if n < settings.min_dots:
        return Estimate.missing("fraction")
    before, now, w = baseline_pigment[both], pigment[both], weight[both]
    total = float((w * before).sum())
    if total <= 0:
        return Estimate.missing("fraction")
    left = float((w * now).sum()) / total
    spread = bootstrap_sd(before, now, w, xy_px[both], spacing_px=spacing_px, settings=settings)
    variance = spread**2
    variance += systematic_variance(left, errors, settings)
    half = Z_95 * variance**0.5
    return Estimate(1 - left, 1 - left - half, 1 - left + half, n, "fraction")


def systematic_variance(left: float, errors: SystematicErrors, settings: FadeSettings) -> float:
    """Variance of the fade by what all dots of a photo share."""
    tone = np.hypot(settings.tone_share, errors.tone) * abs(left)
    terms = (
        settings.floor_sd,
        errors.zero_point,
        errors.channel,
        errors.hair,
        errors.off_course,
        errors.shadow,
        errors.alignment * abs(left),
        errors.lens * abs(left),
        tone,
    )
    return float(sum(t * t for t in terms))


def detectable_change(
    baseline_pigment: FloatColumn,
    pigment: FloatColumn,
    weight: FloatColumn,
    *,
    baseline_noise: float,
    noise: float,
    errors: SystematicErrors,
    settings: FadeSettings = FadeSettings(),
) -> float:
    """Smallest change of the fade that repeat photos of the same skin would not show by chance.

    1.96 sqrt(2) s_w (Bland & Altman), with s_w the repeatability of one photo's retained share:
    photometric noise of the blunter photo of the pair and the errors a photo's dots share, at
    full pigment.
    """
    both = np.isfinite(baseline_pigment) & np.isfinite(pigment) & (weight > 0)
    total = float((weight * baseline_pigment)[both].sum())
    if int(both.sum()) < settings.min_dots or total <= 0:
        return float("nan")
    blunt = max(baseline_noise, noise)
    own = blunt * float(np.sqrt((weight[both] ** 2).sum())) / total
    s_w = np.sqrt((own**2 + systematic_variance(1.0, errors, settings)) / 2)
    return float(Z_95 * np.sqrt(2) * s_w)
