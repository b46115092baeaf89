"""What one photo's lens takes from the dots beyond what the baseline's took.

A lens, a moved camera and the pixels average *light*, not density. Bright skin that is mixed into a dark dot
counts for more than the dark that is mixed into the skin, so a softer photo shows less density of the same dot,
the more the darker it is: 5 to 15 % for dots of 0.4 to 0.6 OD and a blur variance of 1 px^2. A change of
softness between two photos so reads as fade, or as darkening. The width alone does not tell by how much: the
dark middle of a dot fills up as it softens, and the mean dot widens by a third to a half of that variance only.

So the baseline's mean dot, made fainter by what has faded, is blurred as *light* until its whole shape agrees
best with this photo's; what that blur takes from it is given back. Photos are matched to one softness like this
before pictures of stars are subtracted from each other [1]_; here only the mean dot is. Two things are held back:

- A camera's sharpening and smoothing change the mean dot's shape as a lens does, but take less. Half of the blur
  that is found is believed to be the lens's.
- Ink that spreads as it fades widens the dots too, and loses nothing. The more has faded, the less is believed:
  dots that faded far have little left to lose.

What *all* lenses take alike is the larger a share the darker the dots are, so it goes as they fade. A blur of
a tenth of the dots' own variance is given back in every photo.

References
----------
.. [1] C. Alard, R. H. Lupton, "A method for optimal image subtraction", Astrophys. J. 503, 325 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.blur_match import (
    DotPicture,
    agreement_window,
    best_agreeing,
    blur_variance,
    mean_dots,
    soften,
)
from tracker.measure.luminance import FloatArray

SOFTER, SHARPER = 0.6, 0.5
"""Largest variances of the lens that are tried, in variances of a dot."""
ROUNDS = 2
"""What is left is known better once the lens is."""
REACH_SIGMAS = 4.0
"""The whole mean picture: what a lens spreads lies farther out than a dot's core."""
LOSING_SIGMAS = 3.0
"""What a dot loses, it loses within this radius."""
CORE_SIGMAS = 2.0
"""A mean dot's pigment is read within this radius; neighbours begin beyond."""


@dataclass(frozen=True)
class LensSettings:
    """How much of what is found is given back.

    All three were set on 60 series of two renderers (own 50 to 55, second 30 to 33 and 80 to 83), where errors
    of unchanged dots fall from 2.9 and 5.4 to 2.2 and 4.1 points and of fading ones from 1.9 and 2.4 to 1.7 and
    2.2. Shares of 0.4 to 0.6, spreads of 4 to 15 and 0.06 to 0.2 of the dots' variance are within 0.3 points of that.
    """

    believed: float = 0.5
    """Share of the blur found that is the lens's, where nothing fades."""
    spread_by_fade: float = 8.0
    """At full fade, SD of what spread ink adds to a dot's variance in SDs of what lenses differ by."""
    common_share: float = 0.1
    """Variance of the blur that every lens has, in variances of a dot."""


@dataclass(frozen=True)
class LensMatch:
    """How a photo's lens differs from the baseline's.

    Attributes
    ----------
    variance_px2 : float
        Variance of the blur that this photo has beyond the baseline, as far as it is the lens's; negative
        where this photo is the sharper one.
    kept : float
        Pigment that this photo shows, over what it would show if its dots lost the share that the baseline's do.
    """

    variance_px2: float
    kept: float


SAME_LENS = LensMatch(0.0, 1.0)


def soften_light(density: FloatArray, variance_px2: float) -> FloatArray:
    """Density of a picture whose light was blurred by a Gaussian; the picture's rim is its own neighbour."""
    if variance_px2 == 0:
        return density
    light = soften((10.0**-density).astype(np.float32), variance_px2)
    blurred: FloatArray = (-np.log10(np.maximum(light, 1e-4))).astype(np.float32)
    return blurred


def match_lens(
    reference: DotPicture,
    picture: DotPicture,
    gain: float,
    settings: LensSettings = LensSettings(),
) -> LensMatch:
    """Compare a photo's lens with the baseline's.

    Parameters
    ----------
    reference, picture : DotPicture
        The dots of the baseline and of the photo, both in their own contrast.
    gain : float
        Contrast of the photo over the baseline's.
    """
    ours, theirs = mean_dots(reference, picture)
    amount, now = _pigment(ours, reference.sigma_px), _pigment(theirs, picture.sigma_px)
    if amount <= 0 or now <= 0:
        return SAME_LENS
    variance, kept = 0.0, 1.0
    for _ in range(ROUNDS):
        left = now / (amount * kept)
        faded = max(0.0, 1 - left / gain)
        fainter = (left * ours).astype(np.float32)
        believed = settings.believed / (1 + (settings.spread_by_fade * faded) ** 2)
        variance = believed * lens_variance(fainter, theirs, reference.sigma_px)
        if variance >= 0:
            kept = _kept(fainter, variance, reference.sigma_px)
        else:
            kept = 1 / _kept(theirs, -variance, picture.sigma_px)
    left = now / (amount * kept)
    common = settings.common_share * reference.sigma_px**2
    before, after = (
        _lost((share * ours).astype(np.float32), common, reference.sigma_px)
        for share in (1.0, left)
    )
    return LensMatch(variance, kept * (1 - after) / (1 - before))


def lens_variance(reference: FloatArray, stack: FloatArray, sigma_px: float) -> float:
    """Variance in px^2 by which the lens of `stack` is softer than that of `reference`.

    Both are mean dots of one size in optical density, `reference` about as faint as `stack`. Negative where
    `stack` is sharper.
    """
    window = agreement_window(reference.shape[0], REACH_SIGMAS * sigma_px)
    steps = np.linspace(-SHARPER, SOFTER, 45) * sigma_px**2
    pairs = (
        (soften_light(reference, max(v, 0.0)), soften_light(stack, max(-v, 0.0))) for v in steps
    )
    return best_agreeing(steps, pairs, window)


def _kept(mean_dot: FloatArray, variance_px2: float, sigma_px: float) -> float:
    """Share of a mean dot's pigment that is read after a blur of light, the width matched anew."""
    soft = soften_light(mean_dot, variance_px2)
    soft_px = float(np.sqrt(sigma_px**2 + blur_variance(mean_dot, soft, sigma_px)))
    return _pigment(soft, soft_px) / _pigment(mean_dot, sigma_px)


def _lost(mean_dot: FloatArray, variance_px2: float, sigma_px: float) -> float:
    """Share of its density that a mean dot loses to a blur of light; a blur of density loses none."""
    gap = soften(mean_dot, variance_px2) - soften_light(mean_dot, variance_px2)
    near = agreement_window(mean_dot.shape[0], LOSING_SIGMAS * sigma_px) > 0
    return float(gap[near].sum()) / _pigment(mean_dot, sigma_px)


def _pigment(mean_dot: FloatArray, sigma_px: float) -> float:
    """Integrated density of a mean dot by a Gaussian of that width, OD px^2."""
    offset = np.arange(mean_dot.shape[0]) - mean_dot.shape[0] // 2
    radius = np.hypot(*np.meshgrid(offset, offset))
    profile = np.exp(-0.5 * (radius / sigma_px) ** 2) * (radius < CORE_SIGMAS * sigma_px)
    peak = float((mean_dot * profile).sum() / (profile * profile).sum())
    return 2 * np.pi * sigma_px**2 * peak
