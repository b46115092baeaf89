"""A fresh store for the commands on records, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tracker.cli import main
from tracker.storage.opening import open_store
from tracker.storage.store import Store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def named_store(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a store in the environment, as a clinic does once per computer."""
    monkeypatch.setenv("SMP_TRACKER_RECORDS", database)
    if "://" in database:
        monkeypatch.setenv("SMP_TRACKER_VAULT", str(tmp_path / "vault"))
    return database


@pytest.fixture
def run(named_store: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; gives exit status, standard output, standard error."""

    def run_it(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run_it


@pytest.fixture
def run_json(run: Run) -> Callable[..., Any]:
    """Run a command that must succeed; gives its JSON."""

    def run_it(*arguments: object) -> Any:
        status, out, err = run(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    return run_it


@pytest.fixture
def look(named_store: str) -> Iterator[Callable[[], Store]]:
    """Open the store beside the commands, to look into it."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(open_store(named_store))
