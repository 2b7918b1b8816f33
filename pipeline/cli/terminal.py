"""Where commands write: answers to standard output, what went wrong to standard error."""

import sys

from rich.console import Console

# Off a terminal (a log, a pipe) lines are long rather than broken.
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, width=None if sys.stderr.isatty() else 160)
