"""Scenes by another hand: a second, plainer renderer.

The project's own renderer (`tracker.rendering`) is what the engine was built against. This one
shares no code with it: another head (a curved patch seen in perspective), another skin, other
dots, other hair, another camera. What is right only for the first renderer shows here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

Array = NDArray[np.float64]
Image = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class OtherScene:
    """Photos of one scalp with their truth; the first is the baseline.

    `xy_px` holds the dots' places in each photo, NaN where not shown; `retained` the share of
    each dot's pigment that is left; `mm_per_px` the scale in the middle of the baseline.
    """

    name: str
    photos: tuple[NDArray[np.uint8], ...]
    xy_px: tuple[Array, ...]
    pigment: Array
    retained: Array
    mm_per_px: float
    fwhm_px: float

    def fade(self, photo: int) -> float:
        """True fade over the dots that the baseline and this photo both show."""
        shown = np.isfinite(self.xy_px[0][:, 0]) & np.isfinite(self.xy_px[photo][:, 0])
        weight = self.pigment[shown]
        return float(1 - (weight * self.retained[photo][shown]).sum() / weight.sum())


@dataclass(frozen=True)
class Look:
    """What a series of the second renderer varies; ranges are drawn per photo."""

    pose_deg: float = 10.0
    tone: float = 0.12
    """Spread of the tone curve's exponent, and of its S-shape."""
    glare: float = 0.05
    light: float = 0.25
    """Strength of the light's fall across the picture."""
    skin: tuple[float, float, float] = (0.52, 0.33, 0.25)
    dots_per_cm2: float = 95.0
    px_per_mm: float = 12.0
    hairs_per_cm2: float = 40.0
    stubble_mm: tuple[float, float] = (0.15, 0.6)
    sharpen: float = 0.5
    peak: float = 0.40
    diameter_mm: float = 0.30
    hair_mm: float = 0.075
    hair_density: float = 0.75
    still_share: float = 0.0
    """Share of the hairs that are shaved alike before every photo: they never change."""
    follicle: float = 0.0
    """Density of a round root under each hair, which stays when the hair is shaved."""


FAIR, OLIVE, BROWN, DEEP = (
    (0.55, 0.37, 0.29),
    (0.42, 0.26, 0.18),
    (0.26, 0.145, 0.095),
    (0.15, 0.085, 0.06),
)
LOOKS: dict[str, Look] = {
    "plain clinic": Look(skin=FAIR),
    "plain sparse": Look(dots_per_cm2=55.0, px_per_mm=11.0, skin=OLIVE),
    "plain dense": Look(dots_per_cm2=210.0, px_per_mm=14.0),
    "plain hairy": Look(hairs_per_cm2=170.0, stubble_mm=(0.2, 0.9), skin=OLIVE),
    "plain deep": Look(skin=DEEP, hairs_per_cm2=60.0),
    "plain phone": Look(
        pose_deg=18.0, tone=0.22, glare=0.16, light=0.4, skin=BROWN, sharpen=1.0, hairs_per_cm2=60.0
    ),
}


def _noise(rng: np.random.Generator, side: int, wave_px: float) -> Image:
    """Unit-variance smooth noise with waves of about `wave_px`."""
    small = max(8, int(side / max(wave_px / 4, 1.0)) + 4)
    field = cv2.GaussianBlur(rng.standard_normal((small, small)).astype(np.float32), (0, 0), 1.2)
    field = cv2.resize(field, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field / field.std(), np.float32)


def _layout(rng: np.random.Generator, half_mm: float, per_cm2: float) -> Array:
    """Jittered rows, some places left out or doubled: a hand with a machine."""
    pitch = 10.0 / np.sqrt(per_cm2)
    steps = np.arange(-half_mm, half_mm, pitch)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    grid = grid + rng.normal(0, 0.27 * pitch, grid.shape)
    return grid[rng.random(len(grid)) > 0.08]


