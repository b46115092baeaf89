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

from tracker.measure.card_steps import CardCorrection
from tracker.measure.luminance import BoolArray
from tracker.measure.results import Estimate, FloatColumn
from tracker.measure.skin_blocks import LUMINANCE, Effect, Light, SkinBlocks, treated_effect

Z_95 = 1.959964
DRAWS = 400
SEED = 20_260_101

FLOOR_DENSITY = np.array([0.010, 0.012, 0.014])
"""SD of treated-minus-native density (red, green, blue) by what the fit of the light leaves."""
FLOOR_ERYTHEMA = 0.008
FLOOR_REDDER = 0.003
FLOOR_MELANIN = 0.007
"""SD of the erythema index within a photo, and of the change of both colour indices, by saturation
and tone curve, and by fading ink, whose own colour is not quite neutral."""
FLOOR_VEIL = 0.0012
"""SD of light that is added to treated skin and not to native skin, share of full scale, that the
veil-free index still lets through. The same light is a larger share of what dark skin sends back."""
REDNESS_FIELD_SHARE = 0.1
"""`skin_blocks.FIELD_SHARE` for redness, which ends softly: a strong field takes two thirds of it, this
one a twentieth, in all skins alike. On heads of seeds 1601 to 1612 errors of type VI are 0.0034 (beside
a plane alone 0.0040), of phone photos 0.0042 (0.0052), of type I 0.0016 with either."""
MELANIN_IN_REDNESS = 0.35
"""What a change of melanin may move the veil-free index, per unit of its own index, as SD."""
LONG_RANGE = 2.0
"""Over null series the changes of melanin and lightness are twice the errors that the fit states
beside blotches of shine, from type I to VI alike (1.3 to 2.1 times)."""
BLOOD_MELANIN = 0.8
"""log10(R/B) over log10(R/G) that blood adds: it takes about as much blue as green."""
FLOOR_LIGHTNESS = 0.012
FLOOR_RELIEF = 0.20
"""SD of ln(relief against native skin's) by what is left of dots and hairs."""
FLOOR_GLOSS, FLOOR_GLOSS_VEIL = 0.04, 0.010
"""SD of how much whiter the shiniest part of treated skin is than native skin's, blue over red: on
its own, and as a share of the red light that native skin sends back."""
FLOOR_WIDTH = 0.017
"""SD of `dot_width.width_growth` by focus, motion and noise filters."""
FLOOR_INK_COLOUR = 0.026
"""SD of ln(red over luminance pigment) by the camera's colours."""

NATIVE, CARD, CARD_AND_NATIVE = "native skin", "colour card", "colour card and native skin"
NO_LIGHTNESS, NO_ANGLE = Estimate.missing("L*"), Estimate.missing("deg")
NO_DELTA_E = Estimate.missing("dE00")


