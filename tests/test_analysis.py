"""analyse_series against rendered truth.

Stated tolerances, for small pictures (520 px) in calm conditions: the fade of every photo within
4 points of the truth and the truth inside its interval; nothing changed reads as nothing; darker
pigment reads as darker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tests.measure.painted_skin import FAIR, encode, paint, texture
from tracker.analysis import AnalysisSettings, analyse_series
from tracker.measure.fade import FadeSettings
from tracker.measure.luminance import SrgbArray
from tracker.measure.view import MeasurementSettings
from tracker.photos import PhotoError
from tracker.series import (
    PhotoMeasures,
    PolygonZone,
    SeriesAnalysis,
    SeriesPhoto,
    Session,
    Stage,
    Status,
)
from tracker.synthetic import PhotoSpec, RenderedSeries, SeriesSpec, render_series

TOLERANCE = 0.04
START = date(2026, 1, 5)
SCENE = SeriesSpec(
    seed=11,
    width_px=520,
    height_px=520,
    px_per_mm=14.0,
    patch_radius_mm=16.0,
    dots_per_cm2=110.0,
    hair_share_in_treated=0.1,
    ghosting=0.0,
    edge_softness_mm=2.0,
)
SMALL = replace(SCENE, seed=21, width_px=460, height_px=460, patch_radius_mm=13.0)

FADING = (
    PhotoSpec(),
    PhotoSpec(fade=0.35, yaw_deg=4, pitch_deg=-3, exposure_stops=0.2, shift_px=(12, -8)),
    PhotoSpec(fade=0.6, yaw_deg=-5, roll_deg=4, white_balance=(1.05, 0.95), defocus_px=0.9),
    PhotoSpec(fade=0.8, pitch_deg=5, roll_deg=-3, zoom=1.03, stubble_mm=0.3),
    PhotoSpec(fade=0.5, other_person=True),
)
UNCHANGED = (
    PhotoSpec(),
    PhotoSpec(yaw_deg=5, pitch_deg=3, exposure_stops=-0.2),
    PhotoSpec(yaw_deg=-4, roll_deg=5, white_balance=(0.96, 1.06)),
)
DARKER = (PhotoSpec(), PhotoSpec(fade=-0.22, yaw_deg=4, pitch_deg=-3, exposure_stops=0.1))


def photo(name: str, srgb: SrgbArray, days: int | None = 0, view: str = "") -> SeriesPhoto:
    day = None if days is None else START + timedelta(days=days)
    return SeriesPhoto(name, f"{len(name):064x}", lambda: srgb, view=view, captured_on=day)


def broken(name: str, days: int) -> SeriesPhoto:
    def read() -> SrgbArray:
        raise PhotoError(name, "is cut off in the middle", "copy it again from the phone")

    return SeriesPhoto(name, "0" * 64, read, captured_on=START + timedelta(days=days))


def photos_of(series: RenderedSeries) -> list[SeriesPhoto]:
    return [photo(f"p{k}.jpg", p.srgb, 30 * k) for k, p in enumerate(series.photos)]


def rows(analysis: SeriesAnalysis) -> dict[str, PhotoMeasures]:
    return {row.photo: row for row in analysis.photos}


def fade_is_right(row: PhotoMeasures, truth: float) -> None:
    assert row.status is not Status.REFUSED, row.reason
    assert row.whole is not None
    fade = row.whole.fade
    assert fade.value == pytest.approx(truth, abs=TOLERANCE)
    assert fade.low < truth < fade.high
    assert fade.high - fade.low < 0.25


@pytest.fixture(scope="module")
def fading() -> RenderedSeries:
    return render_series(replace(SCENE, photos=FADING))


@pytest.fixture(scope="module")
def measured(fading: RenderedSeries) -> SeriesAnalysis:
    """Four good photos, another person's, one that cannot be read, and a wall."""
    wall = np.full((520, 520, 3), 235, np.uint8)
    more = [broken("cut.jpg", 50), photo("wall.jpg", wall, 70)]
    return analyse_series([*photos_of(fading), *more], client="C1")


