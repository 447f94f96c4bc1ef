"""Ports for the servers that tests start."""

import contextlib
import socket
from random import SystemRandom

BELOW = 32_768
"""From here on the system gives ports to whoever asks for any: one that was free a moment ago may be another test's."""


def free_port() -> int:
    """A port of this machine that nobody listens at, for a server that needs some seconds to start."""
    while True:
        port = SystemRandom().randrange(20_000, BELOW)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
