"""What cards add to the look of the skin: colour as such, and treated skin against itself.

Beside native skin a card sets L* and ITA. Where a photo shows no native skin to compare with, a card
in it and one in the baseline photo say how treated skin itself changed; that rests on where the
cards lay, and its errors are wider.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from skimage.color import deltaE_ciede2000

from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.card_steps import CardCorrection, compare_steps
from tracker.measure.luminance import BoolArray
from tracker.measure.results import FloatColumn
from tracker.measure.skin_blocks import LEAST_BLOCKS, SkinBlocks
from tracker.measure.skin_look import (
    CARD,
    DRAWS,
    FLOOR_ERYTHEMA,
    FLOOR_LIGHTNESS,
    FLOOR_MELANIN,
    INDICES,
    SEED,
    SkinLook,
    colour_look,
    estimate,
    ita_deg,
    lab_of,
    spread_of,
    veil_free_erythema,
)

LIGHTEST_SKIN = 0.10
"""Red density: the fairest skin sends back about 70 % of red light. Skin that a card makes lighter
than this had more light than the card."""
DARKEST_SKIN = 1.30
"""Red density that no skin exceeds: the card had more light than the skin."""


@dataclass(frozen=True, eq=False)
class _Change:
    """Density of treated skin now minus at the baseline, by the cards, and what it may be off by."""

    mean: FloatColumn
    covariance: FloatColumn
    first: FloatColumn
    n: int


def look_with_cards(
    blocks: SkinBlocks,
    first: SkinBlocks,
    treated: BoolArray,
    native: BoolArray,
    *,
    ink_density: float,
    card: ColourCard | NoCard,
    first_card: ColourCard | NoCard,
) -> SkinLook:
    """The colour part of a `SkinLook`, with what the cards in this and the baseline photo allow.

    Parameters
    ----------
    blocks, first, treated, native, ink_density
        As `colour_look` takes them.
    card, first_card : ColourCard or NoCard
        Of this photo and of the baseline photo.

    Returns
    -------
    SkinLook
        With a reason that names native skin and card where neither supports a claim.
    """
    card = _in_the_skins_light(card, blocks, treated | native)
    first_card = _in_the_skins_light(first_card, first, treated | native)
    correction = card.correction if isinstance(card, ColourCard) else None
    look = colour_look(blocks, first, treated, native, ink_density=ink_density, card=correction)
    look = replace(look, card=_words(card))
    change = _change(blocks, first, treated, card, first_card)
    if isinstance(change, _Change):
        look = _treated_change(look, change)
    if not look.reason or "untreated" not in look.reason:
        return look
    if isinstance(change, str):
        return replace(look, reason=f"{look.reason}, and {change}")
    return _by_card_alone(look, change, blocks, treated, correction)


def _words(card: ColourCard | NoCard) -> str:
    if isinstance(card, ColourCard):
        return card.kind
    return f"{card.kind} not used: {card.reason}" if card.reason else ""


def _in_the_skins_light(
    card: ColourCard | NoCard, blocks: SkinBlocks, skin: BoolArray
) -> ColourCard | NoCard:
    """The card, unless by it the photo's skin would be lighter or darker than skin can be."""
    if not isinstance(card, ColourCard):
        return card
    seen = blocks.density[skin & np.isfinite(blocks.density).all(axis=1)]
    if len(seen) == 0:
        return card
    middle = np.median(seen, axis=0)
    red = float((middle + card.correction.to_add(middle)[0])[0])
    if red < LIGHTEST_SKIN:
        return NoCard("by it skin would be lighter than any skin: it lay in shadow", card.kind)
    if red > DARKEST_SKIN:
        return NoCard("by it skin would be darker than any skin: the skin is shaded", card.kind)
    return card