@pytest.fixture(scope="module")
def pair() -> RenderedSeries:
    return render_series(replace(SMALL, photos=(FADING[0], FADING[2])))


SESSIONS = (Session(START + timedelta(days=20)),)
LEFT_HALF = PolygonZone(
    "left half", "", ((-1.0, -1.0), (230.0, -1.0), (230.0, 500.0), (-1.0, 500.0))
)


def analyse_pair(photos: Sequence[SeriesPhoto], **more: object) -> SeriesAnalysis:
    arguments: dict = {"sessions": SESSIONS, "mm_per_px": 1 / 14, "zones": [LEFT_HALF]} | more
    return analyse_series(photos, **arguments)


@pytest.fixture(scope="module")
def told() -> list[float]:
    return []


@pytest.fixture(scope="module")
def small(pair: RenderedSeries, told: list[float]) -> SeriesAnalysis:
    return analyse_pair(photos_of(pair), progress=lambda share, _text: told.append(share))


# truth


@pytest.mark.parametrize("k", [1, 2, 3])
def test_fade_meets_the_truth(measured: SeriesAnalysis, fading: RenderedSeries, k: int) -> None:
    fade_is_right(rows(measured)[f"p{k}.jpg"], fading.photos[k].fade)


def test_nothing_changed_reads_as_nothing() -> None:
    series = render_series(replace(SCENE, seed=12, photos=UNCHANGED))
    found = rows(analyse_series(photos_of(series)))
    for k in (1, 2):
        row = found[f"p{k}.jpg"]
        fade_is_right(row, 0.0)
        assert row.whole is not None
        assert row.whole.density_ratio > 0.97
        assert abs(row.whole.fade.value) < row.whole.detectable
        assert not row.flags


def test_darker_pigment_reads_as_darker() -> None:
    series = render_series(replace(SCENE, photos=DARKER))
    row = rows(analyse_series(photos_of(series)))["p1.jpg"]
    fade_is_right(row, -0.22)
    assert "pigment darker than at baseline" in row.flags


def test_dots_of_the_baseline_are_found(measured: SeriesAnalysis, fading: RenderedSeries) -> None:
    view = measured.views[0]
    truth = fading.photos[0].xy_px
    inside = fading.photos[0].treated_region
    shown = np.isfinite(truth[:, 0])
    x, y = np.rint(np.where(shown[:, None], truth, 0)).astype(int).T
    margin = (x > 15) & (x < 505) & (y > 15) & (y < 505)
    truth = truth[shown & margin & inside[np.clip(y, 0, 519), np.clip(x, 0, 519)]]
    found = view.dots.xy_px
    distance = np.hypot(*(truth[:, None] - found[None]).transpose(2, 0, 1))
    assert (distance.min(axis=1) < 3.0).mean() > 0.93
    strays = distance.min(axis=0) > 6.0
    assert strays.mean() < 0.10


def test_dots_are_followed_to_their_place_in_the_photo(
    measured: SeriesAnalysis, fading: RenderedSeries
) -> None:
    for k in (1, 2, 3):
        row = rows(measured)[f"p{k}.jpg"]
        assert row.dots is not None
        places = np.column_stack([row.dots.x_px, row.dots.y_px])
        truth = fading.map_points(k, measured.views[0].dots.xy_px)
        error = np.hypot(*(places - truth).T)
        assert np.nanmedian(error) < 0.8
        assert np.nanmedian(error) < 4 * row.registration_error_px


def test_dots_go_as_pigment_goes(measured: SeriesAnalysis) -> None:
    ratios = []
    for k in range(4):
        whole = rows(measured)[f"p{k}.jpg"].whole
        assert whole is not None
        assert whole.density_ratio_low <= whole.density_ratio <= whole.density_ratio_high
        ratios.append(whole.density_ratio)
    assert ratios[0] == 1.0
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[3] < 0.8


# what cannot be measured


