"""The last reading where dots do not all fade alike."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.measure.density_scenes import DensityScene, dotted_skin
from tracker.measure.dots_alone import DotSettings
from tracker.measure.fade import retained_share
from tracker.measure.lens_match import LensSettings
from tracker.measure.photo_pigment import (
    FramePhoto,
    PhotoPigment,
    measure_photo,
    read_dots_of_series,
)
from tracker.measure.photometry import PhotometrySettings
from tracker.measure.shadow import ShadowSettings

AT_SIDE_PX = 110
"""Dots left of this stay; the others are gone but for a sharp rest."""
WIDER = 1.9
"""Variance that the later photo's blur adds, px^2."""


@pytest.fixture(scope="module")
def first() -> DensityScene:
    return dotted_skin(size=330, skin_seed=20)


@pytest.fixture(scope="module")
def stays(first: DensityScene) -> np.ndarray:
    return first.xy_px[:, 0] < AT_SIDE_PX


def photo(density: np.ndarray, seed: int) -> FramePhoto:
    """The skin at the side is restless in both photos, so that the calmest dots are those that go."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.012, density.shape)
    noise[:, AT_SIDE_PX:] *= 0.1
    seen = (density + noise).astype(np.float32)
    return FramePhoto(seen, seen)


@pytest.fixture(scope="module")
def photos(first: DensityScene, stays: np.ndarray) -> list[FramePhoto]:
    left = np.where(stays, 1.0, 0.0)
    later = dotted_skin(size=330, skin_seed=21, left=left).density
    later = cv2.GaussianBlur(later, (0, 0), WIDER**0.5)
    # What is left of the others is narrow: crumbs, or hair in the middle of where they were.
    bare = dotted_skin(size=330, skin_seed=21, left=0.0).density
    crumbs = dotted_skin(size=330, skin_seed=21, left=0.06 * (1 - left), sigma_px=1.2).density
    return [photo(first.density, 1), photo(later + crumbs - bare, 2)]


def last_reading(
    photos: list[FramePhoto], first: DensityScene, off_course: np.ndarray
) -> tuple[PhotoPigment, PhotoPigment]:
    shape = {
        "sigma_px": first.sigma_px,
        "spacing_px": first.spacing_px,
        "region": first.region,
        "settings": PhotometrySettings(),
    }
    weight = np.ones(len(first.xy_px))
    measured: list[PhotoPigment | None] = []
    for one in photos:
        reference = measured[0].picture if measured and measured[0] else None
        measured.append(
            measure_photo(
                one,
                first.xy_px,
                weight,
                controls_px=np.empty((0, 2)),
                reference=reference,
                quick=True,
                **shape,
            )
        )
    before, after = read_dots_of_series(
        photos,
        measured,
        weight,
        off_course,
        workers=1,
        dot_settings=DotSettings(),
        lens_settings=LensSettings(),
        shadow_settings=replace(ShadowSettings(), read_share=0.0),
        photo_scale=1.0,
        **shape,
    )
    assert before is not None
    assert after is not None
    return before, after


def test_dots_that_stay_tell_the_width_where_the_others_are_gone(
    photos: list[FramePhoto], first: DensityScene, stays: np.ndarray
) -> None:
    unknown, known = (
        last_reading(photos, first, off_course) for off_course in (np.zeros_like(stays), stays)
    )
    true_px = np.sqrt(first.sigma_px**2 + WIDER)
    widths = [after.sigma_px for _, after in (unknown, known)]
    assert abs(widths[1] - true_px) < 0.25
    assert abs(widths[1] - true_px) < abs(widths[0] - true_px) / 4
    read = [
        retained_share(before.pigment, after.pigment, stays.astype(float))
        for before, after in (unknown, known)
    ]
    assert read[1] == pytest.approx(1.0, abs=0.08)
    # With the width of what is left of the others a half of them would be missed.
    assert read[0] < 0.6


def test_a_handful_that_stays_says_nothing_for_the_others(
    photos: list[FramePhoto], first: DensityScene
) -> None:
    n = len(first.xy_px)
    few = np.arange(n) < 30
    for one, other in zip(
        last_reading(photos, first, np.zeros(n, bool)),
        last_reading(photos, first, few),
        strict=True,
    ):
        np.testing.assert_array_equal(one.pigment, other.pigment)
