"""Alignments from point pairs, with features that match and with none at all."""

from __future__ import annotations

import numpy as np
import pytest

from tests.measure.painted_skin import paint
from tracker.measure.features import PhotoFeatures, extract_features
from tracker.measure.geometry import apply_affine, similarity
from tracker.measure.hand_alignment import hand_sd_px, pair_misfits_px, register_by_pairs
from tracker.measure.registration import NotRegistered, Registration

SIDE = 400
REGION = np.ones((SIDE, SIDE), bool)
FLAT = np.full((SIDE, SIDE, 3), 150, np.uint8)
MIDDLE = np.array([SIDE / 2, SIDE / 2])
TURN = similarity(25.0, 1.08, MIDDLE, MIDDLE + np.array([6.0, -9.0]))
CORNERS = np.array([[90.0, 100.0], [310.0, 95.0], [300.0, 305.0], [95.0, 300.0], [200.0, 190.0]])


@pytest.fixture(scope="module")
def blank() -> PhotoFeatures:
    """Features of a photo in which nothing can be matched."""
    return extract_features(FLAT, REGION)


def test_without_anything_to_match_the_pairs_alone_are_the_alignment(blank: PhotoFeatures) -> None:
    found = register_by_pairs(blank, blank, CORNERS, apply_affine(TURN, CORNERS))
    assert isinstance(found, Registration)
    places = np.array([[150.0, 150.0], [250.0, 220.0]])
    np.testing.assert_allclose(found.map_points(places), apply_affine(TURN, places), atol=0.3)
    assert found.evidence["pairs"] == 5
    # It says how well a hand can do, and is surer between the pairs than beyond them.
    assert 0.5 < found.error_px < 4
    assert np.isnan(found.map_points([[5.0, 5.0]])).all() or (
        found.point_sd_px([[5.0, 5.0]])[0] > found.point_sd_px([[200.0, 190.0]])[0]
    )


def test_three_pairs_are_enough(blank: PhotoFeatures) -> None:
    three = CORNERS[[0, 1, 3]]
    found = register_by_pairs(blank, blank, three, apply_affine(TURN, three))
    assert isinstance(found, Registration)
    np.testing.assert_allclose(
        found.map_everywhere(CORNERS[4:]), apply_affine(TURN, CORNERS[4:]), atol=0.5
    )


def test_pairs_that_cannot_be_are_refused_with_what_to_do(blank: PhotoFeatures) -> None:
    line = np.array([[50.0, 50.0], [150.0, 150.0], [300.0, 300.0]])
    for here, there, words in (
        (line, line + 5, "lie on one line"),
        (CORNERS, CORNERS * [-1, 1] + [SIDE, 0], "exchange left and right"),
        (CORNERS, MIDDLE + 0.1 * (CORNERS - MIDDLE), "10.0 times as large"),
    ):
        found = register_by_pairs(blank, blank, here, there)
        assert isinstance(found, NotRegistered)
        assert words in found.reason


def test_too_few_pairs_are_misuse(blank: PhotoFeatures) -> None:
    with pytest.raises(ValueError, match="at least 3 point pairs are needed, got 2"):
        register_by_pairs(blank, blank, CORNERS[:2], CORNERS[:2])
    with pytest.raises(ValueError, match="same shape"):
        register_by_pairs(blank, blank, CORNERS, CORNERS[:4])


def test_details_near_the_pairs_make_the_alignment_finer_than_a_hand() -> None:
    rng = np.random.default_rng(4)
    whole = paint(size=SIDE + 40, seed=4).srgb
    here = extract_features(whole[20:420, 20:420], REGION)
    there = extract_features(whole[24:424, 13:413], REGION)
    shift = np.array([7.0, -4.0])
    clicked = CORNERS + shift + rng.normal(0, 1.0, CORNERS.shape)
    found = register_by_pairs(here, there, CORNERS, clicked)
    assert isinstance(found, Registration)
    assert found.evidence["pairs"] == 5
    assert found.evidence["matches"] > 80
    xy = rng.uniform(20, SIDE - 20, (500, 2))
    off = np.hypot(*(found.map_everywhere(xy) - xy - shift).T)
    assert np.median(off) < 0.4


def test_a_pair_that_does_not_fit_the_others_is_seen() -> None:
    there = apply_affine(TURN, CORNERS)
    there[2] += [60.0, 0.0]
    misfit = pair_misfits_px(CORNERS, there)
    assert misfit.argmax() == 2
    assert misfit[2] > 50
    assert np.isnan(pair_misfits_px(CORNERS[:3], there[:3])).all()


def test_a_hand_is_as_good_as_the_photo_is_large() -> None:
    assert hand_sd_px((300, 400)) == 1.0
    assert hand_sd_px((3000, 4000)) == pytest.approx(3.2)
