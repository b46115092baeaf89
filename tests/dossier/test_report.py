"""The report: what it says, when it may say healed, and that it says the same tomorrow."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pypdf
import pytest
from PIL import Image

from tests.dossier.made_up import CODE, NOW, REFUSED, add_client, incoming, jpeg
from tests.factories import BASELINE_DAY, PHOTO_DAYS, make_srgb
from tracker.dossier.case import read_case
from tracker.dossier.check_report import check_report, read_report
from tracker.dossier.figures import figures_of
from tracker.dossier.glyphs import missing_characters, printable
from tracker.dossier.pictures import colour_gains
from tracker.dossier.report import report_html, report_parts, report_pdf
from tracker.records import SessionRecord
from tracker.report.publish import OutputError
from tracker.storage.clinic_settings import (
    ClinicSettings,
    Language,
    Paper,
    logo_from_bytes,
    read_clinic,
    read_logo,
    save_clinic,
)
from tracker.storage.errors import StoreError
from tracker.storage.filing import file_photos
from tracker.storage.store import Store
from tracker.storage.vault import Shelf


def pdf_of(
    store: Store,
    language: Language = Language.ENGLISH,
    paper: Paper = Paper.A4,
    *,
    with_name: bool = True,
) -> bytes:
    parts = report_parts(read_case(store, CODE), with_name=with_name)
    return report_pdf(parts, language=language, paper=paper, made_at=NOW)


def page_of(store: Store, language: Language = Language.ENGLISH, *, with_name: bool = True) -> str:
    parts = report_parts(read_case(store, CODE), with_name=with_name)
    return report_html(parts, language=language, made_at=NOW)


def words_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_pdf_and_page_say_what_was_measured(store: Store) -> None:
    add_client(store)
    figures = figures_of(read_case(store, CODE), with_name=True)
    assert figures.healed
    assert [view.days_since_session for view in figures.views] == [35, 35]
    pdf, page = words_of(pdf_of(store)), page_of(store)
    for said in (
        "Healed result",
        "Zoë Example",
        "healed: 35 days after the last session",
        "71\u202f%",
        "soft fade",
        "picosecond",
        "patch test",
        "hairline",
        REFUSED,
        "too blurred: hold still",
        figures.settings_hash,
        "not a diagnosis",
    ):
        assert " ".join(said.split()) in " ".join(pdf.split()), said
        assert said in page, said
    for photo in figures.photos:
        grouped = " ".join(photo.sha256[k : k + 8] for k in range(0, 64, 8))
        assert grouped in pdf
        assert grouped in page
    assert "not yet healed" not in page
    assert page.count("data:image/jpeg;base64,") == 2 + 2 * 4  # a pair, then four pictures a view
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_fresh_skin_is_never_called_healed(store: Store) -> None:
    add_client(store)
    last = BASELINE_DAY + timedelta(days=PHOTO_DAYS[-1])
    for day in (14, 60, 110):  # a session shortly before every later photo
        near = min(p for p in PHOTO_DAYS[1:] if p >= day)
        store.add_session(CODE, SessionRecord(BASELINE_DAY + timedelta(days=near - 9)))
    figures = figures_of(read_case(store, CODE))
    assert not figures.healed
    assert figures.views[0].shown_on == last
    page = page_of(store)
    assert "Interim result" in page
    assert page.count('<div class="stamp"') == 4  # client, record, both views
    assert "not yet healed: 9 days after the last session (healing)" in page
    assert "Healed result" not in page
    assert "NOT YET HEALED" in words_of(pdf_of(store))


def test_without_sessions_nothing_is_called_healed(store: Store) -> None:
    add_client(store, sessions=False)
    page = page_of(store)
    assert "no session before this photo is on record" in page
    assert "Healed result" not in page


def test_the_healed_photo_stands_although_a_fresh_one_came_later(store: Store) -> None:
    add_client(store, views=("top",))
    day = BASELINE_DAY + timedelta(days=PHOTO_DAYS[-1] + 7)
    store.add_session(CODE, SessionRecord(day))
    data = jpeg(make_srgb(0.9))
    file_photos(store, CODE, [incoming("fresh.jpg", day + timedelta(days=5), "top", data)])
    (view,) = figures_of(read_case(store, CODE)).views
    assert view.healed
    assert view.shown != "fresh.jpg"
    assert (view.sessions_since, view.newer_unhealed) == (1, 1)
    assert "sessions after this photo: 1" in page_of(store)


def test_only_a_baseline_gives_one_clear_line(store: Store) -> None:
    add_client(store, views=("top",), n_photos=1)
    assert "No later photo could be measured" in page_of(store)
    assert "No later photo could be measured" in words_of(pdf_of(store))


def test_a_client_without_photos_is_refused_in_one_line(store: Store) -> None:
    from tracker.records import ClientRecord

    store.add_client(ClientRecord(CODE))
    with pytest.raises(StoreError, match="has no photos"):
        read_case(store, CODE)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("paper", list(Paper))
def test_every_language_on_every_paper(store: Store, language: Language, paper: Paper) -> None:
    add_client(store, views=("top",))
    pdf = pdf_of(store, language, paper)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    size = tuple(round(float(v)) for v in reader.pages[0].mediabox[2:])
    assert size == {Paper.A4: (595, 842), Paper.LETTER: (612, 792)}[paper]
    title = {"en": "Healed result", "es": "Resultado con piel curada", "de": "Abgeheiltes Ergebnis"}
    assert title[language.value] in words_of(pdf)


def test_the_same_store_gives_the_same_bytes(store: Store) -> None:
    add_client(store)
    assert pdf_of(store) == pdf_of(store)
    assert page_of(store) == page_of(store)


def test_apart_from_its_time_a_report_is_the_same_later(store: Store) -> None:
    add_client(store)
    parts = report_parts(read_case(store, CODE))
    later = NOW + timedelta(days=41, hours=3)
    first = report_html(parts, language=Language.ENGLISH, made_at=NOW)
    second = report_html(parts, language=Language.ENGLISH, made_at=later)
    assert first != second
    for now, then in (
        ("1 September 2026", "12 October 2026"),
        ("12:00 UTC", "15:00 UTC"),
        ("2026-09-01T12:00:00", "2026-10-12T15:00:00"),
    ):
        first = first.replace(now, then)
    assert first == second
    texts = [
        words_of(report_pdf(parts, language=Language.ENGLISH, paper=Paper.A4, made_at=at))
        for at in (NOW, later)
    ]
    assert (
        texts[0].replace("1 September 2026", "12 October 2026").replace("12:00", "15:00")
        == (texts[1])
    )


LONG = "Maximiliane-Wilhelmine " * 8 + "X" * 180


@pytest.mark.parametrize(
    ("name", "in_pdf"),
    [
        (LONG, "Maximiliane"),
        ("محمد بن علي", "م"),
        ("שרה כהן", "ש"),
        ("王小明", "王小明"),
        ("Дарья Ёлкина", "Дарья Ёлкина"),
        ("<b>*bold*</b> #sys.version {{ x }}", "<b>*bold*</b> #sys.version {{ x }}"),
    ],
)
def test_names_of_every_kind(store: Store, name: str, in_pdf: str) -> None:
    add_client(store, views=("top",), name=name)
    pdf = words_of(pdf_of(store))
    assert in_pdf in pdf
    assert "not in the fonts" not in pdf
    from html import escape

    assert f"<bdi>{escape(name, quote=False)}</bdi>" in page_of(store).replace("&#34;", '"')


def test_a_very_long_name_stays_on_the_page(store: Store) -> None:
    add_client(store, views=("top",), name="X" * 200)
    right = []

    def see(text: str, _cm: object, matrix: list[float], _font: object, _size: float) -> None:
        if "XX" in text:
            right.append(matrix[4])

    pypdf.PdfReader(io.BytesIO(pdf_of(store))).pages[0].extract_text(visitor_text=see)
    assert right
    assert max(right) < 595


def test_characters_without_a_glyph_are_said_and_replaced(store: Store) -> None:
    add_client(store, views=("top",), name="Ann \U0001f600")
    assert missing_characters("Ann \U0001f600") == ("\U0001f600",)
    assert printable("a\U0001f600b\x07") == "a\ufffdb "
    pdf = words_of(pdf_of(store))
    assert "U+1F600" in pdf
    assert "\ufffd" in pdf
    assert "Ann \U0001f600" in page_of(store)


def test_the_name_stands_in_it_only_on_request(store: Store) -> None:
    add_client(store, views=("top",))
    pdf = pdf_of(store, with_name=False)
    assert "Zoë" not in words_of(pdf)
    assert b"Zo" not in pypdf.PdfReader(io.BytesIO(pdf)).attachments["report.json"][0]
    assert "Zoë" not in page_of(store, with_name=False)


def test_a_huge_logo_is_made_small_and_a_missing_one_is_named(store: Store, tmp_path: Path) -> None:
    add_client(store, views=("top",))
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((3000, 6000, 3), np.uint8)).save(buffer, "PNG")
    logo = logo_from_bytes(buffer.getvalue(), "logo.png")
    with Image.open(io.BytesIO(logo)) as image:
        assert image.size == (900, 450)
    save_clinic(store, ClinicSettings("Clinic", ("Street 1", "Town"), logo, Language.GERMAN))
    assert read_clinic(store).language is Language.GERMAN
    assert "data:image/png;base64," in page_of(store)
    assert "Street 1" in words_of(pdf_of(store))
    with pytest.raises(StoreError, match="cannot be read"):
        read_logo(tmp_path / "none.png")
    with pytest.raises(StoreError, match="is no picture"):
        logo_from_bytes(b"no picture", "x.png")
    with pytest.raises(StoreError, match="has more than 5 lines"):
        save_clinic(store, ClinicSettings("C", ("x",) * 6))


def test_colour_is_matched_on_untreated_skin_or_left_alone() -> None:
    before = np.full((40, 40, 3), (180, 140, 120), np.uint8)
    darker = np.full((40, 40, 3), (160, 140, 130), np.uint8)
    everywhere = np.ones((40, 40), bool)
    red, green, blue = colour_gains(before, darker, everywhere)
    assert red > 1.2
    assert green == 1.0
    assert blue < 0.9
    assert colour_gains(before, darker, ~everywhere) == ()
    assert colour_gains(before, np.full_like(before, 40), everywhere) == ()


@pytest.mark.parametrize("suffix", [".pdf", ".html"])
def test_verify_tells_whether_the_photos_are_those_of_the_store(
    store: Store, tmp_path: Path, suffix: str, new_store: Callable[[str], Store]
) -> None:
    add_client(store)
    path = tmp_path / f"report{suffix}"
    path.write_bytes(pdf_of(store) if suffix == ".pdf" else page_of(store).encode())
    content = read_report(path)
    found = check_report(store, content)
    assert found.holds
    assert (len(found.same), found.figures) == (9, "same")
    # A figure or a hash that was changed in the report is found.
    forged = json.loads(json.dumps(content))
    forged["views"][0]["zones"][0]["fade"]["value"] = 0.99
    assert check_report(store, forged).figures == "other"
    forged = json.loads(json.dumps(content))
    forged["photos"][0]["sha256"] = "0" * 64
    assert not check_report(store, forged).holds
    # A photo that is lost is named; another store has none of them.
    first = store.photos(CODE)[0].record
    store.vault.remove(Shelf.ORIGINALS, first.sha256)
    assert check_report(store, content).altered == (first.name,)
    assert len(check_report(new_store("other"), content).missing) == 9


def test_verify_names_a_newer_photo(store: Store, tmp_path: Path) -> None:
    add_client(store, views=("top",))
    path = tmp_path / "report.html"
    path.write_text(page_of(store), encoding="utf-8")
    data = jpeg(make_srgb(0.8))
    file_photos(store, CODE, [incoming("new.jpg", date(2026, 8, 1), "top", data)])
    found = check_report(store, read_report(path))
    assert found.holds
    assert found.newer == ("new.jpg",)
    assert "not compared" in found.figures


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 no", b"<html></html>", b"\xff\xfe\x00"])
def test_what_is_no_report_is_one_clear_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(data)
    with pytest.raises(OutputError, match="is no report of smp-tracker"):
        read_report(path)
    with pytest.raises(OutputError, match="cannot be read"):
        read_report(tmp_path / "none.pdf")


def test_a_figures_name_needs_no_consent_but_says_what_is_on_record(store: Store) -> None:
    add_client(store, views=("top",))
    assert "none on record" in page_of(store)
    kept = store.client(CODE)
    store.change_client(replace(kept, record=replace(kept.record, skin_type="V")))
    assert "V" in page_of(store)
