"""Rendered scenes: same seed same pixels, and a truth that the pixels agree with."""

import json
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tracker.measure.luminance import channel_density
from tracker.rendering.client_files import write_client
from tracker.synthetic import (
    PRESETS,
    PhotoSpec,
    RenderedSeries,
    SeriesSpec,
    random_client,
    render_client,
    render_series,
    sample_clients,
    scene_specs,
)

LINEAR_CAMERA = PhotoSpec(
    defocus_px=0.0, shot_noise=0.0, read_noise=0.004, jpeg_quality=0, shine=0.0, ambient_share=1.0
)
"""Its noise dithers the 8 bits; the same draw in both pictures of a pair cancels."""


@pytest.fixture(scope="module")
def small() -> RenderedSeries:
    spec = scene_specs("clinic", 5, (0.0, 0.5))
    return render_series(replace(spec, width_px=700, height_px=600, px_per_mm=9.0))


def test_same_spec_gives_the_same_pixels(small: RenderedSeries) -> None:
    again = render_series(small.spec)
    for first, second in zip(small.photos, again.photos, strict=True):
        assert np.array_equal(first.srgb, second.srgb)
        assert np.array_equal(first.xy_px, second.xy_px, equal_nan=True)


def test_another_seed_gives_another_scene(small: RenderedSeries) -> None:
    other = render_series(replace(small.spec, seed=small.spec.seed + 1))
    assert not np.array_equal(small.photos[0].srgb, other.photos[0].srgb)


def test_map_points_meets_the_dots(small: RenderedSeries) -> None:
    mapped = small.map_points(1, small.photos[0].xy_px)
    truth = small.photos[1].xy_px
    both = np.isfinite(mapped[:, 0]) & np.isfinite(truth[:, 0])
    assert both.sum() > 500
    assert np.abs(mapped[both] - truth[both]).max() < 0.05


def test_fade_is_one_minus_the_sums(small: RenderedSeries) -> None:
    pigment = small.pigment_od_mm2
    counted = np.isfinite(small.photos[0].xy_px[:, 0])
    for photo in small.photos:
        left = (pigment * photo.retained)[counted].sum() / pigment[counted].sum()
        assert photo.fade == pytest.approx(1 - left, abs=1e-12)
        for zone, fade in photo.zone_fade.items():
            own = counted & (small.zone == zone)
            left = (pigment * photo.retained)[own].sum() / pigment[own].sum()
            assert fade == pytest.approx(1 - left)
    assert small.photos[1].fade == pytest.approx(0.5, abs=1e-6)


def test_dots_are_dark_where_the_truth_says(small: RenderedSeries) -> None:
    photo = small.photos[0]
    density = channel_density(photo.srgb, 1)
    high_passed = density - cv2.GaussianBlur(density, (0, 0), 6)
    shown = photo.xy_px[np.isfinite(photo.xy_px[:, 0])]
    x, y = np.rint(shown).astype(int).T
    assert np.median(high_passed[y, x]) > 4 * abs(np.median(high_passed[photo.treated_region]))


@pytest.mark.parametrize("index", [0, 1])
def test_dots_hold_the_stated_pigment(index: int) -> None:
    """On even skin seen by a straight camera, the density of the picture is the ink."""
    turned = replace(LINEAR_CAMERA, fade=0.4, yaw_deg=8.0)
    inked = SeriesSpec(
        seed=4,
        width_px=400,
        height_px=400,
        texture=0.0,
        blemishes_per_100_cm2=0.0,
        patch_radius_mm=10.0,
        edge_softness_mm=0.1,
        dots_per_cm2=25.0,
        ghosting=0.0,
        hairs_per_cm2=0.001,
        photos=(LINEAR_CAMERA, turned),
    )
    series = render_series(inked)
    bare = render_series(replace(inked, treated="none"))
    photo = series.photos[index]
    added = channel_density(photo.srgb, 1) - channel_density(bare.photos[index].srgb, 1)
    # the two pictures are exposed by their own medians; skin far from any dot shows the offset
    skin = np.ones(added.shape, np.uint8)
    x, y = np.rint(photo.xy_px).astype(int).T
    skin[y, x] = 0
    added = added - added[cv2.distanceTransform(skin, cv2.DIST_L2, 3) > 15].mean()
    camera = photo.camera
    # px^2 of this photo per mm^2 of skin, dot by dot, from the mapping itself
    point, _ = camera.strike(photo.xy_px)
    step = 0.01
    normal = series.head.normal(point)
    first = np.cross(normal, camera.rotation[1])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normal, first)
    sides = [(camera.project(point + step * s) - photo.xy_px) / step for s in (first, second)]
    scale = np.abs(np.linalg.det(np.stack(sides, axis=-1)))
    expected = (series.pigment_od_mm2 * photo.retained * scale).sum()
    assert added.sum() == pytest.approx(expected, rel=0.02)


