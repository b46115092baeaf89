"""In a worker: write one client's results from its kept views."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracker import METHOD_VERSION, __version__
from tracker.batch.contact import CONTACT_FILE, contact_strip
from tracker.batch.found import Failure, Kind
from tracker.batch.kept import TEMPORARY, ClientRecord, Kept, PhotoFacts, ViewRecord
from tracker.batch.parquet import DOTS_FILE, write_dots
from tracker.batch.places import Place, open_place, remove_folder
from tracker.batch.reading import (
    CRASH,
    ClientRecords,
    DatedPhotos,
    date_photos,
    read_client_records,
)
from tracker.batch.tasks import ClientFailed, Faulted, PublishDone, PublishTask
from tracker.records import days_since_session, stage_of
from tracker.redating import redated, redated_view
from tracker.report.page import headline_photo
from tracker.report.results_folder import RESULT_NAMES, write_results
from tracker.report.tables import PHOTO_COLUMNS, photo_rows, to_json
from tracker.series import PhotoMeasures, SeriesAnalysis, SeriesPhoto, ViewAnalysis, time_key
from tracker.view_rows import refused_row

CLIENT_NAMES = (*RESULT_NAMES, DOTS_FILE, CONTACT_FILE)
"""What a client's folder of results consists of."""
FOLDER_FORM = 1
"""Goes up when the same series would be written as other files."""
TAKE_AGAIN = "take it again, or leave it out: the other photos are measured without it"


@dataclass(frozen=True, eq=False)
class _Parts:
    """The kept views of a client, laid together with today's dates."""

    analysis: SeriesAnalysis
    failures: list[Failure]
    records: list[ViewRecord]


def publish_client(task: PublishTask) -> PublishDone | ClientFailed | Faulted:
    """Write a client's folder where it is not there yet, and keep its record.

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
    records = read_client_records(root, task.client)
    dated = date_photos(root, job, task.client.photos, task.facts)
    parts = _lay_together(task, kept, records, dated)
    if isinstance(parts, Faulted):
        return parts
    published, n_bytes, written = "", 0, False
    failures = parts.failures
    if task.without_folder:
        failures = [
            *failures,
            Failure(task.client.name, "", "", Kind.CRASHED, task.without_folder, CRASH[1]),
        ]
    elif not job.summary_only:
        published = _published_hash(parts, records)
        if published != task.published:
            foreign = _foreign_files(out, task.client.name)
            if foreign:
                return ClientFailed(
                    f"its folder of results holds other files ({', '.join(foreign[:3])})",
                    "move them away, or name another folder for the results",
                )
            n_bytes = _write_folder(task, out, parts, records, dated)
            written = True
    named = json.loads(to_json(photo_rows(parts.analysis)))  # NaN as null
    rows = [[row[name] for name in PHOTO_COLUMNS] for row in named]
    before = kept.client(task.client.name) if not written else None
    kept.put_client(
        ClientRecord(
            client=task.client.name,
            state=task.state,
            published=published,
            facts={
                photo.path: (photo.size, photo.stamp, task.facts[photo.path])
                for photo in task.client.photos
            },
            rows=rows,
            failures=failures,
            notes=[*records.notes, *dated.notes, *parts.analysis.notes],
            summary=_summary(parts.analysis),
            seconds=sum(record.seconds for record in parts.records),
            megapixels=sum(record.megapixels for record in parts.records),
            n_bytes=n_bytes or (before.n_bytes if before else 0),
        )
    )
    return PublishDone(len(rows), len(failures), written)


def _lay_together(
    task: PublishTask, kept: Kept, records: ClientRecords, dated: DatedPhotos
) -> _Parts | Faulted:
    job, days = task.job, dated.days
    views: list[ViewAnalysis] = []
    refused: list[PhotoMeasures] = []
    failures: list[Failure] = []
    notes: list[str] = []
    versions: set[str] = set()
    of_views: list[ViewRecord] = []
    facts = {photo.name: task.facts[photo.path] for photo in task.client.photos}
    for view, key in sorted(task.keys.items()):
        record = kept.view(key)
        if record is None:
            return Faulted(f"the record of view {view or 'without a name'} is gone")
        of_views.append(record)
        some = [photo for photo in dated.photos if photo.view == view]
        if record.failed:
            kind, reason, remedy = record.failed
            for photo in some:
                refused.append(_refused(photo, f"{reason}; {remedy}", records, task))
                failures.append(
                    Failure(task.client.name, photo.name, view, Kind(kind), reason, remedy)
                )
            continue
        series = kept.series(key)
        if series is None:
            return Faulted(f"the series of view {view or 'without a name'} is gone")
        versions.add(series.version)
        notes += series.notes
        rows = [
            redated(row, days[row.photo], None, records.sessions, job.settings.timeline)
            for row in series.refused
        ]
        refused += rows
        done = [
            redated_view(found, days, records.sessions, job.settings.timeline)
            for found in series.views
        ]
        views += done
        rows += [row for found in done for row in found.photos]
        failures += [
            _failure(task.client.name, row, facts[row.photo], record)
            for row in rows
            if not row.usable
        ]
    analysis = SeriesAnalysis(
        client=records.plan.client or task.client.name,
        views=tuple(views),
        refused=tuple(sorted(refused, key=lambda row: time_key(row.captured_on, row.photo))),
        sessions=tuple(sorted(records.sessions, key=lambda s: s.date)),
        version=", ".join(sorted(versions)) or __version__,
        method_version=METHOD_VERSION,
        settings=job.settings.mapping_with(records.corrections),
        settings_hash=job.settings.fingerprint(records.corrections),
        notes=tuple(notes),
    )
    order = {photo.name: number for number, photo in enumerate(dated.photos)}
    failures.sort(key=lambda failure: order[failure.photo])
    return _Parts(analysis, failures, of_views)


def _refused(
    photo: SeriesPhoto, reason: str, records: ClientRecords, task: PublishTask
) -> PhotoMeasures:
    return refused_row(
        photo,
        reason,
        stage=stage_of(photo.captured_on, records.sessions, task.job.settings.timeline),
        days_since_session=days_since_session(photo.captured_on, records.sessions),
    )


def _failure(client: str, row: PhotoMeasures, facts: PhotoFacts, record: ViewRecord) -> Failure:
    if row.photo in record.crashed:
        return Failure(client, row.photo, row.view, Kind.CRASHED, *CRASH)
    if facts.what:
        return Failure(client, row.photo, row.view, Kind.UNREADABLE, facts.what, facts.remedy)
    reason, _, remedy = row.reason.rpartition("; ")
    if not reason:
        reason, remedy = row.reason, TAKE_AGAIN
    return Failure(client, row.photo, row.view, Kind.REFUSED, reason, remedy)


def _published_hash(parts: _Parts, records: ClientRecords) -> str:
    """Hash of all that the files of a client's folder are made from."""
    analysis = parts.analysis
    content = [
        FOLDER_FORM,
        analysis.client,
        analysis.version,
        analysis.settings_hash,
        [[record.key, record.failed, record.crashed] for record in parts.records],
        [[row.photo, str(row.captured_on), row.reason] for row in analysis.photos],
        [asdict(session) for session in analysis.sessions],
        asdict(records.plan),
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:32]


