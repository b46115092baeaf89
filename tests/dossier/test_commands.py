"""The commands report, verify REPORT, export, archive, import of an archive, clinic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.dossier.made_up import CODE, NOW, REFUSED, add_client, consent
from tracker.cli import main
from tracker.records import ConsentLevel
from tracker.storage.opening import open_store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMP_TRACKER_RECORDS", str(tmp_path / "store"))
    with open_store(str(tmp_path / "store"), create=True, clock=lambda: NOW) as store:
        add_client(store, views=("top",))
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run_it(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_it


@pytest.mark.parametrize("name", ["report.pdf", "report.html"])
def test_a_report_is_written_and_verified(place: Path, run: Run, name: str) -> None:
    out = place / name
    status, said, failed = run("report", CODE, "--out", out, "--paper", "letter")
    assert status == 1  # one photo was refused, and is named
    assert REFUSED in failed
    assert "healed result" in said
    status, said, failed = run("report", CODE, "--out", out)
    assert status == 2
    assert "--force" in failed
    assert run("report", CODE, "--out", out, "--force", "--language", "es", "--name")[0] == 1
    status, said, _ = run("verify", out)
    assert status == 0
    assert "5 of 5 photos are those of the store; figures: same" in said
    facts = json.loads(run("verify", out, "--json")[1])
    assert facts["holds"] is True


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("report", "C-0009", "--out", "x.pdf"), "is not there"),
        (("report", CODE, "--out", "x.doc"), "neither .pdf nor .html"),
        (("report", CODE, "--out", "x.pdf", "--language", "fr"), "give one of en, es, de"),
        (("report", CODE, "--out", "x.pdf", "--paper", "a3"), "give one of a4, letter"),
        (("export", CODE, "--as", "csv", "--out", "x.zip"), "no consent to record is on record"),
        (("export", CODE, "--as", "csv", "--out", "x.csv"), "is written as .zip"),
        (("export", CODE, "--as", "word", "--out", "x.zip"), "give one of csv"),
        (("verify", "none.pdf"), "cannot be read"),
        (("clinic", "--logo", "none.png"), "cannot be read"),
        (("import", "none.zip"), "none.zip"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, failed = run(*arguments)
    assert (status, out) == (2, "")
    assert reason in failed
    assert failed.count("\n") == 1
    assert not list(tmp_path.glob("x.*"))


def test_the_clinic_is_shown_and_changed(run: Run) -> None:
    run("clinic", "--name", "Clinic", "--line", "Street 1", "--paper", "letter")
    facts = json.loads(run("clinic", "--language", "de", "--json")[1])
    assert facts == {
        "name": "Clinic",
        "lines": ["Street 1"],
        "logo": False,
        "language": "de",
        "paper": "letter",
    }


def test_a_consent_with_its_end_opens_the_exports(place: Path, run: Run) -> None:
    level = ("client", "consent", CODE, "--level", "publication")
    assert run(*level, "--date", "2026-01-05", "--expires", "2199-01-01")[0] == 0
    assert "expires on 2199-01-01" in run("client", "show", CODE)[1]
    assert run("export", CODE, "--as", "fhir", "--out", place / "x.json")[0] == 0
    out = place / "case.zip"
    names = [p["name"] for p in json.loads(run("photo", "list", CODE, "--json")[1])["photos"]]
    confirmed = [word for name in names for word in ("--confirm-no-face", name)]
    status, _, failed = run("export", CODE, "--as", "deidentified", "--out", out, *confirmed)
    assert status == 0, failed
    key = place / "case.key.json"
    assert json.loads(key.read_text("utf-8"))["client"] == CODE
    assert key.stat().st_mode & 0o077 == 0


def test_an_archive_goes_into_another_store(
    place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(str(place / "store"), clock=lambda: NOW) as store:
        consent(store, ConsentLevel.RECORD, given_on=date(2026, 2, 2))
    assert run("archive", CODE, "--out", place / "all.zip")[0] == 0
    status, said, _ = run("import", place / "all.zip", "--store", place / "other")
    assert status == 0
    assert "5 photos, 4 sessions" in said
    run("report", CODE, "--out", place / "a.html")
    assert run("verify", place / "a.html", "--store", place / "other")[0] == 0
