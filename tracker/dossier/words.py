"""A report's words in English, Spanish and German: gettext catalogues, dates and numbers.

English texts are the keys. A sentence of the engine, which comes with figures filled in, is
recognised by its pattern (`engine_sentences`); one that no catalogue knows stays English.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from tracker.dossier.engine_sentences import PATTERNS
from tracker.measure.results import Estimate
from tracker.storage.clinic_settings import Language

LOCALE = Path(__file__).parent / "locale"
NO_VALUE = "–"
THIN = "\u202f"
"""Narrow space that does not break, between a number and its unit."""


@lru_cache
def catalogue(language: Language) -> dict[str, str]:
    """Translations of a language by their English text; none for English itself."""
    if language is Language.ENGLISH:
        return {}
    with (LOCALE / f"{language.value}.po").open("rb") as file:
        messages = read_po(file, locale=language.value)
    return {
        str(message.id): str(message.string)
        for message in messages
        if message.id and message.string
    }


@lru_cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    made = []
    for pattern in PATTERNS:
        parts = re.split(r"(\{\w+\})", pattern)
        text = "".join(
            f"(?P<{part[1:-1]}>.+?)" if part.startswith("{") else re.escape(part) for part in parts
        )
        made.append((re.compile(text + r"\Z", re.DOTALL), pattern))
    return tuple(made)


class Words:
    """Texts, numbers and dates as one language writes them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._known = catalogue(language)
        self._locale = Locale.parse("en_GB" if language is Language.ENGLISH else language.value)

    def __call__(self, text: str, **values: object) -> str:
        """The text in this language, with its values filled in."""
        return (
            self._known.get(text, text).format(**values) if values else self._known.get(text, text)
        )

    def engine(self, text: str) -> str:
        """A sentence of the engine in this language; English where it is not known."""
        if self.language is Language.ENGLISH or not text:
            return text
        if text in self._known:
            return self._known[text]
        for known, pattern in _compiled():
            found = known.match(text)
            if found and pattern in self._known:
                values = {name: self.engine(value) for name, value in found.groupdict().items()}
                return self._known[pattern].format(**values)
        if "; " in text:
            return "; ".join(self.engine(part) for part in text.split("; "))
        return text

    def day(self, day: date | None) -> str:
        """A date in words; a dash for none."""
        if day is None:
            return NO_VALUE
        return format_date(
            day,
            "d MMM yyyy" if self.language is Language.ENGLISH else "medium",
            locale=self._locale,
        )

    def long_day(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)

    def moment(self, at: datetime) -> str:
        """A moment of UTC, to the minute."""
        return f"{self.long_day(at.date())}, {at:%H:%M} UTC"

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with a fixed count of decimals; a dash where it was not measured."""
        if value is None or not math.isfinite(value):
            return NO_VALUE
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(round(value, digits) + 0.0, pattern, locale=self._locale)

    def percent(self, share: float | None) -> str:
        if share is None or not math.isfinite(share):
            return NO_VALUE
        return f"{self.number(100 * share)}{THIN}%"

    def interval(self, estimate: Estimate) -> str:
        """The 95 % interval of a share."""
        if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
            return NO_VALUE
        return self(
            "{low} to {high}",
            low=self.number(100 * estimate.low),
            high=self.percent(estimate.high),
        )

    def estimate(self, estimate: Estimate, digits: int) -> str:
        """A value with its interval."""
        if not estimate.measured:
            return NO_VALUE
        low, high = self.number(estimate.low, digits), self.number(estimate.high, digits)
        return (
            f"{self.number(estimate.value, digits)} ({self('{low} to {high}', low=low, high=high)})"
        )
