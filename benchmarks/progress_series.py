"""Rendered series for the watches: heads on which nothing but fade happens, and true changes.

A head is drawn once. Its baseline, its second photo and a last photo without a change make the null
series; each true change is another last photo of the same visit. Steps that a photo goes through
alone (skin, quality, features, spots, alignment) are done once per photo of a head: they are pure
functions, and give the same again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np

from tracker import analysis as engine
from tracker.analysis import analyse_series
from tracker.measure import series_alignment
from tracker.measure.luminance import linear_rgb
from tracker.measure.results import Estimate
from tracker.progress.watches import Sign, watch_view
from tracker.rendering.truth import RenderedPhoto
from tracker.series import PhotoMeasures, SeriesPhoto, ViewAnalysis
from tracker.synthetic import PhotoSpec, RenderedSeries, SeriesSpec, render_series, scene_specs

HISTORY = (0.0, 0.30, 0.55)
SIDE_PX, SHRINK = 800, 0.58
FIRST_SEED = 1301
"""Floors and thresholds were set on lower seeds of the same presets."""
REDNESS_ENDS_MM = 4.0
"""The renderer's redness ends over this distance from the treated area's border."""
CHANGED_PRESETS = ("clinic", "phone", "dark")
NULL_PRESETS = (*CHANGED_PRESETS, "hairy")
NULL = "nothing"


@dataclass(frozen=True)
class Change:
    """A true change of the last photo, at three sizes.

    `photo` is what the renderer is told for each size; `of_ink` changes are measured in a series of
    their own, since what a later photo shows of the dots enters the chance that each is pigment.
    """

    sign: Sign
    words: str
    sizes: tuple[str, str, str]
    photo: tuple[Mapping[str, float], Mapping[str, float], Mapping[str, float]]
    of_ink: bool = False
    presets: tuple[str, ...] = CHANGED_PRESETS


def _sized(name: str, values: Sequence[float]) -> tuple[dict[str, float], ...]:
    return tuple({name: value} for value in values)


CHANGES: Mapping[str, Change] = {
    "redness": Change(
        Sign.REDNESS,
        "haemoglobin density more by",
        ("0.03", "0.05", "0.08"),
        ({"redness": 0.03}, {"redness": 0.05}, {"redness": 0.08}),
    ),
    "lighter": Change(
        Sign.LIGHTER,
        "melanin density less by",
        ("0.15", "0.20", "0.25"),
        ({"melanin_change": -0.15}, {"melanin_change": -0.20}, {"melanin_change": -0.25}),
    ),
    "darker": Change(
        Sign.DARKER_SKIN,
        "melanin density more by",
        ("0.15", "0.20", "0.25"),
        ({"melanin_change": 0.15}, {"melanin_change": 0.20}, {"melanin_change": 0.25}),
    ),
    "darkening": Change(
        Sign.DARKENING,
        "30 % gone, then pigment more by, of the baseline's",
        ("45 %", "60 %", "75 %"),
        ({"fade": -0.15}, {"fade": -0.30}, {"fade": -0.45}),
        of_ink=True,
    ),
    "rough": Change(
        Sign.TEXTURE,
        "relief stronger by a factor of",
        ("5", "8", "12"),
        ({"relief_change": 4.0}, {"relief_change": 7.0}, {"relief_change": 11.0}),
    ),
    "sheen": Change(
        Sign.TEXTURE,
        "oil added, in amounts of the oiliest usual skin",
        ("16", "32", "64"),
        ({"sheen": 16.0}, {"sheen": 32.0}, {"sheen": 64.0}),
    ),
    "hair": Change(
        Sign.HAIR,
        "hairs lost",
        ("60 %", "80 %", "95 %"),
        ({"hair_loss": 0.6}, {"hair_loss": 0.8}, {"hair_loss": 0.95}),
        presets=("hairy",),
    ),
    "spread": Change(
        Sign.SPREAD,
        "30 % gone, then dots wider by a factor of",
        ("2", "2.5", "3"),
        (
            {"fade": 0.30, "ink_spread": 1.0},
            {"fade": 0.30, "ink_spread": 1.5},
            {"fade": 0.30, "ink_spread": 2.0},
        ),
        of_ink=True,
    ),
    "blue": Change(
        Sign.BLUE,
        "30 % gone, then more red and less blue taken away by",
        ("30 %", "45 %", "60 %"),
        (
            {"fade": 0.30, "ink_blue": 1.0},
            {"fade": 0.30, "ink_blue": 1.5},
            {"fade": 0.30, "ink_blue": 2.0},
        ),
        of_ink=True,
    ),
}


@dataclass(frozen=True)
class Head:
    """One head to render, and the true changes (kind, number of the size) shown on it."""

    preset: str
    seed: int
    skin_type: int = 0
    """0 keeps the preset's own."""
    changes: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        return self.preset, self.seed, self.skin_type


