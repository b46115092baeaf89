"""The benchmark of progress runs from a rendered series to its document."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.progress import CHANGES, Job, document, jobs, measure
from tracker.progress.watches import Sign, State


def test_a_true_change_is_found_and_the_photo_before_raises_nothing(tmp_path: Path) -> None:
    # A head that the benchmark left behind; on its first one, 202, this change is not found.
    record = measure(Job("lighter", "clinic", 101))
    assert record["watches"][Sign.LIGHTER.value]["state"] == State.SEEN.value
    assert not [s for s, w in record["before"].items() if w["state"] == State.SEEN.value]
    (tmp_path / "series.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    row = {"clients": "prior", "healed": 1, "n": 2, "width": 0.3}
    row |= {"80_1": 0.8, "80_3": 0.8, "95_1": 0.9, "95_3": 0.9}
    (tmp_path / "calibration.json").write_text(json.dumps([row]), "utf-8")
    document(tmp_path, tmp_path / "made.md", "A remark.")
    text = (tmp_path / "made.md").read_text("utf-8")
    assert "Null series: 1; with any watch raised: 0" in text
    assert "| skin lighter than native (lighter) | melanin density -0.14 | 1 | 1 | 0 |" in text
    assert "A remark." in text


def test_jobs_are_mixed_and_told_apart() -> None:
    found = jobs(2, 3, 1)
    assert len(set(found)) == len(found) == 2 * 4 + 3 * len(CHANGES) + 6
    assert {job.kind for job in found[:20]} >= {"nothing", *CHANGES}
