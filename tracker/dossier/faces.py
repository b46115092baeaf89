"""Whether a face is left in a picture that is to be shown.

OpenCV's frontal-face cascade (LBP), in the file that scikit-image ships and by its detector:
OpenCV 5 has neither cascades nor their files in its wheel. It finds whole frontal faces, not
profiles or half a face: a person has to look as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade

from tracker.measure.luminance import SrgbArray
from tracker.report.overlays import shrink

SEARCH_PX = 640
LEAST_FACE = 0.12
"""Of the picture's shorter side: a smaller face is no one who was photographed."""


@dataclass(frozen=True)
class Face:
    """A face's box in pixels of the picture."""

    left: int
    top: int
    width: int
    height: int


@lru_cache(maxsize=1)
def _detector() -> Cascade:
    return Cascade(lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]


def find_faces(srgb: SrgbArray) -> tuple[Face, ...]:
    """Frontal faces in a picture, upright or turned by quarter turns.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)

    Returns
    -------
    tuple of Face
        Empty where none was found, which proves nothing.
    """
    small, scale = shrink(srgb, SEARCH_PX)
    found: list[Face] = []
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(small, turns))
        shorter = min(turned.shape[:2])
        least = max(24, round(LEAST_FACE * shorter))
        if shorter <= least:
            continue
        # The detector wants the local contrast of a plain photo.
        even = cv2.equalizeHist(cv2.cvtColor(turned, cv2.COLOR_RGB2GRAY))
        boxes = _detector().detect_multi_scale(
            img=even,
            scale_factor=1.2,
            step_ratio=1.0,
            min_size=(least, least),
            max_size=(shorter, shorter),
        )
        found += [_upright(box, turns, small.shape[:2], scale) for box in boxes]
    return tuple(dict.fromkeys(found))


def _upright(box: dict[str, int], turns: int, shape: tuple[int, int], scale: float) -> Face:
    """A box of the turned picture in pixels of the picture as it was."""
    height, width = shape
    row, column, tall, wide = box["r"], box["c"], box["height"], box["width"]
    if turns == 1:
        row, column, tall, wide = column, width - row - tall, wide, tall
    elif turns == 2:
        row, column = height - row - tall, width - column - wide
    elif turns == 3:
        row, column, tall, wide = height - column - wide, row, wide, tall
    return Face(*(round(value / scale) for value in (column, row, wide, tall)))
