"""What a person is told about a photo before it is filed, on rendered scalps and on other things."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.analysis import analyse_series
from tracker.measure.luminance import linear_rgb
from tracker.photo_check import check_photo, features_of
from tracker.rendering.camera_processing import encode_srgb
from tracker.rendering.colour_cards import lay_card, reflectance_of
from tracker.rendering.truth import RenderedSeries
from tracker.series import SeriesPhoto
from tracker.storage.result_form import from_bytes, to_bytes
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


def with_card(srgb: NDArray[np.uint8], kind: str = "marker") -> NDArray[np.uint8]:
    """The photo with a card over its lower left corner."""
    height = srgb.shape[0]
    low, right = height - 20.0, 20 + 85 * 3.6
    corners = np.array([[20, low - 54 * 3.6], [right, low - 54 * 3.6], [right, low], [20, low]])
    light = lay_card(linear_rgb(srgb), reflectance_of(kind), corners, 0.9)  # type: ignore[arg-type]
    return np.asarray(encode_srgb(light) * 255 + 0.5, np.uint8)


def test_a_card_is_told(series: RenderedSeries) -> None:
    photo = series.photos[0].srgb
    assert "card" not in check_photo(photo, {}).praise
    assert "marker card found: colours are set by it" in check_photo(with_card(photo), {}).praise
    shaded = with_card(photo)
    shaded[:, 180:] = shaded[:, 180:] // 2
    assert "marker card not used: in uneven light" in check_photo(shaded, {}).card


def test_a_photo_with_a_card_is_measured_by_it(series: RenderedSeries) -> None:
    photo = with_card(series.photos[0].srgb)
    found = analyse_series([SeriesPhoto("0.jpg", "0", lambda: photo)], workers=1)
    (row,) = found.views[0].photos
    assert row.whole is not None
    look = row.whole.look
    assert look is not None
    assert look.card == "marker card"
    # Beside so large a card too little native skin is left: the card speaks alone.
    assert look.reference == "colour card"
    assert look.reason == ""
    assert look.ita_treated.low < look.ita_treated.value < look.ita_treated.high
    assert not look.whole_delta_e.measured
    kept = from_bytes(to_bytes(found)).views[0].photos[0]
    assert kept.whole is not None
    assert kept.whole.look is not None
    assert kept.whole.look.ita_treated == look.ita_treated


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
