"""Both benchmark commands run from scene to document, on scenes made small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import accuracy, peer_detectors, peers, scenes
from benchmarks.scenes import Case


def smaller(case: Case) -> Case:
    spec = case.spec
    photos = (spec.photos[0], *spec.photos[-1:]) if case.kind == "refusal" else spec.photos
    photos = tuple(replace(photo, shift_px=(0.0, 0.0)) for photo in photos)
    spec = replace(
        spec, width_px=640, height_px=640, px_per_mm=11.0, patch_radius_mm=17.0, photos=photos
    )
    return replace(case, spec=spec)


@pytest.fixture(autouse=True)
def own_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scenes.tempfile, "gettempdir", lambda: str(tmp_path))


def test_accuracy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    case = smaller(scenes.fading_case("darker", "clinic", 1))
    monkeypatch.setattr(accuracy, "cases", lambda seeds, presets: [case])
    given = ["--quick", "--no-cost", "--workers", "1", "--out", str(tmp_path), "--date", "a day"]
    assert accuracy.main(given) == 0
    result = json.loads((tmp_path / "accuracy.json").read_text("utf-8"))
    (record,) = result["series"]
    assert record["photos"][0]["true_fade"] == pytest.approx(-0.22, abs=0.03)
    assert "dots" in record
    text = (tmp_path / "accuracy.md").read_text("utf-8")
    assert "on a day" in text
    assert "python -m benchmarks.accuracy --scenes 1 --seed 1" in text
    assert "| darker | 1 |" in text


@pytest.mark.long
def test_peers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = smaller(scenes.fading_case("fading", "clinic", 1))
    monkeypatch.setattr(peers, "fading_case", lambda kind, preset, seed: small)
    few = {
        name: (detector, thresholds[2:3])
        for name, (detector, thresholds) in peer_detectors.DETECTORS.items()
        if name in ("skimage blob_dog", "cv2.SimpleBlobDetector")
    }
    monkeypatch.setattr(peers, "DETECTORS", few)
    monkeypatch.setattr(
        peers, "ALIGNERS", {"SIFT + homography": peers.ALIGNERS["SIFT + homography"]}
    )
    assert peers.main(["--presets", "clinic", "--out", str(tmp_path), "--date", "a day"]) == 0
    result = json.loads((tmp_path / "peers.json").read_text("utf-8"))
    methods = [row["method"] for row in result["detectors"]]
    assert methods[0] == "smp-tracker, whole series"
    assert set(few) <= set(methods)
    own, sift = result["alignment"]
    assert own["median_px"] < sift["median_px"]
    assert "SIFT + homography" in (tmp_path / "peers.md").read_text("utf-8")


def test_the_hold_out_stands_below_the_ordinary_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    case = smaller(scenes.fading_case("darker", "clinic", scenes.HOLDOUT_SEED))
    lost = {"photo": 1, "status": "refused", "reason": "too blurred", "true_fade": float("nan")}
    record = {"name": case.name, "kind": "darker", "preset": "clinic", "seed": 500, "baseline": "",
              "photos": [lost]}  # fmt: skip
    monkeypatch.setattr(accuracy, "cases", lambda seeds, presets: [case])
    monkeypatch.setattr(accuracy, "_measure", lambda case: record)
    common = ["--no-cost", "--workers", "1", "--out", str(tmp_path)]
    assert accuracy.main(["--holdout", *common]) == 0
    assert "500" in (tmp_path / "holdout.md").read_text("utf-8")
    assert accuracy.main([*common, "--document", str(tmp_path / "both.md")]) == 0
    text = (tmp_path / "both.md").read_text("utf-8")
    assert "## Hold-out seeds: fade" in text
    assert text.index("## Worst photos") < text.index("## Hold-out seeds: fade")
