"""What one photo's lens takes from the dots beyond what the baseline's took.

A lens, a moved camera and the pixels average *light*, not density. Bright skin that is mixed into a dark dot
counts for more than the dark that is mixed into the skin, so a softer photo shows less density of the same dot,
the more the darker it is: 5 to 15 % for dots of 0.4 to 0.6 OD and a blur variance of 1 px^2. A change of
softness between two photos so reads as fade, or as darkening. The width alone does not tell by how much: the
dark middle of a dot fills up as it softens, and the mean dot widens by a third to a half of that variance only.

So the baseline's mean dot, made fainter by what has faded, is blurred as *light* until its whole shape agrees
best with this photo's; what that blur takes from it is given back. Photos are matched to one softness like this
before pictures of stars are subtracted from each other [1]_; here only the mean dot is.

Ink that spreads as it fades widens the dots too, and loses nothing. How much of a blur is the lens's is
therefore believed the less, the more has faded: dots that faded far have little left to lose.

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
SPREAD_BY_FADE = 4.0
"""At full fade, SD of what spread ink adds to a dot's variance in SDs of what lenses differ by. On 50 recorded
series of two renderers unchanged and darkened dots err by 4.9 and 2.3 points with it (7.9 and 4.4 before), fading
ones as before (2.2, 2.3 and 2.6); 3 and 5 do alike."""
ROUNDS = 2
"""What is left is known better once the lens is."""
REACH_SIGMAS = 4.0
"""The whole mean picture: what a lens spreads lies farther out than a dot's core."""
CORE_SIGMAS = 2.0
"""A mean dot's pigment is read within this radius; neighbours begin beyond."""


@dataclass(frozen=True)
class LensMatch:
    """How a photo's lens differs from the baseline's.

    Attributes
    ----------
    variance_px2 : float
        Variance of the blur that this photo has beyond the baseline, as far as it is the lens's; negative
        where this photo is the sharper one.
    kept : float
        Pigment that this photo shows, over what it would show through the baseline's lens.
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


def match_lens(reference: DotPicture, picture: DotPicture, gain: float) -> LensMatch:
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
        believed = 1 / (1 + (SPREAD_BY_FADE * faded) ** 2)
        variance = believed * lens_variance(fainter, theirs, reference.sigma_px)
        if variance >= 0:
            kept = _kept(fainter, variance, reference.sigma_px)
        else:
            kept = 1 / _kept(theirs, -variance, picture.sigma_px)
    return LensMatch(variance, kept)


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


def _pigment(mean_dot: FloatArray, sigma_px: float) -> float:
    """Integrated density of a mean dot by a Gaussian of that width, OD px^2."""
    offset = np.arange(mean_dot.shape[0]) - mean_dot.shape[0] // 2
    radius = np.hypot(*np.meshgrid(offset, offset))
    profile = np.exp(-0.5 * (radius / sigma_px) ** 2) * (radius < CORE_SIGMAS * sigma_px)
    peak = float((mean_dot * profile).sum() / (profile * profile).sum())
    return 2 * np.pi * sigma_px**2 * peak
