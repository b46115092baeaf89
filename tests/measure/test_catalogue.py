"""Which places are measured: complete, none twice, whatever faded since."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.measure.density_scenes import DensityScene, dotted_skin
from tracker.measure.catalogue import (
    FLAT_SIGMAS,
    Catalogue,
    build_catalogue,
    flatten,
    median_spacing,
)


def catalogue(scene: DensityScene, later: tuple[np.ndarray, ...] = ()) -> Catalogue:
    reach = FLAT_SIGMAS * scene.sigma_px
    first, *after = (flatten(density, reach) for density in (scene.density, *later))
    return build_catalogue(first, after, sigma_px=scene.sigma_px, region=scene.region)


def recall(scene: DensityScene, places: np.ndarray, reach_px: float = 2.0) -> float:
    if len(places) == 0:
        return 0.0
    distance = np.hypot(*(scene.xy_px[:, None] - places[None]).transpose(2, 0, 1))
    return float((distance.min(axis=1) < reach_px).mean())


def test_dots_of_the_baseline_alone() -> None:
    scene = dotted_skin()
    found = catalogue(scene)
    assert recall(scene, found.xy_px) > 0.93


@pytest.mark.parametrize("left", [0.1, 1.0])
def test_faded_or_not_the_dots_are_there(left: float) -> None:
    scene = dotted_skin()
    later = dotted_skin(left=left, skin_seed=3)
    found = catalogue(scene, (later.density, later.density))
    # a photo where the dots are gone shows how little bare skin varies: then the faintest count
    assert recall(scene, found.xy_px) > (0.98 if left < 0.5 else 0.93)


def test_no_place_comes_twice() -> None:
    scene = dotted_skin(spacing_px=8.0)
    later = dotted_skin(spacing_px=8.0, left=0.2)
    places = catalogue(scene, (later.density,)).xy_px
    distance = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert distance.min() >= 0.7 * 2.355 * scene.sigma_px - 1e-6


def test_order_of_the_later_photos_does_not_matter() -> None:
    scene, first, second = dotted_skin(), dotted_skin(left=0.6), dotted_skin(left=0.2)
    one = catalogue(scene, (first.density, second.density))
    other = catalogue(scene, (second.density, first.density))
    assert one.xy_px == pytest.approx(other.xy_px, abs=1e-3)


def with_strokes(scene: DensityScene, seed: int) -> tuple[DensityScene, np.ndarray]:
    """The scene with dark strokes, and their middles."""
    rng = np.random.default_rng(seed)
    height, width = scene.density.shape
    middle = rng.uniform(15, [width - 15, height - 15], (40, 2))
    way = rng.uniform(0, np.pi, 40)
    half = 3.5 * scene.sigma_px * np.column_stack([np.cos(way), np.sin(way)])
    canvas = np.zeros(scene.density.shape, np.uint8)
    for start, end in zip(middle - half, middle + half, strict=True):
        cv2.line(
            canvas, np.rint(start * 16).astype(int), np.rint(end * 16).astype(int), 255, 1, 16, 4
        )
    dark = cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), 0.6)
    return replace(scene, density=scene.density + np.float32(0.5) * dark), middle


def test_strokes_look_less_like_dots() -> None:
    scene, middle = with_strokes(dotted_skin(spacing_px=16.0), 5)
    found = catalogue(scene)
    to_stroke = np.hypot(*(found.xy_px[:, None] - middle[None]).transpose(2, 0, 1)).min(axis=1)
    to_dot = np.hypot(*(found.xy_px[:, None] - scene.xy_px[None]).transpose(2, 0, 1)).min(axis=1)
    stroke, dot = (to_stroke < 4) & (to_dot > 5), (to_dot < 1.5) & (to_stroke > 12)
    assert np.median(found.look[dot]) > 1
    assert np.median(found.look[stroke]) < -1


def test_hair_that_stays_does_not_hide_the_dots_that_went() -> None:
    plain, later = dotted_skin(spacing_px=16.0), dotted_skin(spacing_px=16.0, left=0.1)
    (hairy, _), (hairy_later, _) = with_strokes(plain, 5), with_strokes(later, 5)
    alone = catalogue(hairy)
    both = catalogue(hairy, (hairy_later.density,))
    assert recall(plain, both.xy_px, 1.2) > recall(plain, alone.xy_px, 1.2)
    assert recall(plain, both.xy_px, 1.2) > 0.9


def test_a_later_photo_that_shows_nothing_changes_nothing() -> None:
    scene = dotted_skin(size=160)
    blind = np.full_like(scene.density, np.nan)
    assert catalogue(scene, (blind,)).xy_px == pytest.approx(catalogue(scene).xy_px)


def test_a_baseline_that_shows_nothing_has_no_places() -> None:
    scene = dotted_skin(size=120)
    blind = DensityScene(np.full_like(scene.density, np.nan), scene.xy_px, scene.amplitude, 2.1, 13)
    assert len(catalogue(blind)) == 0


def test_places_keep_to_the_region() -> None:
    scene = dotted_skin()
    region = scene.region
    region[:, 130:] = False
    flat = flatten(scene.density, FLAT_SIGMAS * 2.1)
    found = build_catalogue(flat, (), sigma_px=2.1, region=region)
    assert len(found) > 50
    assert found.xy_px[:, 0].max() < 132


def test_flatten_takes_the_level_off_and_keeps_holes() -> None:
    density = np.full((60, 60), 0.7, np.float32)
    density[20:30, 20:30] = np.nan
    flat = flatten(density, 10.0)
    assert np.isnan(flat[20:30, 20:30]).all()
    assert np.nanmax(np.abs(flat)) < 1e-3


def test_spacing_of_a_jittered_lattice() -> None:
    scene = dotted_skin(size=400, spacing_px=13.0)
    assert median_spacing(scene.xy_px) == pytest.approx(13.0, rel=0.12)
    assert np.isnan(median_spacing(scene.xy_px[:2]))
    assert np.isnan(median_spacing(np.empty((0, 2))))


def test_places_of_the_baseline_look_as_the_crowd_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def looks(density: np.ndarray, x_px: np.ndarray, *_: object, **__: object) -> np.ndarray:
        assert np.isfinite(density).all()
        asked.append(len(x_px))
        return np.linspace(2.0, 3.0, len(x_px))

    monkeypatch.setattr("tracker.measure.catalogue.crowd_logit", looks)
    found = catalogue(dotted_skin())
    # All places together are asked about once, and nothing else has a say where nothing changed.
    assert asked == [len(found)]
    assert np.array_equal(found.look, np.linspace(2.0, 3.0, len(found)))


def test_workers_find_the_same() -> None:
    scene, gone = dotted_skin(), dotted_skin(left=0.3)
    reach = FLAT_SIGMAS * scene.sigma_px
    first, later = (flatten(one.density, reach) for one in (scene, gone))
    one, three = (
        build_catalogue(
            first, [later], sigma_px=scene.sigma_px, region=scene.region, workers=workers
        )
        for workers in (1, 3)
    )
    assert np.array_equal(one.xy_px, three.xy_px)
    assert np.array_equal(one.look, three.look)
