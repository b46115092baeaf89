"""A client's folder on disk: photos, and the optional records beside them.

Photos are found and dated here, not decoded: a photo that turns out to be unusable is refused
by name when it is measured, and the others go on.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from tracker.correction_file import read_corrections
from tracker.measure.luminance import SrgbArray
from tracker.photos import (
    PHOTO_SUFFIXES,
    PhotoError,
    PhotoHeader,
    date_in_name,
    inspect_photo,
    load_photo,
    read_photo_bytes,
)
from tracker.record_files import (
    CLIENT_FILE,
    CORRECTIONS_FILE,
    SESSIONS_FILE,
    VIEW_WORDS,
    ZONES_FILE,
    FolderError,
    read_plan,
    read_sessions,
    read_zones,
)
from tracker.records import DateSource, Plan
from tracker.records.corrections import Correction, refiled
from tracker.series import PolygonZone, SeriesPhoto, Session, natural_key, time_key


@dataclass(frozen=True, eq=False)
class ClientFolder:
    """What a client's folder holds.

    Attributes
    ----------
    name : str
        The client, from client.toml or the folder's name.
    photos : tuple of SeriesPhoto
        In time order; undated photos after the dated ones, in the order of their names.
    skipped : tuple of (name, reason)
        Files that are neither photos nor records.
    notes : tuple of str
        What a person should know about single files, a line each.
    """

    name: str
    photos: tuple[SeriesPhoto, ...]
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    sessions: tuple[Session, ...]
    plan: Plan
    zones: tuple[PolygonZone, ...]
    corrections: tuple[Correction, ...] = ()
    """Those of corrections.json; days and views among them are laid over `photos`."""


RECORD_FILES = (CLIENT_FILE, SESSIONS_FILE, ZONES_FILE, CORRECTIONS_FILE)
"""Files of a client's folder that are no photos."""


def read_client_folder(path: Path | str, *, today: date | None = None) -> ClientFolder:
    """Read a client's folder as `docs/cli.md` describes it.

    Parameters
    ----------
    path : path
        The folder; its sub-folders are not looked into.
    today : date, optional
        Photos dated later have a camera with a wrong clock; their date is not used.

    Returns
    -------
    ClientFolder

    Raises
    ------
    FolderError
        If there is no such folder, no photo in it, or a record file cannot be understood.
    """
    path = Path(path)
    if not path.exists():
        raise FolderError(str(path), "there is no such folder", "check the name")
    if not path.is_dir():
        raise FolderError(str(path), "is a file, not a folder", "name the folder that holds it")
    try:
        files = sorted(
            (f for f in path.iterdir() if f.is_file() and not f.name.startswith(".")),
            key=lambda f: (natural_key(f.name), f.name),
        )
    except OSError as error:
        raise FolderError(str(path), "cannot be opened", "check its permissions") from error
    photo_files = [f for f in files if f.suffix.lower() in PHOTO_SUFFIXES]
    if not photo_files:
        deeper = any(f.suffix.lower() in PHOTO_SUFFIXES for f in path.glob("*/*"))
        raise FolderError(
            str(path),
            "holds no photos (" + " ".join(PHOTO_SUFFIXES) + ")",
            "its sub-folders do: use `smp-tracker batch` for many clients"
            if deeper
            else "put the client's photos into it",
        )
    photos: list[SeriesPhoto] = []
    notes: list[str] = []
    for file in photo_files:
        photo, remarks = _read_photo_facts(file, today)
        photos.append(photo)
        notes += [f"{file.name}: {remark}" for remark in remarks]
    corrections = read_corrections(path / CORRECTIONS_FILE)
    notes += [
        f"{CORRECTIONS_FILE}: corrects `{name}`, which is no photo of this folder; not used"
        for name in sorted({c.photo for c in corrections} - {p.name for p in photos})
    ]
    photos = refiled(photos, corrections)
    undated = [p.name for p in photos if p.captured_on is None]
    if 0 < len(undated) < len(photos):
        notes.append(
            f"{undated[0]}: has no date; placed after the dated photos"
            if len(undated) == 1
            else f"{undated[0]} and {len(undated) - 1} more: have no date; placed after the dated "
            "photos"
        )
    photos.sort(key=lambda p: time_key(p.captured_on, p.name))

    others = [f for f in files if f not in photo_files and f.name not in RECORD_FILES]
    notes += [
        f"{f.name}: is a picture, but its ending is none of {' '.join(PHOTO_SUFFIXES)}, so it was "
        "left out; export it as JPEG or PNG"
        for f in others
        if _holds_picture(f)
    ]
    plan, remarks = read_plan(path / CLIENT_FILE)
    notes += remarks
    sessions, remarks = read_sessions(path / SESSIONS_FILE)
    notes += remarks
    return ClientFolder(
        name=plan.client or path.resolve().name,
        photos=tuple(photos),
        skipped=tuple((f.name, "not a photo by its name") for f in others),
        notes=tuple(notes),
        sessions=sessions,
        plan=plan,
        zones=read_zones(path / ZONES_FILE),
        corrections=corrections,
    )


def view_in_name(name: str) -> str:
    """Return the first view named in a file name, or ''."""
    stem = re.sub(r"close[-_ ]up", "closeup", Path(name).stem.lower())
    for word in re.findall(r"[a-z]+", stem):
        if word in VIEW_WORDS:
            return VIEW_WORDS[word]
    return ""


def _holds_picture(path: Path) -> bool:
    """Whether a file's first bytes are those of a picture, whatever its name says."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"GIF8", b"BM"))
        or head[8:12] == b"WEBP"
        or head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftypavif")
    )


def _read_srgb(path: Path) -> SrgbArray:
    return load_photo(path).srgb


def _read_photo_facts(path: Path, today: date | None) -> tuple[SeriesPhoto, list[str]]:
    """The photo as the analysis takes it, and remarks on its file."""
    header: PhotoHeader | None = None
    sha256 = ""
    with contextlib.suppress(PhotoError):  # refused with this reason when it is measured
        data = read_photo_bytes(path)
        sha256 = hashlib.sha256(data).hexdigest()  # names the file even where it is no photo
        header = inspect_photo(data, path.name)
    captured_on, _, remarks = day_of_photo(header, path.name, today)
    photo = SeriesPhoto(
        name=path.name,
        sha256=sha256,
        read=partial(_read_srgb, path),
        view=view_in_name(path.name),
        captured_on=captured_on,
    )
    return photo, [*(header.notes if header else ()), *remarks]


def day_of_photo(
    header: PhotoHeader | None, name: str, today: date | None
) -> tuple[date | None, DateSource, list[str]]:
    """Day a photo was taken, where it comes from, and remarks on it.

    The camera's date comes first, then a date in the file's name; a camera's date in the future
    is not used.
    """
    remarks: list[str] = []
    named_on = date_in_name(name)
    taken_on = header.captured_on if header else None
    # A day of grace: the camera may be in another time zone.
    if taken_on and today and taken_on > today + timedelta(days=1):
        remarks.append(f"its camera's date {taken_on} lies in the future and is not used")
        taken_on = None
    if taken_on and named_on and abs((taken_on - named_on).days) > 1:
        remarks.append(
            f"its camera says {taken_on}, its name {named_on}; the camera's date is used"
        )
    if taken_on:
        return taken_on, DateSource.CAMERA, remarks
    return named_on, DateSource.NAME if named_on else DateSource.NONE, remarks
