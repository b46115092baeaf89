"""What is known of a rendered photo and of a rendered series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.rendering.camera import Camera
from tracker.rendering.person import LIMB_COSINE
from tracker.rendering.scalp import Array, Chart, Head
from tracker.rendering.spec import PhotoSpec, SeriesSpec


def fade_of(pigment_od_mm2: Array, retained: Array, dots: NDArray[np.bool_]) -> float:
    """True fade of a choice of dots, weighted by their baseline pigment; NaN for no dots."""
    weight = pigment_od_mm2[dots]
    if not weight.sum() > 0:
        return float("nan")
    return float(1 - (weight * retained[dots]).sum() / weight.sum())


@dataclass(frozen=True, eq=False)
class RenderedPhoto:
    """One photo and its truth.

    Attributes
    ----------
    srgb : ndarray of uint8, shape (H, W, 3)
    jpeg : bytes or None
        The file that decodes to `srgb`; None where the spec asks for no compression.
    xy_px : ndarray of shape (n, 2)
        Dot centres in this photo; NaN where out of frame or behind the limb.
    retained : ndarray of shape (n,)
        Share of each dot's baseline pigment that is left in the dot (above 1: darker).
    fade : float
        ``1 - sum pigment / sum pigment at baseline`` over the dots that the baseline photo
        shows; NaN for another person.
    fade_shown : float
        The same over the dots that both this photo and the baseline show.
    zone_fade : mapping from zone name to fade, over the dots of `fade`
    skin_region, treated_region : ndarray of bool, shape (H, W)
        Skin of the head, and the part of it that was treated.
    treated_outline_px : tuple of ndarray (k, 2)
        Closed polygons around the treated area.
    hair_xy_px : ndarray of shape (m, 2)
        Roots of the hairs; NaN where not visible.
    """

    spec: PhotoSpec
    srgb: NDArray[np.uint8]
    jpeg: bytes | None
    xy_px: Array
    retained: Array
    shadow: Array
    fade: float
    fade_shown: float
    zone_fade: Mapping[str, float]
    skin_region: NDArray[np.bool_]
    treated_region: NDArray[np.bool_]
    treated_outline_px: tuple[Array, ...]
    hair_xy_px: Array
    camera: Camera


@dataclass(frozen=True, eq=False)
class RenderedSeries:
    """The photos of one view, the first of them the baseline."""

    spec: SeriesSpec
    photos: tuple[RenderedPhoto, ...]
    pigment_od_mm2: Array
    """Baseline pigment of every dot on the skin."""
    diameter_mm: Array
    zone: NDArray[np.str_]
    head: Head
    chart: Chart

    @property
    def mm_per_px(self) -> float:
        """Scale at the middle of the baseline photo."""
        camera = self.photos[0].camera
        target = self.head.surface(self.chart.axes[2])
        return float(np.linalg.norm(target - camera.position_mm) / camera.focal_px)

    def map_points(self, photo: int, xy_px: Array) -> Array:
        """Where skin seen at baseline pixels lies in another photo.

        Parameters
        ----------
        photo : int
            Index into `photos`.
        xy_px : ndarray of shape (..., 2)
            Pixels of the baseline photo.

        Returns
        -------
        ndarray of shape (..., 2)
            NaN where the baseline pixel shows no head or the skin is not visible.
        """
        place = np.asarray(xy_px, float)
        point, clearance = self.photos[0].camera.strike(place)
        camera = self.photos[photo].camera
        mapped = camera.project(point)
        seen = camera.sees(point, self.head.normal(point), least_cosine=LIMB_COSINE)
        other = self.photos[photo].spec.other_person
        mapped[(clearance >= 0) | ~seen | other] = np.nan
        return mapped
