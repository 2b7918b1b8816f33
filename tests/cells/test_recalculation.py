"""Claims about formulas worked out anew: what was not recalculated is told with what it gives, and nothing else is."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tables
from pipeline.cells.recalculation import ERROR, TEXT, Formulas, _parse, recalculate
from pipeline.cells.workbook import read_workbook
from pipeline.text.address import address
from tests.support.workbook_parts import MAIN, package

FIGURES = {(0, 0): 5.0, (0, 1): 7.0, (1, 0): 2.5, (1, 1): 0.0}  # A1, B1, A2, B2


def stale(path: Path) -> dict[str, str]:
    """Return address -> what the formula gives, of the formulas of the first sheet that were not recalculated."""
    cells = read_workbook(path).sheets[0].cells
    return {
        address(cells.row[at], cells.column[at]): f"{found.value.normalize():f}"
        for at, found in cells.recalculations.items()
    }


def gives(text: str, others: dict | None = None) -> Decimal | None:
    """Return what a formula in C1 gives that has no value."""
    formulas = Formulas({(0, 2): text})
    found = recalculate(formulas, FIGURES, others or {}, formulas)
    return found[0, 2].value if found else None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("=A1+B1", "12"),
        ("=A1-B1*A2", "-12.5"),
        ("=(A1-B1)*A2", "-5"),
        ("=-A1+B1", "2"),
        ("=-(A1+B1)", "-12"),
        ("=+A1-+B1", "-2"),
        ("=A1-B1-A2", "-4.5"),
        ("=A1/B1/A2", "0.285714"),
        ("=B1*10%", "0.7"),
        ("=SUM(A1:B2)", "14.5"),
        ("=SUM(B2:A1)", "14.5"),
        ("=SUM(A1,B1,2*A2)", "17"),
        ("=sum($A$1:a2)+1e2", "107.5"),
        ("=SUM(Z90:Z99)", "0"),
        ('=IF(A1=0,"",ROUND(100*B1/A1,2))', "140"),
        ("=IF(A1>=5,1,2)", "1"),
        ("=ROUND(B1/A1/8,2)", "0.18"),  # 0.175, half away from zero
        ("=ROUND(-B1/A1/8,2)", "-0.18"),
    ],
)
def test_plain_arithmetic_is_worked_out_exactly(text, result):
    assert gives(text) == Decimal(result)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "=VLOOKUP(A1,B1:C9,2)",
            "=Sheet2!A1+1",
            "=[1]Other!A1",
            "=A1&B1",
            "=A1^2",
            "=NOW()",
            "=INDIRECT(A1)",
            "=TONG+1",
        ),
        *("=A1/B2", "=A1+", "=(A1", "=SUM(A:A)", "=SUM(A1:XFD1048576)", "=A1:B2", '=CALL("x")', "=1+" * 400 + "1", "="),
        '=IF(B2=0,"",A1)',
        "=" + "(" * 600 + "1" + ")" * 600,
        "=WEBSERVICE(A1)",
    ],
)
def test_nothing_else_is_evaluated(text):
    assert gives(text) is None


def test_text_spreads_but_for_a_sum_and_an_error_spreads_always():
    assert gives("=SUM(A1:B9)", {(5, 1): TEXT}) == Decimal("14.5")
    assert gives("=A1+B6", {(5, 1): TEXT}) is None
    assert gives("=SUM(A1:B9)", {(5, 1): ERROR}) is None


numbers = st.fractions(-(10**6), 10**6, max_denominator=100)


@st.composite
def expressions(draw, depth: int = 4) -> tuple[str, Fraction]:
    """Draw the text of a formula, every operation in brackets, and its value in exact fractions."""
    if depth == 0 or draw(st.booleans()):
        place = draw(st.sampled_from(sorted(FIGURES)))
        return address(*place), Fraction(FIGURES[place])
    (left, one), (right, other) = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    sign = draw(st.sampled_from("+-*/"))
    if sign == "/" and other == 0:
        sign = "+"
    return f"({left} {sign} {right})", {"+": one + other, "-": one - other, "*": one * other}.get(sign) or (
        one / other if sign == "/" else Fraction(0)
    )


@settings(max_examples=200, deadline=None)
@given(expressions())
def test_any_arithmetic_is_what_exact_fractions_make_of_it(expression):
    text, value = expression
    formula, _ = _parse(f"={text}", Fraction)
    assert formula(lambda place: Fraction(FIGURES[place])) == value


def written(path: Path, cells: dict[str, float | str | tuple[str, float]]) -> Path:
    """Write figures, and formulas as (text, saved value)."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for at, cell in cells.items():
            if isinstance(cell, tuple):
                sheet.write_formula(at, cell[0], None, cell[1])
            else:
                sheet.write(at, cell)
    return path


def test_an_input_typed_anew_makes_all_that_rests_on_it_stale(tmp_path):
    cells = {"A1": 116, "B1": 298, "C1": ("=A1+B1", 314), "D1": ("=C1-6", 308), "E1": ("=SUM(A1:A1)", 116)}
    assert stale(written(tmp_path / "a.xlsx", cells)) == {"C1": "414", "D1": "408"}


