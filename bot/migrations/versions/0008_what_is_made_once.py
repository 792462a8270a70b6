"""Ids by which a desk makes a note, a ticket or a ticket's note once, however often it asks"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ONCE = {
    "note": ("conversation_id", "client_id"),
    "ticket": ("conversation_id", "client_id"),
    "ticket_event": ("ticket_id", "client_id"),
}


def upgrade() -> None:
    for table, columns in ONCE.items():
        op.add_column(table, sa.Column("client_id", sa.String(length=64), nullable=True))
        op.create_index(f"ix_{table}_once", table, columns, unique=True)


def downgrade() -> None:
    for table in ONCE:
        op.drop_index(f"ix_{table}_once", table)
        op.drop_column(table, "client_id")
