"""Of what a shopper was told by a template message; the desks that channels have themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "wechat_told",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.add_column(
        "conversation", sa.Column("outside_desk", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "wechat_passive_reply",
        sa.Column("transferred", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("wechat_passive_reply", "transferred")
    op.drop_column("conversation", "outside_desk")
    op.drop_table("wechat_told")
