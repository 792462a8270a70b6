"""WeChat: its shoppers, their buttons and replies, what may be sent to them, and the accounts' standing"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime(timezone=True)


def _of_conversation() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("conversation_id", "kind"),
    )
    op.create_table(
        "wechat_user",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("openid", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        _of_conversation(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "openid"),
    )
    op.create_index("ix_wechat_user_conversation_id", "wechat_user", ["conversation_id"])
    op.create_table(
        "wechat_passive_reply",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _of_conversation(),
        sa.PrimaryKeyConstraint("conversation_id", "key"),
    )
    op.create_index("ix_wechat_passive_reply_at", "wechat_passive_reply", ["at"])
    op.create_table(
        "wechat_button",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        _of_conversation(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_wechat_button_until", "wechat_button", ["until"])
    op.create_index(
        "ix_wechat_button_offered", "wechat_button", ["conversation_id", "seq", "number"], unique=True
    )
    op.create_table(
        "wechat_begun",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        _of_conversation(),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "wechat_standing",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("forced_at", MOMENT, nullable=True),
        sa.Column("barred_until", MOMENT, nullable=True),
        sa.Column("lease_by", sa.String(length=64), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("account"),
    )


def downgrade() -> None:
    for table in (
        "wechat_standing",
        "wechat_begun",
        "wechat_button",
        "wechat_passive_reply",
        "wechat_user",
        "allowance",
    ):
        op.drop_table(table)
