"""Readme, documents and locks say what the code does."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tracker import __version__
from tracker.cli import main
from tracker.measure.results import Fate
from tracker.photos import MAX_MEGAPIXELS, MIN_SIDE_PX, PHOTO_SUFFIXES
from tracker.record_files import SESSION_COLUMNS, VIEWS
from tracker.report.tables import DETECTION_COLUMNS, DOT_COLUMNS, PHOTO_COLUMNS, ZONE_COLUMNS
from tracker.series import Stage

GROUPS = ("client", "session", "photo")
"""Commands that have commands of their own."""
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-cluster.lock")


def text_of(root: Path, name: str) -> str:
    return " ".join((root / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    "name", ["README.md", "docs/cli.md", "docs/records.md", "docs/scale.md", "docs/reports.md"]
)
def test_every_command_that_is_named_exists_with_its_options(
    root: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = re.findall(r"smp-tracker ([a-z-]+)([^\n`|]*)", (root / name).read_text("utf-8"))
    assert named
    for command, rest in named:
        if command == "is":
            continue
        words = [command]
        if command in GROUPS:
            assert re.match(r" [a-z]+", rest), f"{command}: which one of its commands?"
            words.append(rest.split()[0])
        assert main([*words, "--help"]) == 0, words
        said = capsys.readouterr().out
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in said, f"{command} {option}"


def test_the_columns_are_those_of_the_code(root: Path) -> None:
    text = text_of(root, "docs/cli.md")
    for columns in (PHOTO_COLUMNS, DOT_COLUMNS, ZONE_COLUMNS, DETECTION_COLUMNS):
        assert ", ".join(columns) in text
    assert ",".join(SESSION_COLUMNS) in text


def test_the_words_are_those_of_the_code(root: Path) -> None:
    text = text_of(root, "docs/cli.md")
    words = [*Stage, *Fate, *VIEWS, *PHOTO_SUFFIXES]
    words += [f"under {MIN_SIDE_PX} pixels", f"more than {MAX_MEGAPIXELS} megapixels"]
    for word in words:
        assert str(word) in text


def test_the_python_lines_of_the_readme_run(
    root: Path, small_client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    exec(code.replace('"my_client"', repr(str(small_client))), {})
    assert capsys.readouterr().out.count(".jpg") == 3


def test_make_targets_of_the_readme_exist(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", (root / "README.md").read_text("utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_check_is_make_test(root: Path) -> None:
    lines = (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [shlex.split(line) for line in lines[-1:]] == [["exec", "make", "test"]]


def test_the_changelog_has_this_version(root: Path) -> None:
    assert f"## {__version__}" in (root / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_versions_and_hashes_and_no_address(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index|--find-links|@ |\\\\|#", text)
    entries = re.split(r"\n(?=\S)", text.strip())
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_locks_cover_what_pyproject_asks_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    running = set(
        re.findall(r"^([a-z0-9-]+)==", (root / LOCKS[0]).read_text("utf-8"), re.MULTILINE)
    )
    testing = set(
        re.findall(r"^([a-z0-9-]+)==", (root / LOCKS[1]).read_text("utf-8"), re.MULTILINE)
    )
    groups = project["dependency-groups"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=\[ ]", requirement)[0].lower() for requirement in requirements}

    assert names(project["project"]["dependencies"]) | names(groups["build"]) <= running
    assert running | names(groups["dev"]) <= testing
