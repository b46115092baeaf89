"""Two populations of courses over a series: pigment fades, hair stays, is shorn, or does as it likes.

A place's course is its ratio of later to baseline pigment in every later photo. A dot of response *s* keeps `m^s`
where the mean keeps `m`: dots fade unequally, but each of them on its own curve from photo to photo. Hair is not
bound to any curve. Where the shave left it, it keeps as much as the other hairs of that photo; where a strand lay
at the baseline and lies no more, nothing is left, and in the next photo it may be there again. What stubble
longer than today's covered at the baseline clears at once, and by ratios alone looks like the fastest of dots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.measure.results import FloatColumn

NODES = np.linspace(-2, 2, 7)
"""Responses that are looked at, in standard deviations of their logarithm."""
FARTHEST_SDS = 4.0
"""A reading farther from a dot's curve than this speaks against it no more."""
TELLING_HAIRS = 30
"""Hairs of one photo share their shave: beyond about so many nothing is learnt of their mean."""


@dataclass(frozen=True)
class CourseSettings:
    """What both populations may do."""

    hair_mean_sd: float = 0.25
    """By how much a shave changes the darkness of all hairs together, against the baseline."""
    hair_spread: tuple[float, float] = (0.10, 0.30)
    """SD of single hairs' ratios about that: at least and at most."""
    hair_mean: tuple[float, float] = (0.7, 1.6)
    """Mean ratio of a photo's hairs that were not shorn: at least and at most."""
    odd_hair_share: float = 0.1
    odd_hair: tuple[float, float] = (-0.3, 2.2)
    """Share of hairs whose ratio may be anything in this range."""
    shorn_share: tuple[float, float] = (0.01, 0.6)
    """Share of a photo's hairs that cover their place no more: at least and at most; learnt per photo."""
    usual_shorn: float = 0.1
    """That share beforehand, which counts as much as `TELLING_HAIRS` hairs."""
    shorn_sd: float = 0.12
    """SD of the ratio where a hair is gone."""
    response_spread: float = 0.3
    """SD of the logarithm of the dots' responses. Narrower than what dots do (0.45): a place that is far from the
    others' curve is as likely hair."""
    pigment_sd: float = 0.12
    """SD of a dot's ratio about its own curve, beside the noise."""
    pigment_spread_share: float = 0.5
    """Dots respond differently: SD of their ratios is at most about this share of the fade."""


@dataclass(frozen=True, eq=False)
class Courses:
    """What is known of the places before any of them is called pigment or hair.

    Attributes
    ----------
    ratios : ndarray of shape (photos, n)
        Later over baseline pigment; 0 where not seen.
    noise : ndarray of shape (photos, n)
        Their standard deviation; NaN where not known.
    seen : ndarray of shape (photos, n) of bool
    amount : ndarray of shape (n,)
        Baseline pigment, positive.
    """

    ratios: FloatColumn
    noise: FloatColumn
    seen: NDArray[np.bool_]
    amount: FloatColumn

    @property
    def told(self) -> FloatColumn:
        """1 for places that most later photos show: only these have a course to tell of."""
        told: FloatColumn = (self.seen.mean(axis=0) >= 0.5).astype(np.float64)
        return told


@dataclass(frozen=True, eq=False)
class Populations:
    """Both populations, one number per later photo.

    Attributes
    ----------
    pigment : ndarray of shape (photos,)
        What is left of all pigment together.
    pigment_spread : ndarray of shape (photos,)
        SD of the dots' own ratios, noise taken off.
    hair, hair_spread : ndarray of shape (photos,)
        Mean and SD of the ratio of the hairs that were not shorn.
    shorn : ndarray of shape (photos,)
        Share of the hairs that are gone.
    """

    pigment: FloatColumn
    pigment_spread: FloatColumn
    hair: FloatColumn
    hair_spread: FloatColumn
    shorn: FloatColumn

    @property
    def apart_sds(self) -> float:
        """Distance of the two means in their common spread, all photos together."""
        spread = self.pigment_spread**2 + self.hair_spread**2
        return float(np.sqrt(((self.hair - self.pigment) ** 2 / spread).sum()))

    @property
    def fades(self) -> bool:
        """False where pigment stays and hair clears: then the two are confused, or nothing fades."""
        return float((self.hair - self.pigment).mean()) > 0


def unknown_populations(photos: int, settings: CourseSettings) -> Populations:
    """What is supposed before anything is learnt: all stays."""
    stays = np.ones(photos)
    return Populations(
        stays,
        np.full(photos, 0.25),
        stays,
        np.full(photos, settings.hair_spread[1]),
        np.full(photos, settings.usual_shorn),
    )


def learnt_populations(
    courses: Courses, weight: FloatColumn, before: Populations, settings: CourseSettings
) -> Populations:
    """Both populations from the chance that each place is pigment, shape (n,).

    `before` is what was known of them; it tells the shorn hairs from the others.
    """
    hair = (1 - weight) * courses.seen
    stays, shorn, odd = _hair_densities(courses, before, settings)
    total = stays + shorn + odd
    gone = (hair * shorn / total).sum(axis=1) + settings.usual_shorn * TELLING_HAIRS
    share = np.clip(gone / (hair.sum(axis=1) + TELLING_HAIRS), *settings.shorn_share)
    mean, spread = _hair_that_stays(courses, hair * stays / total, before.hair_spread, settings)
    pigment = mean_left(courses, weight * courses.told)
    return Populations(
        pigment,
        _pigment_spread(courses, weight * courses.told, pigment, settings),
        mean,
        spread,
        share,
    )


