"""The commands `key ...`: encrypted, another passphrase, another key, and back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_bad_records import only_line
from tests.sealing.quickly import WORDS, stretch_quickly
from tests.storage.photo_files import write_photo
from tracker.cli import main, record_work
from tracker.storage.unlocking import PASSPHRASE_FILE_VARIABLE, PASSPHRASE_VARIABLE


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    stretch_quickly(monkeypatch)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.delenv(PASSPHRASE_FILE_VARIABLE, raising=False)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text(f"{WORDS}\n")
    return file


@pytest.fixture
def clinic(run: Run, tmp_path: Path) -> None:
    run("client", "add", "C-0001", "--name", "Zoe Quill")
    run("photo", "add", "C-0001", write_photo(tmp_path / "mine.jpg", taken="2024:03:10 09:00:00"))


def test_from_the_clear_and_back(
    clinic: None,
    run: Run,
    run_json: Callable[..., Any],
    words: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert run_json("key", "status") == {
        "key": None,
        "moving": False,
        "n_files": 0,
        "traces": False,
    }
    status, out, err = run("key", "set", "--new-file", words)
    assert status == 0
    assert out.startswith("encrypted with key 1; ")
    assert "without it nobody can read the records again" in err

    line = only_line(*run("client", "show", "C-0001"))
    assert "is encrypted and needs its passphrase; name a file" in line
    monkeypatch.setenv(PASSPHRASE_FILE_VARIABLE, str(words))
    assert "Zoe Quill" in run("client", "show", "C-0001")[1]
    assert run_json("key", "rotate")["key"] == 2

    other = tmp_path / "other"
    other.write_text("other words in a row\n")
    backup = tmp_path / "clinic.backup"
    assert run("backup", "--out", backup)[0] == 0
    assert run("key", "change", "--new-file", other)[0] == 0
    assert "another passphrase" in only_line(*run("client", "list"))
    monkeypatch.setenv(PASSPHRASE_FILE_VARIABLE, str(other))
    assert "letter by letter" not in run("client", "list")[2]

    # A backup keeps the passphrase of its time.
    there = ("--store", tmp_path / "there", "--vault", tmp_path / "there-photos")
    assert "was made" in only_line(*run("restore", backup, *there))
    assert run("restore", backup, *there, "--passphrase-file", words)[0] == 0
    assert run_json("verify")["damage"] == []

    found = run_json("doctor")["findings"]
    assert [f["what"] for f in found if f["part"] == "encryption"] == ["on, key 2"]
    assert run_json("key", "remove")["key"] is None
    monkeypatch.delenv(PASSPHRASE_FILE_VARIABLE)
    assert "Zoe Quill" in run("client", "show", "C-0001")[1]


def test_what_makes_no_sense_is_one_line(
    clinic: None, run: Run, words: Path, tmp_path: Path
) -> None:
    assert "name its file with --new-file" in only_line(*run("key", "set"))
    assert "cannot be read" in only_line(*run("key", "set", "--new-file", tmp_path / "none"))
    short = tmp_path / "short"
    short.write_text("short\n")
    assert "has 5 letters; take 12 or more" in only_line(*run("key", "set", "--new-file", short))
    for command in ("rotate", "remove"):
        assert "is not encrypted" in only_line(*run("key", command))
    assert "is not encrypted" in only_line(*run("key", "change", "--new-file", words))
    assert run("key", "finish")[:2] == (0, "not encrypted: records and photos lie in the clear\n")


def test_a_refusal_is_one_line_of_a_real_program(named_store: str) -> None:
    """Python prints what is logged where nobody asked for a log: not in a test, so a program."""
    command = [sys.executable, "-m", "tracker", "client", "add", "C-0001"]
    first, again = (
        subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        for _ in range(2)
    )
    assert (first.returncode, first.stderr) == (0, "")
    assert again.returncode == 2
    assert again.stderr == "smp-tracker: client C-0001: is there already; give another code\n"


def test_typed_at_the_terminal(
    clinic: None, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = iter([WORDS, "something else"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(record_work.getpass, "getpass", lambda _prompt: next(said))
    assert "the two passphrases differ; nothing was changed" in only_line(*run("key", "set"))
    said = iter([WORDS, WORDS])
    assert run("key", "set")[0] == 0
    said = iter([WORDS])
    capsys.readouterr()
    assert main(["client", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clients"]
