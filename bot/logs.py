"""Logs: structured, to stderr, without bodies or tokens. Called by doors."""

import logging
import sys

import structlog


def set_up_logs(level: str) -> None:
    """Write what happens from `level` on; libraries only from WARNING on. Tracebacks show no local variables."""
    number = logging.getLevelNamesMapping()[level]
    tty = sys.stderr.isatty()
    pretty = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = pretty if tty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if tty else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