def test_what_was_recalculated_is_not_told(tmp_path):
    rate = '=IF(A1=0,"",ROUND(100*B1/A1,2))'
    cells = {
        "A1": 298,
        "B1": 116,
        "C1": ("=A1+B1", 414),
        "D1": (rate, 38.93),
        "E1": ("=B1/A1", 0.389261744966443),  # as many digits as the program keeps
        "F1": ("=100*B1/A1", 38.93),  # with the precision that is shown
        "G1": ("=SUM(A1:C1)", 828),
        "H1": ("=0.1+0.2", 0.30000000000000004),
        "I1": ('=IF(Z1=0,"",ROUND(100*A1/Z1,2))', ""),
    }
    assert stale(written(tmp_path / "a.xlsx", cells)) == {}


@pytest.mark.parametrize("saved", [38.92, 389.3, 0])
def test_a_rate_that_was_not_recalculated_is_told(saved, tmp_path):
    cells = {"A1": 298, "B1": 116, "D1": ('=IF(A1=0,"",ROUND(100*B1/A1,2))', saved)}
    assert stale(written(tmp_path / "a.xlsx", cells)) == {"D1": "38.93"}


def test_one_off_in_a_trillion_is_told(tmp_path):
    cells = {"A1": 616_341_200_803, "B1": 1, "C1": ("=A1+B1", 616_341_200_803)}
    assert stale(written(tmp_path / "a.xlsx", cells)) == {"C1": "616341200804"}


def test_a_nil_among_the_parts_changes_nothing(tmp_path):
    cells = {"A1": 5, "A2": "-", "A3": ("=SUM(A1:A2)", 5), "A4": ("=A1+A2", 7), "A5": ("=SUM(A1:A2)", 6)}
    assert stale(written(tmp_path / "a.xlsx", cells)) == {"A5": "5"}


def test_a_formula_that_rests_on_itself_gives_nothing(tmp_path):
    assert stale(written(tmp_path / "a.xlsx", {"A1": ("=B1+1", 1), "B1": ("=A1+1", 1)})) == {}


def test_formulas_that_were_never_calculated_are_worked_out_in_whatever_order_they_stand(tmp_path):
    rows = (
        '<row r="1"><c r="A1"><f>B1+C1</f></c><c r="B1"><f>SUM(C1:D1)</f></c><c r="C1"><v>2</v></c><c r="D1"><v>3</v></c>'
        '<c r="E1"><f>VLOOKUP(A1,A1:B2,2)</f></c><c r="F1"><f>E1+1</f></c></row>'
    )
    assert stale(package(tmp_path / "a.xlsx", rows)) == {"A1": "7", "B1": "5"}


def test_shared_and_prefixed_formulas_are_known_and_those_of_arrays_are_not(tmp_path):
    rows = (
        '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1"><x:f t="shared" ref="B1:B2" si="0">A1+1</x:f><x:v>9</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2"><x:v>2</x:v></x:c><x:c r="B2"><x:f t="shared" si="0"/><x:v>3</x:v></x:c>'
        '<x:c r="C2"><x:f t="array" ref="C2">A2+1</x:f><x:v>8</x:v></x:c></x:row>'
    )
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    assert stale(package(tmp_path / "a.xlsx", "", sheet=sheet.encode())) == {"B1": "2"}


def test_a_long_chain_of_long_formulas_ends(tmp_path):
    cells = {f"A{row}": (f"=A{row + 1}" + "+1" * 400, 1) for row in range(1, 300)}
    assert set(stale(written(tmp_path / "a.xlsx", cells))) <= set(cells)


def test_a_sum_of_more_than_can_be_looked_at_is_left(tmp_path):
    cells = {f"{column}1": ("=SUM(A2:E900)", 7) for column in "GHIJKLMN"} | {"A2": 1}
    assert stale(written(tmp_path / "a.xlsx", cells)) == dict.fromkeys((f"{c}1" for c in "GHIJKLMN"), "1")
    far = {"A1": ("=SUM(A2:Z9000)", 7), "B1": ("=XFD1048576+A2", 7), "A2": 1}
    assert stale(written(tmp_path / "b.xlsx", far)) == {"B1": "1"}


@pytest.mark.parametrize("size", [1e15, 1e24, 1e60, 1.7e308])
def test_a_result_for_which_no_amount_has_room_is_left(size, tmp_path):
    cells = {"A1": size, "B1": -size, "C1": ("=A1*2", 7), "D1": ("=B1-1", 7), "E1": ("=A1+B1", 7), "F1": ("=A1/A1", 7)}
    path = written(tmp_path / "a.xlsx", cells)
    assert stale(path) == {"E1": "0", "F1": "1"}
    assert read_workbook(path).frame()["worked_out"].drop_nulls().to_list() == [0, 1]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_a_formula_gives_fits_an_amount_in_any_unit_or_is_left(first, second):
    formulas = Formulas({(2, 0): "=A1+A2", (2, 1): "=A1*A2", (2, 2): "=A1/A2"})
    for recalculation in recalculate(formulas, {(0, 0): first, (1, 0): second}, {}, formulas).values():
        in_thousand_millions = recalculation.value * 10**9
        assert pl.Series([in_thousand_millions], dtype=tables.AMOUNT)[0] == in_thousand_millions
