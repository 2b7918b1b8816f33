"""The command ``thads``: what a person types, in the order in which ``thads --help`` lists it."""

import os
import sys

import typer

from pipeline.cli.commands import (
    alerts,
    answers,
    contacts,
    outbox,
    provisions,
    returns,
    set_aside,
    start,
    units,
    warehouse,
)
from pipeline.cli.exit import quick_exit
from pipeline.cli.terminal import err

EVERYWHERE = (
    "Exit codes of every command: 2 where an option is wrong, or a file or folder is not there; "
    "1 where the warehouse cannot be read; 130 after Ctrl-C."
)
app = typer.Typer(
    name="thads",
    help="Statistics of civil-judgment enforcement: load returns, judge them, ask the warehouse.",
    epilog=EVERYWHERE,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(returns.load, returns.check, returns.template, returns.simulate),
    *(warehouse.query, warehouse.status, warehouse.bulletin, warehouse.trace, warehouse.replay, warehouse.rollback),
    *(start.demo, start.dev),
):
    app.command()(command)
for group in (
    *(alerts.group, units.group, provisions.exemptions, provisions.split_keys),
    *(contacts.group, outbox.group, answers.group, set_aside.group),
):
    app.add_typer(group)


def run() -> None:
    """Run the command line; what a person can fix is said in one sentence, without a traceback."""
    try:
        with quick_exit():
            app()
    except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        err.print(f"[red]thads:[/] {error}", highlight=False)
        sys.exit(2)
    except BrokenPipeError:  # whoever read what we print has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if type(error).__module__.strip("_").partition(".")[0] != "duckdb":
            raise
        reason = " ".join(str(error).split())[:300]
        err.print(
            f"thads: không đọc được kho dữ liệu; hãy chạy lại lệnh, hoặc chạy thads load · the warehouse cannot be read; run the "
            f"command again, or 'thads load INBOX': {reason}",
            markup=False,
        )
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("thads: stopped")
        sys.exit(130)


if __name__ == "__main__":
    run()
