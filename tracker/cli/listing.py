"""Lists of records for people, drawn by rich; programs take `--json`."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

WIDE = 240
"""Columns where nobody's terminal sets a limit: a script must not find cells cut off."""


def listed(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str) -> str:
    """A table as text, or the sentence `empty` where there is nothing to list."""
    if not rows:
        return empty
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    draws_lines = (sys.stdout.encoding or "").lower().startswith("utf")
    table = Table(
        box=box.SIMPLE_HEAD if draws_lines else box.ASCII2,
        pad_edge=False,
        show_header=any(columns),
    )
    for name in columns:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        # Text: what a person wrote is shown as it is, never taken for markup.
        table.add_row(*(Text(cell(value)) for value in row))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDE
    drawn = io.StringIO()
    Console(file=drawn, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in drawn.getvalue().strip("\n").splitlines()).strip(
        "\n"
    )


def cell(value: Any) -> str:
    """A value as people read it; nothing is shown for what is not known."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
