"""How dates and numbers are written for the person who looks on (Babel's tables).

The page says once per run whose language it is; everything that turns a number into words asks
here. Without a known language: ``14 Mar 2026``, ``63 %``, ``12 345.6``.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

NO_BREAK = "\u00a0"
THIN = "\u202f"


@dataclass(frozen=True)
class Speech:
    """One language's way with dates and numbers."""

    locale: Locale | None
    decimal: str = "."
    group: str = THIN
    percent_gap: str = NO_BREAK
    """Between a number and its per cent sign."""

    def day(self, when: date) -> str:
        if self.locale is None:
            return f"{when.day} {when:%b %Y}"
        return format_date(when, "medium", locale=self.locale)

    @property
    def date_input(self) -> str:
        """One of the patterns that Streamlit's date fields know."""
        if self.locale is None:
            return "DD/MM/YYYY"
        short = self.locale.date_formats["short"].pattern
        mark = next((c for c in short if c in "/.-"), "/")
        places = sorted("dMy", key=lambda letter: short.find(letter))
        words = {"d": "DD", "M": "MM", "y": "YYYY"}
        pattern = mark.join(words[letter] for letter in places)
        known = {"YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY"}
        return pattern if pattern.replace(mark, "/") in known else f"YYYY{mark}MM{mark}DD"

    @property
    def table_date(self) -> str:
        """The same for the dates of an editable table."""
        return self.date_input if self.locale is not None else "D MMM YYYY"

    def vega(self) -> dict[str, Any]:
        """Names of months and signs of numbers for charts; empty for the charts' own English."""
        if self.locale is None:
            return {}
        months = self.locale.months["stand-alone"]
        days = self.locale.days["stand-alone"]
        week = (6, 0, 1, 2, 3, 4, 5)
        return {
            "number": {
                "decimal": self.decimal,
                "thousands": self.group,
                "grouping": [3],
                "currency": ["", ""],
                "percent": f"{self.percent_gap}%",
            },
            "time": {
                "dateTime": "%x, %X",
                "date": "%d/%m/%Y",
                "time": "%H:%M:%S",
                "periods": ["AM", "PM"],
                "days": [days["wide"][d] for d in week],
                "shortDays": [days["abbreviated"][d] for d in week],
                "months": [months["wide"][m] for m in range(1, 13)],
                "shortMonths": [months["abbreviated"][m] for m in range(1, 13)],
            },
        }


NEUTRAL = Speech(None)
_CURRENT: ContextVar[Speech] = ContextVar("speech", default=NEUTRAL)


def speak(tag: str | None) -> Speech:
    """Write for this language from now on, in this thread; one that is not known is neutral."""
    speech = speech_of(tag or "")
    _CURRENT.set(speech)
    return speech


def speech() -> Speech:
    """How to write here."""
    return _CURRENT.get()


@lru_cache(maxsize=64)
def speech_of(tag: str) -> Speech:
    try:
        locale = Locale.parse(tag.strip(), sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        return NEUTRAL
    signs = locale.number_symbols.get("latn", {})
    pattern = locale.percent_formats[None].pattern
    gap = NO_BREAK if pattern.rstrip("%\u200e\u200f")[-1:] in (NO_BREAK, THIN, " ") else ""
    return Speech(locale, signs.get("decimal", "."), signs.get("group", THIN), gap)