def draw_retained(
    rng: np.random.Generator,
    xy: Array,
    pigment: Array,
    history: Sequence[float],
    left_out: float = 0.0,
) -> Array:
    """Retained share per photo and dot, whose pigment-weighted mean is what `history` says.

    A share `left_out` of the dots, those farthest to the left, then stays as it was.
    """
    slow = np.exp(0.45 * rng.normal(size=len(xy)))
    slow *= np.exp(0.25 * np.sin(xy[:, 0] / 9 + rng.uniform(0, 6)) * np.cos(xy[:, 1] / 11))
    retained = np.ones((len(history), len(xy)))
    for k, fade in enumerate(history):
        if fade == 0:
            continue
        if fade < 0:
            retained[k] = 1 - fade * slow / np.average(slow, weights=pigment)
            continue
        low, high = 1e-3, 50.0
        for _ in range(60):
            rate = (low * high) ** 0.5
            kept = np.average(np.exp(-rate * slow), weights=pigment)
            low, high = (rate, high) if kept > 1 - fade else (low, rate)
        retained[k] = np.exp(-rate * slow)
    if left_out > 0:
        retained[:, xy[:, 0] <= np.quantile(xy[:, 0], left_out)] = 1.0
    return retained


def draw_blobs(side: int, xy: Array, sigma: Array, peak: Array) -> Image:
    """Gaussian and flat-topped spots, evaluated at the pixels around each."""
    picture = np.zeros((side, side), np.float32)
    reach = int(np.ceil(3.5 * sigma.max())) + 1
    offset = np.arange(-reach, reach + 1)
    dx, dy = np.meshgrid(offset, offset)
    centre = np.rint(xy).astype(int)
    for start in range(0, len(xy), 4000):
        part = slice(start, start + 4000)
        x = dx[None] + (centre[part, 0] - xy[part, 0])[:, None, None]
        y = dy[None] + (centre[part, 1] - xy[part, 1])[:, None, None]
        value = peak[part, None, None] * np.exp(
            -0.5 * (x * x + y * y) / sigma[part, None, None] ** 2
        )
        rows, columns = centre[part, 1][:, None, None] + dy, centre[part, 0][:, None, None] + dx
        inside = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
        picture += (
            np.bincount((rows * side + columns)[inside], value[inside], side * side)
            .reshape(side, side)
            .astype(np.float32)
        )
    return picture


def draw_strokes(
    rng: np.random.Generator,
    shape: tuple[int, int],
    root: Array,
    length: float,
    width: float,
    density: float,
) -> Image:
    """Density of stubble: straight strokes from the roots, combed roughly one way."""
    canvas = np.zeros((shape[0], shape[1]), np.uint8)
    way = rng.uniform(0, 2 * np.pi) + rng.normal(0, 0.5, len(root))
    tip = root + length * rng.uniform(0.6, 1.4, len(root))[:, None] * np.stack(
        [np.cos(way), np.sin(way)], axis=1
    )
    lines = np.rint(np.stack([root, tip], axis=1) * 16).astype(np.int32)
    for line in lines:
        cv2.line(canvas, line[0], line[1], 255, max(1, round(width)), cv2.LINE_AA, 4)
    return canvas.astype(np.float32) * np.float32(density / 255)


def _camera(light: Image, rng: np.random.Generator, look: Look) -> NDArray[np.uint8]:
    """Linear light to an 8-bit JPEG: blur, noise, gains, tone curve, sharpening."""
    light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.6, 1.0))
    level = float(np.median(light[..., 1]))
    light = light / level * (0.20 + 0.35 * level**0.7) * 2 ** rng.uniform(-0.3, 0.3)
    light = light * np.array([rng.uniform(0.93, 1.07), 1, rng.uniform(0.9, 1.1)], np.float32)
    light = light + rng.normal(0, 0.006, light.shape).astype(np.float32) * np.sqrt(
        np.clip(light, 0, 1)
    )
    light = np.clip(light, 0, 1)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    code = code ** (1 + look.tone * rng.uniform(-1, 1) * 0.8)
    bend = look.tone * rng.uniform(0, 1.5)
    code = (1 - bend) * code + bend * code * code * (3 - 2 * code)
    soft = cv2.GaussianBlur(code, (0, 0), 1.3)
    code = code + look.sharpen * rng.uniform(0.2, 1) * (code - soft)
    picture = PillowImage.fromarray((np.clip(code, 0, 1) * 255 + 0.5).astype(np.uint8))
    file = BytesIO()
    picture.save(file, "JPEG", quality=int(rng.integers(88, 96)))
    return np.array(PillowImage.open(file).convert("RGB"))


