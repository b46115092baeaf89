"""Hints on a new photo: the right one for each way in which it differs from the first."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.measure.painted_skin import paint
from tracker.capture_hints import check_capture
from tracker.measure.luminance import SrgbArray

SIDE = 520
WHOLE = paint(size=SIDE + 280, seed=6).srgb
CORNER = 140
MIDDLE = (SIDE + 280 - 1) / 2


def photo(
    zoom: float = 1.0, turn_deg: float = 0.0, shift: tuple[float, float] = (0, 0)
) -> SrgbArray:
    """The skin enlarged, turned (clockwise in the picture) and moved (right, down)."""
    affine = cv2.getRotationMatrix2D((MIDDLE, MIDDLE), -turn_deg, zoom)
    affine[:, 2] += np.array(shift) * SIDE
    moved = cv2.warpAffine(WHOLE, affine, WHOLE.shape[1::-1], flags=cv2.INTER_CUBIC)
    return np.asarray(moved[CORNER : CORNER + SIDE, CORNER : CORNER + SIDE], np.uint8)


FIRST = photo()


def test_a_photo_like_the_first_one_needs_no_hint() -> None:
    check = check_capture(FIRST, photo(1.02, 1.0, (0.01, -0.02)), first_px_per_dot=5.0)
    assert check.hints == ()
    assert check.aligned
    assert check.zoom == pytest.approx(1.02, abs=0.01)
    assert check.px_per_dot == pytest.approx(5.1, abs=0.1)


@pytest.mark.parametrize(
    ("taken", "hint"),
    [
        ({"zoom": 0.8}, "Move closer: the head is 20 % smaller than in the first photo."),
        ({"zoom": 1.25}, "Move back a little: the head is 25 % larger"),
        ({"turn_deg": 9.0}, "Turn the camera 9° clockwise."),
        ({"turn_deg": -9.0}, "Turn the camera 9° anticlockwise."),
        ({"shift": (0.12, 0.0)}, "Point the camera more to the right."),
        ({"shift": (0.0, -0.12)}, "Point the camera more upwards."),
    ],
)
def test_place_and_size_are_told(taken: dict[str, object], hint: str) -> None:
    check = check_capture(FIRST, photo(**taken))  # type: ignore[arg-type]
    assert check.aligned
    assert len(check.hints) == 1
    assert check.hints[0].startswith(hint)


def test_dots_too_small_are_the_first_thing_said() -> None:
    check = check_capture(FIRST, photo(0.85), first_px_per_dot=3.0)
    assert check.hints[0] == "Move closer: dots are 2.5 px wide, 4 are needed at least."


def test_a_soft_photo_is_told() -> None:
    soft = cv2.GaussianBlur(photo(), (0, 0), 2.0)
    check = check_capture(FIRST, soft)
    assert any(hint.startswith("Hold the phone still") for hint in check.hints)


def test_a_head_nearer_on_one_side_is_told() -> None:
    """Perspective: the right side of the picture is larger than the left one."""
    corners = np.float32([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]])
    leaning = np.float32([[25, 25], [SIDE, 0], [SIDE, SIDE], [25, SIDE - 25]])
    turned = cv2.warpPerspective(
        FIRST, cv2.getPerspectiveTransform(corners, leaning), (SIDE, SIDE), borderMode=1
    )
    hints = check_capture(FIRST, np.asarray(turned, np.uint8)).hints
    assert "Turn the head: its right side in the picture is nearer than at first." in hints


def test_what_cannot_be_laid_on_the_first_photo_says_why() -> None:
    other = paint(size=SIDE, seed=99).srgb
    check = check_capture(FIRST, other)
    assert not check.aligned
    assert "another head" in check.hints[0] or "photograph the same area" in check.hints[0]
    assert np.isnan(check.zoom)
    wall = np.full((SIDE, SIDE, 3), 235, np.uint8)
    assert not check_capture(FIRST, wall).aligned
