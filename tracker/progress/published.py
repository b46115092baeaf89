"""Figures that removal practices have published, each with its source. Ranges, never promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SOURCES: Mapping[str, str] = {
    "G": "a first-hand removal guide",
    "P": "a practitioner's article on laser options and risks",
    "C": "a clinic's two-part expert guide (UK)",
    "T": "a hair-transplant clinic's page",
    "I": "an information page on SMP removal",
}


@dataclass(frozen=True)
class PublishedRange:
    """A range with the letters of its sources (`SOURCES`)."""

    low: float
    high: float
    unit: str
    sources: str
    about: str

    @property
    def cited(self) -> str:
        """The range with its sources named."""
        named = ", ".join(SOURCES[letter] for letter in self.sources)
        span = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        return f"{span} {self.unit}: {self.about} ({named})"


FIRST_SESSION = (
    PublishedRange(20, 40, "%", "C", "reduction after the first session"),
    PublishedRange(30, 40, "%", "P", "reduction after the first session"),
)
SECOND_SESSION = PublishedRange(50, 60, "%", "P", "reduction after the second session, in all")
SESSIONS_FULL = (
    PublishedRange(1, 2, "sessions", "T", "full removal"),
    PublishedRange(2, 4, "sessions", "G", "full removal"),
    PublishedRange(4, 8, "sessions", "P", "full removal"),
)
SESSIONS_FULL_LIGHT = (
    PublishedRange(2, 4, "sessions", "C", "full removal of mild work"),
    PublishedRange(3, 5, "sessions", "P", "full removal of light work"),
)
SESSIONS_FULL_DENSE = (
    PublishedRange(5, 7, "sessions", "C", "full removal of dense work"),
    PublishedRange(8, 12, "sessions", "P", "full removal of dense work"),
    PublishedRange(10, 10, "sessions", "T", "at most, with body-tattoo ink"),
)
SESSIONS_SOFT = (PublishedRange(2, 4, "sessions", "P", "soft fade, 40 to 60 % reduction"),)
PRICE_PER_SESSION = PublishedRange(200, 600, "USD", "P", "price of one session")
PRICE_IN_ALL = PublishedRange(1600, 4800, "USD", "P", "price in all")
NEAR_NATIVE = PublishedRange(70, 80, "% of cases", "P", "near-native skin at the end")
GHOSTING = PublishedRange(15, 25, "% of cases", "P", "residual shadow without visible dots")
SPACINGS = (
    PublishedRange(28, 42, "days", "C", "from one session to the next"),
    PublishedRange(28, 56, "days", "G", "from one session to the next"),
    PublishedRange(42, 42, "days", "I", "on the same patch"),
    PublishedRange(42, 56, "days", "P", "from one session to the next"),
)
LATE_SESSIONS = (8, 10)
"""Beyond these sessions it rarely improves and the risk rises [P]."""
LATE_ADVICE = (
    "Beyond 8 to 10 sessions the result rarely improves and the risk of scars rises "
    "(a practitioner's article). Ask the clinic whether to stop, wait, or change the method."
)


class Method(StrEnum):
    """What a session used, as far as its words tell."""

    Q_SWITCHED = "Q-switched Nd:YAG"
    PICOSECOND = "picosecond"
    ALEXANDRITE = "Alexandrite"
    COMBINATION = "combination"
    SALINE = "saline"
    SUPERFICIAL = "superficial"
    UNKNOWN = "not noted"


_WORDS = (
    (Method.COMBINATION, ("combin", "fraction", "755 + 1064", "755+1064")),
    (Method.PICOSECOND, ("pico",)),
    (Method.SALINE, ("saline", "salt")),
    (Method.SUPERFICIAL, ("peel", "glycol", "exfoli", "retin", "natural", "microderm")),
    (Method.ALEXANDRITE, ("alex",)),
    (Method.Q_SWITCHED, ("q-switch", "q switch", "qs ", "nd:yag", "ndyag", "nd-yag", "yag")),
)

METHOD_REMARKS: Mapping[Method, str] = {
    Method.Q_SWITCHED: "the workhorse (two sources)",
    Method.PICOSECOND: "30 to 50 % dearer, often fewer sessions; how many fewer no source says",
    Method.ALEXANDRITE: "for stubborn pigment; care on dark skin",
    Method.COMBINATION: "15 to 20 % fewer sessions reported (a practitioner's article)",
    Method.SALINE: "small areas, edges, stray dots; slower",
    Method.SUPERFICIAL: "reaches superficial pigment only",
    Method.UNKNOWN: "the session's method was not noted",
}
PRICE_FACTOR: Mapping[Method, tuple[float, float]] = {Method.PICOSECOND: (1.3, 1.5)}
"""How much dearer a session is than the workhorse's [G P C]."""


def method_of(words: str) -> Method:
    """Method of a session from the words that were noted."""
    low = f"{words.lower()} "
    return next((m for m, signs in _WORDS if any(s in low for s in signs)), Method.UNKNOWN)
