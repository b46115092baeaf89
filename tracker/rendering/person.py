"""One person's head: shape, skin, ink and hair, drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.hair import Follicles, grow
from tracker.rendering.pigment import FadeHistory, Ink, fade_history, tattoo
from tracker.rendering.regions import Regions
from tracker.rendering.scalp import Chart, Head
from tracker.rendering.skin import SkinTexture, base_density
from tracker.rendering.spec import SeriesSpec

TEXTURE_SIDE_LIMIT_PX = 2800
LIMB_COSINE = 0.12
"""A dot seen more obliquely than about 83 degrees counts as behind the limb."""


@dataclass(frozen=True, eq=False)
class Person:
    """Everything about one head that stays the same between photos."""

    head: Head
    chart: Chart
    regions: Regions
    skin: SkinTexture
    base_density: NDArray[np.float32]
    ink: Ink
    counted: NDArray[np.bool_]
    """Dots that the baseline photo shows: the fade is theirs."""
    history: FadeHistory
    follicles: Follicles


def stream(spec: SeriesSpec, *key: int) -> np.random.Generator:
    """Random numbers of one part of a scene: a change elsewhere leaves them alone."""
    return np.random.default_rng([spec.seed, *key])


def _visible_half_width_mm(cameras: list[Camera], chart: Chart) -> float:
    """Half width of the chart square that the photos show."""
    widest = 0.0
    for camera in cameras:
        height, width = camera.shape
        y, x = np.meshgrid(
            np.linspace(0, height - 1, 25), np.linspace(0, width - 1, 25), indexing="ij"
        )
        point, clearance = camera.strike(np.stack([x, y], axis=-1))
        uv = chart.uv(camera.head.direction(point))[clearance < 0]
        if len(uv):
            widest = max(widest, float(np.abs(uv).max()))
    return max(widest + 4.0, 10.0)


def make_person(spec: SeriesSpec) -> tuple[Person, list[Camera]]:
    """Draw a person from the seed, and place the cameras of all photos."""
    chart = Chart.of_view(spec.view)
    head = Head.random(stream(spec, 1))
    cameras = [Camera.of_photo(head, chart, spec, photo) for photo in spec.photos]
    regions = Regions.random(stream(spec, 2), chart, spec)
    half_width = _visible_half_width_mm(cameras, chart)
    scale = min(spec.px_per_mm, TEXTURE_SIDE_LIMIT_PX / (2 * half_width))
    skin = SkinTexture.random(stream(spec, 3), spec, chart, half_width, scale)
    ink_reach = half_width
    if spec.treated == "patch":
        ink_reach = min(half_width, 1.3 * spec.patch_radius_mm + spec.edge_softness_mm)
    ink = tattoo(stream(spec, 4), head, chart, regions, spec, ink_reach)
    counted = cameras[0].sees(ink.point_mm, ink.normal, least_cosine=LIMB_COSINE)
    person = Person(
        head,
        chart,
        regions,
        skin,
        base_density(spec, stream(spec, 6)),
        ink,
        counted,
        fade_history(stream(spec, 5), ink, spec, counted),
        grow(stream(spec, 7), head, chart, regions, spec, half_width),
    )
    return person, cameras
