"""How treated skin looks beside native skin, and what became of that since the baseline.

Everything here is a comparison within one photo (treated against native skin), or the change of
that comparison since the baseline photo. White balance, exposure and the shading of the head
cancel in the first; blotches that belong to the skin cancel in the second. What does not cancel is
the camera's colour processing: its size was read from rendered series in which nothing but fade
happened (`benchmarks/progress.py`), and stands in the errors as a floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from tracker.measure.luminance import BoolArray
from tracker.measure.results import Estimate, FloatColumn
from tracker.measure.skin_blocks import LUMINANCE, Effect, SkinBlocks, treated_effect

Z_95 = 1.959964
DRAWS = 400
SEED = 20_260_101

FLOOR_DENSITY = np.array([0.010, 0.012, 0.014])
"""SD of treated-minus-native density (red, green, blue) by what the fit of the light leaves."""
FLOOR_ERYTHEMA = 0.006
FLOOR_MELANIN = 0.010
"""SD of the change of both colour indices by saturation and tone curve, and by fading ink, whose
own colour is not quite neutral."""
FLOOR_LIGHTNESS = 0.012
FLOOR_RELIEF = 0.17
"""SD of ln(relief) by focus, sharpening and the light's height."""
FLOOR_GLOSS = 0.05
"""SD of the share of skin under shine, treated minus native."""
FLOOR_WIDTH = 0.09
"""SD of ln(width of the mean dot) by focus, motion and noise filters."""
FLOOR_INK_COLOUR = 0.026
"""SD of ln(red over luminance pigment) by the camera's colours."""


@dataclass(frozen=True)
class SkinLook:
    """Look of the skin of one zone in one photo. An `Estimate` without a value was not measured.

    Attributes
    ----------
    reason : str
        Why there is no colour claim; empty where there is one.
    reference : str
        What colour is normalised on: `native skin` or `colour card and native skin`.
    skin_delta_e, whole_delta_e : Estimate
        CIEDE2000 between treated and native skin: between the dots, and dots included as seen
        from a few feet.
    delta_l, delta_b : Estimate
        L* and b* of the treated area, dots included, minus native skin. A grey or blue cast is
        b* below 0.
    skin_delta_l : Estimate
        L* of the skin between the dots minus native skin.
    ita_treated_deg, ita_native_deg : float
        Individual typology angle between the dots, and of native skin: estimates.
    shadow : Estimate
        Diffuse red-light density between the dots beyond native skin, OD: red is what melanin
        and blood take least of.
    erythema : Estimate
        log10(R/G), treated minus native skin.
    erythema_change, melanin_change, lightness_change : Estimate
        Since the baseline: of log10(R/G), of log10(R/B), and of luminance density, each treated
        minus native. Positive: redder, browner, darker.
    relief_change : Estimate
        ln of the spread of fine density between the dots, against the baseline.
    gloss_change : Estimate
        Share of skin under shine, treated minus native, against the baseline.
    """

    reason: str
    reference: str
    skin_delta_e: Estimate
    whole_delta_e: Estimate
    delta_l: Estimate
    delta_b: Estimate
    skin_delta_l: Estimate
    ita_treated_deg: float
    ita_native_deg: float
    shadow: Estimate
    erythema: Estimate
    erythema_change: Estimate
    melanin_change: Estimate
    lightness_change: Estimate
    relief_change: Estimate
    gloss_change: Estimate

    @classmethod
    def missing(cls, reason: str) -> SkinLook:
        nan = float("nan")
        no_e, no_l = Estimate.missing("dE00"), Estimate.missing("L*")
        no_density = Estimate.missing("OD")
        return cls(
            reason=reason,
            reference="",
            skin_delta_e=no_e,
            whole_delta_e=no_e,
            delta_l=no_l,
            delta_b=Estimate.missing("b*"),
            skin_delta_l=no_l,
            ita_treated_deg=nan,
            ita_native_deg=nan,
            shadow=no_density,
            erythema=no_density,
            erythema_change=no_density,
            melanin_change=no_density,
            lightness_change=no_density,
            relief_change=Estimate.missing("ln"),
            gloss_change=Estimate.missing("share"),
        )


@dataclass(frozen=True, eq=False)
class ColourComparison:
    """Lab of treated against native skin, from the density that treated skin has more."""

    delta_e: Estimate
    delta_l: Estimate
    delta_b: Estimate
    ita_deg: float


