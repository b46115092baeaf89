"""The camera and the head: projection, rays and the chart agree with each other."""

from dataclasses import replace

import numpy as np
import pytest

from tracker.rendering.camera import Camera
from tracker.rendering.scalp import VIEW_AXES, Chart, Head
from tracker.rendering.spec import PhotoSpec, SeriesSpec

SPEC = SeriesSpec(width_px=600, height_px=500, px_per_mm=6.0)
PHOTO = PhotoSpec(yaw_deg=14, pitch_deg=-9, roll_deg=20, zoom=1.04, radial_distortion=0.08)


def make(view: str = "top", photo: PhotoSpec = PHOTO) -> Camera:
    head = Head.random(np.random.default_rng(3))
    return Camera.of_photo(head, Chart.of_view(view), SPEC, photo)


@pytest.mark.parametrize("view", sorted(VIEW_AXES))
def test_ray_through_a_pixel_strikes_what_projects_there(view: str) -> None:
    camera = make(view)
    xy = np.random.default_rng(0).uniform(0, 499, (500, 2))
    point, clearance = camera.strike(xy)
    hit = clearance < 0
    assert hit.sum() > 300
    assert np.abs(camera.project(point[hit]) - xy[hit]).max() < 1e-6
    deep = clearance < -2.0
    assert np.abs(camera.head.height(point[deep])).max() < 1e-4


@pytest.mark.parametrize("view", sorted(VIEW_AXES))
def test_limb_has_no_notches(view: str) -> None:
    """Along every row the head is one unbroken run of pixels."""
    camera = make(view, PhotoSpec(pitch_deg=8, zoom=0.55))
    x, y = np.meshgrid(np.arange(0, 600, 3.0), np.arange(0, 500, 3.0))
    inside = camera.strike(np.stack([x, y], axis=-1))[1] < 0
    edges = np.abs(np.diff(inside.astype(int), axis=1)).sum(1)
    assert (edges <= 2).all()


def test_chart_and_direction_are_inverse() -> None:
    chart = Chart.of_view("crown")
    uv = np.random.default_rng(0).uniform(-120, 120, (200, 2))
    assert np.allclose(chart.uv(chart.direction(uv)), uv)
    assert np.allclose(chart.uv(chart.axes[2]), 0)


def test_gradient_is_the_derivative_of_height() -> None:
    head = Head.random(np.random.default_rng(1))
    direction = Chart.of_view("left").direction(np.random.default_rng(2).uniform(-60, 60, (50, 2)))
    point = head.surface(direction) * 1.01
    height, gradient = head.height_and_gradient(point)
    assert np.allclose(height, head.height(point))
    for axis in range(3):
        step = 1e-4 * np.eye(3)[axis]
        numeric = (head.height(point + step) - head.height(point - step)) / 2e-4
        assert np.allclose(gradient[:, axis], numeric, atol=1e-5)


def test_scale_at_the_centre_is_as_asked() -> None:
    camera = make(photo=PhotoSpec())
    target = camera.head.surface(camera.chart.axes[2])
    beside = target + camera.rotation[0]
    moved = camera.project(beside) - camera.project(target)
    assert np.allclose(moved, (6.0, 0.0))


def test_far_side_is_not_seen() -> None:
    camera = make()
    back = camera.head.surface(-camera.chart.axes[2])
    assert not camera.sees(back, camera.head.normal(back))


def test_unknown_view_is_named() -> None:
    with pytest.raises(ValueError, match="view must be one of"):
        Chart.of_view("below")


def test_spec_refuses_a_faded_baseline() -> None:
    with pytest.raises(ValueError, match=r"photos\[0\]\.fade must be 0"):
        replace(SPEC, photos=(PhotoSpec(fade=0.3),))
