"""Real photos as another hand would have taken them: places follow their pixels, tables say what came out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks import varied
from benchmarks.varied import DOT_VARIANTS, PAIR_VARIANTS, Variant
from tests.measure.density_scenes import gaussians

SECOND = {f"pair: {name}": second for name, (_, second) in PAIR_VARIANTS.items()}
CROP = {f"crop: {name}": vary for name, (vary, _) in DOT_VARIANTS.items()}


def spotted(places: np.ndarray, shape: tuple[int, int] = (240, 300)) -> np.ndarray:
    density = 0.25 + gaussians(shape, places, np.full(len(places), 0.5), 3.0)
    codes = 255 * (10.0**-density) ** (1 / 2.2)
    return np.repeat(codes[..., None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("vary", [*SECOND.values(), *CROP.values()], ids=[*SECOND, *CROP])
def test_places_follow_their_pixels(vary: Variant) -> None:
    places = np.array([[90.0, 60.0], [150.0, 120.0], [200.0, 170.0]])
    picture, there = vary(spotted(places), places.copy())
    assert picture.dtype == np.uint8
    shown = there[np.isfinite(there).all(axis=1)]
    assert len(shown) >= 2
    smooth = cv2.GaussianBlur(picture[..., 0].astype(np.float32), (0, 0), 2.0)
    for x, y in shown:
        left, top = round(x) - 4, round(y) - 4
        window = smooth[top : top + 9, left : left + 9]
        row, column = np.unravel_index(window.argmin(), window.shape)
        assert np.hypot(left + column - x, top + row - y) < 1.5


def crop_with_points(folder: Path) -> None:
    rng = np.random.default_rng(2)
    along, down = np.meshgrid(np.arange(20, 290, 15.0), np.arange(20, 230, 15.0))
    places = np.column_stack([along.ravel(), down.ravel()]) + rng.uniform(-3, 3, (along.size, 2))
    density = 0.25 + gaussians((240, 300), places, rng.uniform(0.2, 0.4, len(places)), 2.0)
    density += rng.normal(0, 0.01, density.shape)
    codes = 255 * (10.0 ** -np.stack([density, density + 0.1, density + 0.2], -1)) ** (1 / 2.2)
    Image.fromarray(np.clip(codes, 0, 255).astype(np.uint8)).save(folder / "crop.png")
    lines = "".join(f"{x:.2f},{y:.2f},1\n" for x, y in places)
    (folder / "crop_points.csv").write_text("x,y,confident\n" + lines, encoding="utf-8")


def test_a_crop_is_varied_and_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crop_with_points(tmp_path)
    one = "as it is"
    monkeypatch.setattr(varied, "DOT_VARIANTS", {one: DOT_VARIANTS[one]})
    found = varied.find((str(tmp_path / "crop.png"), str(tmp_path / "crop_points.csv"), one))
    assert found["f1"] > 0.95
    made = varied.dot_table([found])
    assert made.rows == ((one, "1", *(f"{found[k]:.3f}" for k in ("recall", "precision", "f1"))),)
    assert varied.crops_of(tmp_path) == [
        (str(tmp_path / "crop.png"), str(tmp_path / "crop_points.csv"))
    ]


def test_pairs_are_counted_as_good_wrong_or_refused() -> None:
    name = "as they are"
    records = [
        {"variant": name, "median_px": 0.5, "p95_px": 1.0, "covered": 1.0},
        {"variant": name, "median_px": 9.0, "p95_px": 12.0, "covered": 0.8},
        {"variant": name, "reason": "another head"},
    ]
    rows = {row[0]: row[1:] for row in varied.pair_table(records).rows}
    assert rows[name] == ("3", "1", "1", "9.00", "12.00", "0.80")
    assert rows["both mirrored"] == ("0", "0", "0", "–", "–", "–")


def test_photos_are_paired_by_their_names(tmp_path: Path) -> None:
    for name in ("A_1_with.jpg", "A_2_without.jpg", "B_1_with.jpg", "A_landmarks.csv"):
        (tmp_path / name).touch()
    (pair,) = varied.pairs_of(tmp_path)
    assert [Path(p).name for p in pair] == ["A_1_with.jpg", "A_2_without.jpg", "A_landmarks.csv"]
    strangers = {(Path(a).name[0], Path(b).name[0]) for a, b in varied.strangers_of(tmp_path)}
    assert strangers == {("A", "B"), ("B", "A")}
    assert len(varied.strangers_of(tmp_path)) == 4


def test_a_folder_without_truth_is_said() -> None:
    with pytest.raises(SystemExit):
        varied.main([])
