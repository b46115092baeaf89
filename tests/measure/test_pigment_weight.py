"""Hair told from pigment by what the series shows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.measure.pigment_weight import PigmentWeights, pigment_weights

N = 600
SD = 0.08


class Crowd:
    """Places of which a known part are hairs; pigment fades, hair changes with every shave."""

    def __init__(self, left: tuple[float, ...], hair_share: float = 0.3, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.xy_px = rng.uniform(0, 300, (N, 2))
        self.hair = rng.random(N) < hair_share
        true = rng.uniform(0.6, 1.6, N)
        self.baseline = true + rng.normal(0, SD, N)
        self.later = []
        for share in left:
            own = np.where(self.hair, 1.0, share)
            varied = own * np.exp(rng.normal(0, 0.15, N))
            self.later.append(true * varied + rng.normal(0, SD, N))
        self.look = 1.0 - 1.5 * self.hair + rng.normal(0, 0.5, N)

    def weights(self) -> np.ndarray:
        return pigment_weights(
            self.baseline, SD, self.later, [SD] * len(self.later), self.look, self.xy_px
        ).weight


def test_weights_do_not_depend_on_the_workers() -> None:
    crowd = Crowd((0.6, 0.3))
    alone, beside = (
        pigment_weights(
            crowd.baseline, SD, crowd.later, [SD] * 2, crowd.look, crowd.xy_px, workers=n
        )
        for n in (1, 2)
    )
    assert np.array_equal(alone.weight, beside.weight)
    assert np.array_equal(alone.chance, beside.chance)


@pytest.mark.parametrize("left", [(0.4,), (0.7, 0.4, 0.2), (0.05,)])
def test_what_stays_while_the_rest_fades_is_hair(left: tuple[float, ...]) -> None:
    crowd = Crowd(left)
    weight = crowd.weights()
    assert weight[~crowd.hair].mean() > 0.75
    assert weight[crowd.hair].mean() < 0.4
    # the fade of the weighted pigment is nearly the pigment's own; unweighted it is far too low
    retained = (weight * crowd.later[-1]).sum() / (weight * crowd.baseline).sum()
    unweighted = crowd.later[-1].sum() / crowd.baseline.sum()
    assert retained == pytest.approx(left[-1], abs=0.06 if len(left) > 1 else 0.10)
    assert unweighted - left[-1] > 0.15


def test_tips_that_go_with_one_shave_and_come_again_are_hair() -> None:
    crowd = Crowd((0.7, 0.45, 0.3), hair_share=0.4)
    tips = np.flatnonzero(crowd.hair)[::8]
    crowd.later[0][tips] = 0.0
    crowd.later[1][tips] *= 1.5
    weight = crowd.weights()
    assert weight[tips].mean() < 0.2
    assert weight[~crowd.hair].mean() > 0.75


@pytest.mark.parametrize("left", [(1.0,), (0.98, 1.03), (1.22,)])
def test_where_nothing_fades_the_looks_decide(left: tuple[float, ...]) -> None:
    crowd = Crowd(left)
    weight = crowd.weights()
    assert weight[~crowd.hair].mean() > 0.8
    crowd.later = []
    assert weight == pytest.approx(crowd.weights(), abs=0.02)


def test_without_hair_everything_counts() -> None:
    crowd = Crowd((0.6, 0.3), hair_share=0.0)
    weight = crowd.weights()
    assert weight.mean() > 0.65
    retained = (weight * crowd.later[-1]).sum() / (weight * crowd.baseline).sum()
    assert retained == pytest.approx(0.3, abs=0.05)


def prior(look: np.ndarray) -> np.ndarray:
    """Weight of a place of which nothing but its look is known, and of which one must doubt."""
    return 0.5 / (1 + np.exp(-look))


def test_without_later_photos_look_amount_and_neighbours_decide() -> None:
    crowd = Crowd((), hair_share=0.5)
    hair = crowd.hair
    crowd.baseline[hair] *= 0.4
    weight = crowd.weights()
    assert weight[~hair].mean() > 0.9
    assert weight[hair].mean() < 0.45


def test_hair_grows_in_areas() -> None:
    crowd = Crowd((), hair_share=0.0)
    crowd.hair = crowd.xy_px[:, 0] > 150
    crowd.look = np.where(crowd.hair, -1.0, 1.0)
    # a dot-like root amid hair, and a dot that looks like hair amid dots
    amid_hair = np.flatnonzero(crowd.xy_px[:, 0] > 220)[:5]
    amid_dots = np.flatnonzero(crowd.xy_px[:, 0] < 80)[:5]
    crowd.look[amid_hair], crowd.look[amid_dots] = 0.5, -0.5
    weight = crowd.weights()
    assert weight[amid_hair].mean() < 0.3
    assert weight[amid_dots].mean() > 0.7


def test_with_few_places_the_look_decides() -> None:
    crowd = Crowd(())
    few = pigment_weights(
        crowd.baseline[:30],
        SD,
        [0.3 * crowd.baseline[:30]],
        [SD],
        crowd.look[:30],
        crowd.xy_px[:30],
    ).weight
    assert few == pytest.approx(prior(crowd.look[:30]))
    none = np.empty(0)
    assert pigment_weights(none, SD, [none], [SD], none, np.empty((0, 2))).weight.shape == (0,)


def test_places_no_later_photo_shows_go_by_looks_and_neighbours() -> None:
    crowd = Crowd((0.5, 0.3))
    for pigment in crowd.later:
        pigment[:100] = np.nan
    weight = crowd.weights()
    assert np.isfinite(weight).all()
    assert weight[100:][~crowd.hair[100:]].mean() > 0.85
    assert 0.4 < weight[:100].mean() < 0.98


def test_a_later_photo_that_shows_nothing_changes_nothing() -> None:
    crowd = Crowd((0.97,))
    plain = crowd.weights()
    crowd.later.append(np.full(N, np.nan))
    assert crowd.weights() == pytest.approx(plain)


def test_only_blind_later_photos_leave_the_looks() -> None:
    crowd = Crowd((0.5,))
    crowd.later = [np.full(N, np.nan)]
    blind = crowd.weights()
    crowd.later = []
    assert blind == pytest.approx(crowd.weights())


def test_nothing_read_at_baseline_keeps_half_its_look() -> None:
    crowd = Crowd((0.3,))
    crowd.baseline[:80] = -0.5
    weight = crowd.weights()
    assert weight[:80] == pytest.approx(prior(crowd.look[:80]))
    crowd.baseline[:] = -1.0
    assert np.isfinite(crowd.weights()).all()
    crowd.baseline[:] = np.nan
    assert np.isfinite(crowd.weights()).all()


def test_noise_unknown_leaves_the_looks() -> None:
    crowd = Crowd((0.3,))
    weight = pigment_weights(
        crowd.baseline, float("nan"), crowd.later, [float("nan")], crowd.look, crowd.xy_px
    ).weight
    assert weight == pytest.approx(prior(crowd.look))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    left=st.lists(st.floats(-0.1, 1.5), min_size=1, max_size=4),
    hair_share=st.floats(0, 0.95),
    unit=st.floats(1e-2, 1e2),
)
def test_weights_are_chances_in_any_unit(left: list[float], hair_share: float, unit: float) -> None:
    crowd = Crowd(tuple(left), hair_share)
    weight = crowd.weights()
    assert ((weight >= 0) & (weight <= 1)).all()
    scaled = pigment_weights(
        unit * crowd.baseline,
        unit * SD,
        [unit * p for p in crowd.later],
        [unit * SD] * len(left),
        crowd.look,
        crowd.xy_px,
    ).weight
    assert scaled == pytest.approx(weight, abs=1e-6)


def test_a_place_that_the_baseline_hides_is_judged_by_its_look_and_its_neighbours() -> None:
    crowd = Crowd((0.7, 0.4, 0.2))
    # The mask of hair took along round dots and, more often, hairs; both lie among dots.
    hidden = np.zeros(N, bool)
    hidden[::12] = True
    read = crowd.baseline.copy()
    crowd.baseline[hidden] = np.nan
    weight = crowd.weights()
    round_ones, strokes = hidden & ~crowd.hair, hidden & crowd.hair
    assert weight[round_ones].mean() > 0.8
    assert weight[strokes].mean() < weight[round_ones].mean() - 0.15
    # They say nothing about the others: these have the weights they have without them.
    without = Crowd((0.7, 0.4, 0.2))
    without.baseline = np.where(hidden, -1.0, read)
    assert weight[~hidden] == pytest.approx(without.weights()[~hidden], abs=1e-12)


def test_a_hidden_place_among_hair_is_hair_even_where_it_looks_round() -> None:
    crowd = Crowd((0.6, 0.3))
    left_half = crowd.xy_px[:, 0] < 150
    crowd.hair[left_half] = True
    crowd.look[left_half] = -1.0
    for later in crowd.later:
        later[left_half] = crowd.baseline[left_half]
    hidden = np.zeros(N, bool)
    hidden[::12] = True
    crowd.baseline[hidden] = np.nan
    crowd.look[hidden] = 1.0
    weight = crowd.weights()
    far = np.abs(crowd.xy_px[:, 0] - 150) > 40
    assert weight[hidden & left_half & far].max() < 0.3
    assert weight[hidden & ~left_half & far].min() > 0.5


def crossed_by_hair() -> tuple[Crowd, np.ndarray, np.ndarray]:
    """A crowd without hair; every tenth dot is crossed by a hair that stays, and looks like a dot."""
    crowd = Crowd((0.7, 0.4), hair_share=0.0)
    crossed = np.arange(N) % 10 == 0
    for later in crowd.later:
        later[crossed] = 1.1 * crowd.baseline[crossed]
    return crowd, crossed, np.full(N, 6.0)


def test_a_dot_that_a_hair_crosses_is_a_dot_whose_readings_do_not_count() -> None:
    crowd, crossed, seen = crossed_by_hair()
    found = pigment_weights(
        crowd.baseline, SD, crowd.later, [SD] * 2, crowd.look, crowd.xy_px, series_look=seen
    )
    assert found.weight[crossed].mean() < 0.4
    assert found.chance[crossed].min() > 0.9
    assert found.chance[~crossed].min() > 0.9


def test_what_looks_like_hair_in_all_photos_is_no_dot_whatever_its_course() -> None:
    crowd = Crowd((0.7, 0.4), hair_share=0.0)
    hair = np.arange(N) % 10 == 0
    seen = np.where(hair, -6.0, 6.0)
    found = pigment_weights(
        crowd.baseline, SD, crowd.later, [SD] * 2, crowd.look, crowd.xy_px, series_look=seen
    )
    assert found.chance[hair].mean() < 0.5
    assert found.chance[~hair].min() > 0.9


def test_a_place_that_no_later_photo_shows_is_a_dot_as_likely_as_it_counts() -> None:
    crowd, _, seen = crossed_by_hair()
    hidden = np.arange(N) % 7 == 0
    for later in crowd.later:
        later[hidden] = np.nan
    found = pigment_weights(
        crowd.baseline, SD, crowd.later, [SD] * 2, crowd.look, crowd.xy_px, series_look=seen
    )
    assert found.chance[hidden] == pytest.approx(found.weight[hidden])


def test_hair_that_clears_like_ink_does_not_count_where_the_pictures_show_hair() -> None:
    crowd = Crowd((0.7, 0.45, 0.3), hair_share=0.4)
    # half of the strands lie elsewhere in every later photo: there they read as cleared
    combed = np.flatnonzero(crowd.hair)[::2]
    rng = np.random.default_rng(9)
    for later in crowd.later:
        later[combed] = rng.normal(0, SD, len(combed))
    pictures = np.where(crowd.hair, -2.0, 2.0) + rng.normal(0, 1.0, N)
    weight = pigment_weights(
        crowd.baseline,
        SD,
        crowd.later,
        [SD] * 3,
        crowd.look,
        crowd.xy_px,
        series_look=pictures,
    ).weight
    assert weight[combed].mean() < 0.1
    counted = np.where(weight >= 0.2, weight, 0)
    for later, left in zip(crowd.later, (0.7, 0.45, 0.3), strict=True):
        retained = (counted * later).sum() / (counted * crowd.baseline).sum()
        assert retained == pytest.approx(left, abs=0.04)


def doubled() -> tuple[Crowd, np.ndarray]:
    """Dots on a grid of 20 px, and another place 4 px beside each of them."""
    crowd = Crowd((0.7, 0.4), hair_share=0.0)
    grid = np.stack(np.meshgrid(np.arange(20), np.arange(15)), -1).reshape(-1, 2) * 20.0
    crowd.xy_px = np.concatenate([grid, grid + np.array([4.0, 0.0])])
    return crowd, np.arange(N) >= N // 2


def test_beside_a_surer_place_only_what_is_seen_of_a_place_makes_it_a_dot() -> None:
    """Sparse dots, each with a double 4 px away that the pictures do not show as a dot of its own."""
    rng = np.random.default_rng(6)
    crowd, double = doubled()
    series_look = np.where(double, -0.5, 5.0) + rng.normal(0, 0.3, N)

    def weights(fwhm_px: float, own: np.ndarray) -> PigmentWeights:
        return pigment_weights(
            crowd.baseline,
            SD,
            crowd.later,
            [SD] * 2,
            crowd.look,
            crowd.xy_px,
            fwhm_px=fwhm_px,
            series_look=own,
        )

    near, far = weights(5.0, series_look), weights(2.0, series_look)
    assert (near.chance[double] < 0.5).all()
    assert (near.chance[~double] > 0.5).mean() > 0.95
    assert (far.chance[double] > 0.5).mean() > 0.95, "dots so narrow that both fit in"
    assert near.weight == pytest.approx(far.weight), "what counts in the fade is another matter"
    true_pairs = weights(5.0, np.full(N, 5.0))
    assert (true_pairs.chance > 0.5).mean() > 0.95
    stay = weights(5.0, np.where(double, np.inf, 5.0))
    assert np.isfinite(stay.chance).all()
    assert (stay.chance[double] > 0.5).mean() > 0.95


def test_a_place_that_a_person_removed_takes_no_other_along() -> None:
    crowd, double = doubled()
    no_dot = ~double
    look = np.where(double, 0.0, 3.0)
    beside = [
        pigment_weights(
            crowd.baseline, SD, [], [], look, crowd.xy_px, fwhm_px=3.4, no_dot=gone
        ).chance
        for gone in (None, no_dot)
    ]
    assert (beside[0][double] < 0.5).all(), "one photo alone: the baseline's look decides"
    assert (beside[1][double] > 0.5).all()
