"""Photos that a person adds in the browser: checked one by one, described, made into a client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tracker.folder import view_in_name
from tracker.measure.luminance import SrgbArray
from tracker.photos import PhotoError, date_in_name, decode_photo, inspect_photo
from tracker.series import SeriesPhoto, Session, time_key
from tracker.ui.clients import Client
from tracker.ui.pictures import thumbnail_of_file


@dataclass(frozen=True, eq=False)
class Added:
    """A file that is a photo, with what is proposed for it."""

    name: str
    sha256: str
    data: bytes
    thumbnail: bytes
    captured_on: date | None
    date_from: str
    """Where the date comes from, in words; empty without a date."""
    view: str
    remark: str = ""


@dataclass(frozen=True)
class Rejected:
    """A file that cannot be used: what is wrong and what to do."""

    name: str
    what: str
    remedy: str


def check(name: str, data: bytes) -> Added | Rejected:
    """Look at one file: whether it is a photo, and what it says about itself."""
    try:
        header = inspect_photo(data, name)
        thumbnail = _thumbnail(name, data)
    except PhotoError as error:
        return Rejected(name, error.what, error.remedy)
    named = date_in_name(name)
    return Added(
        name=name,
        sha256=header.sha256,
        data=data,
        thumbnail=thumbnail,
        captured_on=header.captured_on or named,
        date_from="the camera" if header.captured_on else "the file name" if named else "",
        view=view_in_name(name),
        remark="; ".join(header.notes),
    )


def _thumbnail(name: str, data: bytes) -> bytes:
    try:
        return thumbnail_of_file(data)
    except Exception:
        # The quick way failed: the full decoder either succeeds or says in words what is wrong.
        decode_photo(data, name)
        return b""


def sort_out(checked: Iterable[Added | Rejected]) -> tuple[list[Added], list[Rejected]]:
    """Photos and rejects; the same photo twice is kept once, same names are told apart."""
    photos: list[Added] = []
    rejects: list[Rejected] = []
    first_name: dict[str, str] = {}
    taken: set[str] = set()
    for item in checked:
        if isinstance(item, Rejected):
            rejects.append(item)
        elif item.sha256 in first_name:
            rejects.append(
                Rejected(
                    item.name,
                    f"is the same photo as {first_name[item.sha256]}",
                    "it is measured once; nothing to do",
                )
            )
        else:
            unique = _unique(item.name, taken)
            taken.add(unique)
            first_name[item.sha256] = unique
            photos.append(replace(item, name=unique))
    photos.sort(key=lambda photo: time_key(photo.captured_on, photo.name))
    return photos, rejects


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    candidate, nth = name, 2
    while candidate in taken:
        candidate = f"{stem} ({nth}){dot}{suffix}" if dot else f"{name} ({nth})"
        nth += 1
    return candidate


def described(photo: Added, captured_on: date | None, view: str) -> Added:
    """The photo with the date and view that a person gave it."""
    return replace(photo, captured_on=captured_on, view=view)


def make_client(
    name: str,
    photos: Sequence[Added],
    rejects: Sequence[Rejected],
    sessions: Sequence[Session],
    *,
    goal: str,
    target: float | None,
    mm_per_px: float | None,
) -> Client:
    """The client that the added photos and the answers beside them describe."""
    return Client(
        name=name.strip() or "My photos",
        photos=tuple(_series_photo(photo) for photo in photos),
        sessions=tuple(sorted(sessions, key=lambda session: session.date)),
        skipped=tuple((reject.name, f"{reject.what}; {reject.remedy}") for reject in rejects),
        goal=goal,
        target=target,
        mm_per_px=mm_per_px,
    )


def _series_photo(photo: Added) -> SeriesPhoto:
    def read() -> SrgbArray:
        return decode_photo(photo.data, photo.name).srgb

    return SeriesPhoto(photo.name, photo.sha256, read, photo.view, photo.captured_on)
