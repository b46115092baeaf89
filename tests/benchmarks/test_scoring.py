"""The yardsticks themselves, on made-up places and on scenes whose truth is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import scenes, scoring
from benchmarks.document import Table, markdown, number, percent
from benchmarks.scenes import FADING_PRESETS, REFUSALS, cases, fading_case, refusal_case
from benchmarks.summary import fade_figures, refusals, unmeasured, worst_photos
from tracker.synthetic import RenderedSeries, render_series

GRID = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2) * 20


@pytest.fixture(scope="module")
def small_series() -> RenderedSeries:
    spec = fading_case("darker", "clinic", 1).spec
    return render_series(
        replace(spec, width_px=400, height_px=400, px_per_mm=12.0, patch_radius_mm=8.0)
    )


def test_matching_is_one_to_one_and_near() -> None:
    found, true = scoring.match_dots(GRID + 3.0, GRID, mm_per_px=0.1)
    assert (found == true).all()
    assert len(found) == 64
    assert len(scoring.match_dots(GRID + 3.0, GRID, mm_per_px=0.2)[0]) == 0
    doubled = np.concatenate([GRID + 0.5, GRID - 0.6])
    assert len(scoring.match_dots(doubled, GRID, mm_per_px=0.1)[0]) == 64
    assert len(scoring.match_dots(np.empty((0, 2)), GRID, mm_per_px=0.1)[0]) == 0


def test_places_that_no_photo_can_part_are_merged_at_their_weight() -> None:
    places = np.array([[0.0, 0.0], [3.0, 0.0], [50.0, 0.0]])
    merged = scoring.merge_unresolved(places, np.array([1.0, 2.0, 1.0]), fwhm_px=4.0)
    assert merged == pytest.approx(np.array([[2.0, 0.0], [50.0, 0.0]]))
    assert len(scoring.merge_unresolved(places, np.ones(3), fwhm_px=3.0)) == 3


def test_f1_of_known_counts() -> None:
    score = scoring.f1_score(8, 10, 16)
    assert score["precision"] == 0.8
    assert score["recall"] == 0.5
    assert score["f1"] == pytest.approx(2 * 0.8 * 0.5 / 1.3)
    assert np.isnan(scoring.f1_score(0, 0, 0)["f1"])


def test_true_places_score_fully(small_series: RenderedSeries) -> None:
    shown = small_series.photos[0].xy_px
    shown = shown[np.isfinite(shown).all(axis=1)]
    score = scoring.score_dots(shown, small_series)
    assert score["f1_unmerged"] > 0.99
    assert score["recall"] > 0.95


def test_inside_leaves_out_what_is_not_in_the_picture() -> None:
    region = np.zeros((4, 6), bool)
    region[1, 5] = True
    places = np.array([[5.2, 0.9], [1, 5], [np.nan, 1], [6.0, 1.0], [-3.0, 1.0]])
    assert scoring.inside(region, places).tolist() == [True, False, False, False, False]


@pytest.mark.parametrize(("name", "value"), [("gamma", 1.1), ("local_contrast", 0.1)])
def test_true_tone_gain_follows_the_tone_curve(
    small_series: RenderedSeries, name: str, value: float
) -> None:
    straight = {
        "gamma": 1.0, "contrast": 0.0, "shoulder": 0.0, "saturation": 1.0, "local_contrast": 0.0,
    }  # fmt: skip
    before, after = small_series.photos
    plain = replace(before, spec=replace(before.spec, **straight))
    curved = replace(after, srgb=before.srgb, treated_region=before.treated_region)
    curved = replace(curved, spec=replace(plain.spec, **{name: value}))
    same = replace(small_series, photos=(plain, plain))
    assert scoring.true_tone_gain(same, 1) == pytest.approx(1)
    series = replace(small_series, photos=(plain, curved))
    # A power of the code is, away from black, the same power of light: contrast times it.
    assert scoring.true_tone_gain(series, 1) == pytest.approx(
        value if name == "gamma" else 1.1, rel=0.03
    )


def test_cases_hold_every_sort() -> None:
    chosen = cases([1, 2])
    assert len({case.name for case in chosen}) == len(chosen)
    assert {case.preset for case in chosen} == set(FADING_PRESETS)
    kinds = {*scenes.HISTORIES, "reddened", "part untreated", "refusal"}
    assert {case.kind for case in chosen} == kinds
    (reddened,) = {
        case.spec.photos for case in chosen if case.kind == "reddened" and case.seed == 1
    }
    assert [photo.redness for photo in reddened] == list(scenes.REDNESS)
    assert {photo.fade for photo in reddened} == {0.0}
    refused = refusal_case("clinic", 1).spec.photos
    assert len(refused) == 1 + len(REFUSALS)
    assert refused[1].other_person
    assert refused[2].yaw_deg == 40


def test_the_store_gives_back_the_same_scene(
    small_series: RenderedSeries, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(scenes.tempfile, "gettempdir", lambda: str(tmp_path))
    first = scenes.rendered(small_series.spec)
    monkeypatch.setattr(scenes, "render_series", lambda spec: pytest.fail("rendered again"))
    second = scenes.rendered(small_series.spec)
    for a, b, c in zip(first.photos, second.photos, small_series.photos, strict=True):
        assert (a.srgb == b.srgb).all()
        assert (b.srgb == c.srgb).all()
        assert b.fade_shown == c.fade_shown


def made_up(name: str, kind: str, *photos: dict) -> dict:
    return {"name": name, "kind": kind, "preset": "clinic", "baseline": "", "photos": list(photos),
            "dots": {"f1": 0.9}}  # fmt: skip


def photo(true: float, fade: float, half: float = 0.05) -> dict:
    return {
        "photo": 1, "status": "measured", "reason": "", "true_fade": true, "fade": fade,
        "low": fade - half, "high": fade + half, "error": fade - true, "width": 2 * half,
        "covered": abs(fade - true) <= half, "detectable": 0.1,
    }  # fmt: skip


def test_summary_of_known_photos() -> None:
    lost = {"photo": 2, "status": "refused", "reason": "too blurred", "true_fade": 0.5}
    record = made_up("a", "fading", photo(0.3, 0.32), photo(0.6, 0.5), lost)
    figures = fade_figures([record])
    assert (figures["photos"], figures["refused"]) == (2, 1)
    assert figures["mean_abs_error"] == pytest.approx(6)
    assert figures["bias"] == pytest.approx(-4)
    assert figures["coverage"] == 0.5
    assert unmeasured([record]) == ["a, photo 2: too blurred"]
    assert worst_photos([record])[0]["fade"] == 50


def test_accepted_photos_that_must_be_refused_are_named() -> None:
    spoilt = [{"status": "refused", "reason": "another head"} for _ in REFUSALS]
    rows = refusals([made_up("a", "refusal", photo(0.3, 0.3), *spoilt[1:])])
    assert [row["refused"] for row in rows] == [0, 1, 1, 1]
    assert rows[0]["accepted"] == ["a: fade 30 % (true 30 %)"]


def test_tables_in_markdown() -> None:
    text = markdown(
        Table("Title", ("a", "b"), (("x", number(1.234, 2)), ("y", percent(None))), "n")
    )
    assert text.splitlines() == ["## Title", "", "| a | b |", "|---|--:|", "| x | 1.23 |",
                                 "| y | – |", "", "n"]  # fmt: skip
