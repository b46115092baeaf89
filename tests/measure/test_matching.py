import numpy as np

from tracker.measure.features import Places
from tracker.measure.matching import find_candidates, largest_agreeing_group, neighbours_agree


def _places(xy: np.ndarray, seed: int) -> Places:
    raw = np.random.default_rng(seed).random((len(xy), 32))
    return Places(xy, np.sqrt(raw / raw.sum(axis=1, keepdims=True)).astype(np.float16))


def test_finds_each_keypoint_again_within_its_window() -> None:
    xy = np.random.default_rng(0).uniform(0, 500, (400, 2))
    fixed = _places(xy, 1)
    order = np.random.default_rng(2).permutation(400)
    moved = Places(xy[order] + [7.0, -4.0], fixed.descriptors[order])
    matches = find_candidates(fixed, moved, fixed.xy, 12.0).matches()
    assert len(matches) > 390
    np.testing.assert_array_equal(order[matches.moving], matches.reference)


def test_windows_that_miss_find_nothing_right() -> None:
    xy = np.random.default_rng(0).uniform(0, 500, (400, 2))
    fixed = _places(xy, 1)
    moved = Places(xy + np.array([40.0, 0.0]), fixed.descriptors)
    matches = find_candidates(fixed, moved, fixed.xy, 12.0).matches()
    assert not np.any(matches.reference == matches.moving)


def test_no_window_compares_everything() -> None:
    xy = np.random.default_rng(0).uniform(0, 500, (300, 2))
    fixed = _places(xy, 1)
    moved = Places(xy[::-1] + 900.0, fixed.descriptors[::-1])
    matches = find_candidates(fixed, moved, fixed.xy, np.inf).matches()
    np.testing.assert_array_equal(matches.moving, 299 - matches.reference)


def test_nothing_to_match() -> None:
    none = _places(np.empty((0, 2)), 1)
    some = _places(np.zeros((5, 2)), 1)
    assert len(find_candidates(none, some, none.xy, 5.0).matches()) == 0
    assert len(find_candidates(some, none, some.xy, 5.0).matches()) == 0


def test_agreeing_matches_stand_out_from_chance() -> None:
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 1000, (200, 2))
    displacement = rng.uniform(-100, 100, (200, 2))
    displacement[:60] = 0.03 * xy[:60] + [12.0, -5.0]
    group = largest_agreeing_group(xy, displacement, 1000.0)
    assert group[:60].mean() > 0.95
    assert group[60:].sum() < 12


def test_neighbours_vote_out_the_lonely() -> None:
    rng = np.random.default_rng(4)
    xy = rng.uniform(0, 300, (200, 2))
    residual = rng.normal(0, 0.5, (200, 2))
    residual[:20] += 15.0
    keep = neighbours_agree(xy, residual, 3.0, 0.0, 0.5)
    assert keep[20:].mean() > 0.9
    assert not keep[:20].any()
