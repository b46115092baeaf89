"""Places beside a surer place, so near that both may be one dot.

A dot that a hair crosses shows two maxima, and the neighbours' good opinion, which raises every place that
stands among dots, lists both. Nearer than about one width of a dot there is hardly room for a second one. So
there only what the pictures show of the place itself counts, and it must show the more, the fewer dots would
stand so near by chance: in dense work true pairs are common, in sparse work they are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.results import FloatColumn


@dataclass(frozen=True)
class SecondSettings:
    """When a place is one of two, and what it must show to be a dot of its own.

    In 14 rendered series (own seeds 92 and 93, six sorts, hairy 94 and 95) second places that are dots have a
    median of 3.6 to 5.9 in log-odds by all photos, those that are none of -2.1 to 2.0.
    """

    reach_fwhm: float = 1.3
    """Distance in widths of a dot up to which two places may be one."""
    rarity_share: float = 2.0
    """Log-odds asked for by each unit of the logarithm by which a second dot is rare; 1 if the pictures' word were
    exact."""
    most_asked: float = 4.0
    look_share: float = 2.0
    """So much less is asked for where the baseline alone speaks: it is less sure of anything."""
    neighbours: int = 7
    """Places by whose distance the number of dots to an area is told."""


def expected_beside(xy_px: FloatColumn, reach_px: float, neighbours: int = 7) -> float:
    """How many others would lie within reach of a place, stood they at random, as many to an area as they are."""
    if len(xy_px) <= neighbours:
        return 0.0
    distance = np.asarray(cKDTree(xy_px).query(xy_px, k=neighbours + 1)[0])
    farthest = distance[:, -1]
    area = float(np.median(np.square(farthest)))
    return neighbours * reach_px**2 / area if area > 0 else 0.0


def doubtful_seconds(
    look: FloatColumn, xy_px: FloatColumn, reach_px: float, least_look: float
) -> NDArray[np.bool_]:
    """Places that stand within reach of a surer one and show too little of their own, shape (n,).

    Parameters
    ----------
    look : ndarray of shape (n,)
        Log-odds of a dot by what pictures show of each place, its neighbours unasked.
    xy_px : ndarray of shape (n, 2)
        The places that would be listed.
    reach_px : float
    least_look : float
        What is surer than this stays, whatever stands beside it.
    """
    doubtful = np.zeros(len(look), bool)
    pairs = cKDTree(xy_px).query_pairs(reach_px, output_type="ndarray")
    if not len(pairs):
        return doubtful
    # From the surest on: a place falls only by one that stays. Of equal ones the first stays.
    rank = np.empty(len(look), np.intp)
    rank[np.argsort(-look, kind="stable")] = np.arange(len(look))
    surer, second = np.take_along_axis(pairs, np.argsort(rank[pairs], axis=1), axis=1).T
    weak = look[second] < least_look
    surer, second = surer[weak], second[weak]
    while True:
        fall = np.zeros(len(look), bool)
        fall[second[~doubtful[surer]]] = True
        if (fall == doubtful).all():
            return doubtful
        doubtful = fall
