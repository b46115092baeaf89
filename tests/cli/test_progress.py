"""`forecast` and `consult`, from a folder and from the store, engine of paper behind them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import factories
from tests.progress.series import day, series
from tracker.cli import main
from tracker.series import SeriesAnalysis

COURSE = [(50, 0.32), (100, 0.54), (150, 0.68)]


@pytest.fixture
def paper_engine(monkeypatch: pytest.MonkeyPatch) -> SeriesAnalysis:
    """An engine that returns a stated course."""
    import tracker.cli.progress_work as work

    analysis = series(COURSE, [10, 60, 110], cost=400.0, currency="EUR")
    monkeypatch.setattr(work, "analyse_series", lambda *_a, **_k: analysis)
    return analysis


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A client's folder with one photo and a plan."""
    import cv2

    where = tmp_path / "client"
    where.mkdir()
    assert cv2.imwrite(str(where / "2026-01-10_top.jpg"), factories.make_srgb()[..., ::-1])
    (where / "client.toml").write_text(
        'goal = "full removal"\nskin_type = "IV"\nmethod = "picosecond"\nspacing_days = 56\n'
        'price = 3000\ncurrency = "EUR"\npigment = "iron oxide"\nflags = ["autoimmune"]\n',
        encoding="utf-8",
    )
    return where


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return content


def test_a_forecast_before_the_last_photo_is_made(
    folder: Path, paper_engine: SeriesAnalysis, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with a clock that was set back: photos and sessions lie in its future."""
    later = told(["forecast", str(folder), "--today", day(150).isoformat()], capsys)
    before = told(["forecast", str(folder), "--today", day(20).isoformat()], capsys)
    assert before.keys() == later.keys()


def test_forecast_says_and_writes(
    folder: Path, paper_engine: SeriesAnalysis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "forecast.html"
    on = day(150).isoformat()
    assert main(["forecast", str(folder), "--today", on, "--out", str(page)]) == 0
    said = capsys.readouterr().out
    assert "full removal" in said
    assert "1800 EUR are left of the agreed 3000" in said
    assert "watch, pigment darkening: not seen" in said
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert main(["forecast", str(folder), "--out", str(page)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_forecast_for_a_program_and_what_if(
    folder: Path, paper_engine: SeriesAnalysis, capsys: pytest.CaptureFixture[str]
) -> None:
    on = ["--today", day(150).isoformat()]
    plain = told(["forecast", str(folder), *on], capsys)
    assert (plain["spacing_days"], plain["method"]) == (56, "picosecond")
    asked = told(["forecast", str(folder), *on, "--spacing", "84", "--method", "saline"], capsys)
    assert (asked["spacing_days"], asked["method"]) == (84, "saline")
    first = [c["views"][0]["zones"][0]["goals"][1]["first_date"] for c in (plain, asked)]
    assert first[1] > first[0]


def test_wrong_words_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", str(folder), "--method", "moonlight"]) == 2
    assert "--method is `moonlight`; give one of Q-switched" in capsys.readouterr().err
    assert main(["forecast", str(folder), "--today", "soon"]) == 2
    assert "--today is `soon`" in capsys.readouterr().err
    assert main(["forecast", str(folder), "--spacing", "7"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_consult(
    folder: Path, paper_engine: SeriesAnalysis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "sheet.html"
    assert main(["consult", str(folder), "--out", str(page)]) == 0
    said = capsys.readouterr().out
    for part in ("skin type: IV", "autoimmune", "iron oxide", "soft fade", "3000 to 3000 EUR"):
        assert part in said
    assert "Consultation sheet" in page.read_text("utf-8")
    sheet = told(["consult", str(folder)], capsys)
    assert [goal["goal"] for goal in sheet["goals"]] == ["soft fade", "full removal", "correction"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('pigment = "charcoal"', "pigment holds `charcoal`"),
        ('flags = "recent sun"', "flags is no list"),
        ('flags = ["tired"]', "flags holds `tired`"),
        ("spacing_days = 42.5", "give whole days"),
        ('price = "much"', "price is `much`"),
    ],
)
def test_a_plan_that_cannot_be_understood(
    folder: Path, line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "client.toml").write_text(line + "\n", encoding="utf-8")
    assert main(["forecast", str(folder)]) == 2
    assert words in capsys.readouterr().err


def test_a_refused_photo_is_named_with_exit_status_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import tracker.cli.progress_work as work

    analysis = replace(series(COURSE, [10]), refused=(factories.make_refused(),))
    monkeypatch.setattr(work, "analyse_series", lambda *_a, **_k: analysis)
    assert main(["consult", str(folder)]) == 1
    assert "blurred.jpg: not measured" in capsys.readouterr().err
