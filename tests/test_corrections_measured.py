"""Corrections in `analyse_series`: measures follow, and without them nothing is another number.

Rendered photos with known truth; an alignment is spoilt on purpose and put right by point pairs.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.test_analysis import FADING, SCENE, photos_of
from tracker.analysis import AnalysisSettings, analyse_series
from tracker.measure.registration import NotRegistered, Registration
from tracker.measure.series_alignment import Link
from tracker.records.corrections import Correction, CorrectionKind, Places
from tracker.series import PhotoMeasures, SeriesAnalysis, SeriesPhoto, Status
from tracker.synthetic import RenderedSeries, render_series

BASELINE, LATER = "p0.jpg", "p1.jpg"


def places(xy: np.ndarray) -> Places:
    return tuple((float(x), float(y)) for x, y in xy)


def row(analysis: SeriesAnalysis, name: str) -> PhotoMeasures:
    return next(photo for photo in analysis.photos if photo.photo == name)


@pytest.fixture(scope="module")
def series() -> RenderedSeries:
    small = replace(SCENE, seed=21, width_px=460, height_px=460, patch_radius_mm=13.0)
    return render_series(replace(small, photos=(FADING[0], FADING[2])))


@pytest.fixture(scope="module")
def photos(series: RenderedSeries) -> list[SeriesPhoto]:
    return photos_of(series)


@pytest.fixture(scope="module")
def found(photos: list[SeriesPhoto]) -> SeriesAnalysis:
    return analyse_series(photos)


def test_removed_dots_leave_the_list_and_a_missed_one_joins_it(
    photos: list[SeriesPhoto], found: SeriesAnalysis
) -> None:
    before = found.views[0].dots.xy_px
    gone = before[[5, 60, 120]]
    # A place amid four dots where none was found, nor a spot that was taken for hair: the skin is light.
    bare = before[:, None] + np.array([[9.0, 0.0], [0.0, 9.0], [-9.0, 0.0], [0.0, -9.0]])
    bare = bare.reshape(-1, 2)
    far = np.array([np.hypot(*(before - one).T).min() for one in bare])
    grey = photos[0].read().mean(axis=2).astype(np.float32)
    light = cv2.GaussianBlur(grey, (0, 0), 2.0) - cv2.GaussianBlur(grey, (0, 0), 8.0)
    column, row_px = np.clip(np.rint(bare).astype(int), 0, 459).T
    missed = bare[[np.where(far > 0.9 * far.max(), light[row_px, column], -np.inf).argmax()]]
    corrections = [
        Correction(CorrectionKind.REMOVE, BASELINE, places(gone)),
        Correction(CorrectionKind.ADD, BASELINE, places(missed)),
    ]
    put_right = analyse_series(photos, corrections=corrections)
    after = put_right.views[0].dots.xy_px
    for place in gone:
        assert np.hypot(*(after - place).T).min() > 1.5
    assert np.hypot(*(after - missed).T).min() < 1e-6
    others = [k for k in range(len(before)) if k not in (5, 60, 120)]
    nearest = np.array([np.hypot(*(after - before[k]).T).min() for k in others])
    assert (nearest < 0.01).mean() > 0.98
    assert put_right.notes == (f"{BASELINE}: 1 dot added, 3 places removed",)
    assert put_right.settings["corrections"][0][0] == "remove"
    assert put_right.settings_hash != found.settings_hash
    fade, was = row(put_right, LATER).whole, row(found, LATER).whole
    assert fade is not None
    assert was is not None
    assert fade.fade.value != was.fade.value
    assert fade.fade.value == pytest.approx(was.fade.value, abs=0.02)


def test_without_standing_corrections_nothing_changes(
    photos: list[SeriesPhoto], found: SeriesAnalysis
) -> None:
    date_only = Correction(CorrectionKind.DATE, LATER, after="2026-02-04")
    again = analyse_series(photos, corrections=[date_only])
    assert again.settings_hash == found.settings_hash == AnalysisSettings().fingerprint()
    assert "corrections" not in again.settings
    was, now = found.views[0], again.views[0]
    np.testing.assert_array_equal(was.dots.xy_px, now.dots.xy_px)
    assert repr(row(again, LATER).whole) == repr(row(found, LATER).whole)


@pytest.mark.parametrize("spoilt", ["refused", "wrong"])
def test_an_alignment_that_failed_is_put_right_by_point_pairs(
    photos: list[SeriesPhoto],
    found: SeriesAnalysis,
    monkeypatch: pytest.MonkeyPatch,
    spoilt: str,
) -> None:
    right = row(found, LATER)
    assert isinstance(right.registration, Registration)

    def fail(features: object, baseline: int, *, workers: int, straight: object) -> list[Link]:
        """Chance agreement, or none: what the program would have believed."""
        off = replace(
            right.registration, prewarp=right.registration.prewarp + np.array([0, 0, 4.0])
        )
        result = NotRegistered("another head") if spoilt == "refused" else off
        return [Link(None, 0), Link(result, 0)]

    monkeypatch.setattr("tracker.view_analysis.align_series", fail)
    without = row(analyse_series(photos), LATER)
    if spoilt == "refused":
        assert without.status is Status.REFUSED
    rng = np.random.default_rng(1)
    dots = found.views[0].dots.xy_px
    chosen = dots[np.linspace(3, len(dots) - 4, 6).astype(int)]
    clicked = right.registration.map_everywhere(chosen) + rng.normal(0, 0.8, chosen.shape)
    pairs = Correction(
        CorrectionKind.ALIGN,
        LATER,
        places(clicked),
        baseline=BASELINE,
        baseline_points_px=places(chosen),
    )
    fixed_in = analyse_series(photos, corrections=[pairs])
    fixed = row(fixed_in, LATER)
    assert fixed.status is Status.MEASURED, fixed.reason
    assert "aligned by hand (6 point pairs)" in fixed.flags
    assert fixed.registered_to == BASELINE
    assert fixed.registration is not None
    off = np.hypot(
        *(fixed.registration.map_everywhere(dots) - right.registration.map_everywhere(dots)).T
    )
    assert np.median(off) < 0.3
    assert fixed.whole is not None
    assert fixed.whole.fade.value == pytest.approx(FADING[2].fade, abs=0.05)
    assert fixed.whole.fade.low < FADING[2].fade < fixed.whole.fade.high
