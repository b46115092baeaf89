"""Width of the mean dot, hairs that are still there, relief, and the border's steepness."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tracker.measure.blur_match import blur_variance, stack_dots
from tracker.measure.dot_width import FOOT_SHARE, reach_px, width_growth
from tracker.measure.edge import edge_steepness
from tracker.measure.hair_kept import HairResponse, hair_response, hair_sites, hairs_kept
from tracker.measure.luminance import FloatArray
from tracker.measure.relief import (
    FineSpread,
    fine_spread,
    relief_change,
    relief_places,
)
from tracker.measure.results import Dots, FloatColumn, Kind

SHAPE = (400, 400)


def grid(step: int, start: int = 20) -> FloatColumn:
    y, x = np.mgrid[start : SHAPE[0] - 15 : step, start : SHAPE[1] - 15 : step]
    return np.column_stack([x.ravel(), y.ravel()]).astype(float)


def drawn(places: FloatColumn, sigma: float, height: FloatColumn | float) -> FloatArray:
    # A round dot is a column of light times a row of it; all dots are one product.
    x, y = places.T
    column, row = (
        np.exp(-((np.arange(size) - place[:, None]) ** 2) / (2 * sigma**2))
        for size, place in zip(SHAPE, (y, x), strict=True)
    )
    weighted = np.broadcast_to(height, len(places))[:, None] * column
    return np.asarray(weighted.T @ row, np.float32)


@pytest.mark.parametrize("sigma", [1.8, 2.4, 3.0])
def test_the_reach_is_that_of_the_dots_whatever_their_strength(sigma: float) -> None:
    places = grid(26)
    for height in (0.4, 0.1):
        reach = reach_px(drawn(places, sigma, height), places, np.ones(len(places)), 2.2)
        assert reach == pytest.approx(np.sqrt(-2 * np.log(FOOT_SHARE)) * sigma, rel=0.05)


def test_ink_that_spread_is_told_from_a_softer_photo() -> None:
    """A lens widens all dots; ink that spread leaves a sharp part (hair, dots that stayed)."""
    places = grid(26)
    weight = np.ones(len(places))
    sharp, wide = drawn(places, 1.7, 0.3), drawn(places, 3.4, 0.3 / 4)

    def growth(later: FloatArray) -> float:
        stacks = [stack_dots(p, places, weight, 1.7) for p in (sharp, later)]
        core = np.sqrt(1.7**2 + blur_variance(*stacks, 1.7))
        reaches = [reach_px(p, places, weight, 2.2) for p in (sharp, later)]
        return width_growth((reaches[0], reaches[1]), (1.7, float(core)))

    soft = growth(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1.0), np.float32))
    assert abs(growth(0.5 * sharp)) < 0.01
    assert abs(soft) < 0.1
    assert growth(0.5 * wide + 0.05 * sharp) > 0.2
    assert growth(0.5 * wide + 0.05 * sharp) > 2 * soft
    # What stayed sharp makes most of the height, and half of it is no wider than before.
    assert growth(0.5 * wide + 0.2 * sharp) > 0.2


def test_no_reach_without_dots() -> None:
    places = grid(26)
    assert np.isnan(reach_px(np.zeros(SHAPE, np.float32), places, np.ones(len(places)), 2.0))
    assert np.isnan(reach_px(drawn(places, 2, 0.3), places[:10], np.ones(10), 2.0))


def spots(places: FloatColumn, hair: FloatColumn) -> Dots:
    n = len(places)
    one = np.ones(n)
    return Dots(
        places[:, 0],
        places[:, 1],
        5 * one,
        0.4 * one,
        4 * one,
        10 * one,
        hair,
        np.full(n, Kind.HAIR, np.int8),
    )


def responses(lost: float, shave: float) -> tuple[HairResponse, HairResponse]:
    """Hairs at baseline and later: `lost` of the treated ones gone, all weaker by `shave`."""
    rng = np.random.default_rng(3)
    places = grid(18)
    left = places[:, 0] < 200
    height = np.full(len(places), 0.3)
    later = height * shave
    gone = left & (rng.random(len(places)) < lost)
    later[gone] = 0
    noise = rng.normal(0, 0.01, (2, *SHAPE)).astype(np.float32)
    half = np.arange(SHAPE[1]) < 200
    treated = np.tile(half, (SHAPE[0], 1))
    sites = hair_sites(spots(places, np.full(len(places), 0.95)), 5.0, treated, ~treated, 1.0)
    where = (sites.treated, sites.native, sites.empty_treated, sites.empty_native)
    usable = np.ones(SHAPE, np.float32)
    first, now = (
        hair_response(drawn(places, 1.2, h) + noise[k], usable, where, 5.0)
        for k, h in enumerate((height, later))
    )
    return first, now


@pytest.mark.parametrize("lost", [0.0, 0.3, 0.7])
def test_lost_hairs_are_counted(lost: float) -> None:
    found = hairs_kept(*responses(lost, 1.0))
    assert found.reason == ""
    assert found.kept.value == pytest.approx(1 - lost, abs=0.08)
    assert found.kept.low <= 1 - lost <= found.kept.high


def test_a_shorter_shave_is_no_loss() -> None:
    found = hairs_kept(*responses(0.0, 0.4))
    assert found.kept.value == pytest.approx(1.0, abs=0.1)


def test_a_shave_that_leaves_nothing_cannot_be_compared() -> None:
    found = hairs_kept(*responses(0.0, 0.0))
    assert "shave differs" in found.reason
    assert not found.kept.measured


def test_too_few_hairs() -> None:
    first, now = responses(0.0, 1.0)
    few = HairResponse(first.treated[:5], first.native, first.empty_treated, first.empty_native)
    cut = HairResponse(now.treated[:5], now.native, now.empty_treated, now.empty_native)
    assert "clear hairs on the treated area" in hairs_kept(few, cut).reason


def textured(seed: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.kron(rng.normal(0, 0.02, (200, 200)), np.ones((2, 2))).astype(np.float32)


def spread_of(treated: FloatArray, native: FloatArray, blur_px: float = 0.0) -> FineSpread:
    """Bands of a picture whose left half is treated, its right half native."""
    picture = np.hstack([treated, native])
    if blur_px:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur_px), np.float32)
    left = np.zeros(picture.shape, bool)
    left[:, : treated.shape[1]] = True
    places = relief_places(grid(40), 4.0, left, ~left, 1.0)
    return fine_spread(picture, np.ones_like(picture), (places.treated, places.native), 4.0)


def test_relief_grows_with_treated_skin_and_not_with_dots_light_or_blur() -> None:
    skin, beside = textured(1), textured(2)
    plain = spread_of(skin, beside)
    dots = drawn(grid(40), 1.7, 0.4)
    assert relief_change(plain, spread_of(2 * skin, beside)) == pytest.approx(np.log(2), abs=0.02)
    for same in (
        spread_of(skin + dots, beside),
        spread_of(3 * skin, 3 * beside),
        spread_of(skin, beside, 1.0),
    ):
        assert relief_change(plain, same) == pytest.approx(0, abs=0.08)
    nowhere = np.zeros((2, 2), bool)
    none = relief_places(grid(40), 4.0, nowhere, nowhere, 1.0)
    bare = fine_spread(skin, np.ones_like(skin), (none.treated, none.native), 4.0)
    assert np.isnan(relief_change(plain, bare))


def border(softness: float) -> tuple[FloatColumn, FloatColumn]:
    xy = grid(10, 45)
    xy = xy[(xy < 360).all(axis=1)]
    depth = np.minimum.reduce([xy[:, 0] - 40, xy[:, 1] - 40, 360 - xy[:, 0], 360 - xy[:, 1]])
    return xy, 4.0 * np.clip(depth / softness, 0.05, 1.0)


def test_a_harsh_border_is_steeper_than_a_soft_one_and_fade_softens_it() -> None:
    outline = [np.array([[40.0, 40], [360, 40], [360, 360], [40, 360]])]

    def steepness(softness: float, left: float = 1.0, scale: float | None = 0.1):  # type: ignore[no-untyped-def]
        xy, amount = border(softness)
        return edge_steepness(
            xy, left * amount, outline, SHAPE, spacing_px=10, scale_mm_per_px=scale
        )

    harsh, soft = steepness(1.0), steepness(60.0)
    assert harsh.low > soft.high
    assert steepness(1.0, 0.5).value == pytest.approx(harsh.value / 2)
    assert harsh.unit == "OD/mm"
    assert steepness(1.0, scale=None).unit == "OD/spacing"


def test_no_border_in_view() -> None:
    xy, amount = border(1.0)
    assert not edge_steepness(xy, amount, [], SHAPE, spacing_px=10, scale_mm_per_px=None).measured
    whole = [np.array([[0.0, 0], [399, 0], [399, 399], [0, 399]])]
    found = edge_steepness(xy, amount, whole, SHAPE, spacing_px=10, scale_mm_per_px=None)
    assert not found.measured
