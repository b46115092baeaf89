"""The commands that look ahead: forecast and consult, from a folder or from the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tracker.analysis import AnalysisSettings, analyse_series
from tracker.cli.record_work import day, timeline_settings
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError
from tracker.folder import read_client_folder
from tracker.progress.consultation import ConsultationSheet, consultation
from tracker.progress.facts import CaseFacts
from tracker.progress.published import Method, method_of
from tracker.progress.report import Progress, progress_content, progress_of
from tracker.records import TreatmentPlan
from tracker.report.publish import check_file, publish_file
from tracker.report.sheets import consultation_page, consultation_text, forecast_page, forecast_text
from tracker.report.tables import to_json
from tracker.series import SeriesAnalysis, Status
from tracker.storage.comparing import with_comparable_cases
from tracker.storage.results import measure_client
from tracker.storage.statements import find_client, select
from tracker.storage.store import Store


def _analysis_of(folder: Path, terminal: Terminal) -> tuple[SeriesAnalysis, CaseFacts]:
    client = read_client_folder(folder, today=date.today())
    for note in client.notes:
        terminal.remark(note)
    with terminal.progress(client.name) as progress:
        analysis = analyse_series(
            client.photos,
            client=client.name,
            sessions=client.sessions,
            mm_per_px=client.plan.mm_per_px,
            marker_mm=client.plan.marker_mm,
            zones=client.zones,
            corrections=client.corrections,
            progress=progress,
        )
    return analysis, CaseFacts.of_plan(client.plan)


def _analysis_in(store: Store, code: str, terminal: Terminal) -> tuple[SeriesAnalysis, CaseFacts]:
    with terminal.progress(code) as progress:
        analysis = measure_client(store, code, progress=progress).analysis
    with store.reading() as connection:
        client = find_client(connection, code)
        plans = select(connection, TreatmentPlan, client.id)
    plan = plans[0].record if plans else TreatmentPlan()
    return analysis, CaseFacts.of_records(client.record, plan)


def _refusals(analysis: SeriesAnalysis, terminal: Terminal) -> int:
    refused = [photo for photo in analysis.photos if photo.status is Status.REFUSED]
    for photo in refused:
        terminal.failure(f"{photo.photo}: not measured: {photo.reason}")
    return SOME_REFUSED if refused else DONE


def forecast(
    folder: Path,
    *,
    today: str | None,
    method: str,
    spacing_days: int | None,
    healed_days: int | None,
    out: Path | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Forecast one client's folder."""
    on, settings = _asked(today, method, healed_days, out, overwrite)
    analysis, facts = _analysis_of(folder, terminal)
    made = progress_of(
        analysis,
        facts,
        today=on,
        method=method,
        spacing_days=spacing_days,
        timeline=settings.timeline,
    )
    return _say_forecast(analysis, made, out, overwrite, terminal)


def forecast_client(
    store: Store,
    code: str,
    *,
    today: str | None,
    method: str,
    spacing_days: int | None,
    healed_days: int | None,
    out: Path | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Forecast a client of the store, comparable cases included."""
    on, settings = _asked(today, method, healed_days, out, overwrite)
    analysis, facts = _analysis_in(store, code, terminal)
    made = progress_of(
        analysis,
        facts,
        today=on,
        method=method,
        spacing_days=spacing_days,
        timeline=settings.timeline,
    )
    made = with_comparable_cases(store, code, analysis, facts, made)
    return _say_forecast(analysis, made, out, overwrite, terminal)


def _asked(
    today: str | None, method: str, healed_days: int | None, out: Path | None, overwrite: bool
) -> tuple[date, AnalysisSettings]:
    if method and method_of(method) is Method.UNKNOWN:
        known = ", ".join(m for m in Method if m is not Method.UNKNOWN)
        raise UnusableError(f"--method is `{method}`; give one of {known}")
    if out is not None:
        check_file(out, overwrite=overwrite)
    on = day(today, "--today") or date.today()
    return on, AnalysisSettings(timeline=timeline_settings(healed_days))


def _say_forecast(
    analysis: SeriesAnalysis, made: Progress, out: Path | None, overwrite: bool, terminal: Terminal
) -> int:
    if out is not None:
        publish_file(out, forecast_page(analysis, made), overwrite=overwrite)
    text = forecast_text(made) + (f"\n{out}" if out is not None else "")
    terminal.result(text, _plain(progress_content(made)))
    return _refusals(analysis, terminal)


def consult(folder: Path, *, out: Path | None, overwrite: bool, terminal: Terminal) -> int:
    """Make the consultation sheet of one client's folder."""
    if out is not None:
        check_file(out, overwrite=overwrite)
    analysis, facts = _analysis_of(folder, terminal)
    return _say_sheet(analysis, consultation(analysis, facts), out, overwrite, terminal)


def consult_client(
    store: Store, code: str, *, out: Path | None, overwrite: bool, terminal: Terminal
) -> int:
    """Make the consultation sheet of a client of the store."""
    if out is not None:
        check_file(out, overwrite=overwrite)
    analysis, facts = _analysis_in(store, code, terminal)
    return _say_sheet(analysis, consultation(analysis, facts), out, overwrite, terminal)


def _say_sheet(
    analysis: SeriesAnalysis,
    sheet: ConsultationSheet,
    out: Path | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    if out is not None:
        publish_file(out, consultation_page(sheet), overwrite=overwrite)
    text = consultation_text(sheet) + (f"\n{out}" if out is not None else "")
    terminal.result(text, _plain(asdict(sheet)))
    return _refusals(analysis, terminal)


def _plain(content: Any) -> Any:
    """Arrays and dates as JSON has them."""
    return json.loads(to_json(content))
