"""The ink as one photo shows it: deposits, halos, shadows and crusts, each projected by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.person import Person, stream
from tracker.rendering.scalp import Array, unit
from tracker.rendering.spec import SeriesSpec
from tracker.rendering.splat import Image, add_blobs

HALO_SHARE = 0.3
HALO_WIDENING = 1.9
"""Share of the ink that looks spread by scatter in the skin, and how far."""
SHADOW_WIDENING = 3.2
"""Width of the shadow that dispersed ink leaves, over the dot's own width."""


@dataclass(frozen=True, eq=False)
class InkLayers:
    """Densities (H, W) in green light; their colours differ."""

    core: Image
    halo: Image
    """Ink deeper or spread: light scattered in the skin makes it bluer."""
    crusts: Image


def paint_ink(
    spec: SeriesSpec, index: int, person: Person, camera: Camera, visible: NDArray[np.bool_]
) -> InkLayers:
    """Density of all ink that is left in this photo."""
    photo = spec.photos[index]
    ink = person.ink[visible]
    retained = person.history.retained[index][visible]
    shadow = person.history.shadow[index][visible]
    layers = InkLayers(*(np.zeros(camera.shape, np.float32) for _ in range(3)))
    if len(ink) == 0:
        return layers
    tangent = np.stack([np.cos(ink.turn), np.sin(ink.turn)], axis=1)
    first = unit(np.cross(ink.normal, np.array([0.31, 0.52, 0.79])))
    second = np.cross(ink.normal, first)
    long_axis = tangent[:, :1] * first + tangent[:, 1:] * second
    short_axis = np.cross(ink.normal, long_axis)
    jacobian = camera.jacobian(ink.point_mm)
    to_long = np.einsum("nij,nj->ni", jacobian, long_axis)
    to_short = np.einsum("nij,nj->ni", jacobian, short_axis)
    area_px2_per_mm2 = np.abs(np.linalg.det(np.stack([to_long, to_short], axis=-1)))

    def covariance(diameter_mm: Array, aspect: Array) -> Array:
        variance = diameter_mm**2 / (8 * np.log(2))
        long_part = np.einsum("ni,nj->nij", to_long, to_long) * (variance / aspect)[:, None, None]
        short_part = np.einsum("ni,nj->nij", to_short, to_short)
        result: Array = long_part + short_part * (variance * aspect)[:, None, None]
        return result

    xy = camera.project(ink.point_mm)
    total = ink.pigment_od_mm2 * area_px2_per_mm2
    lost = np.clip(1 - retained, 0, 1)
    diameter = ink.diameter_mm * (1 + 0.12 * lost) * (1 + photo.ink_spread)
    # an uneven drop of ink: a lobe beside the main deposit, their common centre at `xy`
    offset = ink.lobe_mm[:, :1] * to_long + ink.lobe_mm[:, 1:] * to_short
    share = ink.lobe_share
    left = total * retained
    solid = left * (1 - HALO_SHARE)
    main = covariance(diameter * (1 - 0.25 * share), ink.aspect)
    add_blobs(layers.core, xy - share[:, None] * offset, main, ink.flatness, solid * (1 - share))
    with_lobe = share > 0
    add_blobs(
        layers.core,
        (xy + (1 - share)[:, None] * offset)[with_lobe],
        covariance(diameter * 0.7, np.ones(len(ink)))[with_lobe],
        np.ones(with_lobe.sum()),
        (solid * share)[with_lobe],
    )
    round_dot = np.ones(len(ink))
    halo = covariance(diameter * HALO_WIDENING, round_dot)
    add_blobs(layers.halo, xy, halo, round_dot, left * HALO_SHARE)
    if shadow.any():
        wide = covariance(ink.diameter_mm * SHADOW_WIDENING, round_dot)
        add_blobs(layers.halo, xy, wide, round_dot, total * shadow)
    if photo.crust_share > 0:
        rng = stream(spec, 30, index)
        crusted = rng.random(len(ink)) < photo.crust_share
        size = ink.diameter_mm[crusted] * rng.uniform(1.2, 2.2, crusted.sum())
        wide = covariance(ink.diameter_mm, ink.aspect)[crusted]
        wide *= ((size / ink.diameter_mm[crusted]) ** 2)[:, None, None]
        amount = rng.uniform(0.06, 0.25, crusted.sum()) * size**2 * area_px2_per_mm2[crusted]
        add_blobs(layers.crusts, xy[crusted], wide, np.full(crusted.sum(), 1.5), amount)
    return layers
