"""An error split into its parts: the drawn shine is known, and the parts are the error again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.budget import Split, split_case, table_of
from benchmarks.measuring import analyse
from benchmarks.scenes import Case, fading_case
from benchmarks.shine_truth import shine_kept
from tracker.synthetic import SeriesSpec


@pytest.fixture(scope="module")
def spec() -> SeriesSpec:
    found = fading_case("darker", "clinic", 1).spec
    first, later = found.photos
    return replace(
        found,
        width_px=520,
        height_px=520,
        px_per_mm=14.0,
        patch_radius_mm=14.0,
        photos=(replace(first, shine=0.0), replace(later, shine=0.3)),
    )


def test_without_shine_all_contrast_stays(spec: SeriesSpec) -> None:
    matte, shining = shine_kept(spec)
    assert matte.dots == pytest.approx(1.0, abs=1e-6)
    assert matte.native == pytest.approx(1.0, abs=1e-6)
    assert 0.3 < shining.dots < 0.98
    assert 0.3 < shining.native < 0.98
    more = shine_kept(replace(spec, photos=(spec.photos[0], replace(spec.photos[1], shine=0.6))))
    assert more[1].dots < shining.dots


def test_the_parts_of_an_error_are_the_error(
    spec: SeriesSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import budget

    measured = []

    def kept(series):  # type: ignore[no-untyped-def]
        measured.append((series, analyse(series)))
        return measured[-1][1]

    monkeypatch.setattr(budget, "analyse", kept)
    (split,) = split_case(Case("darker", "clinic", 1, spec))
    series, (analysis, _) = measured[0]
    (row,) = [row for row in analysis.photos if row.photo == "01.jpg"]
    assert row.whole is not None
    left, true = 1 - row.whole.fade.value, 1 - series.photos[1].fade_shown
    assert split.whole == pytest.approx(-100 * true * np.log(left / true), abs=1e-6)
    assert split.group == "clinic, darker"
    assert max(abs(split.contrast), abs(split.shine), abs(split.dots)) < 15


def test_the_table_has_a_row_per_group_and_one_of_all() -> None:
    splits = [
        Split("a", 1.0, 0.0, -3.0),
        Split("a", -1.0, 2.0, 1.0),
        Split("b", 0.0, 0.0, 4.0),
    ]
    table = table_of(splits)
    assert [row[:2] for row in table.rows] == [("a", "2"), ("b", "1"), ("all", "3")]
    assert table.rows[0][2:] == ("1.0", "0.0", "1.0", "1.0", "2.0", "-1.0", "2.0", "0.0")
    assert len(table.columns) == len(table.rows[0])
