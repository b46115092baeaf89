"""How far the head was turned between two aligned photos, from the map alone.

Skin seen more obliquely is squeezed in one direction. The ratio of the map's smaller to its
larger local stretch is the cosine of the turn where one of the photos faces the skin; its median
over the skin is blunt but needs no camera. Dots seen much more obliquely than before overlap,
shine and hide behind stubble: a photo from another side is no proof, however well it aligns.
"""

from __future__ import annotations

import numpy as np

from tracker.measure.registration import NotRegistered, Registration

GRID = 40
"""Places along each side at which the stretch is read."""
LEAST_RATIO = 0.79
"""Median squeeze at which a photo is refused: a 40 degree turn gives 0.73 to 0.79 mostly, hand-held
photos of one view (18 degrees each way at the most) 0.80 and more."""


def squeeze(registration: Registration) -> float:
    """Median ratio of smaller to larger local stretch over the trusted skin; 1 is no turn."""
    height, width = registration.reference_shape
    step_px = max(height, width) / GRID / 4
    grid_x, grid_y = np.meshgrid(np.linspace(0, width - 1, GRID), np.linspace(0, height - 1, GRID))
    places = np.column_stack([grid_x.ravel(), grid_y.ravel()])
    right, left, below, above = (
        registration.map_points(places + np.array(offset) * step_px)
        for offset in ((1, 0), (-1, 0), (0, 1), (0, -1))
    )
    jacobian = np.stack([right - left, below - above], axis=-1) / (2 * step_px)
    jacobian = jacobian[np.isfinite(jacobian).all(axis=(1, 2))]
    if len(jacobian) == 0:
        return 1.0
    stretch = np.linalg.svd(jacobian, compute_uv=False)
    return float(np.median(stretch[:, 1] / stretch[:, 0]))


def refuse_turned(result: Registration | NotRegistered) -> Registration | NotRegistered:
    """The registration, or a refusal where the head was turned too far between the photos."""
    if isinstance(result, NotRegistered):
        return result
    ratio = squeeze(result)
    if ratio >= LEAST_RATIO:
        return result
    turn_deg = float(np.degrees(np.arccos(ratio)))
    return NotRegistered(
        f"the head is turned by about {turn_deg:.0f} degrees: photograph it from the baseline's side",
        result.evidence | {"squeeze": ratio},
    )
