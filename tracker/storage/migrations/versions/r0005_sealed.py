"""The year of birth as a text, so that it can be encrypted like other personal fields."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Turn the number into its digits."""
    with op.batch_alter_table("client") as client:
        client.alter_column(
            "birth_year",
            existing_type=sa.Integer(),
            type_=sa.Text(),
            existing_nullable=True,
            postgresql_using="birth_year::text",
        )
