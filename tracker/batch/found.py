"""What a batch finds before it measures anything: clients, their photos, and what does not fit."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from tracker.batch.places import shown
from tracker.report.publish import MOST_NAME_BYTES

WORK_FOLDER = ".smp-batch"
"""Below the results: what a batch that goes on needs to know."""
BATCH_FILE = "batch.csv"
FAILURES_FILE = "failures.csv"
PARQUET_FILE = "batch.parquet"
OVERVIEW_FILE = "overview.html"
MOST_PHOTOS_PER_VIEW = 400
"""A view is measured as a whole: more photos of one view are many clients in one folder, and would
need more memory than a workstation has."""
OTHER_PICTURES = (
    ".avif",
    ".arw",
    ".bmp",
    ".cr2",
    ".cr3",
    ".dng",
    ".gif",
    ".jfif",
    ".jp2",
    ".nef",
    ".orf",
    ".raf",
    ".rw2",
)
"""Endings of pictures that are not measured: named, not passed over in silence."""


class Kind(StrEnum):
    """What sort of trouble a row of failures.csv is."""

    CLIENT = "client"
    """None of the client's photos were measured."""
    REFUSED = "refused"
    """The photo was looked at and cannot be measured."""
    UNREADABLE = "unreadable"
    """The file could not be read, or is none that is measured."""
    CRASHED = "crashed"
    """The program that measured it was ended: a native crash, or too little memory."""
    FAULT = "fault"
    """The program itself is at fault."""
    LAYOUT = "layout"
    """It is not clear whose photo it is."""
    DUPLICATE = "duplicate"
    """Measured, but the same file lies elsewhere too."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A row of failures.csv."""

    client: str
    photo: str
    view: str
    kind: Kind
    reason: str
    remedy: str

    def as_list(self) -> list[str]:
        return [self.client, self.photo, self.view, self.kind.value, self.reason, self.remedy]


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo file as it is listed, and whose it is. Nothing of it was read yet.

    Attributes
    ----------
    path : str
        Within the root.
    name : str
        What the results call it.
    view : str
    size, stamp
        Change when the file does.
    day : date or None
        A day that the pattern or manifest gives; it stands above the camera's.
    """

    path: str
    name: str
    view: str
    size: int
    stamp: str
    day: date | None = None


@dataclass(frozen=True, slots=True)
class FoundClient:
    """A client's photos and record files. `name` is also the folder of the results."""

    name: str
    photos: tuple[FoundPhoto, ...]
    records: tuple[tuple[str, int, str], ...] = ()
    """(path, size, stamp) of the `folder.RECORD_FILES` beside them."""
    mm_per_px: float | None = None
    marker_mm: float | None = None

    def views(self) -> dict[str, tuple[FoundPhoto, ...]]:
        """Photos by view, views in the order of their names."""
        by_view: dict[str, list[FoundPhoto]] = {}
        for photo in self.photos:
            by_view.setdefault(photo.view, []).append(photo)
        return {view: tuple(by_view[view]) for view in sorted(by_view)}

    def state(self, settings: str) -> str:
        """Hash that changes with anything that could change this client's results."""
        content = [
            settings,
            [[p.path, p.name, p.view, p.size, p.stamp, str(p.day)] for p in self.photos],
            self.records,
            self.mm_per_px,
            self.marker_mm,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Found:
    """All that lies below a root."""

    clients: tuple[FoundClient, ...]
    failures: tuple[Failure, ...] = ()
    witnesses: tuple[str, ...] = field(default=())
    """Some entries of the top: where all are gone, the root itself is lost."""

    @property
    def n_photos(self) -> int:
        return sum(len(client.photos) for client in self.clients)


def no_folder_name(name: str) -> str:
    """Why a client of this name could have no folder of results; empty where it can."""
    if not name.strip() or name.startswith(".") or "/" in name or "\0" in name:
        return "cannot be the name of a folder"
    if len(name.encode()) > MOST_NAME_BYTES:
        return "is too long for the name of a folder"
    return ""


def told_apart(clients: Iterable[FoundClient]) -> tuple[list[FoundClient], list[Failure]]:
    """Clients whose results cannot overwrite each other's or the batch's own files.

    Of names that differ only in capitals or in how an accent is written, some disks make one.
    """
    kept: list[FoundClient] = []
    failures = []
    taken: dict[str, str] = {}
    for name in (BATCH_FILE, FAILURES_FILE, PARQUET_FILE, OVERVIEW_FILE, WORK_FOLDER):
        taken[name.casefold()] = ""
    for client in clients:
        unfit = no_folder_name(client.name)
        if unfit:
            reason = f"`{client.name}` {unfit}"
            failures.append(
                Failure(client.name, "", "", Kind.CLIENT, reason, "give it a plainer name")
            )
            continue
        plain = unicodedata.normalize("NFC", client.name).casefold()
        if plain not in taken:
            taken[plain] = client.name
            kept.append(client)
            continue
        other = taken[plain]
        reason = (
            f"differs from client {other} only in capitals or accents"
            if other
            else "has the name of a file that the batch writes"
        )
        failures.append(
            Failure(client.name, "", "", Kind.CLIENT, reason, "give it another name and repeat")
        )
    return kept, failures


def client_failure(name: str, reason: str, remedy: str, kind: Kind = Kind.CLIENT) -> Failure:
    """Row of a client, or of something in its place, without results."""
    return Failure(shown(name), "", "", kind, reason, remedy)
