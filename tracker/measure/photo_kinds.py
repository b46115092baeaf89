"""Which spots of one photo are dots: by what each looks like beside the others, and by its neighbours.

Detection judges spots by a few numbers of their shape, which is enough to find the treated area. Here two things
speak, as log-odds that add up:

- *look*: the network of `crowd_look` sees every spot's neighbourhood, and how strong and broad the spot is beside the
  photo's other spots;
- *neighbours*: hair grows everywhere, pigment lies in areas.

No series is asked: a shaved root that is like a dot in all of this passes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from tracker.measure.crowd_look import crowd_logit
from tracker.measure.detection import Detection, pigment_density
from tracker.measure.log_odds import chance, held, logit
from tracker.measure.luminance import SrgbArray
from tracker.measure.peaks import FWHM_PER_SIGMA
from tracker.measure.results import FloatColumn, Kind


@dataclass(frozen=True)
class PhotoKindSettings:
    """From which chance on a spot is what."""

    dot: float = 0.8
    """From here on a spot is a dot, as in a series."""
    hair: float = 0.5
    """Below, it is a hair, or something else that is more likely no dot than one."""
    neighbours: int = 40
    """Spots whose chances are asked, the spot itself among them."""
    rounds: int = 25
    """At most."""
    settled: float = 1e-4
    """Mean change of the chances by a round that ends it."""


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
    look = crowd_logit(pigment_density(srgb), dots.x_px, dots.y_px, dots.fwhm_px, sigma_px)
    is_dot = _beside_neighbours(look, dots.xy_px, settings)
    kind = np.full(len(look), Kind.UNDECIDED, np.int8)
    kind[is_dot >= settings.dot] = Kind.DOT
    kind[is_dot < settings.hair] = Kind.HAIR
    return replace(detection, dots=replace(dots, kind=kind, hair_probability=1 - is_dot))


def _beside_neighbours(
    look: FloatColumn, xy_px: FloatColumn, settings: PhotoKindSettings
) -> FloatColumn:
    """Chance of a dot for each spot; the share of dots around it is what is known beforehand."""
    near = cKDTree(xy_px).query(xy_px, k=min(settings.neighbours, len(look)))[1]
    near = np.asarray(near).reshape(len(look), -1)
    is_dot = chance(look)
    for _ in range(settings.rounds):
        before = is_dot
        is_dot = chance(look + logit(held(before[near].mean(axis=1))))
        if np.abs(is_dot - before).mean() < settings.settled:
            break
    return is_dot
