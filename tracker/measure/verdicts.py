"""What a person said of single places of the baseline photo, laid over what was found there.

A place that is no dot stays in the catalogue: hair and dirt darken the skin, and the dots beside
them are only measured right where they are fitted along. It has no weight from then on, so it is
no dot of the list and no part of a fade. A dot that was missed becomes a place of its own, or the
place that was found there and taken for hair.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.catalogue import Catalogue
from tracker.measure.luminance import BoolArray
from tracker.measure.pigment_weight import PigmentWeights
from tracker.measure.results import FloatColumn


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Places a person judged, in the order in which it was said: of one place the last word counts.

    Attributes
    ----------
    xy_px : ndarray of shape (n, 2)
    is_dot : ndarray of shape (n,) of bool
        True for a dot of pigment, False for anything else.
    """

    xy_px: FloatColumn
    is_dot: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = len(self.is_dot)
        if self.xy_px.shape != (n, 2):
            raise ValueError(f"Verdicts.xy_px must have shape ({n}, 2), got {self.xy_px.shape}")

    def __len__(self) -> int:
        return len(self.is_dot)

    @classmethod
    def none(cls) -> Verdicts:
        return cls(np.empty((0, 2)), np.empty(0, bool))


def with_marked_dots(
    catalogue: Catalogue, verdicts: Verdicts, *, separation_px: float, shape: tuple[int, int]
) -> Catalogue:
    """The catalogue and the marked dots it misses.

    Parameters
    ----------
    catalogue : Catalogue
        Places found by themselves, frame pixels.
    verdicts : Verdicts
        In frame pixels.
    separation_px : float
        Marks closer than this to a place mean that place.
    shape : tuple of int
        (H, W) of the frame; marks outside it cannot be measured and are passed over.
    """
    marked = verdicts.xy_px[verdicts.is_dot]
    inside = ((marked >= 0) & (marked <= np.array([shape[1] - 1, shape[0] - 1]))).all(axis=1)
    marked = marked[inside]
    if len(catalogue) and len(marked):
        distance, _ = cKDTree(catalogue.xy_px).query(marked)
        marked = marked[np.asarray(distance) > separation_px]
    if len(marked) > 1:
        # Two marks on one dot are one dot: the first stays.
        pairs = cKDTree(marked).query_pairs(separation_px, output_type="ndarray")
        marked = np.delete(marked, np.unique(pairs[:, 1]) if len(pairs) else [], axis=0)
    if not len(marked):
        return catalogue
    # Even odds: the shape has no say, and the weight is the person's in any case.
    return Catalogue(
        np.concatenate([catalogue.xy_px, marked]),
        np.concatenate([catalogue.look, np.zeros(len(marked))]),
    )


def overruled(
    weights: PigmentWeights, xy_px: FloatColumn, verdicts: Verdicts, *, separation_px: float
) -> PigmentWeights:
    """The weights with the person's word at the places judged: 1 for a dot, 0 for anything else.

    Parameters
    ----------
    weights : PigmentWeights
        Of the places, shape (n,).
    xy_px : ndarray of shape (n, 2)
        The places.
    verdicts : Verdicts
    separation_px : float
        A verdict speaks of the nearest place within this distance, or of none.
    """
    place, said = _judged_places(xy_px, verdicts, separation_px)
    if not len(place):
        return weights
    columns = [getattr(weights, field.name).copy() for field in fields(weights)]
    for column in columns:
        # Of a place that is named twice NumPy keeps what was assigned last.
        column[place] = said
    return PigmentWeights(*columns)


def removed(xy_px: FloatColumn, verdicts: Verdicts, *, separation_px: float) -> BoolArray:
    """Places that the person says are no dots, shape (n,); as `overruled` finds them."""
    place, said = _judged_places(xy_px, verdicts, separation_px)
    no_dot = np.zeros(len(xy_px), bool)
    no_dot[place] = ~said
    return no_dot


def _judged_places(
    xy_px: FloatColumn, verdicts: Verdicts, separation_px: float
) -> tuple[NDArray[np.intp], BoolArray]:
    """Indices of the places that verdicts speak of, and whether each is called a dot."""
    if not len(verdicts) or not len(xy_px):
        return np.empty(0, np.intp), np.empty(0, bool)
    distance, nearest = (np.asarray(v) for v in cKDTree(xy_px).query(verdicts.xy_px))
    meant = distance <= separation_px
    return nearest[meant].astype(np.intp), verdicts.is_dot[meant]


def with_marked_area(
    treated: BoolArray, verdicts: Verdicts, radius_px: float, region: BoolArray
) -> BoolArray:
    """The treated area and the skin around marked dots that lie outside it.

    Parameters
    ----------
    treated, region : ndarray of shape (H, W) of bool
        Treated area and skin of the baseline photo.
    verdicts : Verdicts
        In pixels of the same photo.
    radius_px : float
        Reach around a marked dot.
    """
    height, width = treated.shape
    x, y = np.rint(verdicts.xy_px[verdicts.is_dot]).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = x[inside], y[inside]
    outside = ~treated[y, x]
    if not outside.any():
        return treated
    spots = np.zeros(treated.shape, np.uint8)
    spots[y[outside], x[outside]] = 1
    side = 2 * max(1, round(radius_px)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    widened: BoolArray = treated | ((cv2.dilate(spots, disc) > 0) & region)
    return widened
