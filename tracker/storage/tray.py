"""Photos that have arrived and are not filed yet: on disk, so that a reload loses none.

A client's tray is a folder beside the records that only the user can read: each photo byte for
byte, and what is proposed for it as JSON. Filing empties it. What lies here belongs to no record:
backups leave it out, and it is never measured.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from tracker.folder import day_of_photo, view_in_name
from tracker.photos import inspect_photo
from tracker.records import DateSource, PhotoRecord, RecordError
from tracker.sealing import KeyRing, SealBrokenError, UnknownKeyError, is_sealed, open_bytes
from tracker.sealing.content import key_of_file, seal_bytes
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.filing import Filed, Incoming, file_photos
from tracker.storage.location import data_folder
from tracker.storage.sealed_columns import other_keys, ring_of
from tracker.storage.store import Store
from tracker.storage.thumbnails import make_thumbnail
from tracker.storage.vault import sha256_of

FOLDER = "tray"
PHOTO, FACTS, SMALL = ".photo", ".json", ".jpg"


class Look(StrEnum):
    """What came of looking at a photo."""

    WAITING = "waiting"
    GOOD = "good"
    USABLE = "usable"
    """It can be measured; something could be better."""
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class TrayPhoto:
    """A photo in the tray and what is proposed for it."""

    sha256: str
    name: str
    view: str
    captured_on: date | None
    date_source: DateSource
    device: str
    orientation: int
    width_px: int
    height_px: int
    notes: tuple[str, ...] = ()
    look: Look = Look.WAITING
    problems: tuple[str, ...] = ()
    """What limits it and what to do, a sentence each."""
    praise: str = ""
    view_matched: bool = False
    """Whether the view was found by matching, not named by the file or a person."""
    mismatch: str = ""
    """Why it does not lie on the photos of its view; empty where it does or none was there."""
    use: bool = True


class Tray:
    """The tray of one client. Changes of one process are one after another."""

    _lock = threading.Lock()

    def __init__(self, folder: Path, ring: Callable[[], KeyRing | None] = lambda: None) -> None:
        self.folder = folder
        self._ring = ring

    def put(self, data: bytes, name: str, *, today: date) -> TrayPhoto:
        """Keep a photo, with what its file says; the same photo again changes nothing.

        Raises
        ------
        PhotoError
            If the file is no usable photo.
        StoreError
            If it cannot be written.
        """
        header = inspect_photo(data, name)
        known = self.find(header.sha256)
        if known is not None:
            return known
        day, source, remarks = day_of_photo(header, name, today)
        photo = TrayPhoto(
            sha256=header.sha256,
            name=name,
            view=view_in_name(name),
            captured_on=day,
            date_source=source,
            device=header.camera,
            orientation=header.orientation,
            width_px=header.width_px,
            height_px=header.height_px,
            notes=(*header.notes, *remarks),
        )
        self._write(photo.sha256 + PHOTO, data)
        # The facts come last: what they speak of is there.
        self._keep(photo)
        return photo

    def photos(self) -> list[TrayPhoto]:
        """All photos in time order; those without a date last."""
        if not self.folder.is_dir():
            return []
        found = [self.find(path.stem) for path in self.folder.glob(f"*{FACTS}")]
        return sorted(
            (photo for photo in found if photo is not None),
            key=lambda photo: (photo.captured_on or date.max, photo.name),
        )

    def find(self, sha256: str) -> TrayPhoto | None:
        """One photo; None where it is not there, or its facts cannot be read."""
        try:
            facts = json.loads(self._read(f"{sha256}{FACTS}"))
            day = facts["captured_on"]
            return TrayPhoto(
                **{
                    **facts,
                    "captured_on": date.fromisoformat(day) if day else None,
                    "date_source": DateSource(facts["date_source"]),
                    "look": Look(facts["look"]),
                    "notes": tuple(facts["notes"]),
                    "problems": tuple(facts["problems"]),
                }
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def change(self, sha256: str, **changes: object) -> None:
        """Change what is proposed for a photo; one that is gone is no failure."""
        with self._lock:
            photo = self.find(sha256)
            if photo is not None:
                self._keep(replace(photo, **changes))  # type: ignore[arg-type]

    def data(self, sha256: str) -> bytes:
        """The photo's bytes; raises `StoreError` where they are gone or altered."""
        try:
            data = self._read(f"{sha256}{PHOTO}")
        except OSError as error:
            raise _gone(sha256) from error
        if sha256_of(data) != sha256:
            raise _gone(sha256)
        return data

    def thumbnail(self, sha256: str) -> bytes:
        """A small picture, made at the first asking; empty where the photo cannot be decoded."""
        path = self.folder / f"{sha256}{SMALL}"
        with contextlib.suppress(OSError):
            return self._read(path.name)
        small = make_thumbnail(self.data(sha256)) or b""
        self._write(path.name, small)
        return small

    def remove(self, sha256: str) -> None:
        for ending in (FACTS, PHOTO, SMALL):
            (self.folder / f"{sha256}{ending}").unlink(missing_ok=True)

    def clear(self) -> None:
        """Let all photos go; raises `StoreError` where one stays."""
        try:
            shutil.rmtree(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise StoreError(
                "the tray of new photos", f"cannot be emptied ({reason})", f"remove {self.folder}"
            ) from error

    def _keep(self, photo: TrayPhoto) -> None:
        self._write(photo.sha256 + FACTS, json.dumps(asdict(photo), default=str).encode())

    def reseal(self) -> int:
        """Bring all files under the key that seals now; gives how many were not."""
        ring, moved = self._ring(), 0
        if ring is None or not self.folder.is_dir():
            return 0
        for path in sorted(self.folder.iterdir()):
            if (
                path.suffix in (PHOTO, FACTS, SMALL)
                and key_of_file(path.read_bytes()) != ring.active
            ):
                self._write(path.name, self._read(path.name))
                moved += 1
        return moved

    def _read(self, name: str) -> bytes:
        """Raises `OSError` where it is not there, cannot be read, or was altered."""
        data, ring = (self.folder / name).read_bytes(), self._ring()
        if not is_sealed(data):
            return data
        try:
            if ring is None:
                raise other_keys("the tray of new photos")
            return open_bytes(ring, name, data)
        except UnknownKeyError as error:
            raise other_keys("the tray of new photos") from error
        except SealBrokenError as error:
            raise OSError("altered") from error

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all."""
        ring = self._ring()
        data = data if ring is None else seal_bytes(ring, name, data)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(prefix=".", dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(part).replace(self.folder / name)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise StoreError(
                "the tray of new photos", f"cannot be written ({reason})", "free some space"
            ) from error


def _gone(sha256: str) -> StoreError:
    return StoreError(f"photo {sha256[:12]}", "is no longer in the tray", "add it again")


def tray_of(store: Store, code: str) -> Tray:
    """The tray of a client: beside the records, or on this computer where they are a database."""
    # A code may hold what a folder's name may not on some systems.
    folder = _root(store) / hashlib.sha256(code.encode()).hexdigest()[:24]
    return Tray(folder, partial(ring_of, store.engine))


def trays(store: Store) -> list[Tray]:
    """The trays of all clients that have one on this computer."""
    folders = sorted(path for path in _root(store).glob("*") if path.is_dir())
    return [Tray(folder, partial(ring_of, store.engine)) for folder in folders]


def _root(store: Store) -> Path:
    place = store.place
    if place.folder is not None:
        return place.folder / FOLDER
    return data_folder() / FOLDER / hashlib.sha256(place.label.encode()).hexdigest()[:16]


def already_filed(store: Store, hashes: list[str]) -> dict[str, tuple[str, str]]:
    """(code of the client, name) of those photos that are filed already."""
    query = (
        sa.select(tables.photo.c.sha256, tables.client.c.code, tables.photo.c.name)
        .join(tables.client)
        .where(tables.photo.c.sha256.in_(hashes))
    )
    with store.reading() as connection:
        return {row.sha256: (row.code, row.name) for row in connection.execute(query)}


def file_tray(store: Store, code: str, hashes: list[str]) -> Filed:
    """File photos of a client's tray, all or none; what is filed leaves the tray.

    Raises
    ------
    RecordError
        If a photo may not be filed: nothing was, and the tray is as before.
    """
    tray = tray_of(store, code)
    chosen = [photo for photo in tray.photos() if photo.sha256 in hashes]
    if not chosen:
        raise RecordError("the tray of new photos", "holds none of these", "add them again")
    filed = file_photos(store, code, [_incoming(tray, photo) for photo in chosen])
    for photo in chosen:
        tray.remove(photo.sha256)
    return filed


def _incoming(tray: Tray, photo: TrayPhoto) -> Incoming:
    record = PhotoRecord(
        name=photo.name,
        sha256=photo.sha256,
        view=photo.view,
        captured_on=photo.captured_on,
        date_source=photo.date_source,
        device=photo.device,
        orientation=photo.orientation,
        width_px=photo.width_px,
        height_px=photo.height_px,
    )
    return Incoming(record, lambda: tray.data(photo.sha256))
