"""The reduced picture of a photo: skin without dots and hairs, and where these were taken out."""

from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest

from tracker.measure.card_reading import NoCard
from tracker.measure.frame import MeasuringFrame
from tracker.view_analysis import PreparedPhoto, small_picture

SIDE = 400
DOT_PX = 5.0


def stubbly(dtype: type = np.uint8) -> np.ndarray:
    """Even skin with short dark strokes on its right half."""
    photo = np.full((SIDE, SIDE, 3), (180, 140, 110), np.uint8)
    rng = np.random.default_rng(1)
    for x, y in rng.integers(SIDE // 2 + 8, SIDE - 8, (300, 2)) - [0, SIDE // 4]:
        cv2.line(photo, (int(x), int(y)), (int(x) + 6, int(y) + 3), (70, 60, 50), 1, cv2.LINE_AA)
    return photo if dtype is np.uint8 else photo.astype(np.uint16) * 257


def prepared(photo: np.ndarray) -> PreparedPhoto:
    everywhere = np.ones((SIDE, SIDE), bool)
    skin = SimpleNamespace(region=everywhere, glare=~everywhere)
    return cast(
        "PreparedPhoto",
        SimpleNamespace(read=lambda: photo, skin=skin, card=NoCard(), shape=(SIDE, SIDE)),
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_hairs_are_taken_out_and_it_is_known_where(dtype: type) -> None:
    small = MeasuringFrame(0, 0, SIDE, SIDE, 0.5)
    picture = small_picture(prepared(stubbly(dtype)), small, None, DOT_PX)
    half = SIDE // 4
    assert np.abs(picture.skin - [180, 140, 110]).max() <= 2
    assert picture.hair.shape == picture.bright.shape == (SIDE // 2, SIDE // 2)
    assert (picture.hair[:, : half - 4] == 0).all()
    stubble = picture.hair[half // 2 : -half, half + 8 : -8]
    assert 0.01 < stubble.mean() < 0.3
    # Half of the green code and more is gone in the middle of a hair.
    assert stubble.max() > 0.2


def test_bald_skin_has_no_hair() -> None:
    plain = np.full((SIDE, SIDE, 3), (180, 140, 110), np.uint8)
    picture = small_picture(prepared(plain), MeasuringFrame(0, 0, SIDE, SIDE, 0.5), None, DOT_PX)
    assert (picture.hair == 0).all()
