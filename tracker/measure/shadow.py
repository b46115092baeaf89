"""Ink that spread into a broad shadow where a dot was, and must not pass for what is left of the dot.

Some of the ink that a session breaks up stays in the skin as a faint shadow three times as wide as the dot. It is
gone from the dot, but a narrow spot fitted there still reads a sixth of it, and after most of a dot has gone that is
much of what is read.

The shadow is seen on a *ring* about each dot, where the dot itself hardly reaches: what dots and background leave
unexplained there. A dot leaves some there too, as it is no exact Gaussian: that much the baseline shows, and it fades
with the dot. What a later photo's rings have beyond that is held against the dots' baseline pigment: skin and light do
not know which dots were dark, a shadow does. Each ring is read by its lighter half, so that a hair that crosses it
does not count. The share of the lost pigment that stays as shadow is one number for the series, since later
photos, in which more is lost, show it better.

References
----------
.. [1] A. E. Beaton, J. W. Tukey, "The fitting of power series, meaning polynomials, illustrated on band-spectroscopic
       data", Technometrics 16, 147-185 (1974), for the biweight that keeps hair out of the straight line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import robust_sd, sample

RING_SIGMAS = (3.0, 3.5)
"""Radii of the ring, in widths of the photo's own dots: ink that spreads a little widens the dot, and is none
of its shadow."""
RING_POINTS = 16
"""Points on each circle."""
LIGHTER = (0.125, 0.625)
"""Of a ring's values in order, those between these shares are averaged."""
HELD_SDS = 3.0
"""A ring that differs by more spreads than this from what its dot lets expect has no say."""
LEAST_SD = 1e-6
"""Optical density: what differs by less is alike."""
ROUNDS = 5
"""Of the biweight."""


@dataclass(frozen=True)
class ShadowSettings:
    """What a ring says of the shadow, and the shadow of the reading.

    `per_share` and `without` are a straight line through the rings of 13 rendered series of the own renderer with
    little hair and shadows of 0 to 0.19 of the lost pigment, and of 15 of the second renderer, which draws none. The
    share so read differs from the drawn one by 0.023 (rms; correlation 0.94) in the former and is 0.00 to 0.03 in the
    latter. On series that the line was not laid through: 8 hairy ones 0.07 (0.64), 4 whole heads 0.06 (0.79), 11
    hairy ones of the second renderer 0.00 to 0.11, 11 of dots painted on real heads 0.00 to 0.03.
    """

    per_share: float = 0.052
    """Density on the ring, over the dot's peak at baseline, per share of its lost pigment that stays."""
    without: float = -0.0022
    """The same where no shadow stays: ink that goes leaves a dot of another shape."""
    read_share: float = 0.16
    """Of a shadow three times as wide as its dot, what passes for the dot: a narrow spot reads 0.11, and the mean
    dot looks wider by it. Same scalps with and without shadow (6 series, 23 photos) differ by 0.16 to 0.28 of it;
    203 fading photos of two renderers err least with 0.12 to 0.16."""
    sum_share: float = 0.45
    """Of such a shadow, what lies within the circle of `tracker.measure.lens_match` that sums a dot."""
    usual: float = 0.11
    """SD of the share that is expected beforehand, about none."""
    most: float = 0.25
    """More is not believed: it was never drawn, and hair that stands where dots were looks like it (a real pair taken
    years apart reads 0.44)."""
    noise: float = 0.0007
    """SD of a photo's ring, over the dots' peak, beside what the dots' scatter tells."""


@dataclass(frozen=True)
class RingExcess:
    """What the rings of one photo have beyond the baseline's, over the dots' peak at baseline.

    `lost` is the share of the pigment that is gone in this photo.
    """

    value: float
    variance: float
    lost: float


