"""The commands `client ...`: a client's record, plan, consents, notes and results."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

from tracker.analysis import AnalysisSettings
from tracker.cli.listing import cell, listed
from tracker.cli.record_work import choice, content, day, edited, timeline_settings, warn
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError, percent
from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    Goal,
    MedicalFlag,
    NoteRecord,
    PigmentKind,
    TreatmentPlan,
    rules,
)
from tracker.report.tables import photo_rows
from tracker.series import Status
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.opening import local_clock
from tracker.storage.overview import list_clients, timeline
from tracker.storage.results import KeptResult, find_result, list_results, measure_client
from tracker.storage.store import Store

CODE_GIVEN_OUT = "C-0001"
MEASURE_COLUMNS = ("photo", "date", "stage", "gone", "95 % interval", "dots", "")


def client_fields(
    *,
    name: str | None,
    birth_year: int | None,
    skin_type: str | None,
    hair: str | None,
    skin: str | None,
    smp_date: str | None,
    pigment: str | None,
    flags: list[str] | None,
) -> dict[str, Any]:
    """Fields of a client as they were typed; None where nothing was."""
    words = [choice(flag, MedicalFlag, "--flag") for flag in flags or [] if flag]
    return {
        "name": name,
        "birth_year": birth_year,
        "skin_type": None if skin_type is None else skin_type.strip().upper(),
        "hair": hair,
        "skin": skin,
        "smp_date": day(smp_date, "--smp-date"),
        "pigment": choice(pigment, PigmentKind, "--pigment"),
        "flags": None if not flags else tuple(words),
    }


def new_client(code: str | None, fields: dict[str, Any]) -> ClientRecord:
    """A new client, checked before a store is opened: one refused makes no store."""
    known = {key: value for key, value in fields.items() if value is not None}
    client = ClientRecord(code or "", **known)
    # The store gives out a code where none was typed; any good one stands for it here.
    checked = client if client.code else replace(client, code=CODE_GIVEN_OUT)
    rules.check_client(checked, today=local_clock().date())
    return client


def add(store: Store, client: ClientRecord, terminal: Terminal) -> int:
    kept = store.add_client(client)
    terminal.result(f"client {kept.record.code} added", content(kept))
    return DONE


def edit(
    store: Store, code: str, if_version: int | None, fields: dict[str, Any], terminal: Terminal
) -> int:
    kept = store.client(code)
    kept = store.change_client(edited(kept, f"client {code}", if_version, fields))
    terminal.result(f"client {code} changed, version {kept.version}", content(kept))
    return DONE


def list_all(store: Store, terminal: Terminal) -> int:
    lines = list_clients(store)
    rows = [
        (
            line.client.record.code,
            line.client.record.name,
            line.client.record.skin_type,
            line.n_sessions,
            line.last_session,
            line.n_photos,
            line.last_photo,
            f"{line.n_undated} photos ask for a date" if line.n_undated else "",
        )
        for line in lines
    ]
    columns = ("client", "name", "skin", "sessions", "last", "photos", "last", "")
    facts = [{**asdict(line), "client": content(line.client)} for line in lines]
    terminal.result(listed(columns, rows, empty="no clients yet"), {"clients": facts})
    return DONE


def show(store: Store, code: str, terminal: Terminal) -> int:
    kept, plan = store.client(code), store.plan(code)
    consents, notes = store.consents(code), store.notes(code)
    rows: list[tuple[Any, ...]] = [("version", kept.version)]
    rows += [(_words(key), value) for key, value in asdict(kept.record).items()]
    if plan is not None:
        rows += [(f"plan: {_words(k)}", v) for k, v in asdict(plan.record).items()]
        rows.append(("plan: version", plan.version))
    for consent in consents:
        record = consent.record
        until = f" until {record.withdrawn_on}" if record.withdrawn_on else ""
        until += f", expires on {record.expires_on}" if record.expires_on else ""
        rows.append((f"consent: {record.level.value}", f"{record.given_on}{until}"))
    rows += [(f"note of {note.record.written_on}", note.record.text) for note in notes]
    counts = {
        "sessions": len(store.sessions(code)),
        "photos": len(store.photos(code)),
        "zones": len(store.zones(code)),
        "results": len(list_results(store, code)),
    }
    rows += list(counts.items())
    shown = [row for row in rows if cell(row[1])]
    terminal.result(
        listed(("", ""), shown, empty=""),
        {
            "client": content(kept),
            "plan": content(plan) if plan else None,
            "consents": [content(consent) for consent in consents],
            "notes": [content(note) for note in notes],
            **counts,
        },
    )
    return DONE


def _words(key: str) -> str:
    return key.replace("_", " ")


def plan(
    store: Store,
    code: str,
    if_version: int | None,
    fields: dict[str, Any],
    goal: str | None,
    terminal: Terminal,
) -> int:
    """Change the plan; without any field show it."""
    before = store.plan(code)
    known = {key: value for key, value in fields.items() if value is not None}
    wanted = choice(goal, Goal, "--goal")
    if wanted is not None:
        known["goal"] = wanted
        if "target" not in known and (before is None or before.record.target is None):
            known["target"] = wanted.default_target
    if known:
        if if_version is not None and (before is None or before.version != if_version):
            raise ChangedMeanwhileError(f"plan of {code}")
        now = replace(before.record if before else TreatmentPlan(), **known)
        warn(terminal, rules.check_plan(now, code))
        store.save_plan(code, now, before)
        before = store.plan(code)
    rows = [
        (_words(key), value)
        for key, value in (content(before) if before else {}).items()
        if key != "id" and cell(value)
    ]
    terminal.result(
        listed(("plan", ""), rows, empty=f"client {code} has no plan yet"),
        content(before) if before else {},
    )
    return DONE


def consent(
    store: Store,
    code: str,
    level: str,
    given_on: str | None,
    expires_on: str | None,
    withdrawn_on: str | None,
    terminal: Terminal,
) -> int:
    """Keep a consent, or note that the one in force was withdrawn."""
    word = choice(level, ConsentLevel, "--level")
    assert word is not None
    withdrawal = day(withdrawn_on, "--withdrawn")
    if withdrawal is None:
        given = day(given_on, "--date") or store.today
        ends = day(expires_on, "--expires")
        kept = store.add_consent(code, ConsentRecord(word, given, expires_on=ends))
        terminal.result(f"consent of {code} to {word.value} kept", content(kept))
        return DONE
    if given_on is not None or expires_on is not None:
        raise UnusableError("--withdrawn goes without --date and --expires; give one of them")
    for kept in reversed(store.consents(code)):
        if kept.record.level is word and kept.record.withdrawn_on is None:
            store.withdraw_consent(code, kept, withdrawal)
            terminal.result(
                f"consent of {code} to {word.value} withdrawn on {withdrawal}",
                {"client": code, "level": word, "withdrawn_on": withdrawal},
            )
            return DONE
    raise UnusableError(f"client {code}: no consent to {word.value} is in force; see `client show`")


def note(store: Store, code: str, text: str, written_on: str | None, terminal: Terminal) -> int:
    kept = store.add_note(code, NoteRecord(day(written_on, "--date") or store.today, text))
    terminal.result(f"note on {code} kept", content(kept))
    return DONE


def show_timeline(store: Store, code: str, healed_days: int | None, terminal: Terminal) -> int:
    """Sessions and photos in time, with the stage that follows from the dates."""
    found = timeline(store, code, timeline_settings(healed_days))
    rows: list[tuple[date, int, tuple[Any, ...]]] = []
    for kept in found.sessions:
        session = kept.record
        rows.append(
            (session.date, 0, (session.date, session.kind.value, session.method, "", session.zones))
        )
    for dated in found.photos:
        photo = dated.photo.record
        days = "" if dated.days_since_session is None else f"{dated.days_since_session} days"
        when = photo.captured_on or "asks for a date"
        place = photo.captured_on or date.max
        rows.append(
            (place, 1, (when, "photo", photo.name, f"{dated.stage.value} {days}", photo.view))
        )
    in_time = [row for _, _, row in sorted(rows, key=lambda row: row[:2])]
    terminal.result(
        listed(("date", "what", "", "stage", "zones or view"), in_time, empty="nothing yet"),
        {
            "client": code,
            "sessions": [content(kept) for kept in found.sessions],
            "photos": [
                {
                    **content(dated.photo),
                    "stage": dated.stage,
                    "days_since_session": dated.days_since_session,
                    "needs_date": dated.photo.record.needs_date,
                }
                for dated in found.photos
            ],
        },
    )
    return DONE


def measure(store: Store, code: str, healed_days: int | None, terminal: Terminal) -> int:
    """Measure what has not been measured yet; exit status 1 where a photo is refused."""
    settings = AnalysisSettings(timeline=timeline_settings(healed_days))
    with terminal.progress(code) as progress:
        done = measure_client(store, code, settings=settings, progress=progress)
    analysis = done.analysis
    for remark in analysis.notes:
        terminal.remark(remark)
    refused = [photo for photo in analysis.photos if photo.status is Status.REFUSED]
    for photo in refused:
        terminal.failure(f"{photo.photo}: not measured: {photo.reason}")
    rows = photo_rows(analysis)
    terminal.detail(f"measured now: {len(done.measured)} views, reused: {len(done.reused)}")
    terminal.result(
        listed(MEASURE_COLUMNS, [_measure_row(row) for row in rows], empty=""),
        {
            "client": code,
            "measured": done.measured,
            "reused": done.reused,
            "photos": rows,
            "method_version": analysis.method_version,
            "settings_hash": analysis.settings_hash,
        },
    )
    return SOME_REFUSED if refused else DONE


def _measure_row(row: dict[str, Any]) -> tuple[Any, ...]:
    is_measured = row["status"] == Status.MEASURED.value
    interval = f"{percent(row['fade_low'])} to {percent(row['fade_high'])}" if is_measured else ""
    gone = percent(row["fade"]) if is_measured else row["status"]
    dots = row["n_dots"]
    return (row["photo"], row["captured_on"], row["stage"], gone, interval, dots, row["reason"])


def results(store: Store, code: str, number: int | None, terminal: Terminal) -> int:
    """List a client's results, or show the photos of one of them."""
    if number is not None:
        result = find_result(store, code, number)
        rows = [_measure_row(row) for row in result.photo_rows]
        if result.method_changed:
            terminal.remark(_outdated(result))
        terminal.result(listed(MEASURE_COLUMNS, rows, empty=""), _result_content(result))
        return DONE
    found = list_results(store, code)
    lines = [
        (
            result.id,
            result.view,
            result.measured_on,
            len(result.photo_rows),
            result.method_version,
            result.settings_hash,
            _outdated(result) if result.method_changed else "",
        )
        for result in found
    ]
    columns = ("result", "view", "measured", "photos", "method", "settings", "")
    terminal.result(
        listed(columns, lines, empty=f"client {code} has no results yet; see `client measure`"),
        {"client": code, "results": [_result_content(result) for result in found]},
    )
    return DONE


def _outdated(result: KeptResult) -> str:
    return f"of method {result.method_version}, which has changed: do not mix with newer ones"


def _result_content(result: KeptResult) -> dict[str, Any]:
    return asdict(result) | {"method_changed": result.method_changed}


def audit(store: Store, code: str | None, terminal: Terminal) -> int:
    entries = store.audit(code)
    rows = [
        (f"{entry.at:%Y-%m-%d %H:%M} UTC", entry.actor, entry.action, entry.client, entry.what)
        for entry in entries
    ]
    terminal.result(
        listed(("when", "who", "did", "client", "what"), rows, empty="nothing was done yet"),
        {"entries": [asdict(entry) for entry in entries]},
    )
    return DONE
