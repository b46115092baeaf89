"""What may be kept: pure rules over records. Today comes in as an argument.

A rule raises `RecordError` for what cannot be true, and returns warnings, a line each, for what
can but should make a person look twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from tracker.records.clinic import (
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
)
from tracker.records.errors import RecordError
from tracker.series import PolygonZone

SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")
CODE_PATTERN = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?"
"""A code is no sentence and no full name; it also names files and folders."""

PLAUSIBLE = {
    # Lasers on tattoo pigment: 532 nm upwards; erbium and CO2 resurfacing reach 2940 and 10600.
    "wavelength_nm": (400.0, 11000.0, "nm"),
    # Published for SMP 3-6 J/cm2; picosecond passes start lower, body tattoos go higher.
    "fluence_j_cm2": (0.1, 30.0, "J/cm2"),
    # Published 5-7 mm; fractional tips and wide flat-tops lie around it.
    "spot_mm": (0.5, 20.0, "mm"),
    "passes": (1, 20, ""),
    "pain": (0, 10, ""),
    "cost": (0.0, 1e6, ""),
    "price": (0.0, 1e6, ""),
    "target": (0.01, 1.0, ""),
    "spacing_days": (7, 730, "days"),
    "mm_per_px": (1e-4, 10.0, "mm per pixel"),
    "marker_mm": (1.0, 200.0, "mm"),
}
"""Least and most of each figure, and its unit; beyond them a unit or a comma was mistaken."""

LEAST_SPACING_DAYS = 28
"""Under four weeks between sessions: more scarring risk, no better clearance."""
LEAST_BASELINE_DAYS = 42
"""A baseline photo is due six to eight weeks after the last SMP session at the earliest."""
EARLIEST_DAY = date(1990, 1, 1)
"""Cameras without a set clock write 1970 or 1980; a typed year may lack a digit."""
TIME_ZONE_GRACE = timedelta(days=1)
"""A camera may be in another time zone."""


def check_code(code: str) -> None:
    """Refuse a code that is no pseudonym of plain letters, digits, dots, dashes, underscores."""
    if not re.fullmatch(CODE_PATTERN, code):
        raise RecordError(
            f"client code `{code}`",
            "is not made of 1 to 40 letters A-Z, digits, dots, dashes and underscores",
            "give a pseudonym such as C-0012, never a name",
        )


def check_client(client: ClientRecord, *, today: date) -> None:
    """Refuse a client whose code or dates cannot be; raises `RecordError`."""
    check_code(client.code)
    name = f"client {client.code}"
    if client.birth_year is not None and not today.year - 120 <= client.birth_year <= today.year:
        raise RecordError(
            name,
            f"birth year is {client.birth_year}",
            f"give a year from {today.year - 120} to {today.year}",
        )
    if client.skin_type and client.skin_type not in SKIN_TYPES:
        raise RecordError(
            name, f"skin type is `{client.skin_type}`", "give one of " + ", ".join(SKIN_TYPES)
        )
    if client.smp_date is not None:
        _check_day(name, "SMP date", client.smp_date, today)
        if client.birth_year is not None and client.smp_date.year < client.birth_year:
            raise RecordError(
                name, f"SMP date {client.smp_date} lies before the birth year", "mend one of them"
            )


def check_plan(plan: TreatmentPlan, code: str) -> list[str]:
    """Refuse figures that cannot be; warns of sessions planned too close together."""
    name = f"plan of {code}"
    _check_figures(
        name, plan, ("target", "spacing_days", "price", "mm_per_px", "marker_mm"), PLAUSIBLE
    )
    if plan.spacing_days is not None and plan.spacing_days < LEAST_SPACING_DAYS:
        return [
            (
                f"{name}: sessions every {plan.spacing_days} days; under {LEAST_SPACING_DAYS} days "
                "the risk of scars grows and clearance gains nothing"
            )
        ]
    return []


def check_session(
    session: SessionRecord,
    client: ClientRecord,
    others: Iterable[SessionRecord],
    *,
    today: date,
) -> list[str]:
    """Check a session against its client and the client's other sessions.

    Parameters
    ----------
    session : SessionRecord
    client : ClientRecord
    others : iterable of SessionRecord
        All other sessions of the client, in any order.
    today : date

    Returns
    -------
    list of str
        Warnings: less than four weeks from another session on the same skin.

    Raises
    ------
    RecordError
        If the date lies in the future or before the SMP, a figure is out of its plausible range,
        or another session of that day treats the same zones.
    """
    name = f"session of {session.date}"
    _check_day(name, "date", session.date, today)
    if client.smp_date is not None and session.date < client.smp_date:
        raise RecordError(
            name, f"lies before the SMP of {client.smp_date}", "mend its date or the client's"
        )
    _check_figures(
        name,
        session,
        ("wavelength_nm", "fluence_j_cm2", "spot_mm", "passes", "pain", "cost"),
        PLAUSIBLE,
    )
    same_skin = [
        other
        for other in others
        if other.kind is session.kind and shared_skin(session.zones, other.zones)
    ]
    if any(other.date == session.date for other in same_skin):
        raise RecordError(
            name,
            "there is one already on that day for the same zones",
            "change that one, or name other zones; two lasers in one visit are one session",
        )
    if session.kind is SessionKind.PATCH_TEST or not same_skin:
        return []
    nearest = min(same_skin, key=lambda other: abs(other.date - session.date))
    gap = abs((nearest.date - session.date).days)
    if gap >= LEAST_SPACING_DAYS:
        return []
    return [
        (
            f"{name}: {gap} days from the session of {nearest.date} on the same skin; under "
            f"{LEAST_SPACING_DAYS} days the risk of scars grows and clearance gains nothing"
        )
    ]


def shared_skin(zones: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lists of zones meet; no zone named means the whole scalp."""
    if not zones or not others:
        return True
    return bool({z.strip().lower() for z in zones} & {z.strip().lower() for z in others})