def ring_density(rest: FloatArray, places_px: FloatColumn, sigma_px: float) -> FloatColumn:
    """Density about each place that dots and background do not explain, by the lighter half of a ring, shape (n,).

    Parameters
    ----------
    rest : ndarray of shape (H, W)
        Density less dots and background.
    places_px : ndarray of shape (n, 2)
    sigma_px : float
        Width of this photo's dots.
    """
    n = len(places_px)
    if n == 0:
        return np.empty(0)
    angle = np.arange(RING_POINTS) * (2 * np.pi / RING_POINTS)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    reach_px = np.repeat(np.array(RING_SIGMAS) * sigma_px, RING_POINTS)
    offsets = np.tile(circle, (len(RING_SIGMAS), 1)) * reach_px[:, None]
    points = (places_px[:, None, :] + offsets).reshape(-1, 2)
    rings = np.sort(sample(rest, points, cv2.INTER_LINEAR).reshape(n, -1), axis=1)
    first, last = (round(share * rings.shape[1]) for share in LIGHTER)
    lighter: FloatColumn = rings[:, first:last].mean(axis=1)
    return lighter


def ring_excess(
    ring_before: FloatColumn,
    ring_now: FloatColumn,
    amplitude: FloatColumn,
    weight: FloatColumn,
    left: float,
) -> RingExcess | None:
    """How strongly a photo's rings follow the dots' baseline, beyond what is left of the dots themselves.

    Parameters
    ----------
    ring_before, ring_now : ndarray of shape (n,)
        `ring_density` of the baseline and of the photo, at the baseline's contrast.
    amplitude : ndarray of shape (n,)
        Peak density of the dots at baseline.
    weight : ndarray of shape (n,)
        What each dot counts; 0 where either photo does not show it.
    left : float
        Share of the pigment that the photo shows.

    Returns
    -------
    RingExcess or None
        None where no dot is seen, or all are alike.
    """
    counted = weight > 0
    beyond = ring_now - left * ring_before
    said, slope, variance = weight, 0.0, 0.0
    for _ in range(ROUNDS):
        total = float(said.sum())
        if total <= 0:
            return None
        share = said / total
        across = amplitude - share @ amplitude
        spread = float(share @ across**2)
        if spread <= LEAST_SD**2:
            return None
        slope = float(share @ (across * beyond)) / spread
        scatter = beyond - share @ beyond - slope * across
        variance = float(((share * across * scatter) ** 2).sum()) / spread**2
        # Tukey's biweight [1]_: hair beside a dot darkens its ring by many spreads.
        size = scatter / (HELD_SDS * max(robust_sd(scatter[counted]), LEAST_SD))
        said = weight * np.where(np.abs(size) < 1, (1 - size**2) ** 2, 0.0)
    return RingExcess(slope, variance, 1 - left)


def shadow_share(
    photos: Iterable[RingExcess], settings: ShadowSettings = ShadowSettings()
) -> float:
    """Share of the lost pigment that stays as a shadow, likeliest over a series, from 0 to `settings.most`."""
    said, certainty = 0.0, 1 / settings.usual**2
    for photo in photos:
        if not photo.lost > 0:
            continue
        # The ring shows `lost` times the share: the more has gone, the better it tells.
        lever = photo.lost * settings.per_share
        variance = photo.variance + settings.noise**2
        said += (photo.value - settings.without * photo.lost) * lever / variance
        certainty += lever**2 / variance
    return min(max(0.0, said / certainty), settings.most)


def without_shadow(pigment: FloatColumn, baseline_pigment: FloatColumn, read: float) -> FloatColumn:
    """Pigment of dots less the shadow that their spots read, shape (n,).

    Parameters
    ----------
    pigment, baseline_pigment : ndarray of shape (n,)
        NaN where not seen; what only this photo shows stays as it is.
    read : float
        Share of what a dot lost that its spot still reads.
    """
    both: BoolArray = np.isfinite(pigment) & np.isfinite(baseline_pigment)
    cleared = pigment.copy()
    cleared[both] = (pigment[both] - read * baseline_pigment[both]) / (1 - read)
    return cleared
