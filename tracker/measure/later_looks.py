"""What the later photos of a series show of places, each photo by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photo_pigment import PhotoPigment
from tracker.measure.pigment_weight import LookAgain
from tracker.measure.results import FloatColumn
from tracker.measure.spot_look import dot_logit


def looks_of_photos(later: Sequence[tuple[PhotoPigment, FloatArray]], sigma_px: float) -> LookAgain:
    """What the later photos show of some of the places, each by itself."""

    def mean_look(chosen: BoolArray) -> FloatColumn:
        total, count = np.zeros(int(chosen.sum())), np.zeros(int(chosen.sum()))
        for pigment, picture in later:
            x, y = pigment.places_px[chosen].T
            seen = np.isfinite(pigment.pigment[chosen])
            total += np.where(seen, dot_logit(np.nan_to_num(picture), x, y, sigma_px), 0.0)
            count += seen
        mean: FloatColumn = total / np.maximum(count, 1)
        return mean

    return mean_look
