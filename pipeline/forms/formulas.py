"""What a form computes by itself: sums and rates as formulas of a spreadsheet, and as the figures that they yield."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.forms.declaration import Form, forms

#: A printed figure. Text is written as it stands; the name of an Excel error becomes that error.
Figure = Decimal | int | float | str | None
Matrix = Sequence[Sequence[Figure]]
Figures = Mapping[str, Matrix]
Position = tuple[int, int]
CENT = Decimal("0.01")
EXCEL_ERRORS = frozenset({"#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#N/A", "#NUM!", "#NULL!"})


def recalculate(form: Form, matrix: Matrix) -> list[list[Figure]]:
    """Return the figures as a spreadsheet shows them once every formula of the template has been worked out."""
    figures: list[list[Figure]] = [[exact_figure(figure) for figure in line] for line in matrix]
    recipes = dict(_recipes(form))
    while True:
        stale = {
            position: value
            for position, recipe in recipes.items()
            if (value := recipe.yields(figures)) != figures[position[0]][position[1]]
        }
        if not stale:
            return figures
        for (r, c), value in stale.items():
            figures[r][c] = value


def percent(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Return ROUND(100 * part / whole, 2), half away from zero as spreadsheets do; nothing without a base."""
    return (Decimal(100) * part / whole).quantize(CENT, ROUND_HALF_UP) if whole else None


@dataclass(frozen=True)
class SumRecipe:
    """A cell that is a signed sum of others, each given by its place in the matrix."""

    terms: tuple[tuple[int, int, int], ...]

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """The cells that it is worked out from."""
        return tuple((r, c) for _, r, c in self.terms)

    def formula(self, data: int, first: int) -> str:
        """Return the formula for a table whose first figure stands at ``data``, ``first``."""
        return self.formula_at({(r, c): (data + r, first + c) for r, c in self.places})

    def formula_at(self, places: Mapping[Position, Position]) -> str:
        """Return the formula for cells at ``places``.
        ``SUM`` passes over the "-" and "x" of an input, where ``A1+B1`` would show an error.
        """
        positive, negative = (
            _list_cells([places[r, c] for sign, r, c in self.terms if (sign > 0) == is_added])
            for is_added in (True, False)
        )
        return f"={f'SUM({positive})' if positive else ''}{f'-SUM({negative})' if negative else ''}"

    def yield_of(self, values: Mapping[Position, Decimal | None]) -> Decimal | None:
        """Return what it yields from these figures, None where one of them is not known."""
        total = Decimal(0)
        for sign, r, c in self.terms:
            figure = values.get((r, c))
            if figure is None:
                return None
            total += sign * figure
        return total

    def yields(self, matrix: Sequence[Sequence[Any]]) -> Decimal | int | None:
        """Return what a spreadsheet makes of it: blanks and text count as zero, an error or blanks alone yield nothing."""
        figures = [matrix[r][c] for _, r, c in self.terms]
        if any(figure in EXCEL_ERRORS for figure in figures) or all(figure is None for figure in figures):
            return None
        return sum(sign * _summand(figure) for (sign, _, _), figure in zip(self.terms, figures, strict=True))


@dataclass(frozen=True)
class RateRecipe:
    """A cell that is one cell in per cent of another of its row."""

    row: int
    part: int
    whole: int

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """The cells that it is worked out from."""
        return (self.row, self.part), (self.row, self.whole)

    def formula(self, data: int, first: int) -> str:
        """Return the formula for a table whose first figure stands at ``data``, ``first``."""
        return self.formula_at({(r, c): (data + r, first + c) for r, c in self.places})

    def formula_at(self, places: Mapping[Position, Position]) -> str:
        """Return the formula where its cells stand at ``places``."""
        part, whole = (xl_rowcol_to_cell(*places[place]) for place in self.places)
        return f'=IF(N({whole})=0,"",ROUND(100*N({part})/N({whole}),2))'

    def yield_of(self, values: Mapping[Position, Decimal | None]) -> Decimal | None:
        """Return what it yields of these figures, None where one of them is not known."""
        part, whole = (values.get(place) for place in self.places)
        return None if part is None or whole is None else percent(part, whole)

    def yields(self, matrix: Sequence[Sequence[Any]]) -> Decimal | None:
        """Return what a spreadsheet makes of it: rounded half away from zero, nothing without a base."""
        part, whole = matrix[self.row][self.part], matrix[self.row][self.whole]
        return None if {part, whole} & EXCEL_ERRORS else percent(_summand(part), _summand(whole))


