"""Spots told apart by how they stand beside the other spots of their photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.place_training import write_place_net
from tests.measure.test_photo_kinds import SIDE, places, stroke
from tracker.measure import place_net
from tracker.measure.crowd_look import (
    CONTEXT,
    crowd_context,
    crowd_logit,
    crowd_net,
    crowd_of,
)
from tracker.measure.luminance import FloatArray
from tracker.measure.peaks import FWHM_PER_SIGMA, sizes_at
from tracker.measure.place_net import unpacked
from tracker.measure.spot_look import GRID, dot_logit

SIGMA_PX = 1.6
"""Between the small spots' own and the broad ones', as in a photo that shows both."""


def drawn(xy: np.ndarray, sigma_px: np.ndarray, peak: np.ndarray) -> FloatArray:
    """Round spots on even skin with a little grain."""
    rng = np.random.default_rng(2)
    density = rng.normal(0.4, 0.004, (SIDE, SIDE))
    for at, size, height in zip(xy, sigma_px, peak, strict=True):
        density += height * stroke(at, rng, 0.0, size)
    return density.astype(np.float32)


def told(density: FloatArray, xy: np.ndarray, workers: int = 1) -> np.ndarray:
    x, y = xy.T
    fwhm_px = FWHM_PER_SIGMA * sizes_at(density, x, y, SIGMA_PX, workers=workers)
    return crowd_logit(density, x, y, fwhm_px, SIGMA_PX, workers=workers)


@dataclass(frozen=True)
class TwoKinds:
    """Places of small faint spots, strewn among broad ones that are as many and a half."""

    xy: np.ndarray
    is_small: np.ndarray
    sigma_px: np.ndarray
    peak: np.ndarray


@pytest.fixture(scope="module")
def two_kinds() -> TwoKinds:
    xy = places()
    rng = np.random.default_rng(5)
    is_small = rng.random(len(xy)) < 0.4
    sigma_px = np.where(is_small, 1.2, 2.0) * np.exp(0.1 * rng.normal(size=len(xy)))
    peak = np.where(is_small, 0.12, 0.4) * np.exp(0.15 * rng.normal(size=len(xy)))
    return TwoKinds(xy, is_small, sigma_px, peak)


def test_the_same_spot_is_a_dot_among_its_like_and_none_among_broad_ones(
    two_kinds: TwoKinds,
) -> None:
    small, xy = two_kinds.is_small, two_kinds.xy
    alone = drawn(xy[small], two_kinds.sigma_px[small], two_kinds.peak[small])
    mixed = drawn(xy, two_kinds.sigma_px, two_kinds.peak)
    among_all = told(mixed, xy)
    assert np.median(told(alone, xy[small])) > 0.7
    assert np.median(among_all[small]) < -1
    assert np.median(among_all[~small]) > 3
    # Its shape is the same in both, and is that of a dot.
    shapes = [dot_logit(density, *xy[small].T, SIGMA_PX) for density in (alone, mixed)]
    assert np.median(shapes[0]) == pytest.approx(np.median(shapes[1]), abs=0.05)
    assert np.median(shapes[0]) > 1


def test_the_crowd_hardly_depends_on_how_many_faint_spots_are_listed() -> None:
    strength = np.random.default_rng(1).lognormal(-1.5, 0.3, 200)
    alone = crowd_of(strength)
    with_faint = crowd_of(np.concatenate([strength, np.full(400, 0.01)]))
    assert (with_faint[:200] != alone).mean() < 0.05
    assert not with_faint[200:].any()
    assert not crowd_of(np.zeros(5)).any()


def test_context_is_relative_to_the_crowd() -> None:
    rng = np.random.default_rng(4)
    strength, fwhm_px = rng.lognormal(-1.5, 0.3, 100), rng.uniform(4, 6, 100)
    one = crowd_context(strength, fwhm_px, SIGMA_PX)
    assert one.shape == (100, CONTEXT)
    twice = crowd_context(2 * strength, fwhm_px, SIGMA_PX)
    np.testing.assert_allclose(twice[:, 3], one[:, 3] + np.log(2) / 2, atol=1e-5)
    assert np.allclose(np.delete(twice, 3, axis=1), np.delete(one, 3, axis=1), atol=1e-5)
    without_any = crowd_context(np.zeros(4), np.full(4, 5.0), SIGMA_PX)
    assert np.isfinite(without_any).all()


def test_widths_are_those_drawn(two_kinds: TwoKinds) -> None:
    density = drawn(two_kinds.xy, two_kinds.sigma_px, two_kinds.peak)
    ratio = sizes_at(density, *two_kinds.xy.T, SIGMA_PX) / two_kinds.sigma_px
    for kind in (two_kinds.is_small, ~two_kinds.is_small):
        # Whole pixels and differences of neighbours make spots of 3 px seem a tenth broader.
        assert np.median(np.abs(ratio[kind] - 1)) < 0.15


def test_no_spots_and_several_workers(two_kinds: TwoKinds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place_net, "CHUNK", 64)
    density = drawn(two_kinds.xy, two_kinds.sigma_px, two_kinds.peak)
    assert np.array_equal(told(density, two_kinds.xy, workers=2), told(density, two_kinds.xy))
    assert len(crowd_logit(density, *np.empty((3, 0)), SIGMA_PX)) == 0


def test_weights_that_were_written_give_the_same_odds(tmp_path: Path) -> None:
    path = tmp_path / "weights.py"
    write_place_net(path, crowd_net(), "crowd_look")
    found: dict[str, object] = {}
    exec(path.read_text("utf-8"), found)
    net = unpacked(1, CONTEXT, found["CHANNELS"], found["HIDDEN"], found["PACKED"])  # type: ignore[arg-type]
    rng = np.random.default_rng(2)
    pictures = rng.normal(size=(20, GRID * GRID)).astype(np.float32)
    context = rng.normal(size=(20, CONTEXT)).astype(np.float32)
    assert net.logit(pictures, context) == pytest.approx(crowd_net().logit(pictures, context))
