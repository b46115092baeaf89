"""How much softer one photo of the dots is than another, from their stacked picture.

The mean picture of many dots, each weighed by its baseline pigment, is nearly free of noise. A softer
photo shows the baseline's mean picture blurred by a Gaussian; fade only makes it fainter. So the
variance of that blur is the one that makes the two mean pictures agree best in shape.

Hair is not free of the dots' places: the baseline's were found where it looked dark, so there hair lies on
the middle of the dots, and in a later photo about them. A mean of all dots then looks softer later than the
lens made it. So the dots that lie amid hair in either photo are left out, by what is seen in the skin *between*
the dots: what is left of a dot itself has no say, so fade does not choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import gaussian, sample

STACKED_DOTS = 4000
"""The strongest dots are enough: more change the blur by under 0.5 %."""
REACH_SIGMAS = 4.0
COMPARED_SIGMAS = 2.2
"""Beyond this radius neighbours and background decide, not the dot's shape."""
AMID_SIGMAS = 2.5
"""How far about a dot the skin is looked at."""
CLEAREST_SHARE = 0.6
"""Of the dots, those with the calmest skin about them in both photos make the mean dot."""
LEAST_CLEAREST = 100
"""Or as many: the mean of fewer is noisy."""
CALM_SHARE = 0.3
"""This share of the skin is taken to show noise alone."""
LEAST_SKIN = 1e-4
"""Share of skin about a place in the densest work, where hardly any is left: no division by nothing."""


@dataclass(frozen=True, eq=False)
class DotPicture:
    """One photo's dots as a later photo is compared with them.

    `signal` is the density above the background, shape (H, W); `seen` the places that are not
    censored; `strength` their weight in the mean dot; `unrest` the mean square of what dots and background
    do not explain of the skin about each place (`unrest_about`), None where not known.
    """

    signal: FloatArray
    places_px: FloatColumn
    seen: BoolArray
    strength: FloatColumn
    sigma_px: float
    unrest: FloatColumn | None = None


def mean_dots(
    reference: DotPicture, picture: DotPicture, weight: FloatColumn
) -> tuple[FloatArray, FloatArray]:
    """Mean dot of the baseline and of a photo, of the same dots.

    Dots at one side of the head are seen at a slant; a mean of other dots has another width.
    """
    ours, theirs = (
        stack_dots(p.signal, p.places_px, weight, reference.sigma_px) for p in (reference, picture)
    )
    return ours, theirs


def weight_in_shape(reference: DotPicture, picture: DotPicture) -> FloatColumn:
    """Strength of the dots that both photos show clear of hair, 0 for all others, shape (n,)."""
    seen = reference.seen & picture.seen & (reference.strength > 0)
    weight: FloatColumn = reference.strength * clearest(reference, picture, seen)
    return weight


def unrest_about(
    rest: FloatArray, between: FloatArray, places_px: FloatColumn, sigma_px: float
) -> FloatColumn:
    """Mean square of what a fit leaves unexplained of the skin about each place, shape (n,).

    Parameters
    ----------
    rest : ndarray of shape (H, W)
        Density less dots and background.
    between : ndarray of shape (H, W)
        Weight of each pixel as skin, about 0 on the dots.
    places_px : ndarray of shape (n, 2)
    sigma_px : float
        Width of a dot.
    """
    reach_px = AMID_SIGMAS * sigma_px
    power, share = (
        sample(gaussian(picture, reach_px), places_px)
        for picture in (rest * rest * between, between)
    )
    return power / np.maximum(share, LEAST_SKIN)


def clearest(reference: DotPicture, picture: DotPicture, among: BoolArray) -> BoolArray:
    """The places with the calmest skin about them in whichever photo shows more unrest, shape (n,)."""
    if reference.unrest is None or picture.unrest is None or not among.any():
        return among
    share = min(1.0, max(CLEAREST_SHARE, LEAST_CLEAREST / int(among.sum())))
    # Each photo's own noise is the measure: about the calmest of its places there is little else.
    photos = (reference.unrest, picture.unrest)
    usual = (max(float(np.quantile(u[among], CALM_SHARE)), 1e-12) for u in photos)
    worse = np.maximum(*(u / calm for u, calm in zip(photos, usual, strict=True)))
    chosen: BoolArray = among & (worse <= np.quantile(worse[among], share))
    return chosen


def matched_width_px(reference: DotPicture, picture: DotPicture) -> float:
    """Width of a photo's spots: the baseline's, and what the photo's mean dot is softer by."""
    means = mean_dots(reference, picture, weight_in_shape(reference, picture))
    softer = blur_variance(*means, reference.sigma_px)
    return float(np.sqrt(reference.sigma_px**2 + softer))


