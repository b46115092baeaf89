"""The optional records beside a client's photos: sessions.csv, client.toml and zones.json.

A file that cannot be understood ends in a `FolderError` of one line that names file, line and
remedy; unknown columns and entries are reported and ignored, so that files can say more.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from tracker.one_line import one_line, plain
from tracker.records import Goal, MedicalFlag, PigmentKind, Plan
from tracker.records.rules import SKIN_TYPES
from tracker.series import PolygonZone, Session

CLIENT_FILE = "client.toml"
SESSIONS_FILE = "sessions.csv"
ZONES_FILE = "zones.json"
CORRECTIONS_FILE = "corrections.json"

VIEWS = ("front", "top", "crown", "left", "right", "back", "close-up")
VIEW_WORDS = {view: view for view in VIEWS} | {
    "closeup": "close-up",
    "macro": "close-up",
    "vertex": "crown",
    "nape": "back",
}


class FolderError(Exception):
    """A folder or a record file in it that cannot be used; the text is one line.

    Attributes
    ----------
    name : str
        The folder or file, with the line where there is one.
    what : str
        What is wrong.
    remedy : str
        What a person can do about it.
    """

    def __init__(self, name: str, what: str, remedy: str) -> None:
        self.name, self.what, self.remedy = name, plain(what), plain(remedy)
        super().__init__(one_line(name, self.what, self.remedy))


LARGEST_BYTES = 4_000_000
"""Of a record file: a hundred times what a client fills in years."""
MOST_SESSIONS = 1_000


def read_text(path: Path) -> str | None:
    """Text of an optional record file, as UTF-8 or as Windows spreadsheets write it."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FolderError(path.name, "cannot be opened", "check its permissions") from error
    if len(data) > LARGEST_BYTES:
        raise FolderError(
            path.name,
            f"is larger than {LARGEST_BYTES // 1_000_000} MB",
            "put another file there, or none",
        )
    if b"\0" in data:
        raise FolderError(path.name, "is no plain text", "save it as text in UTF-8 (CSV UTF-8)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")  # old spreadsheets write \r alone


def _check_texts(content: Any, place: str) -> None:
    """Refuse texts that no database keeps: escapes of JSON and TOML can write them."""
    match content:
        case str():
            if "\0" in content or any("\ud800" <= c <= "\udfff" for c in content):
                raise FolderError(
                    place, "holds a character that is none (\\u0000 or half a sign)", "delete it"
                )
        case dict():
            for key, value in content.items():
                _check_texts(key, place)
                _check_texts(value, place)
        case list():
            for value in content:
                _check_texts(value, place)


_NOT_ORDINARY = (
    "holds a number of thousands of digits, or lists within lists without end",
    "write it as docs/cli.md shows",
)

SESSION_COLUMNS = (
    "date",
    "method",
    "device",
    "wavelength_nm",
    "fluence_j_cm2",
    "spot_mm",
    "zones",
    "cost",
    "currency",
    "pain",
    "notes",
)