def heads(n_null: int, n_changes: int, n_types: int) -> list[Head]:
    """All heads, mixed so that a run stopped early has some of each.

    Parameters
    ----------
    n_null : int
        Heads per preset.
    n_changes : int
        Series per true change at its middle size, and half as many at each of the others. Changed
        photos are spread over the presets of the change, one of each kind to a head.
    n_types : int
        Heads that are shown in all six skins each, with redness of the largest size.
    """
    # Of every four series of a change two have the middle size.
    turns = (1, 0, 1, 2)
    made: list[Head] = []
    counted = dict.fromkeys(CHANGES, 0)
    for k in range(max(n_null, n_changes, n_types)):
        seed = FIRST_SEED + k
        for preset in NULL_PRESETS if k < n_null else ():
            shown = []
            for number, (kind, change) in enumerate(CHANGES.items()):
                if preset not in change.presets:
                    continue
                if change.presets == (preset,):
                    # Few heads can show it: each does at every size.
                    shown += [(kind, size) for size in range(3)]
                elif counted[kind] < 2 * n_changes:
                    shown.append((kind, turns[(counted[kind] + number) % len(turns)]))
                    counted[kind] += 1
            made.append(Head(preset, seed, changes=tuple(shown)))
        if k < n_types:
            # One head of its own, so that no series is counted twice.
            made += [Head("clinic", seed + 1000, skin, (("redness", 2),)) for skin in range(1, 7)]
    return made


def heads_showing(shown: Sequence[tuple[str, int]], n_null: int) -> list[Head]:
    """`n_null` heads per preset, each with these changes (kind, number of the size) where it can."""
    return [
        Head(
            preset,
            FIRST_SEED + k,
            changes=tuple((kind, size) for kind, size in shown if preset in CHANGES[kind].presets),
        )
        for k in range(n_null)
        for preset in NULL_PRESETS
    ]


def small_scene(head: Head) -> SeriesSpec:
    """A small rendered series of a preset: null series, then a last photo for each change."""
    spec = scene_specs(head.preset, head.seed, HISTORY)
    spec = replace(spec, width_px=SIDE_PX, height_px=SIDE_PX, px_per_mm=spec.px_per_mm * SHRINK)
    if head.skin_type:
        spec = replace(spec, skin_type=head.skin_type)
    last = spec.photos[-1]
    changed: list[PhotoSpec] = [
        replace(last, **CHANGES[kind].photo[size])  # type: ignore[arg-type]
        for kind, size in head.changes
    ]
    return replace(spec, photos=(*spec.photos, *changed))


SHARED_STEPS: Sequence[tuple[Any, str]] = (
    (engine, "find_skin"),
    (engine, "judge_quality"),
    (engine, "extract_features"),
    (engine, "detect_dots"),
    (engine, "register"),
    (series_alignment, "register"),
)


