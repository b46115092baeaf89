"""Every export behind one door: the consent is looked at first, then the files are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np

from tracker.dossier.before_after import Shape, before_after_png
from tracker.dossier.case import ClientCase
from tracker.dossier.deidentified import FaceLeftError, deidentify
from tracker.dossier.dicom import dicom_photo
from tracker.dossier.faces import find_faces
from tracker.dossier.fhir import fhir_bundle, fhir_text
from tracker.dossier.figures import figures_of, shown_photo
from tracker.dossier.pictures import pair_pictures, treated_crop
from tracker.dossier.tables import csv_zip, excel_bytes, json_text, parquet_zip, zip_bytes
from tracker.dossier.words import Words
from tracker.records import RecordError
from tracker.records.consents import Purpose, require_purpose
from tracker.report.overlays import to_8_bit
from tracker.series import Progress
from tracker.storage.clinic_settings import Language


class Kind(StrEnum):
    """What an export is."""

    CSV = "csv"
    EXCEL = "xlsx"
    PARQUET = "parquet"
    JSON = "json"
    FHIR = "fhir"
    DICOM = "dicom"
    BEFORE_AFTER = "before-after"
    DEIDENTIFIED = "deidentified"


SUFFIX = {
    Kind.CSV: ".zip",
    Kind.EXCEL: ".xlsx",
    Kind.PARQUET: ".zip",
    Kind.JSON: ".json",
    Kind.FHIR: ".json",
    Kind.DICOM: ".zip",
    Kind.BEFORE_AFTER: ".png",
    Kind.DEIDENTIFIED: ".zip",
}
"""How the file of each kind ends."""
SHOWN_TO_OTHERS = (Kind.BEFORE_AFTER, Kind.DEIDENTIFIED)
"""Made to be shown: without another word they are for publication."""


@dataclass(frozen=True)
class ExportOptions:
    """What may be chosen of an export; each kind uses what concerns it."""

    purpose: Purpose | None = None
    view: str | None = None
    shape: Shape = Shape.SQUARE
    language: Language = Language.ENGLISH
    with_name: bool = False
    show_dates: bool = False
    confirmed: tuple[str, ...] = ()
    """Photos in which a person saw that no face is left."""
    left_out: tuple[str, ...] = ()
    secret: str = ""
    """Random text behind the new identities of a de-identified export."""


@dataclass(frozen=True)
class Export:
    """A finished export.

    Attributes
    ----------
    data : bytes
    key : str
        Of a de-identified export: to be kept apart; empty otherwise.
    remarks : tuple of str
    """

    data: bytes
    key: str = ""
    remarks: tuple[str, ...] = ()


def purpose_of(kind: Kind, options: ExportOptions) -> Purpose:
    """What the export is for."""
    if options.purpose is not None:
        return options.purpose
    return Purpose.PUBLICATION if kind in SHOWN_TO_OTHERS else Purpose.RECORD


def make_export(
    case: ClientCase,
    kind: Kind,
    options: ExportOptions,
    *,
    today: date,
    made_at: datetime,
    progress: Progress | None = None,
) -> Export:
    """Make an export, if the client's consent allows it.

    Raises
    ------
    RecordError
        If no consent in force on `today` covers the purpose; if a purpose that shows the client
        to others is asked of a kind that is not de-identified; if a face may be left; if there
        is nothing to export.
    """
    purpose = purpose_of(kind, options)
    if purpose is not Purpose.RECORD and kind not in SHOWN_TO_OTHERS:
        raise RecordError(
            f"client {case.code}",
            f"{kind.value} is not de-identified and may not leave for {purpose.value}",
            f"use one of {', '.join(SHOWN_TO_OTHERS)}",
        )
    require_purpose(case.code, case.consents, purpose, on=today)
    if kind is Kind.CSV:
        return Export(csv_zip(case))
    if kind is Kind.EXCEL:
        return Export(excel_bytes(case, made_at=made_at))
    if kind is Kind.PARQUET:
        return Export(parquet_zip(case))
    if kind is Kind.JSON:
        return Export(json_text(case).encode())
    if kind is Kind.FHIR:
        bundle = fhir_bundle(case, made_at=made_at, with_name=options.with_name)
        return Export(fhir_text(bundle).encode())
    if kind is Kind.DICOM:
        return _dicom(case, options, made_at, progress)
    if kind is Kind.BEFORE_AFTER:
        return _before_after(case, options)
    made = deidentify(
        case,
        secret=options.secret,
        confirmed=options.confirmed,
        left_out=options.left_out,
        progress=progress,
    )
    return Export(made.data, made.key)


def _dicom(
    case: ClientCase, options: ExportOptions, made_at: datetime, progress: Progress | None
) -> Export:
    tell = progress or (lambda _share, _text: None)
    refused = {row.photo for row in case.analysis.refused}
    files, remarks = {}, []
    for number, photo in enumerate(case.photos, 1):
        tell((number - 1) / len(case.photos), f"writing {photo.name}")
        try:
            srgb = case.read(photo.name)
        except Exception as error:
            if photo.name not in refused:
                raise
            remarks.append(f"{photo.name}: left out: {error}")
            continue
        files[f"{number:04d}.dcm"] = dicom_photo(
            srgb,
            photo,
            case.client,
            number=number,
            made_at=made_at,
            version=case.analysis.version,
            with_name=options.with_name,
        )
    return Export(zip_bytes(files), remarks=tuple(remarks))


def _before_after(case: ClientCase, options: ExportOptions) -> Export:
    figures = {view.view: view for view in figures_of(case).views if view.shown}
    if not figures:
        raise RecordError(
            f"client {case.code}", "has no later photo that could be measured", "take one first"
        )
    name = options.view if options.view is not None else next(iter(figures))
    if name not in figures:
        raise RecordError(
            f"view `{name}`",
            "has no result",
            "give one of " + ", ".join(v or "''" for v in figures),
        )
    view = next(v for v in case.analysis.views if v.view == name)
    shown = shown_photo(view)
    assert shown is not None
    before, after = case.read(view.baseline), case.read(shown.photo)
    # Both pictures show the same places of the head: the baseline speaks for both.
    crop = to_8_bit(np.ascontiguousarray(treated_crop(view).of(before)))
    if view.baseline not in options.confirmed and find_faces(crop):
        raise FaceLeftError(case.code, (view.baseline,))
    pair = pair_pictures(view, shown, before, after, figures[name].cells)
    picture = before_after_png(
        figures[name],
        pair,
        Words(options.language),
        shape=options.shape,
        clinic=case.clinic.name,
        show_dates=options.show_dates,
    )
    remarks = () if figures[name].healed else ("the result is not yet healed: the picture says so",)
    return Export(picture, remarks=remarks)
