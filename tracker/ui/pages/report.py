"""The report of a client of the store, and exports as far as the consent allows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar, cast

import streamlit as st

from tracker.dossier.archive import client_archive
from tracker.dossier.before_after import Shape
from tracker.dossier.case import ClientCase, read_case
from tracker.dossier.deidentified import FaceLeftError
from tracker.dossier.exports import (
    SHOWN_TO_OTHERS,
    SUFFIX,
    Export,
    ExportOptions,
    Kind,
    make_export,
    purpose_of,
)
from tracker.dossier.report import report_html, report_parts, report_pdf, undrawable_characters
from tracker.photos import PhotoError
from tracker.records import RecordError
from tracker.records.consents import Purpose, check_purpose
from tracker.storage.clinic_settings import Language, Paper, read_clinic
from tracker.storage.errors import StoreError
from tracker.storage.store import Store
from tracker.ui import look

Result = TypeVar("Result")
Choice = TypeVar("Choice")

LANGUAGE_NAMES = {
    Language.ENGLISH: "English",
    Language.SPANISH: "Español",
    Language.GERMAN: "Deutsch",
}
PAPER_NAMES = {Paper.A4: "A4", Paper.LETTER: "US Letter"}
KIND_NAMES = {
    Kind.CSV: "Tables, CSV",
    Kind.EXCEL: "Tables, Excel",
    Kind.PARQUET: "Tables, Parquet",
    Kind.JSON: "Everything measured, JSON",
    Kind.FHIR: "FHIR R4 bundle",
    Kind.DICOM: "Photos, DICOM",
    Kind.BEFORE_AFTER: "Before and after, picture",
    Kind.DEIDENTIFIED: "De-identified photos and tables",
}


def show_report(store: Store, client_code: str, today: date) -> None:
    """Offer report, exports and archive of one client.

    Parameters
    ----------
    store : Store
    client_code : str
    today : date
        Consents are looked at on this day.
    """
    st.subheader("Report")
    clinic = read_clinic(store)
    left, middle, right = st.columns(3)
    language = _choose(
        left,
        "Language",
        list(Language),
        index=list(Language).index(clinic.language),
        format_func=LANGUAGE_NAMES.__getitem__,
        key="report_language",
    )
    paper = _choose(
        middle,
        "Paper",
        list(Paper),
        index=list(Paper).index(clinic.paper),
        format_func=PAPER_NAMES.__getitem__,
        key="report_paper",
    )
    form = _choose(right, "Form", ["PDF", "HTML"], key="report_form")
    with_name = st.checkbox("With the client's name, not only the code", key="report_with_name")
    if st.button("Make the report", type="primary", key="report_make"):
        _make_report(store, client_code, language, paper, form, with_name=with_name)
    st.subheader("Exports")
    _exports(store, client_code, today, language)
    st.subheader("Everything of this client")
    st.caption(
        "Originals, records, results and checksums in one ZIP: for the client to take along, or "
        "for another clinic's store."
    )
    if st.button("Make the archive", key="report_archive"):
        with st.spinner("Packing ..."):
            data = _guarded(lambda: client_archive(store, client_code))
        if data is not None:
            name = f"{client_code}-archive.zip"
            st.download_button("Save the archive", data, name, key="report_archive_save")


def _choose(where: Any, label: str, options: Sequence[Choice], **more: Any) -> Choice:
    """A choice that always has an answer."""
    return cast("Choice", where.selectbox(label, options, **more))


def _guarded(work: Callable[[], Result]) -> Result | None:
    """The result, or None where a line says why there is none."""
    try:
        return work()
    except (RecordError, StoreError, PhotoError) as error:
        look.failed("No file was made", error, "The records are as they were.")
        return None


def _read(store: Store, code: str) -> ClientCase | None:
    bar = st.progress(0.0, "Opening the client ...")
    case = _guarded(
        lambda: read_case(
            store, code, progress=lambda share, said: _told(bar.progress(min(share, 1.0), said))
        )
    )
    bar.empty()
    return case


def _told(_shown: object) -> None:
    """A bar gives itself back when it is moved; nobody needs it."""


def _make_report(
    store: Store, code: str, language: Language, paper: Paper, form: str, *, with_name: bool
) -> None:
    case = _read(store, code)
    if case is None:
        return
    bar = st.progress(0.0, "Pictures ...")
    parts = _guarded(
        lambda: report_parts(
            case,
            with_name=with_name,
            progress=lambda share, said: _told(bar.progress(min(share, 1.0), said)),
        )
    )
    bar.empty()
    if parts is None:
        return
    if not parts.figures.healed:
        st.warning("Not yet healed: the report says so across its pages.")
    for photo in parts.figures.refused:
        st.caption(f"{photo.name}: not measured: {photo.reason}")
    if form == "PDF":
        missing = undrawable_characters(parts, language)
        if missing:
            points = " ".join(f"U+{ord(c):04X}" for c in missing)
            st.info(f"The fonts of the PDF lack {points}; the HTML report shows them.")
        data = report_pdf(parts, language=language, paper=paper, made_at=store.clock())
        st.download_button(
            "Save the report", data, f"{code}-report.pdf", "application/pdf", key="report_save"
        )
    else:
        text = report_html(parts, language=language, made_at=store.clock())
        st.download_button(
            "Save the report", text, f"{code}-report.html", "text/html", key="report_save"
        )


def _exports(store: Store, code: str, today: date, language: Language) -> None:
    consents = [kept.record for kept in store.consents(code)]
    left, right = st.columns(2)
    kind = _choose(
        left, "Export", list(Kind), format_func=KIND_NAMES.__getitem__, key="report_kind"
    )
    purposes = list(Purpose) if kind in SHOWN_TO_OTHERS else [Purpose.RECORD]
    purpose = _choose(
        right,
        "For",
        purposes,
        index=purposes.index(purpose_of(kind, ExportOptions())),
        format_func=str.capitalize,
        key=f"report_purpose_{kind.name}",
    )
    shape = Shape.SQUARE
    if kind is Kind.BEFORE_AFTER:
        shape = st.segmented_control(
            "Shape", list(Shape), default=Shape.SQUARE, format_func=str.capitalize, key="report_shape"
        ) or Shape.SQUARE  # fmt: skip
    found = check_purpose(consents, purpose, on=today)
    if not found.allowed:
        st.error(
            f"Not allowed for {purpose.value}: {found.reason}. A consent is noted on the page Client, "
            "under Consent and notes."
        )
    elif found.consent is not None:
        st.caption(f"Consent to {found.consent.level.value}, given {found.consent.given_on}.")
    confirmed = _confirmed(code)
    if st.button("Make the export", disabled=not found.allowed, key="report_export"):
        options = ExportOptions(
            purpose=purpose,
            shape=shape,
            language=language,
            confirmed=confirmed,
            secret=secrets.token_hex(16),
        )
        _make(store, code, kind, options, today)


def _confirmed(code: str) -> tuple[str, ...]:
    """Photos whose crop a person has looked at, after the face check named them."""
    named: list[str] = st.session_state.get(f"report_faces_{code}", [])
    if not named:
        return ()
    st.warning(
        f"A face may be left in the crop of {', '.join(named)}. Look at these photos; name those "
        "without a face and make the export again."
    )
    chosen = st.multiselect("I looked: no face is left in", named, key="report_confirmed")
    return tuple(chosen)


def _make(store: Store, code: str, kind: Kind, options: ExportOptions, today: date) -> None:
    case = _read(store, code)
    if case is None:
        return
    made: Export | None = None
    try:
        with st.spinner("Making the export ..."):
            made = make_export(case, kind, options, today=today, made_at=store.clock())
    except FaceLeftError as error:
        before = st.session_state.get(f"report_faces_{code}", [])
        st.session_state[f"report_faces_{code}"] = sorted({*before, *error.photos})
        st.rerun()
    except (RecordError, StoreError, PhotoError) as error:
        look.failed("No file was made", error, "The records are as they were.")
    if made is None:
        return
    for remark in made.remarks:
        st.info(remark)
    name = f"{code}-{kind.value}{SUFFIX[kind]}"
    if made.key:
        # A file name that carries the code would undo it.
        name = "case-deidentified.zip"
        st.download_button(
            "Save the key (keep it apart)", made.key, f"{code}-key.json", key="report_key_save"
        )
    st.download_button("Save the export", made.data, name, key="report_export_save")
