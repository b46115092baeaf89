"""What raises a watch and what does not; what every watch must say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.progress.looks import look, photo_look, reading, view_with
from tests.progress.series import series
from tracker.measure.results import Estimate
from tracker.measure.skin_look import CARD, SkinLook
from tracker.progress.watches import ADVICE, FALSE_ALARMS, SMALLEST, Sign, State, watch_view
from tracker.series import PhotoLook, Stage

CHANGED = {
    Sign.REDNESS: (look(erythema_change=reading(0.05, 0.006, "OD")), None),
    Sign.LIGHTER: (
        look(
            melanin_change=reading(-0.08, 0.01, "OD"),
            lightness_change=reading(-0.09, 0.012, "OD"),
        ),
        None,
    ),
    Sign.DARKER_SKIN: (
        look(melanin_change=reading(0.08, 0.01, "OD"), lightness_change=reading(0.06, 0.012, "OD")),
        None,
    ),
    Sign.TEXTURE: (look(relief_change=reading(0.9, 0.17, "ln")), None),
    Sign.HAIR: (None, photo_look(hairs_kept=reading(0.4, 0.08, "share"))),
    Sign.SPREAD: (None, photo_look(dot_width_change=reading(0.5, 0.09, "ln"))),
    Sign.BLUE: (None, photo_look(ink_colour_change=reading(0.15, 0.03, "ln"))),
}


def by_sign(skin: SkinLook | None = None, dots: PhotoLook | None = None):  # type: ignore[no-untyped-def]
    return {watch.sign: watch for watch in watch_view(view_with(skin, dots))}


@pytest.mark.parametrize("sign", CHANGED)
def test_a_change_is_seen_alone_and_said_in_full(sign: Sign) -> None:
    found = by_sign(*CHANGED[sign])
    assert [s for s, w in found.items() if w.state is State.SEEN] == [sign]
    watch = found[sign]
    assert watch.advice == ADVICE
    assert watch.sureness in ("sure", "likely")
    assert watch.since is not None
    assert watch.sentence
    assert watch.could_fake
    assert "diagnos" not in watch.sentence + watch.could_fake


def test_nothing_is_seen_where_nothing_changed() -> None:
    assert {watch.state for watch in by_sign().values()} == {State.NOT_SEEN}


def test_fading_ink_is_no_lighter_skin() -> None:
    """Lighter, but not less brown: that is what a removal is for."""
    found = by_sign(look(lightness_change=reading(-0.12, 0.012, "OD")))
    assert found[Sign.LIGHTER].state is State.NOT_SEEN


def test_a_withheld_colour_says_why() -> None:
    found = by_sign(SkinLook.missing("too little untreated skin in view to compare with"))
    assert found[Sign.REDNESS].state is State.CANNOT_TELL
    assert "too little untreated skin" in found[Sign.REDNESS].sentence


def test_by_cards_alone_redness_is_watched_and_the_words_say_so() -> None:
    alone = replace(SkinLook.missing(""), reference=CARD, erythema_change=reading(0.15, 0.03, "OD"))
    watch = by_sign(alone)[Sign.REDNESS]
    assert watch.state is State.SEEN
    assert "by the colour card in both photos, no native skin beside" in watch.sentence
    darker = replace(
        alone,
        melanin_change=reading(0.3, 0.03, "OD"),
        lightness_change=reading(0.3, 0.03, "OD"),
    )
    words = by_sign(darker)[Sign.DARKER_SKIN].sentence
    assert "by the colour card" in words
    assert "nan" not in words


def test_pigment_darkening_against_the_photo_before() -> None:
    darker = series([(50, 0.40), (100, 0.15)], [10, 60])
    found = {watch.sign: watch for watch in watch_view(darker.views[0])}
    assert found[Sign.DARKENING].state is State.SEEN
    assert "against 2026-03-01_top.jpg" in found[Sign.DARKENING].sentence
    within = series([(50, 0.40), (100, 0.36)], [10, 60])
    calm = {watch.sign: watch for watch in watch_view(within.views[0])}
    assert calm[Sign.DARKENING].state is State.NOT_SEEN


def test_redness_of_the_first_days_is_not_asked_and_other_signs_wait_for_healed_skin() -> None:
    view = view_with(CHANGED[Sign.REDNESS][0])
    fresh = replace(view.photos[-1], stage=Stage.IMMEDIATE, days_since_session=2)
    day_two = replace(view, photos=(*view.photos[:-1], fresh))
    found = {watch.sign: watch for watch in watch_view(day_two)}
    assert found[Sign.REDNESS].state is State.NOT_SEEN
    later = replace(fresh, stage=Stage.HEALING, days_since_session=5)
    found = {w.sign: w for w in watch_view(replace(view, photos=(*view.photos[:-1], later)))}
    assert found[Sign.REDNESS].state is State.SEEN
    assert "5 days after a session" in found[Sign.REDNESS].sentence


def test_since_is_the_first_photo_of_an_unbroken_run() -> None:
    red = CHANGED[Sign.REDNESS][0]
    found = {w.sign: w for w in watch_view(view_with(red, first=red))}
    assert found[Sign.REDNESS].since == view_with().photos[1].captured_on


def test_chance_raises_no_more_watches_than_it_says() -> None:
    """Readings with the errors they state, nothing changed: at most 5 % of series raise any."""
    rng = np.random.default_rng(5)
    raised = 0
    n = 400
    sds = {
        "erythema_change": 0.006,
        "melanin_change": 0.01,
        "lightness_change": 0.012,
        "relief_change": 0.17,
        "gloss_change": 0.04,
    }
    for _ in range(n):
        skin = look(**{k: reading(sd * rng.normal(), sd, "") for k, sd in sds.items()})
        dots = photo_look(
            dot_width_change=reading(0.09 * rng.normal(), 0.09, "ln"),
            ink_colour_change=reading(0.026 * rng.normal(), 0.026, "ln"),
            hairs_kept=reading(1 + 0.08 * rng.normal(), 0.08, "share"),
        )
        raised += any(w.state is State.SEEN for w in watch_view(view_with(skin, dots)))
    assert raised / n <= FALSE_ALARMS


def test_an_older_photo_says_nothing_of_today() -> None:
    gone = photo_look(hairs_kept=Estimate.missing("share"), hair_reason="the shave differs")
    found = by_sign(None, gone)
    assert found[Sign.HAIR].state is State.CANNOT_TELL
    assert found[Sign.HAIR].sentence.startswith("the shave differs; nothing was seen up to")


def test_every_watch_says_from_what_size_a_change_was_found() -> None:
    """And the page that explains them says the same."""
    page = Path("docs/progress.md").read_text("utf-8")
    for watch in watch_view(view_with()):
        assert (watch.smallest, watch.found_in) == SMALLEST[watch.sign]
        assert f"| {watch.sign.value} | {watch.found_from} |" in page


def test_darker_skin_needs_lightness_to_go_the_same_way_only() -> None:
    brown = {"melanin_change": reading(0.06, 0.01, "OD")}
    agreed = by_sign(look(**brown, lightness_change=reading(0.03, 0.015, "OD")))
    assert agreed[Sign.DARKER_SKIN].state is State.SEEN
    alone = by_sign(look(**brown, lightness_change=reading(-0.01, 0.015, "OD")))
    assert alone[Sign.DARKER_SKIN].state is State.NOT_SEEN
