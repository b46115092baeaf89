"""A client's result as an HL7 FHIR R4 bundle: Patient, Observations, Media, DiagnosticReport."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime
from typing import Any

from tracker.dossier.case import ClientCase
from tracker.dossier.figures import ReportFigures, ViewFigures, ZoneFigure, figures_of
from tracker.measure.results import Estimate
from tracker.records import PhotoRecord

SPACE = uuid.UUID("6f1c7f52-3c1e-5b3a-9f6e-5d0b6a0c5a11")
"""Name space of the identifiers: the same client and photo get the same ones each time."""
SYSTEM = "urn:smp-tracker"
SCALP = {
    "coding": [
        {"system": "http://snomed.info/sct", "code": "41695006", "display": "Scalp structure"}
    ]
}
MEASURES = {
    "fade": "Share of the scalp pigment of the baseline photo that is gone",
    "dots-visible": "Share of the baseline's pigment dots still visible",
    "evenness": "Relative variation of pigment over equal cells",
    "tone-difference": "CIEDE2000 of treated against native skin",
}


def fhir_bundle(case: ClientCase, *, made_at: datetime, with_name: bool = False) -> dict[str, Any]:
    """The bundle (type collection) as plain values.

    Parameters
    ----------
    case : ClientCase
    made_at : datetime
        When the bundle is made; with its zone.
    with_name : bool
        Whether the client's name stands in the Patient.
    """
    figures = figures_of(case, with_name=with_name)
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": _id(case.code, "patient"),
        "identifier": [{"system": f"{SYSTEM}:client", "value": case.code}],
    }
    if figures.name.strip():
        patient["name"] = [{"text": figures.name.strip()}]
    if case.client.birth_year is not None:
        patient["birthDate"] = f"{case.client.birth_year:04d}"
    subject = _reference(patient)
    media = {p.name: _media(case, p, subject) for p in case.photos}
    observations = [
        item
        for view in figures.views
        if view.shown
        for zone in view.zones
        for item in _observations(case.code, figures, view, zone, subject, media)
    ]
    report: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": _id(case.code, "report"),
        "status": "final" if figures.healed else "preliminary",
        "code": {
            "text": "Scalp micropigmentation removal: healed result"
            if figures.healed
            else "Scalp micropigmentation removal: not yet healed"
        },
        "subject": subject,
        "issued": made_at.replace(microsecond=0).isoformat(),
        "conclusion": "; ".join(_conclusion(view) for view in figures.views if view.shown)
        or "no later photo could be measured",
    }
    if observations:
        report["result"] = [_reference(item) for item in observations]
    if media:
        report["media"] = [{"link": _reference(item)} for item in media.values()]
    entries = [patient, *observations, *media.values(), report]
    return {
        "resourceType": "Bundle",
        "id": _id(case.code, "bundle"),
        "type": "collection",
        "timestamp": made_at.replace(microsecond=0).isoformat(),
        "entry": [{"fullUrl": f"urn:uuid:{item['id']}", "resource": item} for item in entries],
    }


def fhir_text(bundle: dict[str, Any]) -> str:
    return json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _id(*parts: str) -> str:
    return str(uuid.uuid5(SPACE, "\x1f".join(parts)))


def _reference(resource: dict[str, Any]) -> dict[str, str]:
    return {"reference": f"urn:uuid:{resource['id']}"}


def _media(case: ClientCase, photo: PhotoRecord, subject: dict[str, str]) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "resourceType": "Media",
        "id": _id(case.code, "media", photo.sha256),
        "status": "completed",
        "identifier": [{"system": f"{SYSTEM}:sha256", "value": photo.sha256}],
        "subject": subject,
        "bodySite": SCALP,
        "content": {"title": photo.name.strip() or photo.sha256[:12]},
    }
    if photo.width_px > 0 and photo.height_px > 0:
        resource |= {"width": photo.width_px, "height": photo.height_px}
    if photo.captured_on is not None:
        resource["createdDateTime"] = photo.captured_on.isoformat()
    if photo.view:
        resource["view"] = {"text": photo.view}
    return resource


def _observations(
    code: str,
    figures: ReportFigures,
    view: ViewFigures,
    zone: ZoneFigure,
    subject: dict[str, str],
    media: dict[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    dots = Estimate(zone.density_ratio, zone.density_low, zone.density_high, zone.n_dots, "share")
    found = {
        "fade": (zone.fade, "%", 100.0),
        "dots-visible": (dots, "%", 100.0),
        "evenness": (zone.evenness.value if zone.evenness else None, "%", 100.0),
        "tone-difference": (zone.tone.value if zone.tone else None, "1", 1.0),
    }
    site = SCALP | {"text": f"scalp, {view.view or 'view not named'}, {zone.zone}"}
    made = []
    for name, (value, unit, factor) in found.items():
        if value is None or not value.measured:
            continue
        resource: dict[str, Any] = {
            "resourceType": "Observation",
            "id": _id(code, name, view.view, zone.zone, view.shown),
            "status": "final" if view.healed else "preliminary",
            "code": {
                "coding": [
                    {"system": f"{SYSTEM}:measure", "code": name, "display": MEASURES[name]}
                ],
                "text": MEASURES[name],
            },
            "subject": subject,
            "bodySite": site,
            "method": {
                "text": f"smp-tracker {figures.program_version}, method {figures.method_version}, "
                f"settings {figures.settings_hash}"
            },
            "valueQuantity": _quantity(value.value, unit, factor),
            "derivedFrom": [
                _reference(media[n]) for n in (view.baseline, view.shown) if n in media
            ],
            "note": [{"text": _healed(view)}],
        }
        if view.shown_on is not None:
            resource["effectiveDateTime"] = _day(view.shown_on)
        # An interval is no reference range of healthy people: it is a component of its own.
        resource["component"] = [
            {
                "code": {"text": f"95 % interval, {side} end"},
                "valueQuantity": _quantity(bound, unit, factor),
            }
            for side, bound in (("lower", value.low), ("upper", value.high))
        ]
        made.append(resource)
    return made


def _quantity(value: float, unit: str, factor: float) -> dict[str, Any]:
    return {
        "value": round(factor * value, 2),
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": unit,
    }


def _day(day: date) -> str:
    return day.isoformat()


def _healed(view: ViewFigures) -> str:
    days = view.days_since_session
    if days is None:
        return "not yet healed: no session before this photo is on record"
    return f"{'healed' if view.healed else 'not yet healed'}: {days} days after the last session"


def _conclusion(view: ViewFigures) -> str:
    assert view.whole is not None
    fade = view.whole.fade
    return (
        f"{view.view or 'all photos'}: {fade.value:.0%} of the pigment is gone (95 % interval "
        f"{fade.low:.0%} to {fade.high:.0%}); {_healed(view)}"
    )
