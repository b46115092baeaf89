"""What a softer lens or a sharpening makes of dark dots is taken back, and ink that spreads is not touched."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.measure.density_scenes import DensityScene, dotted_skin
from tests.measure.test_dots_alone import read
from tracker.measure.blur_match import DotPicture
from tracker.measure.lens_match import (
    SAME_LENS,
    LensMatch,
    LensSettings,
    match_lens,
    soften_light,
    with_sum,
)

USUAL = LensSettings()


def through_lens(density: NDArray[np.float32], variance_px2: float) -> NDArray[np.float32]:
    """The picture a softer lens makes: light is averaged, not density."""
    light = cv2.GaussianBlur(10.0**-density, (0, 0), variance_px2**0.5)
    return -np.log10(light).astype(np.float32)


def sharpened(
    density: NDArray[np.float32], strength: float, radius_px: float = 1.3
) -> NDArray[np.float32]:
    """What an unsharp mask on a camera's codes makes of it."""
    code = 10.0 ** (-density / 2.2)
    code = code + strength * (code - cv2.GaussianBlur(code, (0, 0), radius_px))
    return (-2.2 * np.log10(code)).astype(np.float32)


def scene(left: float = 1.0, *, peak: float = 0.5, **more: float) -> DensityScene:
    return dotted_skin(size=420, spacing_px=15.0, peak=peak, left=left, **more)  # type: ignore[arg-type]


def compared(
    first: DensityScene,
    later: NDArray[np.float32],
    how: LensSettings = USUAL,
    photo_scale: float = 1.0,
) -> tuple[float, float, LensMatch]:
    """Share left as its spots and as its sums were read, and the lens by the shape of the mean dot."""
    before = read(first)
    after = read(first, later, before.picture)
    raw = float(np.nansum(after.pigment) / np.nansum(before.pigment))
    assert before.summed is not None
    assert after.summed is not None
    summed = float(np.nansum(after.summed) / np.nansum(before.summed))
    pictures, pigments = (before.picture, after.picture), (before.pigment, after.pigment)
    return raw, summed, match_lens(*pictures, *pigments, 1.0, how, photo_scale=photo_scale)


def shares(first: DensityScene, later: NDArray[np.float32]) -> tuple[float, float, float]:
    """Share left as it was read, by the shape, and by shape and sum."""
    raw, summed, lens = compared(first, later)
    return raw, raw / lens.kept, raw / with_sum(lens, raw, summed, 0.0, 0.0).kept


def test_a_blur_of_light_keeps_the_light_and_loses_density() -> None:
    dot = dotted_skin(peak=0.5, noise=1e-6, shading=0.0).density
    soft = soften_light(dot, 1.0)
    assert (10.0**-soft).mean() == pytest.approx((10.0**-dot).mean(), rel=1e-5)
    assert (soft - 0.3).sum() < 0.96 * (dot - 0.3).sum()
    assert soften_light(dot, 0.0) is dot


@pytest.mark.parametrize("variance_px2", [0.3, 0.6, 0.9])
def test_what_another_lens_took_is_given_back(variance_px2: float) -> None:
    first, other = scene(), scene(skin_seed=5)
    soft = through_lens(other.density, variance_px2)
    raw, by_shape, by_both = shares(first, soft)
    assert raw < 1 - 0.12 * variance_px2
    assert by_shape == pytest.approx(1, abs=0.03)
    # A sum misses what blurred light takes of the density.
    assert 0.5 * (1 - raw) > 1 - by_both
    assert compared(first, soft)[2].variance_px2 > 0
    blurred = replace(first, density=through_lens(first.density, variance_px2))
    raw, by_shape, by_both = shares(blurred, other.density)
    assert raw > 1 + 0.12 * variance_px2
    assert by_shape == pytest.approx(1, abs=0.03)
    assert by_both - 1 < 0.5 * (raw - 1)


@pytest.mark.parametrize(("radius_px", "stays"), [(1.0, 0.4), (1.3, 0.4), (1.8, 0.55)])
@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_sharpening_that_darkens_dots_is_taken_back(
    strength: float, radius_px: float, stays: float
) -> None:
    """Most of it, of a radius unlike those tried almost half; later it adds, in the baseline it takes."""
    first, other = scene(peak=0.4), scene(peak=0.4, skin_seed=5)
    plainer = replace(first, density=sharpened(first.density, strength, radius_px))
    later = sharpened(other.density, strength, radius_px)
    for sign, pair in ((1, (first, later)), (-1, (plainer, other.density))):
        raw, *put_right = shares(*pair)
        assert sign * (raw - 1) > 0.05 * strength
        for left in put_right:
            assert abs(left - 1) < stays * abs(raw - 1) + 0.003


@pytest.mark.parametrize("left", [1.0, 0.6, 0.3])
def test_of_a_sharpening_beyond_all_that_is_tried_half_is_taken_back(left: float) -> None:
    """Dots 3 px wide and a mask of 1.5 px: their spots read almost half as much again."""
    first, other = (
        scene(part, peak=0.35, sigma_px=1.4, skin_seed=seed) for part, seed in ((1.0, 4), (left, 5))
    )
    raw, by_shape, by_both = shares(first, sharpened(other.density, 1.2, 1.5))
    assert raw > 1.35 * left
    for put_right in (by_shape, by_both):
        assert abs(put_right - left) < 0.5 * (raw - left)


