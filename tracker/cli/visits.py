"""The commands `session ...`."""

from __future__ import annotations

from typing import Any

from tracker.cli.listing import cell, listed
from tracker.cli.record_work import content, day, edited, warn
from tracker.cli.terminal import DONE, Terminal
from tracker.records import SessionKind, SessionRecord
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.store import Store

COLUMNS = {
    "id": "session",
    "version": "version",
    "date": "date",
    "kind": "kind",
    "method": "method",
    "device": "device",
    "wavelength_nm": "nm",
    "fluence_j_cm2": "J/cm2",
    "spot_mm": "mm",
    "passes": "passes",
    "zones": "zones",
    "pain": "pain",
    "cost": "cost",
    "currency": "",
    "operator": "operator",
    "notes": "notes",
}


def add(store: Store, code: str, date: str, fields: dict[str, Any], terminal: Terminal) -> int:
    when = day(date, "--date")
    assert when is not None
    known = {key: value for key, value in fields.items() if value is not None}
    kept, warnings = store.add_session(code, SessionRecord(when, **known))
    warn(terminal, warnings)
    terminal.result(
        f"session {kept.id} of {when} kept for {code}",
        {"client": code, **content(kept), "warnings": warnings},
    )
    return DONE


def edit(
    store: Store,
    number: int,
    if_version: int | None,
    date: str | None,
    fields: dict[str, Any],
    terminal: Terminal,
) -> int:
    _, kept = store.session(number)
    changed = edited(kept, f"session {number}", if_version, {"date": day(date, "--date"), **fields})
    warn(terminal, store.change_session(changed))
    _, now = store.session(number)
    terminal.result(f"session {number} changed, version {now.version}", content(now))
    return DONE


def remove(store: Store, number: int, if_version: int | None, terminal: Terminal) -> int:
    code, kept = store.session(number)
    if if_version is not None and if_version != kept.version:
        raise ChangedMeanwhileError(f"session {number}")
    store.remove_session(kept)
    terminal.result(
        f"session {number} of {kept.record.date} removed from {code}",
        {"client": code, **content(kept)},
    )
    return DONE


def list_of(store: Store, code: str, terminal: Terminal) -> int:
    sessions = store.sessions(code)
    rows = [content(kept) for kept in sessions]
    used = [key for key in COLUMNS if any(cell(row[key]) for row in rows)]
    terminal.result(
        listed(
            [COLUMNS[key] for key in used],
            [[row[key] for key in used] for row in rows],
            empty=f"client {code} has no sessions yet",
        ),
        {"client": code, "sessions": rows},
    )
    return DONE


def kind_of(patch_test: bool | None) -> SessionKind | None:
    if patch_test is None:
        return None
    return SessionKind.PATCH_TEST if patch_test else SessionKind.TREATMENT


def zones_of(zones: list[str] | None) -> tuple[str, ...] | None:
    """Zones as they were typed; an empty one means the whole scalp."""
    return None if not zones else tuple(zone.strip() for zone in zones if zone.strip())
