"""A manifest: a CSV or Excel table that says whose photo each file is.

Columns `photo` (path below the root) and `client`; optional `view`, `date`, and for a client's
baseline `mm_per_px` or `marker_mm`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from tracker.batch.found import (
    Failure,
    Found,
    FoundClient,
    FoundPhoto,
    Kind,
    no_folder_name,
)
from tracker.batch.layout import N_WITNESSES, assemble, is_photo
from tracker.batch.places import Place
from tracker.folder import RECORD_FILES, view_in_name
from tracker.record_files import VIEW_WORDS, FolderError

COLUMNS = ("photo", "client", "view", "date", "mm_per_px", "marker_mm")
EXCEL_SUFFIXES = (".xlsx", ".xlsm")


def find_by_manifest(root: Place, manifest: Path) -> Found:
    """Photos that a manifest names.

    Raises
    ------
    FolderError
        If the manifest cannot be read, lacks a column, or names no photo that is there.
    """
    rows = list(_rows(manifest))
    failures: list[Failure] = []
    wanted: dict[str, dict[str, str]] = {}
    for line, row in rows:
        trouble = _trouble(row, wanted)
        if trouble:
            what, remedy = trouble
            failures.append(
                Failure(
                    row["client"],
                    row["photo"],
                    row["view"],
                    Kind.LAYOUT,
                    f"{manifest.name}, line {line}: {what}",
                    remedy,
                )
            )
        else:
            wanted[_path(row)] = row
    there = root.stats(wanted)
    photos: dict[str, list[FoundPhoto]] = {}
    scales: dict[str, tuple[float | None, float | None]] = {}
    for path, row in wanted.items():
        entry = there.get(path)
        client = row["client"]
        if entry is None:
            failures.append(
                Failure(
                    client,
                    row["photo"],
                    row["view"],
                    Kind.UNREADABLE,
                    "is named in the manifest but is not there",
                    "check the name and the folder",
                )
            )
            continue
        word = row["view"].lower()
        view = VIEW_WORDS.get(word, word) or view_in_name(path)
        name = path.replace("/", "_")
        day = _day(row["date"])
        photos.setdefault(client, []).append(
            FoundPhoto(path, name, view, entry.size, entry.stamp, day)
        )
        known = scales.get(client, (None, None))
        scales[client] = (
            known[0] or _number(row["mm_per_px"]),
            known[1] or _number(row["marker_mm"]),
        )
    if not photos:
        root.check()
        raise FolderError(manifest.name, "names no photo that is there", f"check {root.url}")
    records = root.stats(f"{client}/{file}" for client in photos for file in RECORD_FILES)
    by_client: dict[str, list[tuple[str, int, str]]] = {}
    for entry in records.values():
        by_client.setdefault(entry.path.split("/")[0], []).append(
            (entry.path, entry.size, entry.stamp)
        )
    clients = [
        FoundClient(name, tuple(some), tuple(sorted(by_client.get(name, ()))), *scales[name])
        for name, some in photos.items()
    ]
    tops = sorted({path.split("/")[0] for path in there})
    step = max(1, len(tops) // N_WITNESSES)
    return assemble(clients, failures, tuple(tops[::step][:N_WITNESSES]))


def _path(row: dict[str, str]) -> str:
    return PurePosixPath(row["photo"].replace("\\", "/")).as_posix()


def _trouble(row: dict[str, str], wanted: dict[str, dict[str, str]]) -> tuple[str, str] | None:
    path = PurePosixPath(_path(row))
    if not row["photo"] or not row["client"]:
        return "has no photo or no client", "fill in both"
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "the photo lies outside the root", "give its path below the root"
    unfit = no_folder_name(row["client"].replace("\\", "/"))
    if unfit:
        return f"`{row['client']}` {unfit}", "give the client a plainer name"
    if not is_photo(path.name):
        return "is no photo by its name", "name a photo file"
    if path.as_posix() in wanted:
        return "names a photo that an earlier line names too", "remove one of the lines"
    if row["date"] and _day(row["date"]) is None:
        return f"`{row['date']}` is no date", "write it as YYYY-MM-DD"
    for column in ("mm_per_px", "marker_mm"):
        if row[column] and _number(row[column]) is None:
            return f"{column} is `{row[column]}`", "give a number above 0"
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10]) if text.strip() else None
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _rows(manifest: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, row) with every column of `COLUMNS` as text."""
    lines = iter(_excel(manifest) if manifest.suffix.lower() in EXCEL_SUFFIXES else _csv(manifest))
    head = [name.strip().lower() for name in next(lines, [])]
    for name in ("photo", "client"):
        if name not in head:
            raise FolderError(
                f"{manifest.name}, line 1", f"has no column `{name}`", "begin with photo,client"
            )
    for number, cells in enumerate(lines, start=2):
        row = dict.fromkeys(COLUMNS, "")
        row |= {
            name: cell.strip() for name, cell in zip(head, cells, strict=False) if name in COLUMNS
        }
        if any(row.values()):
            yield number, row


def _csv(manifest: Path) -> list[list[str]]:
    try:
        data = manifest.read_bytes()
    except FileNotFoundError:
        raise FolderError(str(manifest), "there is no such file", "check the name") from None
    except OSError as error:
        raise FolderError(str(manifest), "cannot be opened", "check its permissions") from error
    if data[:2] == b"PK":
        raise FolderError(manifest.name, "is no CSV file", "name an Excel file .xlsx")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    return list(csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True))


def _excel(manifest: Path) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(manifest, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        book.close()
    except FileNotFoundError:
        raise FolderError(str(manifest), "there is no such file", "check the name") from None
    # Damaged workbooks raise whatever the part that is damaged raises.
    except Exception as error:
        raise FolderError(
            manifest.name, "cannot be read as an Excel file", "save it again, or as CSV"
        ) from error
    return rows


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
