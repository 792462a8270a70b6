"""The process behind the faces: takes over turns of a front that died, keeps the queue, tidies up."""

import asyncio
import signal

from bot import logs
from bot.channels.wechat.channel import WeChat
from bot.conversations import audits, waits
from bot.conversations.attachments import Attachments
from bot.conversations.privacy import Privacy
from bot.handoff import keeping
from bot.handoff.webhooks.runner import Webhooks
from bot.insights import gathering
from bot.settings import settings
from bot.studio.files import Repository
from bot.studio.models import Models
from bot.studio.proof import Comparisons
from bot.studio.review.collecting import Collector
from bot.studio.review.filed import Filing
from bot.studio.review.known import Known
from bot.studio.serving import in_use
from bot.studio.training.runner import Runner
from bot.wiring import Heart, background

# It helps out; the front is meant to answer.
TURNS_AT_ONCE = 4


async def work() -> None:
    """Run until SIGTERM or SIGINT."""
    heart = Heart(settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    kept = Attachments(heart.store, settings.data_dir)
    privacy = Privacy(heart.store, settings.data_dir)
    trainings = Runner(
        heart.store,
        Models(settings.models_dir),
        Repository(settings.bot_dir).export,
        kept=settings.models_kept,
        in_use=lambda: in_use(settings),
    )
    wechat = WeChat(heart.wechat_accounts(), heart.store, kept)
    async with (
        wechat.open(),
        background(
            heart.watcher.run(),
            heart.engines.watch(),
            heart.turn_runner(TURNS_AT_ONCE).run(),
            waits.watch(heart.store, heart.watcher.hint),
            heart.silence().watch(heart.store),
            keeping.keep(heart.store, heart.watcher.hint),
            kept.sweep_hourly(),
            privacy.tell_engine(heart.engines),
            privacy.retain(settings.retention_days),
            audits.retain(heart.store, settings.audit_days),
            gathering.watch(heart.store, settings.retention_days),
            Webhooks(heart.store, settings.webhook_secret).run(),
            wechat.deliver(heart.watcher),
            trainings.run(),
            Collector(heart.store).run(),
            Filing(heart.store, Known(settings.bot_dir)).run(),
            Comparisons(heart.store, settings).run(),
        ),
    ):
        await stop.wait()


def main() -> None:
    """Serve until told to stop."""
    logs.configure("worker")
    asyncio.run(work())


if __name__ == "__main__":
    main()
