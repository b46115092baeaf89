"""The measuring frame: where its pixels lie in the baseline and in the other photos."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measure.density_scenes import gaussians
from tracker.measure.frame import FWHM_WANTED_PX, MeasuringFrame, frame_around
from tracker.measure.registration import Registration


@dataclass(frozen=True)
class Affine:
    """Stands for a `Registration`: moving = zoom * (reference + 0.5) - 0.5 + shift."""

    zoom: float = 1.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    known: float = np.inf
    """Reference columns beyond this one are not trusted."""

    def map_points(self, xy_px: np.ndarray) -> np.ndarray:
        moved = self.zoom * (xy_px + 0.5) - 0.5 + np.array(self.shift_px)
        moved[xy_px[:, 0] > self.known] = np.nan
        return np.asarray(moved)


def registration(**how: object) -> Registration:
    return cast("Registration", Affine(**how))  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    left=st.integers(0, 500),
    top=st.integers(0, 500),
    width=st.integers(5, 800),
    height=st.integers(5, 800),
    scale=st.floats(0.1, 1.0),
)
def test_there_and_back(left: int, top: int, width: int, height: int, scale: float) -> None:
    frame = MeasuringFrame(left, top, width, height, scale)
    places = np.random.default_rng(1).uniform(0, 900, (20, 2))
    assert frame.to_baseline(frame.to_frame(places)) == pytest.approx(places, abs=1e-6)
    rows, columns = frame.shape
    # the window's outer border is the frame's outer border
    corner = np.array([[left + width - 0.5, top + height - 0.5]])
    assert frame.to_frame(corner) == pytest.approx(np.array([[columns - 0.5, rows - 0.5]]))


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.37])
def test_cropped_spot_lies_where_to_frame_says(scale: float) -> None:
    place = np.array([[101.0, 83.5]])
    image = gaussians((200, 220), place, np.ones(1), 6.0).astype(np.float32)
    frame = MeasuringFrame(40, 30, 120, 110, scale)
    seen = frame.crop(image)
    assert seen.shape == frame.shape
    y, x = np.mgrid[: seen.shape[0], : seen.shape[1]]
    centroid = np.array([(x * seen).sum(), (y * seen).sum()]) / seen.sum()
    assert centroid == pytest.approx(frame.to_frame(place)[0], abs=0.02)
    # the integral is kept, in frame pixels
    assert seen.sum() == pytest.approx(image.sum() * np.prod(frame.scale_xy), rel=0.01)


@pytest.mark.parametrize("scale", [1.0, 0.43])
def test_crop_and_resample_by_an_identity_agree(scale: float) -> None:
    image = gaussians((160, 180), np.array([[90.0, 80.0]]), np.ones(1), 8.0).astype(np.float32)
    frame = MeasuringFrame(20, 10, 140, 130, scale)
    seen = frame.resample(image, registration())
    assert np.isfinite(seen).all()
    assert np.abs(seen - frame.crop(image)).max() < 0.02


@pytest.mark.parametrize(
    ("zoom", "shift_px"), [(1.0, (3.3, -2.6)), (2.0, (5.0, 8.0)), (0.8, (6, 9))]
)
def test_resampled_spot_comes_home(zoom: float, shift_px: tuple[float, float]) -> None:
    place = np.array([[70.0, 64.0]])
    how = registration(zoom=zoom, shift_px=shift_px)
    moving = gaussians((300, 320), how.map_points(place), np.ones(1), 5.0 * zoom)
    frame = MeasuringFrame(20, 20, 100, 90, 1.0)
    seen = np.nan_to_num(frame.resample(moving.astype(np.float32), how))
    y, x = np.mgrid[:90, :100]
    centroid = np.array([(x * seen).sum(), (y * seen).sum()]) / seen.sum()
    # OpenCV's cubic moves a slope by up to 0.05 px
    assert centroid == pytest.approx(frame.to_frame(place)[0], abs=0.06)
    assert seen.max() == pytest.approx(1.0, abs=0.03)


def test_outside_the_moving_photo_is_nan() -> None:
    frame = MeasuringFrame(0, 0, 100, 80, 1.0)
    seen = frame.resample(np.ones((80, 100), np.float32), registration(shift_px=(30.0, -10.0)))
    assert np.isnan(seen[:, 71:]).all()
    assert np.isnan(seen[:10]).all()
    assert seen[11:, :69] == pytest.approx(1.0)


def test_where_the_map_is_not_trusted_is_nan() -> None:
    frame = MeasuringFrame(0, 0, 100, 80, 1.0)
    seen = frame.resample(np.ones((80, 100), np.float32), registration(known=50))
    assert np.isnan(seen[:, 57:]).all()
    assert np.isfinite(seen[:, :48]).all()


def test_a_map_that_knows_nothing_gives_nothing() -> None:
    frame = MeasuringFrame(0, 0, 40, 30, 0.5)
    seen = frame.resample(np.ones((30, 40), np.float32), registration(known=-10))
    assert seen.shape == frame.shape
    assert np.isnan(seen).all()


def test_frame_around_keeps_within_the_photo() -> None:
    treated = np.zeros((100, 120), bool)
    treated[0:40, 90:120] = True
    frame = frame_around(treated, 4.0, 16.0, treated.shape)
    assert (frame.left_px, frame.top_px) == (74, 0)
    assert frame.left_px + frame.width_px == 120
    assert frame.height_px == 56
    assert frame.scale == 1.0


def test_frame_around_reduces_large_dots_only() -> None:
    treated = np.ones((100, 120), bool)
    assert frame_around(treated, 20.0, 0.0, treated.shape).scale == FWHM_WANTED_PX / 20
    assert frame_around(treated, 2.0, 0.0, treated.shape).scale == 1.0


def test_nothing_treated_is_misuse() -> None:
    nothing = np.zeros((10, 10), bool)
    with pytest.raises(ValueError, match="treated area is empty"):
        frame_around(nothing, 4.0, 16.0, nothing.shape)


def test_mask_is_true_only_where_whole_pixels_are() -> None:
    mask = np.zeros((40, 40), bool)
    mask[:, 21:] = True
    frame = MeasuringFrame(0, 0, 40, 40, 0.5)
    inside = frame.crop_mask(mask)
    assert inside[:, 11:].all()
    assert not inside[:, :11].any()
