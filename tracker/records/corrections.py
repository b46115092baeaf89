"""Corrections: what a person puts right in what was found, kept beside it and never over it.

Each is an entry of its own that stays when it is undone. What the program found is therefore
always there: without the entries the same photos measure as they did before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import numpy as np

from tracker.measure.hand_alignment import LEAST_PAIRS
from tracker.measure.results import FloatColumn
from tracker.measure.verdicts import Verdicts
from tracker.records.errors import RecordError
from tracker.series import SeriesPhoto

Places = tuple[tuple[float, float], ...]


class CorrectionKind(StrEnum):
    """What is put right."""

    REMOVE = "remove"
    """Places of the baseline photo that are no dots of pigment: hair, moles, dirt."""
    ADD = "add"
    """Dots of the baseline photo that were not found."""
    ALIGN = "align"
    """Where three or more places of the baseline photo lie in another photo."""
    DATE = "date"
    """The day a photo was taken."""
    VIEW = "view"
    """The view a photo shows."""


MEASURED_KINDS = (CorrectionKind.REMOVE, CorrectionKind.ADD, CorrectionKind.ALIGN)
"""Kinds that `analyse_series` takes; the others change what is known of a photo."""


@dataclass(frozen=True)
class Correction:
    """One correction. Unused fields are empty."""

    kind: CorrectionKind
    photo: str
    """Name of the photo that is corrected; for dots the baseline photo they were marked on."""
    points_px: Places = ()
    """Places in that photo, full-resolution pixels."""
    baseline: str = ""
    """For an alignment: the baseline photo, and the same places in it."""
    baseline_points_px: Places = ()
    before: str = ""
    """For a date (YYYY-MM-DD, '' for none) or view: what was there."""
    after: str = ""
    made_at: datetime | None = None
    """UTC."""
    made_by: str = ""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def standing(self) -> bool:
        """False once it was undone."""
        return self.undone_at is None

    def numbers(self) -> list[Any]:
        """What measures depend on, as plain values for a hash."""
        return [
            self.kind.value,
            self.photo,
            [list(p) for p in self.points_px],
            self.baseline,
            [list(p) for p in self.baseline_points_px],
        ]


@dataclass(frozen=True, eq=False)
class Pairs:
    """The same places in a baseline photo and another one, each (n, 2) full-resolution pixels."""

    baseline_xy_px: FloatColumn
    photo_xy_px: FloatColumn

    def __len__(self) -> int:
        return len(self.photo_xy_px)


@dataclass(frozen=True, eq=False)
class ViewCorrections:
    """The corrections of one view as measuring takes them.

    Attributes
    ----------
    verdicts : Verdicts
        On places of the baseline photo, its pixels.
    pairs : mapping of str to Pairs
        By name of the photo whose alignment they give.
    used : tuple of Correction
        The entries these come from.
    notes : tuple of str
        What was not used and why, a line each.
    """

    verdicts: Verdicts
    pairs: Mapping[str, Pairs]
    used: tuple[Correction, ...]
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """Such as "2 dots added, 5 places removed, 1 photo aligned by hand"; '' for nothing."""
        n_dots = int(np.count_nonzero(self.verdicts.is_dot))
        n_none = len(self.verdicts) - n_dots
        parts = [
            _counted(n_dots, "dot", "added"),
            _counted(n_none, "place", "removed"),
            _counted(len(self.pairs), "photo", "aligned by hand"),
        ]
        return ", ".join(part for part in parts if part)


def _counted(n: int, what: str, done: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'} {done}" if n else ""


def standing(corrections: Iterable[Correction]) -> tuple[Correction, ...]:
    """Those that were not undone, in their order."""
    return tuple(c for c in corrections if c.standing)


def corrections_of_view(
    corrections: Sequence[Correction], photos: Sequence[str], baseline: str
) -> ViewCorrections:
    """What the corrections say of one view.

    Parameters
    ----------
    corrections : sequence of Correction
        In the order in which they were made.
    photos : sequence of str
        Names of the view's photos.
    baseline : str
        The one they are compared with.
    """
    ours = [c for c in standing(corrections) if c.kind in MEASURED_KINDS and c.photo in photos]
    used, notes = [], []
    points: list[tuple[float, float]] = []
    is_dot: list[bool] = []
    pairs: dict[str, Pairs] = {}
    for one in ours:
        marked_on = one.baseline if one.kind is CorrectionKind.ALIGN else one.photo
        if marked_on != baseline:
            notes.append(
                f"{one.photo}: a correction was marked on {marked_on}, but {baseline} is the "
                "baseline now, so it is not used; make it again"
            )
            continue
        used.append(one)
        if one.kind is CorrectionKind.ALIGN:
            pairs[one.photo] = Pairs(_column(one.baseline_points_px), _column(one.points_px))
        else:
            points += one.points_px
            is_dot += [one.kind is CorrectionKind.ADD] * len(one.points_px)
    return ViewCorrections(
        Verdicts(_column(tuple(points)), np.array(is_dot, bool)), pairs, tuple(used), tuple(notes)
    )


def _column(points: Places) -> FloatColumn:
    return np.array(points, np.float64).reshape(-1, 2)


def refiled(photos: Iterable[SeriesPhoto], corrections: Iterable[Correction]) -> list[SeriesPhoto]:
    """Photos with the days and views that corrections give them."""
    days = {c.photo: c.after for c in standing(corrections) if c.kind is CorrectionKind.DATE}
    views = {c.photo: c.after for c in standing(corrections) if c.kind is CorrectionKind.VIEW}
    return [
        replace(
            photo,
            captured_on=day_of(days[photo.name]) if photo.name in days else photo.captured_on,
            view=views.get(photo.name, photo.view),
        )
        for photo in photos
    ]


def day_of(text: str) -> date | None:
    """The day that a date correction writes; None for ''."""
    return date.fromisoformat(text) if text else None


def check_correction(correction: Correction) -> None:
    """Refuse a correction that says nothing or cannot be."""
    name = f"correction of {correction.photo or 'a photo'}"
    places = (*correction.points_px, *correction.baseline_points_px)
    if not correction.photo:
        raise RecordError("correction", "names no photo", "name the one it corrects")
    if not all(math.isfinite(value) for place in places for value in place):
        raise RecordError(name, "holds a place that is no number", "mark it again")
    if correction.kind in (CorrectionKind.REMOVE, CorrectionKind.ADD):
        if not correction.points_px:
            raise RecordError(name, "marks no place", "mark at least one")
    elif correction.kind is CorrectionKind.ALIGN:
        n, n_baseline = len(correction.points_px), len(correction.baseline_points_px)
        if n != n_baseline:
            raise RecordError(
                name, f"pairs {n} places with {n_baseline}", "mark each place in both photos"
            )
        if n < LEAST_PAIRS:
            raise RecordError(
                name,
                f"has {_counted(n, 'point pair', '').strip() or 'no point pair'}",
                f"give {LEAST_PAIRS} or more, spread over the treated area",
            )
        if not correction.baseline or correction.baseline == correction.photo:
            raise RecordError(name, "names no baseline photo", "name the one it is aligned with")
    elif correction.kind is CorrectionKind.DATE:
        try:
            day_of(correction.after)
        except ValueError:
            raise RecordError(
                name, f"`{correction.after}` is no date", "write it as YYYY-MM-DD"
            ) from None
