"""Known dots painted on photos of real skin, whose own hair and stubble stay in every photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from benchmarks.other_scenes import (
    Array,
    OtherScene,
    draw_blobs,
    draw_retained,
    draw_strokes,
)


def _smooth_warp(rng: np.random.Generator, shape: tuple[int, int], strength_px: float):
    """A random smooth map of the plane: similarity, perspective and slow waves; and its inverse."""
    height, width = shape
    centre = np.array([width, height]) / 2
    angle, zoom = np.deg2rad(rng.uniform(-6, 6)), rng.uniform(0.95, 1.05)
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = rng.uniform(-25, 25, 2)
    waves = rng.uniform(0.6, 1.6, (4, 2)) * 2 * np.pi / max(shape)
    phase = rng.uniform(0, 2 * np.pi, 4)
    size = rng.normal(0, strength_px / 2, (4, 2))
    tilt = rng.uniform(-0.08, 0.08, 2) / max(shape)

    def forward(xy: Array) -> Array:
        local = xy - centre
        out = local @ turn.T / (1 + local @ tilt)[..., None]
        out = out + np.sin(local @ waves.T + phase) @ size
        return out + centre + shift

    def backward(xy: Array) -> Array:
        guess = (xy - shift - centre) @ np.linalg.inv(turn).T + centre
        for _ in range(8):
            guess = guess + (xy - forward(guess)) @ np.linalg.inv(turn).T
        return guess

    return forward, backward


def _magnification(forward: Callable[[Array], Array], xy: Array) -> Array:
    """Side of a small square after the map over its side before, at each place."""
    step = 0.5
    right, down = (
        (forward(xy + offset) - forward(xy - offset)) / (2 * step)
        for offset in (np.array([step, 0.0]), np.array([0.0, step]))
    )
    area = right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]
    return np.sqrt(np.abs(area))


def paint_on_photo(
    name: str,
    photo: NDArray[np.uint8],
    region: NDArray[np.bool_],
    seed: int,
    history: Sequence[float],
    *,
    px_per_mm: float = 9.0,
    dots_per_cm2: float = 90.0,
    stubble_per_cm2: float = 40.0,
    tone: float = 0.08,
    left_out: float = 0.0,
) -> OtherScene:
    """A series of a photo of real skin with known dots painted on.

    Parameters
    ----------
    photo : ndarray of uint8, shape (H, W, 3)
        sRGB, taken to have `px_per_mm`.
    region : ndarray of bool, shape (H, W)
        Where dots may be painted.
    left_out : float
        Share of the dots that no session reaches.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    height, width = photo.shape[:2]
    code = photo.astype(np.float32) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    pitch = px_per_mm * 10 / np.sqrt(dots_per_cm2)
    xs, ys = np.arange(pitch, width - pitch, pitch), np.arange(pitch, height - pitch, pitch)
    dots = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    dots = dots + rng.normal(0, 0.27 * pitch, dots.shape)
    dots = dots[rng.random(len(dots)) > 0.08]
    at = np.clip(np.rint(dots).astype(int), 0, [width - 1, height - 1])
    dots = dots[region[at[:, 1], at[:, 0]]]
    diameter = 0.32 * px_per_mm * np.exp(0.2 * rng.normal(size=len(dots)))
    peak = np.clip(0.38 * np.exp(0.3 * rng.normal(size=len(dots))), 0.08, 1.0)
    pigment = diameter**2 * peak
    retained = draw_retained(rng, dots / px_per_mm, pigment, history, left_out)
    roots = rng.uniform(0, 1, (int(stubble_per_cm2 * height * width / (10 * px_per_mm) ** 2), 2))
    roots = roots * [width, height]
    photos, places = [], []
    pixel_y, pixel_x = np.mgrid[0:height:8, 0:width:8].astype(float)
    for k in range(len(history)):
        if k == 0:
            forward = backward = lambda xy: xy
        else:
            forward, backward = _smooth_warp(rng, (height, width), 6.0)
        coarse = backward(np.stack([pixel_x, pixel_y], axis=-1)).astype(np.float32)
        px, py = np.meshgrid(
            (np.arange(width) / 8).astype(np.float32), (np.arange(height) / 8).astype(np.float32)
        )
        back = cv2.remap(coarse, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        skin = cv2.remap(
            linear.astype(np.float32),
            back[..., 0],
            back[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
        xy = forward(dots)
        side = max(height, width)
        width_px = diameter / 2.3548 * _magnification(forward, dots)
        ink = draw_blobs(side, xy, width_px, peak * retained[k])[:height, :width]
        hair = draw_strokes(
            rng,
            (height, width),
            forward(roots),
            rng.uniform(0.15, 0.6) * px_per_mm,
            0.075 * px_per_mm,
            0.6,
        )
        light = skin * 10 ** -(ink + hair)[..., None]
        fall = rng.uniform(-0.25, 0.25, 2)
        ramp = 1 + fall[0] * (px * 8 / width - 0.5) + fall[1] * (py * 8 / height - 0.5)
        light = (np.clip(light, 0, None) * ramp[..., None] * 2 ** rng.uniform(-0.3, 0.3)).astype(
            np.float32
        )
        light = light * np.array([rng.uniform(0.95, 1.05), 1, rng.uniform(0.92, 1.08)], np.float32)
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 0.8))
        light = np.clip(light + rng.normal(0, 0.004, light.shape), 0, 1)
        out = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
        out = out ** (1 + tone * rng.uniform(-1, 1))
        file = BytesIO()
        PillowImage.fromarray((np.clip(out, 0, 1) * 255 + 0.5).astype(np.uint8)).save(
            file, "JPEG", quality=int(rng.integers(88, 96))
        )
        photos.append(np.array(PillowImage.open(file).convert("RGB")))
        xy = xy.copy()
        xy[((xy < 0) | (xy > [width - 1, height - 1])).any(axis=1)] = np.nan
        places.append(xy)
    fwhm = float(np.hypot(np.median(diameter), 2.3548 * 0.7))
    return OtherScene(name, tuple(photos), tuple(places), pigment, retained, 1 / px_per_mm, fwhm)
