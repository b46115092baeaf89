"""What one photo's lens and sharpening make of the dots beyond what the baseline's made.

A lens, a moved camera and the pixels average *light*, not density. Bright skin that is mixed into a dark dot
counts for more than the dark that is mixed into the skin, so a softer photo shows less density of the same dot,
the more the darker it is: 5 to 15 % for dots of 0.4 to 0.6 OD and a blur variance of 1 px^2. A change of
softness between two photos so reads as fade, or as darkening. The width alone does not tell by how much: the
dark middle of a dot fills up as it softens, and the mean dot widens by a third to a half of that variance only.

A camera's sharpening undoes part of it by eye, but not in density: it darkens the middle, draws a bright ring around
it, and a fitted spot reads some 10 % more where a radius of 1.3 px is added with full strength.

So the baseline's mean dot, made fainter by what has faded, is blurred as *light* and sharpened until its whole
shape, ring and all, agrees best with this photo's; what both change of it is taken back. Photos are matched to one
softness like this before pictures of stars are subtracted from each other [1]_; here only the mean dot is. Two
things are held back:

- Blur and sharpening look much alike on a dot few pixels wide: a share of what is found is believed.
- Ink that spreads as it fades widens the dots too, and loses nothing. The more has faded, the less is believed:
  dots that faded far have little left to lose.

What *all* lenses take alike is the larger a share the darker the dots are, so it goes as they fade. No photo is sharper
than a blur of 0.6 px^2: so much is given back in every one. It takes 9 % of a dot 3 px wide and 0.3 dark, and 1.6 %
of one 6 px wide.

References
----------
.. [1] C. Alard, R. H. Lupton, "A method for optimal image subtraction", Astrophys. J. 503, 325 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.blur_match import (
    DotPicture,
    agreement,
    agreement_window,
    blur_variance,
    mean_dots,
    soften,
    vertex,
)
from tracker.measure.luminance import FloatArray

SOFTER, SHARPER = 0.6, 0.5
"""Largest variances of the lens that are tried, in variances of a dot."""
MOST_SHARPENING = 0.8
SHARPENING_RADIUS_PX = 1.3
"""Of the frame, where a dot is about 5 px wide. Radii of 1.0 to 1.6 px find the same to 0.1 points."""
ENCODING_GAMMA = 2.2
"""Cameras sharpen codes, not light."""
HOLD = 1e-4
"""What disagreement a blur of the dots' own variance must mend to be taken for one, and full sharpening likewise:
of ways to mend a shape that do equally well, the smaller change is likelier."""
ROUNDS = 2
"""What is left is known better once the lens is."""
REACH_SIGMAS = 4.0
"""The whole mean picture: what a lens spreads lies farther out than a dot's core."""
NARROWEST_SHARE = 0.4
"""A dot's own variance before any blur is taken to be at least this share of what is seen."""
BLUR_SIGMAS, FINE_STEPS = 6, 4
"""Reach of the drawn dot that is blurred, in its widths, and points per width."""
CORE_SIGMAS = 2.0
"""A mean dot's pigment is read within this radius; neighbours begin beyond."""


@dataclass(frozen=True)
class LensSettings:
    """How much of what is found is given back.

    Set on the mean dots of 185 rendered photos of two renderers (own 37 to 55, second 30 to 32 and 80 to 82) with the
    tone gain as it truly was: errors 2.7 points with a blur alone, 2.3 with sharpening beside it. Shares of 0.6
    to 0.7, spreads of 4 to 8 and 0.1 to 0.2 of the dots' variance are within 0.1 points of that.
    """

    believed: float = 0.6
    """Share of the blur and sharpening found that is believed, where nothing fades."""
    spread_by_fade: float = 6.0
    """At full fade, SD of what spread ink adds to a dot's variance in SDs of what lenses differ by."""
    common_px2: float = 0.6
    """Variance of the blur that every photo has, in pixels of the photo: lens, sensor and what the file leaves."""


@dataclass(frozen=True)
class LensMatch:
    """How a photo's lens differs from the baseline's.

    Attributes
    ----------
    variance_px2 : float
        Variance of the blur that this photo has beyond the baseline, as far as it is the lens's; negative
        where this photo is the sharper one.
    kept : float
        Pigment that this photo shows, over what it would show with the baseline's lens and sharpening.
    sharpening : float
        Strength of the unsharp mask that this photo has beyond the baseline, as far as it is believed.
    """

    variance_px2: float
    kept: float
    sharpening: float = 0.0


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
    *,
    photo_scale: float = 1.0,
) -> LensMatch:
    """Compare a photo's lens with the baseline's.

    Parameters
    ----------
    reference, picture : DotPicture
        The dots of the baseline and of the photo, both in their own contrast.
    gain : float
        Contrast of the photo over the baseline's.
    photo_scale : float
        Pixels of the pictures per pixel of the photo.
    """
    ours, theirs = mean_dots(reference, picture)
    amount, now = _pigment(ours, reference.sigma_px), _pigment(theirs, picture.sigma_px)
    if amount <= 0 or now <= 0:
        return SAME_LENS
    variance, sharpening, kept = 0.0, 0.0, 1.0
    common = settings.common_px2 * photo_scale**2
    for _ in range(ROUNDS):
        left = now / (amount * kept)
        faded = max(0.0, 1 - left / gain)
        # Fainter ink through the lens that all photos have, not the picture of darker ink made fainter.
        fainter = (left * ours).astype(np.float32)
        fainter += soften_light(fainter, common) - left * soften_light(ours, common)
        believed = settings.believed / (1 + (settings.spread_by_fade * faded) ** 2)
        variance, sharpening = (
            believed * found for found in blur_and_sharpening(fainter, theirs, reference.sigma_px)
        )
        # Each side gets what the other has more of.
        kept = _kept(fainter, max(variance, 0), max(sharpening, 0), reference.sigma_px)
        kept /= _kept(theirs, max(-variance, 0), max(-sharpening, 0), picture.sigma_px)
    left = now / (amount * kept)
    before, after = (lost_to_blur(s * amount, reference.sigma_px, common) for s in (1.0, left))
    return LensMatch(variance, kept * (1 - after) / (1 - before), sharpening)