def test_another_person_is_refused_and_the_others_are_measured(measured: SeriesAnalysis) -> None:
    other = rows(measured)["p4.jpg"]
    assert other.status is Status.REFUSED
    assert other.reason
    assert other.whole is None
    assert other.dots is None
    assert [rows(measured)[f"p{k}.jpg"].status for k in range(4)] == [
        Status.BASELINE,
        *[Status.MEASURED] * 3,
    ]


def test_undated_photos_are_rows_after_the_dated_in_natural_order() -> None:
    def unreadable() -> SrgbArray:
        raise PhotoError("x", "is empty", "copy it again")

    def photo(name: str, day: date | None = None) -> SeriesPhoto:
        return SeriesPhoto(name, "", unreadable, captured_on=day)

    analysis = analyse_series(
        [photo("IMG_10.jpg"), photo("a.jpg", START), photo("IMG_9.jpg")],
    )
    assert [row.photo for row in analysis.photos] == ["a.jpg", "IMG_9.jpg", "IMG_10.jpg"]
    assert {row.stage for row in analysis.photos} == {Stage.UNKNOWN}


def test_a_marker_that_is_not_there_is_said(pair: RenderedSeries) -> None:
    analysis = analyse_series(photos_of(pair)[:1], marker_mm=20.0)
    assert analysis.views[0].scale_mm_per_px is None
    (note,) = analysis.notes
    assert "no ArUco marker" in note


def test_a_file_that_cannot_be_read_is_a_refused_row(measured: SeriesAnalysis) -> None:
    row = rows(measured)["cut.jpg"]
    assert row.status is Status.REFUSED
    assert row.reason == "is cut off in the middle; copy it again from the phone"
    assert np.isnan(row.registration_error_px)


def test_a_wall_is_no_scalp(measured: SeriesAnalysis) -> None:
    row = rows(measured)["wall.jpg"]
    assert row.status is Status.REFUSED
    assert row.reason


def test_a_row_for_every_photo_in_time_order(measured: SeriesAnalysis) -> None:
    names = [row.photo for row in measured.photos]
    assert names == ["p0.jpg", "p1.jpg", "cut.jpg", "p2.jpg", "wall.jpg", "p3.jpg", "p4.jpg"]


def test_zero_photos_is_an_ordinary_answer() -> None:
    analysis = analyse_series([], client="C1")
    assert analysis.photos == ()
    assert analysis.views == ()
    assert analysis.client == "C1"


def test_only_unreadable_photos() -> None:
    analysis = analyse_series([broken("a.jpg", 0), broken("b.jpg", 9)])
    assert [row.status for row in analysis.photos] == [Status.REFUSED] * 2


def test_no_dots_anywhere_is_said_in_words() -> None:
    analysis = analyse_series([photo("bare.jpg", paint(peak=0.0).srgb)])
    (row,) = analysis.photos
    assert row.status is Status.REFUSED
    assert "no pigment dots" in row.reason
    assert analysis.views == ()


def test_one_photo_alone_is_a_baseline(pair: RenderedSeries) -> None:
    analysis = analyse_series(photos_of(pair)[:1])
    (row,) = analysis.photos
    assert row.status is Status.BASELINE
    assert row.whole is not None
    assert (row.whole.fade.value, row.whole.fade.low, row.whole.fade.high) == (0, 0, 0)
    assert row.whole.density_ratio == 1
    assert row.registration is None


def test_a_line_of_stray_dots_is_no_area_but_is_measured() -> None:
    """Dots too far apart to make an area must not end the series with an error."""
    rng = np.random.default_rng(3)
    density = texture((320, 320), rng)
    y, x = np.mgrid[:320, :320].astype(float)
    for k in range(48):
        at_x, at_y = 12.0 + (k % 24) * 12.6, 150.0 + 16 * (k // 24)
        density += 0.35 * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * 2.1**2))
    srgb = encode(np.array(FAIR) * 10.0 ** -density[:, :, None])
    (row,) = analyse_series([photo("line.jpg", srgb)]).photos
    assert row.status is Status.BASELINE or row.reason


# order, depth, repetition


