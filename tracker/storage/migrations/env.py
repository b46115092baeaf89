"""Alembic's entry: runs the migrations on the connection that `migrate` hands over."""

from __future__ import annotations

from alembic import context

from tracker.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter much of a table: it is rebuilt instead.
    render_as_batch=True,
    # The caller's transaction holds all of it: a migration that fails has not been.
    transactional_ddl=True,
)
context.run_migrations()
