"""Dots that stay where the others fade, told from hair by how they look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measure.off_course import OffCourseSettings, chance_by_look, dots_off_course
from tracker.measure.pigment_weight import LookAgain, PigmentWeights, pigment_weights

N_FOLLOW, N_STAY, N_HAIR = 1500, 500, 900
SETTINGS = OffCourseSettings()


def looks_of_dots(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(2.5, 1.4, n)


def looks_of_hair(rng: np.random.Generator, n: int) -> np.ndarray:
    """As log-odds mean it: a look is rarer among hairs than among dots by e to its power."""
    return rng.normal(2.5 - 1.4**2, 1.4, n)


class Head:
    """Dots that fade, dots that stay and hairs; what stays is one side of the head, or anywhere."""

    def __init__(self, n_stay: int, *, aside: bool, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        kinds = (N_FOLLOW, n_stay, N_HAIR)
        self.follows, self.stays, self.hair = (
            np.repeat([k == kind for k in range(3)], kinds) for kind in range(3)
        )
        self.look = np.concatenate(
            [looks_of_dots(rng, N_FOLLOW + n_stay), looks_of_hair(rng, N_HAIR)]
        )
        self.xy_px = rng.uniform(0, 400, (sum(kinds), 2))
        if aside:
            self.xy_px[self.stays, 0] = rng.uniform(-150, 0, n_stay)
            self.xy_px[self.hair, 0] = rng.uniform(-150, 400, N_HAIR)

    def chance(self) -> np.ndarray:
        return dots_off_course(self.look, self.follows, ~self.follows, self.xy_px).chance


@pytest.mark.parametrize("aside", [True, False])
def test_dots_that_stay_are_told_from_hair_by_their_looks(aside: bool) -> None:
    head = Head(N_STAY, aside=aside)
    chance = head.chance()
    # What anybody could know who knows how many there are, and nothing of where.
    best = 1 / (1 + N_HAIR / N_STAY * np.exp(2.5 - 1.4**2 / 2 - head.look))
    assert chance[head.stays].mean() > best[head.stays].mean() - 0.05
    assert chance[head.hair].mean() < best[head.hair].mean() + 0.05
    # Together they count as many as there are.
    assert chance.sum() == pytest.approx(N_STAY, rel=0.15)
    assert not chance[head.follows].any()


@pytest.mark.parametrize("seed", range(5))
def test_hair_alone_is_no_dot(seed: int) -> None:
    assert not Head(0, aside=False, seed=seed).chance().any()


def aside(rng: np.random.Generator, looks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What is believed and what possible of places by themselves; given are looks of dots that follow, of hair among
    them, and of hair and dots by themselves."""
    follow, *others = looks
    xy_px = np.concatenate(
        [
            rng.uniform(0, 400, (len(follow) + len(others[0]), 2)),
            rng.uniform([-300, 0], [-50, 400], (sum(map(len, others[1:])), 2)),
        ]
    )
    look = np.concatenate(looks)
    follows = np.arange(len(look)) < len(follow)
    found = dots_off_course(look, follows, ~follows, xy_px)
    them = slice(len(follow) + len(others[0]), None)
    return found.chance[them], found.possible[them]


