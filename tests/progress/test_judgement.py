"""The words a result is judged with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.progress.looks import look, reading, view_with
from tracker.measure.results import Estimate
from tracker.measure.skin_look import CARD, CARD_AND_NATIVE, SkinLook
from tracker.progress.evenness import fade_cells, unevenness
from tracker.progress.judgement import Item, Verdict, clearance_word, judge


@pytest.mark.parametrize(
    ("fade", "word"),
    [
        (-0.1, "darker"),
        (0.0, "poor"),
        (0.25, "poor"),
        (0.26, "fair"),
        (0.50, "fair"),
        (0.51, "good"),
        (0.75, "good"),
        (0.76, "excellent"),
        (0.95, "excellent"),
        (0.96, "clear"),
        (float("nan"), "not measured"),
    ],
)
def test_clearance_words(fade: float, word: str) -> None:
    assert clearance_word(fade) == word


def items_of(skin: SkinLook | None = None, **kwargs):  # type: ignore[no-untyped-def]
    view = view_with(skin)
    return {(j.item, j.zone): j for j in judge(view, view.photos[-1], **kwargs)}


def test_every_item_has_value_word_and_verdict_for_the_whole_and_the_zones() -> None:
    found = items_of()
    for zone in ("all", "hairline", "crown"):
        for item in (Item.FADE, Item.EVENNESS, Item.EDGE, Item.TONE, Item.CAST, Item.SHADOW):
            judged = found[item, zone]
            assert judged.word
            assert judged.sentence
            assert judged.verdict in Verdict
    assert found[Item.FADE, "all"].verdict is Verdict.NOTICEABLE
    assert found[Item.FADE, "all"].word == "good"


def test_a_tone_that_is_visible_and_one_that_cannot_be_told() -> None:
    far = look(whole_delta_e=Estimate(3.2, 2.4, 4.0, 500, "dE00"))
    assert items_of(far)[Item.TONE, "all"].word == "visible"
    assert items_of(far)[Item.TONE, "all"].verdict is Verdict.NOTICEABLE
    assert items_of()[Item.TONE, "all"].verdict is Verdict.CANNOT_TELL


def test_a_grey_or_blue_cast() -> None:
    blue = look(delta_b=reading(-2.5, 0.4, "b*"))
    assert items_of(blue)[Item.CAST, "all"].word == "grey or blue cast"
    assert items_of()[Item.CAST, "all"].word == "no cast"


def test_a_colour_that_cannot_be_supported_is_withheld_with_its_reason() -> None:
    found = items_of(SkinLook.missing("too little untreated skin in view to compare with"))
    for item in (Item.TONE, Item.CAST, Item.SHADOW):
        assert found[item, "all"].word == "withheld"
        assert "too little untreated skin" in found[item, "all"].sentence
        assert not found[item, "all"].value.measured


def test_what_set_the_light_is_said() -> None:
    def words(skin: SkinLook) -> str:
        return items_of(skin)[Item.TONE, "all"].sentence

    assert "light set by native skin alone" in words(look())
    carded = replace(look(), reference=CARD_AND_NATIVE, card="marker card")
    assert "light set by the marker card and native skin" in words(carded)
    refused = replace(look(), card="marker card not used: clipped")
    assert "native skin alone; marker card not used: clipped" in words(refused)


def test_by_a_card_alone_nothing_is_said_against_native_skin() -> None:
    alone = replace(
        SkinLook.missing(""),
        reference=CARD,
        treated_change_delta_e=Estimate(3.1, 1.2, 5.0, 200, "dE00"),
    )
    found = items_of(alone)
    for item in (Item.TONE, Item.CAST, Item.SHADOW):
        assert found[item, "all"].word == "withheld"
        assert found[item, "all"].verdict is Verdict.CANNOT_TELL
        assert "no untreated skin beside" in found[item, "all"].sentence
        assert "changed by CIEDE2000 3.1 (1.2 to 5.0)" in found[item, "all"].sentence


def test_shadow_without_dots() -> None:
    view = view_with(look(shadow=reading(0.05, 0.01, "OD")))
    last = view.photos[-1]
    assert last.whole is not None
    bare = replace(last, whole=replace(last.whole, density_ratio=0.1))
    found = {j.item: j for j in judge(view, bare) if j.zone == "all"}
    assert found[Item.SHADOW].word == "shadow without dots"


def test_zones_to_be_left_alone() -> None:
    found = items_of(untouched=("Crown",))
    assert found[Item.UNTOUCHED, "crown"].word == "changed"
    assert (Item.UNTOUCHED, "hairline") not in found


def test_evenness_of_the_made_up_series() -> None:
    view = view_with()
    cells = fade_cells(view, view.photos[-1])
    assert len(cells) >= 4
    assert all(abs(cell.fade - 0.71) < 0.05 for cell in cells)
    value = unevenness(view, view.photos[-1], "all")
    assert value.low <= value.value <= value.high
