"""How the worker's log reads: key=value, one line an event, instants in UTC, no secrets."""

import logging
import time
from collections.abc import Collection

from collectors.fetch import redacted


class Lines(logging.Formatter):
    """One line an event, tracebacks too; line ends inside are written as they would be in Python."""

    converter = staticmethod(time.gmtime)

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__("time=%(asctime)s.%(msecs)03dZ level=%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record), self._secrets).replace("\r", "\\r").replace("\n", "\\n")


def start(level: str, secrets: Collection[str] = ()) -> None:
    """Log to standard error from now on, and silence the libraries that would repeat us or name addresses."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    for name in ("apscheduler", "apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR if name == "apscheduler" else logging.CRITICAL)
