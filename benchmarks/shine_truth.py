"""How much of the contrast of skin and dots the drawn shine leaves, in every photo of a rendered series.

Shine adds light: a small difference of density comes out smaller by the share that it has in all light. So the
photo's skin is drawn twice more, without ink, with its shine and without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np

from tracker.measure.skin_blocks import LUMINANCE
from tracker.rendering import scene
from tracker.synthetic import SeriesSpec, render_series

NATIVE_GAP_MM = 3.0
"""Native skin begins so far from the treated area."""


@dataclass(frozen=True)
class ShineKept:
    """Share of contrast that one photo's shine leaves of the dots (red and luminance) and of native skin's blotches
    (red and green)."""

    dots: float
    native: float


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Shares of light that came out of the skin: red, green and luminance, (H, W, 3); and mm inside the treatment."""

    kept: np.ndarray
    treated_mm: np.ndarray


def shine_kept(spec: SeriesSpec) -> list[ShineKept]:
    """What shine leaves in each photo of a series, photos of strangers left out of account."""
    drawn: list[_Drawn] = []
    paint: Callable[..., Any] = scene._skin_light

    def noted(person: Any, photo: Any, view: Any, ink: Any) -> Any:
        drawn.append(_drawn(paint, person, photo, view, ink))
        return paint(person, photo, view, ink)

    with mock.patch.object(scene, "_skin_light", noted):
        series = render_series(spec)
    found = []
    for photo, seen in zip(series.photos, drawn, strict=True):
        height, width = seen.treated_mm.shape
        places = photo.xy_px[np.isfinite(photo.xy_px).all(axis=1)]
        x, y = np.rint(places).astype(int).T
        shown = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        x, y = x[shown], y[shown]
        treated = seen.treated_mm[y, x] > 0
        red, _, luminance = seen.kept[y[treated], x[treated]].mean(axis=0, dtype=float)
        far = seen.treated_mm < -NATIVE_GAP_MM
        native = seen.kept[far][:, :2].mean(dtype=float) if far.any() else float("nan")
        found.append(ShineKept(float((red + luminance) / 2), float(native)))
    return found


def _drawn(paint: Callable[..., Any], person: Any, photo: Any, view: Any, ink: Any) -> _Drawn:
    bare = replace(ink, core=np.zeros_like(ink.core), halo=np.zeros_like(ink.halo))
    light, matte = (paint(person, seen, view, bare) for seen in (photo, replace(photo, shine=0.0)))
    luminance = LUMINANCE.astype(np.float32)
    kept = [
        matte[..., 0] / light[..., 0],
        matte[..., 1] / light[..., 1],
        (matte @ luminance) / (light @ luminance),
    ]
    return _Drawn(np.stack(kept, axis=-1), np.asarray(view.treated_mm, np.float32))