@pytest.mark.parametrize("left", [0.8, 0.5, 0.2, 1.25])
def test_what_every_lens_takes_from_dark_dots_is_given_back(left: float) -> None:
    """Both photos through one lens: faded dots lose a smaller share of themselves."""
    common = 0.1 * 2.1**2
    first = scene()
    first = replace(first, density=through_lens(first.density, common))
    later = through_lens(scene(left, skin_seed=5).density, common)
    raw, given_back, _ = shares(first, later)
    assert abs(given_back - left) < abs(raw - left)
    assert (raw - left) * (1 - left) > 0
    assert given_back == pytest.approx(left, abs=0.017)
    assert abs(compared(first, later)[2].variance_px2) < 0.05


def test_a_photo_that_was_reduced_lost_less_to_its_own_blur() -> None:
    """The blur is one of the photo's pixels: of a dot of the same width in the frame it is less."""
    first, later = scene(), scene(0.4, skin_seed=5)
    full, reduced = (
        compared(first, later.density, photo_scale=scale)[2].kept for scale in (1.0, 0.3)
    )
    assert full > reduced + 0.01
    assert reduced == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("left", "wider"), [(0.7, 1.08), (0.4, 1.15), (0.2, 1.2)])
def test_ink_that_spreads_as_it_fades_is_not_taken_for_less(left: float, wider: float) -> None:
    """Its foot passes for light that a lens spread: up to 2 points too much are given back."""
    first = scene()
    spread = scene(left, peak=0.5 / wider**2, sigma_px=2.1 * wider, skin_seed=5)
    raw, _, given_back = shares(first, spread.density)
    assert raw == pytest.approx(left, abs=0.02)
    assert given_back == pytest.approx(left, abs=0.02)


def test_the_sum_counts_less_than_the_shape_and_the_less_the_more_has_faded() -> None:
    believed = LensSettings(sum_apart=1e6)

    def counted(read_left: float) -> float:
        lens = with_sum(SAME_LENS, read_left, 0.9 * read_left, 0.0, 0.0, believed)
        return float(np.log(lens.kept) / np.log(1 / 0.9))

    assert counted(1.0) == pytest.approx(4 / 13)
    assert counted(0.5) == pytest.approx(0.1)
    assert counted(0.1) < 0.01


def test_a_sum_far_from_the_shape_has_hair_in_it_and_counts_less() -> None:
    usual = LensSettings()

    def counted(apart: float) -> float:
        """Say of a sum that reads a share so far (in logarithms) from the shape's."""
        lens = with_sum(SAME_LENS, 1.0, float(np.exp(-apart)), 0.0, 0.0)
        return float(np.log(lens.kept)) / apart

    assert counted(usual.sum_apart) == pytest.approx(counted(1e-4) / 2, rel=1e-3)
    # Three times as far it moves what is read by less than it did there.
    assert 3 * counted(3 * usual.sum_apart) < counted(usual.sum_apart)
    assert counted(-0.3) == pytest.approx(counted(0.3))


def test_a_shadow_in_the_sum_is_none_of_the_ink() -> None:
    """Half gone, a tenth of it as a shadow, of which spots read 0.16 and the sum 0.45."""
    spot, summed = 0.16 * 0.1, 0.45 * 0.1
    both = 0.5 + 0.5 * spot, 0.5 + 0.5 * summed
    assert with_sum(SAME_LENS, *both, spot, summed).kept == pytest.approx(1)
    assert with_sum(SAME_LENS, *both, 0.0, 0.0).kept < 0.999


def test_what_shape_and_sum_do_not_agree_on_is_in_doubt() -> None:
    agreed, apart = (with_sum(SAME_LENS, 1.0, summed, 0.0, 0.0) for summed in (1.0, 0.8))
    assert agreed.log_sd == 0
    assert apart.log_sd > 0.02


def test_nothing_that_is_read_changes_more_than_lenses_do() -> None:
    believed = LensSettings(sum_apart=1e6)
    for summed in (-0.2, 0.0, 30.0):
        kept = with_sum(SAME_LENS, 1.0, summed, 0.0, 0.0, believed).kept
        assert abs(np.log2(kept)) == pytest.approx(4 / 13)
        # So far from the shape it is hair, and hardly counts.
        assert abs(np.log2(with_sum(SAME_LENS, 1.0, summed, 0.0, 0.0).kept)) < 0.03
    assert with_sum(SAME_LENS, 1.0, float("nan"), 0.0, 0.0) == SAME_LENS
    first = scene()
    assert compared(first, sharpened(first.density, 0.6), LensSettings(most=1.0))[2].kept == 1


def test_without_a_dot_to_compare_nothing_is_given_back() -> None:
    before = read(scene())
    first, pigment = before.picture, before.pigment
    unseen = DotPicture(
        first.signal, first.places_px, np.zeros_like(first.seen), first.strength, first.sigma_px
    )
    assert match_lens(first, unseen, pigment, pigment, 1.0) == SAME_LENS
