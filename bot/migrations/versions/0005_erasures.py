"""Erased conversations, which the engine has to forget"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:

    op.create_table(
        "erasure",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("goes_on", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_index("ix_erasure_at", "erasure", ["at"])
    op.create_index("ix_erasure_next_at", "erasure", ["next_at"])


def downgrade() -> None:

    op.drop_table("erasure")
