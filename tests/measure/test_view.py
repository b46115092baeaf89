"""A series in one frame: places, weights and pigment together."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.measure.density_scenes import DensityScene, dotted_skin
from tracker.measure.fade import SystematicErrors, retained_share
from tracker.measure.lens_match import LensMatch, LensSettings
from tracker.measure.photo_pigment import UNIT_GAIN, FramePhoto, PhotoPigment
from tracker.measure.pigment_weight import PigmentWeights
from tracker.measure.tone_gain import ToneGain
from tracker.measure.verdicts import Verdicts
from tracker.measure.view import (
    DOUBT_FREE,
    LEAST_COUNTED,
    LEAST_OF_A_KIND,
    OFF_COURSE_SHARE,
    POSSIBLE_SHARE,
    MeasurementSettings,
    ViewMeasurement,
    doubt_sd,
    measure_view,
    share_in_doubt,
    shares_left,
    shares_off_course,
    systematic_errors,
)
from tracker.row_remarks import HAIR_REFUSED_SD

LEFT = (1.0, 0.65, 0.3)


def photo(scene: DensityScene, gain: ToneGain = UNIT_GAIN) -> FramePhoto:
    """Luminance shows the same pigment on other noise."""
    rng = np.random.default_rng(11)
    grey = scene.density + rng.normal(0, 0.003, scene.density.shape).astype(np.float32)
    return FramePhoto(scene.density, grey, gain)


def scenes(left: tuple[float, ...] = LEFT) -> list[DensityScene]:
    return [
        dotted_skin(size=300, left=share, skin_seed=20 + k, shading=0.2 - 0.1 * k)
        for k, share in enumerate(left)
    ]


def measure(photos: list[FramePhoto | None], first: DensityScene) -> ViewMeasurement:
    return measure_view(photos, sigma_px=first.sigma_px, region=first.region)


def retained(view: ViewMeasurement, number: int) -> float:
    first, later = view.photos[0], view.photos[number]
    assert first is not None
    assert later is not None
    return retained_share(first.pigment, later.pigment, view.weight)


@pytest.fixture(scope="module")
def series() -> ViewMeasurement:
    made = scenes()
    return measure([photo(scene) for scene in made], made[0])


def test_what_is_left_is_read_within_four_points(series: ViewMeasurement) -> None:
    for number, share in enumerate(LEFT):
        assert retained(series, number) == pytest.approx(share, abs=0.04)


def test_columns_belong_to_the_catalogue(series: ViewMeasurement) -> None:
    n = len(series.catalogue)
    assert n > 250
    assert series.weight.shape == (n,)
    for measured in series.photos:
        assert measured is not None
        assert measured.pigment.shape == measured.amplitude.shape == (n,)
        assert measured.places_px.shape == (n, 2)
        assert measured.pigment_sd > 0


def test_same_input_same_bytes(series: ViewMeasurement) -> None:
    made = scenes()
    again = measure([photo(scene) for scene in made], made[0])
    assert again.weight.tobytes() == series.weight.tobytes()
    for one, other in zip(series.photos, again.photos, strict=True):
        assert one is not None
        assert other is not None
        assert one.pigment.tobytes() == other.pigment.tobytes()


def test_a_photo_without_alignment_keeps_its_slot(series: ViewMeasurement) -> None:
    made = scenes()
    view = measure([photo(made[0]), None, photo(made[2])], made[0])
    assert view.photos[1] is None
    assert retained(view, 2) == pytest.approx(LEFT[2], abs=0.05)
    assert systematic_errors(view, 1, alignment_px=0.0) == SystematicErrors()


def test_the_cameras_contrast_is_taken_off() -> None:
    """A photo that draws every density difference 1.2 times as strong shows no more pigment."""
    made = scenes((1.0, 1.0))
    level = np.float32(made[1].density.mean())
    strong = np.float32(1.2) * (made[1].density - level) + level
    drawn = FramePhoto(strong, strong, ToneGain(1.2, 0.02, 0.9))
    view = measure([photo(made[0]), drawn], made[0])
    assert retained(view, 1) == pytest.approx(1.0, abs=0.04)
    assert systematic_errors(view, 1, alignment_px=0.0).tone == pytest.approx(0.012)


def test_the_baseline_alone_is_measured() -> None:
    made = scenes((1.0,))
    view = measure([photo(made[0])], made[0])
    assert retained(view, 0) == 1.0
    assert systematic_errors(view, 0, alignment_px=0.0).zero_point == 0


def test_shared_errors_are_read_off_the_photos(series: ViewMeasurement) -> None:
    straight = systematic_errors(series, 2, alignment_px=0.0)
    astray = systematic_errors(series, 2, alignment_px=2.0)
    assert straight.alignment == 0
    assert 0.02 < astray.alignment < 0.5
    for term in (straight.zero_point, straight.channel, straight.hair):
        assert 0 <= term < 0.05


def test_a_photo_that_shows_other_skin_has_no_shared_errors() -> None:
    made = scenes((1.0, 0.5))
    blind = np.full_like(made[1].density, np.nan)
    view = measure([photo(made[0]), FramePhoto(blind, blind)], made[0])
    assert np.isnan(retained(view, 1))
    assert systematic_errors(view, 1, alignment_px=1.0) == SystematicErrors()
    assert ((view.weight >= 0) & (view.weight <= 1)).all()


def test_hardly_any_place_is_no_pattern_to_measure() -> None:
    made = scenes((1.0,))[0]
    region = np.zeros_like(made.region)
    blind = np.full_like(made.density, np.nan)
    view = measure_view([FramePhoto(blind, blind)], sigma_px=2.1, region=region)
    assert len(view.catalogue) == len(view.weight) == 0
    assert view.photos == ()


@pytest.mark.parametrize("photos", [[], [None], [None, photo(dotted_skin(size=80))]])
def test_a_view_needs_its_baseline(photos: list[FramePhoto | None]) -> None:
    with pytest.raises(ValueError, match=r"photos\[0\], the baseline, must not be None"):
        measure(photos, dotted_skin(size=80))


def test_dots_that_may_be_hair_widen_the_interval(series: ViewMeasurement) -> None:
    """Hair that looks like dots is counted with middling weights: the fade is then in doubt."""
    before = systematic_errors(series, 1, alignment_px=0.0)
    middling = np.where(series.weight >= 0.5, 0.8, series.weight)
    weights = PigmentWeights.alike(middling)
    doubtful = replace(series, weights=weights)
    assert series.photos[0] is not None
    share = share_in_doubt(series.photos[0].pigment, middling)
    assert share == pytest.approx(0.2, abs=0.02)
    after = systematic_errors(doubtful, 1, alignment_px=0.0)
    assert before.doubt == 0
    assert after.doubt == pytest.approx(doubt_sd(share))
    assert after.hair >= after.doubt > before.hair + 0.04


def test_doubt_grows_faster_than_the_share_that_may_be_hair() -> None:
    assert doubt_sd(DOUBT_FREE) == doubt_sd(0.0) == 0.0
    assert doubt_sd(0.13) == pytest.approx(0.022, abs=0.002)
    assert doubt_sd(0.43) > 8 * doubt_sd(0.13)
    # where two fifths may be hair beyond what clean series show the photo is refused
    assert SystematicErrors(doubt=doubt_sd(0.43)).hair_at_worst > 2 * HAIR_REFUSED_SD


def test_no_pigment_no_share_in_doubt() -> None:
    assert share_in_doubt(np.array([np.nan, -1.0]), np.array([0.5, 0.5])) == 0
    assert share_in_doubt(np.array([2.0, 2.0]), np.array([1.0, 0.0])) == 0


def test_only_dots_are_read_anew(series: ViewMeasurement) -> None:
    """What is no dot, here by a person's word, has weight 0 and keeps its first reading."""
    made = scenes()
    wrong = series.catalogue.xy_px[10:40:10]
    view = measure_view(
        [photo(scene) for scene in made],
        sigma_px=made[0].sigma_px,
        region=made[0].region,
        verdicts=Verdicts(wrong, np.zeros(len(wrong), bool)),
    )
    dots = view.weight > 0
    assert np.count_nonzero(~dots) == len(wrong)
    assert (view.weight[dots] >= LEAST_COUNTED).all()
    for first, final in zip(view.first_readings, view.photos, strict=True):
        assert first is not None
        assert final is not None
        assert np.array_equal(first.pigment[~dots], final.pigment[~dots], equal_nan=True)
        assert not np.isclose(first.pigment[dots], final.pigment[dots]).all()
        both = (final.channels[0] + final.channels[1])[dots] / 2
        assert np.allclose(both, final.pigment[dots], equal_nan=True)