def log_densities(
    courses: Courses, populations: Populations, settings: CourseSettings
) -> tuple[FloatColumn, FloatColumn]:
    """Log density of each place's course were it pigment, and were it hair, each of shape (n,).

    Common constant factors are left out.
    """
    hair = np.log(sum(_hair_densities(courses, populations, settings)))
    as_hair: FloatColumn = (courses.seen * hair).sum(axis=0)
    mean = np.clip(populations.pigment, 0.02, 2.0)
    sd = np.nan_to_num(np.hypot(settings.pigment_sd, courses.noise), nan=1.0)
    ratios = courses.ratios / sd
    level = (courses.seen * np.log(sd)).sum(axis=0)
    farthest = FARTHEST_SDS**2
    terms = np.empty((len(NODES), ratios.shape[1]))
    for term, node in zip(terms, NODES, strict=True):
        curve = mean ** np.exp(settings.response_spread * node)
        off = np.minimum((ratios - curve[:, None] / sd) ** 2, farthest)
        term[:] = -0.5 * ((courses.seen * off).sum(axis=0) + node**2)
    most = terms.max(axis=0)
    scale = np.log(np.exp(-0.5 * NODES**2).sum())
    as_pigment: FloatColumn = np.log(np.exp(terms - most).sum(axis=0)) + most - scale - level
    return as_pigment, as_hair


def _hair_densities(
    courses: Courses, populations: Populations, settings: CourseSettings
) -> tuple[FloatColumn, FloatColumn, FloatColumn]:
    """Densities of each ratio, were it that of a hair that stays, is shorn, or is odd: (photos, n)."""
    stays = (1 - settings.odd_hair_share - populations.shorn)[:, None]
    stays = stays * _normal(
        courses.ratios - populations.hair[:, None],
        np.hypot(populations.hair_spread[:, None], courses.noise),
    )
    shorn = populations.shorn[:, None] * _normal(
        courses.ratios, np.hypot(settings.shorn_sd, courses.noise)
    )
    low, high = settings.odd_hair
    odd = np.full_like(stays, settings.odd_hair_share * np.sqrt(2 * np.pi) / (high - low))
    return stays, shorn, odd


def _normal(distance: FloatColumn, sd: FloatColumn) -> FloatColumn:
    """Density of a normal distribution without its constant factor."""
    sd = np.nan_to_num(sd, nan=1.0)
    density: FloatColumn = np.exp(-0.5 * (distance / sd) ** 2) / sd
    return density


def mean_left(courses: Courses, weight: FloatColumn) -> FloatColumn:
    """Share of the weighted pigment that is left in each later photo, shape (photos,)."""
    mass = weight * courses.amount * courses.seen
    mean: FloatColumn = (mass * courses.ratios).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)
    return mean


def _hair_that_stays(
    courses: Courses, hair: FloatColumn, spread: FloatColumn, settings: CourseSettings
) -> tuple[FloatColumn, FloatColumn]:
    """Mean and SD of the ratio per photo, the mean drawn to 1 where few hairs speak."""
    own = np.nan_to_num(courses.noise, nan=1.0) ** 2
    precision = hair / (spread[:, None] ** 2 + own)
    # Outliers, a hair where there was none before, must not drag the mean.
    precision = precision * (np.abs(courses.ratios - 1) < 1)
    precision *= TELLING_HAIRS / np.maximum(hair.sum(axis=1, keepdims=True), TELLING_HAIRS)
    pull = 1 / settings.hair_mean_sd**2
    mean = ((precision * courses.ratios).sum(axis=1) + pull) / (precision.sum(axis=1) + pull)
    mean = np.clip(mean, *settings.hair_mean)
    excess = np.minimum((courses.ratios - mean[:, None]) ** 2, 1.0) - own
    variance = (hair * excess).sum(axis=1) / np.maximum(hair.sum(axis=1), 1.0)
    return mean, np.clip(np.sqrt(np.maximum(variance, 0)), *settings.hair_spread)


def _pigment_spread(
    courses: Courses, weight: FloatColumn, mean: FloatColumn, settings: CourseSettings
) -> FloatColumn:
    """SD of the dots' own ratios per photo, noise taken off, within what fading dots do."""
    mass = weight * courses.amount * courses.seen
    excess = (courses.ratios - mean[:, None]) ** 2 - np.nan_to_num(courses.noise) ** 2
    variance = (mass * excess).sum(axis=1) / np.maximum(mass.sum(axis=1), 1e-12)
    most = np.maximum(settings.pigment_spread_share * np.abs(1 - mean), settings.pigment_sd)
    spread: FloatColumn = np.clip(np.sqrt(np.maximum(variance, 0)), settings.pigment_sd, most)
    return spread
