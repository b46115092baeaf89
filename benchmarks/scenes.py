"""Which scenes are rendered, and a store of rendered scenes so that a second run is quick."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import tracker.rendering
from tracker.rendering.camera_processing import decode_jpeg
from tracker.synthetic import (
    DARKER_HISTORY,
    FULL_HISTORY,
    NULL_HISTORY,
    RenderedSeries,
    SeriesSpec,
    render_series,
    scene_specs,
)

FADING_PRESETS = ("clinic", "phone", "hairy", "dense", "sparse", "dark", "wide")
NULL_PRESETS = ("clinic", "phone")
DARKER_PRESETS = ("clinic", "dark")
REDDENED_PRESET = "clinic"
PARTIAL_PRESETS = ("clinic", "phone", "hairy", "dense", "wide")
PARTIAL_HISTORY = (0.0, 0.15, 0.3, 0.4, 0.5)
"""Fades of the whole of an area of which a part, about three tenths, was not treated."""
UNTREATED_ZONES = ("upper", "hairline", "left temple", "right temple")
"""A third of a patch; the frame of a scalp."""
REFUSAL_PRESETS = ("clinic", "phone", "hairy", "wide")
HOLDOUT_SEED = 500
"""Scenes from here on are for totals only: nobody should tune on them."""
REFUSALS: dict[str, dict[str, Any]] = {
    "another person": {"other_person": True},
    "pose change of 40°": {"yaw_deg": 40.0},
    "no overlap": {"yaw_deg": 95.0},
    "heavy blur": {"defocus_px": 9.0, "motion_px": 25.0},
}
"""What a photo that must be refused has, beside an ordinary photo's other settings."""
REDNESS = (0.0, 0.03, 0.06)
"""Density of haemoglobin that the treated skin of each photo of a reddened series has more."""
HISTORIES = {"fading": FULL_HISTORY, "nothing changed": NULL_HISTORY, "darker": DARKER_HISTORY}


@dataclass(frozen=True)
class Case:
    """One series to be measured. `kind` is a key of `HISTORIES`, 'reddened', 'part untreated' or 'refusal'."""

    kind: str
    preset: str
    seed: int
    spec: SeriesSpec

    @property
    def name(self) -> str:
        return f"{self.preset} {self.kind} {self.seed}"


def fading_case(kind: str, preset: str, seed: int) -> Case:
    return Case(kind, preset, seed, scene_specs(preset, seed, HISTORIES[kind]))


def reddened_case(preset: str, seed: int) -> Case:
    """Nothing changed in the ink, but the treated skin is red, as weeks after a session."""
    spec = scene_specs(preset, seed, NULL_HISTORY)
    photos = (replace(photo, redness=red) for photo, red in zip(spec.photos, REDNESS, strict=True))
    return Case("reddened", preset, seed, replace(spec, photos=tuple(photos)))


def partial_case(preset: str, seed: int) -> Case:
    """A part of the treated area was left out of all sessions: its dots stay as they were."""
    spec = scene_specs(preset, seed, PARTIAL_HISTORY)
    stays = tuple((zone, 0.0) for zone in UNTREATED_ZONES)
    return Case("part untreated", preset, seed, replace(spec, zone_response=stays))


def refusal_case(preset: str, seed: int) -> Case:
    """A baseline and one photo of every sort that must be refused."""
    spec = scene_specs(preset, seed, (0.0,) + (0.3,) * len(REFUSALS))
    baseline, *others = spec.photos
    spoilt = (
        replace(photo, **changes) for photo, changes in zip(others, REFUSALS.values(), strict=True)
    )
    return Case("refusal", preset, seed, replace(spec, photos=(baseline, *spoilt)))


def cases(seeds: Sequence[int], presets: Sequence[str] = FADING_PRESETS) -> list[Case]:
    """Every preset fading, some unchanged, darker, red or treated in part, one to be refused, for each seed."""
    found = []
    for number, seed in enumerate(seeds):
        found += [fading_case("fading", preset, seed) for preset in presets]
        for kind, some in (("nothing changed", NULL_PRESETS), ("darker", DARKER_PRESETS)):
            found += [fading_case(kind, preset, seed) for preset in some if preset in presets]
        if REDDENED_PRESET in presets:
            found.append(reddened_case(REDDENED_PRESET, seed))
        found += [partial_case(preset, seed) for preset in PARTIAL_PRESETS if preset in presets]
        preset = REFUSAL_PRESETS[number % len(REFUSAL_PRESETS)]
        if preset in presets:
            found.append(refusal_case(preset, seed))
    return found


def cost_spec(megapixels: int) -> SeriesSpec:
    """A clinic series of the given size: the same skin at a finer scale."""
    width, height = {4: (2309, 1732), 12: (4000, 3000)}[megapixels]
    spec = scene_specs("clinic", 3, (0.0, 0.35, 0.7))
    finer = height / spec.height_px
    photos = tuple(
        replace(
            photo,
            shift_px=(photo.shift_px[0] * finer, photo.shift_px[1] * finer),
            defocus_px=photo.defocus_px * finer,
        )
        for photo in spec.photos
    )
    return replace(
        spec, width_px=width, height_px=height, px_per_mm=spec.px_per_mm * finer, photos=photos
    )


@cache
def _renderer_version() -> str:
    """Hash of the renderer's source: another renderer must not find this one's scenes."""
    folder = Path(tracker.rendering.__file__).parent
    text = b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    return hashlib.sha256(text).hexdigest()


def store_folder() -> Path:
    """This user's own temporary folder: the store holds pickles, which nobody else may plant."""
    owner = getattr(os, "getuid", lambda: "own")()
    folder = Path(tempfile.gettempdir()) / f"smp-tracker-scenes-{owner}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else; set TMPDIR to another folder")
    return folder


def rendered(spec: SeriesSpec) -> RenderedSeries:
    """Render a series, or take it from the store."""
    key = hashlib.sha256((_renderer_version() + repr(spec)).encode()).hexdigest()[:24]
    path = store_folder() / f"{key}.scene"
    if path.exists():
        series: RenderedSeries = pickle.loads(zlib.decompress(path.read_bytes()))
        photos = tuple(
            replace(photo, srgb=decode_jpeg(photo.jpeg)) if photo.jpeg else photo
            for photo in series.photos
        )
        return replace(series, photos=photos)
    series = render_series(spec)
    without_pixels = tuple(
        replace(photo, srgb=np.empty((0, 0, 3), np.uint8)) if photo.jpeg else photo
        for photo in series.photos
    )
    packed = zlib.compress(pickle.dumps(replace(series, photos=without_pixels)), 1)
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(packed)
    part.replace(path)
    return series