def test_what_the_last_reading_changes_stays_in_doubt(series: ViewMeasurement) -> None:
    """By a third: a first reading that is off by 10 points adds 3 to the doubt about hair."""
    assert systematic_errors(series, 1, alignment_px=0.0).hair < 0.02
    first, second, third = series.first_readings
    assert second is not None
    off = replace(second, pigment=second.pigment * (1 - 0.1 / LEFT[1]))
    other = replace(series, first_readings=(first, off, third))
    assert systematic_errors(other, 1, alignment_px=0.0).hair == pytest.approx(0.033, abs=0.013)
    without = replace(series, first_readings=())
    assert systematic_errors(without, 1, alignment_px=0.0).hair < 0.02


def test_what_a_lens_took_is_no_doubt_about_hair(series: ViewMeasurement) -> None:
    """It is given back in the last reading alone, and would else look like a change by hair."""
    first, second, third = series.photos
    assert second is not None
    lens = LensMatch(0.5, 0.8 * second.lens.kept)
    given_back = replace(second, pigment=second.pigment / 0.8, lens=lens)
    other = replace(series, photos=(first, given_back, third))
    before, after = (systematic_errors(one, 1, alignment_px=0.0).hair for one in (series, other))
    assert after == pytest.approx(before, abs=0.005)


