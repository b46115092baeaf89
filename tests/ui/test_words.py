from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests import factories
from tracker.measure.results import Estimate
from tracker.measure.skin import NO_COLOUR
from tracker.series import Stage, Status, ViewAnalysis
from tracker.ui.cards import STAGE_CHIPS
from tracker.ui.words import (
    STAGE_WORDS,
    Verdict,
    headline,
    interval,
    lagging_zones,
    number,
    percent,
    remedy_for,
    verdict_of,
    when_taken,
)


def measures(value: float, low: float, high: float, detectable: float = 0.06):
    made = factories.make_zone_measures("all", 0.5, 100)
    return replace(made, fade=Estimate(value, low, high, 100, "fraction"), detectable=detectable)


def with_last(view: ViewAnalysis, **changes: object) -> ViewAnalysis:
    return replace(view, photos=(*view.photos[:-1], replace(view.photos[-1], **changes)))


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.634, "63 %"),
        (-0.04, "\u22124 %"),
        (0.0, "0 %"),
        (-0.001, "0 %"),
        (math.nan, "not measured"),
    ],
)
def test_percent(share: float, words: str) -> None:
    assert percent(share).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.58, 0.68, "58–68 %"),
        (-0.03, 0.11, "\u22123 to 11 %"),
        (0.501, 0.502, "50 %"),
        (math.nan, 0.2, "interval unknown"),
    ],
)
def test_interval(low: float, high: float, words: str) -> None:
    estimate = Estimate(0.5, low, high, 3, "fraction")
    assert interval(estimate).replace("\u00a0", " ") == words


def test_number_groups_thousands_and_never_turns_unknown_into_zero() -> None:
    assert number(1234.0) == "1\u202f234"
    assert number(1.26, 1, "ΔE") == "1.3\u00a0ΔE"
    assert number(math.nan) == "not measured"


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (0.63, 0.58, 0.68, Verdict.NOTICEABLE),
        (0.15, 0.11, 0.19, Verdict.DETECTABLE),
        (0.05, 0.02, 0.08, Verdict.CANNOT_TELL),
        (0.15, -0.02, 0.32, Verdict.CANNOT_TELL),
        (-0.22, -0.27, -0.17, Verdict.DARKER),
        (math.nan, math.nan, math.nan, Verdict.NOT_MEASURED),
    ],
)
def test_verdict(value: float, low: float, high: float, verdict: Verdict) -> None:
    assert verdict_of(measures(value, low, high)) is verdict
    assert verdict_of(None) is Verdict.NOT_MEASURED


def test_headline_of_a_healed_photo() -> None:
    sentence = headline(factories.make_view(), factories.make_sessions()).sentence
    assert sentence.replace("\u00a0", " ") == (
        "71 % of the pigment is gone (67–75 %), 35 days after session 3: healed"
    )


def test_headline_rests_on_the_last_healed_photo_not_on_a_fresh_one() -> None:
    view = with_last(factories.make_view(), stage=Stage.HEALING)
    found = headline(view, factories.make_sessions())
    assert found.figure == "52\u00a0%"
    assert found.photo is view.photos[2]


def test_headline_when_all_later_photos_are_fresh() -> None:
    view = factories.make_view()
    fresh = tuple(replace(photo, stage=Stage.HEALING) for photo in view.photos[1:])
    found = headline(replace(view, photos=(view.photos[0], *fresh)), factories.make_sessions())
    assert found.claim == "No healed photo yet"
    assert "28 days" in found.support
    assert found.verdict is Verdict.NOT_MEASURED


def test_headline_of_a_single_photo() -> None:
    view = factories.make_view()
    found = headline(replace(view, photos=view.photos[:1]), ())
    assert found.claim == "Only the first photo is measured"
    assert found.figure == ""


def test_headline_when_nothing_was_measured() -> None:
    refused = factories.make_refused()
    found = headline(replace(factories.make_view(), photos=(refused,)), ())
    assert found.claim == "Nothing could be measured"


def test_headline_of_darkening_and_of_no_change() -> None:
    darker = with_last(factories.make_view(), whole=measures(-0.22, -0.27, -0.17))
    found = headline(darker, factories.make_sessions())
    assert found.figure == "22\u00a0%"
    assert found.claim == "more pigment than in the first photo"
    assert found.spread.replace("\u00a0", " ") == "(17–27 %)"
    same = with_last(factories.make_view(), whole=measures(0.01, -0.03, 0.05))
    assert headline(same, ()).claim == "change, too small to prove"


def test_when_taken_without_sessions_says_so() -> None:
    photo = factories.make_photo_measures(1)
    assert when_taken(photo, ()) == "26 Feb 2026 (no session dates given)"
    undated = replace(photo, captured_on=None)
    assert when_taken(undated, ()) == f"photo {photo.photo}"


def test_lagging_zone_lies_surely_below_the_whole() -> None:
    photo = factories.make_photo_measures(3)
    assert [zone.zone for zone in lagging_zones(photo)] == ["hairline"]
    assert lagging_zones(replace(photo, whole=None)) == []


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("too blurred to show dots", "focus"),
        ("could not be aligned with the first photo", "same angle"),
        ("no scalp found", "Fill the picture"),
        (NO_COLOUR, "in colour"),
        ("is damaged; copy it again", "Is damaged; copy it again."),
        ("too blurred: hold still and tap the scalp", "Too blurred: hold still and tap the scalp."),
        ("another head or another part of it: only 9 places agree", "this client"),
        ("", "The reason is not known"),
    ],
)
def test_every_refusal_says_what_to_do(reason: str, part: str) -> None:
    assert part in remedy_for(reason)


def test_stage_and_status_words_cover_everything() -> None:
    assert set(STAGE_WORDS) == set(Stage) == set(STAGE_CHIPS)
    assert len(Status) == 3
