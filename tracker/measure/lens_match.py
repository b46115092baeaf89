"""What one photo's lens and sharpening make of the dots beyond what the baseline's made.

A lens, a moved camera and the pixels average *light*, not density. Bright skin that is mixed into a dark dot
counts for more than the dark that is mixed into the skin, so a softer photo shows less density of the same dot,
the more the darker it is: 5 to 15 % for dots of 0.4 to 0.6 OD and a blur variance of 1 px^2. A camera's sharpening
undoes part of it by eye, but not in density: it darkens the middle, draws a bright ring around it, and a fitted spot
reads some 10 % more where a radius of 1.3 px is added with full strength, on dots 3 px wide up to 50 % more. A change
between two photos so reads as fade, or as darkening.

What fitted spots read is therefore put right by two other measures of the same dots, both of which count *all* the
density that belongs to a dot, wherever the lens put it:

- **The mean dot's shape.** The baseline's mean dot, made fainter by what has faded, is blurred as light and sharpened
  until its whole shape, ring and all, agrees best with this photo's. How strong it is then is what is left: photos are
  brought to one softness like this before pictures of stars are subtracted from each other [1]_. Blur or sharpening,
  and ink that spreads as it fades, need not be told apart: none of them changes the sum.
- **Their sum**, each within a circle into which the ring falls as well. It knows nothing of shapes, but hair and what
  is wrong with the background are in it in full. Such errors stay the same as ink goes, and the lens's become less
  with the ink: so the sum counts a third where nothing has faded, and the less the more has. Amid more hair than
  dots it says anything, even that less than nothing is left: the farther it is from the shape, the less it counts
  (Cauchy's weight [2]_). A shadow that stays in the skin (`tracker.measure.shadow`) is in the sum too, and taken off.

What *all* lenses take alike is the larger a share the darker the dots are, so it goes as they fade. No photo is sharper
than a blur of 0.6 px^2: so much is given back in every one. It takes 9 % of a dot 3 px wide and 0.3 dark, and 1.6 %
of one 6 px wide.

The shape is that of the darkest dots clear of hair, which show it best. In the sum every dot is by what it counts in
the fade: hair that made a dot dark at baseline would be in its sum more than in its spot. Nothing is clipped there,
or darker dots would lose more of what is no Gaussian in them.

References
----------
.. [1] C. Alard, R. H. Lupton, "A method for optimal image subtraction", Astrophys. J. 503, 325 (1998).
.. [2] P. W. Holland, R. E. Welsch, "Robust regression using iteratively reweighted least-squares", Commun. Stat. Theory
       Methods 6, 813-827 (1977).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from tracker.measure.blur_match import (
    DotPicture,
    agreement,
    agreement_window,
    mean_dots,
    soften,
    vertex,
    weight_in_shape,
)
from tracker.measure.fade import retained_share
from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import sample

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
REACH_SIGMAS = 4.0
"""The whole mean picture: what a lens spreads lies farther out than a dot's core."""
SHAPE_SIGMAS = 3.0
"""How strong a matched shape is, is read within this radius."""
SUM_SIGMAS = 3.5
"""Radius of the circle that is summed: a sharpening's ring is inside."""
CORE_SIGMAS = 2.0
"""A mean dot's pigment is read within this radius; neighbours begin beyond."""


@dataclass(frozen=True)
class LensSettings:
    """What is known of lenses, and of the two measures beside the fitted spots.

    Set on the own renderer's seeds 84 to 87 and 1701, the second's 57, 105 to 107, 146 and 1701 and painted heads,
    some of them blurred or sharpened anew. Fading photos err alike to 0.1 points (rms over sorts of scalp) with errors
    of the shape of 0.1 to 0.2 and of the sum of 0.7 to 1.5, unchanged ones to 0.3; dots that got darker read closest
    with the largest.
    """

    common_px2: float = 0.6
    """Variance of the blur that every photo has, in pixels of the photo: lens, sensor and what the file leaves."""
    shape_error: float = 0.1
    """What hair and noise add to the strength of a shape, in what lenses differ by: where less of the ink is left than
    this, the spots are believed rather."""
    sum_error: float = 1.5
    """The same for the sum, against what the shape errs by at full ink."""
    sum_apart: float = 0.2
    """Logarithm by which the sum differs from the shape where it counts half of what it else would. Dots painted on
    four real heads (seeds 61 to 64) err by 4.3 points with every sum believed, by 4.0 with 0.1 to 0.3 (64 photos), and
    by 5.0, 4.7 and 4.8 with 0.1 and 0.2 where nothing changed (30); own hairy scalps by 1.7 and 1.4 (8); all other
    rendered ones (146 photos of both renderers) alike to 0.1 with 0.2."""
    most: float = 2.0
    """No lens changes what is read by more than this factor."""
    doubt_share: float = 0.25
    """Of what a lens is found to do, on the scale of logarithms, so much is in doubt (SD)."""
    gap_share: float = 0.1
    """The same of the gap between what the shape and what the sum says of it, however little the sum counts."""


