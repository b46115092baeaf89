"""In a worker: measure one view, unless it is kept already."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np

from tracker.analysis import analyse_series
from tracker.batch.kept import TEMPORARY, Kept, ViewRecord, view_key, watch_path
from tracker.batch.places import Place, open_place
from tracker.batch.reading import date_photos, look_at_photos, read_client_records
from tracker.batch.tasks import ViewDone, ViewTask
from tracker.measure.results import Dots
from tracker.series import SeriesAnalysis

PREPARING_SHARE = 0.3
"""Up to here `analyse_series` looks at one photo at a time: what ends it then is that photo."""


def measure_view(task: ViewTask) -> ViewDone:
    """Measure a view and keep its series; what is kept under the same key is not measured.

    Raises
    ------
    FolderError
        If a record file of the client cannot be understood.
    PhotoChangedError
        If a photo is written to meanwhile.
    PlaceLostError
        If photos or results can no longer be reached.
    """
    job = task.job
    root, out = open_place(job.root), open_place(job.out, TEMPORARY)
    kept = Kept(out)
    watch = _Watch(out, task.name) if task.watched else None
    notice = watch.photo if watch else None
    records = read_client_records(root, task.client)
    unread = [p.name for p in task.client.photos] if task.give_up else task.left_out
    facts = look_at_photos(root, job, task.client.photos, task.known, unread, notice)
    dated = date_photos(root, job, task.client.photos, facts, task.left_out, notice)
    key = view_key(
        task.view,
        [(photo.sha256, photo.name, photo.captured_on) for photo in dated.photos],
        mm_per_px=records.mm_per_px,
        marker_mm=records.marker_mm,
        zones=records.zones,
        corrections=records.corrections,
        settings=job.settings,
    )
    if task.give_up:
        kept.put_view(
            ViewRecord(
                key, task.give_up, task.left_out, n_photos=task.n_photos, n_failures=task.n_photos
            )
        )
        return ViewDone(key, facts, False, task.n_photos)
    record = None if task.force else kept.view(key)
    if record is not None and task.again and record.n_failures:
        record = None
    if (
        record is not None
        and not record.failed
        and ((record.slim and not job.summary_only) or kept.series(key) is None)
    ):
        record = None
    if record is not None and not task.left_out:
        return ViewDone(key, facts, False, record.n_failures)

    started = time.monotonic()
    analysis = analyse_series(
        dated.photos,
        client=task.client.name,
        sessions=records.sessions,
        settings=job.settings,
        mm_per_px=records.mm_per_px,
        marker_mm=records.marker_mm,
        zones=records.zones,
        corrections=records.corrections,
        workers=1,  # the other processors have work of their own
        progress=watch.share if watch else None,
    )
    kept.put_series(key, slim(analysis) if job.summary_only else analysis)
    n_failures = sum(not row.usable for row in analysis.photos)
    kept.put_view(
        ViewRecord(
            key=key,
            crashed=task.left_out,
            slim=job.summary_only,
            seconds=round(time.monotonic() - started, 3),
            megapixels=round(sum(about.megapixels for about in facts.values()), 3),
            n_photos=task.n_photos,
            n_failures=n_failures,
        )
    )
    if watch:
        watch.end()
    return ViewDone(key, facts, True, n_failures)


def slim(analysis: SeriesAnalysis) -> SeriesAnalysis:
    """A series without its dots and alignments: the rows of the tables stay."""
    no_dots = Dots.empty()
    views = tuple(
        replace(
            view,
            dots=no_dots,
            pigment_weight=np.empty(0, view.pigment_weight.dtype),
            dot_zone=np.empty(0, view.dot_zone.dtype),
            treated_outline_px=(),
            photos=tuple(replace(row, dots=None, registration=None) for row in view.photos),
        )
        for view in analysis.views
    )
    return replace(analysis, views=views)


class _Watch:
    """Says on the results' place which photo a worker is at, before it may end over it."""

    def __init__(self, out: Place, task: str) -> None:
        self._out, self._path = out, watch_path(task)
        self._photo, self._preparing = "", True

    def photo(self, name: str) -> None:
        if self._preparing:
            self._photo = name
            self._write()

    def share(self, share: float, _sentence: str) -> None:
        if share >= PREPARING_SHARE and self._preparing:
            self._photo, self._preparing = "", False
            self._write()

    def _write(self) -> None:
        content = {"photo": self._photo, "preparing": self._preparing}
        self._out.write(self._path, json.dumps(content).encode())

    def end(self) -> None:
        self._out.remove(self._path)
