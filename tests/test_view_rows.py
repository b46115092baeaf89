"""Rows made from a measurement whose numbers are written by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import cast

import numpy as np
import pytest

from tests.factories import ShiftRegistration
from tracker.measure.catalogue import Catalogue
from tracker.measure.detection import Detection
from tracker.measure.frame import MeasuringFrame
from tracker.measure.photo_pigment import UNIT_GAIN, PhotoPigment
from tracker.measure.pigment_weight import PigmentWeights
from tracker.measure.quality import PhotoQuality
from tracker.measure.registration import NotRegistered, Registration
from tracker.measure.results import Dots, Estimate, Kind
from tracker.measure.skin import SkinMap
from tracker.measure.view import MeasurementSettings, ViewMeasurement
from tracker.measure.zones import lay_zones
from tracker.row_remarks import not_believed
from tracker.series import PhotoMeasures, SeriesPhoto, Stage, Status
from tracker.view_rows import Aligned, RowMaker, refused_row

SHAPE = (300, 400)
SPACING = 20.0
FRAME = MeasuringFrame(0, 0, 400, 300, 0.5)
SD = 0.2


def grid() -> np.ndarray:
    """Places in the baseline photo."""
    y, x = np.mgrid[30:271:SPACING, 30:371:SPACING]
    return np.column_stack([x.ravel(), y.ravel()]).astype(float)


N = len(grid())
BASELINE = np.random.default_rng(1).uniform(3, 5, N)
WEIGHT = np.where(np.arange(N) % 10 == 0, 0.05, 0.95)
"""Every tenth place is a hair."""
DOTS = WEIGHT > 0.5
"""Hair is measured along and not listed."""


@dataclass(frozen=True)
class Taken:
    """A prepared photo as far as a row looks at it."""

    photo: SeriesPhoto
    quality: PhotoQuality = PhotoQuality(0.8, 0.001, 0.01, float("nan"))
    stage: Stage = Stage.HEALED
    days_since_session: int | None = 40
    shape: tuple[int, int] = SHAPE
    skin: SkinMap = SkinMap(np.ones(SHAPE, bool), np.zeros(SHAPE, bool), 1.0)


def taken(day: date | None) -> Taken:
    nothing = np.zeros((*SHAPE, 3), np.uint8)
    return Taken(SeriesPhoto(f"{day}.jpg", "ab", lambda: nothing, "top", day))


FIRST, LATER = taken(date(2026, 1, 5)), taken(date(2026, 3, 6))


def pigment(values: np.ndarray, sd: float = SD) -> PhotoPigment:
    amplitude = values / (2 * np.pi * 2.0**2)
    return PhotoPigment(
        pigment=values,
        pigment_sd=sd,
        amplitude=amplitude,
        places_px=FRAME.to_frame(grid()),
        channels=(values, values),
        zero_point=0.0,
        sigma_px=2.0,
        picture=None,
        gain=UNIT_GAIN,
    )


def maker(
    *later: np.ndarray | None,
    scale: float | None = None,
    resolved: bool = True,
    polygons: tuple[tuple[str, np.ndarray], ...] = (),
    sd: float = SD,
    baseline: np.ndarray = BASELINE,
) -> RowMaker:
    measurement = ViewMeasurement(
        Catalogue(FRAME.to_frame(grid()), 4 * (WEIGHT - 0.5)),
        PigmentWeights.alike(WEIGHT),
        SPACING * FRAME.scale,
        2.0,
        (pigment(baseline, sd), *(None if v is None else pigment(v, sd) for v in later)),
    )
    return make(measurement, scale, resolved, polygons, len(later))


def make(
    measurement: ViewMeasurement,
    scale: float | None = None,
    resolved: bool = True,
    polygons: tuple[tuple[str, np.ndarray], ...] = (),
    n_later: int = 1,
) -> RowMaker:
    treated = np.zeros(SHAPE, bool)
    treated[20:281, 20:381] = True
    small = np.zeros((30, 40), bool)
    return RowMaker(
        FIRST,
        FRAME,
        measurement,
        lay_zones(grid(), "top", polygons),
        treated,
        scale,
        Detection(Dots.empty(), 9.4, resolved, "" if resolved else "dots merge"),
        MeasurementSettings(),
        (None,) * (1 + n_later),
        (small, small),
    )


def shifted(shift_px: tuple[float, float] = (4.0, -6.0)) -> Aligned:
    return Aligned(cast("Registration", ShiftRegistration(shift_px)), "2026-01-05.jpg")


def whole_fade(row: PhotoMeasures) -> float:
    assert row.whole is not None
    return row.whole.fade.value


def test_fade_leaves_hair_out() -> None:
    left = np.where(WEIGHT > 0.5, 0.4, 1.0)
    row = maker(BASELINE * left).row(1, LATER, shifted())
    assert row.status is Status.MEASURED
    assert whole_fade(row) == pytest.approx(0.6, abs=0.01)
    assert row.whole is not None
    assert row.whole.n_dots == np.count_nonzero(WEIGHT > 0.5)
    assert row.whole.contrast_ratio == pytest.approx(0.43, abs=0.03)
    assert row.registered_to == "2026-01-05.jpg"
    assert (row.registration_error_px, row.overlap) == (0.4, 0.93)
    assert row.days_since_baseline == 60


def test_the_baseline_is_what_all_is_compared_with() -> None:
    row = maker().row(0, FIRST, None)
    assert row.status is Status.BASELINE
    assert row.whole is not None
    assert (row.whole.fade.value, row.whole.fade.low, row.whole.fade.high) == (0, 0, 0)
    assert row.dots is not None
    assert set(row.dots.fate) == {"persisting"}
    assert np.column_stack([row.dots.x_px, row.dots.y_px]) == pytest.approx(grid()[DOTS])


def test_places_are_told_in_the_photos_own_pixels() -> None:
    row = maker(BASELINE).row(1, LATER, shifted((4.0, -6.0)))
    assert row.dots is not None
    assert row.dots.x_px == pytest.approx(grid()[DOTS, 0] + 4)
    assert row.dots.y_px == pytest.approx(grid()[DOTS, 1] - 6)
    assert row.quality is not None
    assert row.quality.px_per_dot == pytest.approx(9.4)


def test_unseen_dots_are_nan_and_censored_not_gone() -> None:
    values = BASELINE.copy()
    values[:50] = np.nan
    row = maker(values).row(1, LATER, shifted())
    assert row.dots is not None
    unseen = np.isnan(values)[DOTS]
    assert ((row.dots.fate == "censored") == unseen).all()
    for column in (row.dots.pigment, row.dots.pigment_sd, row.dots.contrast):
        assert (np.isnan(column) == unseen).all()
    assert row.whole is not None
    assert row.whole.density_ratio == 1.0
    assert whole_fade(row) == pytest.approx(0.0)


def test_a_dot_whose_readings_do_not_count_is_listed_and_its_fate_not_told() -> None:
    rows = maker(BASELINE * 0.1)
    crossed = np.flatnonzero(DOTS)[::7]
    counts = np.where(DOTS, WEIGHT, 0.0)
    counts[crossed] = 0.0
    rows = make(
        replace(rows.measurement, weights=PigmentWeights(counts, counts, WEIGHT, counts, counts)),
        scale=0.05,
    )
    first, later = rows.row(0, FIRST, None), rows.row(1, LATER, shifted())
    listed = np.flatnonzero(DOTS)
    assert len(rows.baseline_dots()) == len(listed)
    assert first.dots is not None
    assert later.dots is not None
    assert (first.dots.fate == "persisting").all()
    assert (later.dots.fate[np.isin(listed, crossed)] == "censored").all()
    assert (later.dots.fate[~np.isin(listed, crossed)] == "gone").all()
    assert first.whole is not None
    assert later.whole is not None
    assert first.whole.n_dots == len(listed)
    assert later.whole.n_dots == len(listed) - len(crossed)
    assert whole_fade(later) == pytest.approx(0.9, abs=1e-6)


def test_too_few_common_dots_are_refused_in_words() -> None:
    values = np.full(N, np.nan)
    values[:10] = 3.0
    row = maker(values).row(1, LATER, shifted())
    assert row.status is Status.REFUSED
    assert row.reason.startswith("only 4% of the baseline's dots are in view")
    assert row.days_since_baseline == 60


def test_a_refusal_keeps_its_reason() -> None:
    row = maker(None).row(1, LATER, NotRegistered("another head"))
    assert row.status is Status.REFUSED
    assert row.reason == "another head"
    assert row.whole is None
    assert row.quality is LATER.quality


def test_a_photo_without_pixels_is_refused() -> None:
    row = maker(None).row(1, LATER, shifted())
    assert row.reason.startswith("only 0%")


def test_a_view_with_hardly_a_place_refuses_every_photo() -> None:
    none = Catalogue(np.empty((0, 2)), np.empty(0))
    rows = make(ViewMeasurement(none, PigmentWeights.alike(np.empty(0)), float("nan"), 2.0, ()))
    assert len(rows.baseline_dots()) == len(rows.dot_zone) == 0
    for number, photo in enumerate((FIRST, LATER)):
        row = rows.row(number, photo, shifted() if number else None)
        assert row.reason == "too few dots of the baseline photo can be measured"


def test_a_place_out_of_the_photo_has_no_coordinates() -> None:
    row = maker(BASELINE).row(1, LATER, shifted((100.0, 0.0)))
    assert row.dots is not None
    out = grid()[DOTS, 0] + 100 > 399
    assert np.isnan(row.dots.x_px[out]).all()
    assert np.isfinite(row.dots.x_px[~out]).all()


def test_a_map_that_knows_no_dot_has_no_zoom() -> None:
    row = maker(BASELINE).row(1, LATER, shifted((1000.0, 0.0)))
    assert row.quality is not None
    assert np.isnan(row.quality.px_per_dot)


def test_scale_turns_pixels_into_mm_and_density() -> None:
    plain, scaled = maker(BASELINE), maker(BASELINE, scale=0.1)
    px2 = plain.row(1, LATER, shifted())
    mm2 = scaled.row(1, LATER, shifted())
    assert px2.dots is not None
    assert mm2.dots is not None
    # frame pixels are two photo pixels wide
    assert px2.dots.pigment == pytest.approx(4 * BASELINE[DOTS])
    assert mm2.dots.pigment == pytest.approx(0.04 * BASELINE[DOTS])
    assert px2.whole is not None
    assert mm2.whole is not None
    assert np.isnan([px2.whole.area_cm2, px2.whole.density_per_cm2]).all()
    assert mm2.whole.area_cm2 == pytest.approx(26.1 * 36.1 / 100)
    expected = np.count_nonzero(WEIGHT > 0.5) / mm2.whole.area_cm2
    assert mm2.whole.density_per_cm2 == pytest.approx(expected)


def test_dots_that_are_not_resolved_are_not_counted() -> None:
    rows = maker(BASELINE, scale=0.1, resolved=False)
    first = rows.row(0, FIRST, None)
    assert first.whole is not None
    assert np.isnan(first.whole.density_per_cm2)
    assert "dots not counted: dots merge" in first.flags
    assert not rows.row(1, LATER, shifted()).flags


def test_a_zone_that_lags_shows_in_its_own_row() -> None:
    upper = grid()[:, 1] < 110
    row = maker(BASELINE * np.where(upper, 0.9, 0.4)).row(1, LATER, shifted())
    fades = {zone.zone: zone.fade.value for zone in row.zones}
    assert fades["upper third"] == pytest.approx(0.1, abs=0.03)
    assert fades["lower third"] == pytest.approx(0.6, abs=0.03)
    assert row.whole is not None
    assert row.whole.evenness > 0.2


def test_a_zone_without_dots_is_not_measured() -> None:
    square = np.array([[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]])
    row = maker(BASELINE, polygons=(("corner", square),)).row(1, LATER, shifted())
    (zone,) = row.zones
    assert zone.n_dots == 0
    assert not zone.fade.measured
    assert np.isnan([zone.detectable, zone.density_ratio, zone.contrast, zone.evenness]).all()


def test_darker_pigment_is_flagged_only_beyond_doubt() -> None:
    rows = maker(BASELINE * 1.3, BASELINE * 1.01)
    assert "pigment darker than at baseline" in rows.row(1, LATER, shifted()).flags
    assert "pigment darker than at baseline" not in rows.row(2, LATER, shifted()).flags


@pytest.mark.parametrize("left", [2.5, -0.3])
def test_what_pigment_cannot_do_is_refused(left: float) -> None:
    row = maker(BASELINE * left).row(1, LATER, shifted())
    assert row.status is Status.REFUSED
    assert "which pigment cannot do" in row.reason


def test_an_earlier_photo_may_hold_many_times_the_pigment() -> None:
    row = maker(BASELINE * 2.5).row(1, taken(date(2025, 9, 1)), shifted())
    assert row.status is Status.MEASURED
    assert whole_fade(row) == pytest.approx(-1.5)


@pytest.mark.parametrize(
    ("stage", "flagged"),
    [(Stage.HEALING, True), (Stage.IMMEDIATE, True), (Stage.HEALED, False), (Stage.UNKNOWN, False)],
)
def test_a_photo_of_healing_skin_is_flagged(stage: Stage, flagged: bool) -> None:
    row = maker(BASELINE).row(1, replace(LATER, stage=stage), shifted())
    assert any(flag.startswith("not healed yet") for flag in row.flags) is flagged


def test_baseline_dots_name_what_they_are_taken_for() -> None:
    dots = maker().baseline_dots()
    assert len(dots) == np.count_nonzero(DOTS)
    assert (dots.kind == Kind.DOT).all()
    assert dots.fwhm_px == pytest.approx(2.3548 * 2.0 / 0.5)
    assert dots.snr == pytest.approx(BASELINE[DOTS] / SD)


def test_unknown_noise_is_not_taken_for_none() -> None:
    """Where no empty place could be read, nothing is claimed about single dots."""
    rows = maker(0.1 * BASELINE, sd=float("nan"))
    row = rows.row(1, LATER, shifted())
    assert whole_fade(row) == pytest.approx(0.9)
    assert row.whole is not None
    assert np.isnan(row.whole.detectable)
    assert np.isnan(rows.baseline_dots().snr).all()


def test_a_refused_row_has_no_numbers() -> None:
    row = refused_row(LATER.photo, "blurred")
    assert (row.status, row.reason, row.stage) == (Status.REFUSED, "blurred", Stage.UNKNOWN)
    assert np.isnan([row.registration_error_px, row.overlap]).all()
    assert (row.whole, row.dots, row.quality, row.registration) == (None, None, None, None)
    assert not row.usable


def test_a_fade_that_hair_leaves_wholly_in_doubt_is_refused() -> None:
    rows = maker(BASELINE * 0.5)
    unsure = np.where(WEIGHT > 0.5, 0.55, WEIGHT)
    rows.measurement = replace(rows.measurement, weights=PigmentWeights.alike(unsure))
    row = rows.row(1, LATER, shifted())
    assert row.status is Status.REFUSED
    assert row.reason.startswith("hair here cannot be told from dots (the fade would be known to ±")
    assert rows.row(0, FIRST, None).status is Status.BASELINE


def test_an_interval_that_hair_made_wide_says_so() -> None:
    sure = maker(BASELINE * 0.5).row(1, LATER, shifted())
    rows = maker(BASELINE * 0.5)
    unsure = np.where(WEIGHT > 0.5, 0.75, WEIGHT)
    rows.measurement = replace(rows.measurement, weights=PigmentWeights.alike(unsure))
    told = rows.row(1, LATER, shifted())
    assert not [flag for flag in sure.flags if "hair here looks like dots" in flag]
    assert [flag for flag in told.flags if "hair here looks like dots" in flag]
    assert sure.whole is not None
    assert told.whole is not None
    assert told.whole.fade.value == pytest.approx(sure.whole.fade.value, abs=0.02)
    assert (
        told.whole.fade.high - told.whole.fade.low
        > 0.25
        > sure.whole.fade.high - sure.whole.fade.low
    )


def test_an_earlier_photo_is_not_refused_for_more_pigment_but_for_hair() -> None:
    dark = Estimate(-1.5, -1.7, -1.3, 400, "fraction")
    assert not_believed(dark, 0.0, days_since_baseline=-30) == ""
    assert "which pigment cannot do" in not_believed(dark, 0.0, days_since_baseline=30)
    assert "which pigment cannot do" in not_believed(dark, 0.0, days_since_baseline=None)
    assert "cannot be told from dots" in not_believed(dark, 0.31, days_since_baseline=-30)
    assert not_believed(Estimate.missing("fraction"), 0.0, None) == ""


def test_places_that_may_be_such_dots_are_told_of() -> None:
    stays = np.arange(len(WEIGHT)) % 3 == 0
    rows = maker(np.where(stays, BASELINE, 0.3 * BASELINE))
    sure = np.where(stays, 0.0, WEIGHT)
    weights = replace(rows.measurement.weights, weight=sure, on_course=sure, possible=WEIGHT)
    rows.measurement = replace(rows.measurement, weights=weights)
    told = rows.row(1, LATER, shifted())
    (flag,) = [flag for flag in told.flags if "the interval allows for both" in flag]
    share = (WEIGHT * BASELINE)[stays].sum() / (WEIGHT * BASELINE).sum()
    assert flag.startswith(f"{share:.0%} of what may be pigment")


def test_dots_that_do_not_fade_as_the_rest_are_told_of() -> None:
    stays = np.arange(len(WEIGHT)) % 3 == 0
    rows = maker(np.where(stays, BASELINE, 0.3 * BASELINE))
    plain = rows.row(1, LATER, shifted())
    weights = replace(rows.measurement.weights, on_course=np.where(stays, 0.0, WEIGHT))
    rows.measurement = replace(rows.measurement, weights=weights)
    told = rows.row(1, LATER, shifted())
    assert not [flag for flag in plain.flags if "does not fade as the rest" in flag]
    (flag,) = [flag for flag in told.flags if "does not fade as the rest" in flag]
    share = (WEIGHT * BASELINE)[stays].sum() / (WEIGHT * BASELINE).sum()
    assert flag.startswith(f"{share:.0%} of the pigment")
    # How many they are is found by their looks: the interval knows of it.
    assert plain.whole is not None
    assert told.whole is not None
    assert told.whole.fade.value == plain.whole.fade.value
    assert (
        told.whole.fade.high - told.whole.fade.low
        > plain.whole.fade.high - plain.whole.fade.low + 0.05
    )
    assert not [flag for flag in rows.row(0, FIRST, None).flags if "does not fade" in flag]
