"""Comparisons of two models, and what admins think of the changes"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "comparison",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("candidate", sa.String(length=128), nullable=False),
        sa.Column("current", sa.String(length=128), nullable=False),
        sa.Column("candidate_sha256", sa.String(length=64), nullable=False),
        sa.Column("current_sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("verdict", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comparison_models", "comparison", ["candidate", "current", "id"])
    op.create_index("ix_comparison_state", "comparison", ["state", "id"])

    op.create_table(
        "comparison_judgement",
        sa.Column("comparison_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("judged", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["comparison_id"], ["comparison.id"]),
        sa.PrimaryKeyConstraint("comparison_id", "key"),
    )


def downgrade() -> None:
    op.drop_table("comparison_judgement")
    op.drop_table("comparison")