def read_sessions(path: Path) -> tuple[tuple[Session, ...], list[str]]:
    """Sessions of a sessions.csv by date, and notes on it; a missing file is no sessions."""
    text = read_text(path)
    if text is None or not text.strip():
        return (), []
    header = text.lstrip().splitlines()[0]
    # Spreadsheets of half of Europe write semicolons, and decimal commas.
    separator = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    columns = [(name or "").strip().lower() for name in reader.fieldnames or []]
    if "date" not in columns:
        raise FolderError(
            f"{path.name}, line 1",
            "has no column `date`",
            "begin with " + ",".join(SESSION_COLUMNS),
        )
    reader.fieldnames = columns
    notes = [
        f"{path.name}: column `{name}` is not known and not used"
        for name in columns
        if name and name not in SESSION_COLUMNS
    ]
    sessions: list[Session] = []
    for row in _rows(reader, path.name):
        if len(sessions) == MOST_SESSIONS:
            raise FolderError(
                path.name, f"holds more than {MOST_SESSIONS} sessions", "keep one client's only"
            )
        fields = {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
        if any(fields.values()):
            if None in row:
                raise FolderError(
                    f"{path.name}, line {reader.line_num}",
                    "has more fields than the first line",
                    "put a text that holds a comma into double quotes",
                )
            sessions.append(_session(fields, f"{path.name}, line {reader.line_num}"))
    return tuple(sorted(sessions, key=lambda s: s.date)), notes


def _rows(reader: csv.DictReader[str], file: str) -> Iterator[dict[str, str]]:
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise FolderError(
                f"{file}, line {reader.line_num}",
                f"cannot be read ({error})",
                "close the double quotes in it",
            ) from error
        if row is None:
            return
        yield row


def _session(fields: Mapping[str, str], place: str) -> Session:
    try:
        day = date.fromisoformat(fields["date"])
    except ValueError:
        raise FolderError(
            place, f"`{fields['date']}` is no date", "write it as YYYY-MM-DD"
        ) from None
    pain = _number(fields.get("pain", ""), "pain", place)
    if pain is not None and not (pain.is_integer() and 0 <= pain <= 10):
        raise FolderError(place, f"pain is {fields['pain']}", "give a whole number from 0 to 10")
    return Session(
        date=day,
        method=fields.get("method", ""),
        device=fields.get("device", ""),
        wavelength_nm=_number(fields.get("wavelength_nm", ""), "wavelength_nm", place),
        fluence_j_cm2=_number(fields.get("fluence_j_cm2", ""), "fluence_j_cm2", place),
        spot_mm=_number(fields.get("spot_mm", ""), "spot_mm", place),
        zones=tuple(z.strip() for z in re.split(r"[;,|]", fields.get("zones", "")) if z.strip()),
        cost=_number(fields.get("cost", ""), "cost", place),
        currency=fields.get("currency", ""),
        pain=None if pain is None else int(pain),
        notes=fields.get("notes", ""),
    )


def _number(text: str, column: str, place: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise FolderError(place, f"{column} is `{text}`", "give a plain number, without its unit")
    return value


_PLAN_KEYS = (
    "name",
    "goal",
    "target",
    "zones",
    "skin_type",
    "smp_date",
    "mm_per_px",
    "marker_mm",
    "method",
    "spacing_days",
    "price",
    "currency",
    "pigment",
    "flags",
)


def read_plan(path: Path) -> tuple[Plan, list[str]]:
    """Plan of a client.toml, and notes on it; a missing file is an empty plan."""
    text = read_text(path)
    if text is None:
        return Plan(), []
    try:
        table = tomllib.loads(text)
        _check_texts(table, path.name)
    except tomllib.TOMLDecodeError as error:
        raise FolderError(path.name, f"is not valid TOML ({error})", "mend that line") from error
    except (RecursionError, ValueError) as error:  # a number of thousands of digits
        raise FolderError(path.name, *_NOT_ORDINARY) from error
    notes = [
        f"{path.name}: `{key}` is not known and not used" for key in table if key not in _PLAN_KEYS
    ]
    goal = _goal(table, path.name)
    target = _fraction(table, path.name)
    if target is None and goal is not None:
        target = goal.default_target
    skin_type = str(table.get("skin_type", "")).strip().upper()
    if skin_type and skin_type not in SKIN_TYPES:
        raise FolderError(
            path.name, f"skin_type is `{skin_type}`", "give one of " + ", ".join(SKIN_TYPES)
        )
    zones = table.get("zones", [])
    if not (isinstance(zones, list) and all(isinstance(z, str) for z in zones)):
        raise FolderError(path.name, "zones is no list of names", 'write zones = ["hairline"]')
    plan = Plan(
        client=str(table.get("name", "")).strip(),
        goal=goal,
        target=target,
        zones=tuple(zones),
        skin_type=skin_type,
        smp_date=_day(table, "smp_date", path.name),
        mm_per_px=_positive(table, "mm_per_px", path.name),
        marker_mm=_positive(table, "marker_mm", path.name),
        method=str(table.get("method", "")).strip(),
        spacing_days=_days(table, path.name),
        price=_positive(table, "price", path.name),
        currency=str(table.get("currency", "")).strip(),
        pigment=_one_of(table.get("pigment"), PigmentKind, "pigment", path.name),
        flags=tuple(
            flag
            for words in _flag_list(table, path.name)
            if (flag := _one_of(words, MedicalFlag, "flags", path.name)) is not None
        ),
    )
    return plan, notes


Word = TypeVar("Word", bound=StrEnum)


def _one_of(words: Any, known: type[Word], key: str, file: str) -> Word | None:
    if words is None:
        return None
    try:
        return known(" ".join(str(words).lower().split()))
    except ValueError:
        raise FolderError(
            file, f"{key} holds `{words}`", "give one of " + ", ".join(known)
        ) from None


def _flag_list(table: Mapping[str, Any], file: str) -> list[Any]:
    flags = table.get("flags", [])
    if not isinstance(flags, list):
        raise FolderError(file, "flags is no list", 'write flags = ["recent sun"]')
    return flags


def _days(table: Mapping[str, Any], file: str) -> int | None:
    days = _positive(table, "spacing_days", file)
    if days is not None and not days.is_integer():
        raise FolderError(file, f"spacing_days is `{days:g}`", "give whole days, such as 42")
    return None if days is None else int(days)


def _goal(table: Mapping[str, Any], file: str) -> Goal | None:
    if "goal" not in table:
        return None
    words = re.sub(r"[-_/ ]+", " ", str(table["goal"]).strip().lower())
    words = {"redesign": "correction", "correction redesign": "correction"}.get(words, words)
    try:
        return Goal(words)
    except ValueError:
        raise FolderError(
            file, f"goal is `{table['goal']}`", "give one of " + ", ".join(Goal)
        ) from None


def _day(table: Mapping[str, Any], key: str, file: str) -> date | None:
    if key not in table:
        return None
    try:
        return date.fromisoformat(str(table[key]))  # TOML's own dates print as ISO
    except ValueError:
        raise FolderError(file, f"{key} is `{table[key]}`", "write it as YYYY-MM-DD") from None


def _fraction(table: Mapping[str, Any], file: str) -> float | None:
    value = _positive(table, "target", file)
    if value is not None and value > 1:
        value /= 100  # 95 can only mean per cent
    if value is not None and value > 1:
        raise FolderError(file, f"target is {table['target']}", "give a share such as 0.95")
    return value


def _positive(table: Mapping[str, Any], key: str, file: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        number = float(value) if is_number else math.nan
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not (math.isfinite(number) and number > 0):
        raise FolderError(file, f"{key} is `{value}`", "give a number above 0")
    return number


def read_entries(path: Path, key: str) -> list[Any]:
    """The list under `key` of a JSON file, or the file's own list; empty where there is no file.

    Raises
    ------
    FolderError
        If the file is no JSON or holds no such list.
    """
    text = read_text(path)
    if text is None:
        return []
    try:
        content = json.loads(text)
        _check_texts(content, path.name)
    except json.JSONDecodeError as error:
        raise FolderError(
            f"{path.name}, line {error.lineno}",
            f"is not valid JSON ({error.msg})",
            "mend that line",
        ) from error
    except (RecursionError, ValueError) as error:  # a number of thousands of digits
        raise FolderError(path.name, *_NOT_ORDINARY) from error
    entries = content.get(key) if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise FolderError(path.name, f"holds no list of {key}", f'write {{"{key}": [...]}}')
    return entries


def read_zones(path: Path) -> tuple[PolygonZone, ...]:
    """Read `zones.json`: ``{"zones": [{"name", "view", "vertices_px": [[x, y], ...]}, ...]}``.

    A missing file is no zones; raises `FolderError` for one that cannot be understood.
    """
    entries = read_entries(path, "zones")
    zones = tuple(_zone(entry, f"{path.name}, zone {i}") for i, entry in enumerate(entries, 1))
    for (_, name), n in Counter((zone.view, zone.name) for zone in zones).items():
        if n > 1:
            raise FolderError(
                path.name, f"names zone `{name}` twice for one view", "give each zone its own name"
            )
    return zones


def _zone(entry: Any, place: str) -> PolygonZone:
    if not isinstance(entry, dict) or not str(entry.get("name", "")).strip():
        raise FolderError(place, "has no name", 'write {"name": "...", "vertices_px": [...]}')
    view = str(entry.get("view", "")).strip().lower()
    try:
        vertices = tuple((float(x), float(y)) for x, y in entry["vertices_px"])
    except (KeyError, TypeError, ValueError, OverflowError):
        vertices = ()
    if len(set(vertices)) < 3 or not all(math.isfinite(v) for xy in vertices for v in xy):
        raise FolderError(
            f"{place} (`{entry['name']}`)",
            "has no polygon",
            "give vertices_px as at least three [x, y] pairs in pixels of the baseline photo",
        )
    return PolygonZone(str(entry["name"]).strip(), VIEW_WORDS.get(view, view), vertices)
