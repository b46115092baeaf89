from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tracker.measure.results import Dots, Kind
from tracker.measure.treated_area import feathered_area, treated_area


def dots_at(xy: np.ndarray, kind: Kind = Kind.DOT, hair: float = 0.1) -> Dots:
    n = len(xy)
    ones = np.ones(n)
    return Dots(
        xy[:, 0],
        xy[:, 1],
        5 * ones,
        0.3 * ones,
        9 * ones,
        9 * ones,
        hair * ones,
        np.full(n, kind, np.int8),
    )


def disc_of_dots(rng: np.random.Generator, radius: float = 150.0) -> np.ndarray:
    ys, xs = np.mgrid[10:590:12, 10:590:12]
    xy = np.column_stack([xs.ravel(), ys.ravel()]) + rng.uniform(-3, 3, (xs.size, 2))
    return xy[np.hypot(*(xy - 300).T) < radius]


def test_outlines_a_disc_of_dots() -> None:
    rng = np.random.default_rng(0)
    xy = disc_of_dots(rng)
    strays = rng.uniform(0, 600, (12, 2))
    area = treated_area(dots_at(np.vstack([xy, strays])), (600, 600), np.ones((600, 600), bool))
    y, x = np.mgrid[:600, :600]
    truth = np.hypot(x - 300, y - 300) < 156
    assert (area & truth).sum() / (area | truth).sum() > 0.88
    inside = area[xy[:, 1].astype(int), xy[:, 0].astype(int)]
    assert inside.mean() > 0.97


def test_small_gaps_are_filled_and_skin_bounds_it() -> None:
    rng = np.random.default_rng(1)
    xy = disc_of_dots(rng)
    xy = xy[np.hypot(*(xy - 280).T) > 20]
    region = np.ones((600, 600), bool)
    region[:, 400:] = False
    area = treated_area(dots_at(xy), (600, 600), region)
    assert area[280, 280]
    assert not area[:, 400:].any()


def test_hair_alone_is_not_treated() -> None:
    xy = disc_of_dots(np.random.default_rng(2))
    area = treated_area(dots_at(xy, Kind.HAIR, 0.95), (600, 600), np.ones((600, 600), bool))
    assert not area.any()


def feathered_disc(rng: np.random.Generator) -> np.ndarray:
    """A disc of dots whose border thins out over four spacings."""
    xy = disc_of_dots(rng, 200.0)
    share = np.clip((200 - np.hypot(*(xy - 300).T)) / 50, 0, 1)
    return xy[rng.random(len(xy)) < share]


def covered(area: np.ndarray, xy: np.ndarray) -> float:
    return float(area[xy[:, 1].astype(int), xy[:, 0].astype(int)].mean())


def test_the_last_dots_of_a_feathered_border_are_searched_too() -> None:
    xy = feathered_disc(np.random.default_rng(3))
    shape, region = (600, 600), np.ones((600, 600), bool)
    area = treated_area(dots_at(xy), shape, region)
    border = xy[~area[xy[:, 1].astype(int), xy[:, 0].astype(int)]]
    assert len(border) > 20
    searched = feathered_area(area, dots_at(xy), shape, region)
    assert (searched | ~area).all()
    assert covered(searched, border) > 0.9
    y, x = np.mgrid[:600, :600]
    assert not searched[np.hypot(x - 300, y - 300) > 235].any()


def test_hair_does_not_lead_the_border_on() -> None:
    rng = np.random.default_rng(4)
    xy = disc_of_dots(rng)
    ys, xs = np.mgrid[5:595:10, 5:595:10]
    hair = np.column_stack([xs.ravel(), ys.ravel()]) + rng.uniform(-3, 3, (xs.size, 2))
    spots = dots_at(np.vstack([xy, hair]))
    probability = np.repeat([0.1, 0.7], [len(xy), len(hair)])
    spots = replace(spots, hair_probability=probability)
    shape, region = (600, 600), np.ones((600, 600), bool)
    area = treated_area(spots, shape, region)
    searched = feathered_area(area, spots, shape, region)
    assert searched.sum() < 1.35 * np.pi * 156**2


def test_without_dots_the_area_stays_what_it_was() -> None:
    drawn = np.zeros((50, 60), bool)
    drawn[10:20, 10:20] = True
    assert (feathered_area(drawn, Dots.empty(), (50, 60), np.ones((50, 60), bool)) == drawn).all()


def test_few_dots_have_no_outline() -> None:
    assert not treated_area(Dots.empty(), (50, 60), np.ones((50, 60), bool)).any()


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="region must have shape"):
        treated_area(Dots.empty(), (50, 60), np.ones((5, 6), bool))
