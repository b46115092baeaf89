"""The tables as they stand today; how they came about is in `migrations`.

Personal fields are of the sealed types: encrypted where the store is.

A change here needs a migration: a test compares the two on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa

from tracker.storage.sealed_columns import SealedJSON, SealedNumber, SealedText

NAMES = {
    # Alembic rebuilds a table on SQLite to change it, and needs a name for every constraint.
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = sa.MetaData(naming_convention=NAMES)


def _owned_by_client(*, unique: bool = False, index: bool = False) -> sa.Column[int]:
    return sa.Column(
        "client_id",
        sa.Integer,
        sa.ForeignKey("client.id", ondelete="CASCADE"),
        nullable=False,
        unique=unique or None,
        index=index or None,
    )


def _version() -> sa.Column[int]:
    """Counts the changes of a row, so that a change of something outdated is noticed."""
    return sa.Column("version", sa.Integer, nullable=False, server_default="1")


client = sa.Table(
    "client",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _version(),
    sa.Column("code", sa.String(40), nullable=False, unique=True),
    sa.Column("name", SealedText("client.name"), nullable=False),
    sa.Column("birth_year", SealedNumber("client.birth_year")),
    sa.Column("skin_type", sa.String(3), nullable=False),
    sa.Column("hair", SealedText("client.hair"), nullable=False),
    sa.Column("skin", SealedText("client.skin"), nullable=False),
    sa.Column("smp_date", sa.Date),
    sa.Column("pigment", sa.String(40)),
    sa.Column("flags", SealedJSON("client.flags"), nullable=False),
)

plan = sa.Table(
    "plan",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(unique=True),
    _version(),
    sa.Column("goal", sa.String(40)),
    sa.Column("target", sa.Float),
    sa.Column("zones", sa.JSON, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("spacing_days", sa.Integer),
    sa.Column("price", sa.Float),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("mm_per_px", sa.Float),
    sa.Column("marker_mm", sa.Float),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(index=True),
    _version(),
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
    sa.Column("operator", SealedText("session.operator"), nullable=False),
    sa.Column("notes", SealedText("session.notes"), nullable=False),
)

photo = sa.Table(
    "photo",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(index=True),
    _version(),
    # Steady: no two photos of a client share a name, which the database sees to.
    sa.Column("name", SealedText("photo.name", steady=True), nullable=False),
    # One photo shows one person: the same file belongs to one client.
    sa.Column("sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("view", sa.String(40), nullable=False),
    sa.Column("captured_on", sa.Date),
    sa.Column("date_source", sa.String(40), nullable=False),
    sa.Column("device", SealedText("photo.device"), nullable=False),
    sa.Column("width_px", sa.Integer, nullable=False),
    sa.Column("height_px", sa.Integer, nullable=False),
    sa.Column("mm_per_px", sa.Float),
    sa.Column("orientation", sa.Integer, nullable=False, server_default="1"),
    sa.UniqueConstraint("client_id", "name"),
)

zone = sa.Table(
    "zone",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(),
    _version(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("view", sa.String(40), nullable=False),
    sa.Column("vertices_px", sa.JSON, nullable=False),
    sa.UniqueConstraint("client_id", "view", "name"),
)

correction = sa.Table(
    "correction",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(index=True),
    _version(),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("photo", SealedText("correction.photo"), nullable=False),
    sa.Column("points_px", sa.JSON, nullable=False),
    sa.Column("baseline", SealedText("correction.baseline"), nullable=False),
    sa.Column("baseline_points_px", sa.JSON, nullable=False),
    sa.Column("before", SealedText("correction.before"), nullable=False),
    sa.Column("after", SealedText("correction.after"), nullable=False),
    sa.Column("made_at", sa.DateTime),
    sa.Column("made_by", SealedText("correction.made_by"), nullable=False),
    # An undone correction stays: what was found, said and taken back can all be read.
    sa.Column("undone_at", sa.DateTime),
    sa.Column("undone_by", SealedText("correction.undone_by"), nullable=False),
)

consent = sa.Table(
    "consent",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(index=True),
    _version(),
    sa.Column("level", sa.String(40), nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("withdrawn_on", sa.Date),
    sa.Column("expires_on", sa.Date),
)

note = sa.Table(
    "note",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(index=True),
    _version(),
    sa.Column("written_on", sa.Date, nullable=False),
    sa.Column("text", SealedText("note.text"), nullable=False),
)

result = sa.Table(
    "result",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _owned_by_client(),
    sa.Column("view", sa.String(40), nullable=False),
    # Hash of everything that the numbers depend on: photos, scale, zones, settings, method.
    sa.Column("inputs_hash", sa.String(64), nullable=False),
    sa.Column("settings_hash", sa.String(64), nullable=False),
    sa.Column("method_version", sa.String(40), nullable=False),
    sa.Column("program_version", sa.String(40), nullable=False),
    sa.Column("measured_on", sa.Date, nullable=False),
    # The whole result lies in the vault; these rows stay readable whatever becomes of its form.
    sa.Column("payload_sha256", sa.String(64), nullable=False),
    sa.Column("photo_rows", SealedJSON("result.photo_rows"), nullable=False),
    sa.UniqueConstraint("client_id", "inputs_hash"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # Entries on a client go with the client; that an erasure took place belongs to none.
    sa.Column("client_id", sa.Integer, sa.ForeignKey("client.id", ondelete="CASCADE"), index=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("actor", SealedText("audit.actor"), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("what", SealedText("audit.what"), nullable=False),
)

clinic = sa.Table(
    "clinic",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # What stands on a clinic's reports: name, address, logo; see `clinic_settings`.
    sa.Column("key", sa.String(40), nullable=False, unique=True),
    sa.Column("value", sa.Text, nullable=False),
)

setting = sa.Table(
    "setting",
    metadata,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
