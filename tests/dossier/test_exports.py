"""Exports: the consent decides, formulas stay text, formats are what their standards ask for."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pydicom
import pytest
from fhir.resources.R4B.bundle import Bundle
from PIL import Image
from pydantic import ValidationError
from skimage.data import astronaut

from tests.dossier.made_up import CODE, NOW, add_client, consent, jpeg
from tests.factories import FADES
from tracker.dossier import deidentified, exports
from tracker.dossier.archive import bring_back, client_archive
from tracker.dossier.before_after import Shape
from tracker.dossier.case import ClientCase, read_case
from tracker.dossier.exports import Export, ExportOptions, Kind, make_export
from tracker.dossier.faces import find_faces
from tracker.dossier.report import report_html, report_parts
from tracker.records import ConsentLevel, RecordError
from tracker.records.consents import Purpose
from tracker.report.spreadsheet import safe_cell
from tracker.storage.clinic_settings import Language
from tracker.storage.errors import StoreError
from tracker.storage.store import Store
from tracker.storage.vault import Shelf

TODAY = date(2026, 9, 1)


def make(case: ClientCase, kind: Kind, **options: object) -> Export:
    chosen = ExportOptions(**{"secret": "s", **options})  # type: ignore[arg-type]
    return make_export(case, kind, chosen, today=TODAY, made_at=NOW)


@pytest.fixture
def case(store: Store) -> ClientCase:
    """A client with one view who consented to publication."""
    # A camera's metadata with an owner and a serial number, as a phone may write them.
    exif = Image.Exif()
    exif[0x010F], exif[0x9C9D] = "SecretMaker", "OwnerName".encode("utf-16-le")
    add_client(store, views=("top",), exif=exif.tobytes())
    consent(store, ConsentLevel.PUBLICATION)
    return read_case(store, CODE)


@pytest.mark.parametrize("kind", list(Kind))
def test_without_a_consent_nothing_is_exported(store: Store, kind: Kind) -> None:
    add_client(store, views=("top",), n_photos=2)
    with pytest.raises(RecordError, match=r"may not be exported for \w+: no consent to"):
        make(read_case(store, CODE), kind)


def test_teaching_allows_no_publication_and_expiry_ends_it(store: Store) -> None:
    add_client(store, views=("top",), n_photos=2)
    consent(store, ConsentLevel.TEACHING, expires_on=date(2026, 10, 1))
    case = read_case(store, CODE)
    make(case, Kind.BEFORE_AFTER, purpose=Purpose.TEACHING)
    with pytest.raises(RecordError, match="no consent to publication"):
        make(case, Kind.BEFORE_AFTER)
    late = ExportOptions(purpose=Purpose.TEACHING)
    with pytest.raises(RecordError, match="expired on 2026-10-01"):
        make_export(case, Kind.BEFORE_AFTER, late, today=date(2026, 10, 1), made_at=NOW)


def test_what_names_the_client_never_leaves_for_publication(case: ClientCase) -> None:
    with pytest.raises(RecordError, match="is not de-identified"):
        make(case, Kind.FHIR, purpose=Purpose.PUBLICATION)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "|x", "\ufeff=1"])
def test_a_formula_stays_text(text: str) -> None:
    assert safe_cell(text).startswith("'")
    assert safe_cell("plain") == "plain"


def test_csv_has_readme_typed_rows_and_no_formula(case: ClientCase) -> None:
    with zipfile.ZipFile(io.BytesIO(make(case, Kind.CSV).data)) as archive:
        assert archive.namelist() == ["readme.txt", "photos.csv", "zones.csv", "sessions.csv"]
        photos = list(csv.DictReader(io.StringIO(archive.read("photos.csv").decode())))
        sessions = list(csv.DictReader(io.StringIO(archive.read("sessions.csv").decode())))
    by_status = {row["status"]: row for row in photos}
    assert len(photos) == 5
    assert float(photos[-1]["fade"]) == pytest.approx(FADES[3])
    assert by_status["refused"]["fade"] == ""
    assert sessions[-1]["notes"] == "'=HYPERLINK(1)"


def test_excel_has_a_sheet_per_table_with_types(case: ClientCase) -> None:
    book = openpyxl.load_workbook(io.BytesIO(make(case, Kind.EXCEL).data))
    assert book.sheetnames == ["readme", "photos", "zones", "sessions"]
    head = [cell.value for cell in book["photos"][1]]
    last = dict(zip(head, book["photos"][book["photos"].max_row], strict=True))
    assert isinstance(last["fade"].value, float)
    assert last["captured_on"].is_date
    notes = [c for row in book["sessions"].iter_rows() for c in row if c.value == "=HYPERLINK(1)"]
    assert notes
    assert all(cell.data_type == "s" for cell in notes)


def test_parquet_has_types(case: ClientCase) -> None:
    with zipfile.ZipFile(io.BytesIO(make(case, Kind.PARQUET).data)) as archive:
        table = pq.read_table(io.BytesIO(archive.read("photos.parquet")))
    assert str(table.schema.field("captured_on").type) == "date32[day]"
    assert str(table.schema.field("fade").type) == "double"
    assert table.num_rows == 5


def test_json_is_strict_and_holds_figures_and_tables(case: ClientCase) -> None:
    content = json.loads(make(case, Kind.JSON).data, parse_constant=lambda c: pytest.fail(c))
    assert content["figures"]["client"] == CODE
    assert {"photos", "zones", "sessions"} == content["tables"].keys()


def test_fhir_fits_the_model_of_the_specification(case: ClientCase) -> None:
    content = json.loads(make(case, Kind.FHIR, with_name=True).data)
    bundle = Bundle.model_validate(content)
    kinds = [entry.resource.get_resource_type() for entry in bundle.entry]
    assert {"Patient", "Observation", "Media", "DiagnosticReport"} == set(kinds)
    urls = {entry["fullUrl"] for entry in content["entry"]}
    observations = [e["resource"] for e in content["entry"] if "bodySite" in e["resource"]]
    fade = next(
        o for o in observations if o.get("code", {}).get("coding", [{}])[0].get("code") == "fade"
    )
    assert fade["valueQuantity"]["value"] == pytest.approx(71.0)
    assert fade["status"] == "final"
    assert "settings" in fade["method"]["text"]
    assert {ref["reference"] for ref in fade["derivedFrom"]} <= urls
    broken = json.loads(json.dumps(content))
    del broken["entry"][1]["resource"]["status"]
    with pytest.raises(ValidationError):
        Bundle.model_validate(broken)


def test_dicom_passes_dciodvfy_and_keeps_the_pixels(case: ClientCase, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(make(case, Kind.DICOM, with_name=True).data)) as archive:
        archive.extractall(tmp_path)
        names = archive.namelist()
    assert len(names) == 5
    first = pydicom.dcmread(tmp_path / "0001.dcm")
    assert first.SOPClassUID.name == "VL Photographic Image Storage"
    assert str(first.PatientName) == "Zoë Example"
    assert np.array_equal(first.pixel_array, case.read(case.photos[0].name))
    assert b"SecretMaker" not in (tmp_path / "0001.dcm").read_bytes()
    checker = shutil.which("dciodvfy")
    if checker is None:
        pytest.skip("dciodvfy (Debian's dicom3tools) is not installed: DICOM was only read back")
    for name in names:
        done = subprocess.run(
            [checker, str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert "VLPhotographicImage" in said
        assert not [line for line in said.splitlines() if line.startswith("Error")], said


@pytest.mark.parametrize(("shape", "size"), [("square", (1080, 1080)), ("portrait", (1080, 1350))])
def test_before_after_picture(case: ClientCase, shape: str, size: tuple[int, int]) -> None:
    data = make(case, Kind.BEFORE_AFTER, shape=Shape(shape), language=Language.SPANISH).data
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == size
        assert not image.info
    with pytest.raises(RecordError, match="has no result"):
        make(case, Kind.BEFORE_AFTER, view="nape")


def test_deidentified_holds_nothing_that_names_the_client(case: ClientCase) -> None:
    # The regular grid of the made-up dots looks like a face to the check: it is confirmed away.
    made = make(case, Kind.DEIDENTIFIED, confirmed=tuple(photo.name for photo in case.photos))
    key = json.loads(made.key)
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    photos = [name for name in files if name.startswith("photos/")]
    assert len(photos) == 4
    everything = b"".join(files.values()) + " ".join(files).encode()
    for photo in case.photos:
        assert photo.name.encode() not in everything
        assert photo.sha256.encode() not in everything
    for word in (CODE, "Zo\u00eb", "2026-01", "SecretMaker", "HYPERLINK", "Exif", "M.\n"):
        assert word.encode() not in everything, word
    assert key["client"] == CODE
    assert {f"photos/{name}" for name in key["photos"]} == set(photos)
    for name in photos:
        with Image.open(io.BytesIO(files[name])) as image:
            assert image.size[0] < 400  # the crop, not the photo
            assert image.size[1] < 300
            assert not image.getexif()
    rows = list(csv.DictReader(io.StringIO(files["photos.csv"].decode())))
    assert {row["days_since_baseline"] for row in rows} == {"0", "47", "96", "145"}
    assert {f"photos/{row['photo']}" for row in rows} == set(photos)


def test_a_face_is_found_whichever_way_it_is_turned() -> None:
    assert all(find_faces(np.ascontiguousarray(np.rot90(astronaut(), k))) for k in range(4))


def test_no_face_is_found_on_skin(case: ClientCase) -> None:
    assert find_faces(case.read(case.photos[0].name)) == ()


def test_a_face_blocks_until_it_is_confirmed(
    case: ClientCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deidentified, "cut_photo", lambda *_: astronaut())
    with pytest.raises(RecordError, match="a face may be left in the crop of"):
        make(case, Kind.DEIDENTIFIED)
    names = tuple(photo.name for photo in case.photos if not photo.name.startswith("blurred"))
    assert make(case, Kind.DEIDENTIFIED, confirmed=names).data
    with pytest.raises(RecordError, match="no photo that can be cut"):
        make(case, Kind.DEIDENTIFIED, left_out=names)
    with pytest.raises(RecordError, match="has no photo other"):
        make(case, Kind.DEIDENTIFIED, confirmed=("other",))


def test_a_face_blocks_the_before_after_picture(
    case: ClientCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "find_faces", lambda _crop: ("face",))
    with pytest.raises(RecordError, match="a face may be left"):
        make(case, Kind.BEFORE_AFTER)
    assert make(case, Kind.BEFORE_AFTER, confirmed=(case.photos[0].name,)).data


def page(store: Store) -> str:
    parts = report_parts(read_case(store, CODE), with_name=True)
    return report_html(parts, language=Language.ENGLISH, made_at=NOW)


def test_an_archive_is_the_same_client_elsewhere(
    store: Store, new_store: Callable[[str], Store], tmp_path: Path
) -> None:
    add_client(store)
    consent(store, ConsentLevel.TEACHING, expires_on=date(2027, 1, 1))
    before = page(store)
    path = tmp_path / "client.zip"
    path.write_bytes(client_archive(store, CODE))
    other = new_store("other")
    done = bring_back(other, path)
    assert (done.n_photos, done.n_sessions, done.n_results) == (9, 4, 2)
    for read in ("client", "plan", "sessions", "photos", "zones", "consents", "notes"):
        a, b = getattr(store, read)(CODE), getattr(other, read)(CODE)
        assert [k.record for k in ([a] if not isinstance(a, list) else a)] == [
            k.record for k in ([b] if not isinstance(b, list) else b)
        ], read
    assert set(store.vault.names(Shelf.ORIGINALS)) == set(other.vault.names(Shelf.ORIGINALS))
    assert page(other) == before
    assert client_archive(other, CODE) == path.read_bytes()
    with pytest.raises(StoreError, match="is there already|is filed under"):
        bring_back(other, path)


@pytest.mark.parametrize(
    "evil", ["../../evil.txt", "/etc/evil", "originals/../../evil", "C:\\evil"]
)
def test_an_archive_that_was_tampered_with_changes_nothing(
    store: Store, new_store: Callable[[str], Store], tmp_path: Path, evil: str
) -> None:
    add_client(store, views=("top",), n_photos=2)
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(client_archive(store, CODE))
    other = new_store("other")
    with zipfile.ZipFile(good) as source:
        files = {name: source.read(name) for name in source.namelist()}
    for changed in (
        {**files, evil: b"x"},
        {**files, "records.json": files["records.json"].replace(b"III", b"VII")},
        {k: v for k, v in files.items() if not k.startswith("originals/0000")},
        {k: v for k, v in files.items() if k != "checksums.sha256"},
    ):
        with zipfile.ZipFile(bad, "w") as archive:
            for name, data in changed.items():
                archive.writestr(name, data)
        with pytest.raises(StoreError, match="nothing was changed"):
            bring_back(other, bad)
    bad.write_bytes(good.read_bytes()[:-200])
    with pytest.raises(StoreError, match="is no archive"):
        bring_back(other, bad)
    assert other.clients() == []
    assert list(other.vault.names(Shelf.ORIGINALS)) == []
    assert not list(tmp_path.rglob("evil*"))


def test_jpegs_of_the_tests_carry_what_must_not_leave(case: ClientCase) -> None:
    assert b"SecretMaker" in case.original(case.photos[0].name)
    assert jpeg(np.zeros((8, 8, 3), np.uint8))[:2] == b"\xff\xd8"
