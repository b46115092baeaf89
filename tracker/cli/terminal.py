"""What a command says, and where: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import math
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # help must not wait for the measuring parts
    from tracker.series import Progress

DONE = 0
SOME_REFUSED = 1
UNUSABLE = 2
INTERRUPTED = 130
"""What shells report for a program stopped by Ctrl-C."""


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What steers a terminal or turns text round instead of being shown."""


def visible(text: str) -> str:
    """Text as it may be shown: a name or note that a person wrote must not steer the terminal."""
    return _UNSEEN.sub("?", text)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Being told to end, as by `make`, is like Ctrl-C: servers stop, half a result goes."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class UnusableError(Exception):
    """Wrong usage or unusable input, found by a command itself; the text is one line."""


@dataclass(frozen=True)
class Terminal:
    """How much a command says, and whether standard output is for a program.

    Attributes
    ----------
    as_json : bool
        Standard output holds one JSON document and nothing else.
    quiet : bool
        Nothing but failures is said.
    verbose : bool
        Notes on single files are said too.
    for_collector : bool
        Standard error is a log that a program collects: remarks and lines on single files, which name
        them, are left out.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    for_collector: bool = False

    def result(self, text: str, content: Any) -> None:
        """Say the result: `text` to a person, `content` to a program."""
        if self.as_json:
            print(json.dumps(_plain(content), indent=1, allow_nan=False, ensure_ascii=False))
        elif not self.quiet:
            print(visible(text))

    def remark(self, text: str) -> None:
        """Say what a person should know but need not act on."""
        if not self.quiet and not self.for_collector:
            _say(text)

    def detail(self, text: str) -> None:
        """Say what only `-v` asks for."""
        if self.verbose and not self.for_collector:
            _say(text)

    def failure(self, text: str) -> None:
        """Say what went wrong; silenced for a collector alone, whose log tells how many."""
        if not self.for_collector:
            _say(text)

    @contextmanager
    def progress(self, title: str) -> Iterator[Progress]:
        """A progress bar on standard error, only where that is a terminal."""
        if self.quiet or self.for_collector or not sys.stderr.isatty():
            yield lambda _share, _sentence: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.fields[title]}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=1.0, title=title)
            yield lambda share, sentence: bar.update(task, completed=share, description=sentence)


def _say(text: str) -> None:
    print(visible(" ".join(text.split())), file=sys.stderr, flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def percent(share: float | None) -> str:
    """A share as people read it; an unknown one is a dash."""
    return f"{100 * share:.1f} %" if share is not None and math.isfinite(share) else "-"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Columns lined up by spaces; the first row is the heading."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
