from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories import make_analysis, make_refused, make_series_photos, make_view, photo_name
from tracker.photos import PhotoError
from tracker.records import Goal, Plan
from tracker.report.page import headline_photo, render_page
from tracker.report.publish import OutputError
from tracker.report.results_folder import RESULT_NAMES, write_results
from tracker.series import SeriesAnalysis, SeriesPhoto, Stage


def page(analysis: SeriesAnalysis) -> str:
    return render_page(analysis, view_pictures={}, photo_pictures={})


def test_the_headline_is_the_last_healed_photo() -> None:
    view = make_view()
    shown = headline_photo(view)
    assert shown is view.photos[3]
    fresh = replace(view, photos=(*view.photos[:3], replace(view.photos[3], stage=Stage.IMMEDIATE)))
    assert headline_photo(fresh) is view.photos[2]
    assert headline_photo(replace(view, photos=view.photos[:1])) is None
    text = page(make_analysis())
    assert "71 % gone" in text
    assert "67 to 75 %" in text


def test_a_result_that_rests_on_fresh_skin_says_so() -> None:
    view = make_view()
    only_fresh = replace(
        view, photos=(view.photos[0], replace(view.photos[1], stage=Stage.HEALING))
    )
    assert "does not count" in page(replace(make_analysis(), views=(only_fresh,)))


def test_the_page_carries_all_it_needs_and_loads_nothing() -> None:
    text = page(make_analysis())
    addresses = re.findall(r"""(?:src|href)\s*=\s*["']([^"']*)|url\(([^)]*)\)""", text)
    assert all(a.startswith("data:") for pair in addresses for a in pair if a)
    assert "<script" not in text
    assert "default-src 'none'" in text
    for words in ("0123456789abcdef", "too blurred to show dots", f"{3:064x}", "method 1"):
        assert words in text


def test_text_from_outside_stays_text() -> None:
    odd = '<img src=x onerror=alert(1)>"&'
    analysis = replace(make_analysis(refused=(make_refused(odd, odd),)), client=odd, notes=(odd,))
    text = page(analysis)
    assert "<img src=x" not in text
    assert text.count("&lt;img src=x") == 6


def test_marks_are_explained_and_refused_photos_are_called_so() -> None:
    view = make_view()
    refused = make_refused("later.jpg")
    analysis = replace(make_analysis(), views=(replace(view, photos=(*view.photos, refused)),))
    pictures = {view.photos[0].photo: b"jpeg"}
    text = render_page(analysis, view_pictures={}, photo_pictures=pictures)
    assert "not measured</td>" in text
    for words in ("still there", "faded", "gone", "not visible", "Grey floor"):
        assert words in text


def test_nothing_measured_is_a_page_with_reasons() -> None:
    text = page(make_analysis(views=()))
    assert "No photo could be measured" in text
    assert "too blurred" in text


def test_results_folder_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    told: list[float] = []
    write_results(
        make_analysis(),
        make_series_photos(),
        out,
        plan=Plan(goal=Goal.SOFT_FADE, target=0.5),
        progress=lambda share, text: told.append(share),
    )
    assert sorted(path.name for path in out.iterdir()) == sorted(RESULT_NAMES)
    assert sorted(p.name for p in (out / "overlays").iterdir()) == [
        f"{photo_name(i)}.png" for i in range(4)
    ]
    text = (out / "report.html").read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 3 + 4
    assert "Goal: soft fade (50 % of the pigment gone)" in text
    assert told == sorted(told)
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_existing_results_are_replaced_only_with_force(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_results(make_analysis(), make_series_photos(), out)
    before = (out / "analysis.json").read_bytes()
    other = replace(make_analysis(), client="Another")
    with pytest.raises(OutputError, match="--force"):
        write_results(other, make_series_photos(), out)
    assert (out / "analysis.json").read_bytes() == before
    write_results(other, make_series_photos(), out, overwrite=True)
    assert b"Another" in (out / "analysis.json").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(OutputError, match="thesis"):
        write_results(make_analysis(), make_series_photos(), tmp_path, overwrite=True)
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


def test_a_failure_halfway_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("power cut")

    broken = tuple(replace(photo, read=fail) for photo in make_series_photos())
    with pytest.raises(RuntimeError, match="power cut"):
        write_results(make_analysis(), broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_photo_that_vanished_since_leaves_a_gap(tmp_path: Path) -> None:
    def gone() -> None:
        raise PhotoError("x.jpg", "does not exist", "check the name")

    photos: tuple[SeriesPhoto, ...] = make_series_photos()
    photos = (photos[0], replace(photos[1], read=gone), *photos[2:])
    write_results(make_analysis(), photos, tmp_path / "out")
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == 3
