"""Fade and its interval, on dots whose fade is drawn from a known law."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from tracker.measure.fade import (
    FadeSettings,
    SystematicErrors,
    block_index,
    bootstrap_sd,
    detectable_change,
    estimate_fade,
    retained_share,
    systematic_variance,
)

SPACING = 10.0
EXACT = FadeSettings(tone_share=0.0, floor_sd=0.0)
"""Without the camera's own terms: what is left is the bootstrap alone."""


def grid(side: int = 30) -> np.ndarray:
    y, x = np.mgrid[:side, :side] * SPACING
    return np.column_stack([x.ravel(), y.ravel()]).astype(float)


def test_ratio_of_sums_not_mean_of_ratios() -> None:
    before = np.array([10.0, 1.0, 1.0])
    after = np.array([5.0, 1.0, 1.0])
    assert retained_share(before, after, np.ones(3)) == pytest.approx(7 / 12)
    assert retained_share(before, after, np.array([1.0, 0.0, 0.0])) == pytest.approx(0.5)


def test_only_dots_seen_in_both_count() -> None:
    before = np.array([1.0, np.nan, 2.0])
    after = np.array([0.5, 0.0, np.nan])
    assert retained_share(before, after, np.ones(3)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("before", "weight"),
    [(np.full(3, np.nan), np.ones(3)), (np.ones(3), np.zeros(3)), (-np.ones(3), np.ones(3))],
)
def test_no_pigment_to_compare_with_is_nan(before: np.ndarray, weight: np.ndarray) -> None:
    assert np.isnan(retained_share(before, np.ones(3), weight))


def test_blocks_are_squares_numbered_without_gaps() -> None:
    blocks = block_index(grid(12), 4 * SPACING)
    assert sorted(set(blocks.tolist())) == list(range(9))
    assert np.bincount(blocks).tolist() == [16] * 9
    assert block_index(np.array([[3.0, 4.0]]), 5.0).tolist() == [0]


def test_bootstrap_sd_of_independent_dots_is_the_known_one() -> None:
    rng = np.random.default_rng(2)
    n, sd = 40**2, 0.3
    after = 0.5 + rng.normal(0, sd, n)
    found = bootstrap_sd(np.ones(n), after, np.ones(n), grid(40), spacing_px=SPACING)
    assert found == pytest.approx(sd / np.sqrt(n), rel=0.35)


def test_bootstrap_sd_sees_that_neighbours_fade_alike() -> None:
    rng = np.random.default_rng(3)
    field = gaussian_filter(rng.normal(size=(40, 40)), 2.0, mode="wrap")
    field = 0.5 + 0.1 * field.ravel() / field.std()
    shuffled = rng.permutation(field)
    ones = np.ones(field.size)
    alike, apart = (
        bootstrap_sd(ones, after, ones, grid(40), spacing_px=SPACING) for after in (field, shuffled)
    )
    assert alike > 3 * apart


@pytest.mark.parametrize("correlation_spacings", [0.0, 1.0])
def test_interval_covers_the_fade(correlation_spacings: float) -> None:
    """95 % intervals over 120 patches of skin whose dots fade like their neighbours.

    They hold the fade of the dots that are there nearly always, and the fade that the treatment
    would give on more of such skin, of which a patch is a sample, in 85 % at least.
    """
    rng = np.random.default_rng(7)
    places, hits, own_hits, widths, errors = grid(48), 0, 0, [], []
    for _ in range(120):
        before = np.exp(rng.normal(0, 0.4, len(places)))
        field = gaussian_filter(rng.normal(size=(48, 48)), correlation_spacings, mode="wrap")
        left = 0.6 + 0.15 * field.ravel() / field.std()
        estimate = estimate_fade(
            before,
            before * left + rng.normal(0, 0.2, len(places)),
            np.ones(len(places)),
            places,
            spacing_px=SPACING,
            settings=EXACT,
        )
        own = 1 - (before * left).sum() / before.sum()
        own_hits += estimate.low <= own <= estimate.high
        hits += estimate.low <= 0.4 <= estimate.high
        widths.append(estimate.high - estimate.low)
        errors.append(estimate.value - 0.4)
    assert own_hits / 120 > 0.93
    assert hits / 120 > 0.85
    assert np.median(widths) < 6 * np.std(errors)
    assert abs(np.mean(errors)) < 0.01


def test_same_input_same_bytes() -> None:
    rng = np.random.default_rng(1)
    before, places = rng.uniform(1, 2, 900), grid(30)
    once, again = (
        estimate_fade(before, before * 0.7, np.ones(900), places, spacing_px=SPACING)
        for _ in range(2)
    )
    assert once == again


