"""A photo's contrast in a view: the camera's, and shine beside how strongly colour is drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracker.measure.view import MeasurementSettings
from tracker.view_analysis import SmallPicture, _tone_gain

SIZE = 240
SKIN = np.array([0.26, 0.43, 0.54])
"""Density of fair skin, red, green, blue."""


def picture(contrast: float) -> SmallPicture:
    """A head whose treated left half has half the colour of the right one, drawn with another contrast."""
    rng = np.random.default_rng(1)
    blotches = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 3.0)
    strength = 1 + 0.12 * blotches / blotches.std()
    greyer = cv2.GaussianBlur(treated().astype(np.float32), (0, 0), 40.0)
    density = SKIN * strength[..., None]
    density += 0.5 * greyer[..., None] * (SKIN.mean() - SKIN)
    linear = 10 ** (-contrast * density)
    codes = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    nothing = np.zeros((SIZE, SIZE), np.float32)
    return SmallPicture(codes.astype(np.float32), codes.astype(np.float32), nothing, nothing)


def treated() -> np.ndarray:
    half = np.zeros((SIZE, SIZE), bool)
    half[:, : SIZE // 2] = True
    return half


@pytest.mark.parametrize("contrast", [0.85, 1.0, 1.15])
def test_another_contrast_is_no_shine_where_treated_skin_has_another_colour(
    contrast: float,
) -> None:
    baseline, later = picture(1.0), picture(contrast)
    settings = MeasurementSettings()
    whole = _tone_gain(baseline, later, treated(), ~treated(), 10.0, settings)
    assert np.log(whole.gain) == pytest.approx(np.log(contrast), abs=0.02)
