"""The benchmark of the records runs from filling to document, on a clinic made small."""

from __future__ import annotations

from pathlib import Path

import pytest

import tracker.storage.results as results
from benchmarks import records
from tests.storage.made_up import CountingAnalysis


def test_records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis(dots=500))
    document = tmp_path / "records.md"
    document.write_text(f"before\n{records.BEGIN}\nold\n{records.END}\nafter\n", encoding="utf-8")
    sizes = ["--clients", "3", "--photos", "2", "--photo-px", "400", "--repeats", "2"]
    assert records.main([*sizes, "--document", str(document)]) == 0
    table = capsys.readouterr().out
    for database in ("SQLite", "PostgreSQL"):
        assert f"| {database} | client list | 4 clients, 8 photos |" in table
        assert f"| {database} | timeline of one client | 2 of 8 photos |" in table
        assert f"| {database} | opening a measured series | 2 photos, 500 dots in each |" in table
    text = document.read_text(encoding="utf-8")
    assert table.strip() in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text


def test_the_document_holds_the_rows_that_were_asked_for(root: Path) -> None:
    text = (root / "docs" / "records.md").read_text(encoding="utf-8")
    (table,) = text.split(records.BEGIN)[1:]
    rows = [line for line in table.split(records.END)[0].splitlines() if "under" in line]
    assert len(rows) == 6
    for question in records.LIMITS_S:
        assert sum(question in row for row in rows) == 2
    for row in rows:
        worst, limit = row.split("|")[5:7]
        assert float(worst.split()[0]) < float(limit.split()[1]), row
