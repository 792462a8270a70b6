"""WeCom's customer service: how far its desks were pulled; its shoppers are known by two ids"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wechat_pulled",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("desk", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.String(length=64), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("account", "desk"),
    )
    with op.batch_alter_table("wechat_user") as user:
        user.alter_column("openid", existing_type=sa.String(64), type_=sa.String(96), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("wechat_user") as user:
        user.alter_column("openid", existing_type=sa.String(96), type_=sa.String(64), existing_nullable=False)
    op.drop_table("wechat_pulled")
