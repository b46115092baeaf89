"""The benchmark of progress runs from a rendered head to its document."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import progress_series
from benchmarks.cards import BEGIN as CARDS
from benchmarks.progress import document
from benchmarks.progress_series import CHANGES, NULL_PRESETS, Head, heads, measure
from tracker.progress.watches import Sign, State


def test_a_true_change_is_found_and_the_photos_before_raise_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two photos and the changed one are enough here; the head is one that floors were set on.
    monkeypatch.setattr(progress_series, "HISTORY", (0.0, 0.3))
    record = measure(Head("clinic", 14, changes=(("darker", 1),)))
    null, darker = record["series"]
    assert [s for s, w in darker["watches"].items() if w["state"] == State.SEEN.value] == [
        Sign.DARKER_SKIN.value
    ]
    assert not [s for s, w in null["watches"].items() if w["state"] == State.SEEN.value]
    (tmp_path / "series.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    row = {"clients": "prior", "healed": 1, "n": 2, "width": 0.3}
    row |= {"80_1": 0.8, "80_3": 0.8, "95_1": 0.9, "95_3": 0.9}
    (tmp_path / "calibration.json").write_text(json.dumps([row]), "utf-8")
    (tmp_path / "made.md").write_text(f"what stood there\n\n{CARDS}\n\ncards\n", "utf-8")
    document(tmp_path, tmp_path / "made.md", "A remark.")
    text = (tmp_path / "made.md").read_text("utf-8")
    assert "Null series: 1; with any watch raised after the second or the third photo: 0" in text
    size = f"{CHANGES['darker'].words} {CHANGES['darker'].sizes[1]}"
    assert f"| skin darker than native (darker) | {size} | 1 | 1 | 2% to 100% | 0 |" in text
    assert f"| skin darker than native (darker) | {size}: 1 of 1 (2% to 100%) |" in text
    assert "A remark." in text
    assert "what stood there" not in text
    assert text.endswith(f"{CARDS}\n\ncards\n")


def test_heads_are_told_apart_and_show_what_was_asked_for() -> None:
    found = heads(19, 14, 4)
    assert len({head.key for head in found}) == len(found) == 19 * len(NULL_PRESETS) + 4 * 6
    shown = Counter(change for head in found if not head.skin_type for change in head.changes)
    for kind, change in CHANGES.items():
        if change.presets == ("hairy",):
            assert {shown[kind, size] for size in range(3)} == {19}
        else:
            assert [shown[kind, size] for size in range(3)] == [7, 14, 7]
