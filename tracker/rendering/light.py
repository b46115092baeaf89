"""Light on the head: diffuse shading with relief, and the shine of oily skin."""

from __future__ import annotations

import numpy as np

from tracker.rendering.scalp import Array, unit
from tracker.rendering.spec import PhotoSpec
from tracker.rendering.splat import Image


def light_direction(photo: PhotoSpec) -> Array:
    """Unit vector towards the light in camera axes (x right, y down, z away)."""
    azimuth, elevation = np.deg2rad([photo.light_azimuth_deg, photo.light_elevation_deg])
    return np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            -np.sin(elevation),
        ]
    )


def diffuse(normal: Image, photo: PhotoSpec) -> Image:
    """Irradiance (H, W) relative to a surface that faces the light, for camera-axis normals."""
    light = light_direction(photo).astype(np.float32)
    cosine = normal @ light
    # wrap: a room has no point source; the shadow's border is broad
    direct = np.clip((cosine + 0.25) / 1.25, 0, None) ** 1.3
    up_is_bright = 0.75 - 0.25 * normal[..., 1]
    ambient = up_is_bright * (0.65 - 0.35 * normal[..., 2])
    result: Image = photo.ambient_share * ambient + (1 - photo.ambient_share) * direct
    return result


def relief_shading(slope_u: Image, slope_v: Image, photo: PhotoSpec) -> Image:
    """Factor (H, W) by which tilted facets of the skin relief catch more or less light."""
    light = light_direction(photo)
    share = 1 - photo.ambient_share
    tilt = slope_u * np.float32(light[0]) + slope_v * np.float32(light[1])
    result: Image = np.clip(1 - np.float32(0.9 * share) * tilt, 0.5, 1.6)
    return result


def halfway(towards: Array, photo: PhotoSpec) -> Array:
    """Unit vectors half-way between the camera and the light, camera axes."""
    return unit(towards + light_direction(photo))


def shine(
    normal: Image, slope_u: Image, slope_v: Image, oil: Image, half: Image, photo: PhotoSpec
) -> Image:
    """Specular reflection (H, W), added to the light that comes out of the skin.

    Facets of the relief glint one by one, so that oily skin sparkles instead of glazing over.
    """
    relief = slope_u * half[..., 0] + slope_v * half[..., 1]
    facet = np.log(np.clip((normal * half).sum(-1) - np.float32(0.16) * relief, 0.05, 1.02))
    lobes = np.float32(0.9) * np.exp(60 * facet) + np.float32(0.35) * np.exp(12 * facet)
    result: Image = np.float32(photo.shine) * np.clip(oil, 0, None) * lobes
    return result
