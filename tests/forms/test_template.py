"""The template computes what it can, shows what it is given, and is the same file every time."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
import python_calamine
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet
from typer.testing import CliRunner

from expectations.direct_validation import validate_directly
from pipeline.calendar.periods import Period
from pipeline.check import check_file
from pipeline.cli.main import app
from pipeline.forms import Form, forms
from pipeline.forms.formulas import Figure, percent, recalculate
from pipeline.forms.template import ReportHeader, address, write_workbook
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.judged.previous_figures import previous_figures
from pipeline.storage import commit_folder
from pipeline.vocabulary import Scope, Verdict
from tests.support import office
from tests.support.sheets import Returns, read

HEADER = ReportHeader(
    unit_name="Chi cục THADS huyện Gò Quao",
    unit_key="kien-giang.go-quao",
    parent_name="Cục THADS Kiên Giang",
    scope=Scope.OFFICE,
    period_start=date(2022, 10, 1),
    period_end=date(2023, 6, 30),
    signer="Nguyễn Văn An",
)
FORMS = forms().in_force(date(2023, 6, 30))


def figures_of(form: Form) -> list[list[Figure]]:
    """Figures for the input cells, everything else worked out."""
    inputs: list[list[Figure]] = [
        [1 + (7 * r + 3 * c) % 11 for c in range(len(form.columns))] for r in range(len(form.rows))
    ]
    return recalculate(form, inputs)


def shown(path: Path, sheet: str) -> list[list]:
    """What a program without Excel sees."""
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def opened(path: Path, sheet: str) -> Worksheet:
    return openpyxl.load_workbook(path)[sheet]


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "blank.xlsx"
    write_workbook(path, HEADER, list(FORMS.values()))
    return path


@pytest.mark.parametrize("code", FORMS)
def test_blank_form_computes_but_shows_no_figure(blank: Path, code: str) -> None:
    form, sheet = FORMS[code], opened(blank, code)
    first = sheet[address(form, form.rows[0].code, form.columns[0].code)]
    lines = shown(blank, code)[first.row - 1 :][: len(form.rows)]
    assert {value for line in lines for value in line[first.column - 1 :]} == {""}
    for row in form.rows:
        for column in form.columns:
            is_sum = any(rollup.total == row.code for rollup in form.rollups) and not column.is_name
            is_computed = bool(column.equals or column.ratio or is_sum)
            written = sheet[address(form, row.code, column.code)].value
            assert (isinstance(written, str) and written.startswith("=")) == is_computed


@pytest.mark.parametrize("code", FORMS)
def test_only_input_cells_are_open_and_validated(blank: Path, code: str) -> None:
    form, sheet = FORMS[code], opened(blank, code)
    assert sheet.protection.sheet
    validated = [(rule, MultiCellRange(rule.sqref)) for rule in sheet.data_validations.dataValidation]
    for row in form.rows:
        for column in form.columns:
            cell = sheet[address(form, row.code, column.code)]
            may_be_broken = forms().units[form.unit_of(row.code, column.code)].base in ("vnd", "percent")
            rules = [rule for rule, ranges in validated if cell.coordinate in ranges]
            kinds = {"whole" if "=INT(" in rule.formula1 else "decimal" for rule in rules}
            assert {rule.type for rule in rules} <= {"custom"}
            if cell.value is None:
                assert not cell.protection.locked
                assert kinds == (set() if column.is_name else {"decimal" if may_be_broken else "whole"})
            else:
                assert cell.protection.locked
                assert not kinds


@pytest.mark.parametrize("code", FORMS)
def test_header_labels_stand_left_of_their_values(blank: Path, code: str) -> None:
    form, fields, lines = FORMS[code], forms().header, shown(blank, code)
    beside = {label: value for line in lines for label, value in pairwise(line) if isinstance(label, str)}
    unit = forms().units[form.unit].vi
    assert beside[fields["form_number"]["vi"]] == form.number
    assert beside[fields["unit"]["vi"]] == "Chi cục THADS huyện Gò Quao"
    assert beside[fields["unit_code"]["vi"]] == "kien-giang.go-quao"
    assert beside[fields["parent"]["vi"]] == "Cục THADS Kiên Giang"
    assert beside[fields["scope"]["vi"]] == "Chi cục"
    assert beside[fields["period"]["vi"]] == "09 tháng năm 2023"
    assert beside[fields["period_start"]["vi"]] == date(2022, 10, 1)
    assert beside[fields["period_end"]["vi"]] == date(2023, 6, 30)
    assert beside[fields["measure_unit"]["vi"]].lower() == unit.lower()
    assert beside[fields["revision"]["vi"]] == 1
    assert beside[fields["signer"]["vi"]] == "Nguyễn Văn An"


@pytest.mark.parametrize("code", FORMS)
def test_codes_stand_over_every_column_and_beside_every_row(blank: Path, code: str) -> None:
    form, sheet = FORMS[code], opened(blank, code)
    for row in form.rows:
        for column in form.columns:
            cell = sheet[address(form, row.code, column.code)]
            above = {sheet.cell(at, cell.column).value for at in range(1, cell.row)}
            assert column.code in above
            assert column.vi in above
            beside = {sheet.cell(cell.row, at).value for at in range(1, 4)}
            assert {row.code, row.vi} <= beside


@pytest.mark.parametrize("code", FORMS)
def test_filled_form_shows_the_figures_and_keeps_its_formulas(tmp_path: Path, code: str) -> None:
    form, figures = FORMS[code], figures_of(FORMS[code])
    write_workbook(tmp_path / "filled.xlsx", HEADER, [form], {code: figures})
    sheet, lines = opened(tmp_path / "filled.xlsx", code), shown(tmp_path / "filled.xlsx", code)
    for row, line in zip(form.rows, figures, strict=True):
        for column, figure in zip(form.columns, line, strict=True):
            cell = sheet[address(form, row.code, column.code)]
            seen = lines[cell.row - 1][cell.column - 1]
            assert seen == ("" if figure is None else float(figure))  # type: ignore[arg-type]
            if column.equals:
                assert str(cell.value).startswith("=")


def test_figure_that_contradicts_its_formula_is_typed_over_it(tmp_path: Path) -> None:
    form, figures = FORMS["12"], figures_of(FORMS["12"])
    at = list(form.column).index("still_followed")
    figures[0][at] = 4711
    write_workbook(tmp_path / "typed.xlsx", HEADER, [form], {"12": figures})
    assert opened(tmp_path / "typed.xlsx", "12")[address(form, "all", "still_followed")].value == 4711


def test_figure_that_is_not_given_stays_blank_over_its_formula(tmp_path: Path) -> None:
    form, figures = FORMS["12"], figures_of(FORMS["12"])
    figures[0][list(form.column).index("still_followed")] = None
    write_workbook(tmp_path / "gap.xlsx", HEADER, [form], {"12": figures})
    assert opened(tmp_path / "gap.xlsx", "12")[address(form, "all", "still_followed")].value is None


@pytest.mark.parametrize("word", ["-", "x", "12O5"])
def test_text_in_an_input_adds_nothing_to_a_sum_as_in_a_spreadsheet(word: str) -> None:
    form = FORMS["01"]
    at = list(form.column).index
    typed: list[list[Figure]] = [[3 for _ in form.columns] for _ in form.rows]
    civil = list(form.row).index("civil.on_request")
    typed[civil][at("newly_accepted")] = word
    worked = recalculate(form, typed)[civil]
    assert (worked[at("newly_accepted")], worked[at("accepted_total")]) == (word, 3)
    assert worked[at("due")] == 3 - 3 - 3


def test_text_and_excel_errors_are_written_as_they_stand(tmp_path: Path) -> None:
    form, figures = FORMS["09"], [["12O5", "#REF!"], [1, 1]]
    write_workbook(tmp_path / "odd.xlsx", HEADER, [form], {"09": figures})
    values = openpyxl.load_workbook(tmp_path / "odd.xlsx", data_only=True)["09"]
    assert values[address(form, "total", "visits")].value == "12O5"
    assert values[address(form, "total", "people")].value == "#REF!"
    assert values[address(form, "total", "people")].data_type == "e"


def test_same_report_is_the_same_file(tmp_path: Path) -> None:
    figures = {code: figures_of(form) for code, form in FORMS.items()}
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, HEADER, list(FORMS.values()), figures, is_simulated=True)
    first, second = (hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.xlsx", "b.xlsx"))
    assert first == second


def test_simulated_figures_say_so_on_every_sheet(tmp_path: Path, blank: Path) -> None:
    write_workbook(tmp_path / "s.xlsx", HEADER, list(FORMS.values()), is_simulated=True)
    banner = "SỐ LIỆU MÔ PHỎNG - SIMULATED FIGURES"
    assert all(shown(tmp_path / "s.xlsx", code)[0][0] == banner for code in FORMS)
    assert not any(banner in line for code in FORMS for line in shown(blank, code))


def test_moved_table_says_the_same(tmp_path: Path, blank: Path) -> None:
    write_workbook(tmp_path / "moved.xlsx", HEADER, [FORMS["09"]], origin=(2, 3))
    moved = [line[3:] for line in shown(tmp_path / "moved.xlsx", "09")[2:]]
    assert moved == shown(blank, "09")


def test_workbook_without_period_leaves_it_to_the_office(tmp_path: Path) -> None:
    write_workbook(tmp_path / "open.xlsx", replace(HEADER, period_start=None, period_end=None), [FORMS["09"]])
    line = next(line for line in shown(tmp_path / "open.xlsx", "09") if "Kỳ báo cáo" in line)
    assert [text for text in line if text] == ["Kỳ báo cáo", "Từ ngày", "Đến ngày"]


def test_last_period_is_shown_as_comments(tmp_path: Path) -> None:
    form = FORMS["09"]
    write_workbook(tmp_path / "p.xlsx", HEADER, [form], previous={"09": [[1234, 5], [None, 2]]})
    sheet = opened(tmp_path / "p.xlsx", "09")
    assert "1.234" in sheet[address(form, "total", "visits")].comment.text
    assert sheet[address(form, "leaders", "visits")].comment is None


@pytest.mark.parametrize(
    ("part", "whole", "printed"), [(1, 8, "12.50"), (5, 10_000, "0.05"), (12345, 100_000, "12.35"), (3, 0, None)]
)
def test_rates_are_rounded_half_away_from_zero(part: int, whole: int, printed: str | None) -> None:
    assert percent(part, whole) == (None if printed is None else Decimal(printed))


# --- every form of every circular, and the last report beside it


@pytest.mark.parametrize("form", forms().all, ids=lambda form: f"{form.regime.folder}-{form.code}")
def test_a_filled_template_of_every_circular_is_read_back_without_a_remark(form: Form, tmp_path: Path) -> None:
    if not form.fact:
        pytest.skip("known from published figures only")
    end = min(form.regime.valid_to, date(2025, 7, 1)) - timedelta(days=40)
    period = Period.ending_in(end.year, end.month)
    header = replace(HEADER, period_start=period.start, period_end=period.end)
    matrix = figures_of(form)
    write_workbook(tmp_path / "f.xlsx", header, [form], {form.code: matrix})
    assert opened(tmp_path / "f.xlsx", form.code).protection.sheet
    reading = read(tmp_path / "f.xlsx", received_at=datetime(2025, 8, 1))
    assert reading.remarks.rows() == []
    (submission,) = reading.submissions.to_dicts()
    assert (submission["unit_key"], submission["period_id"], submission["regime"]) == (
        HEADER.unit_key,
        period.id,
        form.regime.name,
    )
    factor = {code: unit.factor for code, unit in forms().units.items()}
    seen = {
        (c["row_code"], c["column_code"]): c["value"] / factor[c["unit"]]
        for c in reading.cells.to_dicts()
        if c["value"] is not None
    }
    told = {
        (row, column.code): Decimal(str(figure))
        for row, line in zip(form.row, matrix, strict=True)
        for column, figure in zip(form.columns, line, strict=True)
        if figure is not None and not column.is_name
    }
    assert seen == told


@pytest.fixture
def reported(tmp_path: Path) -> Home:
    """A home in which Gò Quao reported May 2023 and, wrongly, June, and the annual report of 2022."""
    home, drawn = Home(tmp_path / "home"), Returns()
    for name, period, people in (("year", "2022-12", 50), ("may", "2023-08", 40), ("june", "2023-09", 3)):
        figures = {("09", "total"): {"visits": 30, "people": people}, ("02", "total.total"): {"opening": 1234}}
        drawn.add(name, figures, period=period)
    frames = dict(zip(("submissions", "cells", "remarks"), drawn.frames(), strict=True))
    commit_folder(home, home.cells / "000001", frames, fingerprint="1")
    judge_changed(home, validator=validate_directly)
    return home


@pytest.mark.parametrize(
    ("period", "before", "people"),
    [("2023-09", "2023-08", 40), ("2023-11", "2023-08", 40), ("2023-01", "2022-12", 50), ("2022-03", None, None)],
    ids=["the month before", "the last accepted one", "last year's annual report", "none"],
)
def test_the_template_of_a_period_shows_the_last_accepted_report(reported, tmp_path, period, before, people) -> None:
    wanted = {code: FORMS[code] for code in ("02", "09")}
    found, previous = previous_figures(reported, "kien-giang.go-quao", Scope.OFFICE, Period.parse(period), wanted)
    assert (found and found.id) == before
    if before:
        assert previous["09"][0] == [30, people]
        assert previous["02"][0][1] == 1234  # in thousand đồng, as the form prints it
    else:
        assert previous == {}


def test_the_command_tells_which_report_it_shows(reported, tmp_path) -> None:
    out = tmp_path / "mau.xlsx"
    words = ["template", "09", "--unit", "Gò Quao", "--period", "2023-09", "-o", str(out), "--home", str(reported.root)]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert "8 tháng năm 2023" in told.output
    assert "40" in opened(out, "09")[address(FORMS["09"], "total", "people")].comment.text
    assert opened(out, "09")[address(FORMS["09"], "total", "people")].value is None


# --- as LibreOffice works it out: it obeys protection, knows the validations and recalculates


def inputs_of(form: Form, sheet: Worksheet) -> list[tuple[str, str, str]]:
    """The cells in which the office writes figures: row, column, address."""
    return [
        (row, column, address(form, row, column))
        for row in form.row
        for column in form.column
        if form.unit_of(row, column) != "unit_name" and not sheet[address(form, row, column)].protection.locked
    ]


@pytest.mark.slow
def test_what_a_clerk_fills_in_is_worked_out_by_libreoffice_and_read_clean(blank: Path, tmp_path: Path) -> None:
    told: dict[tuple[str, str, str], Decimal] = {}
    acts: list[tuple] = []
    for code, form in FORMS.items():
        matrix = figures_of(form)
        typed = {at: matrix[list(form.row).index(row)][list(form.column).index(column)]
                 for row, column, at in inputs_of(form, opened(blank, code))}  # fmt: skip
        acts += [("type", code, at, figure) for at, figure in typed.items()]
        for row, line in zip(form.row, matrix, strict=True):
            for column, figure in zip(form.columns, line, strict=True):
                if figure is not None and not column.is_name:
                    told[code, row, column.code] = Decimal(str(figure))
    assert all(office.use(blank, acts, save_as=tmp_path / "filled.xlsx"))
    reading = read(tmp_path / "filled.xlsx")
    assert reading.remarks.rows() == []
    factor = {code: unit.factor for code, unit in forms().units.items()}
    seen = {
        (c["form"], c["row_code"], c["column_code"]): c["value"] / factor[c["unit"]]
        for c in reading.cells.to_dicts()
        if c["value"] is not None
    }
    assert seen == told


@pytest.mark.slow
def test_a_dash_is_let_in_by_every_input_cell_and_breaks_no_formula(blank: Path, tmp_path: Path) -> None:
    """Nothing came about but one administrative judgment that is followed now."""
    one = {("12", "all", "newly_followed"): 1}
    acts: list[tuple] = []
    for code, form in FORMS.items():
        for row, column, at in inputs_of(form, opened(blank, code)):
            acts += [("allows", code, at, "-"), ("type", code, at, one.get((code, row, column), "-"))]
    formulas = [
        ("show", cell.parent.title, cell.coordinate)
        for sheet in openpyxl.load_workbook(blank)
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f"
    ]
    told = office.use(blank, acts + formulas, save_as=tmp_path / "nil.xlsx")
    assert all(told[: len(acts)])
    shown = dict(zip((act[1:] for act in formulas), told[len(acts) :], strict=True))
    assert len(shown) > 500
    assert not [at for at, value in shown.items() if str(value).startswith("error")]
    assert shown["12", address(FORMS["12"], "all", "still_followed")] == 1
    assert shown["01", address(FORMS["01"], "total.total", "due")] == 0
    assert shown["01", address(FORMS["01"], "total.total", "completion_rate")] == "", "no rate of nothing"
    checked = check_file(tmp_path / "nil.xlsx", Home(tmp_path / "home"))
    assert checked.findings.rows() == []
    assert checked.verdict == Verdict.ACCEPTED


@pytest.mark.slow
def test_input_cells_take_what_the_reader_takes_and_nothing_else(blank: Path) -> None:
    form = FORMS["02"]
    amount, count = (
        ("02", address(form, "civil.ex_officio", "newly_accepted")),
        ("01", address(FORMS["01"], "civil.ex_officio", "newly_accepted")),
    )
    wanted = [
        *((*count, value, True) for value in ("-", "x", "X", 0, 12056)),
        *((*count, value, False) for value in (-1, 0.5, "12O5", "khong", "--")),
        *((*amount, value, True) for value in ("-", "x", 0, 0.5, 1165081049)),
        *((*amount, value, False) for value in (-0.5, "1 tỷ")),
    ]
    told = office.use(blank, [("allows", *asked) for *asked, _ in wanted])
    assert [(*asked, yes) for (*asked, _), yes in zip(wanted, told, strict=True)] == wanted


@pytest.mark.slow
def test_computed_cells_are_closed_and_input_cells_open_to_a_program_that_obeys(blank: Path) -> None:
    form = FORMS["01"]
    closed, is_open = address(form, "total.total", "due"), address(form, "civil.ex_officio", "newly_accepted")
    assert office.use(blank, [("type", "01", closed, 7), ("type", "01", is_open, 7)]) == [False, True]
