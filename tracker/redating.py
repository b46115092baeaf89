"""Dates and stages laid over a measured view.

The numbers of a view depend on the order of its photos in time, never on stages. So a session that
is entered or a date that is mended measures nothing again: a kept view takes today's dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from tracker.records import TimelineSettings, days_since_session, stage_of
from tracker.row_remarks import healing_flag
from tracker.series import PhotoMeasures, Session, ViewAnalysis


def redated_view(
    view: ViewAnalysis,
    days: Mapping[str, date | None],
    visits: Sequence[Session],
    timeline: TimelineSettings,
) -> ViewAnalysis:
    """A view with the days, by photo name, and stages as they are known now."""
    start = days[view.baseline]
    return replace(
        view,
        photos=tuple(redated(row, days[row.photo], start, visits, timeline) for row in view.photos),
    )


def redated(
    row: PhotoMeasures,
    day: date | None,
    start: date | None,
    visits: Sequence[Session],
    timeline: TimelineSettings,
) -> PhotoMeasures:
    """A row with its day, stage and days as they are known now."""
    stage = stage_of(day, visits, timeline)
    flags = row.flags
    if stage is not row.stage and row.usable:
        problems = row.quality.problems if row.quality is not None else ()
        others = [f for f in flags[len(problems) :] if f not in healing_flag(row.stage)]
        flags = (*problems, *healing_flag(stage), *others)
    return replace(
        row,
        captured_on=day,
        days_since_baseline=None if day is None or start is None else (day - start).days,
        days_since_session=days_since_session(day, visits),
        stage=stage,
        flags=flags,
    )
