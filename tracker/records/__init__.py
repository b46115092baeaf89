"""Plain records of a clinic and the rules of the timeline. Dates come in as arguments."""

from tracker.records.clinic import (
    AuditEntry,
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    DateSource,
    NoteRecord,
    PhotoRecord,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
)
from tracker.records.errors import RecordError
from tracker.records.plan import Goal, MedicalFlag, PigmentKind, Plan
from tracker.records.timeline import TimelineSettings, days_since_session, stage_of

__all__ = [
    "AuditEntry",
    "ClientRecord",
    "ConsentLevel",
    "ConsentRecord",
    "DateSource",
    "Goal",
    "MedicalFlag",
    "NoteRecord",
    "PhotoRecord",
    "PigmentKind",
    "Plan",
    "RecordError",
    "SessionKind",
    "SessionRecord",
    "TimelineSettings",
    "TreatmentPlan",
    "days_since_session",
    "stage_of",
]
