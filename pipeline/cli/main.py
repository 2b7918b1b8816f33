"""The command ``thads``: what a person types. Each command imports what it needs when it runs."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.leaving import leaving_at_once

HOME_HELP = "Where everything is kept (default: $THADS_HOME, else ./var)."
HomeOption = Annotated[Path | None, typer.Option("--home", help=HOME_HELP, show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
IdsArgument = Annotated[list[str], typer.Argument(help="Ids of incidents, or their first letters.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why.", show_default=False)]
NeededReasonOption = Annotated[str, typer.Option("--reason", help="Why.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who acts (default: who is logged in).", show_default=False)]

app = typer.Typer(
    name="thads",
    help="Statistics of civil-judgment enforcement: load returns, judge them, ask the warehouse.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
alerts = typer.Typer(name="alerts", help="Incidents: what is open, and what people do about it.", no_args_is_help=True)
app.add_typer(alerts)
units = typer.Typer(
    name="units", help="The registry of offices: load it from CSV, look at a day.", no_args_is_help=True
)
app.add_typer(units)
contacts = typer.Typer(name="contacts", help="Who gets digests, and on which channels.", no_args_is_help=True)
app.add_typer(contacts)
outbox = typer.Typer(name="outbox", help="Messages that wait until their channel takes them.", no_args_is_help=True)
app.add_typer(outbox)
answers = typer.Typer(name="answers", help="What offices explained: the ledger of answers.", no_args_is_help=True)
app.add_typer(answers)

# Off a terminal (a log, a pipe) lines are long rather than broken.
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, width=None if sys.stderr.isatty() else 160)


@app.command()
def load(
    inbox: Annotated[Path, typer.Argument(help="Folder, zip or file with returns; nothing in it is changed.")],
    home: HomeOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Build every period again, not only those that changed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load everything new in INBOX: one night, through the Dagster job; then say what came in and what was found."""
    from pipeline.cli.load import load_inbox

    raise typer.Exit(load_inbox(inbox, home, full=full, as_json=as_json))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Workbook, CSV or zip to judge.")],
    marked: Annotated[
        Path | None,
        typer.Option("--marked", help="Also write FILE again, with what fails shown in its cells.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Also write the European validation report (JSON) here.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge FILE without loading it. Exit 0: accepted; 2: would be returned; 3: cannot be read."""
    from pipeline.cli.check import check

    raise typer.Exit(check(file, home, as_json=as_json, marked=marked, report=report))


@app.command()
def template(
    form: Annotated[str, typer.Argument(help="Form code, e.g. 01; several with commas; 'all' for the whole workbook.")],
    unit: Annotated[str, typer.Option("--unit", help="Unit key or name, e.g. kien-giang.go-quao or 'Gò Quao'.")],
    period: Annotated[str, typer.Option("--period", help="Statistical year and months, e.g. 2023-09.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.", show_default=False)
    ] = None,
    scope: Annotated[str | None, typer.Option("--scope", help="own or province, for a provincial agency.")] = None,
    home: HomeOption = None,
) -> None:
    """Make a blank official workbook: live totals, unit and period filled in, last period's figures as comments."""
    from pipeline.cli.template import write_template

    raise typer.Exit(write_template(form, unit, period, output, scope, home))


@app.command()
def simulate(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to write to: inbox/ and truth.json.")],
    provinces: Annotated[int, typer.Option("--provinces", min=1, help="How many provinces.")] = 1,
    first: Annotated[str, typer.Option("--from", help="First month, e.g. 2022-10.")] = "2022-10",
    last: Annotated[str, typer.Option("--to", help="Last month, e.g. 2023-09.")] = "2022-10",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    faults: Annotated[
        str | None, typer.Option("--faults", help="Kinds with commas (kind@file), or a number; 'list' lists them.")
    ] = None,
    faults_per_office: Annotated[int, typer.Option("--faults-per-office", min=1, help="So many in one report.")] = 1,
    offices: Annotated[int | None, typer.Option("--offices", min=0, help="At most so many offices a province.")] = None,
    consolidated: Annotated[bool, typer.Option(help="Also write each province's consolidated report.")] = True,
    workbooks: Annotated[
        int | None, typer.Option("--workbooks", min=1, help="At most so many workbooks a month.")
    ] = None,
) -> None:
    """Write a made-up country of workbooks that agree with each other, with named faults planted in it."""
    from pipeline.cli.simulate import simulate_country

    raise typer.Exit(
        simulate_country(
            out_dir,
            provinces,
            first,
            last,
            seed,
            faults,
            offices,
            faults_per_office=faults_per_office,
            consolidated=consolidated,
            workbooks=workbooks,
        )
    )


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="A SELECT on the published warehouse.")],
    fmt: Annotated[str, typer.Option("--format", "-f", help="table, csv, json or parquet.")] = "table",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="File to write (parquet needs one).")] = None,
    home: HomeOption = None,
) -> None:
    """Ask the published warehouse, read-only. Exit 2: the SQL is wrong."""
    from pipeline.cli.query import ask

    raise typer.Exit(ask(sql, fmt, output, home))


