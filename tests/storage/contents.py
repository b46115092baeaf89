"""All that a store holds, to be compared."""

from __future__ import annotations

import sqlalchemy as sa

from tracker.storage import tables
from tracker.storage.store import Store
from tracker.storage.vault import Shelf


def content(store: Store) -> dict[str, object]:
    """Rows of every table and names of every file; a restoring leaves a trace in the audit only."""
    with store.reading() as connection:
        rows: dict[str, object] = {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in tables.metadata.sorted_tables
            if table.name not in ("setting", "audit")
        }
    audit = [entry for entry in store.audit() if entry.action != "restore"]
    files = {shelf.value: sorted(store.vault.names(shelf)) for shelf in Shelf}
    return {**rows, "audit": audit, **files}
