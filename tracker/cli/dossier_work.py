"""The work of `report`, `verify REPORT`, `export`, `archive`, `clinic`."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from pathlib import Path

from tracker.analysis import AnalysisSettings
from tracker.cli.record_work import choice, timeline_settings
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError
from tracker.dossier.archive import bring_back, client_archive
from tracker.dossier.case import read_case
from tracker.dossier.check_report import check_report, read_report
from tracker.dossier.exports import SUFFIX, ExportOptions, Kind, make_export, purpose_of
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


def export(
    store: Store,
    code: str,
    kind: Kind,
    out: Path,
    options: ExportOptions,
    *,
    key_out: Path | None,
    language: str | None,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Make one export, if the consent allows it."""
    tongue = choice(language, Language, "--language") or read_clinic(store).language
    options = replace(options, language=tongue, secret=secrets.token_hex(16))
    with terminal.progress(code) as progress:
        case = read_case(store, code, progress=progress)
        made = make_export(
            case, kind, options, today=store.today, made_at=store.clock(), progress=progress
        )
    if made.key:
        # The key first: an export without it could never be led back.
        assert key_out is not None
        publish_bytes(key_out, made.key.encode(), overwrite=overwrite)
        key_out.chmod(0o600)
        terminal.remark(f"{key_out}: leads back to the client; keep it apart from {out.name}")
    publish_bytes(out, made.data, overwrite=overwrite)
    for line in made.remarks:
        terminal.remark(line)
    purpose = purpose_of(kind, options)
    terminal.result(
        f"{out}: {kind.value} of {code} for {purpose.value}",
        {
            "out": str(out),
            "client": code,
            "kind": kind.value,
            "purpose": purpose.value,
            "key": str(key_out) if made.key else None,
            "remarks": list(made.remarks),
        },
    )
    return DONE


def export_places(kind: Kind, out: Path, overwrite: bool) -> Path | None:
    """Check where an export goes before anything is opened; gives the place of its key."""
    wanted = SUFFIX[kind]
    if out.suffix.lower() != wanted:
        raise UnusableError(f"{out}: {kind.value} is written as {wanted}; name it so")
    check_file(out, overwrite=overwrite)
    if kind is not Kind.DEIDENTIFIED:
        return None
    key = out.with_name(out.stem + ".key.json")
    check_file(key, overwrite=overwrite)
    return key


def archive(store: Store, code: str, out: Path, *, overwrite: bool, terminal: Terminal) -> int:
    """Write everything of a client to one file, for the client or another clinic."""
    check_file(out, overwrite=overwrite)
    with terminal.progress(code) as progress:
        data = client_archive(store, code, progress=progress)
    publish_bytes(out, data, overwrite=overwrite)
    terminal.result(
        f"{out}: all of client {code}", {"out": str(out), "client": code, "bytes": len(data)}
    )
    return DONE


def bring_archive(store: Store, path: Path, terminal: Terminal) -> int:
    """Bring a client's archive into the store."""
    with terminal.progress(path.name) as progress:
        done = bring_back(store, path, progress=progress)
    terminal.result(
        f"client {done.code}: {done.n_photos} photos, {done.n_sessions} sessions, "
        f"{done.n_results} results",
        asdict(done),
    )
    return DONE
