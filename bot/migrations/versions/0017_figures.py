"""What is known of each service at a glance, for the figures"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "service",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", sa.String(length=72), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("bot_ms", sa.Integer(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id", "number"),
    )
    op.create_index("ix_service_began", "service", ["began_at"])
    op.create_index("ix_service_who", "service", ["who", "began_at"])
    op.create_table(
        "service_reading",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("intent", sa.String(length=128), nullable=False),
        sa.Column("wording", sa.String(length=60), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_service_reading_service", "service_reading", ["conversation_id", "number"])
    op.create_index("ix_service_reading_began", "service_reading", ["began_at", "intent", "wording"])
    op.create_index("ix_service_reading_wording", "service_reading", ["wording", "began_at"])
    gathered = op.create_table(
        "service_gathered",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(gathered, [{"id": 1, "until": datetime(1970, 1, 2, tzinfo=UTC)}])
    # The services by people of a period.
    op.create_index("ix_handoff_at", "handoff", ["at"])


def downgrade() -> None:
    op.drop_index("ix_handoff_at", "handoff")
    for table in ("service_gathered", "service_reading", "service"):
        op.drop_table(table)
