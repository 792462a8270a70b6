"""Logging of the service's processes: one line an event, as key=value, never what people wrote."""

import logging
import sys

import structlog


def configure(process: str) -> None:
    """Send structlog and the standard library's warnings to stderr, marked with the process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "process", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format=f"{process} %(levelname)s %(name)s %(message)s"
    )
