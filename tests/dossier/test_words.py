"""The catalogues are complete, and engine sentences are recognised with their figures."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from tracker.dossier.engine_sentences import PATTERNS
from tracker.dossier.words import Words, catalogue
from tracker.progress.judgement import Item, Verdict
from tracker.progress.watches import FAKES, Sign, State
from tracker.records import ConsentLevel, Goal
from tracker.series import Stage, Status
from tracker.storage.clinic_settings import Language

OTHERS = [language for language in Language if language is not Language.ENGLISH]


def texts_of_the_code(root: Path) -> set[str]:
    found = set()
    for path in (root / "tracker" / "dossier").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("words", "self")
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_its_places(language: Language, root: Path) -> None:
    known = catalogue(language)
    wanted = texts_of_the_code(root) | set(PATTERNS)
    assert len(wanted) > 120
    wanted |= {str(w) for kind in (Item, Verdict, Sign, State, Goal, Stage, Status) for w in kind}
    wanted |= set(FAKES.values()) | {str(level) for level in ConsentLevel}
    assert sorted(wanted - known.keys()) == []
    for english, other in known.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", other)), english


def test_engine_sentences_keep_their_figures() -> None:
    german = Words(Language.GERMAN)
    said = german.engine("only 12 pigment dots found: no baseline without visible dots")
    assert said.startswith("nur 12 Pigmentpunkte")
    both = german.engine(
        "another head or another part of it: only 5 places agree; see that it shows this client "
        "and the area of the baseline"
    )
    assert "nur 5 Stellen" in both
    assert "prüfen" in both
    assert german.engine("not healed yet (healing)") == "noch nicht abgeheilt (heilend)"
    assert german.engine("a sentence nobody knows") == "a sentence nobody knows"


def test_numbers_and_dates_as_the_language_writes_them() -> None:
    english, german = Words(Language.ENGLISH), Words(Language.GERMAN)
    assert (english.number(1234.5, 1), german.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert english.day(date(2026, 3, 2)) == "2 Mar 2026"
    assert german.day(date(2026, 3, 2)) == "02.03.2026"
    assert english.percent(float("nan")) == "–"
    assert english.number(-0.2) == "0"
