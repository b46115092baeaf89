"""Text that a spreadsheet shows instead of running it."""

from __future__ import annotations

from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "|", "%")
"""What a spreadsheet may take for a formula at the start of a cell."""


def safe_cell(text: str) -> str:
    """Text that no spreadsheet runs: a leading apostrophe where it could be taken for a formula."""
    return "'" + text if text.lstrip(" \ufeff").startswith(FORMULA_STARTS) else text


def safe_value(value: Any) -> Any:
    """The value; text as `safe_cell` gives it. A negative number stays a number."""
    return safe_cell(value) if isinstance(value, str) else value
