"""How far the head was turned between two aligned photos, from the map alone.

Skin seen more obliquely is squeezed in one direction, and skin that turned out of view has no
partner. Either alone is blunt: on a curved head a turn of 25 degrees can squeeze as much as one of
40 does elsewhere, and a closer photo has little overlap without any turn. Together they tell the
two apart. Dots seen much more obliquely than before overlap, shine and hide behind stubble: a
photo from another side is no proof, however well it aligns.
"""

from __future__ import annotations

import numpy as np

from tracker.measure.registration import NotRegistered, Registration

GRID = 40
"""Places along each side at which the stretch is read."""
OVERLAP_SHARE = 0.3
"""Weight of the overlap beside the squeeze."""
LEAST_FACING = 0.875
"""Squeeze plus weighted overlap under which a photo is refused. Rendered turns of 40 degrees gave
0.78 to 0.86, of 25 degrees (18 about two axes) 0.89 to 0.97; real pairs 1.06 and more."""


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
    facing = ratio + OVERLAP_SHARE * result.overlap
    if facing >= LEAST_FACING:
        return result
    return NotRegistered(
        f"turned too far: only {result.overlap:.0%} of the skin is seen alike; "
        "photograph it from the baseline's side",
        result.evidence | {"squeeze": ratio, "facing": facing},
    )
