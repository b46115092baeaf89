"""Which keypoint of one photo is which of another: windowed matching and consensus.

Descriptors of dots and stubble are alike all over a head, so a match is looked for only where it may be, and
its rivals are those of the same window. Wrong matches move at random, right ones like their neighbours:
matches that agree with each other form one large connected group, and no model has to be guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tracker.measure.features import Places
from tracker.measure.geometry import Points

RATIO = 0.85
"""A match's descriptor distance over the next best place's."""
NEAR_SHARE = 0.2
"""Two matches are compared when nearer than this share of the long side."""
FULLY_COMPARED = 600
"""Of more matches only nearer ones are compared."""
AGREE_PX = 3.0
AGREE_SLOPE = 0.12
AGREE_FAR_PX = 4.0
AGREE_FAR_SLOPE = 0.06
"""Displacements at distance d agree within min(3 + 0.12 d, 4 + 0.06 d) working px."""
NEIGHBOURS = 16
SMALLEST_TILE_PX = 80.0
"""Smaller tiles compare fewer pairs, but their number costs more."""


@dataclass(frozen=True, eq=False)
class Matches:
    """Indices into the reference and the moving keypoints, equal length."""

    reference: NDArray[np.intp]
    moving: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.reference)

    def __getitem__(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Matches:
        return Matches(self.reference[which], self.moving[which])


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best candidate of each reference keypoint within its window.

    `moving` is -1 where the window is empty; `similarity` and `rival` (the best elsewhere) are cosines.
    `chosen_by` is the reference keypoint that the moving keypoint finds most similar.
    """

    moving: NDArray[np.intp]
    similarity: NDArray[np.float32]
    rival: NDArray[np.float32]
    chosen_by: NDArray[np.intp]

    def matches(self, ratio: float = RATIO) -> Matches:
        """The mutual best candidates that stand out against their rivals."""
        reference = np.flatnonzero(self.moving >= 0)
        moving = self.moving[reference]
        nearest = _distance(self.similarity[reference])
        keep = (self.chosen_by[moving] == reference) & (
            nearest < ratio * _distance(self.rival[reference])
        )
        return Matches(reference[keep], moving[keep])


def _distance(cosine: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.maximum(2 - 2 * cosine, 0))


def find_candidates(
    reference: Places, moving: Places, predicted: Points, radius: float | NDArray[np.float64]
) -> Candidates:
    """The most similar moving keypoint within `radius` of where each reference keypoint should lie.

    Parameters
    ----------
    reference, moving : Places
        Keypoints of both photos, described alike.
    predicted : ndarray of shape (n, 2)
        Expected place of each reference keypoint in the moving picture.
    radius : float or ndarray of shape (n,)
        Half side of the square window; all finite, or all infinite for no window.
    """
    n, m = len(reference), len(moving)
    best = np.full(n, -1, np.intp)
    similarity = np.full(n, -1, np.float32)
    rival = np.full(n, -1, np.float32)
    back_best = np.full(m, -1, np.intp)
    back_similarity = np.full(m, -1, np.float32)
    reach = np.broadcast_to(np.asarray(radius, np.float64), (n,))
    if n and m:
        fixed, found = (p.descriptors.astype(np.float32) for p in (reference, moving))
        by_x = np.argsort(moving.xy[:, 0], kind="stable")
        sorted_x = moving.xy[by_x, 0]
        # Tiles near the window's size keep the compared share of all pairs small.
        whole = not np.isfinite(reach).all()
        side = np.inf if whole else max(SMALLEST_TILE_PX, float(np.median(reach)))
        tile = np.floor(predicted / side).astype(np.int64) if not whole else np.zeros((n, 2), int)
        key = tile[:, 1] * 100_000 + tile[:, 0]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
        for rows in np.split(order, starts[1:]):
            # An infinite reach compares everything with everything.
            low = predicted[rows].min(axis=0) - reach[rows].max()
            high = predicted[rows].max(axis=0) + reach[rows].max()
            strip = by_x[np.searchsorted(sorted_x, low[0]) : np.searchsorted(sorted_x, high[0])]
            y = moving.xy[strip, 1]
            columns = np.sort(strip[(y >= low[1]) & (y <= high[1])])
            if not len(columns):
                continue
            there = moving.xy[columns].astype(np.float32)
            cosine = fixed[rows] @ found[columns].T
            if np.isfinite(reach[rows[0]]):
                place = predicted[rows].astype(np.float32)
                apart = np.abs(place[:, 0, None] - there[:, 0])
                np.maximum(apart, np.abs(place[:, 1, None] - there[:, 1]), out=apart)
                np.putmask(cosine, apart > reach[rows, None].astype(np.float32), -1)
            top = cosine.argmax(axis=1)
            line = np.arange(len(rows))
            value = cosine[line, top]
            back = cosine.argmax(axis=0)
            back_value = cosine[back, np.arange(len(columns))]
            better = back_value > back_similarity[columns]
            back_similarity[columns[better]] = back_value[better]
            back_best[columns[better]] = rows[back[better]]
            cosine[line, top] = -1
            similarity[rows] = value
            rival[rows] = cosine.max(axis=1)
            best[rows] = np.where(value > -1, columns[top], -1)
    return Candidates(best, similarity, rival, back_best)


def largest_agreeing_group(xy: Points, displacement: Points, long_side: float) -> NDArray[np.bool_]:
    """Mark the largest group of matches that agree with their neighbours (see `AGREE_PX`)."""
    n = len(xy)
    if n < 2:
        return np.zeros(n, bool)
    # Many matches stand close: fewer neighbours each keep them as well connected, at a bounded cost.
    near = NEAR_SHARE * long_side * min(1.0, (FULLY_COMPARED / n) ** 0.5)
    pairs = cKDTree(xy).query_pairs(near, output_type="ndarray")
    first, second = pairs[:, 0], pairs[:, 1]
    distance = np.hypot(*(xy[first] - xy[second]).T)
    difference = np.hypot(*(displacement[first] - displacement[second]).T)
    agree = difference < np.minimum(
        AGREE_PX + AGREE_SLOPE * distance, AGREE_FAR_PX + AGREE_FAR_SLOPE * distance
    )
    graph = sp.coo_array((np.ones(int(agree.sum())), (first[agree], second[agree])), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    group: NDArray[np.bool_] = label == np.bincount(label).argmax()
    return group


def neighbours_agree(
    xy: Points, residual: Points, tolerance: float, slope: float, least_share: float
) -> NDArray[np.bool_]:
    """Keep matches with whose residual enough of their nearest neighbours agree.

    A neighbour at distance d agrees within `tolerance` + `slope` * d.
    """
    n = len(xy)
    if n < 4:
        return np.zeros(n, bool)
    k = min(NEIGHBOURS, n - 1)
    distance, near = (np.asarray(found) for found in cKDTree(xy).query(xy, k + 1))
    difference = residual[near[:, 1:]] - residual[:, None, :]
    agree = np.hypot(difference[..., 0], difference[..., 1]) < tolerance + slope * distance[:, 1:]
    keep: NDArray[np.bool_] = agree.mean(axis=1) >= least_share
    return keep