@dataclass(frozen=True)
class FormulaPlan:
    """What a form computes, worked out once per form and place on the sheet."""

    recipes: dict[tuple[int, int], SumRecipe | RateRecipe]
    formulas: dict[tuple[int, int], str]
    #: ranges of input cells, by whether they hold money or per cent, which need not be whole
    inputs: dict[bool, list[str]]


def recipes_of(form: Form) -> dict[Position, SumRecipe | RateRecipe]:
    """Return what each computed cell of a form is worked out from, by row and column of the declaration."""
    return dict(_recipes(form))


_plans: dict[tuple[Any, ...], FormulaPlan] = {}


def plan(form: Form, data: int, first: int) -> FormulaPlan:
    """Return what a form computes where its first figure stands at ``data``, ``first``; counted from 0."""
    key = (form.version, form.unit, tuple(form.row), tuple(form.column), data, first)
    if key not in _plans:
        recipes = dict(_recipes(form))
        _plans[key] = FormulaPlan(
            recipes,
            {position: recipe.formula(data, first) for position, recipe in recipes.items()},
            {is_money: list(_input_ranges(form, recipes, is_money, data, first)) for is_money in (False, True)},
        )
    return _plans[key]


def _recipes(form: Form) -> Iterator[tuple[tuple[int, int], SumRecipe | RateRecipe]]:
    rows = {code: n for n, code in enumerate(form.row)}
    columns = {code: n for n, code in enumerate(form.column)}
    parts: dict[str, tuple[str, ...]] = {}
    for rollup in form.rollups:
        # A form may lack a row on which a total rests; then the total is a figure like any other.
        if all(part in rows for part in rollup.parts):
            parts.setdefault(rollup.total, rollup.parts)
    for row, r in rows.items():
        for column, c in zip(form.columns, columns.values(), strict=True):
            if column.equals and all(term.column in columns for term in column.equals):
                yield (r, c), SumRecipe(tuple((term.sign, r, columns[term.column]) for term in column.equals))
            elif column.ratio and all(name in columns for name in column.ratio):
                yield (r, c), RateRecipe(r, *(columns[name] for name in column.ratio))
            elif row in parts and not column.equals and not column.ratio and not column.is_name:
                yield (r, c), SumRecipe(tuple((1, rows[part], c) for part in parts[row]))


def _input_ranges(
    form: Form, recipes: Mapping[tuple[int, int], Any], is_money: bool, data: int, first: int
) -> Iterator[str]:
    units = forms().units
    patterns = [
        tuple(
            (r, c) not in recipes
            and not column.is_name
            and (units[form.unit_of(row.code, column.code)].base in ("vnd", "percent")) == is_money
            for c, column in enumerate(form.columns)
        )
        for r, row in enumerate(form.rows)
    ]
    # Rows that take input in the same columns stand together, so a form of 600 cells has some fifty ranges.
    for pattern, rows in groupby(enumerate(patterns), key=lambda pair: pair[1]):
        row_numbers = [row for row, _ in rows]
        for is_input, columns in groupby(enumerate(pattern), key=lambda pair: pair[1]):
            if is_input:
                column_numbers = [column for column, _ in columns]
                yield _range(
                    data + row_numbers[0], first + column_numbers[0], data + row_numbers[-1], first + column_numbers[-1]
                )


def _list_cells(cells: Sequence[tuple[int, int]]) -> str:
    """Return cells as a spreadsheet lists them: neighbours in a row or a column as a range, in their order."""
    runs: list[list[tuple[int, int]]] = []
    for cell in cells:
        run = runs[-1] if runs else []
        step = _step(run[-1], cell) if run else None
        if step in ((0, 1), (1, 0)) and (len(run) == 1 or step == _step(run[-2], run[-1])):
            run.append(cell)
        else:
            runs.append([cell])
    return ",".join(_range(*run[0], *run[-1]) if len(run) > 1 else xl_rowcol_to_cell(*run[0]) for run in runs)


def _step(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return other[0] - one[0], other[1] - one[1]


def _summand(figure: Decimal | int | str | None) -> Decimal | int:
    """Return what a cell adds to a sum: text and blanks nothing."""
    return 0 if figure is None or isinstance(figure, str) else figure


def _range(first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    return f"{xl_rowcol_to_cell(first_row, first_column)}:{xl_rowcol_to_cell(last_row, last_column)}"


def exact_figure(figure: Figure) -> Decimal | int | str | None:
    """Return a figure so that sums and comparisons are exact."""
    if isinstance(figure, float):
        return int(figure) if figure.is_integer() else Decimal(repr(figure))
    return figure
