"""What a clinic keeps of a client: plain frozen records, as `docs/records.md` lists them.

Unknown is None or ''. A zone drawn on a baseline photo is a `series.PolygonZone`; a measured
result is a `series.SeriesAnalysis`. The stage of a photo is no field: it follows from dates
(`records.stage_of`), so it can never disagree with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.records.plan import Goal, MedicalFlag, PigmentKind
from tracker.series import Session


@dataclass(frozen=True)
class ClientRecord:
    """A client. `code` is a pseudonym: results, reports and the audit carry it, never the name."""

    code: str
    name: str = ""
    birth_year: int | None = None
    skin_type: str = ""
    """Fitzpatrick I-VI as the clinic recorded it."""
    hair: str = ""
    """Notes on the hair: colour, density, how it is worn."""
    skin: str = ""
    """Notes on the skin."""
    smp_date: date | None = None
    """Day of the last SMP session."""
    pigment: PigmentKind | None = None
    flags: tuple[MedicalFlag, ...] = ()


@dataclass(frozen=True)
class TreatmentPlan:
    """What was agreed with a client before the first session."""

    goal: Goal | None = None
    target: float | None = None
    """Share of the pigment to remove, a fraction."""
    zones: tuple[str, ...] = ()
    """For a correction: the zones to remove; the others must stay as they are."""
    method: str = ""
    spacing_days: int | None = None
    """Planned days from one session to the next."""
    price: float | None = None
    """Agreed price of the whole removal."""
    currency: str = ""
    mm_per_px: float | None = None
    """Scale of the baseline photos; a photo's own scale comes first."""
    marker_mm: float | None = None
    """Side of the ArUco marker in the photos."""


class SessionKind(StrEnum):
    """A patch test treats a spot: it moves no photo on the timeline."""

    TREATMENT = "treatment"
    PATCH_TEST = "patch test"


@dataclass(frozen=True)
class SessionRecord:
    """One removal visit."""

    date: date
    kind: SessionKind = SessionKind.TREATMENT
    method: str = ""
    device: str = ""
    wavelength_nm: float | None = None
    fluence_j_cm2: float | None = None
    spot_mm: float | None = None
    passes: int | None = None
    zones: tuple[str, ...] = ()
    """Zones treated; none named means the whole scalp."""
    pain: int | None = None
    """0 (none) to 10."""
    cost: float | None = None
    currency: str = ""
    operator: str = ""
    notes: str = ""

    def as_session(self) -> Session:
        """The visit as `analyse_series` takes it."""
        return Session(
            date=self.date,
            method=self.method,
            device=self.device,
            wavelength_nm=self.wavelength_nm,
            fluence_j_cm2=self.fluence_j_cm2,
            spot_mm=self.spot_mm,
            zones=self.zones,
            cost=self.cost,
            currency=self.currency,
            pain=self.pain,
            notes=self.notes,
        )


class DateSource(StrEnum):
    """Where a photo's date comes from."""

    CAMERA = "camera"
    NAME = "file name"
    TYPED = "typed"
    NONE = "none"
    """There is no date: a person is asked for one."""


@dataclass(frozen=True)
class PhotoRecord:
    """A photo in the vault. Of its metadata only these are kept: no place, no serial number."""

    name: str
    sha256: str
    view: str = ""
    captured_on: date | None = None
    date_source: DateSource = DateSource.NONE
    device: str = ""
    """Make and model of the camera."""
    orientation: int = 1
    """EXIF orientation 1-8 of the original."""
    width_px: int = 0
    height_px: int = 0
    """Upright size."""
    mm_per_px: float | None = None
    """Scale, where it is known for this photo."""

    @property
    def needs_date(self) -> bool:
        return self.captured_on is None


class ConsentLevel(StrEnum):
    """What a client allows with records and photos; what each covers: `consents.COVERS`."""

    RECORD = "record"
    """Kept and handed over for the own treatment only."""
    CARE = "record"
    """The same; its name in earlier versions."""
    RESEARCH = "research"
    """Pseudonymous figures beyond it; no photos."""
    TEACHING = "teaching"
    """De-identified photos may be shown to colleagues and students."""
    PUBLICATION = "publication"
    """De-identified photos may be shown to everybody."""

    @classmethod
    def _missing_(cls, value: object) -> ConsentLevel | None:
        """Stores and scripts of earlier versions say `care`."""
        return cls.RECORD if value == "care" else None


@dataclass(frozen=True)
class ConsentRecord:
    """A consent that was given, how long it holds, and when it was withdrawn."""

    level: ConsentLevel
    given_on: date
    withdrawn_on: date | None = None
    expires_on: date | None = None
    """First day on which it holds no more; None where it has no end."""

    def in_force(self, on: date) -> bool:
        return (
            self.given_on <= on
            and (self.withdrawn_on is None or on < self.withdrawn_on)
            and (self.expires_on is None or on < self.expires_on)
        )


@dataclass(frozen=True)
class NoteRecord:
    """A remark of the clinic on a client."""

    written_on: date
    text: str


@dataclass(frozen=True)
class AuditEntry:
    """Who did what when. Of an erased client no entry is left but that an erasure took place."""

    at: datetime
    """UTC."""
    actor: str
    action: str
    client: str
    """Code of the client; empty for what concerns none, or an erased one."""
    what: str
