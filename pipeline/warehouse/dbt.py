"""Runs dbt (``python -m pipeline.warehouse.dbt``) and ends it when the load that started it is gone.

A killed load would otherwise leave a dbt behind that writes into the files of the next one.
"""

import os
import sys
import threading
import time

LOOK_EVERY_SECONDS = 0.2


def main() -> None:
    """Run dbt with the arguments of the command line."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    from dbt.cli.main import cli

    cli(sys.argv[1:], prog_name="dbt")


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