@dataclass(frozen=True)
class SkinLook:
    """Look of the skin of one zone in one photo. An `Estimate` without a value was not measured.

    Attributes
    ----------
    reason : str
        Why there is no colour claim; empty where there is one.
    reference : str
        What colour is normalised on: `NATIVE`, `CARD_AND_NATIVE` or `CARD`. By `CARD` alone the
        changes are of treated skin itself, and nothing is said against native skin.
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
        Since the baseline: of log10(R/G) without what a veil of light does to it
        (`veil_free_erythema`), of log10(R/B), and of luminance density, each treated minus
        native. Positive: redder, browner, darker.
    relief_change : Estimate
        ln of the spread of fine density between the dots, against the baseline.
    native_l, ita_native, ita_treated : Estimate
        L* of native skin, and the angles above with their error: only where a card sets them.
    treated_change_delta_e, treated_change_l : Estimate
        CIEDE2000 and L* of the treated skin between the dots against the baseline photo, by the
        cards of both.
    card : str
        What became of the card in the photo; empty where none was seen.
    gloss_change : Estimate
        How much whiter (linear blue over red) the whitest tenth of the change is, treated minus
        native, since the baseline.
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
    native_l: Estimate = NO_LIGHTNESS
    ita_native: Estimate = NO_ANGLE
    ita_treated: Estimate = NO_ANGLE
    treated_change_delta_e: Estimate = NO_DELTA_E
    treated_change_l: Estimate = NO_LIGHTNESS
    card: str = ""

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
            gloss_change=Estimate.missing("B/R"),
        )


@dataclass(frozen=True, eq=False)
class ColourComparison:
    """Lab of treated against native skin, from the density that treated skin has more."""

    delta_e: Estimate
    delta_l: Estimate
    delta_b: Estimate
    ita_deg: float
    ita_treated: Estimate
    native_l: Estimate
    ita_native: Estimate


def compare_colour(
    native_density: FloatColumn,
    effect: Effect,
    *,
    ink_density: float = 0.0,
    native_covariance: FloatColumn | None = None,
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
    native_covariance : ndarray of shape (3, 3), optional
        What `native_density` may be off by, where a card says so; else it is taken as it is.

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
    away = np.zeros((DRAWS + 1, 3))
    if native_covariance is not None:
        spread = np.random.default_rng(SEED + 1)
        away[1:] = spread.multivariate_normal(np.zeros(3), native_covariance, DRAWS)
    native = lab_of(native_density + away)
    treated = lab_of(native_density + away + np.vstack([middle, draws]))
    far = deltaE_ciede2000(native, treated)  # type: ignore[no-untyped-call]
    n = effect.n_treated
    low, high = np.quantile(far[1:], [0.025, 0.975])
    # chi-square with three degrees of freedom, 95 %
    if float(middle @ np.linalg.solve(covariance, middle)) < 7.815:
        low = 0.0
    value = float(far[0])
    return ColourComparison(
        Estimate(value, min(float(low), value), max(float(high), value), n, "dE00"),
        spread_of(treated[:, 0] - native[:, 0], n, "L*"),
        spread_of(treated[:, 2] - native[:, 2], n, "b*"),
        float(ita_deg(treated)[0]),
        spread_of(ita_deg(treated), n, "deg"),
        spread_of(native[:, 0], effect.n_native, "L*"),
        spread_of(ita_deg(native), effect.n_native, "deg"),
    )


def spread_of(values: FloatColumn, n: int, unit: str) -> Estimate:
    """First value with the 95 % range of the others."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    middle = float(values[0])
    return Estimate(middle, min(float(low), middle), max(float(high), middle), n, unit)


def lab_of(density: FloatColumn) -> FloatColumn:
    """L*, a*, b* (D65) of densities of red, green and blue, (n, 3)."""
    linear = np.clip(10.0**-density, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(rgb2lab(encoded[:, None, :])[:, 0], np.float64)


def ita_deg(lab: FloatColumn) -> FloatColumn:
    """Individual typology angle arctan((L* - 50) / b*) in degrees, of L*, a*, b* (..., 3)."""
    angle: FloatColumn = np.degrees(np.arctan2(lab[..., 0] - 50, lab[..., 2]))
    return angle


def estimate(value: float, variance: float, floor: float, n: int, unit: str) -> Estimate:
    """A value with its 95 % interval from variance and floor."""
    half = Z_95 * float(np.sqrt(max(variance, 0.0) + floor**2))
    return Estimate(float(value), float(value) - half, float(value) + half, n, unit)


INDICES: NDArray[np.float64] = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], LUMINANCE])
"""Erythema, melanin and lightness of red, green, blue density."""


def veil_free_erythema(
    change: FloatColumn, native_density: FloatColumn
) -> tuple[FloatColumn, float]:
    """Change of the erythema index that neither light nor shine enters.

    Light from outside the skin (shine, haze, flare) adds the same amount ``v`` to all channels.
    The density of channel c falls by ``0.434 v / R_c``, `R_c` being what native skin sends back:
    unequally, and in dark skin by far more. ``log10(R/G) - a log10(R/B)`` with
    ``a = (1/G - 1/R) / (1/B - 1/R)`` does not see it. Divided by ``1 - a BLOOD_MELANIN``, blood
    moves it as much as ``log10(R/G)`` itself.

    Parameters
    ----------
    change : ndarray of shape (n, 3)
        Density now minus baseline: red, green, blue.
    native_density : ndarray of shape (3,)
        Of native skin, mean of both photos.

    Returns
    -------
    index : ndarray of shape (n,)
    veil : float
        What a veil of 1 adds to ``log10(R/G)``, in log10 units.
    """
    red, green, blue = 10.0 ** np.asarray(native_density)
    if not (blue > red and green > red):
        # No skin sends back more blue or green than red; under such light nothing can be told.
        return np.full(len(change), np.nan), float("nan")
    share = min(1.0, (green - red) / (blue - red))
    pair = change @ INDICES[:2].T
    index = (pair[:, 0] - share * pair[:, 1]) / (1 - share * BLOOD_MELANIN)
    return index, float(green - red)


