from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.measure.painted_skin import DARK, FAIR, f1, paint
from tracker.measure.detection import DetectionSettings, detect_dots
from tracker.measure.results import Kind


@pytest.mark.parametrize("fwhm_px", [3.0, 5.0, 9.0, 18.0])
@pytest.mark.parametrize("tone", [FAIR, DARK], ids=["fair", "dark"])
def test_finds_painted_dots_of_any_size_without_settings(
    fwhm_px: float, tone: tuple[float, float, float]
) -> None:
    scene = paint(fwhm_px, tone=tone, size=int(max(240, 40 * fwhm_px)))
    found = detect_dots(scene.srgb)
    spots = found.dots[found.dots.kind != Kind.HAIR]
    assert f1(spots.xy_px, scene.xy_px, 0.5 * fwhm_px) >= 0.97
    assert found.fwhm_px == pytest.approx(fwhm_px, rel=0.35)
    assert found.resolved == (found.fwhm_px >= 2.5)
    assert np.mean(found.dots.kind == Kind.DOT) > 0.8


def test_positions_are_right_to_a_tenth_of_a_pixel() -> None:
    scene = paint(6.0, spacing=4.0)
    dots = detect_dots(scene.srgb).dots
    distance = np.hypot(*(dots.xy_px[:, None] - scene.xy_px[None]).transpose(2, 0, 1)).min(axis=1)
    assert np.median(distance) < 0.15


def test_dense_work_is_found_too() -> None:
    scene = paint(5.0, spacing=1.8)
    spots = detect_dots(scene.srgb).dots
    assert f1(spots.xy_px, scene.xy_px, 2.5) >= 0.9


@pytest.mark.parametrize("seed", range(4))
def test_bare_skin_has_no_dots(seed: int) -> None:
    found = detect_dots(paint(peak=0, seed=seed).srgb)
    assert np.count_nonzero(found.dots.kind == Kind.DOT) == 0
    assert not found.resolved
    assert found.reason


def test_hair_on_bare_skin_is_called_hair() -> None:
    found = detect_dots(paint(peak=0, hairs=45).srgb)
    assert np.mean(found.dots.kind == Kind.DOT) < 0.08
    assert np.mean(found.dots.kind == Kind.HAIR) > 0.5


def test_hair_between_dots_has_the_higher_hair_probability() -> None:
    scene = paint(7.0, hairs=25, size=360)
    dots = detect_dots(scene.srgb).dots
    distance = np.hypot(*(dots.xy_px[:, None] - scene.xy_px[None]).transpose(2, 0, 1)).min(axis=1)
    on_dot, on_hair = dots.hair_probability[distance < 2], dots.hair_probability[distance > 8]
    assert len(on_hair) > 5
    assert np.median(on_hair) > 0.7 > 0.3 > np.median(on_dot)


def test_exposure_leaves_places_and_contrast_alone() -> None:
    bright, dim = (detect_dots(paint(exposure=e).srgb).dots for e in (1.0, 0.5))
    assert f1(bright.xy_px, dim.xy_px, 0.5) > 0.97
    assert np.median(dim.contrast) == pytest.approx(np.median(bright.contrast), rel=0.05)
    assert np.median(dim.pigment) == pytest.approx(np.median(bright.pigment), rel=0.05)


def test_contrast_and_pigment_are_those_painted() -> None:
    dots = detect_dots(paint(8.0, spacing=4.0, peak=0.3).srgb).dots
    assert np.median(dots.contrast) == pytest.approx(1 - 10**-0.3, rel=0.15)
    sigma = 8.0 / 2.3548
    assert np.median(dots.pigment) == pytest.approx(2 * np.pi * sigma**2 * 0.3, rel=0.25)


def test_a_shift_of_the_picture_moves_the_dots_by_the_shift() -> None:
    scene = paint()
    moved = np.roll(scene.srgb, (7, 11), axis=(0, 1))
    before, after = detect_dots(scene.srgb).dots.xy_px, detect_dots(moved).dots.xy_px
    inside = (before < 290).all(axis=1)
    distance = np.hypot(*(before[inside, None] + [11, 7] - after[None]).transpose(2, 0, 1))
    assert np.mean(distance.min(axis=1) < 0.2) > 0.95


def test_mirroring_mirrors_the_dots() -> None:
    scene = paint()
    mirrored = detect_dots(np.ascontiguousarray(scene.srgb[:, ::-1])).dots.xy_px
    mirrored[:, 0] = scene.srgb.shape[1] - 1 - mirrored[:, 0]
    assert f1(mirrored, detect_dots(scene.srgb).dots.xy_px, 0.3) > 0.97


def test_sixteen_bit_and_eight_bit_agree() -> None:
    scene = paint()
    deep = detect_dots(scene.srgb.astype(np.uint16) * 257).dots
    assert f1(deep.xy_px, detect_dots(scene.srgb).dots.xy_px, 0.1) > 0.99


def test_compression_and_sharpening_keep_the_dots() -> None:
    scene = paint(5.0)
    blurred = cv2.GaussianBlur(scene.srgb, (0, 0), 1.5)
    sharp = cv2.addWeighted(scene.srgb, 1.7, blurred, -0.7, 0)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", sharp, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)
    spots = detect_dots(jpeg).dots
    assert f1(spots.xy_px, scene.xy_px, 2.5) >= 0.95


def test_region_bounds_the_search() -> None:
    scene = paint()
    region = np.zeros(scene.srgb.shape[:2], bool)
    region[:, :160] = True
    dots = detect_dots(scene.srgb, region).dots
    assert len(dots) > 20
    assert dots.x_px.max() < 162


def test_a_low_threshold_finds_more() -> None:
    scene = paint(peak=0.12)
    usual = detect_dots(scene.srgb)
    low = detect_dots(
        scene.srgb, settings=DetectionSettings(threshold_snr=2.0, fwhm_px=usual.fwhm_px)
    )
    assert len(low.dots) >= len(usual.dots)
    assert low.dots.snr.min() >= 1.5


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_flat_picture_has_nothing(level: int) -> None:
    found = detect_dots(np.full((128, 160, 3), level, np.uint8))
    assert np.count_nonzero(found.dots.kind == Kind.DOT) == 0
    assert not found.resolved


def test_an_empty_region_is_an_answer() -> None:
    scene = paint(size=160)
    found = detect_dots(scene.srgb, np.zeros((160, 160), bool))
    assert len(found.dots) == 0
    assert not found.resolved


def test_a_region_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="region must have shape"):
        detect_dots(paint(size=160).srgb, np.ones((10, 10), bool))