def _change(
    blocks: SkinBlocks,
    first: SkinBlocks,
    treated: BoolArray,
    card: ColourCard | NoCard,
    first_card: ColourCard | NoCard,
) -> _Change | str:
    """How treated skin changed by the cards, or why that cannot be said."""
    for which, found in (("this photo", card), ("the baseline photo", first_card)):
        if isinstance(found, NoCard):
            if found.reason:
                return f"the {found.kind} in {which} cannot be used: {found.reason}"
            return f"no grey or colour card in {which}"
    assert isinstance(card, ColourCard)
    assert isinstance(first_card, ColourCard)
    if card.kind != first_card.kind:
        return "the cards of this and the baseline photo are of different kinds"
    between = compare_steps(card.steps, first_card.steps)
    if isinstance(between, str):
        return between
    if card.correction.strength_sd < between.strength_sd:
        # A chart tells in both photos how strong colours are shown.
        between = replace(
            between,
            strength=card.correction.strength / first_card.correction.strength,
            strength_sd=card.correction.strength_sd,
        )
    both = (
        treated & np.isfinite(blocks.density).all(axis=1) & np.isfinite(first.density).all(axis=1)
    )
    n = int(both.sum())
    if n < LEAST_BLOCKS:
        return "too little treated skin in view"
    now, before = blocks.density[both], first.density[both]
    middle = np.median(now, axis=0)
    added, covariance = between.to_add(middle)
    moved = now + added - before
    # Blocks in one cluster share blotches and light.
    _, cluster = np.unique(blocks.cluster[both], return_inverse=True)
    size = np.bincount(cluster)
    means = np.stack([np.bincount(cluster, moved[:, c]) / size for c in range(3)], axis=1)
    mean = moved.mean(axis=0)
    if len(size) > 1:
        away = (means - mean) * (size / n)[:, None]
        covariance = covariance + away.T @ away * (len(size) / (len(size) - 1))
    # In the units of true skin as the baseline's card has it.
    true = first_card.correction
    turn = true.of_differences(np.median(before, axis=0))
    start = np.median(before, axis=0)
    return _Change(turn @ mean, turn @ covariance @ turn.T, start + true.to_add(start)[0], n)


def _treated_change(look: SkinLook, change: _Change) -> SkinLook:
    rng = np.random.default_rng(SEED + 2)
    draws = rng.multivariate_normal(change.mean, change.covariance, DRAWS)
    now = lab_of(change.first + np.vstack([change.mean, draws]))
    before = lab_of(np.repeat(change.first[None], len(now), axis=0))
    far = deltaE_ciede2000(before, now)  # type: ignore[no-untyped-call]
    delta_e = spread_of(far, change.n, "dE00")
    if float(change.mean @ np.linalg.solve(change.covariance, change.mean)) < 7.815:
        # Chi-square with three degrees of freedom, 95 %: no change is proved.
        delta_e = replace(delta_e, low=0.0)
    return replace(
        look,
        treated_change_delta_e=delta_e,
        treated_change_l=spread_of(now[:, 0] - before[:, 0], change.n, "L*"),
    )


def _by_card_alone(
    look: SkinLook,
    change: _Change,
    blocks: SkinBlocks,
    treated: BoolArray,
    correction: CardCorrection | None,
) -> SkinLook:
    """Changes of treated skin itself; what needs native skin stays without a value."""
    indices = INDICES @ change.mean
    variance = np.diag(INDICES @ change.covariance @ INDICES.T)
    usual = change.first + change.mean / 2
    blood, _ = veil_free_erythema(change.mean[None], usual)
    weights, _ = veil_free_erythema(np.eye(3), usual)
    redness = float(weights @ change.covariance @ weights)
    angle = look.ita_treated
    if correction is not None:
        seen = np.nanmedian(blocks.density[treated], axis=0)
        added, covariance = correction.to_add(seen)
        rng = np.random.default_rng(SEED + 3)
        draws = rng.multivariate_normal(np.zeros(3), covariance, DRAWS)
        lab = lab_of(seen + added + np.vstack([np.zeros(3), draws]))
        angle = spread_of(ita_deg(lab), change.n, "deg")
    return replace(
        look,
        reason="",
        reference=CARD,
        ita_treated_deg=angle.value,
        ita_treated=angle,
        erythema_change=estimate(blood[0], redness, FLOOR_ERYTHEMA, change.n, "OD"),
        melanin_change=estimate(indices[1], variance[1], FLOOR_MELANIN, change.n, "OD"),
        lightness_change=estimate(indices[2], variance[2], FLOOR_LIGHTNESS, change.n, "OD"),
    )