def _surface(
    pose_deg: Array,
    roll_deg: float,
    distance_mm: float,
    focal_px: float,
    side_px: int,
    shift: Array,
):
    """Chart coordinates (mm) of each pixel, and a projector of chart coordinates to pixels."""
    ry, rx, rz = np.deg2rad([pose_deg[0], pose_deg[1], roll_deg])
    turn_y = np.array([[np.cos(ry), 0, np.sin(ry)], [0, 1, 0], [-np.sin(ry), 0, np.cos(ry)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(rx), -np.sin(rx)], [0, np.sin(rx), np.cos(rx)]])
    turn_z = np.array([[np.cos(rz), -np.sin(rz), 0], [np.sin(rz), np.cos(rz), 0], [0, 0, 1]])
    rotation = turn_z @ turn_x @ turn_y
    radii = np.array([95.0, 115.0])

    def lift(uv: Array) -> Array:
        # A hyperboloid: round like a head in the middle, never steeper than 45 degrees.
        z = 100.0 * (np.sqrt(1 + (uv**2 / (100.0 * radii)).sum(-1)) - 1)
        return np.concatenate([uv, z[..., None]], axis=-1)

    def project(uv: Array) -> Array:
        seen = lift(uv) @ rotation.T + np.array([0, 0, distance_mm])
        return focal_px * seen[..., :2] / seen[..., 2:] + (side_px - 1) / 2 + shift

    step = 8
    rows = np.arange(0, side_px + step, step, dtype=float)
    target = np.stack(np.meshgrid(rows, rows), axis=-1)
    uv = (target - (side_px - 1) / 2 - shift) * distance_mm / focal_px @ rotation[:2, :2]
    for _ in range(12):
        here = project(uv)
        delta = 0.05
        jacobian = np.stack(
            [(project(uv + delta * np.eye(2)[k]) - here) / delta for k in range(2)], axis=-1
        )
        move = np.linalg.solve(jacobian, (target - here)[..., None])[..., 0]
        uv = uv + np.clip(move, -15, 15)
    place = (np.arange(side_px) / step).astype(np.float32)
    px, py = np.meshgrid(place, place)
    dense = cv2.remap(uv.astype(np.float32), px, py, cv2.INTER_LINEAR)
    return dense, project


