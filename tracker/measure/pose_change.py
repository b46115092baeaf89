"""How far the head was turned between two aligned photos, from the map alone.

Two things tell: skin seen more obliquely is squeezed in one direction, and skin on one side grows
while the other shrinks. Each alone is blunt: on a curved head a turn of 25 degrees can squeeze as much as
one of 40 does elsewhere, and a flat place far from the camera does not grow. Overlap tells nothing: a closer
photo has little without any turn. Dots seen much more obliquely than before overlap, shine and hide
behind stubble: a photo from another side is no proof, however well it aligns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.registration import NotRegistered, Registration

GRID = 40
"""Places along each side at which the stretch is read."""
GROWTH_SHARE = 0.3
"""Weight of uneven growth beside the squeeze."""
LEAST_FACING = 0.195
"""Squeeze less weighed growth under which a photo is refused. Rendered turns of 37 to 46 degrees gave -0.06 to 0.19,
of 22 to 28 degrees mostly 0.20 to 0.45 (29 degrees: 0.18; 24 in dense work: 0.15; 27 and 28 in
photos of the whole head: 0.06 and 0.11). One of 35 degrees gave 0.203 and is measured: a limit of 0.21 would refuse
a photo of the sample clients that reads well."""
LEAST_SQUEEZE = 0.74
"""Refused whatever the growth: a flat place turned by 42 degrees."""


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
    facing = shape.squeeze - GROWTH_SHARE * shape.growth
    if facing >= LEAST_FACING and shape.squeeze >= LEAST_SQUEEZE:
        return result
    return NotRegistered(
        "turned too far: the skin is seen from another side; "
        "photograph it from the baseline's side",
        result.evidence | {"squeeze": shape.squeeze, "growth": shape.growth, "facing": facing},
    )
