"""The service's log during a demo: a file, so that the terminal is the demo's alone."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import structlog


@contextlib.contextmanager
def service_log(path: Path) -> Iterator[None]:
    """Write what the service and its libraries log to a file, from warnings on."""
    root = logging.getLogger()
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    before = structlog.get_config()
    with contextlib.closing(handler), path.open("a", encoding="utf-8") as file:
        root.addHandler(handler)
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.WriteLoggerFactory(file),
        )
        try:
            yield
        finally:
            structlog.configure(**before)
            root.removeHandler(handler)
