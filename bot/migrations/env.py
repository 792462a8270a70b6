"""Alembic's entry: runs the migrations on the database that ``bot.migrations.upgrade`` names."""

from alembic import context

from bot.channels.wechat import models as wechat_models  # noqa: F401  (its tables)
from bot.conversations.database import begin_migration, connect
from bot.conversations.models import Base
from bot.handoff import models as handoff_models  # noqa: F401  (its tables)
from bot.insights import models as insights_models  # noqa: F401  (its tables)
from bot.staff import models as staff_models
from bot.studio import promotions  # noqa: F401  (its table)
from bot.studio.training import models as training_models  # noqa: F401  (its tables)

engine = connect(context.config.attributes["url"])
with engine.begin() as connection:
    begin_migration(connection)
    context.configure(
        connection=connection,
        target_metadata=[Base.metadata, staff_models.Base.metadata],
        render_as_batch=True,
    )
    context.run_migrations()
engine.dispose()
