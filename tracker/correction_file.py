"""`corrections.json` of a client's folder: what a person put right, as it is read and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracker.record_files import VIEW_WORDS, FolderError, read_entries
from tracker.records import RecordError
from tracker.records.corrections import (
    Correction,
    CorrectionKind,
    Places,
    check_correction,
    standing,
)

EXAMPLE = 'write {"kind": "remove", "photo": "...", "points_px": [[x, y], ...]}'


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """Read ``{"corrections": [{"kind", "photo", ...}, ...]}``; a missing file is none.

    Raises
    ------
    FolderError
        If the file cannot be understood, naming the entry.
    """
    entries = read_entries(path, "corrections")
    return tuple(
        _correction(entry, f"{path.name}, correction {i}") for i, entry in enumerate(entries, 1)
    )


def corrections_text(corrections: Sequence[Correction]) -> str:
    """The text of a `corrections.json` that says the same as the standing ones among these."""
    return json.dumps({"corrections": [_entry(c) for c in standing(corrections)]}, indent=1) + "\n"


def _entry(correction: Correction) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": correction.kind.value, "photo": correction.photo}
    if correction.points_px:
        entry["points_px"] = [list(place) for place in correction.points_px]
    if correction.baseline:
        entry["baseline"] = correction.baseline
        entry["baseline_points_px"] = [list(place) for place in correction.baseline_points_px]
    if correction.kind in (CorrectionKind.DATE, CorrectionKind.VIEW):
        entry[correction.kind.value] = correction.after
    return entry


def _correction(entry: Any, place: str) -> Correction:
    if not isinstance(entry, dict):
        raise FolderError(place, "is no entry", EXAMPLE)
    try:
        kind = CorrectionKind(str(entry.get("kind", "")).strip().lower())
    except ValueError:
        raise FolderError(
            place, f"kind is `{entry.get('kind', '')}`", "give one of " + ", ".join(CorrectionKind)
        ) from None
    is_fact = kind in (CorrectionKind.DATE, CorrectionKind.VIEW)
    after = str(entry.get(kind.value, "")).strip() if is_fact else ""
    if kind is CorrectionKind.VIEW:
        word = after.lower()
        if word and word not in VIEW_WORDS:
            raise FolderError(place, f"view `{after}` is not known", "give one of the views")
        after = VIEW_WORDS.get(word, "")
    correction = Correction(
        kind=kind,
        photo=str(entry.get("photo", "")).strip(),
        points_px=_places(entry.get("points_px", []), "points_px", place),
        baseline=str(entry.get("baseline", "")).strip(),
        baseline_points_px=_places(
            entry.get("baseline_points_px", []), "baseline_points_px", place
        ),
        after=after,
    )
    try:
        check_correction(correction)
    except RecordError as error:
        raise FolderError(place, error.what, error.remedy) from error
    return correction


def _places(value: Any, key: str, place: str) -> Places:
    try:
        return tuple((float(x), float(y)) for x, y in value)
    except (TypeError, ValueError, OverflowError):
        raise FolderError(
            place, f"{key} is no list of places", "give [x, y] pairs in pixels of the photo"
        ) from None
