"""The action server: rasa-sdk's webhook on loopback, with quiet logs."""

import logging
import warnings

import structlog
from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from bot.settings import settings

HOST = "127.0.0.1"  # the webhook asks nobody who they are; only the engine may reach it


def main() -> None:
    """Serve the actions until stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    # Known: the webhook of Rasa 3.6 and of this rasa-sdk is the same.
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")
    executor = ActionExecutor()
    executor.register_package("actions")
    # No page of any origin has business here.
    app = create_app(executor, cors_origins=[])
    structlog.get_logger(__name__).info("actions.ready", port=settings.actions_port)
    app.run(
        host=HOST, port=settings.actions_port, single_process=True, access_log=False, motd=False, debug=False
    )
