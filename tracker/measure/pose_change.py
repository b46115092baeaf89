"""How far the head was turned between two aligned photos, from the map alone.

Three things tell: skin seen more obliquely is squeezed in one direction, skin on one side grows
while the other shrinks, and skin that turned out of view has no partner. Each alone is blunt: on a
curved head a turn of 25 degrees can squeeze as much as one of 40 does elsewhere, and a closer photo
has little overlap without any turn. Together they tell the two apart. Dots seen much more obliquely
than before overlap, shine and hide behind stubble: a photo from another side is no proof, however
well it aligns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.registration import NotRegistered, Registration

GRID = 40
"""Places along each side at which the stretch is read."""
OVERLAP_SHARE = 0.3
GROWTH_SHARE = 0.15
"""Weights of overlap and uneven growth beside the squeeze."""
LEAST_FACING = 0.635
"""Under this sum a photo is refused. Rendered turns of 40 degrees gave 0.38 to 0.62; of 25 degrees
(18 about two axes) 0.65 to 0.72, but 0.57 in a photo of the whole head; real pairs 0.86 and more."""


@dataclass(frozen=True)
class Shape:
    """What the map does to small squares of skin, over the trusted skin.

    `squeeze`: median ratio of the smaller to the larger stretch, 1 is no turn. `growth`: the
    area that nine tenths of the places stay below over the area that one tenth does.
    """

    squeeze: float
    growth: float


def local_shape(registration: Registration) -> Shape:
    """Squeeze and uneven growth of a map."""
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
        return Shape(1.0, 1.0)
    stretch = np.linalg.svd(jacobian, compute_uv=False)
    area = stretch.prod(axis=1)
    small, large = np.percentile(area, [10, 90])
    return Shape(float(np.median(stretch[:, 1] / stretch[:, 0])), float(large / max(small, 1e-9)))


def refuse_turned(result: Registration | NotRegistered) -> Registration | NotRegistered:
    """The registration, or a refusal where the head was turned too far between the photos."""
    if isinstance(result, NotRegistered):
        return result
    shape = local_shape(result)
    facing = shape.squeeze + OVERLAP_SHARE * result.overlap - GROWTH_SHARE * shape.growth
    if facing >= LEAST_FACING:
        return result
    return NotRegistered(
        f"turned too far: only {result.overlap:.0%} of the skin is seen alike; "
        "photograph it from the baseline's side",
        result.evidence | {"squeeze": shape.squeeze, "growth": shape.growth, "facing": facing},
    )
