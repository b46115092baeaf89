"""Dots told from hair by what a place shows in all photos of a series."""

import numpy as np
import pytest

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.series_look import (
    DARKEST,
    FAINTEST,
    GRID,
    pigment_logit,
    place_context,
    place_pictures,
)
from tracker.measure.spot_look import dot_logit

SIGMA = 2.1
SIDE = 420
Y, X = np.mgrid[:SIDE, :SIDE].astype(float)
PLACES = np.array([(x, y) for y in range(20, 400, 20) for x in range(20, 400, 20)], float)
IS_DOT = np.arange(len(PLACES)) % 2 == 0


def drawn(dot_height: float, hair_length_px: float, seed: int) -> FloatArray:
    """Every other place a round dot, the rest hairs of this length from a root at the place."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(0, 0.004, (SIDE, SIDE))
    angle = np.random.default_rng(7).uniform(0, 2 * np.pi, len(PLACES))
    for (x, y), dot, turn in zip(PLACES, IS_DOT, angle, strict=True):
        rows, columns = slice(int(y) - 19, int(y) + 20), slice(int(x) - 19, int(x) + 20)
        dx, dy = X[rows, columns] - x, Y[rows, columns] - y
        if dot:
            picture[rows, columns] += dot_height * np.exp(-0.5 * (dx**2 + dy**2) / SIGMA**2)
            continue
        along, across = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        beyond = np.maximum(np.maximum(-along, along - hair_length_px), 0)
        picture[rows, columns] += 0.35 * np.exp(-0.5 * (across**2 + beyond**2) / 1.5**2)
    return picture.astype(np.float32)


def logits(photos: list[FloatArray], left: float) -> FloatColumn:
    look = dot_logit(photos[0], PLACES[:, 0], PLACES[:, 1], SIGMA)
    baseline = np.where(IS_DOT, 1.0, 0.9)
    later = [np.where(IS_DOT, left, 1.2)] * (len(photos) - 1)
    pictures, _ = place_pictures(photos, [PLACES] * len(photos), SIGMA)
    context = place_context(baseline, np.ones(len(PLACES), bool), later, look, SIGMA)
    return pigment_logit(pictures, context)


@pytest.mark.parametrize("left", [1.0, 0.5, 0.2])
def test_a_root_that_looks_like_a_dot_is_told_by_the_next_shave(left: float) -> None:
    short = drawn(0.3, 0.0, 1)
    photos = [short, drawn(0.3 * left, 7.0, 2), drawn(0.3 * left, 4.0, 3)]
    found = logits(photos, left)
    assert (found[IS_DOT] > 0).mean() > 0.9
    assert (found[~IS_DOT] < 0).mean() > 0.9


def test_hair_that_is_cut_short_is_hair_still() -> None:
    photos = [drawn(0.3, 8.0, 1), drawn(0.2, 0.0, 2), drawn(0.12, 0.0, 3)]
    found = logits(photos, 0.5)
    assert (found[IS_DOT] > 0).mean() > 0.9
    assert (found[~IS_DOT] < 0).mean() > 0.9


def test_pictures_are_in_strengths_of_the_place_at_baseline() -> None:
    photos = [drawn(0.3, 5.0, 1), drawn(0.15, 5.0, 2)]
    pictures = place_pictures(photos, [PLACES, PLACES], SIGMA)[0].reshape(-1, 4, GRID, GRID)
    middle = pictures[IS_DOT, :, GRID // 2, GRID // 2].mean(axis=0)
    assert middle[0] == pytest.approx(0.95, abs=0.1)
    assert middle[1:] == pytest.approx(np.full(3, 0.5 * middle[0]), abs=0.05)
    assert pictures.min() >= FAINTEST
    assert pictures.max() <= DARKEST


def test_places_that_no_later_photo_shows_keep_their_baseline_picture() -> None:
    first, later = drawn(0.3, 5.0, 1), drawn(0.1, 5.0, 2)
    later[:, :200] = np.nan
    found, seen = place_pictures([first, later], [PLACES, PLACES], SIGMA)
    pictures = found.reshape(-1, 4, GRID * GRID)
    hidden = PLACES[:, 0] < 195
    assert (seen == ~hidden).all()
    assert np.isfinite(pictures).all()
    assert (pictures[hidden, 1:] == pictures[hidden, :1]).all()
    shown = IS_DOT & (PLACES[:, 0] > 225)
    assert (np.abs(pictures[shown, 1] - pictures[shown, 0]).max(axis=1) > 0.1).all()


def test_the_order_of_later_photos_does_not_matter() -> None:
    photos = [drawn(0.3, 2.0, 1), drawn(0.2, 6.0, 2), drawn(0.1, 0.0, 3)]
    turned = [photos[0], photos[2], photos[1]]
    assert logits(photos, 0.5) == pytest.approx(logits(turned, 0.5), abs=1e-3)


def test_how_a_place_looks_at_first_beside_all_others_counts() -> None:
    photos = [drawn(0.3, 0.0, 1), drawn(0.3, 0.0, 2)]
    pictures, _ = place_pictures(photos, [PLACES] * 2, SIGMA)
    amount = np.ones(len(PLACES))
    odds = []
    for look in (-3.0, 3.0):
        of_all = np.where(IS_DOT, 2.0, -2.0)
        of_all[0] = look
        context = place_context(amount, amount > 0, [amount], of_all, SIGMA)
        odds.append(pigment_logit(pictures[:1], context[:1])[0])
    assert odds[1] > odds[0] + 0.5


def test_pictures_do_not_depend_on_how_many_are_looked_at_side_by_side() -> None:
    photos = [drawn(0.3, 5.0, 1), drawn(0.2, 6.0, 2), drawn(0.1, 0.0, 3), drawn(0.1, 2.0, 4)]
    photos[2][:, :200] = np.nan
    alone, beside = (place_pictures(photos, [PLACES] * 4, SIGMA, workers=n) for n in (1, 3))
    for one, other in zip(alone, beside, strict=True):
        assert np.array_equal(one, other)


def test_no_places_no_odds() -> None:
    pictures, _ = place_pictures([drawn(0.3, 0, 1)] * 2, [np.empty((0, 2))] * 2, SIGMA)
    context = place_context(np.empty(0), np.empty(0, bool), [np.empty(0)], np.empty(0), SIGMA)
    assert pigment_logit(pictures, context).shape == (0,)
