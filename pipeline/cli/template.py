"""``thads template``: a blank official workbook."""

from datetime import date
from pathlib import Path

from rich.text import Text

from pipeline.calendar.periods import Period
from pipeline.cli.terminal import err, out
from pipeline.forms import forms
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import open_home
from pipeline.judged.previous_figures import figures_before
from pipeline.registry.home_register import registry_of
from pipeline.registry.units import Unit, UnitRegistry
from pipeline.vocabulary import Scope

SCOPES = {"office": Scope.OFFICE, "province": Scope.PROVINCE, "nation": Scope.NATION}


def write_template(form: str, unit: str, period: str, output: Path | None, scope: str | None, home: Path | None) -> int:
    """Write the blank workbook; return the exit code."""
    registry = registry_of(open_home(home))
    try:
        of = Period.parse(period)
    except ValueError as error:
        return _refuse(str(error))
    found = _unit(unit, of.end, registry)
    if found is None:
        return _refuse(f"no unit is called '{unit}' on {of.end:%d/%m/%Y}; see: thads units list --on {of.end}")
    in_force = {code: one for code, one in forms().in_force(of.end).items() if one.fact}
    wanted = list(in_force) if form == "all" else form.split(",")
    unknown = [code for code in wanted if code not in in_force]
    if unknown:
        return _refuse(
            f"there is no form {', '.join(unknown)}; the forms on {of.end:%d/%m/%Y} are {', '.join(in_force)}"
        )
    if scope and scope not in {"own", "province"}:
        return _refuse(f"'{scope}' is no scope; write own or province")
    parent = registry.units.get(found.parent or "")
    header = ReportHeader(
        unit_name=f"Cục THADS {found.name}" if found.level == "province" else found.name,
        unit_key=found.key,
        parent_name=f"Cục THADS {parent.name}"
        if parent and parent.level == "province"
        else (parent.name if parent else ""),
        scope=Scope(scope) if scope and found.level == "province" else SCOPES[found.level],
        period_start=of.start,
        period_end=of.end,
    )
    path = output or Path(f"{found.key}.{of.id}.{form}.xlsx")
    forms_wanted = {code: in_force[code] for code in wanted}
    before, previous = figures_before(open_home(home), found.key, header.scope, of, forms_wanted)
    write_workbook(path, header, list(forms_wanted.values()), previous=previous)
    out.print(Text(f"{path}: {found.name}, {of.label_vi}, {', '.join(in_force[code].number for code in wanted)}"))
    if before:
        out.print(Text(f"  kỳ trước · the period before: {before.label_vi}, {', '.join(previous)}", style="dim"))
    return 0


def _unit(text: str, day: date, registry: UnitRegistry) -> Unit | None:
    by_key = registry.units.get(text)
    return by_key if by_key and by_key.is_valid_on(day) else registry.find(text, day)


def _refuse(why: str) -> int:
    err.print(Text(f"thads template: {why}"))
    return 2
