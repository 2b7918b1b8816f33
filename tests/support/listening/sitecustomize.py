"""Notes every look-up and connection of a Python process beyond loopback in the file named by ``CALLS_LOG``.

A test puts this folder on ``PYTHONPATH``; every Python process of a load then imports it at its start.
"""

import os
import sys

LOG = os.environ.get("CALLS_LOG")
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::")


def _note(event: str, arguments: tuple) -> None:
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    if host and not str(host).startswith(LOOPBACK):
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{os.getpid()} {event} {host} {' '.join(sys.argv[:4])}\n")


if LOG:
    sys.addaudithook(_note)
