"""What a person is told about a photo before it is filed, on rendered scalps and on other things."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker.photo_check import check_photo, features_of
from tracker.rendering.truth import RenderedSeries
from tracker.synthetic import render_series, scene_specs


@pytest.fixture(scope="module")
def series() -> RenderedSeries:
    spec = scene_specs("clinic", 3, (0.0, 0.4))
    return render_series(
        replace(spec, width_px=900, height_px=800, px_per_mm=10.0, patch_radius_mm=24.0)
    )


def test_a_good_photo_is_praised_and_its_view_found(series: RenderedSeries) -> None:
    first, later = (photo.srgb for photo in series.photos)
    check = check_photo(later, {"crown": features_of(first)})
    assert check.blocking == ""
    assert check.view == "crown"
    assert check.mismatch == ""
    assert "dots are" in check.praise


def test_another_scalp_is_told(series: RenderedSeries) -> None:
    spec = scene_specs("clinic", 8, (0.0,))
    other = render_series(
        replace(spec, width_px=900, height_px=800, px_per_mm=10.0, patch_radius_mm=24.0)
    )
    check = check_photo(other.photos[0].srgb, {"top": features_of(series.photos[0].srgb)})
    assert check.view is None
    assert "another head" in check.mismatch or "agree" in check.mismatch


def test_far_away_and_blurred_photos_are_told_what_to_do(series: RenderedSeries) -> None:
    sharp = series.photos[0].srgb
    far = cv2.resize(sharp, None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
    assert any(words.startswith("move closer: dots are") for words in check_photo(far, {}).problems)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 6)
    assert "hold still" in " ".join(check_photo(blurred, {}).problems)


def test_no_scalp_is_no_good() -> None:
    """A grey cat on a green lawn, as a person may drop it by mistake."""
    picture = np.full((600, 800, 3), (70, 120, 60), np.uint8)
    cv2.ellipse(picture, (400, 320), (180, 140), 0, 0, 360, (95, 98, 104), -1)
    cv2.circle(picture, (340, 280), 18, (200, 210, 60), -1)
    check = check_photo(picture, {})
    assert check.blocking
