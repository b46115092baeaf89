from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.measure.painted_skin import DARK, FAIR, paint
from tracker.measure.quality import judge_quality
from tracker.measure.skin import find_skin


def judged(srgb: np.ndarray, fwhm_px: float = 6.0):
    return judge_quality(srgb, find_skin(srgb), fwhm_px)


@pytest.mark.parametrize("tone", [FAIR, DARK], ids=["fair", "dark"])
def test_a_good_photo_has_no_problem_whatever_the_skin(tone: tuple[float, float, float]) -> None:
    quality = judged(paint(tone=tone).srgb)
    assert quality.problems == ()
    assert quality.blocking == ""


def test_more_blur_means_less_focus() -> None:
    scene = paint().srgb
    focus = [judged(scene).focus] + [
        judged(cv2.GaussianBlur(scene, (0, 0), s)).focus for s in (0.8, 1.6, 2.6)
    ]
    assert focus == sorted(focus, reverse=True)


def test_a_blurred_photo_is_told_what_to_do() -> None:
    quality = judged(cv2.GaussianBlur(paint(9.0, size=480, peak=0.4).srgb, (0, 0), 3.0))
    assert any("hold still" in problem for problem in quality.problems)


def test_clipping_is_told_in_words() -> None:
    quality = judged(paint(exposure=1.9).srgb)
    assert quality.clipped_share > 0.1
    assert any("clipped" in problem for problem in quality.problems)


def test_small_dots_are_told() -> None:
    assert any("move closer" in p for p in judged(paint().srgb, 2.0).problems)
    assert judged(paint().srgb, float("nan")).problems == ()


def test_no_scalp_blocks() -> None:
    quality = judged(np.full((200, 200, 3), 190, np.uint8))
    assert "no scalp" in quality.blocking
    assert np.isnan(quality.focus)


def test_a_tiny_picture_is_refused() -> None:
    assert "too small" in judged(paint(size=100).srgb).blocking
