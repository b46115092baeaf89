"""What a consent allows: pure rules. The day comes in as an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tracker.records.clinic import ConsentLevel, ConsentRecord
from tracker.records.errors import RecordError


class Purpose(StrEnum):
    """What an export is made for."""

    RECORD = "record"
    """The client's own file: handed to the client, to who treats, or filed."""
    TEACHING = "teaching"
    PUBLICATION = "publication"


COVERS: dict[ConsentLevel, tuple[Purpose, ...]] = {
    ConsentLevel.RECORD: (Purpose.RECORD,),
    # Figures without a name are no photos: research allows no pictures to be shown.
    ConsentLevel.RESEARCH: (Purpose.RECORD,),
    ConsentLevel.TEACHING: (Purpose.RECORD, Purpose.TEACHING),
    ConsentLevel.PUBLICATION: (Purpose.RECORD, Purpose.TEACHING, Purpose.PUBLICATION),
}
"""A wider consent includes the narrower ones."""


@dataclass(frozen=True)
class ConsentCheck:
    """Whether an export may be made, and why not.

    Attributes
    ----------
    allowed : bool
    consent : ConsentRecord or None
        The consent that it rests on.
    reason : str
        One line where it is not allowed.
    """

    allowed: bool
    consent: ConsentRecord | None
    reason: str


def check_purpose(consents: Sequence[ConsentRecord], purpose: Purpose, *, on: date) -> ConsentCheck:
    """Look for a consent in force on a day that covers a purpose.

    A consent that was withdrawn takes the others of its level given before with it: a client who
    withdraws means the use, not a row of a table.
    """
    covering = [c for c in consents if purpose in COVERS[c.level]]
    holding = [c for c in covering if c.in_force(on) and not _taken_back(c, consents, on)]
    if holding:
        return ConsentCheck(True, max(holding, key=lambda c: c.given_on), "")
    if not covering:
        return ConsentCheck(False, None, f"no consent to {purpose.value} is on record")
    last = max(covering, key=lambda c: (c.withdrawn_on or c.expires_on or c.given_on, c.given_on))
    if last.withdrawn_on is not None and last.withdrawn_on <= on:
        why = f"the consent to {last.level.value} was withdrawn on {last.withdrawn_on}"
    elif last.expires_on is not None and last.expires_on <= on:
        why = f"the consent to {last.level.value} expired on {last.expires_on}"
    elif last.given_on > on:
        why = f"the consent to {last.level.value} holds from {last.given_on} on only"
    else:
        why = f"a consent to {last.level.value} was withdrawn since it was given"
    return ConsentCheck(False, None, why)


def require_purpose(
    code: str, consents: Sequence[ConsentRecord], purpose: Purpose, *, on: date
) -> ConsentRecord:
    """The consent that an export rests on; raises `RecordError` with the reason for none."""
    found = check_purpose(consents, purpose, on=on)
    if found.consent is None:
        raise RecordError(
            f"client {code}",
            f"may not be exported for {purpose.value}: {found.reason}",
            f"ask the client, then `client consent {code} --level {purpose.value}`",
        )
    return found.consent


def _taken_back(consent: ConsentRecord, others: Sequence[ConsentRecord], on: date) -> bool:
    return any(
        other.level is consent.level
        and other.withdrawn_on is not None
        and consent.given_on < other.withdrawn_on <= on
        for other in others
    )
