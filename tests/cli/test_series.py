"""The commands end to end on a small rendered client."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.cli import main
from tracker.measure.detection import Detection
from tracker.measure.results import Kind
from tracker.report.results_folder import RESULT_NAMES
from tracker.report.tables import DOT_COLUMNS, PHOTO_COLUMNS


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def truth(small_client: Path) -> dict[str, Any]:
    content = json.loads((small_client / "truth.json").read_text(encoding="utf-8"))
    view: dict[str, Any] = content["views"]["top"]
    return view


@pytest.fixture(scope="module")
def results(small_client: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results") / "out"
    assert main(["analyse", str(small_client), "--out", str(out), "--quiet"]) == 0
    return out


def test_results_are_complete(results: Path) -> None:
    assert sorted(path.name for path in results.iterdir()) == sorted(RESULT_NAMES)
    photos = rows_of(results / "photos.csv")
    assert tuple(photos[0]) == PHOTO_COLUMNS
    assert [row["status"] for row in photos] == ["baseline", "measured", "measured"]
    assert [row["stage"] for row in photos] == ["baseline", "healed", "healed"]
    dots = rows_of(results / "dots.csv")
    assert tuple(dots[0]) == DOT_COLUMNS
    assert len({row["dot"] for row in dots}) * 3 == len(dots)
    assert len(list((results / "overlays").iterdir())) == 3


def test_fade_is_near_the_truth(results: Path, truth: dict[str, Any]) -> None:
    for row, photo in zip(rows_of(results / "photos.csv")[1:], truth["photos"][1:], strict=True):
        assert row["photo"] == photo["photo"]
        assert float(row["fade"]) == pytest.approx(photo["fade"], abs=0.08)
        assert float(row["fade_low"]) < float(row["fade"]) < float(row["fade_high"])


def test_dots_lie_where_the_photo_shows_them(results: Path, truth: dict[str, Any]) -> None:
    last = truth["photos"][2]
    true_xy = np.array([last["x_px"], last["y_px"]], float).T
    true_xy = true_xy[np.isfinite(true_xy).all(axis=1)]
    rows = [r for r in rows_of(results / "dots.csv") if r["photo"] == last["photo"] and r["x_px"]]
    found = np.array([[float(r["x_px"]), float(r["y_px"])] for r in rows])
    nearest = np.linalg.norm(found[:, None] - true_xy[None], axis=2).min(axis=1)
    assert np.median(nearest) < 1.5


def test_the_same_photos_give_the_same_bytes(
    small_client: Path, results: Path, tmp_path: Path
) -> None:
    out = tmp_path / "again"
    assert main(["analyse", str(small_client), "--out", str(out), "-q"]) == 0
    for name in ("analysis.json", "photos.csv", "dots.csv", "zones.csv", "report.html"):
        assert (out / name).read_bytes() == (results / name).read_bytes()


def test_an_unusable_photo_is_named_and_the_others_are_measured(
    small_client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "client"
    shutil.copytree(small_client, folder)
    (folder / "2026-05-01_top.jpg").write_bytes(b"")
    out = tmp_path / "out"
    assert main(["analyse", str(folder), "--out", str(out), "--json"]) == 1
    said = capsys.readouterr()
    (line,) = said.err.strip().splitlines()
    assert line.startswith("2026-05-01_top.jpg: not measured: is empty (zero bytes); copy it ")
    content = json.loads(said.out)
    assert [row["status"] for row in content["photos"]] == [
        "baseline",
        "measured",
        "measured",
        "refused",
    ]
    assert content["refused"][0]["photo"] == "2026-05-01_top.jpg"
    # A second time nothing is overwritten unasked.
    before = (out / "photos.csv").read_bytes()
    assert main(["analyse", str(folder), "--out", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert (out / "photos.csv").read_bytes() == before


def test_one_photo_alone_is_a_baseline(small_client: Path, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    shutil.copy(min(small_client.glob("*.jpg")), folder)
    assert main(["analyse", str(folder), "--out", str(tmp_path / "out"), "-q"]) == 0
    (row,) = rows_of(tmp_path / "out" / "photos.csv")
    assert row["status"] == "baseline"
    assert row["stage"] == "unknown"


def test_register_places_points(
    small_client: Path,
    truth: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, last = truth["photos"][0], truth["photos"][2]
    places = np.array([first["x_px"], first["y_px"], last["x_px"], last["y_px"]], float).T
    both = places[np.isfinite(places).all(axis=1)]
    points, out = tmp_path / "points.csv", tmp_path / "moved.csv"
    lines = ["name,x_px,y_px", *(f"p{i},{x:.3f},{y:.3f}" for i, (x, y) in enumerate(both[:, :2]))]
    points.write_text("\n".join(lines), encoding="utf-8")
    pair = [str(small_client / first["photo"]), str(small_client / last["photo"])]
    assert main(["register", *pair, "--points", str(points), "--out", str(out), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["registered"] is True
    assert content["error_px"] > 0
    rows = rows_of(out)
    assert list(rows[0]) == ["name", "x_px", "y_px", "moving_x_px", "moving_y_px"]
    assert len(rows) == len(both)
    moved = np.array([[float(r["moving_x_px"] or "nan") for r in rows]]).ravel()
    moved_y = np.array([[float(r["moving_y_px"] or "nan") for r in rows]]).ravel()
    known = np.isfinite(moved)
    assert known.mean() > 0.6
    error = np.hypot(moved - both[:, 2], moved_y - both[:, 3])[known]
    assert np.median(error) < 1.5


def test_detect_finds_the_dots_of_a_photo(
    small_client: Path, truth: dict[str, Any], tmp_path: Path
) -> None:
    first = truth["photos"][0]
    out = tmp_path / "dots.csv"
    assert main(["detect", str(small_client / first["photo"]), "--out", str(out), "-q"]) == 0
    rows = rows_of(out)
    assert {row["kind"] for row in rows} <= {"dot", "hair", "undecided"}
    found = np.array([[float(r["x_px"]), float(r["y_px"])] for r in rows if r["kind"] == "dot"])
    true_xy = np.array([first["x_px"], first["y_px"]], float).T
    true_xy = true_xy[np.isfinite(true_xy).all(axis=1)]
    nearest = np.linalg.norm(true_xy[:, None] - found[None], axis=2).min(axis=1)
    assert (nearest < 3).mean() > 0.7


def test_detect_tells_the_spots_apart_by_their_looks(
    small_client: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word from `told_apart` reaches the table."""

    def all_hair(detection: Detection, _srgb: object) -> Detection:
        kind = np.full(len(detection.dots), Kind.HAIR, np.int8)
        return replace(detection, dots=replace(detection.dots, kind=kind))

    monkeypatch.setattr("tracker.cli.measuring.told_apart", all_hair)
    out, photo = tmp_path / "dots.csv", min(small_client.glob("*.jpg"))
    assert main(["detect", str(photo), "--out", str(out), "-q"]) == 0
    assert {row["kind"] for row in rows_of(out)} == {"hair"}


def test_render_writes_a_client_and_replaces_only_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "client"
    assert main(["render", str(out), "--photos", "1", "--seed", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 1
    assert {"truth.json", "client.toml", "sessions.csv"} < {path.name for path in out.iterdir()}
    assert main(["render", str(out), "--photos", "1"]) == 2
    assert "--force" in capsys.readouterr().err
    (out / "truth.json").unlink()
    assert main(["render", str(out), "--photos", "1", "--force"]) == 2
    assert "other files" in capsys.readouterr().err