def test_few_dots_give_no_fade() -> None:
    few = np.ones(19)
    estimate = estimate_fade(few, few, few, grid(5)[:19], spacing_px=SPACING)
    assert not estimate.measured
    assert estimate.n == 0
    none = np.empty(0)
    assert not estimate_fade(none, none, none, np.empty((0, 2)), spacing_px=SPACING).measured


def test_unseen_weightless_and_negative_pigment_give_no_fade() -> None:
    n, places = 100, grid(10)
    ones, nothing = np.ones(n), np.full(n, np.nan)
    for before, after, weight in (
        (ones, nothing, ones),
        (nothing, ones, ones),
        (ones, ones, np.zeros(n)),
        (-ones, ones, ones),
    ):
        estimate = estimate_fade(before, after, weight, places, spacing_px=SPACING)
        assert not estimate.measured


def test_a_zone_of_one_block_still_has_an_interval() -> None:
    rng = np.random.default_rng(5)
    places = grid(5)
    before = rng.uniform(1, 2, 25)
    after = before * rng.uniform(0.4, 0.6, 25)
    estimate = estimate_fade(before, after, np.ones(25), places, spacing_px=SPACING, settings=EXACT)
    assert 0.02 < estimate.high - estimate.low < 0.2


def test_darkening_is_a_negative_fade() -> None:
    ones = np.ones(900)
    estimate = estimate_fade(ones, 1.22 * ones, ones, grid(30), spacing_px=SPACING)
    assert estimate.value == pytest.approx(-0.22)
    assert estimate.low < -0.22 < estimate.high < 0


def test_every_shared_error_widens_the_interval() -> None:
    ones = np.ones(900)

    def width(**terms: float) -> float:
        errors = SystematicErrors(**terms)
        e = estimate_fade(ones, 0.5 * ones, ones, grid(30), spacing_px=SPACING, errors=errors)
        return e.high - e.low

    plain = width()
    terms = [field.name for field in fields(SystematicErrors)]
    assert len(terms) == 11
    for term in terms:
        assert width(**{term: 0.05}) > plain


def test_hair_is_told_from_the_other_errors() -> None:
    errors = SystematicErrors(counting=0.02, doubt=0.03, readings=0.06, small_dots=0.0, tone=0.04)
    assert errors.hair == pytest.approx(0.07)
    assert errors.without_hair() == SystematicErrors(tone=0.04)


def test_camera_terms_shrink_with_what_is_left() -> None:
    errors = SystematicErrors(alignment=0.05, tone=0.05)
    full, gone = (systematic_variance(left, errors, FadeSettings()) for left in (1.0, 0.0))
    assert full > 0
    assert gone == pytest.approx(FadeSettings().floor_sd ** 2)
    assert systematic_variance(-1.0, errors, FadeSettings()) == pytest.approx(full)


def test_detectable_change_grows_with_noise_and_shrinks_with_dots() -> None:
    none = SystematicErrors()

    def change(n: int, noise: float, errors: SystematicErrors = none) -> float:
        ones = np.ones(n)
        return detectable_change(
            ones, ones, ones, baseline_noise=0.1, noise=noise, errors=errors, settings=EXACT
        )

    assert change(100, 0.2) == pytest.approx(1.96 * 0.2 / 10, rel=1e-3)
    assert change(100, 0.4) > change(100, 0.2) > change(400, 0.2)
    assert change(100, 0.05) == change(100, 0.1), "the blunter photo of the pair decides"
    assert change(100, 0.2, SystematicErrors(channel=0.05)) > change(100, 0.2)
    assert np.isnan(change(10, 0.2))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    left=st.floats(-0.2, 1.5),
    unit=st.floats(1e-3, 1e3),
    seed=st.integers(0, 50),
)
def test_fade_does_not_depend_on_the_unit_of_pigment(left: float, unit: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, weight = rng.uniform(0.5, 2, 400), rng.uniform(0.1, 1, 400)
    plain = estimate_fade(before, left * before, weight, grid(20), spacing_px=SPACING)
    scaled = estimate_fade(
        unit * before, unit * left * before, weight, grid(20), spacing_px=SPACING
    )
    assert plain.value == pytest.approx(1 - left, abs=1e-9)
    assert scaled.value == pytest.approx(plain.value, abs=1e-9)
    assert scaled.low == pytest.approx(plain.low, abs=1e-6)
    assert plain.low <= plain.value <= plain.high


def test_at_worst_the_doubt_is_larger_and_the_other_terms_are_as_they_are() -> None:
    errors = SystematicErrors(counting=0.12, doubt=0.03, tone=0.2)
    assert errors.hair_at_worst == pytest.approx(np.hypot(0.12, 0.07))
    assert SystematicErrors(counting=0.12).hair_at_worst == SystematicErrors(counting=0.12).hair
