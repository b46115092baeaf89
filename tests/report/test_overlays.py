from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.factories import FADES, SHAPE, SHIFTS_PX, make_refused, make_srgb, make_view
from tracker.measure.results import Fate
from tracker.report.overlays import (
    FATE_COLOURS,
    OUTLINE_COLOUR,
    add_legend,
    align,
    checkerboard,
    draw_dots,
    encode_jpeg,
    encode_png,
    shrink,
)


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture.astype(int) - colour).max(axis=2) <= 40).any())


def test_dots_are_marked_where_they_lie_in_this_photo() -> None:
    view = make_view()
    photo = view.photos[2]
    srgb = make_srgb(FADES[2], SHIFTS_PX[2])
    picture = draw_dots(srgb, view, photo)
    assert picture.shape == (*SHAPE, 3)
    changed = np.argwhere(np.any(picture != srgb, axis=2))
    # The outline moved with the photo, and nothing is drawn far outside of it.
    dx, dy = SHIFTS_PX[2]
    assert changed.min(axis=0) == pytest.approx([45 + dy, 45 + dx], abs=3)
    assert changed.max(axis=0) == pytest.approx([255 + dy, 355 + dx], abs=3)
    assert has_colour(picture, OUTLINE_COLOUR)
    assert has_colour(picture, FATE_COLOURS[Fate.GONE])
    assert not has_colour(picture, FATE_COLOURS[Fate.PERSISTING])
    assert np.array_equal(srgb, make_srgb(FADES[2], SHIFTS_PX[2]))  # the photo stays as it was


def test_the_legend_is_a_strip_below() -> None:
    view = make_view()
    picture = draw_dots(make_srgb(), view, view.photos[1])
    shown = add_legend(picture, view.photos[1])
    assert shown.shape[0] > picture.shape[0]
    assert np.array_equal(shown[: picture.shape[0]], picture)


def test_a_refused_photo_has_no_marks_and_no_legend() -> None:
    srgb = make_srgb()
    refused = make_refused()
    view = make_view()
    assert add_legend(srgb, refused) is srgb
    # Without an alignment the outline cannot be placed.
    assert np.array_equal(draw_dots(srgb, view, refused), srgb)


def test_shrinking_keeps_the_proportions_and_the_bits_of_the_screen() -> None:
    deep = make_srgb().astype(np.uint16) * 257
    picture, scale = shrink(deep, 200)
    assert picture.dtype == np.uint8
    assert picture.shape == (150, 200, 3)
    assert scale == 0.5
    assert shrink(picture, 400)[1] == 1.0


def test_aligned_photo_lies_on_the_baseline() -> None:
    photo = make_view().photos[1]
    assert photo.registration is not None
    picture, seen = align(make_srgb(0.0, SHIFTS_PX[1]), photo.registration)
    # All but the noise, which belongs to the sensor, agrees.
    difference = np.abs(picture.astype(int) - make_srgb())[seen]
    assert np.median(difference) < 12
    assert not seen[:, -1].any()
    assert (picture[~seen] == 236).all()


def test_checkerboard_takes_turns() -> None:
    black, white = np.zeros((80, 80, 3), np.uint8), np.full((80, 80, 3), 255, np.uint8)
    board = checkerboard(black, white, cells=8)
    assert board[5, 5, 0] == 0
    assert board[5, 15, 0] == 255
    assert board.mean() == pytest.approx(127.5)
    with pytest.raises(ValueError, match="one shape"):
        checkerboard(black, white[:40])


def test_pictures_can_be_read_back() -> None:
    srgb = make_srgb()
    png = cv2.imdecode(np.frombuffer(encode_png(srgb), np.uint8), cv2.IMREAD_COLOR)
    assert png is not None
    assert np.array_equal(png[:, :, ::-1], srgb)
    assert encode_jpeg(srgb).startswith(b"\xff\xd8")