@dataclass(frozen=True)
class LensMatch:
    """How a photo's lens differs from the baseline's.

    Attributes
    ----------
    variance_px2 : float
        Variance of the blur of light that this photo has beyond the baseline, negative where it is the sharper one.
        Ink that spread is in it.
    kept : float
        Pigment that the spots read in this photo, over what they would read with the baseline's lens and sharpening.
    sharpening : float
        Strength of the unsharp mask that this photo has beyond the baseline.
    log_sd : float
        SD of log `kept`.
    """

    variance_px2: float
    kept: float
    sharpening: float = 0.0
    log_sd: float = 0.0


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
    before: FloatColumn,
    now: FloatColumn,
    gain: float,
    settings: LensSettings = LensSettings(),
    *,
    photo_scale: float = 1.0,
) -> LensMatch:
    """Compare a photo's lens with the baseline's by the shape of the mean dot.

    Parameters
    ----------
    reference, picture : DotPicture
        The dots of the baseline and of the photo, both in their own contrast.
    before, now : ndarray of shape (n,)
        Pigment of the dots as their spots were read in both, in the baseline's contrast; NaN where not seen.
    gain : float
        Contrast of the photo over the baseline's.
    photo_scale : float
        Pixels of the pictures per pixel of the photo.
    """
    clear, sigma_px = weight_in_shape(reference, picture), reference.sigma_px
    ours, theirs = mean_dots(reference, picture, clear)
    amount, core = _pigment(ours, sigma_px), _pigment(theirs, picture.sigma_px)
    read = retained_share(before, now, clear)
    if not (amount > 0 and core > 0 and read > 0):
        return SAME_LENS
    # Fainter ink through the lens that all photos have, not the picture of darker ink made fainter.
    left, common = core / amount, settings.common_px2 * photo_scale**2
    fainter = (left * ours).astype(np.float32)
    fainter += soften_light(fainter, common) - left * soften_light(ours, common)
    variance, sharpening = blur_and_sharpening(fainter, theirs, sigma_px)
    # Each side gets what the other has more of.
    fainter = sharpen(soften_light(fainter, max(variance, 0.0)), max(sharpening, 0.0))
    alike = sharpen(soften_light(theirs, max(-variance, 0.0)), max(-sharpening, 0.0))
    window = agreement_window(len(ours), SHAPE_SIGMAS * sigma_px)
    strength = float((window * fainter * alike).sum() / (window * fainter**2).sum())
    by_shape = strength * left / gain
    believed = 1 / (1 + (settings.shape_error / read) ** 2)
    kept = _held(read / by_shape if by_shape > 0 else np.inf, settings) ** believed
    return LensMatch(variance, kept, sharpening)


def with_sum(
    lens: LensMatch,
    read: float,
    summed: float,
    shadow_read: float,
    shadow_summed: float,
    settings: LensSettings = LensSettings(),
) -> LensMatch:
    """A photo's lens by the sum of the dots as well.

    Parameters
    ----------
    lens : LensMatch
        By the shape alone (`match_lens`).
    read, summed : float
        What is left of all dots as their spots were read, and by the sum of their density (`sum_about`); NaN where
        not known.
    shadow_read, shadow_summed : float
        Share of what the dots lost that their spots, and that the sum, read in the shadow that stayed.
    """
    by_shape = by_sum = lens.kept
    counts = 0.0
    if read > 0 and np.isfinite(summed):
        left = (summed - shadow_summed) / (1 - shadow_summed)
        # What the spots would read of so much pigment.
        expected = shadow_read + (1 - shadow_read) * left
        by_sum = _held(read / expected if expected > 0 else np.inf, settings)
        counts = 1 / (1 + (settings.sum_error / read) ** 2)
        counts /= 1 + (np.log(by_shape / by_sum) / settings.sum_apart) ** 2
    kept = by_shape ** (1 - counts) * by_sum**counts
    log_sd = np.hypot(
        settings.doubt_share * np.log(kept), settings.gap_share * np.log(by_shape / by_sum)
    )
    return replace(lens, kept=kept, log_sd=float(log_sd))


def _held(kept: float, settings: LensSettings) -> float:
    """What a lens keeps, within what lenses do."""
    return float(np.clip(kept, 1 / settings.most, settings.most))


def sharpen(density: FloatArray, strength: FloatArray | float) -> FloatArray:
    """Density of a picture whose codes passed an unsharp mask; its rim is its own neighbour."""
    if not np.any(strength):
        return density
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


def _pigment(mean_dot: FloatArray, sigma_px: float) -> float:
    """Integrated density of a mean dot by a Gaussian of that width, OD px^2."""
    offset = np.arange(mean_dot.shape[0]) - mean_dot.shape[0] // 2
    radius = np.hypot(*np.meshgrid(offset, offset))
    profile = np.exp(-0.5 * (radius / sigma_px) ** 2) * (radius < CORE_SIGMAS * sigma_px)
    peak = float((mean_dot * profile).sum() / (profile * profile).sum())
    return 2 * np.pi * sigma_px**2 * peak


def sum_about(signal: FloatArray, places_px: FloatColumn, radius_px: float) -> FloatColumn:
    """Sum of a picture (H, W) within a circle about each place, shape (n,)."""
    reach = int(np.ceil(radius_px + 0.5))
    offset = np.arange(-reach, reach + 1)
    inside = np.clip(radius_px + 0.5 - np.hypot(*np.meshgrid(offset, offset)), 0, 1)
    sums = cv2.filter2D(
        signal, cv2.CV_32F, inside.astype(np.float32), borderType=cv2.BORDER_CONSTANT
    )
    return sample(np.asarray(sums, np.float32), places_px)
