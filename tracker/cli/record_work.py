"""What the commands on records share: opening the store, dates, choices, changed fields."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from tracker.cli.terminal import Terminal, UnusableError
from tracker.records.timeline import DEFAULT_TIMELINE, TimelineSettings
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.opening import open_store
from tracker.storage.rows import Kept
from tracker.storage.store import Store
from tracker.storage.unlocking import environment_passphrase

Record = TypeVar("Record")
Word = TypeVar("Word", bound=StrEnum)


def opened(store: str | None, vault: str | None, *, create: bool = False) -> Store:
    """The store that `--store` and `--vault` name."""
    return open_store(store, vault=vault, create=create, words=asked_passphrase)


def asked_passphrase(of: str = "the records") -> str | None:
    """The passphrase of the environment, or typed by whoever sits at the terminal."""
    said = environment_passphrase()
    if said is None and sys.stdin.isatty():
        said = getpass.getpass(f"passphrase of {of}: ") or None
    return said


def day(text: str | None, option: str) -> date | None:
    """A date that was typed; raises `UnusableError`."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnusableError(f"{option} is `{text}`; write the date as YYYY-MM-DD") from None


def choice(text: str | None, words: type[Word], option: str) -> Word | None:
    """One of a few words, whatever its case and dashes; raises `UnusableError`."""
    if text is None:
        return None
    plain = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    try:
        return words(plain)
    except ValueError:
        raise UnusableError(f"{option} is `{text}`; give one of {', '.join(words)}") from None


def timeline_settings(healed_days: int | None) -> TimelineSettings:
    """The timeline's days, with another day from which a photo counts as healed."""
    if healed_days is None:
        return DEFAULT_TIMELINE
    try:
        return replace(DEFAULT_TIMELINE, healed_days=healed_days)
    except ValueError:
        raise UnusableError(
            f"--healed-days is {healed_days}; give more than "
            f"{DEFAULT_TIMELINE.healing_days} days, in which the skin heals"
        ) from None


def edited(
    kept: Kept[Record], label: str, if_version: int | None, given: Mapping[str, Any]
) -> Kept[Record]:
    """A record with the given fields changed; fields that are None stay as they are.

    Raises
    ------
    ChangedMeanwhileError
        If the record is not at the version that the person has seen.
    """
    if if_version is not None and if_version != kept.version:
        raise ChangedMeanwhileError(label)
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        raise UnusableError(f"{label}: nothing to change was given; see --help")
    return replace(kept, record=replace(kept.record, **changes))  # type: ignore[type-var]


def content(kept: Kept[Any]) -> dict[str, Any]:
    """A record for `--json`, with its number and version."""
    return {"id": kept.id, "version": kept.version, **asdict(kept.record)}


def warn(terminal: Terminal, warnings: list[str] | tuple[str, ...]) -> None:
    for warning in warnings:
        terminal.remark(warning)
