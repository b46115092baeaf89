"""Consents that end, under their names of today; what a clinic puts on its reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; a consent given before has no end."""
    with op.batch_alter_table("consent") as consent:
        consent.add_column(sa.Column("expires_on", sa.Date))
    op.execute("UPDATE consent SET level = 'record' WHERE level = 'care'")
    op.create_table(
        "clinic",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.UniqueConstraint("key"),
    )
