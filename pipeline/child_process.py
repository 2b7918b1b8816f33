"""Ends a process when the one that started it is gone.

A killed load would otherwise leave behind processes that write into the files of the next one.
"""

import os
import threading
import time

LOOK_EVERY_SECONDS = 0.2


def end_with_parent() -> None:
    """Watch from now on, in a thread of its own; the exit is immediate and runs no clean-up."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os._exit(1)
