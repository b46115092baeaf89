"""What cards add to the look of the skin, on drawn pictures whose truth is stated."""

from __future__ import annotations

import numpy as np
import pytest

from tests.measure.test_skin_look import NATIVE, members, picture
from tracker.measure.card_look import look_with_cards
from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.card_steps import CardCorrection, GreySteps, fit_steps
from tracker.measure.colour_card import CHART, MARKER_CARD
from tracker.measure.results import FloatColumn
from tracker.measure.skin_blocks import Effect, SkinBlocks, skin_blocks
from tracker.measure.skin_look import (
    CARD,
    CARD_AND_NATIVE,
    SkinLook,
    compare_colour,
    ita_deg,
    lab_of,
)

TRUE = np.repeat(np.array([0.05, 0.2, 0.4, 0.7, 1.0, 1.3])[:, None], 3, axis=1)


def card(gains: tuple[float, ...] = (0.0, 0.0, 0.0), kind: str = CHART) -> ColourCard:
    """A good card in a photo whose densities are off by `gains`."""
    steps = GreySteps(TRUE, np.full(6, 0.01), TRUE + np.array(gains), np.zeros(3))
    correction = fit_steps(steps)
    assert isinstance(correction, CardCorrection)
    return ColourCard(kind, np.zeros((4, 2)), steps, correction)


def look(
    blocks: SkinBlocks,
    first: SkinBlocks,
    now: ColourCard | NoCard,
    before: ColourCard | NoCard,
    *,
    native: bool = True,
) -> SkinLook:
    treated, beside = members()
    return look_with_cards(
        blocks,
        first,
        treated,
        beside if native else np.zeros_like(beside),
        ink_density=0.0,
        card=now,
        first_card=before,
    )


TINT = (0.15, 0.02, -0.10)
"""Darker in red, lighter in blue: the photo's light, not the skin's colour."""


def truth() -> FloatColumn:
    return np.asarray(lab_of(NATIVE[None])[0])


def test_a_card_sets_lightness_and_ita_in_any_light() -> None:
    blocks = skin_blocks(picture([0.02, 0.03, 0.03], gains=TINT))
    with_card = look(blocks, blocks, card(TINT), card(TINT))
    without = look(blocks, blocks, NoCard(), NoCard())
    assert with_card.reference == CARD_AND_NATIVE
    assert with_card.card == CHART
    assert with_card.native_l.value == pytest.approx(truth()[0], abs=0.5)
    assert with_card.ita_native_deg == pytest.approx(float(ita_deg(truth())), abs=2)
    assert with_card.native_l.low < truth()[0] < with_card.native_l.high
    assert with_card.ita_native.low < float(ita_deg(truth())) < with_card.ita_native.high
    assert abs(without.ita_native_deg - float(ita_deg(truth()))) > 10
    assert not without.native_l.measured
    assert without.reference == "native skin"


def test_the_card_s_error_is_in_the_intervals() -> None:
    effect = Effect(np.array([0.06, 0.08, 0.08]), np.eye(3) * 1e-6, 100, 100)
    sure = compare_colour(NATIVE, effect)
    unsure = compare_colour(NATIVE, effect, native_covariance=np.full((3, 3), 0.1**2))
    assert unsure.delta_l.value == sure.delta_l.value
    narrow, wide = sure.delta_l, unsure.delta_l
    assert wide.high - wide.low > 1.02 * (narrow.high - narrow.low)
    assert sure.native_l.high - sure.native_l.low < 1e-9
    assert unsure.native_l.high - unsure.native_l.low > 20


def test_without_native_skin_two_cards_say_how_treated_skin_changed() -> None:
    first = skin_blocks(picture([0.0, 0.0, 0.0]))
    redder = skin_blocks(picture([0.01, 0.13, 0.10], gains=TINT))
    found = look(redder, first, card(TINT), card(), native=False)
    assert found.reason == ""
    assert found.reference == CARD
    assert found.erythema_change.value == pytest.approx(0.12, abs=0.03)
    assert found.erythema_change.low > 0
    assert found.treated_change_delta_e.low > 0
    assert found.treated_change_l.value < 0
    assert not found.whole_delta_e.measured
    assert not found.shadow.measured
    calm = look(
        skin_blocks(picture([0, 0, 0], gains=TINT)), first, card(TINT), card(), native=False
    )
    assert calm.erythema_change.low < 0 < calm.erythema_change.high
    assert calm.treated_change_delta_e.low == 0


def test_where_neither_supports_a_claim_the_reason_names_both() -> None:
    first = skin_blocks(picture([0.0, 0.0, 0.0]))
    refused = NoCard("printed with a cast", MARKER_CARD)
    for now, before, words in (
        (NoCard(), NoCard(), "and no grey or colour card in this photo"),
        (card(), NoCard(), "and no grey or colour card in the baseline photo"),
        (refused, card(), "the marker card in this photo cannot be used: printed with a cast"),
        (card(kind=MARKER_CARD), card(kind=CHART), "of different kinds"),
    ):
        found = look(first, first, now, before, native=False)
        assert "too little untreated skin" in found.reason
        assert words in found.reason
        assert not found.erythema_change.measured
    assert look(first, first, refused, card()).card == "marker card not used: printed with a cast"


@pytest.mark.parametrize(("gain", "words"), [(0.4, "lay in shadow"), (-1.3, "the skin is shaded")])
def test_a_card_in_another_light_than_the_skin_is_not_used(gain: float, words: str) -> None:
    blocks = skin_blocks(picture([0.02, 0.03, 0.03]))
    found = look(blocks, blocks, card((gain, gain, gain)), card())
    assert words in found.card
    assert found.reference == "native skin"
    assert found.reason == ""


def test_a_card_changes_nothing_that_rests_on_native_skin_alone() -> None:
    first = skin_blocks(picture([0.0, 0.0, 0.0]))
    now = skin_blocks(picture([0.02, 0.10, 0.08], gains=TINT))
    both = look(now, first, card(TINT), card())
    alone = look(now, first, NoCard(), NoCard())
    for name in ("erythema_change", "melanin_change", "lightness_change"):
        assert getattr(both, name) == getattr(alone, name)