def compare_colour(
    native_density: FloatColumn, effect: Effect, *, ink_density: float = 0.0
) -> ColourComparison:
    """Colour difference of treated and native skin.

    Parameters
    ----------
    native_density : ndarray of shape (3,)
        Density of native skin, red, green, blue, as photographed (or as a card corrects it).
    effect : Effect
        Density that treated skin has more (`treated_effect`), with its covariance.
    ink_density : float
        Mean density of the dots over the area, neutral; 0 for the skin between them.

    Returns
    -------
    ColourComparison
        CIEDE2000 with an interval from draws of `effect`; its low end is 0 where the three
        channels together do not differ from native skin at 5 %.

    References
    ----------
    .. [1] G. Sharma, W. Wu, E. N. Dalal, Color Res. Appl. 30, 21-30 (2005).
    .. [2] S. Del Bino, F. Bernerd, Br. J. Dermatol. 169 (s3), 33-40 (2013), for ITA.
    """
    covariance = effect.covariance + np.diag(FLOOR_DENSITY**2)
    middle = effect.value + ink_density
    draws = np.random.default_rng(SEED).multivariate_normal(middle, covariance, DRAWS)
    native = _lab(native_density[None])
    treated = _lab(native_density + np.vstack([middle, draws]))
    far = deltaE_ciede2000(np.repeat(native, len(treated), axis=0), treated)  # type: ignore[no-untyped-call]
    n = effect.n_treated
    low, high = np.quantile(far[1:], [0.025, 0.975])
    # chi-square with three degrees of freedom, 95 %
    if float(middle @ np.linalg.solve(covariance, middle)) < 7.815:
        low = 0.0
    value = float(far[0])
    return ColourComparison(
        Estimate(value, min(float(low), value), max(float(high), value), n, "dE00"),
        _spread(treated[:, 0] - native[0, 0], n, "L*"),
        _spread(treated[:, 2] - native[0, 2], n, "b*"),
        ita_deg(treated[0]),
    )


def _spread(values: FloatColumn, n: int, unit: str) -> Estimate:
    """First value with the 95 % range of the others."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    middle = float(values[0])
    return Estimate(middle, min(float(low), middle), max(float(high), middle), n, unit)


def _lab(density: FloatColumn) -> FloatColumn:
    linear = np.clip(10.0**-density, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(rgb2lab(encoded[:, None, :])[:, 0], np.float64)


def ita_deg(lab: FloatColumn) -> float:
    """Individual typology angle arctan((L* - 50) / b*) in degrees."""
    return float(np.degrees(np.arctan2(lab[0] - 50, lab[2])))


def estimate(value: float, variance: float, floor: float, n: int, unit: str) -> Estimate:
    """A value with its 95 % interval from variance and floor."""
    half = Z_95 * float(np.sqrt(max(variance, 0.0) + floor**2))
    return Estimate(float(value), float(value) - half, float(value) + half, n, unit)


INDICES: NDArray[np.float64] = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], LUMINANCE])
"""Erythema, melanin and lightness of red, green, blue density."""


def colour_look(
    blocks: SkinBlocks,
    first: SkinBlocks,
    treated: BoolArray,
    native: BoolArray,
    *,
    ink_density: float,
    card_density: FloatColumn | None = None,
) -> SkinLook:
    """Colour part of a `SkinLook`; relief and gloss are not measured here.

    Parameters
    ----------
    blocks, first : SkinBlocks
        Of this photo and of the baseline photo, in one frame.
    treated, native : ndarray of bool, shape (n,)
        Blocks of treated skin (of one zone), and of native skin.
    ink_density : float
        Mean density of the dots over the treated area.
    card_density : ndarray of shape (3,), optional
        What a colour card says must be added to red, green and blue density.
    """
    effect = treated_effect(blocks.density, blocks, treated, native)
    if not effect.measured:
        return SkinLook.missing(effect.reason)
    native_density = np.nanmedian(blocks.density[native], axis=0)
    if card_density is not None:
        native_density = native_density + card_density
    skin = compare_colour(native_density, effect)
    whole = compare_colour(native_density, effect, ink_density=ink_density)
    index = INDICES @ effect.value
    own = np.diag(INDICES @ effect.covariance @ INDICES.T)
    change = treated_effect(blocks.density - first.density, blocks, treated, native)
    n = effect.n_treated
    shadow = estimate(effect.value[0], effect.covariance[0, 0], FLOOR_DENSITY[0], n, "OD")
    missing = Estimate.missing("OD")
    changes = [missing] * 3
    if change.measured:
        moved = INDICES @ change.value
        spread = np.diag(INDICES @ change.covariance @ INDICES.T)
        floors = (FLOOR_ERYTHEMA, FLOOR_MELANIN, FLOOR_LIGHTNESS)
        changes = [
            estimate(moved[k], spread[k], floors[k], change.n_treated, "OD") for k in range(3)
        ]
    nothing = SkinLook.missing("")
    return SkinLook(
        reason="",
        reference="native skin" if card_density is None else "colour card and native skin",
        skin_delta_e=skin.delta_e,
        whole_delta_e=whole.delta_e,
        delta_l=whole.delta_l,
        delta_b=whole.delta_b,
        skin_delta_l=skin.delta_l,
        ita_treated_deg=skin.ita_deg,
        ita_native_deg=ita_deg(_lab(native_density[None])[0]),
        shadow=shadow,
        erythema=estimate(index[0], own[0], FLOOR_ERYTHEMA, n, "OD"),
        erythema_change=changes[0],
        melanin_change=changes[1],
        lightness_change=changes[2],
        relief_change=nothing.relief_change,
        gloss_change=nothing.gloss_change,
    )