@app.command()
def status(
    period: Annotated[str | None, typer.Option("--period", help="e.g. 2023-09; default: the latest.")] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="Key or name; a province with all its offices.", show_default=False)
    ] = None,
    on: Annotated[
        str | None, typer.Option("--on", help="As it stood on that day (default: today).", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show, office by office and form by form, what came for a period, what is due or late, and what totals lack."""
    from pipeline.cli.status import show_status

    raise typer.Exit(show_status(period, unit, on, home, as_json=as_json))


@alerts.command("list")
def list_alerts(
    state: Annotated[
        str, typer.Option("--state", help="open, resolved, all; or acknowledged, assigned, explained, reopened.")
    ] = "open",
    unit: Annotated[
        str | None, typer.Option("--unit", help="Key or name; a province with all its offices.", show_default=False)
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="e.g. 2023-09.", show_default=False)] = None,
    rule: Annotated[str | None, typer.Option("--rule", help="A rule that it breaks.", show_default=False)] = None,
    form: Annotated[str | None, typer.Option("--form", help="Code of the form.", show_default=False)] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", help="error, warning or info.", show_default=False)
    ] = None,
    assigned_to: Annotated[str | None, typer.Option("--to", help="Assigned to.", show_default=False)] = None,
    older: Annotated[int | None, typer.Option("--older", help="Older than so many days.", show_default=False)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List incidents with their age, the open ones unless asked otherwise."""
    from pipeline.alerts.incidents import Wish
    from pipeline.cli.alerts import show_alerts

    wish = Wish(state, unit, period, rule, form, severity, assigned_to, older)
    raise typer.Exit(show_alerts(wish, home, as_json=as_json))


@alerts.command("show")
def show_alert(
    alert: Annotated[str, typer.Argument(help="Id of the incident, or its first letters.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one incident: every finding with its cells, and what happened to it."""
    from pipeline.cli.alerts import show_alert

    raise typer.Exit(show_alert(alert, home, as_json=as_json))


@alerts.command("ack")
def acknowledge_alerts(
    ids: IdsArgument,
    reason: ReasonOption = None,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody has seen these incidents."""
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.ACKNOWLEDGED, author(by), reason), home, as_json=as_json))


@alerts.command("assign")
def assign_alerts(
    ids: IdsArgument,
    to: Annotated[str, typer.Option("--to", help="Who shall see to it.")],
    reason: ReasonOption = None,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give these incidents to somebody."""
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.ASSIGNED, author(by), reason, to), home, as_json=as_json))


@alerts.command("explain")
def explain_alerts(
    ids: IdsArgument,
    reason: NeededReasonOption,
    approver: Annotated[str, typer.Option("--approver", help="Who approves; not the author.")],
    expires: Annotated[datetime, typer.Option("--expires", formats=["%Y-%m-%d"], help="Last day on which it holds.")],
    tolerance: Annotated[
        str, typer.Option("--tolerance", help="How far beyond the difference it still holds, in base units.")
    ] = "0",
    every_period: Annotated[bool, typer.Option("--every-period", help="Not for this period alone.")] = False,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer for these incidents: the same findings are silent while the answer holds, and not one step beyond."""
    from pipeline.cli.answers import Explanation, author, explain_incidents

    said = Explanation(author(by), reason, approver, expires.date(), tolerance, every_period)
    raise typer.Exit(explain_incidents(ids, said, home, as_json=as_json))


@answers.command("list")
def list_answers(
    unit: Annotated[str | None, typer.Option("--unit", help="Key of the unit.", show_default=False)] = None,
    standing: Annotated[
        str | None, typer.Option("--standing", help="holds, matches_nothing, expired or withdrawn.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what offices explained, and whether each answer still silences anything."""
    from pipeline.cli.answers import show_answers

    raise typer.Exit(show_answers(unit, standing, home, as_json=as_json))


@answers.command("withdraw")
def withdraw_answers(
    ids: Annotated[list[str], typer.Argument(help="Ids of answers, or their first letters.")],
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
) -> None:
    """Withdraw answers; the next load finds again what they silenced."""
    from pipeline.cli.answers import author, withdraw

    raise typer.Exit(withdraw(ids, author(by), reason, home))


@alerts.command("resolve")
def resolve_alerts(
    ids: IdsArgument,
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close these incidents by hand; the next version that fails opens them again."""
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.RESOLVED, author(by), reason), home, as_json=as_json))


@alerts.command("reopen")
def reopen_alerts(
    ids: IdsArgument,
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo what a person did about these incidents."""
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.REOPENED, author(by), reason), home, as_json=as_json))


@contacts.command("check")
def check_contacts(
    file: Annotated[
        Path | None, typer.Argument(help="The file (default: contacts.yaml of the home).", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name every mistake in the contacts by its line. Exit 2: there is one."""
    from pipeline.cli.contacts import check_contacts

    raise typer.Exit(check_contacts(file, home, as_json=as_json))


@contacts.command("list")
def list_contacts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List who is told of which units, on which channels."""
    from pipeline.cli.contacts import list_contacts

    raise typer.Exit(list_contacts(home, as_json=as_json))


@contacts.command("test")
def try_contact(
    person: Annotated[str, typer.Argument(help="Id of the person.")],
    channel: Annotated[
        str | None, typer.Option("--channel", help="One channel (default: each).", show_default=False)
    ] = None,
    home: HomeOption = None,
) -> None:
    """Send a trial message to a person now. Exit 1: a channel did not take it."""
    from pipeline.cli.contacts import try_contact

    raise typer.Exit(try_contact(person, channel, home))


@outbox.command("list")
def list_outbox(
    state: Annotated[
        str | None,
        typer.Option("--state", help="waiting, sending, sent, refused, dropped or all.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the messages that were not sent yet, and why not."""
    from pipeline.cli.outbox import show_outbox

    raise typer.Exit(show_outbox(state, home, as_json=as_json))


@outbox.command("show")
def show_message(
    message: Annotated[str, typer.Argument(help="Id of the message, or its first letters.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one message as it was or will be sent."""
    from pipeline.cli.outbox import show_message

    raise typer.Exit(show_message(message, home, as_json=as_json))


@outbox.command("send")
def send_outbox(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of messages, refused ones too (default: all that wait).")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what waits now. Exit 1: something still waits."""
    from pipeline.cli.outbox import send_outbox

    raise typer.Exit(send_outbox(ids or [], home, as_json=as_json))


@outbox.command("drop")
def drop_messages(
    ids: Annotated[list[str], typer.Argument(help="Ids of messages, or their first letters.")],
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take messages out of the outbox without sending them; what they told counts as told."""
    from pipeline.cli.alerts import author
    from pipeline.cli.outbox import drop_messages

    raise typer.Exit(drop_messages(ids, reason, author(by), home, as_json=as_json))


@units.command("import")
def import_register(
    file: Annotated[Path, typer.Argument(help="CSV: unit_key, name, level, parent_key, valid_from, ...; see docs.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="In the place of all that was imported before, not laid over it.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a register of offices. Exit 2: it has problems, each told with line and column; nothing is written."""
    from pipeline.cli.units import load_register

    raise typer.Exit(load_register(file, home, replace=replace, dry_run=dry_run, as_json=as_json))


@units.command("list")
def list_register(
    on: Annotated[str | None, typer.Option("--on", help="Day (default: today).", show_default=False)] = None,
    under: Annotated[
        str | None, typer.Option("--under", help="A province and its offices: key or name.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the units that exist on a day."""
    from pipeline.cli.units import list_units

    raise typer.Exit(list_units(on, under, home, as_json=as_json))


@units.command("export")
def export_register(
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.", show_default=False)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also the units that are shipped.")] = False,
    home: HomeOption = None,
) -> None:
    """Write what was imported as CSV, to be edited and imported again."""
    from pipeline.cli.units import export_units

    raise typer.Exit(export_units(output, home, everything=everything))


@units.command("undo")
def undo_import(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Bring back what stood before the last import."""
    from pipeline.cli.units import undo_register

    raise typer.Exit(undo_register(home, as_json=as_json))


@app.command()
def bulletin(
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to (default: bulletin/ of the home).", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the static site of the published warehouse: pages that open without us, offline."""
    from pipeline.cli.bulletin import write_bulletin

    raise typer.Exit(write_bulletin(folder, home, as_json=as_json))


@app.command()
def trace(
    table: Annotated[
        str,
        typer.Argument(help="A fact, a mart, or a table of a day: \"fct_case_results_on_territory('2026-01-01')\"."),
    ],
    column: Annotated[str, typer.Argument(help="The column of the number.")],
    keys: Annotated[
        list[str] | None, typer.Argument(help="column=value, as many as choose one row.", show_default=False)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trace a published number to sheet and cell, proven by the landed bytes. Exit 1: not proven; 2: no such number."""
    from pipeline.cli.trace import show_trace

    raise typer.Exit(show_trace(table, column, keys or [], home, as_json=as_json))


@app.command()
def replay(
    pack: Annotated[
        Path, typer.Option("--pack", help="The changed pack, a YAML file; its name says which it replaces.")
    ],
    first: Annotated[str | None, typer.Option("--from", help="First period, e.g. 2022-01.", show_default=False)] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last period, e.g. 2023-12.", show_default=False)] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge stored returns again under a changed rule pack and list those that would flip; publishes nothing."""
    from pipeline.cli.replay import show_replay

    raise typer.Exit(show_replay(pack, first, last, home, as_json=as_json))


@app.command()
def rollback(home: HomeOption = None) -> None:
    """Make the release before the live one live again."""
    from pipeline.cli.release import roll_back

    raise typer.Exit(roll_back(home))


@app.command()
def demo(home: HomeOption = None) -> None:
    """Load samples/ and show what came in, what was found and one query to try."""
    from pipeline.cli.demo import run_demo

    raise typer.Exit(run_demo(home))


@app.command()
def dev(
    home: HomeOption = None,
    port: Annotated[int, typer.Option("--port", help="Port of the UI on 127.0.0.1.")] = 3000,
) -> None:
    """Start the Dagster UI with daemon, schedule and sensor on loopback (``make dev``)."""
    from pipeline.cli.dev import start

    raise typer.Exit(start(home, port))


def run() -> None:
    """Run the command line; what a person can mend is told in one sentence, without a traceback."""
    try:
        with leaving_at_once():
            app()
    except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        err.print(f"[red]thads:[/] {error}", highlight=False)
        sys.exit(2)
    except KeyboardInterrupt:
        err.print("thads: stopped")
        sys.exit(130)


if __name__ == "__main__":
    run()