def _foreign_files(out: Place, client: str) -> list[str]:
    try:
        entries = out.entries(client)
    except FileNotFoundError:
        return []
    except NotADirectoryError:
        return ["a file of that name"]
    return sorted(entry.name for entry in entries if entry.name not in CLIENT_NAMES)


def _write_folder(
    task: PublishTask,
    out: Place,
    parts: _Parts,
    records: ClientRecords,
    dated: DatedPhotos,
) -> int:
    work = out.work_folder()
    try:
        made = work / "results"
        pictures = write_results(parts.analysis, dated.photos, made, plan=records.plan)
        write_dots(made / DOTS_FILE, task.client.name, parts.analysis)
        strip = contact_strip(pictures)
        if strip:
            (made / CONTACT_FILE).write_bytes(strip)
        n_bytes = _bytes_below(made)
        out.publish(made, task.client.name)
    finally:
        remove_folder(work)
    return n_bytes


def _bytes_below(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _summary(analysis: SeriesAnalysis) -> dict[str, Any]:
    """What the overview says of a client: the result of each view."""
    views = []
    for view in analysis.views:
        photo = headline_photo(view)
        if photo is None or photo.whole is None:
            views.append({"view": view.view, "photos": len(view.photos), "photo": ""})
            continue
        fade = photo.whole.fade
        views.append(
            {
                "view": view.view,
                "photos": len(view.photos),
                "photo": photo.photo,
                "day": None if photo.captured_on is None else photo.captured_on.isoformat(),
                "stage": photo.stage.value,
                "fade": fade.value,
                "low": fade.low,
                "high": fade.high,
                "n": fade.n,
            }
        )
    rows: Sequence[PhotoMeasures] = analysis.photos
    content: dict[str, Any] = json.loads(
        to_json(
            {
                "views": views,
                "photos": len(rows),
                "measured": sum(row.usable for row in rows),
                "version": analysis.version,
            }
        )
    )
    return content
