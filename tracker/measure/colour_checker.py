"""The ColorChecker Classic with 24 patches: what its patches are, and finding it in a photo."""

from __future__ import annotations

import cv2
import numpy as np

from tracker.measure.luminance import SrgbArray
from tracker.measure.results import FloatColumn

COLUMNS, ROWS = 6, 4
NEUTRAL = slice(18, 24)
"""The last row, from white to black."""
MUTED = np.array([0, 1, 2, 3, 4])
"""Dark skin, light skin, blue sky, foliage, blue flower: colours no stronger than skin's."""
EDITION_SD = 0.012
"""Density: by how much the editions before and after November 2014, and charts among each other,
differ in the neutral row (white: L* 96.5 and 95.2, b* 1.2 and 2.9)."""
LAB_D50 = np.array(
    [
        [37.54, 14.37, 14.92],
        [64.66, 19.27, 17.50],
        [49.32, -3.82, -22.54],
        [43.46, -12.74, 22.72],
        [54.94, 9.61, -24.79],
        [70.48, -32.26, -0.37],
        [62.73, 35.83, 56.50],
        [39.43, 10.75, -45.17],
        [50.57, 48.64, 16.67],
        [30.10, 22.54, -20.87],
        [71.77, -24.13, 58.19],
        [71.51, 18.24, 67.37],
        [28.37, 15.42, -49.80],
        [54.38, -39.72, 32.27],
        [42.43, 51.05, 28.62],
        [81.80, 2.67, 80.41],
        [50.63, 51.28, -14.12],
        [49.57, -29.71, -28.32],
        [95.19, -1.03, 2.93],
        [81.29, -0.57, 0.44],
        [66.89, -0.75, -0.06],
        [50.76, -0.13, 0.14],
        [35.63, -0.46, -0.48],
        [20.64, 0.07, -0.46],
    ]
)
"""L*, a*, b* (D50, 2 degrees) as published by X-Rite for charts of November 2014 and newer ("New
color specifications for ColorChecker SG and Classic charts"), row by row from dark skin to black."""

CHART_LONG_SIDE_PX = 640
"""The chart is searched for on a copy reduced to this: patches of 10 px are enough, and a photo
without a chart costs 20 ms."""


def patch_linear() -> FloatColumn:
    """Linear sRGB light of the patches, (24, 3), white adapted from D50 to D65 (Bradford)."""
    lightness = (LAB_D50[:, 0] + 16) / 116
    cube_roots = np.column_stack(
        [lightness + LAB_D50[:, 1] / 500, lightness, lightness - LAB_D50[:, 2] / 200]
    )
    ratio = np.where(cube_roots > 6 / 29, cube_roots**3, 3 * (6 / 29) ** 2 * (cube_roots - 4 / 29))
    xyz = ratio * np.array([0.96422, 1.0, 0.82521])
    # IEC 61966-2-1 primaries, Bradford-adapted to D50 (as in ICC sRGB profiles).
    to_srgb = np.array(
        [
            [3.1338561, -1.6168667, -0.4906146],
            [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
    )
    # Cyan lies a little outside sRGB.
    return np.asarray(np.clip(xyz @ to_srgb.T, 0.001, 1.0), np.float64)


def find_chart(small: SrgbArray) -> FloatColumn | None:
    """Middles of the 24 patches in a reduced picture, (24, 2), or None.

    The search is OpenCV's (`cv2.mcc.CCheckerDetector`): quadrilaterals that lie in a grid, turned
    until their colours agree with the chart's.

    Parameters
    ----------
    small : ndarray of uint8, shape (h, w, 3)
        Long side about `CHART_LONG_SIDE_PX`.
    """
    detector = cv2.mcc.CCheckerDetector.create()
    detector.setColorChartType(cv2.mcc.MCC24)
    settings = detector.getDetectionParams()
    # Left at its default the detector enlarges whatever it is given, and three windows do for ten.
    settings.minImageSize = 100
    settings.adaptiveThreshWinSizeMin = 13
    settings.adaptiveThreshWinSizeMax = 93
    settings.adaptiveThreshWinSizeStep = 40
    detector.setDetectionParams(settings)
    if not detector.process(cv2.cvtColor(small, cv2.COLOR_RGB2BGR), 1):
        return None
    quads = np.asarray(detector.getBestColorChecker().getColorCharts(), np.float64)
    return np.asarray(quads.reshape(COLUMNS * ROWS, 4, 2).mean(axis=1), np.float64)
