"""Where each member of staff is signed in, who is disabled, and the audit by who and what"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("account", sa.Column("disabled_at", MOMENT, nullable=True))
    op.add_column("account", sa.Column("last_sign_in_at", MOMENT, nullable=True))
    # A sign-in is a row from now on: all who are signed in sign in once more.
    op.drop_column("account", "valid_from")
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_in_account_id", "sign_in", ["account_id"])
    op.create_index("ix_sign_in_began_at", "sign_in", ["began_at"])
    op.create_index("ix_audit_by", "audit", ["by", "id"])
    op.create_index("ix_audit_action", "audit", ["action", "id"])
    op.create_index("ix_audit_by_action", "audit", ["by", "action", "id"])


def downgrade() -> None:
    for name in ("ix_audit_by_action", "ix_audit_action", "ix_audit_by"):
        op.drop_index(name, "audit")
    op.drop_table("sign_in")
    op.add_column(
        "account", sa.Column("valid_from", MOMENT, nullable=False, server_default="1970-01-02 00:00:00+00:00")
    )
    for column in ("last_sign_in_at", "disabled_at", "must_change"):
        op.drop_column("account", column)
