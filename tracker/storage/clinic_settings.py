"""What a clinic puts on its reports: name, lines of address, logo, language, paper."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa
from PIL import Image, ImageOps

import tracker.photos  # noqa: F401 - Pillow's limits are set there
from tracker.storage import tables
from tracker.storage.errors import StoreError
from tracker.storage.store import Store

LOGO_PX = 900
"""Longer side of a logo as it is kept: 60 mm at 380 dots per inch."""
MOST_LOGO_BYTES = 30_000_000
MOST_LINE_LETTERS = 120
MOST_LINES = 5


class Language(StrEnum):
    """Languages that reports are written in."""

    ENGLISH = "en"
    SPANISH = "es"
    GERMAN = "de"


class Paper(StrEnum):
    A4 = "a4"
    LETTER = "letter"


@dataclass(frozen=True)
class ClinicSettings:
    """A clinic as its reports show it; everything may be empty."""

    name: str = ""
    lines: tuple[str, ...] = ()
    """Address, telephone and the like, a line each."""
    logo_png: bytes = b""
    language: Language = Language.ENGLISH
    paper: Paper = Paper.A4


def read_clinic(store: Store) -> ClinicSettings:
    """What the store knows of the clinic."""
    query = sa.select(tables.clinic.c.key, tables.clinic.c.value)
    with store.reading() as connection:
        found = {str(row.key): str(row.value) for row in connection.execute(query)}
    return ClinicSettings(
        name=found.get("name", ""),
        lines=tuple(line for line in found.get("lines", "").split("\n") if line),
        logo_png=base64.b64decode(found.get("logo_png", "")),
        language=Language(found.get("language", Language.ENGLISH)),
        paper=Paper(found.get("paper", Paper.A4)),
    )


def save_clinic(store: Store, clinic: ClinicSettings) -> None:
    """Keep what reports show of the clinic; raises `StoreError` for what cannot be printed."""
    lines = [" ".join(line.split()) for line in clinic.lines if line.strip()]
    name = " ".join(clinic.name.split())
    if len(lines) > MOST_LINES or any(len(line) > MOST_LINE_LETTERS for line in (name, *lines)):
        raise StoreError(
            "clinic",
            f"has more than {MOST_LINES} lines or one over {MOST_LINE_LETTERS} letters",
            "shorten them: they stand at the head of a letter",
        )
    values = {
        "name": name,
        "lines": "\n".join(lines),
        "logo_png": base64.b64encode(clinic.logo_png).decode("ascii"),
        "language": clinic.language.value,
        "paper": clinic.paper.value,
    }
    with store.writing() as connection:
        connection.execute(tables.clinic.delete())
        for key, value in values.items():
            connection.execute(tables.clinic.insert().values(key=key, value=value))
        store.note_in_audit(connection, None, "change", "clinic settings")


def read_logo(path: Path) -> bytes:
    """A logo file as it is kept: PNG, upright, at most `LOGO_PX` a side, without metadata.

    Raises
    ------
    StoreError
        If there is no such file or it is no picture.
    """
    try:
        if path.stat().st_size > MOST_LOGO_BYTES:
            raise StoreError(str(path), "is over 30 MB", "export the logo as a smaller PNG")
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StoreError(str(path), f"cannot be read ({reason})", "name a PNG or JPEG") from error
    return logo_from_bytes(data, path.name)


def logo_from_bytes(data: bytes, name: str) -> bytes:
    """The same from the bytes of a file, such as an upload."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF", "TIFF")) as image:
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except Exception as error:  # decoders raise whatever they like on damaged data
        raise StoreError(name, "is no picture that can be read", "give a PNG or JPEG") from error
    upright.thumbnail((LOGO_PX, LOGO_PX), Image.Resampling.LANCZOS)
    fresh = Image.new("RGBA", upright.size)
    fresh.paste(upright)
    buffer = io.BytesIO()
    fresh.save(buffer, "PNG")
    return buffer.getvalue()
