"""What is known of a client besides photos: goal, price, method, flags. From a folder or a store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tracker.records import ClientRecord, Goal, MedicalFlag, PigmentKind, Plan, TreatmentPlan


@dataclass(frozen=True)
class CaseFacts:
    """One client's plan; unknown is None or ''."""

    goal: Goal | None = None
    target: float | None = None
    """Share of the pigment to remove, a fraction."""
    zones: tuple[str, ...] = ()
    """For a correction: the zones to remove."""
    skin_type: str = ""
    smp_date: date | None = None
    method: str = ""
    spacing_days: int | None = None
    price: float | None = None
    """Agreed price of the whole removal."""
    currency: str = ""
    pigment: PigmentKind | None = None
    flags: tuple[MedicalFlag, ...] = ()

    @classmethod
    def of_plan(cls, plan: Plan) -> CaseFacts:
        """Facts of a folder's client.toml."""
        return cls(
            goal=plan.goal,
            target=plan.target,
            zones=plan.zones,
            skin_type=plan.skin_type,
            smp_date=plan.smp_date,
            method=plan.method,
            spacing_days=plan.spacing_days,
            price=plan.price,
            currency=plan.currency,
            pigment=plan.pigment,
            flags=plan.flags,
        )

    @classmethod
    def of_records(cls, client: ClientRecord, plan: TreatmentPlan) -> CaseFacts:
        """Facts of a clinic's records."""
        target = plan.target
        if target is None and plan.goal is not None:
            target = plan.goal.default_target
        return cls(
            goal=plan.goal,
            target=target,
            zones=plan.zones,
            skin_type=client.skin_type,
            smp_date=client.smp_date,
            method=plan.method,
            spacing_days=plan.spacing_days,
            price=plan.price,
            currency=plan.currency,
            pigment=client.pigment,
            flags=client.flags,
        )
