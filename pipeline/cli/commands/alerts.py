"""``thads alerts``: what is open, and what people do about it."""

from datetime import datetime
from typing import Annotated

import typer

from pipeline.cli.options import ByOption, HomeOption, IdsArgument, JsonOption, NeededReasonOption, ReasonOption

group = typer.Typer(name="alerts", help="Incidents: what is open, and what people do about it.", no_args_is_help=True)


@group.command("list")
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
    """List incidents with their age, the open ones unless asked otherwise.

    Exit codes: 0 listed; 2 no such state, unit or severity, or no warehouse yet.
    """
    from pipeline.alerts.incidents import IncidentFilter
    from pipeline.cli.alerts import show_alerts

    criteria = IncidentFilter(state, unit, period, rule, form, severity, assigned_to, older)
    raise typer.Exit(show_alerts(criteria, home, as_json=as_json))


@group.command("show")
def show_alert(
    alert: Annotated[str, typer.Argument(help="Id of the incident, or its first letters.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one incident: every finding with its cells, and what happened to it.

    Exit codes: 0 shown; 2 no such incident.
    """
    from pipeline.cli.alerts import show_alert

    raise typer.Exit(show_alert(alert, home, as_json=as_json))


@group.command("ack")
def acknowledge_alerts(
    ids: IdsArgument,
    reason: ReasonOption = None,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that somebody has seen these incidents.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.ACKNOWLEDGED, author(by), reason), home, as_json=as_json))


@group.command("assign")
def assign_alerts(
    ids: IdsArgument,
    to: Annotated[str, typer.Option("--to", help="Who shall see to it.")],
    reason: ReasonOption = None,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give these incidents to somebody.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.ASSIGNED, author(by), reason, to), home, as_json=as_json))


@group.command("explain")
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
    """Answer for these incidents: from the next load on the same findings are silent while the answer holds.

    A difference one step beyond the answer is found again. What an office explained is listed by thads answers list.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.answers import Explanation, author, explain_incidents

    explanation = Explanation(author(by), reason, approver, expires.date(), tolerance, every_period)
    raise typer.Exit(explain_incidents(ids, explanation, home, as_json=as_json))


@group.command("resolve")
def resolve_alerts(
    ids: IdsArgument,
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close these incidents by hand; the next version that fails opens them again.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.RESOLVED, author(by), reason), home, as_json=as_json))


@group.command("reopen")
def reopen_alerts(
    ids: IdsArgument,
    reason: NeededReasonOption,
    by: ByOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Undo what a person did about these incidents.

    Exit codes: 0 done; 2 not possible, and nothing was changed.
    """
    from pipeline.cli.alerts import Act, AlertEvent, act, author

    raise typer.Exit(act(ids, Act(AlertEvent.REOPENED, author(by), reason), home, as_json=as_json))
