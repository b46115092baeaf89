"""What a client wants, as the folder's client.toml says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Goal(StrEnum):
    """What the client wants; chosen before the first session."""

    SOFT_FADE = "soft fade"
    FULL_REMOVAL = "full removal"
    CORRECTION = "correction"

    @property
    def default_target(self) -> float:
        """Share of the pigment to remove where the client named no figure.

        Soft fade aims at the middle of the published 40-60 % band; a correction removes its
        zones as a full removal does.
        """
        return 0.50 if self is Goal.SOFT_FADE else 0.95


class PigmentKind(StrEnum):
    """What the pigment is made of; additives may darken after a laser pass."""

    CARBON = "carbon"
    IRON_OXIDE = "iron oxide"
    TITANIUM_DIOXIDE = "titanium dioxide"
    ORGANIC = "organic"


class MedicalFlag(StrEnum):
    """What the person who treats must know before a session."""

    ISOTRETINOIN = "isotretinoin"
    SKIN_DISEASE = "psoriasis or dermatitis"
    AUTOIMMUNE = "autoimmune"
    RECENT_SUN = "recent sun"


@dataclass(frozen=True)
class Plan:
    """What is known of a client besides photos and sessions. Empty fields are None or ''."""

    client: str = ""
    goal: Goal | None = None
    target: float | None = None
    """Share of the pigment to remove, a fraction; None without a goal."""
    zones: tuple[str, ...] = ()
    """For a correction: the zones to remove; the others must stay as they are."""
    skin_type: str = ""
    """Fitzpatrick I-VI as the clinic recorded it."""
    smp_date: date | None = None
    mm_per_px: float | None = None
    """Scale of the baseline photo."""
    marker_mm: float | None = None
    """Side of the ArUco marker in the photos."""
    method: str = ""
    spacing_days: int | None = None
    """Planned days from one session to the next."""
    price: float | None = None
    """Agreed price of the whole removal."""
    currency: str = ""
    pigment: PigmentKind | None = None
    flags: tuple[MedicalFlag, ...] = ()