def sharpen(density: FloatArray, strength: FloatArray | float) -> FloatArray:
    """Density of a picture whose codes passed an unsharp mask; its rim is its own neighbour."""
    code = (10.0 ** (-density / ENCODING_GAMMA)).astype(np.float32)
    code = code + strength * (code - soften(code, SHARPENING_RADIUS_PX**2))
    sharp: FloatArray = (-ENCODING_GAMMA * np.log10(np.maximum(code, 1e-3))).astype(np.float32)
    return sharp


def blur_and_sharpening(
    reference: FloatArray, stack: FloatArray, sigma_px: float
) -> tuple[float, float]:
    """Blur of light and sharpening that make `reference` look like `stack`.

    Both are mean dots of one size in optical density, `reference` about as faint as `stack`.

    Returns
    -------
    variance_px2 : float
        Negative where `stack` is less blurred than `reference`.
    strength : float
        Of an unsharp mask; negative where `stack` is less sharpened.
    """
    window = agreement_window(reference.shape[0], REACH_SIGMAS * sigma_px)
    blurs = np.linspace(-SHARPER, SOFTER, 23)
    strengths = np.linspace(-MOST_SHARPENING, MOST_SHARPENING, 17)
    sharpening = strengths[strengths > 0].astype(np.float32)[:, None, None]
    idle = len(strengths) - len(sharpening)

    def sharpened(density: FloatArray) -> FloatArray:
        """The picture as it is for the strengths up to 0, and sharpened for those above."""
        asis = np.broadcast_to(density, (idle, *density.shape))
        return np.concatenate([asis, sharpen(density, sharpening)])

    plain_ours, plain_theirs = sharpened(reference), sharpened(stack)[::-1]
    misfit = np.empty((len(blurs), len(strengths)))
    for row, blur in enumerate(blurs):
        ours, theirs = plain_ours, plain_theirs
        if blur > 0:
            ours = sharpened(soften_light(reference, blur * sigma_px**2))
        elif blur < 0:
            theirs = sharpened(soften_light(stack, -blur * sigma_px**2))[::-1]
        misfit[row] = 1 - agreement(ours, theirs, window)
    if misfit.min() >= 1:
        # A blank picture (no dot to stack) looks neither softer nor sharper.
        return 0.0, 0.0
    misfit += HOLD * (blurs[:, None] ** 2 + strengths**2)
    row, column = (int(k) for k in np.unravel_index(np.argmin(misfit), misfit.shape))
    blur = blurs[row] + vertex(misfit[:, column], row) * (blurs[1] - blurs[0])
    step = strengths[1] - strengths[0]
    strength = strengths[column] + vertex(misfit[row], column) * step
    return float(blur) * sigma_px**2, float(strength)


def _kept(mean_dot: FloatArray, variance_px2: float, strength: float, sigma_px: float) -> float:
    """Share of a mean dot's pigment that is read after a blur of light and sharpening, the width matched anew."""
    if variance_px2 == 0 and strength == 0:
        return 1.0
    seen = sharpen(soften_light(mean_dot, variance_px2), strength)
    width_px = float(np.sqrt(sigma_px**2 + blur_variance(mean_dot, seen, sigma_px)))
    return _pigment(seen, width_px) / _pigment(mean_dot, sigma_px)


def lost_to_blur(amount: float, sigma_px: float, variance_px2: float) -> float:
    """Share of a round dot's density that is not read after a blur of its light.

    Parameters
    ----------
    amount : float
        Integrated density, OD px^2.
    sigma_px : float
        Width of the dot *after* the blur.
    variance_px2 : float
        Of the blur.
    """
    if amount <= 0:
        return 0.0
    # Drawn `FINE_STEPS` wide, whatever its width.
    step = sigma_px / FINE_STEPS
    narrow = FINE_STEPS**2 * max(1 - variance_px2 / sigma_px**2, NARROWEST_SHARE)
    offset = np.arange(-BLUR_SIGMAS * FINE_STEPS, BLUR_SIGMAS * FINE_STEPS + 1)
    radius = np.hypot(*np.meshgrid(offset, offset))
    dot = amount / step**2 / (2 * np.pi * narrow) * np.exp(-0.5 * radius**2 / narrow)
    seen = soften_light(dot.astype(np.float32), FINE_STEPS**2 - narrow)
    return 1 - _pigment(seen, FINE_STEPS) * step**2 / amount


def _pigment(mean_dot: FloatArray, sigma_px: float) -> float:
    """Integrated density of a mean dot by a Gaussian of that width, OD px^2."""
    offset = np.arange(mean_dot.shape[0]) - mean_dot.shape[0] // 2
    radius = np.hypot(*np.meshgrid(offset, offset))
    profile = np.exp(-0.5 * (radius / sigma_px) ** 2) * (radius < CORE_SIGMAS * sigma_px)
    peak = float((mean_dot * profile).sum() / (profile * profile).sum())
    return 2 * np.pi * sigma_px**2 * peak
