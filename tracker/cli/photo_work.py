"""The commands `photo ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tracker.cli.listing import listed
from tracker.cli.record_work import content, day, edited, warn
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal
from tracker.photos import PhotoError
from tracker.records import DateSource
from tracker.report.publish import check_file
from tracker.storage.errors import StoreError
from tracker.storage.filing import check_view, describe_photo, file_photos
from tracker.storage.overview import list_clients, timeline
from tracker.storage.store import Store
from tracker.storage.vault import Shelf, checked_get

COLUMNS = ("photo", "version", "client", "name", "view", "date", "from", "stage", "device", "")


def add(
    store: Store,
    code: str,
    files: list[Path],
    *,
    view: str | None,
    taken_on: str | None,
    mm_per_px: float | None,
    terminal: Terminal,
) -> int:
    """File photos; exit status 1 where a file is no usable photo."""
    store.client(code)  # before the files are read: a wrong code is said at once
    when = day(taken_on, "--date")
    incoming, refused = [], []
    for file in files:
        try:
            photo, remarks = describe_photo(
                file, today=store.today, view=view, taken_on=when, mm_per_px=mm_per_px
            )
        except PhotoError as error:
            if len(files) == 1:
                raise
            refused.append({"photo": error.name, "reason": f"{error.what}; {error.remedy}"})
            continue
        incoming.append(photo)
        warn(terminal, remarks)
    filed = file_photos(store, code, incoming)
    warn(terminal, filed.notes)
    for row in refused:
        terminal.failure(f"{row['photo']}: not kept: {row['reason']}")
    terminal.result(
        f"{len(filed.added)} photos kept for {code}, {len(filed.known)} were there already",
        {
            "client": code,
            "added": [photo.name for photo in filed.added],
            "known": [photo.name for photo in filed.known],
            "refused": refused,
            "notes": filed.notes,
        },
    )
    return SOME_REFUSED if refused else DONE


def list_of(store: Store, code: str | None, undated: bool, terminal: Terminal) -> int:
    """List photos with their computed stage: of one client or of all."""
    codes = [code] if code else [line.client.record.code for line in list_clients(store)]
    rows: list[tuple[Any, ...]] = []
    facts: list[dict[str, Any]] = []
    for one in codes:
        for dated in timeline(store, one).photos:
            photo = dated.photo.record
            if undated and not photo.needs_date:
                continue
            asks = "asks for a date" if photo.needs_date else ""
            rows.append(
                (
                    dated.photo.id,
                    dated.photo.version,
                    one,
                    photo.name,
                    photo.view,
                    photo.captured_on,
                    photo.date_source.value,
                    dated.stage.value,
                    photo.device,
                    asks,
                )
            )
            facts.append(
                {
                    "client": one,
                    **content(dated.photo),
                    "stage": dated.stage,
                    "days_since_session": dated.days_since_session,
                    "needs_date": photo.needs_date,
                }
            )
    empty = "no photo asks for a date" if undated else "no photos yet"
    terminal.result(listed(COLUMNS, rows, empty=empty), {"photos": facts})
    return DONE


def edit(
    store: Store,
    number: int,
    if_version: int | None,
    *,
    taken_on: str | None,
    view: str | None,
    mm_per_px: float | None,
    terminal: Terminal,
) -> int:
    """Change what a person knows better than the file: date, view, scale."""
    _, kept = store.photo(number)
    when = day(taken_on, "the date")
    changed = edited(
        kept,
        f"photo {kept.record.name}",
        if_version,
        {
            "captured_on": when,
            "date_source": None if when is None else DateSource.TYPED,
            "view": None if view is None else check_view(view),
            "mm_per_px": mm_per_px,
        },
    )
    warn(terminal, store.change_photo(changed))
    _, now = store.photo(number)
    terminal.result(f"photo {now.record.name} changed, version {now.version}", content(now))
    return DONE


def save(store: Store, number: int, out: Path, *, overwrite: bool, terminal: Terminal) -> int:
    """Write a photo's original, byte for byte, to a file."""
    check_file(out, overwrite=overwrite)
    _, kept = store.photo(number)
    data = checked_get(store.vault, Shelf.ORIGINALS, kept.record.sha256)
    part = out.with_name(f".{out.name}.part")
    try:
        part.write_bytes(data)
        part.replace(out)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreError(str(out), f"cannot be written ({reason})", "check the disk") from error
    finally:
        part.unlink(missing_ok=True)
    terminal.result(
        f"{out}: {kept.record.name}, {len(data)} bytes",
        {"out": str(out), "photo": kept.record.name, "sha256": kept.record.sha256},
    )
    return DONE
