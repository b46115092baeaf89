"""The store: a clinic's records, each change checked by the rules and noted in the audit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from types import TracebackType
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tracker.records import (
    AuditEntry,
    ClientRecord,
    ConsentRecord,
    NoteRecord,
    PhotoRecord,
    SessionRecord,
    TreatmentPlan,
    rules,
)
from tracker.series import PolygonZone
from tracker.storage import engine as transactions
from tracker.storage import tables
from tracker.storage.errors import ChangedMeanwhileError, NotThereError, StoreError
from tracker.storage.location import StorePlace
from tracker.storage.rows import TABLE_OF, WORDS, Kept, from_row
from tracker.storage.sealed_vault import SealedVault
from tracker.storage.statements import (
    client_row,
    delete,
    find_client,
    insert,
    lock_client,
    records,
    select,
    update,
)
from tracker.storage.unlocking import check_same_keys

Record = TypeVar("Record")
Clock = Callable[[], datetime]
"""Gives the time now, with its zone."""

CODE_PREFIX = "C-"
"""Codes that the store gives out itself are C-0001, C-0002, ..."""


class Store:
    """Records and photos of a clinic. Open one with `opening.open_store`.

    A method that changes something does so in one transaction: wholly, or not at all with a
    `RecordError` (the rules forbid it) or a `StoreError` (the store cannot). A record that is
    changed or removed is handed over as it was read (`Kept`): where somebody else changed it
    since, `ChangedMeanwhileError` is raised instead.
    """

    def __init__(
        self,
        engine: sa.Engine,
        place: StorePlace,
        vault: SealedVault,
        *,
        clock: Clock,
        actor: str = "",
    ) -> None:
        self.engine = engine
        self.place = place
        self.vault = vault
        self.clock = clock
        self.actor = actor

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.engine.dispose()

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """One consistent view of the records."""
        return transactions.reading(self.engine, self.place)

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """One transaction."""
        return self._writing()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with transactions.writing(self.engine, self.place) as connection:
            check_same_keys(connection, self.engine, self.place)
            yield connection

    @property
    def today(self) -> date:
        return self.clock().date()

    # Clients

    def clients(self) -> list[Kept[ClientRecord]]:
        """All clients in the order of their codes."""
        with self.reading() as connection:
            return select(connection, ClientRecord)

    def client(self, code: str) -> Kept[ClientRecord]:
        """One client; raises `NotThereError`."""
        with self.reading() as connection:
            return find_client(connection, code)

    def add_client(self, client: ClientRecord) -> Kept[ClientRecord]:
        """Keep a new client; one without a code gets the next free one."""
        for _ in range(20):
            try:
                with self.writing() as connection:
                    named = client if client.code else replace(client, code=_next_code(connection))
                    rules.check_client(named, today=self.today)
                    if client.code and client_row(connection, named.code) is not None:
                        raise _code_taken(named.code)
                    kept = insert(connection, named, None)
                    self.note_in_audit(connection, kept.id, "add", f"client {named.code}")
                    return kept
            except IntegrityError as error:
                if client.code:
                    raise _code_taken(client.code) from error
                # Somebody was given the same number in this moment: take the next one.
        raise StoreError("client", "no free code was found", "give one yourself")

    def change_client(self, changed: Kept[ClientRecord]) -> Kept[ClientRecord]:
        """Save an edited client; the code stays."""
        client = changed.record
        rules.check_client(client, today=self.today)
        with self.writing() as connection:
            now = lock_client(connection, client.code)
            if now.id != changed.id:
                raise NotThereError(f"client {client.code}", "is another one", "keep its code")
            rules.check_smp_date(
                client,
                records(select(connection, SessionRecord, now.id)),
                records(select(connection, PhotoRecord, now.id)),
            )
            kept = update(connection, changed, f"client {client.code}")
            self.note_in_audit(connection, now.id, "change", f"client {client.code}")
            return kept

    # Plan

    def plan(self, code: str) -> Kept[TreatmentPlan] | None:
        """What was agreed with a client; None as long as nothing was."""
        with self.reading() as connection:
            found = select(connection, TreatmentPlan, find_client(connection, code).id)
            return found[0] if found else None

    def save_plan(self, code: str, plan: TreatmentPlan, before: Kept[TreatmentPlan] | None) -> None:
        """Save a plan in the place of `before`, which was read (None: there was none yet)."""
        rules.check_plan(plan, code)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            if before is None:
                if select(connection, TreatmentPlan, client_id):
                    raise ChangedMeanwhileError(f"plan of {code}")
                insert(connection, plan, client_id)
            else:
                update(connection, replace(before, record=plan), f"plan of {code}")
            self.note_in_audit(connection, client_id, "change", "plan")

    # Sessions

    def sessions(self, code: str) -> list[Kept[SessionRecord]]:
        """A client's sessions and patch tests by date."""
        with self.reading() as connection:
            return select(connection, SessionRecord, find_client(connection, code).id)

    def session(self, number: int) -> tuple[str, Kept[SessionRecord]]:
        """Code of the client and the session of that number."""
        return self._by_number(SessionRecord, number)

    def add_session(
        self, code: str, session: SessionRecord
    ) -> tuple[Kept[SessionRecord], list[str]]:
        """Keep a session; returns it and warnings (`rules.check_session`)."""
        with self.writing() as connection:
            client = lock_client(connection, code)
            others = records(select(connection, SessionRecord, client.id))
            warnings = rules.check_session(session, client.record, others, today=self.today)
            kept = insert(connection, session, client.id)
            self.note_in_audit(connection, client.id, "add", f"session of {session.date}")
            return kept, warnings

    def change_session(self, changed: Kept[SessionRecord]) -> list[str]:
        """Save an edited session; returns warnings."""
        session = changed.record
        code, _ = self.session(changed.id)
        with self.writing() as connection:
            client = lock_client(connection, code)
            others = [
                other.record
                for other in select(connection, SessionRecord, client.id)
                if other.id != changed.id
            ]
            warnings = rules.check_session(session, client.record, others, today=self.today)
            update(connection, changed, f"session of {session.date}")
            self.note_in_audit(connection, client.id, "change", f"session of {session.date}")
            return warnings

    def remove_session(self, kept: Kept[SessionRecord]) -> None:
        """Remove a session that was entered by mistake."""
        code, _ = self.session(kept.id)
        with self.writing() as connection:
            client = lock_client(connection, code)
            delete(connection, kept, f"session of {kept.record.date}")
            self.note_in_audit(connection, client.id, "remove", f"session of {kept.record.date}")

    # Photos and zones: new photos come in by `filing`

    def photos(self, code: str) -> list[Kept[PhotoRecord]]:
        """A client's photos by date, those without one last."""
        with self.reading() as connection:
            return select(connection, PhotoRecord, find_client(connection, code).id)

    def photo(self, number: int) -> tuple[str, Kept[PhotoRecord]]:
        """Code of the client and the photo of that number."""
        return self._by_number(PhotoRecord, number)

    def change_photo(self, changed: Kept[PhotoRecord]) -> list[str]:
        """Save an edited photo (date, view, scale; its content stays); returns warnings."""
        photo = changed.record
        code, before = self.photo(changed.id)
        if photo.sha256 != before.record.sha256:
            raise ValueError(f"photo {changed.id} must keep its content")
        with self.writing() as connection:
            client = lock_client(connection, code)
            warnings = rules.check_photo(photo, client.record, today=self.today)
            update(connection, changed, f"photo {photo.name}")
            self.note_in_audit(connection, client.id, "change", f"photo {photo.name}")
            return warnings

    def zones(self, code: str) -> list[Kept[PolygonZone]]:
        """Zones drawn on a client's baseline photos."""
        with self.reading() as connection:
            return select(connection, PolygonZone, find_client(connection, code).id)

    def add_zone(self, code: str, zone: PolygonZone) -> Kept[PolygonZone]:
        """Keep a drawn zone."""
        rules.check_zone(zone)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            zones = records(select(connection, PolygonZone, client_id))
            if any((z.view, z.name) == (zone.view, zone.name) for z in zones):
                raise StoreError(f"zone `{zone.name}`", "is there already", "change that one")
            kept = insert(connection, zone, client_id)
            self.note_in_audit(connection, client_id, "add", f"zone {zone.name}")
            return kept

    def change_zone(self, code: str, changed: Kept[PolygonZone]) -> None:
        """Save a zone that was drawn anew."""
        rules.check_zone(changed.record)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            update(connection, changed, f"zone {changed.record.name}")
            self.note_in_audit(connection, client_id, "change", f"zone {changed.record.name}")

    # Consents and notes

    def consents(self, code: str) -> list[Kept[ConsentRecord]]:
        """Consents of a client, given and withdrawn."""
        with self.reading() as connection:
            return select(connection, ConsentRecord, find_client(connection, code).id)

    def add_consent(self, code: str, consent: ConsentRecord) -> Kept[ConsentRecord]:
        """Keep a consent."""
        rules.check_consent(consent, code, today=self.today)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            kept = insert(connection, consent, client_id)
            self.note_in_audit(connection, client_id, "add", f"consent to {consent.level.value}")
            return kept

    def withdraw_consent(self, code: str, kept: Kept[ConsentRecord], on: date) -> None:
        """Note that a consent was withdrawn."""
        consent = replace(kept.record, withdrawn_on=on)
        rules.check_consent(consent, code, today=self.today)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            update(connection, replace(kept, record=consent), f"consent of {code}")
            what = f"consent to {consent.level.value}"
            self.note_in_audit(connection, client_id, "withdraw", what)

    def notes(self, code: str) -> list[Kept[NoteRecord]]:
        """Notes on a client by date."""
        with self.reading() as connection:
            return select(connection, NoteRecord, find_client(connection, code).id)

    def add_note(self, code: str, note: NoteRecord) -> Kept[NoteRecord]:
        """Keep a note."""
        rules.check_note(note, code, today=self.today)
        with self.writing() as connection:
            client_id = lock_client(connection, code).id
            kept = insert(connection, note, client_id)
            self.note_in_audit(connection, client_id, "add", "note")
            return kept

    # Audit

    def audit(self, code: str | None = None) -> list[AuditEntry]:
        """What was done, oldest first: on one client, or all of it."""
        rows = (
            sa.select(tables.audit, tables.client.c.code)
            .outerjoin(tables.client)
            .order_by(tables.audit.c.id)
        )
        with self.reading() as connection:
            if code is not None:
                rows = rows.where(tables.audit.c.client_id == find_client(connection, code).id)
            return [
                AuditEntry(row["at"], row["actor"], row["action"], row["code"] or "", row["what"])
                for row in connection.execute(rows).mappings()
            ]

    def note_in_audit(
        self, connection: sa.Connection, client_id: int | None, action: str, what: str
    ) -> None:
        """Note who did what, in the transaction that does it."""
        at = self.clock().astimezone(UTC).replace(tzinfo=None)
        connection.execute(
            tables.audit.insert().values(
                client_id=client_id, at=at, actor=self.actor, action=action, what=what
            )
        )

    def _by_number(self, kind: type[Record], number: int) -> tuple[str, Kept[Record]]:
        table = TABLE_OF[kind]
        query = sa.select(table, tables.client.c.code.label("_code")).join(tables.client)
        with self.reading() as connection:
            row = connection.execute(query.where(table.c.id == number)).mappings().first()
        if row is None:
            raise NotThereError(
                f"{WORDS[kind]} {number}", "is not there", f"see `smp-tracker {WORDS[kind]} list`"
            )
        return str(row["_code"]), from_row(kind, row)


def _code_taken(code: str) -> StoreError:
    return StoreError(f"client {code}", "is there already", "give another code")


def _next_code(connection: sa.Connection) -> str:
    codes = connection.execute(
        sa.select(tables.client.c.code).where(tables.client.c.code.like(f"{CODE_PREFIX}%"))
    ).scalars()
    numbers = [int(m[1]) for code in codes if (m := re.fullmatch(rf"{CODE_PREFIX}(\d+)", code))]
    return f"{CODE_PREFIX}{max(numbers, default=0) + 1:04d}"