def render_other(
    kind: str,
    seed: int,
    history: Sequence[float],
    *,
    side_px: int = 1400,
    look: Look | None = None,
    left_out: float = 0.0,
) -> OtherScene:
    """A series by the second renderer. `kind` is a key of `LOOKS`, or any name of a given look.

    `left_out` is the share of the dots that no session reaches.
    """
    look = LOOKS[kind] if look is None else look
    rng = np.random.default_rng([seed, *kind.encode()])
    half_mm = 0.5 * side_px / look.px_per_mm * 1.25
    fine = 1.4 * look.px_per_mm  # px of the chart per mm
    side = int(2 * half_mm * fine)

    def to_chart(mm: Array) -> Array:
        return (mm + half_mm) * fine

    melanin = 0.02 * _noise(rng, side, 7 * fine) + 0.012 * _noise(rng, side, 2.2 * fine)
    blood = 0.018 * _noise(rng, side, 9 * fine) + 0.012 * _noise(rng, side, 3 * fine)
    grain = 0.010 * _noise(rng, side, 0.8 * fine) + 0.008 * _noise(rng, side, 0.35 * fine)
    pores = rng.uniform(-half_mm, half_mm, (int(1.1 * (2 * half_mm) ** 2), 2))
    grain = grain + draw_blobs(
        side, to_chart(pores), np.full(len(pores), 0.07 * fine), rng.exponential(0.035, len(pores))
    )
    moles = rng.uniform(-half_mm, half_mm, (12, 2))
    melanin = melanin + draw_blobs(
        side, to_chart(moles), rng.uniform(0.25, 0.9, 12) * fine, rng.uniform(0.15, 0.4, 12)
    )
    height = 0.02 * _noise(rng, side, 1.4 * fine) + 0.012 * _noise(rng, side, 0.6 * fine)
    slope = np.stack([cv2.Sobel(height, cv2.CV_32F, 1, 0), cv2.Sobel(height, cv2.CV_32F, 0, 1)])
    slope = slope / slope.std() * 0.035

    dots = _layout(rng, half_mm, look.dots_per_cm2)
    edge = (
        0.62
        * half_mm
        * (1 + 0.10 * np.sin(3 * np.arctan2(dots[:, 1], dots[:, 0]) + rng.uniform(0, 6)))
    )
    inside = np.hypot(*dots.T) < edge * np.where(rng.random(len(dots)) < 0.1, 0.95, 1)
    dots = dots[inside]
    diameter = look.diameter_mm * np.exp(0.2 * rng.normal(size=len(dots)))
    peak = np.clip(look.peak * np.exp(0.32 * rng.normal(size=len(dots))), 0.08, 1.1)
    sigma_mm = diameter / 2.3548
    pigment = 2 * np.pi * sigma_mm**2 * peak
    retained = draw_retained(rng, dots, pigment, history, left_out)
    roots = rng.uniform(-half_mm, half_mm, (int(look.hairs_per_cm2 / 100 * (2 * half_mm) ** 2), 2))
    bare = np.hypot(*roots.T) > 0.7 * half_mm
    extra = rng.uniform(-half_mm, half_mm, (int(1.2 * (2 * half_mm) ** 2), 2))
    roots = np.concatenate([roots[~bare], extra[np.hypot(*extra.T) > 0.7 * half_mm]])
    still = np.zeros((side, side), np.float32)
    if look.follicle > 0:
        root_sigma = 0.5 * look.hair_mm * fine * rng.uniform(0.8, 1.6, len(roots))
        root_peak = look.follicle * rng.uniform(0.3, 1.2, len(roots))
        still = still + draw_blobs(side, to_chart(roots), root_sigma, root_peak)
    if look.still_share > 0:
        stays = rng.random(len(roots)) < look.still_share
        strokes = draw_strokes(
            rng,
            (side, side),
            to_chart(roots[stays]),
            rng.uniform(*look.stubble_mm) * fine,
            look.hair_mm * fine,
            look.hair_density,
        )
        still = np.maximum(still, strokes)
        roots = roots[~stays]

    photos, places = [], []
    for k in range(len(history)):
        pose = look.pose_deg * (0.3 if k == 0 else 1.0)
        distance = rng.uniform(380, 480)
        uv, project = _surface(
            rng.uniform(-pose, pose, 2),
            rng.uniform(-pose, pose),
            distance,
            look.px_per_mm * distance * rng.uniform(0.95, 1.05),
            side_px,
            rng.uniform(-25, 25, 2),
        )
        widen = 1 + 0.25 * (1 - np.minimum(retained[k], 1))  # ink spreads while it goes
        ink = draw_blobs(
            side, to_chart(dots), sigma_mm * fine * widen, peak * retained[k] / widen**2
        )
        hair = draw_strokes(
            rng,
            (side, side),
            to_chart(roots),
            rng.uniform(*look.stubble_mm) * fine,
            look.hair_mm * fine,
            look.hair_density,
        )
        hair = np.maximum(hair, still)
        chart = (to_chart(uv.astype(np.float64)) - 0.0).astype(np.float32)

        def seen(layer: Image, chart: Image = chart) -> Image:
            return cv2.remap(
                layer, chart[..., 0], chart[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )

        tilt = rng.uniform(-1, 1, 2)
        shade = 1 + look.light * (uv @ (tilt / half_mm)).astype(np.float32) * 0.5
        shade = shade * (1 - look.light * 0.5 * ((uv / half_mm) ** 2).sum(-1) * rng.uniform(0, 0.6))
        direction = rng.uniform(0, 2 * np.pi)
        relief = 1 + np.cos(direction) * seen(slope[0]) + np.sin(direction) * seen(slope[1])
        density = seen(grain + ink)
        m, b, h = seen(melanin), seen(blood), np.clip(seen(hair), 0, None)
        light = np.stack(
            [
                look.skin[c] * 10 ** -(density + (0.45, 0.7, 1.0)[c] * m + (0.12, 1.0, 0.7)[c] * b)
                for c in range(3)
            ],
            axis=-1,
        )
        light = (light * (shade * relief)[..., None]).astype(np.float32)
        light = light * 10 ** -(h[..., None] * np.array([0.9, 1.0, 1.05], np.float32))
        spot = rng.uniform(-0.4, 0.4, 2) * half_mm
        shine = np.exp(-((uv - spot) ** 2).sum(-1) / (2 * (0.35 * half_mm) ** 2))
        shine = shine * np.clip(relief, 0.7, 1.3) ** 6
        light = light + (look.glare * rng.uniform(0.2, 1) * 0.3 * shine)[..., None].astype(
            np.float32
        )
        photos.append(_camera(light, rng, look))
        xy = project(dots) if len(dots) else np.empty((0, 2))
        out = ((xy < 0) | (xy > side_px - 1)).any(axis=1)
        xy[out] = np.nan
        places.append(xy)
    blur = 0.8
    fwhm = float(np.hypot(np.median(diameter) * look.px_per_mm, 2.3548 * blur))
    return OtherScene(
        f"{kind} {seed}", tuple(photos), tuple(places), pigment, retained, 1 / look.px_per_mm, fwhm
    )
