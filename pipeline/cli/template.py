"""``thads template``: a blank official workbook."""

from datetime import date
from pathlib import Path

from rich.text import Text

from pipeline.calendar.periods import Period
from pipeline.cli.terminal import err, out
from pipeline.forms import forms
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import open_home
from pipeline.judged.previous_figures import previous_figures
from pipeline.registry.home_register import registry_of
from pipeline.registry.units import Unit, UnitRegistry
from pipeline.vocabulary import Scope

SCOPES = {"office": Scope.OFFICE, "province": Scope.PROVINCE, "nation": Scope.NATION}


def write_template(
    form: str, unit_text: str, period_text: str, output: Path | None, scope: str | None, home: Path | None
) -> int:
    """Write the blank workbook; return the exit code."""
    registry = registry_of(open_home(home))
    try:
        period = Period.parse(period_text)
    except ValueError as error:
        return _refuse(str(error))
    unit = _unit(unit_text, period.end, registry)
    if unit is None:
        return _refuse(
            f"no unit is called '{unit_text}' on {period.end:%d/%m/%Y}; see: thads units list --on {period.end}"
        )
    forms_in_force = {code: one for code, one in forms().in_force(period.end).items() if one.fact}
    codes = list(forms_in_force) if form == "all" else form.split(",")
    unknown_codes = [code for code in codes if code not in forms_in_force]
    if unknown_codes:
        return _refuse(
            f"there is no form {', '.join(unknown_codes)}; the forms on {period.end:%d/%m/%Y} are {', '.join(forms_in_force)}"
        )
    if scope and scope not in {"own", "province"}:
        return _refuse(f"'{scope}' is no scope; write own or province")
    parent = registry.units.get(unit.parent or "")
    header = ReportHeader(
        unit_name=f"Cục THADS {unit.name}" if unit.level == "province" else unit.name,
        unit_key=unit.key,
        parent_name=f"Cục THADS {parent.name}"
        if parent and parent.level == "province"
        else (parent.name if parent else ""),
        scope=Scope(scope) if scope and unit.level == "province" else SCOPES[unit.level],
        period_start=period.start,
        period_end=period.end,
    )
    path = output or Path(f"{unit.key}.{period.id}.{form}.xlsx")
    chosen_forms = {code: forms_in_force[code] for code in codes}
    previous_period, previous = previous_figures(open_home(home), unit.key, header.scope, period, chosen_forms)
    write_workbook(path, header, list(chosen_forms.values()), previous=previous)
    out.print(
        Text(f"{path}: {unit.name}, {period.label_vi}, {', '.join(forms_in_force[code].number for code in codes)}")
    )
    if previous_period:
        out.print(
            Text(f"  kỳ trước · the period before: {previous_period.label_vi}, {', '.join(previous)}", style="dim")
        )
    return 0


def _unit(text: str, day: date, registry: UnitRegistry) -> Unit | None:
    by_key = registry.units.get(text)
    return by_key if by_key and by_key.is_valid_on(day) else registry.find(text, day)


def _refuse(reason: str) -> int:
    err.print(Text(f"thads template: {reason}"))
    return 2
