"""The commands that measure: analyse, detect, register."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.analysis import analyse_series
from tracker.blas_threads import one_blas_thread
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError, percent, table
from tracker.folder import ClientFolder, read_client_folder
from tracker.measure.detection import detect_dots
from tracker.measure.photo_kinds import told_apart
from tracker.measure.registration import NotRegistered
from tracker.measure.results import Kind
from tracker.measure.skin import find_skin
from tracker.pair import register_pair
from tracker.photos import load_photo
from tracker.report.publish import check_file, check_folder, publish_file
from tracker.report.results_folder import RESULT_NAMES, write_results
from tracker.report.tables import detection_csv, detection_rows, photo_rows
from tracker.series import SeriesAnalysis, Status

POINT_COLUMNS = ("x_px", "y_px")
MOVED_COLUMNS = ("moving_x_px", "moving_y_px")
ANALYSE_SHARE = 0.85
"""Part of the work that is measuring; the rest is drawing and writing."""


def analyse(
    folder: Path,
    out: Path,
    *,
    baseline: str | None,
    mm_per_px: float | None,
    marker_mm: float | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Measure one client's folder and write its results; returns the exit status."""
    for name, value in (("--mm-per-px", mm_per_px), ("--marker-mm", marker_mm)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise UnusableError(f"{name} is {value:g}; give a length in millimetres above 0")
    check_folder(out, own_names=RESULT_NAMES, overwrite=overwrite)
    client = read_client_folder(folder, today=date.today())
    names = [photo.name for photo in client.photos]
    if baseline is not None and baseline not in names:
        raise UnusableError(
            f"--baseline {baseline}: no photo of that name in {folder}; it holds "
            + ", ".join(names[:5])
            + (", ..." if len(names) > 5 else "")
        )
    for note in client.notes:
        terminal.remark(note)
    for name, reason in client.skipped:
        terminal.detail(f"{name}: {reason}")
    if mm_per_px is None and marker_mm is None:
        mm_per_px, marker_mm = client.plan.mm_per_px, client.plan.marker_mm
    with terminal.progress(client.name) as progress:
        analysis = analyse_series(
            client.photos,
            client=client.name,
            sessions=client.sessions,
            mm_per_px=mm_per_px,
            marker_mm=marker_mm,
            baseline=baseline,
            zones=client.zones,
            corrections=client.corrections,
            progress=lambda share, text: progress(ANALYSE_SHARE * share, text),
        )
        write_results(
            analysis,
            client.photos,
            out,
            plan=client.plan,
            overwrite=overwrite,
            progress=lambda share, text: progress(
                ANALYSE_SHARE + (1 - ANALYSE_SHARE) * share, text
            ),
        )
    return report_analysis(analysis, client, out, terminal)


def report_analysis(
    analysis: SeriesAnalysis, client: ClientFolder, out: Path, terminal: Terminal
) -> int:
    """Say what was measured and what was not; returns the exit status."""
    refused = [photo for photo in analysis.photos if photo.status is Status.REFUSED]
    for note in analysis.notes:
        terminal.remark(note)
    for photo in refused:
        terminal.failure(f"{photo.photo}: not measured: {photo.reason}")
    rows = photo_rows(analysis)
    terminal.result(
        f"{_summary(analysis)}\n{out / 'report.html'}",
        {
            "client": client.name,
            "out": str(out),
            "photos": rows,
            "refused": [{"photo": p.photo, "reason": p.reason} for p in refused],
            "notes": [*client.notes, *analysis.notes],
            "settings_hash": analysis.settings_hash,
            "version": analysis.version,
        },
    )
    return SOME_REFUSED if refused else DONE


def _summary(analysis: SeriesAnalysis) -> str:
    rows = [("photo", "stage", "gone", "95 % interval", "dots")]
    for photo in analysis.photos:
        whole = photo.whole
        if photo.status is Status.REFUSED or whole is None:
            rows.append((photo.photo, photo.stage.value, photo.status.value, "", ""))
        elif photo.status is Status.BASELINE:
            rows.append((photo.photo, photo.stage.value, "baseline", "", str(whole.n_dots)))
        else:
            fade = whole.fade
            interval = f"{percent(fade.low)} to {percent(fade.high)}" if fade.measured else ""
            rows.append(
                (
                    photo.photo,
                    photo.stage.value,
                    percent(fade.value),
                    interval,
                    str(whole.n_dots),
                )
            )
    return table(rows)


def detect(photo: Path, out: Path | None, *, overwrite: bool, terminal: Terminal) -> int:
    """Find the dots of one photo; their table goes to `out` or standard output."""
    if out is not None:
        check_file(out, overwrite=overwrite)
    loaded = load_photo(photo)
    for note in loaded.notes:
        terminal.remark(f"{loaded.name}: {note}")
    with terminal.progress(loaded.name) as progress:
        progress(0.1, "looking for skin")
        skin = find_skin(loaded.srgb)
        region = skin.region if skin.region.any() else None
        if region is None:
            terminal.remark(f"{loaded.name}: no skin stands out; the whole picture is searched")
        progress(0.3, "looking for dots")
        with one_blas_thread():
            detection = told_apart(detect_dots(loaded.srgb, region), loaded.srgb)
    counts = {kind.label: int(np.count_nonzero(detection.dots.kind == kind.value)) for kind in Kind}
    if detection.reason:
        terminal.remark(f"{loaded.name}: {detection.reason}")
    text = detection_csv(detection.dots)
    content: dict[str, object] = {
        "photo": loaded.name,
        "sha256": loaded.sha256,
        "counts": counts,
        "fwhm_px": float(detection.fwhm_px),
        "resolved": detection.resolved,
        "reason": detection.reason,
        "out": None if out is None else str(out),
    }
    if out is not None:
        publish_file(out, text, overwrite=overwrite)
        summary = ", ".join(f"{counts[kind.label]} {kind.label}" for kind in Kind)
        terminal.result(f"{loaded.name}: {summary}; {out}", content)
    else:
        # The table is what was asked for, not a remark: -q leaves it.
        replace(terminal, quiet=False).result(
            text.rstrip("\n"), content | {"dots": detection_rows(detection.dots)}
        )
    return DONE


def register(
    reference: Path,
    moving: Path,
    points: Path | None,
    out: Path | None,
    *,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Align two photos, and say where points of the first lie in the second."""
    if (points is None) != (out is None):
        raise UnusableError("--points and --out belong together; give both or none")
    if out is not None:
        check_file(out, overwrite=overwrite)
    wanted = _read_points(points) if points is not None else None
    first, second = load_photo(reference), load_photo(moving)
    with terminal.progress(f"{first.name} and {second.name}") as progress:
        progress(0.1, "aligning")
        found = register_pair(first.srgb, second.srgb)
    content: dict[str, object] = {"reference": first.name, "moving": second.name}
    if isinstance(found, NotRegistered):
        terminal.failure(f"{second.name}: not registered to {first.name}: {found.reason}")
        if terminal.as_json:
            content |= {"registered": False, "reason": found.reason}
            terminal.result("", content | {"evidence": dict(found.evidence)})
        return SOME_REFUSED
    content |= {
        "registered": True,
        "error_px": float(found.error_px),
        "overlap": float(found.overlap),
        "evidence": dict(found.evidence),
    }
    text = (
        f"{second.name}: registered to {first.name}, "
        f"error about {found.error_px:.2f} px, overlap {100 * found.overlap:.0f} %"
    )
    if wanted is not None and out is not None:
        fields, rows, xy = wanted
        moved = found.map_points(xy)
        publish_file(out, _points_csv(fields, rows, moved), overwrite=overwrite)
        placed = int(np.isfinite(moved[:, 0]).sum())
        text += f"; {placed} of {len(rows)} points placed; {out}"
        content |= {"points": len(rows), "placed": placed, "out": str(out)}
    terminal.result(text, content)
    return DONE


def _read_points(
    path: Path,
) -> tuple[list[str], list[dict[str, str]], NDArray[np.float64]]:
    """Columns, rows and places of a table of points."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnusableError(f"{path}: there is no such file; check the name") from None
    except (OSError, UnicodeDecodeError):
        raise UnusableError(f"{path}: cannot be read as text; give a CSV file") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    fields = [(name or "").strip() for name in reader.fieldnames or []]
    missing = [name for name in POINT_COLUMNS if name not in fields]
    if missing:
        raise UnusableError(f"{path}, line 1: has no column {missing[0]}; begin with x_px,y_px")
    reader.fieldnames = fields
    rows, places = [], []
    for row in reader:
        try:
            place = [float(row[name]) for name in POINT_COLUMNS]
        except (TypeError, ValueError):
            place = [math.nan]
        if not all(map(math.isfinite, place)):
            raise UnusableError(
                f"{path}, line {reader.line_num}: x_px, y_px are not two numbers; mend that line"
            )
        rows.append({name: row.get(name) or "" for name in fields})
        places.append(place)
    return fields, rows, np.array(places, np.float64).reshape(-1, 2)


def _points_csv(
    fields: Sequence[str], rows: Sequence[dict[str, str]], moved: NDArray[np.float64]
) -> str:
    kept = [name for name in fields if name not in MOVED_COLUMNS]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*kept, *MOVED_COLUMNS])
    for row, place in zip(rows, moved.tolist(), strict=True):
        found = [f"{value:.3f}" if math.isfinite(value) else "" for value in place]
        writer.writerow([*(row[name] for name in kept), *found])
    return buffer.getvalue()