def same(one: SeriesAnalysis, other: SeriesAnalysis, tolerance: float = 0.0) -> None:
    assert [r.photo for r in one.photos] == [r.photo for r in other.photos]
    for first, second in zip(one.photos, other.photos, strict=True):
        assert first.status is second.status
        assert first.whole is not None
        assert second.whole is not None
        assert second.whole.fade.value == pytest.approx(first.whole.fade.value, abs=tolerance)
        assert second.whole.fade.low == pytest.approx(first.whole.fade.low, abs=3 * tolerance)
        if tolerance == 0:
            assert first.dots is not None
            assert second.dots is not None
            assert first.dots.pigment.tobytes() == second.dots.pigment.tobytes()
            assert first.dots.x_px.tobytes() == second.dots.x_px.tobytes()


def test_order_of_the_photos_and_repetition_do_not_matter(
    small: SeriesAnalysis, pair: RenderedSeries
) -> None:
    same(small, analyse_pair(photos_of(pair)[::-1]))


def test_work_begun_ahead_changes_nothing(small: SeriesAnalysis, pair: RenderedSeries) -> None:
    """Dots are looked for and photos aligned before it is known which photo is the baseline."""
    same(small, analyse_pair(photos_of(pair), workers=1))
    same(small, analyse_pair(photos_of(pair), workers=3))