def check_sessions(
    sessions: Sequence[SessionRecord], client: ClientRecord, *, today: date
) -> list[str]:
    """Check sessions that come together, each against those before it; see `check_session`."""
    warnings: list[str] = []
    for k, session in enumerate(sessions):
        warnings += check_session(session, client, sessions[:k], today=today)
    return warnings


def check_photo(photo: PhotoRecord, client: ClientRecord, *, today: date) -> list[str]:
    """Check a photo's date and scale; warns of a photo too soon after the SMP.

    Raises
    ------
    RecordError
        If the date lies in the future or before the SMP, or the scale is implausible.
    """
    _check_figures(photo.name, photo, ("mm_per_px",), PLAUSIBLE)
    day = photo.captured_on
    if day is None:
        return [f"{photo.name}: has no date; give it one with `photo date`"]
    _check_day(photo.name, "date", day, today + TIME_ZONE_GRACE)
    if client.smp_date is None:
        return []
    if day < client.smp_date:
        raise RecordError(
            photo.name,
            f"is dated {day}, before the SMP of {client.smp_date}",
            "mend its date (a wrong camera clock?) or the client's",
        )
    if (day - client.smp_date).days < LEAST_BASELINE_DAYS:
        return [
            (
                f"{photo.name}: taken {(day - client.smp_date).days} days after the SMP; a baseline "
                f"is due {LEAST_BASELINE_DAYS} days after it at the earliest"
            )
        ]
    return []


def check_smp_date(
    client: ClientRecord, sessions: Iterable[SessionRecord], photos: Iterable[PhotoRecord]
) -> None:
    """Refuse an SMP date that lies after sessions or photos that are kept already."""
    days = [session.date for session in sessions]
    days += [photo.captured_on for photo in photos if photo.captured_on is not None]
    if client.smp_date is not None and days and min(days) < client.smp_date:
        raise RecordError(
            f"client {client.code}",
            f"SMP date {client.smp_date} lies after a session or photo of {min(days)}",
            "mend one of them",
        )


def check_consent(consent: ConsentRecord, code: str, *, today: date) -> None:
    """Refuse a consent of the future, or one that ends before it was given."""
    name = f"consent of {code}"
    _check_day(name, "date", consent.given_on, today)
    if consent.expires_on is not None and consent.expires_on <= consent.given_on:
        raise RecordError(
            name,
            f"expires on {consent.expires_on}, not after it was given on {consent.given_on}",
            "mend one of the dates",
        )
    if consent.withdrawn_on is not None:
        _check_day(name, "withdrawal", consent.withdrawn_on, today)
        if consent.withdrawn_on < consent.given_on:
            raise RecordError(
                name,
                f"withdrawn on {consent.withdrawn_on}, before it was given on {consent.given_on}",
                "mend one of the dates",
            )


def check_note(note: NoteRecord, code: str, *, today: date) -> None:
    """Refuse an empty note or one of the future."""
    if not note.text.strip():
        raise RecordError(f"note on {code}", "is empty", "write something")
    _check_day(f"note on {code}", "date", note.written_on, today)


def check_zone(zone: PolygonZone) -> None:
    """Refuse a zone without a name or without a polygon."""
    finite = all(math.isfinite(value) for vertex in zone.vertices_px for value in vertex)
    if not zone.name.strip():
        raise RecordError("zone", "has no name", "give it one")
    if len(set(zone.vertices_px)) < 3 or not finite:
        raise RecordError(
            f"zone `{zone.name}`", "has no polygon", "give at least three places on the baseline"
        )


def _check_day(name: str, what: str, day: date, latest: date) -> None:
    if day > latest:
        raise RecordError(name, f"{what} {day} lies in the future", "mend the date")
    if day < EARLIEST_DAY:
        raise RecordError(name, f"{what} {day} is too long ago", "mend the year")


def _check_figures(
    name: str,
    record: Any,
    figures: Sequence[str],
    plausible: dict[str, tuple[float, float, str]],
) -> None:
    for figure in figures:
        value = getattr(record, figure)
        if value is None:
            continue
        low, high, unit = plausible[figure]
        if not low <= value <= high:  # NaN is refused too
            raise RecordError(
                name,
                f"{figure} is {value:g}",
                f"plausible is {low:g} to {high:.10g} {unit}".rstrip(),
            )
