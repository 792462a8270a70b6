"""The script that a shopper writes"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:

    op.add_column("conversation", sa.Column("script", sa.String(length=4), nullable=True))


def downgrade() -> None:

    # Not in a batch: that would make the table anew, which the log's foreign keys forbid.
    op.drop_column("conversation", "script")
