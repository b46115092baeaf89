"""Skin between the dots against native skin: tone, redness, diffuse shadow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from tracker.measure.luminance import DARKEST_LINEAR, BoolArray, SrgbArray, clipped, linear_rgb

MIN_NATIVE_SHARE = 0.03
"""Native skin must cover this share of the treated area to be a reference."""
MAX_SAMPLES = 60_000


@dataclass(frozen=True)
class Tone:
    """Treated skin against native skin; NaN where there is too little of either.

    `density`: optical density of treated minus native skin (luminance), the diffuse part of the
    pigment, shading included. `delta_e`: CIEDE2000. `erythema`: log10(R/G), treated minus native.
    """

    density: float
    delta_e: float
    erythema: float

    @classmethod
    def missing(cls) -> Tone:
        return cls(float("nan"), float("nan"), float("nan"))


def compare_tone(srgb: SrgbArray, treated: BoolArray, native: BoolArray) -> Tone:
    """Median tone of treated against native skin of one photo.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
    treated, native : ndarray of shape (H, W)
        Skin between the dots of the treated area, and skin outside it; in this photo's pixels.
    """
    usable = ~clipped(srgb)
    treated_pixels = _some(srgb, treated & usable)
    native_pixels = _some(srgb, native & usable)
    n_treated, n_native = int(treated.sum()), int(native.sum())
    if (
        len(treated_pixels) < 200
        or len(native_pixels) < 200
        or n_native < MIN_NATIVE_SHARE * n_treated
    ):
        return Tone.missing()
    here, there = (
        np.maximum(np.median(linear_rgb(p), axis=(0, 1)), DARKEST_LINEAR)
        for p in (treated_pixels, native_pixels)
    )
    weights = np.array([0.2126, 0.7152, 0.0722])
    density = float(np.log10((there @ weights) / (here @ weights)))
    full = 255 if srgb.dtype == np.uint8 else 65535
    lab = [rgb2lab(np.median(p, axis=(0, 1)) / full) for p in (treated_pixels, native_pixels)]
    delta_e = float(deltaE_ciede2000(lab[1], lab[0]))  # type: ignore[no-untyped-call]
    erythema = float(np.log10(here[0] / here[1]) - np.log10(there[0] / there[1]))
    return Tone(density, delta_e, erythema)


def _some(srgb: SrgbArray, mask: BoolArray) -> SrgbArray:
    """At most 60 000 of the masked pixels, evenly taken, shape (n, 1, 3)."""
    index = np.flatnonzero(mask)
    index = index[:: max(1, -(-len(index) // MAX_SAMPLES))]
    return srgb.reshape(-1, 3)[index][:, None, :]
