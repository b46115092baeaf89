"""Pigment that a softer lens takes from dark dots is given back, and no more than that."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.measure.density_scenes import DensityScene, dotted_skin
from tests.measure.test_dots_alone import read
from tracker.measure.blur_match import DotPicture
from tracker.measure.lens_match import SAME_LENS, match_lens, soften_light


def through_lens(density: NDArray[np.float32], variance_px2: float) -> NDArray[np.float32]:
    """The picture a softer lens makes: light is averaged, not density."""
    light = cv2.GaussianBlur(10.0**-density, (0, 0), variance_px2**0.5)
    return -np.log10(light).astype(np.float32)


def scene(left: float = 1.0, *, peak: float = 0.5, **more: float) -> DensityScene:
    return dotted_skin(size=420, spacing_px=15.0, peak=peak, left=left, **more)  # type: ignore[arg-type]


def share(first: DensityScene, later: NDArray[np.float32]) -> tuple[float, float, float]:
    """Share left as it was read, with what the lens took given back, and the lens's variance."""
    before = read(first)
    after = read(first, later, before.picture)
    raw = float(np.nansum(after.pigment) / np.nansum(before.pigment))
    lens = match_lens(before.picture, after.picture, 1.0)
    return raw, raw / lens.kept, lens.variance_px2


def test_a_blur_of_light_keeps_the_light_and_loses_density() -> None:
    dot = dotted_skin(peak=0.5, noise=1e-6, shading=0.0).density
    soft = soften_light(dot, 1.0)
    assert (10.0**-soft).mean() == pytest.approx((10.0**-dot).mean(), rel=1e-5)
    assert (soft - 0.3).sum() < 0.96 * (dot - 0.3).sum()
    assert soften_light(dot, 0.0) is dot


@pytest.mark.parametrize("variance_px2", [0.3, 0.6, 0.9])
def test_unchanged_dots_through_a_softer_lens_are_unchanged(variance_px2: float) -> None:
    first = scene()
    soft = through_lens(scene(skin_seed=5).density, variance_px2)
    raw, given_back, found = share(first, soft)
    assert raw < 1 - 0.12 * variance_px2
    assert given_back == pytest.approx(1, abs=0.025)
    assert found == pytest.approx(variance_px2, rel=0.1)


def test_unchanged_dots_in_a_sharper_photo_are_unchanged() -> None:
    blurred = scene()
    first = replace(blurred, density=through_lens(blurred.density, 0.6))
    raw, given_back, found = share(first, scene(skin_seed=5).density)
    assert raw > 1.08
    assert given_back == pytest.approx(1, abs=0.03)
    assert found == pytest.approx(-0.6, rel=0.15)


@pytest.mark.parametrize("left", [0.9, 0.6, 0.3, 1.25])
def test_through_the_same_lens_nothing_is_given_back(left: float) -> None:
    first = scene()
    raw, given_back, _ = share(first, scene(left, skin_seed=5).density)
    assert given_back == pytest.approx(left, abs=0.02)
    assert given_back == pytest.approx(raw, abs=0.01)


@pytest.mark.parametrize("left", [0.9, 0.6, 0.3, 1.25])
def test_what_faded_or_darkened_is_still_told_through_a_softer_lens(left: float) -> None:
    first = scene()
    raw, given_back, _ = share(first, through_lens(scene(left, skin_seed=5).density, 0.5))
    assert abs(given_back - left) < abs(raw - left)
    assert given_back == pytest.approx(left, abs=0.022)


@pytest.mark.parametrize(("left", "wider"), [(0.7, 1.08), (0.4, 1.15), (0.2, 1.2)])
def test_ink_that_spreads_as_it_fades_is_little_taken_for_a_softer_lens(
    left: float, wider: float
) -> None:
    """Taken for the lens in full, they would read 0.79, 0.45 and 0.22."""
    first = scene()
    spread = scene(left, peak=0.5 / wider**2, sigma_px=2.1 * wider, skin_seed=5)
    raw, given_back, _ = share(first, spread.density)
    assert raw == pytest.approx(left, abs=0.02)
    assert 0 <= given_back - raw < 0.045


def test_without_a_dot_to_compare_nothing_is_given_back() -> None:
    first = read(scene()).picture
    unseen = DotPicture(
        first.signal, first.places_px, np.zeros_like(first.seen), first.strength, first.sigma_px
    )
    assert match_lens(first, unseen, 1.0) == SAME_LENS