def colour_look(
    blocks: SkinBlocks,
    first: SkinBlocks,
    treated: BoolArray,
    native: BoolArray,
    *,
    ink_density: float,
    card: CardCorrection | None = None,
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
    card : CardCorrection, optional
        What a card in the photo says of its white balance, exposure and tone.
    """
    effect = treated_effect(blocks.density, blocks, treated, native)
    if not effect.measured:
        return SkinLook.missing(effect.reason)
    native_seen = np.nanmedian(blocks.density[native], axis=0)
    native_density, native_covariance, true_effect = native_seen, None, effect
    if card is not None:
        added, native_covariance = card.to_add(native_seen)
        native_density = native_seen + added
        true_effect = effect.scaled(card.of_differences(native_seen))
    skin = compare_colour(native_density, true_effect, native_covariance=native_covariance)
    whole = compare_colour(
        native_density,
        true_effect,
        ink_density=ink_density,
        native_covariance=native_covariance,
    )
    beside = INDICES @ effect.value
    own = np.diag(INDICES @ effect.covariance @ INDICES.T)
    change = treated_effect(
        blocks.density - first.density, blocks, treated, native, light=Light.BLOTCHED
    )
    n = effect.n_treated
    red_covered, red_variance = true_effect.value[0], true_effect.covariance[0, 0]
    shadow = estimate(red_covered, red_variance, FLOOR_DENSITY[0], n, "OD")
    missing = Estimate.missing("OD")
    changes = [missing] * 3
    if change.measured:
        moved = INDICES @ change.value
        spread = LONG_RANGE**2 * np.diag(INDICES @ change.covariance @ INDICES.T)
        changes = [
            missing,
            estimate(moved[1], spread[1], FLOOR_MELANIN, change.n_treated, "OD"),
            estimate(moved[2], spread[2], FLOOR_LIGHTNESS, change.n_treated, "OD"),
        ]
        usual = (native_seen + np.nanmedian(first.density[native], axis=0)) / 2
        index, veil = veil_free_erythema(blocks.density - first.density, usual)
        red = treated_effect(
            index,
            blocks,
            treated,
            native,
            light=Light.BLOTCHED,
            field_share=REDNESS_FIELD_SHARE,
        )
        if red.measured:
            browner = MELANIN_IN_REDNESS * moved[1]
            floor = float(np.linalg.norm([FLOOR_REDDER, FLOOR_VEIL * veil, browner]))
            changes[0] = estimate(red.value[0], red.covariance[0, 0], floor, red.n_treated, "OD")
    nothing = SkinLook.missing("")
    absolute = {}
    if card is not None:
        absolute = {name: getattr(skin, name) for name in ("native_l", "ita_native", "ita_treated")}
    return SkinLook(
        reason="",
        reference=NATIVE if card is None else CARD_AND_NATIVE,
        skin_delta_e=skin.delta_e,
        whole_delta_e=whole.delta_e,
        delta_l=whole.delta_l,
        delta_b=whole.delta_b,
        skin_delta_l=skin.delta_l,
        ita_treated_deg=skin.ita_deg,
        ita_native_deg=float(ita_deg(lab_of(native_density[None]))[0]),
        shadow=shadow,
        erythema=estimate(beside[0], own[0], FLOOR_ERYTHEMA, n, "OD"),
        erythema_change=changes[0],
        melanin_change=changes[1],
        lightness_change=changes[2],
        relief_change=nothing.relief_change,
        gloss_change=nothing.gloss_change,
        **absolute,
    )
