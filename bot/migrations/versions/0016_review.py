"""The review inbox of the studio"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "review_decision",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("commit_id", sa.String(length=64), nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("undone_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_decision_group", "review_decision", ["group_id"])
    op.create_table(
        "review_item",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("why", sa.Integer(), nullable=False),
        sa.Column("text_key", sa.String(length=16), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id", "seq"], ["message.conversation_id", "message.seq"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["review_decision.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "seq"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_review_item_open",
        "review_item",
        ["group_id", "at", "why"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_review_item_key", "review_item", ["text_key", "id"])
    op.create_index("ix_review_item_group", "review_item", ["group_id", "id"])
    op.create_index("ix_review_item_decision", "review_item", ["decision_id"])
    progress = op.create_table(
        "review_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("rated_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    began = datetime(1970, 1, 1, tzinfo=UTC)
    op.bulk_insert(progress, [{"id": 1, "looks": 0, "message_id": 0, "event_id": 0, "rated_until": began}])


def downgrade() -> None:
    for table in ("review_progress", "review_item", "review_decision"):
        op.drop_table(table)
