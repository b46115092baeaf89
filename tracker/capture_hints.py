"""How a new photo stands to the first one, and what to do better, in plain words.

Pure: two pictures in, hints out. The hints are advice while the client is still there; whether a
photo is measured is decided by `analyse_series` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.measure.luminance import SrgbArray
from tracker.measure.quality import LEAST_PX_PER_DOT, PhotoQuality, judge_quality
from tracker.measure.registration import NotRegistered, Registration, extract_features, register
from tracker.measure.skin import find_skin

WANTED_PX_PER_DOT = 4.0
"""Dots this wide leave a margin over the least that is counted."""
ZOOM_TOLERANCE = 0.12
TURN_TOLERANCE_DEG = 5.0
SHIFT_TOLERANCE = 0.08
"""Of the photo's long side."""
LEAN_TOLERANCE = 0.05
"""By how much one half of the head may look larger against the other than in the first photo."""
GLARE_TOLERANCE = 0.05
SOFTER_THAN = 0.75
"""Sharpness over the first photo's, below which a photo is called softer."""


@dataclass(frozen=True)
class CaptureCheck:
    """Hints on a photo, the most important first; none where it is a good one.

    Attributes
    ----------
    hints : tuple of str
    aligned : bool
        Whether it lies on the first photo.
    zoom : float
        Size of the head against the first photo, both as shares of their pictures; NaN if not aligned.
    px_per_dot : float
        Width of a dot in this photo; NaN where it is not known.
    """

    hints: tuple[str, ...]
    aligned: bool
    zoom: float
    px_per_dot: float


def check_capture(
    first: SrgbArray, photo: SrgbArray, *, first_px_per_dot: float = float("nan")
) -> CaptureCheck:
    """Compare a new photo with the first one of its view.

    Parameters
    ----------
    first, photo : ndarray of shape (H, W, 3)
        Encoded sRGB pixels.
    first_px_per_dot : float
        Width of a dot in the first photo, where it was measured.
    """
    skin = find_skin(photo)
    quality = judge_quality(photo, skin, float("nan"))
    if quality.blocking:
        return CaptureCheck((_sentence(quality.blocking),), False, float("nan"), float("nan"))
    first_skin = find_skin(first)
    first_quality = judge_quality(first, first_skin, float("nan"))
    found = register(
        extract_features(first, first_skin.region), extract_features(photo, skin.region)
    )
    light = _light_hints(first_quality, quality)
    if isinstance(found, NotRegistered):
        return CaptureCheck((_sentence(found.reason), *light), False, float("nan"), float("nan"))
    pose = _pose(found)
    px_per_dot = first_px_per_dot * pose.zoom_px
    hints: list[str] = []
    if px_per_dot < WANTED_PX_PER_DOT:
        need = "needed at least" if px_per_dot < LEAST_PX_PER_DOT else "better"
        hints.append(
            f"Move closer: dots are {px_per_dot:.1f} px wide, {WANTED_PX_PER_DOT:.0f} are {need}."
        )
    elif abs(np.log(pose.zoom)) > ZOOM_TOLERANCE:
        percent = round(abs(pose.zoom - 1) * 100)
        hints.append(
            f"Move closer: the head is {percent} % smaller than in the first photo."
            if pose.zoom < 1
            else f"Move back a little: the head is {percent} % larger than in the first photo."
        )
    return CaptureCheck((*hints, *_pose_hints(pose), *light), True, pose.zoom, float(px_per_dot))


@dataclass(frozen=True)
class _Pose:
    """Shape of the map from the first photo to the new one."""

    zoom_px: float
    zoom: float
    turn_deg: float
    shift: tuple[float, float]
    lean: tuple[float, float]
    """ln of the zoom of the right over the left half, and of the lower over the upper one."""


def _pose(found: Registration) -> _Pose:
    height, width = found.reference_shape
    x, y = np.meshgrid(np.linspace(0, width - 1, 24), np.linspace(0, height - 1, 24))
    here = np.column_stack([x.ravel(), y.ravel()])
    there = found.map_points(here)
    seen = np.isfinite(there).all(axis=1)
    here, there = here[seen], there[seen]
    design = np.column_stack([here, np.ones(len(here))])
    affine = np.linalg.lstsq(design, there, rcond=None)[0].T
    zoom_px = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    turn = np.rad2deg(np.arctan2(affine[1, 0] - affine[0, 1], affine[0, 0] + affine[1, 1]))
    long_here, long_there = max(found.reference_shape), max(found.moving_shape)
    middle = here.mean(axis=0)
    where = middle / [width, height]
    moved = (affine[:, :2] @ middle + affine[:, 2]) / [
        found.moving_shape[1],
        found.moving_shape[0],
    ]
    return _Pose(
        zoom_px,
        zoom_px * long_here / long_there,
        float(turn),
        (float(moved[0] - where[0]), float(moved[1] - where[1])),
        (_lean(here, there, 0), _lean(here, there, 1)),
    )


def _lean(here: np.ndarray, there: np.ndarray, axis: int) -> float:
    """ln of the magnification beyond the middle over that before it, along an axis; 0 if unknown."""
    beyond = here[:, axis] > np.median(here[:, axis])
    if min(beyond.sum(), (~beyond).sum()) < 20:
        return 0.0
    zooms = []
    for part in (beyond, ~beyond):
        spread = [np.linalg.det(np.cov(points[part].T)) for points in (here, there)]
        if min(spread) <= 0:
            return 0.0
        zooms.append(0.25 * np.log(spread[1] / spread[0]))
    return float(zooms[0] - zooms[1])


def _pose_hints(pose: _Pose) -> list[str]:
    hints = []
    if abs(pose.turn_deg) > TURN_TOLERANCE_DEG:
        # The head is turned clockwise in the picture: the camera must follow it.
        way = "clockwise" if pose.turn_deg > 0 else "anticlockwise"
        hints.append(f"Turn the camera {abs(pose.turn_deg):.0f}° {way}.")
    right, down = pose.lean
    if abs(right) > LEAN_TOLERANCE:
        side = "right" if right > 0 else "left"
        hints.append(f"Turn the head: its {side} side in the picture is nearer than at first.")
    if abs(down) > LEAN_TOLERANCE:
        side = "lower" if down > 0 else "upper"
        hints.append(f"Tilt the head: its {side} part in the picture is nearer than at first.")
    for moved, ways in zip(pose.shift, (("right", "left"), ("down", "up")), strict=True):
        if abs(moved) > SHIFT_TOLERANCE:
            hints.append(f"Point the camera more to the {ways[0] if moved > 0 else ways[1]}.")
    return [
        hint.replace("to the down", "downwards").replace("to the up", "upwards") for hint in hints
    ]


def _light_hints(first: PhotoQuality, now: PhotoQuality) -> list[str]:
    hints = []
    if now.glare_share > first.glare_share + GLARE_TOLERANCE:
        hints.append("Softer light: no flash, and dry the scalp. It shines more than at first.")
    if now.focus < SOFTER_THAN * first.focus:
        hints.append(
            "Hold the phone still and tap to focus: it is less sharp than the first photo."
        )
    if now.clipped_share > first.clipped_share + GLARE_TOLERANCE:
        hints.append("Change the exposure: parts are too bright or too dark to be read.")
    return hints


def _sentence(words: str) -> str:
    said = words.strip().rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."