def test_what_was_aligned_ahead_is_not_aligned_again(
    small: SeriesAnalysis, pair: RenderedSeries, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again(*_given: object) -> None:
        raise AssertionError("aligned again")

    monkeypatch.setattr("tracker.measure.series_alignment.register", again)
    same(small, analyse_pair(photos_of(pair)))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stop_while_work_is_begun_ahead_stops(pair: RenderedSeries, workers: int) -> None:
    def stop(_share: float, text: str) -> None:
        if text.startswith("aligning"):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        analyse_pair(photos_of(pair), workers=workers, progress=stop)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_first_photo_without_dots_is_passed_over(
    small: SeriesAnalysis, pair: RenderedSeries, workers: int
) -> None:
    """What was begun for it as the likely baseline is not used."""
    rng = np.random.default_rng(5)
    bare = encode(np.array(FAIR) * 10.0 ** -texture((460, 460), rng)[:, :, None])
    found = analyse_pair([photo("bare.jpg", bare, -30), *photos_of(pair)], workers=workers)
    passed = rows(found)["bare.jpg"]
    assert passed.status is Status.REFUSED
    assert "no baseline without visible dots" in passed.reason
    assert found.views[0].baseline == "p0.jpg"
    same(small, replace(found, refused=()))


def test_sixteen_bits_say_what_eight_say(small: SeriesAnalysis, pair: RenderedSeries) -> None:
    deep = [
        photo(f"p{k}.jpg", p.srgb.astype(np.uint16) * 257, 30 * k)
        for k, p in enumerate(pair.photos)
    ]
    same(small, analyse_pair(deep), tolerance=0.005)


def test_pair_meets_the_truth(small: SeriesAnalysis, pair: RenderedSeries) -> None:
    fade_is_right(rows(small)["p1.jpg"], pair.photos[1].fade)


# what else a row says


def test_progress_goes_up_from_0_to_1(small: SeriesAnalysis, told: list[float]) -> None:
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_stages_and_days_come_from_the_sessions(small: SeriesAnalysis) -> None:
    first, second = small.photos
    assert (first.stage, second.stage) == (Stage.BASELINE, Stage.HEALING)
    assert (first.days_since_baseline, second.days_since_baseline) == (0, 30)
    assert second.days_since_session == 10
    assert "not healed yet (healing)" in second.flags


def test_a_scale_gives_density_per_cm2(small: SeriesAnalysis, pair: RenderedSeries) -> None:
    (view,) = small.views
    assert view.scale_source == "given"
    first, second = (row.whole for row in small.photos)
    assert first is not None
    assert second is not None
    assert first.density_per_cm2 == pytest.approx(SMALL.dots_per_cm2, rel=0.25)
    # Of this pair's dots 1 in 180 is truly gone: the density falls with the dots that are said to be.
    here = pair.photos[1].retained >= 0.15
    assert second.density_ratio == pytest.approx(np.mean(here), abs=0.02)
    fewer = first.density_per_cm2 * second.density_ratio / first.density_ratio
    assert second.density_per_cm2 == pytest.approx(fewer, rel=0.02)


def test_drawn_zones_are_measured_on_their_own(small: SeriesAnalysis, pair: RenderedSeries) -> None:
    second = small.photos[1]
    (zone,) = second.zones
    assert zone.zone == "left half"
    assert second.whole is not None
    assert 0.3 < zone.n_dots / second.whole.n_dots < 0.7
    assert 0.3 < zone.area_cm2 / second.whole.area_cm2 < 0.7
    assert zone.fade.value == pytest.approx(pair.photos[1].fade, abs=0.08)


def test_columns_of_a_view_belong_together(small: SeriesAnalysis) -> None:
    (view,) = small.views
    n = len(view.dots)
    assert view.pigment_weight.shape == view.dot_zone.shape == (n,)
    for row in view.photos:
        assert row.dots is not None
        for column in ("x_px", "y_px", "pigment", "pigment_sd", "contrast", "fate"):
            assert getattr(row.dots, column).shape == (n,)
        unseen = ~np.isfinite(row.dots.pigment)
        assert (unseen == (row.dots.fate == "censored")).all() or row.status is Status.MEASURED
        assert np.isnan(row.dots.pigment_sd[unseen]).all()


def test_views_are_separate_and_a_named_baseline_counts(pair: RenderedSeries) -> None:
    first, second = (p.srgb for p in pair.photos)
    photos = [
        photo("a_top.jpg", first, 0, "top"),
        photo("b_top.jpg", second, 30, "top"),
        photo("a_back.jpg", first, 0, "back"),
    ]
    analysis = analyse_series(photos, baseline="b_top.jpg")
    assert {view.view: view.baseline for view in analysis.views} == {
        "top": "b_top.jpg",
        "back": "a_back.jpg",
    }
    before = rows(analysis)["a_top.jpg"]
    assert before.days_since_baseline == -30
    assert before.whole is not None
    assert before.whole.fade.value < -0.3, "seen from the faded photo the earlier one is darker"


def test_an_undated_photo_is_no_baseline_beside_dated_ones(pair: RenderedSeries) -> None:
    first, second = (p.srgb for p in pair.photos)
    analysis = analyse_series([photo("old.jpg", first, 0), photo("a.jpg", second, None)])
    assert analysis.views[0].baseline == "old.jpg"


def test_a_named_baseline_that_cannot_be_read_is_said(pair: RenderedSeries) -> None:
    good = photo("good.jpg", pair.photos[0].srgb, 10)
    analysis = analyse_series([broken("cut.jpg", 0), good], baseline="cut.jpg")
    assert analysis.views[0].baseline == "good.jpg"
    (note,) = analysis.notes
    assert note.startswith("cut.jpg was chosen as the baseline but could not be used")


# misuse, settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mm_per_px": 0.0}, "mm_per_px must be positive, got 0.0"),
        ({"mm_per_px": float("nan")}, "mm_per_px must be positive, got nan"),
        ({"marker_mm": -2.0}, "marker_mm must be positive, got -2.0"),
        ({"baseline": "gone.jpg"}, "baseline must name one of the photos, got 'gone.jpg'"),
    ],
)
def test_misuse_is_named(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analyse_series([broken("a.jpg", 0)], **arguments)


def test_two_photos_of_one_name_are_misuse() -> None:
    with pytest.raises(ValueError, match=r"photo names must differ, a.jpg comes twice"):
        analyse_series([broken("a.jpg", 0), broken("a.jpg", 3)])


def test_settings_leave_their_fingerprint(small: SeriesAnalysis) -> None:
    plain = AnalysisSettings()
    other = AnalysisSettings(measurement=MeasurementSettings(fade=FadeSettings(resamples=100)))
    assert small.settings_hash == plain.fingerprint() == AnalysisSettings().fingerprint()
    assert other.fingerprint() != plain.fingerprint()
    assert small.settings["measurement"]["fade"]["resamples"] == FadeSettings().resamples
