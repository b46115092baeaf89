"""The bill of materials names what is installed, and nothing in it is known to be vulnerable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hardening import dependencies
from tests.hardening.dependencies import EVERYTHING, ROOT, Answer, understood

PACKAGE = {"name": "a", "version": "1", "vulns": []}
KNOWN = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": ""}


def test_the_bill_names_every_package_with_version_and_hashes() -> None:
    lock = ROOT / "requirements.lock"
    locked = dependencies.packages(lock)
    lines = [line for line in lock.read_text("utf-8").splitlines() if line[:1].isalnum()]
    assert len(locked) == len(lines) > 70
    assert all(locked.values())
    named: dependencies.Locked = {}
    for part in dependencies.bill_of_materials(lock)["components"]:
        (origin,) = part["externalReferences"]
        key = part["name"], part["version"]
        named[key] = frozenset(each["content"] for each in origin["hashes"])
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
    assert named == locked


def test_the_image_holds_all_that_is_locked_for_running() -> None:
    everything = dependencies.packages(EVERYTHING)
    for package, hashes in dependencies.packages(ROOT / "requirements.lock").items():
        assert everything[package] == hashes


def test_no_vulnerability_is_known() -> None:
    answer = dependencies.ask(EVERYTHING)
    if answer.silence:
        pytest.skip(f"pip-audit's service did not answer: {answer.silence}")
    assert answer.vulnerable == ()


def test_silence_is_not_taken_for_none_known() -> None:
    skipped = {"name": "b", "skip_reason": "Dependency not found on PyPI"}
    assert understood({"dependencies": [skipped]}).silence
    assert understood({"dependencies": [PACKAGE, skipped]}) == Answer(("a",), ("b",))
    known = understood({"dependencies": [PACKAGE | {"vulns": [KNOWN]}]})
    assert known.vulnerable == ("a 1: PYSEC-2026-1, mended in 1.1",)


def test_the_command_says_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bill = tmp_path / "bill.json"
    made = {"bomFormat": "CycloneDX", "components": [{}]}
    monkeypatch.setattr(dependencies, "bill_of_materials", lambda lock: made)

    def run(answer: Answer) -> tuple[int, str]:
        monkeypatch.setattr(dependencies, "ask", lambda lock: answer)
        status = dependencies.main(["--bill", str(bill)])
        return status, capsys.readouterr().out.split("\n", 1)[1]

    assert run(Answer(silence="timed out")) == (
        3,
        "vulnerabilities: not known, the service did not answer: timed out\n",
    )
    status, said = run(Answer(("a", "b"), ("c",), ("a 1: X, mended in 2",)))
    assert status == 1
    assert said.splitlines() == [
        "a 1: X, mended in 2",
        "vulnerabilities: 1 known in 2 packages",
        "not known to the service: c",
    ]
    assert run(Answer(("a",)))[0] == 0
    assert json.loads(bill.read_text("utf-8")) == made
