"""The letter: what a report says, in words of one language, as plain blocks to be laid out.

PDF and page print the same blocks, so they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Block:
    """One piece of a letter. Which fields it uses follows from its kind."""

    kind: str
    """heading, text, warning, bullets, facts, headline, table, pictures, chart."""
    text: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()
    align: str = ""
    """Of a table's columns: a letter each, l or r."""
    widths: tuple[float, ...] = ()
    """Of a table's columns, as shares; equal to their content without."""
    small: bool = False


@dataclass(frozen=True)
class Section:
    """Pages that begin anew, with the stamp that lies across them."""

    blocks: tuple[Block, ...]
    stamp: str = ""


@dataclass(frozen=True)
class Letter:
    """A whole report in one language."""

    language: str
    title: str
    clinic: str
    clinic_lines: tuple[str, ...]
    footer: str
    page_word: str
    made_on: str
    sections: tuple[Section, ...]
    alt: dict[str, str] = field(default_factory=dict)
    """What each picture shows, for who cannot see it."""


def heading(text: str) -> Block:
    return Block("heading", text)


def text(words: str, *, small: bool = False) -> Block:
    return Block("text", words, small=small)


def facts(*rows: tuple[str, str]) -> Block:
    """Label and value, without those that are empty."""
    return Block("facts", rows=tuple(row for row in rows if row[1]))


def table(
    head: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    align: str,
    widths: tuple[float, ...] = (),
    *,
    small: bool = False,
) -> Block:
    return Block("table", rows=tuple(rows), head=head, align=align, widths=widths, small=small)


def pictures(*pairs: tuple[str, str]) -> Block:
    """Pictures side by side: key and caption of each."""
    return Block("pictures", rows=pairs)


def bullets(items: list[str]) -> Block:
    return Block("bullets", items=tuple(items))
