"""Clients, plans, sessions, photos, zones, consents, notes, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _own(*columns: sa.Column) -> list[sa.Column]:  # type: ignore[type-arg]
    """Columns of a table whose rows belong to a client and can be edited."""
    return [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "client_id",
            sa.Integer,
            sa.ForeignKey("client.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        *columns,
    ]


def upgrade() -> None:
    """Create the tables of the first store."""
    op.create_table(
        "client",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("birth_year", sa.Integer),
        sa.Column("skin_type", sa.String(3), nullable=False),
        sa.Column("hair", sa.Text, nullable=False),
        sa.Column("skin", sa.Text, nullable=False),
        sa.Column("smp_date", sa.Date),
        sa.Column("pigment", sa.String(40)),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "plan",
        *_own(
            sa.Column("goal", sa.String(40)),
            sa.Column("target", sa.Float),
            sa.Column("zones", sa.JSON, nullable=False),
            sa.Column("method", sa.Text, nullable=False),
            sa.Column("spacing_days", sa.Integer),
            sa.Column("price", sa.Float),
            sa.Column("currency", sa.Text, nullable=False),
            sa.Column("mm_per_px", sa.Float),
            sa.Column("marker_mm", sa.Float),
        ),
        sa.UniqueConstraint("client_id"),
    )
    op.create_table(
        "session",
        *_own(
            sa.Column("date", sa.Date, nullable=False),
            sa.Column("kind", sa.String(40), nullable=False),
            sa.Column("method", sa.Text, nullable=False),
            sa.Column("device", sa.Text, nullable=False),
            sa.Column("wavelength_nm", sa.Float),
            sa.Column("fluence_j_cm2", sa.Float),
            sa.Column("spot_mm", sa.Float),
            sa.Column("passes", sa.Integer),
            sa.Column("zones", sa.JSON, nullable=False),
            sa.Column("pain", sa.Integer),
            sa.Column("cost", sa.Float),
            sa.Column("currency", sa.Text, nullable=False),
            sa.Column("operator", sa.Text, nullable=False),
            sa.Column("notes", sa.Text, nullable=False),
        ),
    )
    op.create_index(op.f("ix_session_client_id"), "session", ["client_id"])
    op.create_table(
        "photo",
        *_own(
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("sha256", sa.String(64), nullable=False),
            sa.Column("view", sa.String(40), nullable=False),
            sa.Column("captured_on", sa.Date),
            sa.Column("date_source", sa.String(40), nullable=False),
            sa.Column("device", sa.Text, nullable=False),
            sa.Column("width_px", sa.Integer, nullable=False),
            sa.Column("height_px", sa.Integer, nullable=False),
            sa.Column("mm_per_px", sa.Float),
        ),
        sa.UniqueConstraint("sha256"),
        sa.UniqueConstraint("client_id", "name"),
    )
    op.create_index(op.f("ix_photo_client_id"), "photo", ["client_id"])
    op.create_table(
        "zone",
        *_own(
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("view", sa.String(40), nullable=False),
            sa.Column("vertices_px", sa.JSON, nullable=False),
        ),
        sa.UniqueConstraint("client_id", "view", "name"),
    )
    op.create_table(
        "consent",
        *_own(
            sa.Column("level", sa.String(40), nullable=False),
            sa.Column("given_on", sa.Date, nullable=False),
            sa.Column("withdrawn_on", sa.Date),
        ),
    )
    op.create_index(op.f("ix_consent_client_id"), "consent", ["client_id"])
    op.create_table(
        "note",
        *_own(
            sa.Column("written_on", sa.Date, nullable=False),
            sa.Column("text", sa.Text, nullable=False),
        ),
    )
    op.create_index(op.f("ix_note_client_id"), "note", ["client_id"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("client_id", sa.Integer, sa.ForeignKey("client.id", ondelete="CASCADE")),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
    )
    op.create_index(op.f("ix_audit_client_id"), "audit", ["client_id"])
    op.create_table(
        "setting",
        sa.Column("key", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
