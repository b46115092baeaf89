"""Dots read alone: right pigment, hair that crosses them, and width from the dots both photos show."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.measure.density_scenes import DensityScene, dotted_skin, gaussians, skin
from tracker.measure.blur_match import DotPicture, matched_width_px
from tracker.measure.dots_alone import DotReader, DotReading, DotSettings
from tracker.measure.photometry import PhotometrySettings, background_px, empty_places


def reader(scene: DensityScene, **changes: object) -> DotReader:
    smooth_px = background_px(scene.sigma_px, scene.spacing_px, PhotometrySettings())
    arguments: dict = {
        "valid": np.isfinite(scene.density),
        "places_px": scene.xy_px,
        "strength": scene.amplitude,
        "controls_px": empty_places(scene.region, scene.xy_px, scene.spacing_px),
        "sigma_px": scene.sigma_px,
        "smooth_px": smooth_px,
    } | changes
    return DotReader(**arguments)


def read(
    scene: DensityScene, density: NDArray | None = None, reference: DotPicture | None = None
) -> DotReading:
    shown = scene.density if density is None else density
    return reader(scene, valid=np.isfinite(shown)).read(shown, scene.sigma_px, reference)


def strokes(
    shape: tuple[int, int], length_px: float, number: int, seed: int
) -> NDArray[np.float32]:
    """Density of hairs two pixels wide, anywhere."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros(shape, np.uint8)
    for root, way in zip(
        rng.uniform(0, shape[0], (number, 2)), rng.uniform(0, 6.3, number), strict=True
    ):
        tip = root + length_px * np.array([np.cos(way), np.sin(way)])
        ends = np.rint(np.stack([root, tip]) * 16).astype(int)
        cv2.line(canvas, ends[0].tolist(), ends[1].tolist(), 255, 2, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) * np.float32(0.5 / 255)


@pytest.mark.parametrize(
    ("spacing_px", "sigma_px"), [(16.0, 2.1), (11.0, 2.1), (8.0, 2.1), (13.0, 1.2), (20.0, 3.4)]
)
def test_sum_of_pigment_is_right_from_sparse_to_overlapping(
    spacing_px: float, sigma_px: float
) -> None:
    scene = dotted_skin(spacing_px=spacing_px, sigma_px=sigma_px)
    total = float(np.nansum(read(scene).pigment))
    assert total / scene.pigment.sum() == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize("left", [1.0, 0.3])
@pytest.mark.parametrize(("clip_sds", "within"), [(1e6, 0.03), (2.5, 0.07)])
def test_longer_stubble_later_hardly_reads_as_pigment(
    left: float, clip_sds: float, within: float
) -> None:
    """3 % of the skin under hair. Unclipped, it darkens skin and dots alike and cancels."""
    how = DotSettings(clip_sds=clip_sds)
    first = dotted_skin(size=420, spacing_px=14.0)
    later = dotted_skin(size=420, spacing_px=14.0, left=left, skin_seed=5)
    hair = strokes(first.density.shape, 22.0, 60, 9)
    assert 0.02 < np.mean(hair > 0.1) < 0.04
    before, after = (
        reader(first, settings=how).read(density, first.sigma_px).pigment
        for density in (first.density, later.density + hair)
    )
    assert np.nansum(after) / np.nansum(before) == pytest.approx(left, abs=within)


def test_empty_places_read_about_nothing() -> None:
    scene = dotted_skin(size=420)
    found = read(scene)
    assert len(found.empty_pigment) > 200
    assert abs(found.empty_pigment.mean()) < 0.05 * scene.pigment.mean()
    assert 0 < found.noise < 0.3 * scene.pigment.mean()


def test_a_softer_photo_keeps_its_pigment() -> None:
    first = dotted_skin(size=420)
    soft = cv2.GaussianBlur(first.density, (0, 0), 1.2)
    reference = read(first)
    found = read(first, soft, reference.picture)
    assert found.sigma_px == pytest.approx(np.hypot(first.sigma_px, 1.2), rel=0.03)
    assert np.nansum(found.pigment) == pytest.approx(np.nansum(reference.pigment), rel=0.03)


def test_width_is_compared_on_the_dots_that_both_photos_show() -> None:
    """Half of the dots are wider; a later photo that shows only these has not become softer."""
    rng = np.random.default_rng(4)
    shape, spacing = (300, 420), 16.0
    along, down = np.meshgrid(np.arange(20, 400, spacing), np.arange(20, 280, spacing))
    places = np.column_stack([along.ravel(), down.ravel()])
    places += rng.uniform(-2, 2, places.shape)
    height = rng.uniform(0.2, 0.3, len(places))
    wide = places[:, 0] > 210
    ink = gaussians(shape, places[~wide], height[~wide], 1.7)
    ink += gaussians(shape, places[wide], height[wide], 2.4)
    bare = skin(shape, noise=0.003, shading=0.1, seed=1)
    density = (bare + ink).astype(np.float32)
    scene = DensityScene(density, places, height, 2.0, spacing)
    half = density.copy()
    half[:, :205] = np.nan
    reference = read(scene)
    found = read(scene, half, reference.picture)
    assert np.isnan(found.pigment[places[:, 0] < 195]).all()
    assert found.sigma_px == pytest.approx(scene.sigma_px, rel=0.03)
    everything = DotPicture(
        found.picture.signal,
        places,
        np.ones(len(places), bool),
        scene.amplitude,
        scene.sigma_px,
    )
    assert matched_width_px(reference.picture, everything) > 1.04 * scene.sigma_px


@pytest.mark.parametrize(("number", "length_px"), [(150, 14.0), (150, 22.0), (300, 8.0)])
def test_stubble_that_grew_hardly_changes_the_width(number: int, length_px: float) -> None:
    """4 to 8 % of the skin under hair in the later photo alone, by the same lens."""
    first = dotted_skin(size=420, spacing_px=14.0)
    later = dotted_skin(size=420, spacing_px=14.0, skin_seed=5).density
    hairy = later + strokes(later.shape, length_px, number, 9)
    reference = read(first).picture
    shaved, known = (read(first, shown, reference).sigma_px for shown in (later, hairy))
    unknown = read(first, hairy, replace(reference, unrest=None)).sigma_px
    assert abs(known - shaved) < 0.4 * abs(unknown - shaved)


def test_hidden_dots_are_not_read() -> None:
    scene = dotted_skin()
    hidden = scene.density.copy()
    hidden[:, :100] = np.nan
    found = read(scene, hidden)
    assert np.isnan(found.pigment[scene.xy_px[:, 0] < 90]).all()
    shown = scene.xy_px[:, 0] > 115
    total = found.pigment[shown].sum() / scene.pigment[shown].sum()
    assert total == pytest.approx(1, abs=0.05)


def test_wrong_shapes_are_named() -> None:
    scene = dotted_skin()
    with pytest.raises(ValueError, match="two-dimensional"):
        reader(scene, valid=np.ones(5, bool))
    with pytest.raises(ValueError, match="one length above 0"):
        reader(scene, strength=np.ones(3))
    with pytest.raises(ValueError, match="one length above 0"):
        reader(scene, places_px=np.empty((0, 2)), strength=np.empty(0))
