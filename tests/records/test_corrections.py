"""What may be corrected, and what corrections say of a view."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from tracker.records import RecordError
from tracker.records.corrections import (
    Correction,
    CorrectionKind,
    check_correction,
    corrections_of_view,
    refiled,
    standing,
)
from tracker.series import SeriesPhoto

THREE = ((1.0, 2.0), (30.0, 4.0), (12.0, 40.0))
REMOVE = Correction(CorrectionKind.REMOVE, "a.jpg", THREE)
ADD = Correction(CorrectionKind.ADD, "a.jpg", ((5.0, 6.0),))
ALIGN = Correction(CorrectionKind.ALIGN, "b.jpg", THREE, baseline="a.jpg", baseline_points_px=THREE)
UNDONE = datetime(2026, 5, 1, 12)


def test_a_view_takes_its_own_standing_corrections_in_their_order() -> None:
    undone = replace(ADD, points_px=((9.0, 9.0),), undone_at=UNDONE)
    elsewhere = replace(REMOVE, photo="other.jpg")
    found = corrections_of_view(
        [REMOVE, undone, ADD, ALIGN, elsewhere], ["a.jpg", "b.jpg"], "a.jpg"
    )
    np.testing.assert_array_equal(found.verdicts.xy_px, [*THREE, (5.0, 6.0)])
    assert found.verdicts.is_dot.tolist() == [False, False, False, True]
    assert list(found.pairs) == ["b.jpg"]
    assert found.used == (REMOVE, ADD, ALIGN)
    assert found.summary == "1 dot added, 3 places removed, 1 photo aligned by hand"
    assert not found.notes


def test_marks_on_a_former_baseline_are_not_used_and_said() -> None:
    found = corrections_of_view([REMOVE, ALIGN], ["a.jpg", "b.jpg"], "b.jpg")
    assert len(found.verdicts) == 0
    assert not found.pairs
    assert len(found.notes) == 2
    assert "marked on a.jpg, but b.jpg is the baseline now" in found.notes[0]


def test_nothing_to_say_is_nothing() -> None:
    found = corrections_of_view([], ["a.jpg"], "a.jpg")
    assert (len(found.verdicts), found.summary, found.used) == (0, "", ())


def test_days_and_views_are_laid_over_photos() -> None:
    def read() -> np.ndarray:
        return np.zeros((2, 2, 3), np.uint8)

    photos = [
        SeriesPhoto("a.jpg", "1", read, "top", date(2026, 1, 1)),
        SeriesPhoto("b.jpg", "2", read, "top", date(2026, 2, 1)),
    ]
    corrections = [
        Correction(CorrectionKind.DATE, "a.jpg", after="2025-12-01"),
        Correction(CorrectionKind.VIEW, "b.jpg", after="front"),
        Correction(CorrectionKind.DATE, "b.jpg", after="2020-01-01", undone_at=UNDONE),
    ]
    assert [(p.captured_on, p.view) for p in refiled(photos, corrections)] == [
        (date(2025, 12, 1), "top"),
        (date(2026, 2, 1), "front"),
    ]
    assert len(standing(corrections)) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(REMOVE, photo=""), "names no photo"),
        (replace(REMOVE, points_px=()), "marks no place"),
        (replace(ADD, points_px=((float("nan"), 1.0),)), "no number"),
        (replace(ALIGN, points_px=THREE[:2]), "pairs 2 places with 3"),
        (
            replace(ALIGN, points_px=THREE[:2], baseline_points_px=THREE[:2]),
            "has 2 point pairs; give 3 or more",
        ),
        (replace(ALIGN, baseline="b.jpg"), "names no baseline"),
        (Correction(CorrectionKind.DATE, "a.jpg", after="5 May"), "`5 May` is no date"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(wrong: Correction, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        check_correction(wrong)


@pytest.mark.parametrize(
    "right", [REMOVE, ADD, ALIGN, Correction(CorrectionKind.DATE, "a.jpg", after="")]
)
def test_what_can_be_is_let_through(right: Correction) -> None:
    check_correction(right)
