"""Fonts that are shipped, and which characters none of them can draw."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

FONTS = Path(__file__).parent / "fonts"
FAMILIES = (
    "Noto Sans",
    "Noto Sans Hebrew",
    "Noto Sans Arabic",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Droid Sans Fallback",
)
"""In the order in which they are asked for a character."""
REPLACEMENT = "\ufffd"


@lru_cache(maxsize=1)
def drawable() -> frozenset[int]:
    """Code points that at least one shipped font has a glyph for."""
    found: set[int] = set()
    for path in sorted(FONTS.glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            found |= set(font.getBestCmap())
    return frozenset(found)


def _shown(letter: str) -> bool:
    # Spaces, joiners and marks of direction leave no ink and need no glyph.
    return ord(letter) in drawable() or unicodedata.category(letter) in ("Cf", "Zs", "Mn")


def missing_characters(text: str) -> tuple[str, ...]:
    """Characters of a text that no shipped font can draw, each once, in order."""
    return tuple(dict.fromkeys(letter for letter in text if not _shown(letter)))


def printable(text: str) -> str:
    """The text with what cannot be drawn replaced by a sign that says so."""
    plain = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return "".join(letter if _shown(letter) else REPLACEMENT for letter in plain)
