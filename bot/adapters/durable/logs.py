"""What dbos may say: warnings, in one line each, through our own logging."""

import logging

from bot.adapters.durable.codec import StepFailed, failure_text

_EXPECTED = (
    "Asyncio task cancelled for workflow or step",
    "Workflow already exists in queue: None",
    "Duplicate registration of function",
)


class OneLine(logging.Filter):
    """Drops what is part of normal work (cancelled tasks) and the traceback of errors that are recorded anyway."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING or str(record.msg).startswith(_EXPECTED):
            return False
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, StepFailed):
            record.msg, record.args, record.exc_info = f"a run failed: {failure_text(error)[:300]!r}", (), None
        return True


def quiet() -> None:
    """Let dbos log through our handlers only; again does nothing."""
    logger = logging.getLogger("dbos")
    logger.propagate = True
    logger.setLevel(logging.WARNING)
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        # dbos installs a console handler of its own unless it finds one.
        logger.addHandler(logging.NullHandler())
    if not any(isinstance(known, OneLine) for known in logger.filters):
        logger.addFilter(OneLine())
