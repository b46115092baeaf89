"""The catalogues are complete, and engine sentences are recognised with their figures."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from tracker.dossier.engine_sentences import PATTERNS
from tracker.dossier.words import Words, catalogue
from tracker.measure.results import Estimate
from tracker.progress.judgement import Item, Verdict
from tracker.progress.watches import FAKES, Sign, State
from tracker.records import ConsentLevel, Goal
from tracker.row_remarks import hair_flag, not_believed, off_course_flags
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


def test_what_is_said_of_hair_and_of_dots_that_stay_is_translated() -> None:
    german = Words(Language.GERMAN)
    part, unsure = off_course_flags(0.31, 0.12)
    told = german.engine(f"{part}; {unsure}")
    assert told.startswith("31% des Pigments werden nicht heller wie das übrige")
    assert "12% dessen, was Pigment sein kann" in told
    assert told.endswith("unter Korrekturen Punkte oder Haare markieren")
    refused = not_believed(Estimate(0.5, 0.1, 0.9, 100, "fraction"), 0.2, 30)
    impossible = not_believed(Estimate(1.3, 1.2, 1.4, 100, "fraction"), 0.0, 30)
    for language in (Language.GERMAN, Language.SPANISH):
        words = Words(language)
        for sentence in (part, unsure, refused, impossible, *hair_flag(0.1)):
            same = set(re.findall(r"\w{4,}", words.engine(sentence)))
            assert not same & set(re.findall(r"\w{4,}", sentence)), sentence


def test_numbers_and_dates_as_the_language_writes_them() -> None:
    english, german = Words(Language.ENGLISH), Words(Language.GERMAN)
    assert (english.number(1234.5, 1), german.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert english.day(date(2026, 3, 2)) == "2 Mar 2026"
    assert german.day(date(2026, 3, 2)) == "02.03.2026"
    assert english.percent(float("nan")) == "–"
    assert english.number(-0.2) == "0"
