"""The project's own card: where its marker, grey patches and blank paper lie, and what they reflect.

The sheet that is printed (`report.marker_sheet`) is drawn from this layout, and a photo's card is
read by it (`measure.colour_card`). Lengths are mm from the card's upper left corner, x right, y down.
"""

from __future__ import annotations

import numpy as np

from tracker.measure.results import FloatColumn

CARD_MM = (85.0, 54.0)
"""Of a bank card: it lies flat beside the head."""
DICTIONARY, MARKER_ID = "DICT_4X4_50", 7
MARKER_MM = 20.0
"""Side of the printed marker: what `marker_mm` is to be set to."""
MARKER_CORNER_MM = (6.0, 6.0)
GREYS = (0.95, 0.80, 0.62, 0.44, 0.27, 0.12)
"""Grey of the patches in sRGB codes over 255, from light to dark."""
PATCH_MM = (7.0, 14.0)
PATCH_CORNER_MM, PATCH_PITCH_MM = (32.0, 6.0), 8.0

PAPER_REFLECTANCE = np.array([0.86, 0.86, 0.89])
"""Red, green, blue of office paper: L* about 94, between cream paper and brightened paper (b* 0 to
-8, the latter only in daylight). Our own choice; what it may be off by is `PAPER_SD`."""
PAPER_SD = np.array([0.02, 0.02, 0.03])
"""Density; two thirds of it is common to the channels, the rest is the paper's own colour."""
BLACK_REFLECTANCE = 0.045
"""Of printed black on plain paper, density 1.35: office printers reach 1.2 to 1.5."""
PRINT_TONE_SD = 0.12
"""Share of their density by which all printed greys may be too dark or too light: drivers and toners
differ. Our own choice; the paper between them anchors the light end."""


def marker_corners_mm() -> FloatColumn:
    """Corners of the marker, (4, 2), in the order in which OpenCV names them."""
    left, top = MARKER_CORNER_MM
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    return np.array([left, top]) + MARKER_MM * square


def outline_mm() -> FloatColumn:
    """Corners of the card, (4, 2)."""
    width, height = CARD_MM
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])


def patch_boxes_mm() -> FloatColumn:
    """Left, top, right, bottom of the grey patches, (6, 4), from light to dark."""
    left, top = PATCH_CORNER_MM
    starts = left + PATCH_PITCH_MM * np.arange(len(GREYS))
    full = np.full(len(GREYS), top)
    return np.column_stack([starts, full, starts + PATCH_MM[0], full + PATCH_MM[1]])


def paper_boxes_mm() -> FloatColumn:
    """Squares of 2.4 mm where the card is blank, (n, 4): around the patches and the marker."""
    middles: list[tuple[float, float]] = [(x, 3.2) for x in range(12, 82, 8)]
    middles += [(x, y) for y in (31.5, 36.5) for x in range(8, 82, 8)]
    middles += [(3.2, 14.0), (3.2, 24.0), (81.8, 12.0), (81.8, 20.0), (81.8, 28.0)]
    middles += [(29.0, 8.0), (29.0, 14.0), (29.0, 20.0)]
    middles += [(x, 22.0) for x in range(36, 80, 8)]
    at = np.array(middles, float)
    return np.column_stack([at - 1.2, at + 1.2])


def patch_densities() -> FloatColumn:
    """Density of the printed patches, (6, 3): as an office printer maps grey codes.

    The light of a code is laid between the paper's own and printed black, as black point
    compensation does (ISO 18619): ``R = black + (paper - black) * linear(code)``.
    """
    code = np.array(GREYS)
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)[:, None]
    reflectance = BLACK_REFLECTANCE + (PAPER_REFLECTANCE - BLACK_REFLECTANCE) * linear
    return np.asarray(-np.log10(reflectance), np.float64)


def patch_sds() -> FloatColumn:
    """What a single printed patch may be off by, density, (6,), beside what all share."""
    return np.asarray(0.01 + 0.03 * patch_densities().mean(axis=1), np.float64)
