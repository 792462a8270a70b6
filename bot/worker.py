"""The process behind the faces: takes over turns of a front that died, minds the silences, tidies up."""

import asyncio
import signal

from bot import logs
from bot.conversations.attachments import Attachments
from bot.conversations.privacy import Privacy
from bot.settings import settings
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
    async with background(
        heart.watcher.run(),
        heart.turn_runner(TURNS_AT_ONCE).run(),
        heart.silence().watch(heart.store),
        kept.sweep_hourly(),
        privacy.tell_engine(heart.engine()),
        privacy.retain(settings.retention_days),
    ):
        await stop.wait()


def main() -> None:
    """Serve until told to stop."""
    logs.configure("worker")
    asyncio.run(work())


if __name__ == "__main__":
    main()
