"""Which spots of one photo are dots: by look, width and colour, and by their neighbours.

Detection judges spots by a few numbers of their shape, which is enough to find the treated area. Here three things
speak, as log-odds that add up:

- *look*: the network of `spot_look` sees every spot's neighbourhood;
- *width and colour*: pigment under the skin is broader than a shaved root, and bluer: it takes less blue light for as
  much red. How broad and how blue either is differs from photo to photo, so both populations are learnt from the
  photo itself, from the spots that count as dots so far and from the others;
- *neighbours*: hair grows everywhere, pigment lies in areas.

No series is asked: a shaved root that is like a dot in all of this passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.detection import Detection, pigment_density
from tracker.measure.log_odds import chance, held, logit, told_by_two_kinds
from tracker.measure.luminance import SrgbArray, channel_density
from tracker.measure.peaks import FWHM_PER_SIGMA
from tracker.measure.results import Dots, FloatColumn, Kind
from tracker.measure.spot_look import cut_out, dot_logit

RED, BLUE = 0, 2
FAINTEST = 1e-3
"""Least strength in red, optical density, by which blue is divided."""
BLUEST, BROWNEST = 0.0, 3.0
"""Bounds on blue over red strength."""


@dataclass(frozen=True)
class PhotoKindSettings:
    """From which chance on a spot is what, and how much each witness may say."""

    dot: float = 0.8
    """From here on a spot is a dot, as in a series."""
    hair: float = 0.5
    """Below, it is a hair, or something else that is more likely no dot than one."""
    neighbours: int = 40
    """Spots whose chances are asked, the spot itself among them."""
    rounds: int = 25
    settling_rounds: int = 5
    """The populations are learnt only after these rounds of look and neighbours alone."""
    most_said: float = 2.0
    """Log-odds that width and colour may have, each and together."""
    width_spread: tuple[float, float] = (0.1, 0.6)
    """SD of the logarithm of the width of dots, and of hairs: at least and at most."""
    colour_spread: tuple[float, float] = (0.05, 0.6)
    """SD of blue over red strength."""
    prior_spots: float = 100.0
    """A kind starts with so many spots that are as all spots of the photo are on average: of a few hairs amid dots, or
    in a noisy close-up, nothing can be learnt. In a real close-up without hair 1 to 4 of 92 dots were lost else."""


@dataclass(frozen=True, eq=False)
class _Trait:
    """A number of every spot that dots and hairs have in common with their kind, and the bounds of its SD."""

    value: FloatColumn
    spread: tuple[float, float]


def told_apart(
    detection: Detection, srgb: SrgbArray, settings: PhotoKindSettings = PhotoKindSettings()
) -> Detection:
    """The same spots, told apart by what the photo shows of each.

    Parameters
    ----------
    detection : Detection
        Spots of the photo.
    srgb : ndarray of shape (H, W, 3)
        The photo.

    Returns
    -------
    Detection
        With `kind` and `hair_probability` anew; the one that was given where no crowd of pigment-like spots stands
        out, since looks alone would find dots on any skin.
    """
    dots = detection.dots
    if not (dots.kind == Kind.DOT).any():
        return detection
    sigma_px = detection.fwhm_px / FWHM_PER_SIGMA
    look = dot_logit(pigment_density(srgb), dots.x_px, dots.y_px, sigma_px)
    width = _Trait(np.log(dots.fwhm_px), settings.width_spread)
    colour = _Trait(_blue_over_red(dots, srgb, sigma_px), settings.colour_spread)
    is_dot = _by_all(look, (width, colour), dots.xy_px, settings)
    kind = np.full(len(look), Kind.UNDECIDED, np.int8)
    kind[is_dot >= settings.dot] = Kind.DOT
    kind[is_dot < settings.hair] = Kind.HAIR
    return replace(detection, dots=replace(dots, kind=kind, hair_probability=1 - is_dot))


def _blue_over_red(dots: Dots, srgb: SrgbArray, sigma_px: float) -> FloatColumn:
    """Strength of each spot in blue light over that in red."""
    blue, red = (
        cut_out(channel_density(srgb, channel), dots.x_px, dots.y_px, sigma_px)[1]
        for channel in (BLUE, RED)
    )
    return np.clip(blue / np.maximum(red, FAINTEST), BLUEST, BROWNEST).astype(np.float64)


def _by_all(
    look: FloatColumn, traits: Sequence[_Trait], xy_px: FloatColumn, settings: PhotoKindSettings
) -> FloatColumn:
    """Chance of a dot for each spot; the share of dots around it is what is known beforehand."""
    near = cKDTree(xy_px).query(xy_px, k=min(settings.neighbours, len(look)))[1]
    near = np.asarray(near).reshape(len(look), -1)
    is_dot, said = chance(look), np.zeros(len(look))
    for number in range(settings.rounds):
        is_dot = chance(look + said + logit(held(is_dot[near].mean(axis=1))))
        if number >= settings.settling_rounds:
            parts = [_said_by(trait, is_dot, settings) for trait in traits]
            said = np.clip(np.sum(parts, axis=0), -settings.most_said, settings.most_said)
    return is_dot


def _said_by(trait: _Trait, is_dot: FloatColumn, settings: PhotoKindSettings) -> FloatColumn:
    """Log-odds of a dot by a trait."""
    said, _ = told_by_two_kinds(trait.value, is_dot, trait.spread, prior=settings.prior_spots)
    return np.clip(said, -settings.most_said, settings.most_said)