@contextmanager
def steps_done_once() -> Iterator[None]:
    """Within it, the pure steps of a photo alone, or of a pair, are done once per input object."""
    kept: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def once(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            # Arrays and features are told apart by identity: they are kept alive here.
            key = (name, *(id(g) for g in given if not isinstance(g, float)))
            if key not in kept:
                kept[key] = (step(*given, **named), given)
            return kept[key][0]

        return call

    with ExitStack() as stack:
        for module, name in SHARED_STEPS:
            stack.enter_context(patch.object(module, name, once(name, getattr(module, name))))
        yield


def measure(head: Head) -> dict[str, Any]:
    """Render and measure one head; its watches and readings as plain values.

    Skin signs are read per photo beside the baseline alone: their changed photos are measured in
    one go, and each is judged as the last of its own series of three.
    """
    cv2.setNumThreads(1)
    spec = small_scene(head)
    series = render_series(spec)
    pictures = [photo.srgb for photo in series.photos]

    def analysed(numbers: Sequence[int]) -> ViewAnalysis | None:
        photos = [
            SeriesPhoto(f"{n:02d}.jpg", str(n), lambda n=n: pictures[n])  # type: ignore[misc]
            for n in numbers
        ]
        views = analyse_series(photos, workers=1).views
        return views[0] if views else None

    record: dict[str, Any] = asdict(head) | {"skin": spec.skin_type, "series": []}
    with steps_done_once():
        start = len(HISTORY)
        null = analysed(range(start))
        record["refused"] = null is None or any(not p.usable for p in null.photos)
        if null is None:
            return record
        record["red_share"] = _red_share(null, spec.px_per_mm)
        record["series"].append(_series_record(NULL, 0, null, series, range(start)))
        record["before"] = _watches(replace(null, photos=null.photos[:-1]))
        own = [n for n, (kind, _) in enumerate(head.changes) if not CHANGES[kind].of_ink]
        together = analysed([0, 1, *(start + n for n in own)]) if own else None
        for n, (kind, size) in enumerate(head.changes):
            numbers = (0, 1, start + n)
            if n in own and together is not None:
                last = together.photos[2 + own.index(n)]
                view: ViewAnalysis | None = replace(together, photos=(*together.photos[:2], last))
            else:
                view = analysed(numbers)
            if view is not None:
                record["series"].append(_series_record(kind, size, view, series, numbers))
    return record


def _series_record(
    kind: str, size: int, view: ViewAnalysis, series: RenderedSeries, numbers: Sequence[int]
) -> dict[str, Any]:
    return {
        "kind": kind,
        "size": size,
        "watches": _watches(view),
        "photos": [
            _photo_record(row)
            | {
                "true_fade": series.photos[number].fade,
                "native_linear": _native_linear(series.photos[number]),
            }
            for row, number in zip(view.photos, numbers, strict=True)
        ],
    }


def _native_linear(photo: RenderedPhoto) -> list[float]:
    """Median linear red, green, blue of the skin beside the treated area, as photographed."""
    native = photo.skin_region & ~photo.treated_region
    return [float(value) for value in np.median(linear_rgb(photo.srgb)[native], axis=0)]


LOOKS = (
    "erythema_change",
    "melanin_change",
    "lightness_change",
    "relief_change",
    "gloss_change",
    "skin_delta_l",
    "skin_delta_e",
)
DOT_LOOKS = ("dot_width_change", "ink_colour_change", "hairs_kept")


def _photo_record(row: PhotoMeasures) -> dict[str, Any]:
    look: dict[str, float | None] = {}
    if row.whole is not None and row.whole.look is not None:
        for name in LOOKS:
            look |= _reading(name, getattr(row.whole.look, name))
        look["ita_native_deg"] = _plain(row.whole.look.ita_native_deg)
    if row.look is not None:
        for name in DOT_LOOKS:
            look |= _reading(name, getattr(row.look, name))
    fade = _reading("fade", row.whole.fade) if row.whole is not None else {"fade": None}
    return fade | {"reason": row.reason, "look": look}


def _reading(name: str, value: Estimate) -> dict[str, float | None]:
    sd = (value.high - value.low) / (2 * 1.959964)
    return {name: _plain(value.value), f"{name}_sd": _plain(sd)}


def _red_share(view: ViewAnalysis, px_per_mm: float) -> float:
    """Mean share of the full redness over the treated area: the renderer lets it end softly."""
    mask = np.zeros(view.baseline_shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(p).astype(np.int32) for p in view.treated_outline_px], 1)
    depth_mm = cv2.distanceTransform(mask, cv2.DIST_L2, 5)[mask > 0] / px_per_mm
    return float(np.mean(1 / (1 + np.exp(-depth_mm / REDNESS_ENDS_MM)))) if mask.any() else math.nan


def _watches(view: ViewAnalysis) -> dict[str, Any]:
    return {
        w.sign.value: {"state": w.state.value, "value": _plain(w.value.value)}
        for w in watch_view(view)
    }


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