def test_a_shadow_that_was_taken_off_is_a_doubt_of_its_own_and_none_about_hair(
    series: ViewMeasurement,
) -> None:
    first, second, third = series.photos
    assert first is not None
    assert second is not None
    as_read = replace(
        second, pigment=second.pigment * (1 - second.shadow) + second.shadow * first.pigment
    )
    read_share = 0.04
    cleared = replace(
        as_read,
        pigment=(as_read.pigment - read_share * first.pigment) / (1 - read_share),
        shadow=read_share,
    )
    plain, taken_off = (
        systematic_errors(replace(series, photos=(first, one, third)), number=1, alignment_px=0.0)
        for one in (replace(as_read, shadow=0.0), cleared)
    )
    assert plain.shadow == 0.0
    assert 0.2 * read_share * (1 - LEFT[1]) < taken_off.shadow < read_share * (1 - LEFT[1])
    assert taken_off.hair == pytest.approx(plain.hair, abs=0.005)


def test_unchanged_dots_in_a_softer_photo_fade_less_than_they_seem_to() -> None:
    first, later = (dotted_skin(size=300, peak=0.5, skin_seed=seed) for seed in (20, 21))
    light = cv2.GaussianBlur(10.0**-later.density, (0, 0), 0.8)
    softer = replace(later, density=(-np.log10(light)).astype(np.float32))
    photos = [photo(first), photo(softer)]
    nothing = MeasurementSettings(lens=LensSettings(most=1.0))
    seems, is_left = (
        retained(
            measure_view(photos, sigma_px=first.sigma_px, region=first.region, settings=settings), 1
        )
        for settings in (nothing, MeasurementSettings())
    )
    assert seems < 0.92
    assert seems + 0.02 < is_left < 1.0


def test_dots_that_stay_are_a_doubt_of_their_own_and_their_fate_is_their_own(
    series: ViewMeasurement,
) -> None:
    weight = series.weight
    stays = (weight > 0) & (series.catalogue.xy_px[:, 0] < 90)
    assert stays.sum() >= LEAST_OF_A_KIND
    on_course = np.where(stays, 0.0, weight)

    def at_side(photo: PhotoPigment | None) -> PhotoPigment:
        assert photo is not None
        first = series.photos[0]
        assert first is not None
        return replace(photo, pigment=np.where(stays, first.pigment, photo.pigment))

    photos = (series.photos[0], *(at_side(photo) for photo in series.photos[1:]))
    weights = replace(series.weights, on_course=on_course)
    partly = replace(series, photos=photos, weights=weights)
    share, beside = shares_off_course(partly)
    assert 0.05 < share < 0.9
    assert beside == 0
    assert shares_off_course(series) == (0, 0)
    errors = systematic_errors(partly, len(LEFT) - 1, alignment_px=0.1)
    first, last = photos[0], photos[-1]
    assert first is not None
    settled, usual = (retained_share(first.pigment, last.pigment, w) for w in (weight, on_course))
    assert settled > usual + 0.02
    assert errors.off_course == pytest.approx(OFF_COURSE_SHARE * (settled - usual))
    # Where they may be dots and are not believed to be, half of it is in doubt.
    unsure = replace(partly, weights=replace(weights, weight=on_course, possible=weight))
    believed, possible = shares_off_course(unsure)
    assert believed == 0
    assert possible == pytest.approx(share)
    doubted = systematic_errors(unsure, len(LEFT) - 1, alignment_px=0.1)
    assert doubted.off_course == pytest.approx(POSSIBLE_SHARE * (settled - usual))
    left = shares_left(partly)[len(LEFT) - 1]
    alone = shares_left(series)[len(LEFT) - 1]
    assert np.nanmedian(left[stays]) > 0.9
    rest = (weight > 0) & ~stays
    # The others are judged as if those that stay were not there.
    np.testing.assert_allclose(left[rest], alone[rest], atol=0.08)
