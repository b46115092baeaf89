"""Ink that stays about a dot as a broad shadow is told from what is left of the dot."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.measure.density_scenes import DensityScene, dotted_skin, gaussians
from tests.measure.test_dots_alone import read
from tracker.measure.fade import retained_share
from tracker.measure.lens_match import LensSettings
from tracker.measure.photo_pigment import FramePhoto
from tracker.measure.shadow import (
    RingExcess,
    ShadowSettings,
    ring_density,
    ring_excess,
    shadow_share,
    without_shadow,
)
from tracker.measure.view import MeasurementSettings, measure_view

WIDER = 3.2


def scene(left: float = 1.0, *, stays: float = 0.0, skin_seed: int = 2) -> DensityScene:
    """Dots of which `left` is left, and of what they lost the share `stays` as a shadow."""
    drawn = dotted_skin(size=420, spacing_px=17.0, peak=0.4, left=left, skin_seed=skin_seed)
    lost = drawn.amplitude * (1 - left) / left
    shadow = gaussians(
        drawn.region.shape, drawn.xy_px, stays * lost / WIDER**2, WIDER * drawn.sigma_px
    )
    density = (drawn.density + shadow).astype(np.float32)
    return DensityScene(density, drawn.xy_px, drawn.amplitude, drawn.sigma_px, drawn.spacing_px)


def excess(first: DensityScene, later: DensityScene) -> RingExcess:
    before = read(first)
    after = read(first, later.density, before.picture)
    weight = np.ones(len(first.xy_px))
    left = retained_share(before.pigment, after.pigment, weight)
    found = ring_excess(before.around, after.around, np.nan_to_num(before.amplitude), weight, left)
    assert found is not None
    return found


def test_the_share_that_stays_is_read_off_the_rings() -> None:
    """Drawn dots are exact Gaussians, which a rendered camera's are not: some 0.05 are read of none."""
    first = scene()
    found = [
        shadow_share([excess(first, scene(left, stays=stays, skin_seed=5)) for left in (0.5, 0.25)])
        for stays in (0.0, 0.1, 0.2)
    ]
    assert found[0] < 0.08
    assert found[1] - found[0] == pytest.approx(0.1, abs=0.04)
    assert found[2] - found[0] == pytest.approx(0.2, abs=0.06)


def test_ink_that_only_spreads_leaves_no_shadow() -> None:
    first = scene()
    wider = [
        dotted_skin(
            size=420,
            spacing_px=17.0,
            peak=0.4 / w**2,
            sigma_px=2.1 * w,
            left=left,
            skin_seed=5,
        )
        for left, w in ((0.5, 1.12), (0.25, 1.2))
    ]
    assert shadow_share([excess(first, one) for one in wider]) < 0.1


@pytest.mark.parametrize("left", [0.5, 0.25])
def test_what_spots_read_of_the_shadow_is_taken_off(left: float) -> None:
    first, later = scene(), scene(left, stays=0.2, skin_seed=5)
    photos = [FramePhoto(one.density, one.density) for one in (first, later)]

    def share(shadow: ShadowSettings) -> float:
        # Drawn without a lens.
        settings = MeasurementSettings(shadow=shadow, lens=LensSettings(most=1.0))
        measured = measure_view(
            photos, sigma_px=first.sigma_px, region=first.region, settings=settings
        )
        before, now = measured.photos
        assert before is not None
        assert now is not None
        return retained_share(before.pigment, now.pigment, measured.weight)

    seems, taken_off = share(ShadowSettings(read_share=0.0)), share(ShadowSettings())
    assert seems > left + 0.01
    assert abs(taken_off - left) < 0.6 * abs(seems - left)


def test_unchanged_dots_have_no_shadow_taken_off() -> None:
    first, later = scene(), scene(skin_seed=5)
    photos = [FramePhoto(one.density, one.density) for one in (first, later)]
    measured = [
        measure_view(photos, sigma_px=first.sigma_px, region=first.region, settings=settings)
        for settings in (
            MeasurementSettings(shadow=ShadowSettings(read_share=0.0)),
            MeasurementSettings(),
        )
    ]
    plain, usual = (one.photos[1] for one in measured)
    assert plain is not None
    assert usual is not None
    np.testing.assert_allclose(usual.pigment, plain.pigment, rtol=0.01, atol=0.02)


def test_a_hair_across_the_ring_does_not_count() -> None:
    rest = np.zeros((80, 80), np.float32)
    rest[:, 46:48] = 0.4
    places = np.array([[40.0, 40.0], [20.0, 40.0]])
    crossed, clear = ring_density(rest, places, 2.1)
    assert crossed == pytest.approx(0.0, abs=1e-6)
    assert clear == pytest.approx(0.0, abs=1e-6)
    shaded = ring_density(rest + np.float32(0.03), places, 2.1)
    np.testing.assert_allclose(shaded, 0.03, atol=1e-5)
    assert len(ring_density(rest, np.empty((0, 2)), 2.1)) == 0


def test_dots_that_tell_nothing_give_no_excess() -> None:
    ring = np.array([0.01, 0.02])
    amplitude = np.array([0.3, 0.4])
    assert ring_excess(ring, ring, amplitude, np.zeros(2), 0.5) is None
    assert ring_excess(ring, ring, np.array([0.3, 0.3]), np.ones(2), 0.5) is None


def test_photos_without_less_ink_say_nothing_of_a_shadow() -> None:
    assert shadow_share([]) == 0.0
    assert shadow_share([RingExcess(0.02, 1e-8, -0.2), RingExcess(0.02, 1e-8, 0.0)]) == 0.0


def test_a_photo_in_which_more_is_lost_says_more() -> None:
    settings = ShadowSettings()

    def photo(share: float, lost: float) -> RingExcess:
        value = lost * (settings.without + settings.per_share * share)
        return RingExcess(value, settings.noise**2, lost)

    assert shadow_share([photo(0.15, 0.8)]) == pytest.approx(0.15, rel=0.1)
    assert shadow_share([photo(0.3, 0.1)]) < 0.15
    both = shadow_share([photo(0.3, 0.1), photo(0.1, 0.8)])
    assert abs(both - 0.1) < 0.03


def test_more_than_a_quarter_is_not_believed() -> None:
    settings = ShadowSettings()
    value = 0.8 * (settings.without + settings.per_share * 0.7)
    assert shadow_share([RingExcess(value, settings.noise**2, 0.8)]) == settings.most


def test_pigment_without_its_shadow() -> None:
    before: NDArray[np.float64] = np.array([10.0, 10.0, np.nan, 10.0])
    now = np.array([10.0, 4.0, 3.0, np.nan])
    cleared = without_shadow(now, before, 0.04)
    np.testing.assert_allclose(cleared, [10.0, (4 - 0.4) / 0.96, 3.0, np.nan])
