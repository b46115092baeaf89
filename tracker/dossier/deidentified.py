"""A client's photos and figures without what tells who it is; the key is a file of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracker.dossier.case import ClientCase
from tracker.dossier.faces import find_faces
from tracker.dossier.pictures import treated_crop
from tracker.dossier.tables import (
    ClientTable,
    csv_text,
    make_table,
    zip_bytes,
)
from tracker.measure.luminance import SrgbArray
from tracker.records import RecordError
from tracker.report.overlays import Picture, encode_jpeg, to_8_bit
from tracker.report.tables import PHOTO_COLUMNS, ZONE_COLUMNS, photo_rows, zone_rows
from tracker.series import PhotoMeasures, Progress, ViewAnalysis

CROP_MARGIN = 0.02
"""Around the treated skin: it ends at the hairline, so the brow is left out."""
LEFT_OUT = ("sha256", "captured_on", "registered_to", "reason", "flags")
"""Columns that name a photo, a day, or hold text that a person may have written."""


@dataclass(frozen=True)
class Deidentified:
    """A de-identified export.

    Attributes
    ----------
    data : bytes
        ZIP of pictures, tables and a readme, without a name, code, day or hash.
    key : str
        JSON that leads back: new names to client, photos and days. To be kept apart.
    """

    data: bytes
    key: str


class FaceLeftError(RecordError):
    """Crops in which a face may be left; `photos` names them."""

    def __init__(self, code: str, photos: tuple[str, ...]) -> None:
        self.photos = photos
        super().__init__(
            f"client {code}",
            f"a face may be left in the crop of {', '.join(photos)}",
            "look at it; --confirm-no-face NAME confirms that there is none, --leave-out NAME "
            "leaves the photo out",
        )


def new_id(secret: str, *parts: str) -> str:
    """A new identity that only the holder of the secret can lead back."""
    digest = hashlib.sha256("\x1f".join((secret, *parts)).encode()).hexdigest()
    return digest[:12]


def deidentify(
    case: ClientCase,
    *,
    secret: str,
    confirmed: Collection[str] = (),
    left_out: Collection[str] = (),
    progress: Progress | None = None,
) -> Deidentified:
    """Make a de-identified export of a client's measured photos.

    Every photo is cut to the treated skin with a narrow rim, above the brow; a photo whose
    treated area is not known in it, such as a refused one, is left out. Days since the baseline
    stand for dates. Pixels are encoded anew: no metadata comes along.

    Parameters
    ----------
    case : ClientCase
    secret : str
        Random text that the new identities come from; it stands in the key.
    confirmed : collection of str
        Photos in which a person saw that no face is left.
    left_out : collection of str
        Photos that are not to be in it.
    progress : callable, optional

    Raises
    ------
    FaceLeftError
        If a face is found in a crop that is not confirmed.
    RecordError
        If a photo named is not the client's, or none is left.
    """
    names = {photo.name for photo in case.photos}
    unknown = sorted((set(confirmed) | set(left_out)) - names)
    if unknown:
        raise RecordError(
            f"client {case.code}", f"has no photo {unknown[0]}", "name one of `photo list`"
        )
    tell = progress or (lambda _share, _text: None)
    pairs = [
        (view, photo)
        for view in case.analysis.views
        for photo in view.photos
        if photo.usable and photo.photo not in left_out
    ]
    pictures: dict[str, bytes] = {}
    renamed: dict[str, str] = {}
    faces = []
    for number, (view, photo) in enumerate(pairs):
        tell(number / len(pairs), f"cutting {photo.photo}")
        crop = cut_photo(view, photo, case.read(photo.photo))
        if crop is None:
            continue
        if photo.photo not in confirmed and find_faces(crop):
            faces.append(photo.photo)
        day = photo.days_since_baseline
        when = f"day{day:+05d}" if day is not None else "day-unknown"
        name = f"{when}_{view.view or 'photo'}_{new_id(secret, photo.sha256)[:6]}.jpg"
        renamed[photo.photo] = name
        pictures[f"photos/{name}"] = encode_jpeg(crop, 95)
    if faces:
        raise FaceLeftError(case.code, tuple(faces))
    if not pictures:
        raise RecordError(
            f"client {case.code}",
            "has no photo that can be cut to the treated skin",
            "measure more",
        )
    identity = new_id(secret, case.code)
    tables = _tables(case, renamed)
    files = {"readme.txt": _readme(identity).encode()}
    files |= {f"{table.name}.csv": csv_text(table).encode() for table in tables}
    key = {
        "schema": "smp-tracker/key/1",
        "identity": identity,
        "client": case.code,
        "secret": secret,
        "photos": {
            new: {
                "name": old,
                "sha256": next(p.sha256 for p in case.photos if p.name == old),
                "captured_on": next(
                    (
                        p.captured_on.isoformat()
                        for p in case.photos
                        if p.name == old and p.captured_on
                    ),
                    None,
                ),
            }
            for old, new in renamed.items()
        },
    }
    return Deidentified(
        zip_bytes({**files, **pictures}), json.dumps(key, indent=1, ensure_ascii=False) + "\n"
    )


def cut_photo(view: ViewAnalysis, photo: PhotoMeasures, srgb: SrgbArray) -> Picture | None:
    """The part of a photo around its treated skin; None where its outline is not known there."""
    outline = view.treated_outline_px
    if not outline:
        return None
    if photo.registration is not None:
        outline = tuple(photo.registration.map_points(polygon) for polygon in outline)
    points = np.vstack(outline)
    points = points[np.all(np.isfinite(points), axis=1)]
    if len(points) < 3:
        return None
    here = replace(view, treated_outline_px=(points,), baseline_shape=srgb.shape[:2])
    crop = treated_crop(here, CROP_MARGIN)
    if crop.right - crop.left < 8 or crop.bottom - crop.top < 8:
        return None
    return to_8_bit(np.ascontiguousarray(crop.of(srgb)))


def _tables(case: ClientCase, renamed: dict[str, str]) -> tuple[ClientTable, ...]:
    """Photos and zones under their new names; sessions by days."""
    start = min((p.captured_on for p in case.photos if p.captured_on is not None), default=None)
    tables = []
    for name, columns, rows in (
        ("photos", PHOTO_COLUMNS, photo_rows(case.analysis)),
        ("zones", ZONE_COLUMNS, zone_rows(case.analysis)),
    ):
        kept = [row | {"photo": renamed[row["photo"]]} for row in rows if row["photo"] in renamed]
        tables.append(make_table(name, [c for c in columns if c not in LEFT_OUT], kept))
    sessions: list[dict[str, Any]] = [
        {
            "day": (s.date - start).days if start is not None else None,
            "kind": s.kind.value,
            "wavelength_nm": s.wavelength_nm,
            "fluence_j_cm2": s.fluence_j_cm2,
            "spot_mm": s.spot_mm,
            "passes": s.passes,
            "pain": s.pain,
        }
        for s in case.sessions
    ]
    asked = ("day", "kind", "wavelength_nm", "fluence_j_cm2", "spot_mm", "passes", "pain")
    return (*tables, make_table("sessions", asked, sessions))


def _readme(identity: str) -> str:
    return (
        f"Case {identity}. Photos are cut to the treated skin; names, dates, metadata and hashes "
        "are removed; days count from the first photo of a view (photos) or of all (sessions).\n"
        "Skin, scars and hair can still tell a person to who knows them. The consent of the "
        "client decides what this may be used for.\n"
    )