def stack_dots(
    signal: FloatArray, xy_px: FloatColumn, weight: FloatColumn, sigma_px: float
) -> FloatArray:
    """Weighted mean picture of the dots, square, its middle pixel on the dots' centres.

    Parameters
    ----------
    signal : ndarray of shape (H, W)
        Density above the background.
    xy_px : ndarray of shape (n, 2)
    weight : ndarray of shape (n,)
        Not negative; the dots' pigment at baseline.
    sigma_px : float
        Width of a dot; the picture reaches `REACH_SIGMAS` of it to each side.
    """
    reach = int(np.ceil(REACH_SIGMAS * sigma_px))
    height, width = signal.shape
    inside = (
        (xy_px[:, 0] >= reach)
        & (xy_px[:, 0] < width - 1 - reach)
        & (xy_px[:, 1] >= reach)
        & (xy_px[:, 1] < height - 1 - reach)
    )
    places, share = xy_px[inside], weight[inside]
    strongest = np.sort(np.argsort(-share, kind="stable")[:STACKED_DOTS])
    places, share = places[strongest], share[strongest]
    side = 2 * reach + 1
    if len(places) == 0 or share.sum() <= 0:
        return np.zeros((side, side), np.float32)
    offset = np.arange(-reach, reach + 1)
    dx, dy = np.meshgrid(offset, offset)
    map_x = (places[:, :1] + dx.reshape(1, -1)).astype(np.float32)
    map_y = (places[:, 1:] + dy.reshape(1, -1)).astype(np.float32)
    patches = cv2.remap(signal, map_x, map_y, cv2.INTER_LINEAR)
    mean = (share / share.sum()) @ patches.astype(np.float64)
    picture: FloatArray = mean.reshape(side, side).astype(np.float32)
    return picture


def blur_variance(reference: FloatArray, stack: FloatArray, sigma_px: float) -> float:
    """Variance in px^2 by which `stack` is softer than `reference`; negative if it is sharper.

    Both are mean pictures of `stack_dots` of one size. Searched within -0.5 and 1.5 of
    ``sigma_px**2``.
    """
    window = agreement_window(reference.shape[0], COMPARED_SIGMAS * sigma_px)
    steps = np.linspace(-0.5, 1.5, 41) * sigma_px**2
    pairs = ((soften(reference, max(v, 0.0)), soften(stack, max(-v, 0.0))) for v in steps)
    return best_agreeing(steps, pairs, window)


def agreement_window(side: int, reach_px: float) -> FloatColumn:
    """Say of each pixel of a mean dot's picture in its shape, (side, side); none beyond `reach_px`."""
    offset = np.arange(side) - side // 2
    radius = np.hypot(*np.meshgrid(offset, offset))
    window: FloatColumn = np.exp(-0.5 * (radius / (0.6 * reach_px)) ** 2)
    window[radius > reach_px] = 0
    return window


def best_agreeing(
    steps: FloatColumn, pairs: Iterable[tuple[FloatArray, FloatArray]], window: FloatColumn
) -> float:
    """The step, or a value between two, whose pair of pictures agrees best in shape."""
    found = np.array([agreement(a, b, window) for a, b in pairs])
    if not found.any():
        # A blank picture (no dot to stack) looks neither softer nor sharper.
        return 0.0
    best = int(np.argmax(found))
    return float(steps[best] + vertex(found, best) * (steps[1] - steps[0]))


def vertex(values: FloatColumn, extreme: int) -> float:
    """Where a parabola through the largest or smallest value and its neighbours turns, in steps from it."""
    if extreme in (0, len(values) - 1):
        return 0.0
    left, middle, right = values[extreme - 1 : extreme + 2]
    curve = left - 2 * middle + right
    return float(0.5 * (left - right) / curve) if curve != 0 else 0.0


def soften(picture: FloatArray, variance_px2: float) -> FloatArray:
    """Gaussian blur done exactly in frequency, since the variance may be far below a pixel."""
    if variance_px2 == 0:
        return picture
    frequency = 2 * np.pi * np.fft.fftfreq(picture.shape[-1])
    fall = np.exp(-0.5 * variance_px2 * frequency**2)
    spectrum = np.fft.fft2(picture) * fall[:, None] * fall[None, :]
    softened: FloatArray = np.fft.ifft2(spectrum).real.astype(np.float32)
    return softened


def agreement(a: FloatArray, b: FloatArray, window: FloatColumn) -> FloatColumn:
    """Weighted correlation of pictures (..., side, side): blind to strength and level. 0 for blank ones."""
    total = window.sum()
    a, b = (p - (window * p).sum(axis=(-2, -1), keepdims=True) / total for p in (a, b))
    ours, theirs, both = ((window * x * y).sum(axis=(-2, -1)) for x, y in ((a, a), (b, b), (a, b)))
    power = np.asarray(ours * theirs, np.float64)
    return np.where(power > 0, both / np.sqrt(np.where(power > 0, power, 1)), 0.0)
