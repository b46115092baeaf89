from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from tests import factories
from tests.ui.conftest import jpeg_of
from tracker.ui import pictures
from tracker.ui.pictures import OUTSIDE


def test_crop_holds_every_dot_and_keeps_its_place() -> None:
    view = factories.make_view()
    crop = pictures.crop_of(view)
    x, y = crop.to_picture(view.dots.x_px, view.dots.y_px)
    width, height = crop.size
    assert x.min() >= 0
    assert x.max() <= width - 1
    assert y.min() >= 0
    assert y.max() <= height - 1
    half = pictures.crop_of(view, long_side_px=max(width, height) // 2)
    assert half.scale < 1
    picture = pictures.cut(factories.make_srgb(), half)
    assert picture.shape[:2] == (half.size[1], half.size[0])
    # The darkest pixel near a dot's shown place is that place.
    x, y = (round(float(column[50])) for column in half.to_picture(view.dots.x_px, view.dots.y_px))
    around = picture[y - 4 : y + 5, x - 4 : x + 5].sum(axis=2)
    row, column = np.unravel_index(int(around.argmin()), around.shape)
    assert abs(row - 4) <= 1
    assert abs(column - 4) <= 1


def test_later_photo_is_laid_on_the_first() -> None:
    view = factories.make_view()
    baseline = factories.make_srgb()
    moved = factories.make_srgb(0.0, factories.SHIFTS_PX[1])
    aligned = pictures.in_baseline_frame(moved, view.photos[1])
    inside = ~np.all(aligned == OUTSIDE, axis=2)
    assert 0.9 < inside.mean() < 1
    dots = (slice(100, 200), slice(100, 300))
    assert np.abs(aligned[dots].astype(int) - baseline[dots]).mean() < 8


def test_even_light_matches_the_skin_and_leaves_the_outside() -> None:
    baseline = factories.make_srgb()
    dark = (baseline * np.array([0.7, 0.6, 0.8])).astype(np.uint8)
    dark[:20] = OUTSIDE
    even = pictures.even_light(dark, baseline)
    assert (
        np.abs(np.median(even[30:], axis=(0, 1)) - np.median(baseline[30:], axis=(0, 1))).max() < 4
    )
    assert (even[:20] == OUTSIDE).all()


def test_sixteen_bits_are_shown_as_eight() -> None:
    deep = factories.make_srgb().astype(np.uint16) << 8
    assert np.array_equal(pictures.eight_bit(deep), factories.make_srgb())


def test_view_without_dots_is_shown_whole() -> None:
    view = factories.make_view()
    empty = replace(view, dots=view.dots[:0], treated_outline_px=())
    assert pictures.crop_of(empty).size == (400, 300)


def test_thumbnail_is_small_and_upright() -> None:
    with Image.open(io.BytesIO(jpeg_of(0))) as image:
        exif = image.getexif()
        exif[274] = 6
        turned = io.BytesIO()
        image.save(turned, "JPEG", exif=exif)
    with Image.open(io.BytesIO(pictures.thumbnail_of_file(turned.getvalue(), 100))) as small:
        assert small.size == (75, 100)
