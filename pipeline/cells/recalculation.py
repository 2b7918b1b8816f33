"""Works out the plain arithmetic of a sheet's own formulas from the values that stand on it.

Nothing is evaluated but numbers, cells of the same sheet, ``+ - * / %``, brackets, ``SUM``, ``ROUND`` and an ``IF`` that
compares: what the formulas of a form are made of. For any other formula the saved value counts. The result is reported,
never taken for the figure.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from pipeline.text.address import column_number

Place = tuple[int, int]  # row and column, from 0
#: A result from here on is no figure of a form: Excel itself holds it only roughly, and in a sheet written in thousand millions
#: it would be more đồng than an amount has room for.
LARGEST = 10**15
Number = Any  # float for a quick look, Fraction for an exact one; TEXT and ERROR in both
Values = Callable[[Place], Number]
Formula = Callable[[Values], Number]

#: What a cell without a number gives: ``+`` and the like spread both, SUM passes text over.
TEXT, ERROR = math.nan, math.inf
LONGEST = 1_000  # characters of a formula
MOST_FORMULAS = 20_000  # of a sheet
MOST_CELLS = 1_000_000  # that the formulas of a sheet read together
LARGEST_RANGE = 5_000  # cells
DEEPEST = 100  # formulas that rest on formulas

_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")
_TERM = re.compile(r"(?P<sign>[-+]?)(?:SUM\((?P<range>[A-Z]{1,3}\d+:[A-Z]{1,3}\d+)\)|(?P<cell>[A-Z]{1,3}\d+))")
_RATE = re.compile(
    r'=IF\((?P<whole>[A-Z]{1,3}\d+)=0,"",ROUND\(100\*(?P<part>[A-Z]{1,3}\d+)/(?P=whole),2\)\)'
)  # pipeline.forms.formulas.RateRecipe
_BINDING = dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 1) | {"+": 2, "-": 2, "*": 3, "/": 3}
_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


class UnsupportedFormula(Exception):
    """A formula that is not plain arithmetic."""


@dataclass(frozen=True)
class Recalculation:
    """A formula without a value, or with a saved value other than its result."""

    formula: str
    value: Decimal


class Formulas(dict[Place, str]):
    """The formulas of a sheet by place, with what is computed once for all workbooks that have the same ones."""

    @cached_property
    def sums(self) -> "SumFormulas":
        """Return those that only add and subtract."""
        return SumFormulas(self)

    @cached_property
    def rates(self) -> "RateFormulas":
        """Return those that are a rate in per cent, written as our templates write it."""
        return RateFormulas(self)

    def doubtful_places(self, rows: list[int], columns: list[int], numbers: list[float | None]) -> list[Place]:
        """Return the places whose formula may give another value than was saved: few, or none."""
        # One row and one column more than the sheet has stand for all that lies outside: nothing.
        grid = np.zeros((max(rows, default=0) + 2, max(columns, default=0) + 2))
        grid[rows, columns] = np.array(numbers, dtype=float)  # NaN where no number stands
        return self.sums.doubtful_places(grid) + self.rates.doubtful_places(grid) + self.sums.others


class SumFormulas:
    """Formulas that only add and subtract cells, as arrays over all of them."""

    def __init__(self, formulas: Mapping[Place, str]) -> None:
        self.places: list[Place] = []
        self.others: list[Place] = []  # that are neither sums nor rates
        rows: list[int] = []
        columns: list[int] = []
        signs: list[int] = []
        starts: list[int] = []
        for place, text in formulas.items():
            terms = _terms(text)
            if len(rows) + len(terms) > MOST_CELLS:
                break
            if terms:
                self.places.append(place)
                starts.append(len(rows))
                for sign, (row, column) in terms:
                    rows.append(row)
                    columns.append(column)
                    signs.append(sign)
            elif not _RATE.fullmatch(text):
                self.others.append(place)
        self.signs, self.starts = np.array(signs), np.array(starts)
        self.terms = np.array(rows, dtype=int), np.array(columns, dtype=int)
        self.coordinates = _arrays(self.places)

    def doubtful_places(self, grid: np.ndarray) -> list[Place]:
        """Return the places where a sheet of numbers shows another sum."""
        if not self.places:
            return []
        sums = np.add.reduceat(_pick(grid, self.terms) * self.signs, self.starts)
        saved = _pick(grid, self.coordinates)
        holds = np.abs(sums - saved) <= 1e-6 + 1e-13 * np.abs(saved)
        return [self.places[index] for index in np.flatnonzero(~holds)]


class RateFormulas:
    """Rates in per cent, rounded to two places, as arrays over all of them."""

    def __init__(self, formulas: Mapping[Place, str]) -> None:
        matches = {place: match for place, text in formulas.items() if (match := _RATE.fullmatch(text))}
        self.places = list(matches)
        cells = {name: [_place(match[name]) for match in matches.values()] for name in ("part", "whole")}
        cells["saved"] = self.places
        self.coordinates = {name: _arrays(places) for name, places in cells.items()}

    def doubtful_places(self, grid: np.ndarray) -> list[Place]:
        """Return the places where a sheet of numbers shows another rate."""
        if not self.places:
            return []
        part, whole, saved = (_pick(grid, self.coordinates[name]) for name in ("part", "whole", "saved"))
        with np.errstate(divide="ignore", invalid="ignore"):
            holds = (whole == 0) | (np.abs(100 * part / whole - saved) <= 0.005 + 1e-9)
        return [self.places[index] for index in np.flatnonzero(~holds)]


def _arrays(places: list[Place]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row for row, _ in places], dtype=int), np.array([column for _, column in places], dtype=int)


def _pick(grid: np.ndarray, coordinates: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    rows, columns = grid.shape
    return grid[np.minimum(coordinates[0], rows - 1), np.minimum(coordinates[1], columns - 1)]


def recalculate(
    formulas: Formulas, numbers: Mapping[Place, float], others: Mapping[Place, float], doubtful: Iterable[Place]
) -> dict[Place, Recalculation]:
    """Return the results of formulas that have no value, or were saved with another one, by place.

    ``numbers`` are the saved values, of formulas too; ``others`` the cells that hold none, as ``TEXT`` or ``ERROR``. Where
    none of the ``doubtful`` gives another value than it was saved with, no formula does. Formulas that rest on formulas
    rest on what those give.
    """
    quick = {place: formula for place in doubtful if (formula := _parse(formulas[place], float)[0])}
    if all(_holds(formula, place, numbers, others) for place, formula in quick.items()):
        return {}
    if sum(_parse(text, Fraction)[1] for text in formulas.values()) > MOST_CELLS:
        return {}
    return _work_out(formulas, numbers, others)


def _terms(text: str) -> list[tuple[int, Place]]:
    """Return the cells that a formula adds (+1) and subtracts (-1); none where it does anything else."""
    terms: list[tuple[int, Place]] = []
    position = 1
    while position < len(text):
        match = _TERM.match(text, position)
        if not match or (position > 1 and not match["sign"]):
            return []
        try:
            places = _places(match["range"]) if match["range"] else [_place(match["cell"])]
        except UnsupportedFormula:
            return []
        terms += [(-1 if match["sign"] == "-" else 1, place) for place in places]
        position = match.end()
    return terms if len(text) <= LONGEST else []


def _holds(formula: Formula, place: Place, numbers: Mapping[Place, float], others: Mapping[Place, float]) -> bool:
    """Tell whether a formula gives what was saved, as far as doubles can tell; one that gives no number says nothing."""

    def value(cell: Place) -> float:
        number = numbers.get(cell)
        return number if number is not None else others.get(cell, 0.0)

    try:
        result = formula(value)
    except (ArithmeticError, UnsupportedFormula, RecursionError):
        return True
    saved = numbers.get(place)
    return not math.isfinite(result) or (saved is not None and abs(result - saved) <= 1e-6 + 1e-13 * abs(saved))


def _work_out(
    formulas: Mapping[Place, str], numbers: Mapping[Place, float], others: Mapping[Place, float]
) -> dict[Place, Recalculation]:
    """Compute every formula exactly, after those that it rests on."""
    values: dict[Place, Number] = {}
    depth = 0

    def value(cell: Place) -> Number:
        nonlocal depth
        if cell in values:
            return values[cell]
        formula, _ = _parse(formulas[cell], Fraction) if cell in formulas and depth < DEEPEST else (None, 0)
        if formula is None:
            number = numbers.get(cell)
            return others.get(cell, Fraction(0)) if number is None else Fraction(repr(number))
        values[cell] = ERROR  # while it is worked out: a formula that rests on itself gives nothing
        depth += 1
        try:
            values[cell] = formula(value)
        except (ArithmeticError, UnsupportedFormula, RecursionError):
            values[cell] = ERROR
        depth -= 1
        return values[cell]

    results = {place: value(place) for place in formulas if _parse(formulas[place], Fraction)[0]}
    return {
        place: Recalculation(formulas[place], Decimal(round(result * 10**6)).scaleb(-6))
        for place, result in results.items()
        if isinstance(result, Fraction) and abs(result) < LARGEST and not _shows(numbers.get(place), result)
    }


def _shows(saved: float | None, result: Fraction) -> bool:
    """Tell whether a saved value is the result, or the result rounded to the places that it has."""
    if saved is None:
        return False
    saved_decimal = Decimal(repr(saved))
    gap = abs(Fraction(saved_decimal) - result)
    places = -int(saved_decimal.as_tuple().exponent) if saved % 1 else 0
    is_rounded = 0 < places < 6 and gap <= Fraction(1, 2 * 10**places)
    return is_rounded or gap <= Fraction(1, 10**6) + abs(result) / 10**13


@lru_cache(maxsize=50_000)
def _parse(text: str, number: type) -> tuple[Formula | None, int]:
    """Return a formula as a function of the values of cells, and how many it reads; None of one that is not plain."""
    if len(text) > LONGEST:
        return None, 0
    from openpyxl.formula.tokenizer import Tokenizer, TokenizerError  # slow to import; not every sheet has formulas

    try:
        reader = _Reader([token for token in Tokenizer(text).items if token.type != "WHITE-SPACE"], number)
        return reader.whole(), reader.cells
    except (UnsupportedFormula, TokenizerError, IndexError, ValueError, RecursionError):
        return None, 0


class _Reader:
    """Parses the tokens of one formula by the precedence of its operators."""

    def __init__(self, tokens: list, number: type) -> None:
        self.tokens, self.number, self.position, self.cells = tokens, number, 0, 0

    def whole(self) -> Formula:
        formula = self.expression(0)
        if self.position != len(self.tokens):
            raise UnsupportedFormula
        return formula

    def expression(self, binding: int) -> Formula:
        left = self.operand()
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.type == "OPERATOR-POSTFIX":
                self.position += 1
                left = _operation("/", left, _constant(self.number(100)))
                continue
            if token.type != "OPERATOR-INFIX":
                break
            if token.value not in _BINDING:
                raise UnsupportedFormula
            if _BINDING[token.value] <= binding:
                break
            self.position += 1
            left = _operation(token.value, left, self.expression(_BINDING[token.value]))
        return left

    def operand(self) -> Formula:
        token = self.tokens[self.position]
        self.position += 1
        if token.type == "OPERATOR-PREFIX":
            operand = self.expression(3)
            return operand if token.value == "+" else lambda value: -operand(value)
        if token.type == "PAREN" and token.subtype == "OPEN":
            inner = self.expression(0)
            self.close()
            return inner
        if token.type == "FUNC" and token.subtype == "OPEN":
            return self.sum() if token.value.upper() == "SUM(" else self.function(token.value.upper())
        if token.type == "OPERAND" and token.subtype == "NUMBER":
            return _constant(self.number(token.value))
        if token.type == "OPERAND" and token.subtype == "TEXT":
            return _constant(TEXT)
        if token.type == "OPERAND" and token.subtype == "RANGE":
            self.cells += 1
            return _cell(_place(token.value))
        raise UnsupportedFormula

    def function(self, name: str) -> Formula:
        arguments = [self.expression(0)]
        while self.tokens[self.position].type == "SEP":
            self.position += 1
            arguments.append(self.expression(0))
        self.close()
        if name == "ROUND(" and len(arguments) == 2:
            return lambda value: _round(arguments[0](value), arguments[1](value))
        if name == "IF(" and len(arguments) == 3:
            condition, true_branch, false_branch = arguments
            return lambda value: (true_branch if condition(value) else false_branch)(value)
        raise UnsupportedFormula

    def sum(self) -> Formula:
        cells: list[Place] = []
        terms: list[Formula] = []
        while True:
            token, next_token = self.tokens[self.position], self.tokens[self.position + 1]
            if token.type == "OPERAND" and token.subtype == "RANGE" and next_token.type in ("SEP", "FUNC"):
                cells += _places(token.value)
                self.position += 1
            else:
                terms.append(self.expression(0))
            if self.tokens[self.position].type != "SEP":
                break
            self.position += 1
        self.close()
        self.cells += len(cells)
        zero = self.number(0)

        def total(value: Values) -> Number:
            numbers = [number for cell in cells if (number := value(cell)) == number]  # NaN, a text, is passed over
            return sum(numbers, zero) + sum((term(value) for term in terms), zero)

        return total

    def close(self) -> None:
        if self.tokens[self.position].subtype != "CLOSE":
            raise UnsupportedFormula
        self.position += 1


def _constant(number: Number) -> Formula:
    return lambda value: number


def _cell(place: Place) -> Formula:
    return lambda value: value(place)


def _operation(sign: str, left: Formula, right: Formula) -> Formula:
    operation = _OPERATIONS[sign]
    return lambda value: operation(left(value), right(value))


def _round(number: Number, places: Number) -> Number:
    """Round half away from zero, as spreadsheets do."""
    if not math.isfinite(number) or not 0 <= places <= 9:
        raise UnsupportedFormula
    power = 10 ** int(places)
    if isinstance(number, float):
        size: Number = math.floor(abs(number) * power + 0.5 + 1e-9) / power
    else:
        size = Fraction(math.floor(abs(number) * power + Fraction(1, 2)), power)
    return size if number >= 0 else -size


@lru_cache(maxsize=50_000)
def _place(reference: str) -> Place:
    match = _CELL.fullmatch(reference)
    if not match:
        raise UnsupportedFormula
    return int(match[2]) - 1, column_number(match[1])


def _places(reference: str) -> list[Place]:
    first, _, last = reference.partition(":")
    corners = _place(first), _place(last or first)
    (top, bottom), (left, right) = (sorted(numbers) for numbers in zip(*corners, strict=True))
    if (bottom - top + 1) * (right - left + 1) > LARGEST_RANGE:
        raise UnsupportedFormula
    return [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
