"""The work of `report`, `verify REPORT`, `export`, `archive`, `clinic`."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from tracker.analysis import AnalysisSettings
from tracker.cli.record_work import choice, timeline_settings
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError
from tracker.dossier.case import read_case
from tracker.dossier.check_report import check_report, read_report
from tracker.dossier.report import (
    report_html,
    report_parts,
    report_pdf,
    undrawable_characters,
)
from tracker.report.publish import check_file, publish_bytes
from tracker.storage.clinic_settings import (
    Language,
    Paper,
    read_clinic,
    read_logo,
    save_clinic,
)
from tracker.storage.store import Store

REPORT_SUFFIXES = (".pdf", ".html", ".htm")


def check_report_place(out: Path, overwrite: bool) -> None:
    """Refuse a name that says no form, before anything is opened."""
    if out.suffix.lower() not in REPORT_SUFFIXES:
        raise UnusableError(f"{out}: is neither .pdf nor .html; name the report so")
    check_file(out, overwrite=overwrite)


def report(
    store: Store,
    code: str,
    out: Path,
    *,
    language: str | None,
    paper: str | None,
    with_name: bool,
    healed_days: int | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Write the report; exit status 1 where photos were refused or nothing is healed."""
    check_report_place(out, overwrite)
    clinic = read_clinic(store)
    tongue = choice(language, Language, "--language") or clinic.language
    sheet = choice(paper, Paper, "--paper") or clinic.paper
    settings = AnalysisSettings(timeline=timeline_settings(healed_days))
    with terminal.progress(code) as progress:
        case = read_case(store, code, settings=settings, progress=progress)
        parts = report_parts(case, with_name=with_name, progress=progress)
        if out.suffix.lower() == ".pdf":
            data = report_pdf(parts, language=tongue, paper=sheet, made_at=store.clock())
        else:
            data = report_html(parts, language=tongue, made_at=store.clock()).encode()
    publish_bytes(out, data, overwrite=overwrite)
    figures = parts.figures
    if with_name and not figures.name:
        terminal.remark(f"client {code} has no name on record: the report carries the code")
    missing = undrawable_characters(parts, tongue) if out.suffix.lower() == ".pdf" else ()
    if missing:
        points = " ".join(f"U+{ord(c):04X}" for c in missing)
        terminal.remark(f"{out}: the fonts lack {points}; the HTML report shows them")
    for photo in figures.refused:
        terminal.failure(f"{photo.name}: not measured: {photo.reason}")
    said = "healed result" if figures.healed else "not yet healed: the report says so"
    terminal.result(
        f"{out}: {said}",
        {
            "out": str(out),
            "client": code,
            "healed": figures.healed,
            "views": [
                {
                    "view": view.view,
                    "shown": view.shown,
                    "healed": view.healed,
                    "days_since_session": view.days_since_session,
                    "fade": view.whole.fade.value if view.whole else None,
                    "fade_low": view.whole.fade.low if view.whole else None,
                    "fade_high": view.whole.fade.high if view.whole else None,
                }
                for view in figures.views
            ],
            "refused": [{"photo": p.name, "reason": p.reason} for p in figures.refused],
        },
    )
    return SOME_REFUSED if figures.refused else DONE


def verify_report(store: Store, path: Path, terminal: Terminal) -> int:
    """Say whether a report's photos are those of the store; exit status 1 where not."""
    content = read_report(path)
    with terminal.progress(path.name) as progress:
        found = check_report(store, content, progress=progress)
    for name in found.missing:
        terminal.failure(f"{name}: is not in the store under client {found.client}")
    for name in found.altered:
        terminal.failure(f"{name}: its original is lost or altered")
    if found.figures == "other":
        terminal.failure(f"{path}: its figures are not those that the store gives")
    for name in found.newer:
        terminal.remark(f"{name}: came after the report")
    n = len(found.same) + len(found.missing) + len(found.altered)
    terminal.result(
        f"{path}: {len(found.same)} of {n} photos are those of the store; figures: {found.figures}",
        {**asdict(found), "holds": found.holds},
    )
    return DONE if found.holds else SOME_REFUSED


def clinic(
    store: Store,
    *,
    name: str | None,
    lines: list[str] | None,
    logo: Path | None,
    no_logo: bool,
    language: str | None,
    paper: str | None,
    terminal: Terminal,
) -> int:
    """Change what reports show of the clinic; without any option show it."""
    before = read_clinic(store)
    now = replace(
        before,
        name=before.name if name is None else name,
        lines=before.lines if lines is None else tuple(lines),
        language=choice(language, Language, "--language") or before.language,
        paper=choice(paper, Paper, "--paper") or before.paper,
    )
    if no_logo:
        now = replace(now, logo_png=b"")
    if logo is not None:
        now = replace(now, logo_png=read_logo(logo))
    if now != before:
        save_clinic(store, now)
        now = read_clinic(store)
    content = {
        "name": now.name,
        "lines": list(now.lines),
        "logo": bool(now.logo_png),
        "language": now.language.value,
        "paper": now.paper.value,
    }
    terminal.result("\n".join(f"{key}: {value}" for key, value in content.items()), content)
    return DONE
