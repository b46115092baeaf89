"""What else is in a photo of a head: ears, neck, shirt and the wall behind."""

from __future__ import annotations

import cv2
import numpy as np

from tracker.rendering.camera import Camera
from tracker.rendering.light import diffuse
from tracker.rendering.scalp import Array, unit
from tracker.rendering.spec import PhotoSpec
from tracker.rendering.splat import Image

# centre, half axes (mm, head coordinates), True = skin
BODIES: tuple[tuple[tuple[float, float, float], tuple[float, float, float], bool], ...] = (
    ((80.0, -22.0, -6.0), (9.0, 33.0, 19.0), True),
    ((-80.0, -22.0, -6.0), (9.0, 33.0, 19.0), True),
    ((0.0, -110.0, -30.0), (62.0, 125.0, 64.0), True),
    ((0.0, -250.0, -35.0), (290.0, 95.0, 125.0), False),
)


def paint_surroundings(
    rng: np.random.Generator,
    camera: Camera,
    photo: PhotoSpec,
    skin_reflectance: Image,
    rays: Array,
    head_distance: Array,
) -> tuple[Image, Image]:
    """Linear light (H', W', 3) of everything but the head, and where it stands before the head.

    Works on the coarse grid of `rays`; the result is smooth enough to be enlarged.
    """
    shape = rays.shape[:-1]
    wall_tone = rng.uniform(0.45, 0.8) * np.array(
        [1.0, rng.uniform(0.97, 1.0), rng.uniform(0.9, 1.0)]
    )
    height, width = shape
    y, x = np.mgrid[0:height, 0:width] / max(shape)
    tilt = rng.uniform(-0.35, 0.35, 2)
    shade = 1 + tilt[0] * (x - 0.5) + tilt[1] * (y - 0.5)
    picture = (wall_tone * shade[..., None]).astype(np.float32)
    nearest = np.full(shape, np.inf)
    shirt = rng.uniform(0.03, 0.5) * rng.uniform(0.7, 1.0, 3)
    for centre, axes, is_skin in BODIES:
        scaled_ray = rays / np.array(axes)
        scaled_origin = (camera.position_mm - np.array(centre)) / np.array(axes)
        a = (scaled_ray**2).sum(-1)
        b = scaled_ray @ scaled_origin
        c = scaled_origin @ scaled_origin - 1
        inside = b**2 - a * c
        distance = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)
        distance[distance <= 0] = np.inf
        hit = distance < nearest
        if not hit.any():
            continue
        reach = np.where(hit, distance, 0.0)[..., None]
        normal = unit((camera.position_mm + reach * rays - np.array(centre)) / np.array(axes) ** 2)
        light = diffuse((normal @ camera.rotation.T).astype(np.float32), photo)
        tone = skin_reflectance if is_skin else shirt.astype(np.float32)
        roughness = 0.03 if is_skin else 0.10
        weave = rng.standard_normal(shape).astype(np.float32)
        texture = 1 + roughness * cv2.GaussianBlur(weave, (0, 0), 0.8)
        lit = light[..., None] * texture[..., None] * tone
        picture = np.where(hit[..., None], lit, picture)
        nearest = np.where(hit, distance, nearest)
    # the nape runs into the neck without an edge
    shown = np.isfinite(nearest)
    behind = np.where(shown, nearest, 0.0) - np.minimum(head_distance, 1e6)
    in_front = np.where(shown, 1 / (1 + np.exp(np.clip(behind / 1.5, -30, 30))), 0.0)
    # what is not the head is out of focus, which also hides the coarse grid
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.6)
    front = cv2.GaussianBlur(in_front.astype(np.float32), (0, 0), 0.8)
    return np.asarray(soft, np.float32), np.asarray(front, np.float32)
