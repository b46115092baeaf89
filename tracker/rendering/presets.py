"""Random scenes within stated conditions, for benchmarks and self-checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.rendering.spec import PhotoSpec, SeriesSpec, View

FULL_HISTORY = (0.0, 0.32, 0.59, 0.70, 0.80)
NULL_HISTORY = (0.0, 0.0, 0.0)
DARKER_HISTORY = (0.0, -0.22)
VIEWS: tuple[View, ...] = ("top", "crown", "front")


@dataclass(frozen=True)
class Conditions:
    """How much the photos of a series differ from each other."""

    pose_deg: float
    tone: float
    """Strength of the phone's tone curve, shoulder and sharpening, 0 to 1."""
    shine: float
    stubble_mm: tuple[float, float]
    exposure_stops: float
    light_deg: float


CLINIC = Conditions(10.0, 0.35, 0.13, (0.15, 0.6), 0.25, 25.0)
PHONE = Conditions(18.0, 1.0, 0.30, (0.15, 1.0), 0.5, 70.0)


def photo_specs(
    rng: np.random.Generator, history: Sequence[float], conditions: Conditions
) -> tuple[PhotoSpec, ...]:
    """One photo per fade of `history`, each with its own hand, light, shave and phone mood."""
    photos = []
    azimuth = rng.uniform(-120, -60)
    for index, fade in enumerate(history):
        pose = conditions.pose_deg * (0.35 if index == 0 else 1.0)
        tone = conditions.tone
        photos.append(
            PhotoSpec(
                fade=fade,
                yaw_deg=rng.uniform(-pose, pose),
                pitch_deg=rng.uniform(-pose, pose),
                roll_deg=rng.uniform(-pose, pose),
                distance_mm=rng.uniform(410, 490),
                zoom=rng.uniform(0.95, 1.05),
                shift_px=(rng.uniform(-40, 40), rng.uniform(-40, 40)),
                radial_distortion=rng.uniform(-0.06, 0.06),
                stubble_mm=rng.uniform(*conditions.stubble_mm),
                light_azimuth_deg=azimuth + rng.uniform(-1, 1) * conditions.light_deg,
                light_elevation_deg=rng.uniform(35, 70),
                ambient_share=rng.uniform(0.35, 0.7),
                shine=conditions.shine * rng.uniform(0.4, 1.6),
                exposure_stops=rng.uniform(-1, 1) * conditions.exposure_stops,
                white_balance=(rng.uniform(0.93, 1.07), rng.uniform(0.90, 1.10)),
                gamma=1 + 0.12 * tone * rng.uniform(-1, 1),
                contrast=0.30 * tone * rng.uniform(0.2, 1),
                shoulder=0.6 * tone * rng.uniform(0.2, 1),
                local_contrast=0.15 * tone * rng.uniform(0, 1),
                saturation=1 + 0.25 * rng.uniform(0.2, 1),
                defocus_px=rng.uniform(0.6, 1.1),
                motion_px=max(0.0, rng.normal(0, 0.7)),
                motion_deg=rng.uniform(0, 180),
                shot_noise=rng.uniform(0.006, 0.016),
                read_noise=rng.uniform(0.001, 0.003),
                denoise=rng.uniform(0.3, 0.9) * min(1.0, tone + 0.3),
                sharpen=rng.uniform(0.3, 0.9) * min(1.0, tone + 0.25),
                sharpen_radius_px=rng.uniform(0.9, 1.6),
                jpeg_quality=int(rng.integers(86, 96)),
            )
        )
    return tuple(photos)


def _clinic(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec = SeriesSpec(
        view=VIEWS[rng.integers(len(VIEWS))],
        px_per_mm=rng.uniform(14, 20),
        skin_type=1 + int(rng.integers(4)),
        dots_per_cm2=rng.uniform(70, 150),
        patch_radius_mm=rng.uniform(25, 34),
        hair_share_in_treated=rng.uniform(0.05, 0.3),
        edge_softness_mm=rng.uniform(2, 9),
        ghosting=rng.uniform(0.0, 0.2),
        hairs_per_cm2=rng.uniform(140, 230),
        texture=rng.uniform(0.7, 1.5),
        peak_density=rng.uniform(0.36, 0.65),
        dot_diameter_mm=rng.uniform(0.28, 0.42),
        regularity=rng.uniform(0.45, 0.7),
        merged_share=rng.uniform(0.02, 0.12),
        grey_share=rng.uniform(0.0, 0.3),
    )
    return spec, CLINIC


def _phone(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    return replace(spec, skin_type=2 + int(rng.integers(4))), PHONE


def _hairy(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    spec = replace(
        spec,
        hair_share_in_treated=rng.uniform(0.5, 0.9),
        hair_colour="black" if rng.random() < 0.5 else "brown",
    )
    return spec, replace(CLINIC, stubble_mm=(0.2, 1.2))


def _dense(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    dense = rng.uniform(200, 340)
    return replace(spec, dots_per_cm2=dense, dot_diameter_mm=0.36, merged_share=0.15), CLINIC


def _sparse(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    return replace(spec, dots_per_cm2=rng.uniform(40, 65)), CLINIC


def _dark(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    return replace(spec, skin_type=5 + int(rng.integers(2)), hair_colour="black"), CLINIC


def _wide(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    spec = replace(
        spec,
        treated="scalp",
        px_per_mm=rng.uniform(6.0, 7.5),
        dots_per_cm2=rng.uniform(50, 90),
        dot_diameter_mm=0.45,
    )
    return spec, CLINIC


def _macro(rng: np.random.Generator) -> tuple[SeriesSpec, Conditions]:
    spec, _ = _clinic(rng)
    spec = replace(
        spec,
        view="close-up",
        px_per_mm=rng.uniform(28, 42),
        patch_radius_mm=rng.uniform(12, 30),
    )
    return spec, CLINIC


PRESETS: dict[str, Callable[[np.random.Generator], tuple[SeriesSpec, Conditions]]] = {
    "clinic": _clinic,
    "phone": _phone,
    "hairy": _hairy,
    "dense": _dense,
    "sparse": _sparse,
    "dark": _dark,
    "wide": _wide,
    "macro": _macro,
}


def scene_specs(preset: str, seed: int, history: Sequence[float] = FULL_HISTORY) -> SeriesSpec:
    """A random scene of a preset.

    Parameters
    ----------
    preset : one of `PRESETS`
    seed : int
        Same seed, same scene; other seeds vary everything within the preset.
    history : sequence of float
        True fade of each photo; the first must be 0.

    Raises
    ------
    ValueError
        If the preset is unknown.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    rng = np.random.default_rng([seed, *preset.encode()])
    spec, conditions = PRESETS[preset](rng)
    return replace(spec, seed=seed, photos=photo_specs(rng, history, conditions))