def test_null_series_keeps_every_dot() -> None:
    spec = scene_specs("sparse", 2, (0.0, 0.0))
    series = render_series(replace(spec, width_px=500, height_px=500, px_per_mm=7.0))
    assert series.photos[1].fade == 0.0
    assert (series.photos[1].retained == 1).all()


def test_other_person_has_no_truth() -> None:
    spec = scene_specs("clinic", 3, (0.0, 0.4))
    photos = (spec.photos[0], replace(spec.photos[1], other_person=True))
    series = render_series(replace(spec, width_px=400, height_px=400, px_per_mm=5, photos=photos))
    assert np.isnan(series.photos[1].fade)
    assert np.isnan(series.photos[1].xy_px).all()
    assert np.isnan(series.map_points(1, np.array([[200.0, 200.0]]))).all()


def test_no_dots_is_an_ordinary_scene() -> None:
    series = render_series(
        SeriesSpec(width_px=200, height_px=200, px_per_mm=4, treated="none", photos=(PhotoSpec(),))
    )
    assert len(series.pigment_od_mm2) == 0
    assert np.isnan(series.photos[0].fade)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_draw_valid_scenes(preset: str) -> None:
    assert scene_specs(preset, 7) == scene_specs(preset, 7)
    assert scene_specs(preset, 7) != scene_specs(preset, 8)
    assert [photo.fade for photo in scene_specs(preset, 7).photos] == [0, 0.32, 0.59, 0.7, 0.8]


def test_unknown_preset_is_named() -> None:
    with pytest.raises(ValueError, match="preset must be one of"):
        scene_specs("moon", 1)


def test_written_client_reads_back(tmp_path: Path, small: RenderedSeries) -> None:
    client = random_client(1, n_photos=2)
    view = replace(client.views[0], series=small.spec)
    folder = tmp_path / "client"
    write_client(replace(client, views=(view,)), [small], folder)
    truth = json.loads((folder / "truth.json").read_text())
    shown = truth["views"][small.spec.view]
    for row, photo, day in zip(shown["photos"], small.photos, view.days, strict=True):
        with Image.open(folder / row["photo"]) as image:
            stamp = image.getexif().get_ifd(0x8769)[0x9003]
            assert np.array_equal(np.asarray(image), photo.srgb)
        assert stamp[:10] == day.strftime("%Y:%m:%d")
        assert row["photo"] == f"{day}_{small.spec.view}.jpg"
        x = np.array([np.nan if v is None else v for v in row["x_px"]])
        seen = np.isfinite(photo.xy_px[:, 0])
        assert np.allclose(x[np.isfinite(x)], photo.xy_px[seen, 0], atol=0.006)
        assert row["fade"] == pytest.approx(photo.fade, abs=1e-5)
    plan = tomllib.loads((folder / "client.toml").read_text())
    assert plan["goal"] == "full removal"
    assert isinstance(plan["smp_date"], date)
    assert (folder / "sessions.csv").read_text().count("\n") == 1 + len(client.sessions)


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="not an empty folder"):
        render_client(tmp_path, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


def test_sample_clients_are_as_promised() -> None:
    clients = sample_clients()
    assert len(clients) == 3
    for client in clients:
        assert len(client.views) >= 2
        for view in client.views:
            assert 5 <= len(view.days) <= 7
            assert list(view.days) == sorted(set(view.days))
            assert view.days[-1] < date(2026, 11, 1)
    assert any(view.expected_refusals for client in clients for view in client.views)
