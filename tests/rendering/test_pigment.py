"""Where dots are placed and how they fade."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tracker.rendering.pigment import Ink, fade_history, scatter
from tracker.rendering.spec import PhotoSpec, SeriesSpec

N_DOTS = 4000
EVERY_DOT = np.ones(N_DOTS, bool)


def make_ink(n: int = N_DOTS) -> Ink:
    rng = np.random.default_rng(5)
    direction = rng.normal(size=(n, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    ones = np.ones(n)
    return Ink(
        direction,
        90 * direction,
        direction,
        0.3 * ones,
        ones,
        0 * ones,
        ones,
        0 * ones,
        np.zeros((n, 2)),
        rng.uniform(0.005, 0.03, n),
        np.where(direction[:, 0] > 0, "left", "right"),
    )


@pytest.mark.parametrize("density", [40.0, 150.0, 350.0])
def test_scatter_has_the_density_and_the_least_distance(density: float) -> None:
    places = scatter(np.random.default_rng(1), 25.0, density, 0.6)
    assert len(places) == pytest.approx(25 * density, rel=0.03)
    spacing = 10 * np.sqrt(2 / np.sqrt(3) / density)
    assert cKDTree(places).query(places, 2)[0][:, 1].min() >= 0.6 * spacing


@pytest.mark.parametrize("fades", [(0.0, 0.32, 0.59, 0.8), (0.0, 0.0), (0.0, -0.22)])
def test_area_fades_exactly_as_asked(fades: tuple[float, ...]) -> None:
    ink = make_ink()
    spec = SeriesSpec(photos=tuple(PhotoSpec(fade=fade) for fade in fades))
    history = fade_history(np.random.default_rng(2), ink, spec, EVERY_DOT)
    left = (history.retained * ink.pigment_od_mm2).sum(1) / ink.pigment_od_mm2.sum()
    assert 1 - left == pytest.approx(fades, abs=1e-6)


def test_dots_respond_unlike_and_some_darken() -> None:
    spec = SeriesSpec(darkening_share=0.05, photos=(PhotoSpec(), PhotoSpec(fade=0.5)))
    history = fade_history(np.random.default_rng(2), make_ink(), spec, EVERY_DOT)
    assert 0.02 < (history.retained[1] > 1).mean() < 0.08
    assert history.retained[1].std() > 0.05


def test_lagging_zone_keeps_more() -> None:
    ink = make_ink()
    photos = (PhotoSpec(), PhotoSpec(fade=0.5))
    spec = SeriesSpec(zone_response=(("left", 0.5),), photos=photos)
    retained = fade_history(np.random.default_rng(2), ink, spec, EVERY_DOT).retained[1]
    assert retained[ink.zone == "left"].mean() > retained[ink.zone == "right"].mean() + 0.1


def test_ghosting_leaves_a_shadow_of_what_was_lost() -> None:
    spec = SeriesSpec(ghosting=0.2, darkening_share=0, photos=(PhotoSpec(), PhotoSpec(fade=0.5)))
    history = fade_history(np.random.default_rng(2), make_ink(), spec, EVERY_DOT)
    assert history.shadow[0].sum() == 0
    lost = (1 - history.retained[1]).sum()
    assert history.shadow[1].sum() == pytest.approx(0.2 * lost, rel=0.05)
