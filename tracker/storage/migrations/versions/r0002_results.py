"""Results, and the orientation of a photo's original."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; photos filed before are taken as upright until they are looked at again."""
    with op.batch_alter_table("photo") as photo:
        photo.add_column(sa.Column("orientation", sa.Integer, nullable=False, server_default="1"))
    op.create_table(
        "result",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "client_id",
            sa.Integer,
            sa.ForeignKey("client.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("view", sa.String(40), nullable=False),
        sa.Column("inputs_hash", sa.String(64), nullable=False),
        sa.Column("settings_hash", sa.String(64), nullable=False),
        sa.Column("method_version", sa.String(40), nullable=False),
        sa.Column("program_version", sa.String(40), nullable=False),
        sa.Column("measured_on", sa.Date, nullable=False),
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        sa.Column("photo_rows", sa.JSON, nullable=False),
        sa.UniqueConstraint("client_id", "inputs_hash"),
    )
