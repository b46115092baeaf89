from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracker.measure.scale import DICTIONARIES, find_marker_scale


def photo_of(dictionary: int, sides_px: list[int]) -> np.ndarray:
    picture = np.full((500, 700), 200, np.uint8)
    left = 60
    for number, side in enumerate(sides_px):
        marker = cv2.aruco.generateImageMarker(
            cv2.aruco.getPredefinedDictionary(dictionary), number, side
        )
        picture[120 : 120 + side, left : left + side] = marker
        left += side + 60
    blurred = cv2.GaussianBlur(picture, (0, 0), 0.8)
    return np.repeat(blurred[:, :, None], 3, axis=2)


@pytest.mark.parametrize("name", sorted(DICTIONARIES))
def test_scale_of_a_known_marker(name: str) -> None:
    scale = find_marker_scale(photo_of(DICTIONARIES[name], [120]), 20.0)
    assert scale is not None
    assert scale.mm_per_px == pytest.approx(20.0 / 120, rel=0.02)
    assert scale.dictionary == name


def test_markers_at_different_distances_widen_the_spread() -> None:
    scale = find_marker_scale(photo_of(DICTIONARIES["DICT_4X4_50"], [100, 120]), 20.0)
    assert scale is not None
    assert scale.n_markers == 2
    assert scale.relative_sd > 0.05


def test_no_marker_is_none() -> None:
    rng = np.random.default_rng(0)
    assert find_marker_scale(rng.integers(0, 255, (300, 300, 3)).astype(np.uint8), 20.0) is None


def test_sixteen_bit_works() -> None:
    deep = photo_of(DICTIONARIES["DICT_4X4_50"], [120]).astype(np.uint16) * 257
    assert find_marker_scale(deep, 20.0) is not None


@pytest.mark.parametrize("marker_mm", [0.0, -1.0, float("nan")])
def test_a_length_must_be_positive(marker_mm: float) -> None:
    with pytest.raises(ValueError, match="marker_mm must be a positive length"):
        find_marker_scale(np.zeros((10, 10, 3), np.uint8), marker_mm)


@pytest.mark.parametrize("code", [cv2.aruco.DICT_4X4_50, cv2.aruco.DICT_6X6_250])
def test_a_card_near_the_edge_of_the_photo_is_found(code: int) -> None:
    photo = np.full((500, 500, 3), 150, np.uint8)
    photo[10:190, 10:190] = 255
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(code), 7, 120)
    photo[40:160, 40:160] = marker[:, :, None]
    found = find_marker_scale(photo, 12.0)
    assert found is not None
    assert found.mm_per_px == pytest.approx(0.1, rel=0.02)
