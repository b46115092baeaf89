"""A client's photos and record files read from their place."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tracker.batch.found import FoundClient, FoundPhoto
from tracker.batch.kept import PhotoFacts
from tracker.batch.places import Place
from tracker.batch.tasks import Job
from tracker.correction_file import read_corrections
from tracker.folder import day_of_photo
from tracker.measure.luminance import SrgbArray
from tracker.photos import PhotoError, PhotoHeader, decode_photo, inspect_photo
from tracker.record_files import (
    CLIENT_FILE,
    CORRECTIONS_FILE,
    SESSIONS_FILE,
    ZONES_FILE,
    FolderError,
    read_plan,
    read_sessions,
    read_zones,
)
from tracker.records import Plan
from tracker.records.corrections import Correction, CorrectionKind, day_of, standing
from tracker.series import PolygonZone, SeriesPhoto, Session, time_key

CRASH = (
    "ended the program that read it (a crash, or too little memory)",
    "export it again as JPEG",
)
Notice = Callable[[str], None]
"""Told the name of each photo before it is read."""


class PhotoChangedError(Exception):
    """A photo is no longer the file that was looked at."""


@dataclass(frozen=True)
class ClientRecords:
    """What the record files beside a client's photos say."""

    sessions: tuple[Session, ...]
    plan: Plan
    zones: tuple[PolygonZone, ...]
    corrections: tuple[Correction, ...]
    mm_per_px: float | None
    marker_mm: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DatedPhotos:
    """Photos of a client in time order, ready to be measured."""

    photos: tuple[SeriesPhoto, ...]
    notes: tuple[str, ...]

    @property
    def days(self) -> dict[str, date | None]:
        return {photo.name: photo.captured_on for photo in self.photos}


def read_client_records(root: Place, client: FoundClient) -> ClientRecords:
    """Sessions, plan and zones; raises `FolderError` where a file cannot be understood."""
    with tempfile.TemporaryDirectory(prefix="smp-records-") as name:
        folder = Path(name)
        for path, _, _ in client.records:
            file = path.rsplit("/", 1)[-1]
            try:
                (folder / file).write_bytes(root.read(path))
            except OSError as error:
                root.check()
                raise FolderError(file, "cannot be opened", "check its permissions") from error
        plan, on_plan = read_plan(folder / CLIENT_FILE)
        sessions, on_sessions = read_sessions(folder / SESSIONS_FILE)
        zones = read_zones(folder / ZONES_FILE)
        corrections = read_corrections(folder / CORRECTIONS_FILE)
    return ClientRecords(
        sessions,
        plan,
        zones,
        corrections,
        client.mm_per_px or plan.mm_per_px,
        client.marker_mm or plan.marker_mm,
        (*on_plan, *on_sessions),
    )


def refiled_client(root: Place, client: FoundClient) -> FoundClient:
    """A client whose photos have the days and views that its corrections.json gives them.

    A file that cannot be read or understood changes nothing here: whoever measures the client
    reads it again and says what is wrong.
    """
    paths = [path for path, _, _ in client.records if path.rsplit("/", 1)[-1] == CORRECTIONS_FILE]
    if not paths:
        return client
    try:
        with tempfile.TemporaryDirectory(prefix="smp-records-") as name:
            file = Path(name) / CORRECTIONS_FILE
            file.write_bytes(root.read(paths[0]))
            corrections = standing(read_corrections(file))
    except (OSError, FolderError):
        return client
    days = {c.photo: day_of(c.after) for c in corrections if c.kind is CorrectionKind.DATE}
    views = {c.photo: c.after for c in corrections if c.kind is CorrectionKind.VIEW}
    photos = (
        replace(p, view=views.get(p.name, p.view), day=days.get(p.name, p.day))
        for p in client.photos
    )
    return replace(client, photos=tuple(photos))


def look_at_photos(
    root: Place,
    job: Job,
    photos: Sequence[FoundPhoto],
    known: Mapping[str, PhotoFacts],
    left_out: Sequence[str] = (),
    notice: Notice | None = None,
) -> dict[str, PhotoFacts]:
    """Read every photo that is not known yet, without decoding it.

    Raises
    ------
    PlaceLostError
        If a file cannot be read because the root as a whole is gone.
    """
    facts = {}
    for photo in photos:
        found = known.get(photo.path)
        if found is None:
            if notice is not None:
                notice(photo.name)
            found = _look(root, job, photo, skip_header=photo.name in left_out)
        facts[photo.path] = found
    return facts


def _look(root: Place, job: Job, photo: FoundPhoto, *, skip_header: bool) -> PhotoFacts:
    try:
        data = root.read(photo.path)
    except OSError as error:
        root.check(job.witnesses)
        if isinstance(error, FileNotFoundError):
            return PhotoFacts(what="is no longer there", remedy="check the folder and repeat")
        reason = (error.strerror or str(error) or "unknown error").lower()
        return PhotoFacts(
            what=f"cannot be opened ({reason})", remedy="check its permissions and the disk"
        )
    sha256 = hashlib.sha256(data).hexdigest()
    if skip_header:
        return PhotoFacts(sha256)
    try:
        header = inspect_photo(data, photo.name)
    except PhotoError as problem:
        return PhotoFacts(sha256, what=problem.what, remedy=problem.remedy)
    megapixels = round(header.width_px * header.height_px / 1e6, 3)
    return PhotoFacts(sha256, header.captured_on, megapixels, header.notes)


def date_photos(
    root: Place,
    job: Job,
    photos: Sequence[FoundPhoto],
    facts: Mapping[str, PhotoFacts],
    left_out: Sequence[str] = (),
    notice: Notice | None = None,
) -> DatedPhotos:
    """Photos in time order; each reads its file again when it is decoded, and checks it."""
    dated, notes = [], []
    for photo in photos:
        about = facts[photo.path]
        file = photo.path.rsplit("/", 1)[-1]
        day, remarks = photo.day, list[str]()
        if day is None:
            header = PhotoHeader(photo.name, about.sha256, "", 0, 0, about.camera_day, "")
            day, _, remarks = day_of_photo(header, file, job.today)
        notes += [f"{photo.name}: {remark}" for remark in (*about.notes, *remarks)]
        read = _Reader(root, photo, about, photo.name in left_out, notice)
        dated.append(SeriesPhoto(photo.name, about.sha256, read, photo.view, day))
    dated.sort(key=lambda p: time_key(p.captured_on, p.name))
    return DatedPhotos(tuple(dated), tuple(notes))


@dataclass(frozen=True)
class _Reader:
    root: Place
    photo: FoundPhoto
    facts: PhotoFacts
    left_out: bool
    notice: Notice | None

    def __call__(self) -> SrgbArray:
        name = self.photo.name
        if self.left_out:
            raise PhotoError(name, *CRASH)
        if not self.facts.sha256:
            raise PhotoError(name, self.facts.what, self.facts.remedy)
        if self.notice is not None:
            self.notice(name)
        try:
            data = self.root.read(self.photo.path)
        except OSError as error:
            raise PhotoChangedError(f"{name} can no longer be read") from error
        if hashlib.sha256(data).hexdigest() != self.facts.sha256:
            raise PhotoChangedError(f"{name} was written to meanwhile")
        return decode_photo(data, name).srgb