@pytest.mark.parametrize("seed", range(3))
def test_hair_that_looks_like_dots_is_known_by_the_hair_among_the_dots(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def stubble(n: int) -> np.ndarray:
        """Among the dots a third of it looks just as they do, which no formula knows."""
        return np.concatenate([looks_of_dots(rng, n // 3), looks_of_hair(rng, n - n // 3)])

    follow = looks_of_dots(rng, N_FOLLOW)
    # Without hair among the dots the formula takes that third for dots; with it that is a doubt and no more.
    assert chance_by_look(follow, stubble(2000), SETTINGS).evidence > SETTINGS.least_evidence
    believed, possible = aside(rng, [follow, stubble(600), stubble(2000)])
    assert not believed.any()
    assert possible.any()


def test_a_part_that_looks_vaguer_than_the_rest_is_possible_beside_counted_hair() -> None:
    rng = np.random.default_rng(5)
    follow, vaguer = looks_of_dots(rng, N_FOLLOW), looks_of_dots(rng, 400) - 0.9
    hair = looks_of_hair(rng, 600) - 1.5
    # Their share falls with the look as that of hair does.
    assert chance_by_look(follow, vaguer, SETTINGS).evidence < SETTINGS.least_of_both[0]
    believed, possible = aside(rng, [follow, hair[:300], hair[300:], vaguer])
    assert not believed.any()
    assert possible[300:].mean() > 0.5
    assert possible[:300].mean() < 0.1


def test_a_part_is_believed_where_formula_and_count_agree() -> None:
    rng = np.random.default_rng(6)
    follow, stays = looks_of_dots(rng, N_FOLLOW), looks_of_dots(rng, 400)
    hair = looks_of_hair(rng, 600)
    believed, possible = aside(rng, [follow, hair[:300], hair[300:], stays])
    # What anybody could know by the looks who knows how many there are of each.
    best = 1 / (1 + 300 / 400 * np.exp(2.5 - 1.4**2 / 2 - np.concatenate([hair[300:], stays])))
    assert believed[300:].mean() > best[300:].mean() - 0.05
    assert believed[:300].mean() < best[:300].mean() + 0.05
    assert believed.sum() == pytest.approx(400, rel=0.15)
    np.testing.assert_array_equal(believed, possible)


def test_neighbours_have_the_last_word() -> None:
    head = Head(N_STAY, aside=True)
    at_the_side = head.xy_px[:, 0] < 0
    chance = head.chance()
    faint = (head.look > 0) & (head.look < 1)
    inside, elsewhere = (
        chance[faint & head.hair & where].mean() for where in (at_the_side, ~at_the_side)
    )
    assert elsewhere < 0.05 < inside
    # Where dots and hairs are strewn alike, such looks say less.
    strewn = Head(N_STAY, aside=False)
    so_faint = strewn.stays & (strewn.look > 0) & (strewn.look < 1)
    assert chance[faint & head.stays].mean() > strewn.chance()[so_faint].mean() + 0.05


def test_without_enough_dots_that_follow_nothing_is_said() -> None:
    head = Head(N_STAY, aside=False)
    few = head.follows & (np.cumsum(head.follows) < SETTINGS.least_followers)
    assert not dots_off_course(head.look, few, ~head.follows, head.xy_px).possible.any()


def test_looks_that_are_all_alike_tell_nothing() -> None:
    head = Head(N_STAY, aside=False)
    same = np.full(len(head.look), 4.0)
    assert not dots_off_course(same, head.follows, ~head.follows, head.xy_px).possible.any()
    assert chance_by_look(same[:200], same[:50], SETTINGS).evidence == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 700), st.booleans(), st.integers(0, 50))
def test_chances_are_chances(n_stay: int, aside: bool, seed: int) -> None:
    head = Head(n_stay, aside=aside, seed=seed)
    chance = head.chance()
    assert np.isfinite(chance).all()
    assert (chance >= 0).all()
    assert (chance <= 1).all()


def weights_of(
    head: Head, left: tuple[float, ...], look_again: LookAgain | None = None
) -> tuple[PigmentWeights, np.ndarray, list]:
    rng = np.random.default_rng(5)
    baseline = rng.uniform(0.6, 1.6, len(head.look))
    later = []
    for share in left:
        ratio = np.where(head.follows, share, 1.0) * np.where(
            head.hair, np.exp(rng.normal(0, 0.15, len(baseline))), 1.0
        )
        later.append(baseline * ratio + rng.normal(0, 0.05, len(baseline)))
    found = pigment_weights(
        baseline,
        0.05,
        later,
        [0.05] * len(left),
        head.look,
        head.xy_px,
        look_again=look_again,
    )
    return found, baseline, later


@pytest.mark.parametrize("aside", [True, False])
def test_the_fade_counts_dots_that_stay(aside: bool) -> None:
    head = Head(N_STAY, aside=aside)
    left = (0.7, 0.4, 0.2)
    weights, baseline, later = weights_of(head, left)
    dots = ~head.hair
    true, read, before = (
        (w * later[-1]).sum() / (w * baseline).sum()
        for w in (dots.astype(float), weights.weight, weights.on_course)
    )
    assert read == pytest.approx(true, abs=0.05)
    # Without them a quarter of the ink would have gone unseen.
    assert before < true - 0.15
    assert (weights.on_course <= weights.weight).all()
    assert (weights.chance[head.stays] >= 0.5).mean() > 0.7
    assert weights.weight[head.hair].mean() < 0.3


def test_dots_that_clear_where_the_others_stay_count_as_well() -> None:
    head = Head(N_STAY, aside=True)
    rng = np.random.default_rng(6)
    baseline = rng.uniform(0.6, 1.6, len(head.look))
    # Few were treated: most dots follow a course on which hardly anything fades.
    ratio = np.select([head.follows, head.stays], [0.93, 0.15], 1.0)
    ratio = ratio * np.where(head.hair, np.exp(rng.normal(0, 0.15, len(baseline))), 1.0)
    later = [baseline * ratio + rng.normal(0, 0.04, len(baseline)) for _ in range(3)]
    weights = pigment_weights(baseline, 0.04, later, [0.04] * 3, head.look, head.xy_px)
    dots = ~head.hair
    true, read = (
        (w * later[-1]).sum() / (w * baseline).sum() for w in (dots.astype(float), weights.weight)
    )
    assert read == pytest.approx(true, abs=0.06)


def test_what_later_photos_show_tells_hair_from_dots_that_stay() -> None:
    head = Head(N_STAY, aside=True)
    left = (0.7, 0.4, 0.2)
    asked = []

    def as_they_are(chosen: np.ndarray) -> np.ndarray:
        asked.append(chosen)
        return np.where(head.hair, -1.4, 1.5)[chosen]

    once, _, _ = weights_of(head, left)
    again, _, _ = weights_of(head, left, as_they_are)
    assert not (asked[0] & head.follows).any()
    assert again.weight[head.hair].mean() < once.weight[head.hair].mean()
    assert again.weight[head.stays].mean() > once.weight[head.stays].mean()
    # Roots of a shaved side that the baseline shows as dots are strokes in another photo.
    strokes, _, _ = weights_of(head, left, lambda chosen: np.full(int(chosen.sum()), -2.0))
    counted, counted_once = (int((w.weight > w.on_course).sum()) for w in (strokes, once))
    assert counted < 0.25 * counted_once


def test_where_all_dots_fade_alike_nothing_is_looked_at_again() -> None:
    def never(chosen: np.ndarray) -> np.ndarray:
        raise AssertionError(f"{chosen.sum()} places")

    weights, _, _ = weights_of(Head(0, aside=False), (0.7, 0.4, 0.2), never)
    np.testing.assert_array_equal(weights.weight, weights.on_course)
