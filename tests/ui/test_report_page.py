"""The Report page on a store that the test itself fills."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import tracker.storage.results as results
from tests.dossier.made_up import NOW, add_client, consent, made_up_analysis
from tracker.records import ConsentLevel
from tracker.storage.opening import open_store

PAGE = """
from datetime import date
from tracker.storage.opening import open_store
from tracker.ui.pages.report import show_report
from tests.dossier.made_up import NOW

with open_store({place!r}, clock=lambda: NOW) as store:
    show_report(store, "C-0001", date(2026, 9, 1))
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(results, "analyse_series", made_up_analysis)
    place = str(tmp_path / "store")
    with open_store(place, create=True, clock=lambda: NOW) as store:
        add_client(store, views=("top",))
    return AppTest.from_string(PAGE.format(place=place), default_timeout=60)


def allow(tmp_path: Path, level: ConsentLevel) -> None:
    with open_store(str(tmp_path / "store"), clock=lambda: NOW) as store:
        consent(store, level, given_on=date(2026, 2, 1))


def test_a_report_is_made_in_the_chosen_language_and_form(page: AppTest) -> None:
    page.run()
    assert not page.exception
    page.selectbox(key="report_language").select("de")
    page.button(key="report_make").click().run()
    assert not page.exception
    assert [b.label for b in page.get("download_button")] == ["Save the report"]
    assert any("too blurred" in c.value for c in page.caption)
    page.selectbox(key="report_form").select("HTML")
    page.button(key="report_make").click().run()
    assert not page.exception
    assert len(page.get("download_button")) == 1


def test_an_export_needs_a_consent(page: AppTest, tmp_path: Path) -> None:
    page.run()
    assert any("no consent to record is on record" in e.value for e in page.error)
    assert page.button(key="report_export").disabled
    allow(tmp_path, ConsentLevel.RECORD)
    page.run()
    assert not page.error
    page.button(key="report_export").click().run()
    assert not page.exception
    assert [b.label for b in page.get("download_button")] == ["Save the export"]
    page.selectbox(key="report_kind").select("deidentified").run()
    assert any("no consent to publication" in e.value for e in page.error)
    allow(tmp_path, ConsentLevel.PUBLICATION)
    page.run()
    page.button(key="report_export").click().run()
    # The regular grid of these made-up dots looks like a face to the check: a person decides.
    assert any("A face may be left" in w.value for w in page.warning)
    confirm = page.multiselect(key="report_confirmed")
    confirm.set_value(confirm.options)
    page.button(key="report_export").click().run()
    labels = [b.label for b in page.get("download_button")]
    assert labels == ["Save the key (keep it apart)", "Save the export"]


def test_the_archive_can_be_taken_along_without_a_consent(page: AppTest) -> None:
    page.run()
    page.button(key="report_archive").click().run()
    assert not page.exception
    assert [b.label for b in page.get("download_button")] == ["Save the archive"]
