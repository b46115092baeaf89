"""Corrections that a person makes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what was measured before has none."""
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "client_id",
            sa.Integer,
            sa.ForeignKey("client.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("photo", sa.Text, nullable=False),
        sa.Column("points_px", sa.JSON, nullable=False),
        sa.Column("baseline", sa.Text, nullable=False),
        sa.Column("baseline_points_px", sa.JSON, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("undone_at", sa.DateTime),
        sa.Column("undone_by", sa.Text, nullable=False),
    )
