"""The reduced picture of a photo: skin without dots and hairs, and where these were taken out."""

from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest

from tracker.measure.card_reading import NoCard
from tracker.measure.frame import MeasuringFrame
from tracker.measure.registration import Registration
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
    everywhere = np.ones(photo.shape[:2], bool)
    skin = SimpleNamespace(region=everywhere, glare=~everywhere)
    return cast(
        "PreparedPhoto",
        SimpleNamespace(read=lambda: photo, skin=skin, card=NoCard(), shape=photo.shape[:2]),
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


class Scaled:
    """A map from the baseline to a photo that shows everything `zoom` times as large."""

    def __init__(self, zoom: float) -> None:
        self.zoom = zoom

    def map_points(self, xy_px: np.ndarray) -> np.ndarray:
        return (np.asarray(xy_px) + 0.5) * self.zoom - 0.5


def blotchy(seed: int = 4) -> np.ndarray:
    """Skin with blotches some three dots wide, which closing with too large a disc fills."""
    rng = np.random.default_rng(seed)
    blotches = cv2.GaussianBlur(rng.normal(0, 1, (2 * SIDE, 2 * SIDE)), (0, 0), 1.5 * DOT_PX)
    level = 150 + 12 * blotches / blotches.std()
    return np.repeat(np.clip(level, 0, 255)[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("zoom", [0.6, 0.8, 1.25])
def test_a_photo_of_another_scale_leaves_the_same_blotches(zoom: float) -> None:
    skin = blotchy()
    side = round(skin.shape[0] * zoom)
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    other = np.asarray(cv2.resize(skin, (side, side), interpolation=how), np.uint8)
    small = MeasuringFrame(0, 0, skin.shape[1], skin.shape[0], 0.5)
    first = small_picture(prepared(skin), small, None, DOT_PX).skin
    scaled = cast("Registration", Scaled(zoom))
    second = small_picture(prepared(other), small, scaled, DOT_PX).skin
    # The rim of a resampled photo is not known to a pixel.
    inner = (slice(10, -10), slice(10, -10), 1)
    contrast = np.nanstd(second[inner]) / np.nanstd(first[inner])
    # Filled with a disc of the baseline's pixels, 0.6 leaves a tenth too little.
    assert contrast == pytest.approx(1, abs=0.025)
