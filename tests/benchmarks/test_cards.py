"""The benchmark of cards: its scenes, and the part of the document that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.cards import BEGIN, DAYLIGHT_K, END, document, jobs, light_gains, scene


def test_jobs_are_mixed_and_told_apart() -> None:
    found = jobs(2)
    assert len(set(found)) == len(found) == 2 * 2 * 6
    assert {job.skin_type for job in found[:6]} == set(range(1, 7))


def test_warmer_light_is_redder() -> None:
    assert light_gains(DAYLIGHT_K) == (1.0, 1.0)
    red, blue = light_gains(DAYLIGHT_K - 600)
    assert red > 1 > blue
    assert red / blue == pytest.approx(1.19, abs=0.02)


def test_every_photo_has_its_own_light_and_the_last_is_redder() -> None:
    spec = scene(jobs(1)[0])
    assert [photo.redness > 0 for photo in spec.photos] == [False, False, True]
    assert spec.photos[0].exposure_stops == 0
    assert abs(spec.photos[1].exposure_stops) == abs(spec.photos[2].exposure_stops) == 0.3
    assert all(photo.card is not None for photo in spec.photos)
    assert scene(jobs(1)[0]) == spec
    other_skin = scene(jobs(1)[5])
    assert other_skin.photos == spec.photos
    assert other_skin.skin_type == 6


def record(used: bool) -> dict[str, object]:
    off = {"lab": [60.0, 10.0, 18.0], "l": -5.0, "ita": -12.0, "delta_e": 4.0}
    good = {"lab": [64.0, 11.0, 18.0], "l": -1.0, "ita": -2.0, "delta_e": 1.0}
    alone = {
        name: [0.01, 0.02] for name in ("erythema_change", "melanin_change", "lightness_change")
    }
    photo: dict[str, object] = {"card": "marker card", "without": off, "n": 100}
    photo |= {"native_l": [64.0, 2.0], "ita_native": [40.0, 4.0]}
    photo |= {"with": good, "alone": alone} if used else {"card": "marker card not used: clipped"}
    return {
        "card": "marker",
        "skin_type": 2,
        "seed": 404,
        "truth_l": 65.0,
        "truth_ita": 42.0,
        "refused": [],
        "photos": [photo, photo, photo],
    }


def test_its_part_of_the_document_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    lines = [json.dumps(record(used)) for used in (True, False)]
    (tmp_path / "cards.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    target = tmp_path / "made.md"
    target.write_text("# Before\n", "utf-8")
    document(tmp_path, target)
    document(tmp_path, target)
    text = target.read_text("utf-8")
    assert text.startswith("# Before\n")
    assert text.count(BEGIN) == text.count(END) == 1
    assert (
        "| marker | II | 6 | 3 | 0.083 | 0.016 | 5.0 | 1.0 | 12.0 | 2.0 | 4.0 | 1.0 | 0.0 | 0.0 |"
        in text
    )
    assert "| ITA | 1.00 | - |" in text
    assert "Cards used: 3 of 6. Not used: marker card not used: clipped (3)." in text
