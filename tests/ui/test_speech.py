from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tracker.measure.results import Estimate
from tracker.ui import words
from tracker.ui.speech import NEUTRAL, speak, speech_of

DAY = date(2026, 3, 14)


@pytest.fixture(autouse=True)
def neutral_again() -> Iterator[None]:
    yield
    speak(None)


@pytest.mark.parametrize(
    ("tag", "day", "number", "percent", "field"),
    [
        ("en-US", "Mar 14, 2026", "12,345.6", "63%", "MM/DD/YYYY"),
        ("en-GB", "14 Mar 2026", "12,345.6", "63%", "DD/MM/YYYY"),
        ("de-DE", "14.03.2026", "12.345,6", "63\u00a0%", "DD.MM.YYYY"),
        ("sv-SE", "14 mars 2026", "12\u00a0345,6", "63\u00a0%", "YYYY-MM-DD"),
        ("", "14 Mar 2026", "12\u202f345.6", "63\u00a0%", "DD/MM/YYYY"),
        ("no such language", "14 Mar 2026", "12\u202f345.6", "63\u00a0%", "DD/MM/YYYY"),
    ],
)
def test_dates_and_numbers_as_the_person_writes_them(
    tag: str, day: str, number: str, percent: str, field: str
) -> None:
    speech = speak(tag)
    assert words.day(DAY) == day
    assert words.number(12345.6, 1) == number
    assert words.percent(0.634) == percent
    assert words.interval(Estimate(0.63, 0.58, 0.68, 9, "")) == percent.replace("63", "58–68")
    assert speech.date_input == field


def test_every_language_of_the_tables_can_be_written() -> None:
    from babel.localedata import locale_identifiers

    for tag in locale_identifiers():
        speech = speech_of(tag.replace("_", "-"))
        assert speech.day(DAY)
        known = ("YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY")
        assert speech.date_input.replace(".", "/").replace("-", "/") in known
        vega = speech.vega()
        assert speech is NEUTRAL or len(vega["time"]["shortMonths"]) == 12


def test_dates_in_sentences_are_told_and_file_names_left() -> None:
    speak("de-DE")
    said = words.sentence(
        "due from 2026-03-14 to 2026-04-11; see 2026-03-14_top.jpg, 2026-03-14.jpg"
    )
    assert said == ("Due from 14.03.2026 to 11.04.2026; see 2026-03-14_top.jpg, 2026-03-14.jpg.")
    assert words.days_in("2026-02-31") == "2026-02-31"
