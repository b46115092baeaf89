"""A refusal as one line for a person, whatever the file that is refused holds.

The words of a file are quoted in messages, and messages go to terminals and logs: what steers a
terminal is shown as ? instead, and what would fill the screen is cut.
"""

from __future__ import annotations

LONGEST = 600
"""Characters of one part: more than any path, less than a screen."""
_JOINERS = "\u200c\u200d"
"""Invisible, but part of how some scripts and signs are written."""


def plain(text: str) -> str:
    """Text on one line, without control characters, at most `LONGEST` characters."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    text = " ".join(text.split())
    return "".join(c if c.isprintable() or c in _JOINERS else "?" for c in text)


def one_line(name: str, what: str, remedy: str) -> str:
    """What is refused, what is wrong with it and what to do, on one line."""
    return f"{plain(name)}: {plain(what)}; {plain(remedy)}"
