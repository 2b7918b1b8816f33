"""Formulas of a form that a figure was typed over, restored for the actual position of the form on the sheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipeline.forms import Form, forms
from pipeline.forms.formulas import recipes_of
from pipeline.marked.dossier import Dossier, Row
from pipeline.text.address import column_number


@dataclass(frozen=True)
class LostFormula:
    """What a cell computes on the blank form; ``result`` in printed units, None where a part of it is not known."""

    formula: str
    result: Decimal | None


def lost_formulas(dossier: Dossier) -> dict[tuple[str, str], LostFormula]:
    """Return by sheet and address the formula of each failing cell that its form computes.

    Rows and columns are located by the findings' own cells; a formula that refers to an unseen cell is left out.
    """
    tables: dict[tuple[str, str], list[Row]] = {}
    for finding in dossier.findings:
        for cell in dossier.own_cells(finding):
            tables.setdefault((cell["sheet"], cell["form"]), []).append(cell)
    forms_by_code = {form.code: form for form in forms().all if form.regime.name == dossier.submission["regime"]}
    formulas: dict[tuple[str, str], LostFormula] = {}
    for (sheet, code), cells in tables.items():
        if code in forms_by_code:
            failing = {cell["address"] for cell in cells if cell["role"] == "found"}
            for address, formula in _formulas(forms_by_code[code], cells).items():
                if address in failing:
                    formulas[sheet, address] = formula
    return formulas


def _formulas(form: Form, cells: list[Row]) -> dict[str, LostFormula]:
    """Return the formula at each address of one table that the form computes, as far as its parts were seen."""
    row_at, column_at = ({code: n for n, code in enumerate(codes)} for codes in (form.row, form.column))
    form_cells = [cell for cell in cells if cell["row_code"] in row_at and cell["column_code"] in column_at]
    place = {(row_at[cell["row_code"]], column_at[cell["column_code"]]): cell for cell in form_cells}
    rows = _fixed_positions({(position[0], _row_and_column(cell["address"])[0]) for position, cell in place.items()})
    columns = _fixed_positions({(position[1], _row_and_column(cell["address"])[1]) for position, cell in place.items()})
    values = {position: _printed_value(form, cell) for position, cell in place.items()}
    recipes, formulas = recipes_of(form), {}
    for position, cell in place.items():
        recipe = recipes.get(position)
        if recipe is None or not all(r in rows and c in columns for r, c in recipe.places):
            continue
        formula = recipe.formula_at({(r, c): (rows[r], columns[c]) for r, c in recipe.places})
        formulas[cell["address"]] = LostFormula(formula, recipe.yield_of(values))
    return formulas


def _fixed_positions(pairs: set[tuple[int, int]]) -> dict[int, int]:
    """Return the position of each row or column that has the same one throughout."""
    numbers_by_code: dict[int, set[int]] = {}
    for code, number in pairs:
        numbers_by_code.setdefault(code, set()).add(number)
    return {code: next(iter(numbers)) for code, numbers in numbers_by_code.items() if len(numbers) == 1}


def _row_and_column(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    return int(address[len(letters) :]) - 1, column_number(letters)


def _printed_value(form: Form, cell: Mapping[str, object]) -> Decimal | None:
    value = cell["value"]
    unit = forms().units[form.unit_of(str(cell["row_code"]), str(cell["column_code"]))]
    return None if value is None else Decimal(str(value)) / unit.factor
