"""What is fuzzed: a reader of files from elsewhere, sound files to begin with, and what must hold.

Whatever the bytes, a reader gives a value that a store can keep or one of the project's own errors:
one short line of plain characters that names the file and holds a remedy. `check` is that property,
for the short run of `test_fuzz.py` and the long one of ``python -m benchmarks.fuzz``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from tests.hardening.damaged_photos import KINDS, damaged, odd_pictures, whole_photo
from tracker.correction_file import read_corrections
from tracker.photos import PhotoError, decode_photo, inspect_photo
from tracker.record_files import FolderError, read_plan, read_sessions, read_zones
from tracker.records import ClientRecord, RecordError, SessionRecord, TreatmentPlan
from tracker.records.rules import check_client, check_plan, check_sessions, check_zone

SAMPLES = Path(__file__).parents[2] / "sample_images"
TODAY = date(2026, 9, 1)
LONGEST_LINE = 1_500
"""Of a message; more is no line that a person reads."""
LARGEST_PHOTO_SEED = 60_000
OWN_ERRORS = (PhotoError, FolderError, RecordError)


@dataclass(frozen=True)
class Target:
    """A reader that takes a file's bytes, the file's name, and sound files to begin with."""

    file: str
    read: Callable[[Path], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()
    """What the reader looks for in a text."""


def check(name: str, data: bytes) -> bool:
    """Read the bytes; True where they gave a value. Raises AssertionError where the property fails."""
    target = TARGETS[name]
    path = _folder() / target.file
    path.write_bytes(data)
    try:
        value = target.read(path)
    except OWN_ERRORS as error:
        refused = error
    else:
        for text in _texts(value):
            assert "\0" not in text, f"no database keeps {text!r}"
            text.encode()  # nor a lone half of a surrogate pair
        return True
    line = str(refused)
    plain = line.replace("\u200c", "").replace("\u200d", "")  # parts of signs, invisible alone
    assert plain.isprintable(), f"not one line of plain characters: {line!r}"
    assert len(line) < LONGEST_LINE, f"a line of {len(line)} characters"
    # A record is named by its day or code where the file is past; a file names itself.
    assert isinstance(refused, RecordError) or target.file in line, line
    assert refused.what, line
    assert refused.remedy, line
    return False


@cache
def _folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="smp-fuzz-")
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []
"""Removed when the program ends."""


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _texts(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


# --- the readers, as an import calls them ---------------------------------------------------------


def _photo(path: Path) -> object:
    data = path.read_bytes()
    header = inspect_photo(data, path.name)
    photo = decode_photo(data, path.name)
    assert photo.srgb.ndim == 3, photo.srgb.shape
    assert photo.srgb.shape[2] == 3, photo.srgb.shape
    assert photo.srgb.shape[:2] == (header.height_px, header.width_px), photo.srgb.shape
    return photo.name, photo.camera, photo.notes, header


def _sessions(path: Path) -> object:
    sessions, notes = read_sessions(path)
    records = [SessionRecord(**vars(session)) for session in sessions]
    return sessions, notes, check_sessions(records, ClientRecord("C-1"), today=TODAY)


def _plan(path: Path) -> object:
    plan, notes = read_plan(path)
    check_client(ClientRecord("C-1", plan.client, smp_date=plan.smp_date), today=TODAY)
    kept = TreatmentPlan(
        plan.goal, plan.target, plan.zones, plan.method, plan.spacing_days, plan.price
    )
    return plan, notes, check_plan(kept, "C-1")


def _zones(path: Path) -> object:
    zones = read_zones(path)
    for zone in zones:
        check_zone(zone)
    return zones


# --- sound files to begin with --------------------------------------------------------------------


def _photo_seeds() -> list[bytes]:
    whole = [whole_photo(kind, np.random.default_rng(1)) for kind in KINDS]
    broken = [data for kind in KINDS for data in list(damaged(kind))[::21]]
    every = (*whole, *odd_pictures().values(), *broken)
    return [data for data in every if 0 < len(data) <= LARGEST_PHOTO_SEED]


def _samples(pattern: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(SAMPLES.glob(f"*/{pattern}"))]


def _session_seeds() -> list[bytes]:
    return [
        *_samples("sessions.csv"),
        b"date;method;cost;zones\r\n2026-03-01;picosecond;120,50;crown|front\r\n",
        'date,notes,pain\n2026-03-01,"red, swollen",3\n2026-05-01,größer,\n'.encode("cp1252"),
    ]


def _plan_seeds() -> list[bytes]:
    full = """name = "A"\ngoal = "correction"\ntarget = 95\nzones = ["hairline", "crown"]
skin_type = "III"\nsmp_date = 2025-01-31\nmm_per_px = 0.05\nmarker_mm = 20\nmethod = "picosecond"
spacing_days = 42\nprice = 1200.5\ncurrency = "EUR"\npigment = "carbon"\nflags = ["recent sun"]\n"""
    return [*_samples("client.toml"), full.encode()]


def _zone_seeds() -> list[bytes]:
    square = [[10, 10], [90.5, 10], [90, 80], [10, 80]]
    zones = [
        {"name": "crown", "view": "top", "vertices_px": square},
        {"name": "b", "vertices_px": square},
    ]
    return [json.dumps({"zones": zones}).encode(), json.dumps(zones, indent=1).encode()]


def _correction_seeds() -> list[bytes]:
    points = [[10, 10], [90.5, 10], [40, 60]]
    entries = [
        {"kind": "remove", "photo": "a.jpg", "points_px": points},
        {"kind": "add", "photo": "a.jpg", "points_px": points},
        {"kind": "date", "photo": "a.jpg", "date": "2026-01-31"},
        {"kind": "view", "photo": "a.jpg", "view": "crown"},
        {
            "kind": "align",
            "photo": "b.jpg",
            "points_px": points,
            "baseline": "a.jpg",
            "baseline_points_px": points,
        },
    ]
    return [json.dumps({"corrections": entries}).encode(), json.dumps(entries[:1]).encode()]


TARGETS = {
    "photos": Target(
        "a.jpg",
        _photo,
        _photo_seeds,
        (
            "Exif\0\0",
            "JFIF",
            "IHDR",
            "IDAT",
            "iCCP",
            "acTL",
            "WEBP",
            "VP8X",
            "ICCP",
            "EXIF",
            "ftyp",
            "II*\0",
        ),
    ),
    "sessions": Target(
        "sessions.csv",
        _sessions,
        _session_seeds,
        ("date", "zones", "pain", "cost", "2026-01-31", "1e308", "nan", '"', ";", "\r", "\0"),
    ),
    "client": Target(
        "client.toml",
        _plan,
        _plan_seeds,
        (
            "name",
            "flags",
            "target",
            "price",
            "spacing_days",
            "= [",
            "= {",
            "1e308",
            "nan",
            "\\u0000",
        ),
    ),
    "zones": Target(
        "zones.json",
        _zones,
        _zone_seeds,
        (
            '"zones"',
            '"name"',
            '"vertices_px"',
            '"view"',
            "1e999",
            "NaN",
            "\\ud800",
            "\\u0000",
            "[[",
        ),
    ),
    "corrections": Target(
        "corrections.json",
        read_corrections,
        _correction_seeds,
        ('"kind"', '"photo"', '"points_px"', '"baseline"', "1e999", "\\ud800", "\\u0000", '"date"'),
    ),
}
