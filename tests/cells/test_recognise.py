"""Claims about finding forms on sheets: nothing but the words on the sheet says where a figure belongs."""

import re
import unicodedata
import zipfile
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cells.figure import typed_figure
from pipeline.cells.header import Field, read_period
from pipeline.forms import forms
from pipeline.forms.template import ReportHeader, write_workbook
from pipeline.home import Home
from pipeline.landing.receive import receive
from pipeline.text.day import parse_day
from pipeline.text.spelling import _pairs
from pipeline.vocabulary import Scope
from tests.support.sheets import (
    HEADER,
    LONG,
    RECEPTION,
    draw,
    drawn,
    figures,
    placed,
    read,
    read_lines,
    read_sheets,
    told,
)

FORMS = forms().in_force(date(2023, 6, 30))
SEEN = {"total/visits": 191, "total/people": 195, "leaders/visits": 135, "leaders/people": 139}

DISCIPLINE = """
    Biểu số         | KL
                    |           | Lãnh đạo | Chấp hành viên | Công chức khác | Tổng số người
    total           | Tổng số   | 1 | 1 | 0 | 2
    reprimand       |           | 1 | 0 | 0 | 1
    warning         |           | 0 | 1 | 0 | 1
    salary_cut      |           | 0 | 0 | 0 | 0
    demotion        |           | 0 | 0 | 0 | 0
    removal         |           | 0 | 0 | 0 | 0
    dismissal       |           | 0 | 0 | 0 | 0
"""


@pytest.fixture
def book(tmp_path):
    return tmp_path / "go-quao.xlsx"


# --- codes and labels


def test_labels_alone_suffice(book):
    read_form = read_sheets(book, RECEPTION)
    assert figures(read_form) == SEEN
    assert told(read_form) == set()


def test_codes_alone_suffice(book):
    read_form = read_sheets(
        book,
        """
        Biểu số | 09/TK-THA
                | visits | people
        total   | 191    | 195
        leaders | 135    | 139
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == set()


def test_a_form_without_number_and_title_is_known_by_its_columns(book):
    read_form = read_sheets(
        book,
        """
                               | Số lượt | Số người
        Tổng số tiếp           | 191     | 195
        Trong đó lãnh đạo tiếp | 135     | 139
        """,
    )
    assert figures(read_form) == SEEN


def test_a_shifted_table_is_read_at_its_true_addresses(book):
    read_form = read_sheets(
        book,
        """
        |
        | Báo cáo kèm theo công văn
        | | | Biểu số                |         |  | 09/TK-THA
        | | |                        | Số lượt |  | Số người
        | | | Tổng số tiếp           | 191     |  | 195
        | | | Trong đó lãnh đạo tiếp | 135     |  | 139
        """,
    )
    assert figures(read_form) == SEEN
    assert dict(read_form.cells.select("raw", "address").iter_rows()) == {
        "191": "E9",
        "195": "G9",
        "135": "E10",
        "139": "G10",
    }


def test_reordered_rows_and_columns_are_read_right(book):
    read_form = read_sheets(
        book,
        """
        Biểu số                |          | 09/TK-THA
                               | Số người | Số lượt
        Trong đó lãnh đạo tiếp | 139      | 135
        Tổng số tiếp           | 195      | 191
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == set()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_and_any_place_of_form_08_reads_the_same(tmp_path, data):
    form = FORMS["08"]
    columns, rows = (data.draw(st.permutations(list(lines))) for lines in (form.columns, form.rows))
    down, right = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 4))
    indent = "| " * right
    value = {(row, column): n for n, (row, column) in enumerate((r, c) for r in form.row for c in form.column)}
    lines = ["|"] * down + [f"{indent}Biểu số | {form.number}", f"{indent} | {' | '.join(c.vi for c in columns)}"]
    lines += [f"{indent}{row.vi} | {' | '.join(str(value[row.code, c.code]) for c in columns)}" for row in rows]
    read_form = read_sheets(tmp_path / "a.xlsx", "\n" + "\n".join(lines))
    assert figures(read_form) == {f"{row}/{column}": n for (row, column), n in value.items()}
    assert told(read_form) == set()


@pytest.mark.parametrize("code", FORMS)
def test_the_template_of_every_form_is_read_back_cell_by_cell(code, book):
    form = FORMS[code]
    matrix = [[100 * r + c + 1 for c in range(len(form.columns))] for r in range(len(form.rows))]
    header = ReportHeader("Gò Quao", "kien-giang.go-quao", "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
    write_workbook(book, header, [form], {code: matrix})
    read_form = read(book)
    assert told(read_form) == set()
    printed = {
        (row.code, column.code): Decimal(matrix[r][c]) * forms().units[form.unit_of(row.code, column.code)].factor
        for r, row in enumerate(form.rows)
        for c, column in enumerate(form.columns)
    }
    names = {column.code for column in form.columns if column.is_name}
    read_back = {(r, c): v for r, c, v in read_form.cells.select("row_code", "column_code", "value").iter_rows()}
    assert {place: value for place, value in read_back.items() if place[1] not in names} == {
        place: value for place, value in printed.items() if place[1] not in names
    }
    assert {value for place, value in read_back.items() if place[1] in names} <= {None}


def to_tcvn3(text: str) -> str:
    return text.translate({ord(meant): stored for stored, meant in _pairs("tcvn3").items() if len(meant) == 1})


@pytest.mark.parametrize(
    "written",
    [
        lambda text: unicodedata.normalize("NFD", text),
        str.upper,
        lambda text: unicodedata.normalize("NFD", text.upper()),
        lambda text: text.replace("đạo", "đạo ").replace("Số", " Số "),
        to_tcvn3,
    ],
    ids=["NFD", "upper case", "upper case NFD", "stray spaces", "TCVN3"],
)
def test_labels_are_found_in_every_spelling(written, book):
    assert figures(read_sheets(book, written(RECEPTION))) == SEEN


@pytest.mark.parametrize("label", ["Thu hồi, hủy quyết định", "Thu hồi, huỷ quyết định", "THU HỒI, HUỶ QUYẾT ĐỊNH"])
def test_both_tone_placements_name_one_column(label, book):
    form = FORMS["01"]
    heads = " | ".join(label if column.code == "revoked" else column.vi for column in form.columns)
    ones = " | ".join("1" for _ in form.columns)
    rows = "\n".join(f"{row.code} | {ones}" for row in form.rows)
    read_form = read_sheets(book, f"\nBiểu số | {form.number}\n | {heads}\n{rows}")
    assert figures(read_form)["civil.total/revoked"] == 1
    assert told(read_form) == set()


# --- sheets that are not the form


def test_a_table_that_calls_itself_form_01_but_is_another_agencys_is_refused_by_name(book):
    told_by = {
        "Án hình sự": """
            Biểu số | 01/TK-THA
            Tội danh | Số vụ khởi tố | Số bị can | Chuyển Viện kiểm sát
            Trộm cắp | 12            | 15        | 9
            """
    }
    (refused,) = read(draw(book, told_by)).submissions.to_dicts()
    assert not refused["is_readable"]
    assert refused["problem"] == "not_our_form"
    assert "Án hình sự" in refused["problem_vi"]
    assert "Án hình sự" in refused["problem_en"]


def test_another_forms_number_in_passing_does_not_hide_the_form(book):
    read_form = read_sheets(
        book,
        """
        STT |                        | Số lượt | Số người
        01  | Tổng số tiếp           | 191     | 195
        02  | Trong đó lãnh đạo tiếp | 135     | 139
        """,
    )
    assert figures(read_form) == SEEN


def test_an_unknown_sheet_with_figures_is_told_and_one_without_is_not(book):
    read_form = read_sheets(book, RECEPTION, Nháp="ghi chú | 5", Ghi="chỉ có chữ")
    assert {(r["code"], r["sheet"]) for r in read_form.remarks.to_dicts()} == {("unknown_sheet", "Nháp")}


def test_a_hidden_sheet_with_figures_is_told_and_not_read(book):
    read_form = read_sheets(book, RECEPTION, Ẩn=HEADER + RECEPTION.replace("191", "999"), hidden=["Ẩn"])
    assert figures(read_form) == SEEN
    assert {(r["code"], r["sheet"]) for r in read_form.remarks.to_dicts()} == {("hidden_sheet", "Ẩn")}


def test_a_form_that_stands_on_two_sheets_is_read_once_and_told(book):
    read_form = read_sheets(book, RECEPTION, RECEPTION.replace("191", "999"))
    assert figures(read_form) == SEEN
    assert [(r["code"], r["sheet"], r["form"]) for r in read_form.remarks.to_dicts()] == [
        ("duplicate_form", "Sheet2", "09")
    ]


BLANK_RECEPTION = re.sub(r"\b1[39][159]\b", "   ", RECEPTION)


@pytest.mark.parametrize(
    "sheets", [(BLANK_RECEPTION, RECEPTION), (RECEPTION, BLANK_RECEPTION)], ids=["before", "after"]
)
def test_a_blank_copy_beside_the_filled_sheet_is_told_and_the_filled_one_is_read(sheets, book):
    read_form = read_sheets(book, *sheets)
    assert figures(read_form) == SEEN
    blank = f"Sheet{1 + sheets.index(BLANK_RECEPTION)}"
    assert [(r["code"], r["sheet"], r["form"]) for r in read_form.remarks.to_dicts()] == [("blank_copy", blank, "09")]


def test_a_blank_copy_for_another_month_contradicts_nothing(book):
    other = HEADER.replace("2023-06-30", "2023-07-31")
    read_form = read(draw(book, {"Mẫu": other + BLANK_RECEPTION, "09": HEADER + RECEPTION}))
    assert placed(read_form) == ("kien-giang.go-quao", "2023-09")
    assert told(read_form) == {("blank_copy", None)}


def test_a_blank_copy_whose_sums_are_zero_is_blank_all_the_same(book):
    blank = re.sub(r"(\| [01] ){3}\| ([01])\n", r"| | | | 0\n", DISCIPLINE).replace(
        "| 1 | 1 | 0 | 2", "| 0 | 0 | 0 | 0"
    )
    read_form = read_sheets(book, blank, DISCIPLINE)
    assert figures(read_form)["total/leader"] == 1
    assert told(read_form) == {("blank_copy", None)}


# --- rows and columns


def test_a_row_that_stands_twice_is_told_at_its_cell(book):
    read_form = read_sheets(book, RECEPTION + "    Tổng số tiếp | 7 | 8\n")
    assert figures(read_form) == SEEN
    assert told(read_form) == {("duplicate_row", "A9")}


def test_a_column_that_stands_twice_is_told_at_its_cell(book):
    read_form = read_sheets(
        book,
        """
        Biểu số                |         | 09/TK-THA
                               | Số lượt | Số người | Số lượt
        Tổng số tiếp           | 191     | 195      | 7
        Trong đó lãnh đạo tiếp | 135     | 139      | 7
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == {("duplicate_column", "D6")}


def test_missing_rows_and_columns_are_told_by_code(book):
    read_form = read_sheets(book, DISCIPLINE.replace("    demotion", "    ").replace("Công chức khác", ""))
    missing = read_form.remarks.filter(pl.col("code").str.starts_with("missing"))
    assert set(missing.select("code", "row_code", "column_code").iter_rows()) == {
        ("missing_row", "demotion", None),
        ("missing_column", None, "other_staff"),
    }


@pytest.mark.parametrize("figure", ["5", "'1.005", "'(5)"])
def test_a_row_more_than_the_form_has_is_told_at_its_cell_and_the_form_is_read(figure, book):
    read_form = read_sheets(book, RECEPTION.replace("    Trong đó", f"    Tiếp tại nhà | {figure} | 6\n    Trong đó"))
    assert figures(read_form) == SEEN
    assert told(read_form) == {("extra_row", "B8")}
    assert "«Tiếp tại nhà»" in read_form.remarks["detail_vi"][0]


def test_figures_in_a_row_that_may_be_one_of_the_form_are_not_taken_for_a_row_more(book):
    lost = read_sheets(book, DISCIPLINE.replace("    demotion", "    hạ chức ").replace("0 | 1\n", "5 | 1\n"))
    assert ("unknown_row", "C11") in told(lost)
    assert ("missing_row", None) in told(lost)
    shifted = read_sheets(
        book,
        """
        Biểu số                |         | 09/TK-THA
                               | Số lượt | Số người
        Tổng số tiếp           |         |
        Trong đó lãnh đạo tiếp | 191     | 195
                               | 135     | 139
        """,
    )
    assert told(shifted) == {("unknown_row", "B9")}


def test_a_subtotal_beside_a_row_that_an_office_does_not_use_is_a_row_more(book):
    form = FORMS["04"]
    used = [row for row in form.rows if not row.is_open]
    ones = " | ".join("1" for _ in form.columns)
    lines = [f"{row.code} | {ones}" for row in used] + [f"Cộng phòng nghiệp vụ | {ones}", f"Người khác | {ones}"]
    read_form = read_sheets(book, f"\nBiểu số | {form.number}\n | {' | '.join(form.column)}\n" + "\n".join(lines))
    assert {code for code, _ in told(read_form)} == {"extra_row", "unknown_row"}
    by_code = dict(read_form.remarks.select("code", "detail_vi").iter_rows())
    assert "Cộng phòng nghiệp vụ" in by_code["extra_row"]
    assert "Người khác" in by_code["unknown_row"]


def test_a_column_more_than_the_form_has_is_told_by_its_head_and_the_form_is_read(book):
    read_form = read_sheets(
        book,
        """
        Biểu số                |         | 09/TK-THA
                               | Số lượt | Ghi chú riêng | Số người |
        Tổng số tiếp           | 191     | 7             | 195      |
        Trong đó lãnh đạo tiếp | 135     | 8             | 139      | 3
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == {("extra_column", "C7"), ("extra_column", "E8")}
    assert "«Ghi chú riêng»" in " ".join(read_form.remarks["detail_vi"])


def test_numbers_of_lines_and_of_columns_are_no_figures(book):
    read_form = read_sheets(
        book,
        """
        Biểu số |                        |    | 09/TK-THA
                | STT                    |    | Số lượt | Số người
                | A                      | B  | 1       | 2
                | Tổng số tiếp           | 1  | 191     | 195
                | Trong đó lãnh đạo tiếp | 2  | 135     | 139
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == set()


def test_a_label_that_contradicts_its_code_is_told_and_the_code_leads(book):
    read_form = read_sheets(
        book,
        """
        Biểu số |                        |         | 09/TK-THA
                |                        | Số lượt | Số người
                |                        | people  | visits
        total   | Tổng số tiếp           | 195     | 191
        leaders | Trong đó lãnh đạo tiếp | 139     | 135
        """,
    )
    assert figures(read_form) == SEEN
    assert told(read_form) == {("label_mismatch", "C6"), ("label_mismatch", "D6")}


# --- what stands in a cell


def test_blank_zero_nil_and_not_applicable_stay_different(book):
    read_form = read_sheets(
        book,
        """
        Biểu số                |         | 09/TK-THA
                               | Số lượt | Số người
        Tổng số tiếp           |         | 0
        Trong đó lãnh đạo tiếp | -       | x
        """,
    )
    cells = {f"{c['row_code']}/{c['column_code']}": (c["state"], c["value"]) for c in read_form.cells.to_dicts()}
    assert cells == {
        "total/visits": ("blank", None),
        "total/people": ("number", 0),
        "leaders/visits": ("nil", 0),
        "leaders/people": ("not_applicable", None),
    }
    assert told(read_form) == set()


def test_vietnamese_numerals_in_text_cells_are_read(book):
    read_form = read_sheets(book, RECEPTION.replace("191", "'1.191").replace("195", "1 195").replace("139", "'139"))
    assert figures(read_form) == SEEN | {"total/visits": 1191, "total/people": 1195}
    assert told(read_form) == set()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("#REF!", "excel_error"),
        ("=B1+B2", "formula_without_value"),
        ("1,191", "ambiguous_number"),
        ("19l", "not_a_number"),
        ("191 lượt", "not_a_number"),
        ("191%", "not_a_number"),
        ("2023-06-30", "not_a_number"),
        ("9e24", "not_a_number"),
        ("9e99", "not_a_number"),
        ("'999999999999999999999", "not_a_number"),
    ],
)
def test_what_is_no_figure_is_told_at_its_cell_and_stops_nothing(cell, code, book):
    read_form = read_sheets(book, RECEPTION.replace("191", cell))
    assert figures(read_form) == SEEN | {"total/visits": "illegible"}
    assert told(read_form) == {(code, "B7")}
    (remark,) = read_form.remarks.to_dicts()
    assert remark["detail_vi"].startswith("Ô B7")
    assert remark["detail_en"].startswith("Cell B7")
    assert remark["raw"]


def test_a_percentage_keeps_half_of_its_last_place(book):
    read_form = read_sheets(
        book,
        """
        Biểu số | TDNH
                | due | eligible | completed | completion_rate | share_of_due
        cases   | 10  | 8        | 5         | '62,5%          | 12.25
        money   | 10  | 8        | 5         | '62             | x
        """,
    )
    roundings = {(c["row_code"], c["column_code"]): c["rounding"] for c in read_form.cells.to_dicts()}
    assert roundings["cases", "completion_rate"] == Decimal("0.05")
    assert roundings["cases", "share_of_due"] == Decimal("0.005")
    assert roundings["money", "completion_rate"] == Decimal("0.5")
    assert roundings["money", "due"] == 0
    assert figures(read_form)["money/due"] == 10_000


@pytest.mark.parametrize(("cell", "shown"), [("TRUE", "TRUE"), ("FALSE", "FALSE"), ("2023-06-30", "30/06/2023")])
def test_what_is_no_number_is_quoted_as_it_is_shown(cell, shown, book):
    (remark,) = read_sheets(book, RECEPTION.replace("191", cell)).remarks.to_dicts()
    assert (remark["code"], remark["address"], remark["raw"]) == ("not_a_number", "B7", shown)
    assert f"«{shown}»" in remark["detail_vi"]


CREDIT = """
    Biểu số | TDNH
            | due | eligible | completed | completion_rate | share_of_due
    cases   | 10  | 8        | 5         | 62.5            | 12.25
    money   | 10  | 8        | 5         | 62.5            | x
"""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("cases   | 10  | 8        | 5         | #DIV/0!", "rate_in_error"),
        ("cases   | 10  | 8        | 5         | #REF!", "rate_in_error"),
        ("cases   | 10  | 0        | 0         | #DIV/0!", "rate_without_base"),
        ("cases   | 10  | -        | -         | #DIV/0!", "rate_without_base"),
        ("cases   | 10  | #REF!    | 5         | #DIV/0!", "excel_error"),
    ],
)
def test_an_error_in_a_rate_is_told_by_what_its_parts_say(line, code, book):
    as_drawn = "cases   | 10  | 8        | 5         | 62.5   "
    assert as_drawn in CREDIT
    read_form = read_sheets(book, CREDIT.replace(as_drawn, line))
    remark = next(r for r in read_form.remarks.to_dicts() if r["address"] == "E7")
    assert (remark["code"], figures(read_form)["cases/completion_rate"]) == (code, "illegible")
    if code == "rate_in_error":
        assert "62,5 %" in remark["detail_vi"]
        assert "D7" in remark["detail_vi"]


@pytest.mark.parametrize(
    ("cell", "value", "raw"),
    [
        ("0.7382%", "73.82", "73.82%"),
        ("0.8273999999999999%", "82.74", "82.74%"),
        ("0.0012345678%", "0.123457", "0.123457%"),
        ("1%", "100", "100%"),
        ("-0.0001%", "-0.01", "-0.01%"),
        ("0%", "0", "0%"),
    ],
)
def test_a_rate_in_per_cent_format_is_what_the_format_shows(cell, value, raw, book):
    read_form = read_sheets(book, CREDIT.replace("62.5   ", cell.ljust(7), 1))
    rate = read_form.cells.row(by_predicate=(pl.col("address") == "E7"), named=True)
    assert (rate["value"], rate["raw"]) == (Decimal(value), raw)
    assert rate["rounding"] == Decimal(5).scaleb(-min(5, len(value.partition(".")[2])) - 1)
    assert told(read_form) == set()


def test_a_count_in_per_cent_format_is_told_by_its_format(book):
    (remark,) = read_sheets(book, RECEPTION.replace("191", "2.98%")).remarks.to_dicts()
    assert (remark["code"], remark["address"], remark["raw"]) == ("not_a_number", "B7", "298%")
    assert "định dạng phần trăm" in remark["detail_vi"]


def exactly(number: float) -> Decimal:
    """Return what a double is by the rule: the shortest text of it, six places, half to even."""
    with localcontext() as context:
        context.prec = 60
        return Decimal(repr(number)).quantize(Decimal("0.000001"), ROUND_HALF_EVEN)


figure = st.one_of(
    st.integers(-(10**15), 10**15),
    st.integers(0, 10**9).map(lambda n: 10**15 - n),
    st.decimals(-(10**15), 10**15, places=6),
    st.decimals(-100, 100, places=9),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(figure, min_size=1, max_size=50))
def test_every_figure_up_to_ten_to_the_fifteenth_is_read_exactly(drawn_figures):
    numbers = [float(number) for number in drawn_figures]
    read_back = pl.DataFrame({"number": numbers}).select(typed_figure(pl.col("number")))["number"].to_list()
    assert read_back == list(map(exactly, numbers))
    assert all(
        value == number for value, number in zip(read_back, drawn_figures, strict=True) if isinstance(number, int)
    )


@pytest.mark.parametrize("number", [2**53 - 1, 2**53, 500_000_000_001, 1_053_804_513_926, 999_999_999_999_999])
def test_whole_numbers_of_national_size_come_out_of_a_workbook_as_they_went_in(number, book):
    assert read_sheets(book, RECEPTION.replace("191", str(number))).cells["value"].max() == number


def test_what_no_figure_can_be_is_none():
    numbers = [float("nan"), float("inf"), float("-inf"), 1e40, None]
    assert (
        pl.DataFrame({"n": numbers}, schema={"n": pl.Float64}).select(typed_figure(pl.col("n")))["n"].to_list()
        == [None] * 5
    )


# --- what was not recalculated


def test_a_total_that_was_not_recalculated_is_told_with_what_its_formula_gives(book):
    sheet = """
        Biểu số |       | TDNH
                | due   | eligible | completed   | completion_rate | share_of_due
        cases   | 10    | 8        | =B7-5 -> 4  | 62.5            | 12.25
        money   | 10    | 1234     | =B8+C8 -> 5 | 62.5            | =100*D8/B8 -> 2
    """
    read_form = read_sheets(book, sheet)
    assert figures(read_form)["cases/completed"] == 4
    assert told(read_form) == {("stale_formula", "D7"), ("stale_formula", "D8"), ("stale_formula", "F8")}
    remarks = {remark["address"]: remark for remark in read_form.remarks.to_dicts()}
    assert [remarks[at]["worked_out"] for at in ("D7", "D8", "F8")] == [5, 1_244_000, 12440]
    assert "đang ghi 4, còn công thức =B7-5 cho 5" in remarks["D7"]["detail_vi"]
    assert "cho 1.244;" in remarks["D8"]["detail_vi"]
    assert "gives 1,244;" in remarks["D8"]["detail_en"]


def test_an_error_is_told_as_one_though_its_formula_would_give_a_figure(book):
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet("TDNH")
        for r, line in enumerate(drawn(HEADER + CREDIT)):
            for c, cell in enumerate(line):
                sheet.write(r, c, float(cell) if re.fullmatch(r"[\d.]+", cell) else cell)
        sheet.write_formula("E7", "=D7/C7*100", None, "#DIV/0!")
    (remark,) = read(book).remarks.filter(pl.col("address") == "E7").to_dicts()
    assert remark["code"] == "rate_in_error"


def test_of_a_formula_that_was_never_calculated_it_is_known_what_it_would_give(book):
    (remark,) = read_sheets(book, RECEPTION.replace("191", "=B8+56")).remarks.to_dicts()
    assert (remark["code"], remark["worked_out"]) == ("formula_without_value", 191)


# --- blank forms


def test_a_form_without_a_single_figure_is_told(book):
    blank = RECEPTION.replace("191", "").replace("195", "x").replace("135", "").replace("139", "")
    read_form = read_sheets(book, blank, DISCIPLINE)
    assert [(r["code"], r["form"], r["sheet"]) for r in read_form.remarks.to_dicts()] == [
        ("empty_form", "09", "Sheet1")
    ]


@pytest.mark.parametrize("cell", ["-", "0"])
def test_a_form_that_says_that_there_was_nothing_is_not_blank(cell, book):
    nothing = RECEPTION
    for figure in ("191", "195", "135", "139"):
        nothing = nothing.replace(figure, cell)
    assert told(read_sheets(book, nothing)) == set()


def test_every_blank_template_is_told_as_blank(book):
    header = ReportHeader("Gò Quao", "kien-giang.go-quao", "", Scope.OFFICE, date(2022, 10, 1), date(2023, 6, 30))
    write_workbook(book, header, list(FORMS.values()))
    remarks = read(book).remarks
    assert {(r["code"], r["form"]) for r in remarks.to_dicts()} == {("empty_form", code) for code in FORMS}


@pytest.mark.parametrize(
    ("line", "with_blank", "expected"),
    [
        ("total       | Tổng số   | 1 | 1 | 0 | 2", "total | Tổng số |  | 1 | 0 | 2", {("blank_total", "C7")}),
        ("total       | Tổng số   | 1 | 1 | 0 | 2", "total | Tổng số | 1 | 1 |  | 2", set()),
        ("warning     |           | 0 | 1 | 0 | 1", "warning |  | 0 |  | 0 | 1", {("blank_part", "D9")}),
        ("warning     |           | 0 | 1 | 0 | 1", "warning |  |  | 1 |  | 1", set()),
        ("warning     |           | 0 | 1 | 0 | 1", "warning |  | 0 | - | 0 | 1", set()),
    ],
    ids=["blank total", "blank total of nothing", "blank part", "blank part of nothing", "dash"],
)
def test_a_blank_because_of_which_a_sum_cannot_be_checked_is_told(line, with_blank, expected, book):
    sheet = DISCIPLINE
    for name in ("total", "warning"):
        sheet = re.sub(rf"{name} +\|", f"{name.ljust(11)} |", sheet)
    assert line in sheet
    assert told(read_sheets(book, sheet.replace(line, with_blank))) == expected


def test_where_few_rows_are_filled_in_a_blank_is_no_fault(book):
    assert told(read_sheets(book, re.sub(r"(\| [01] ){3}\| [01]\n", "| | | |\n", DISCIPLINE))) == set()


# --- the header


@pytest.mark.parametrize(
    "dates",
    [
        "Từ ngày | 2022-10-01\nĐến ngày | 2023-06-30",
        "Từ ngày | 01/10/2022\nĐến ngày | 30/6/2023",
        "Từ ngày: 1.10.2022\nĐến ngày: 30-06-2023",
        "TỪ NGÀY | ngày 01/10/2022 | ĐẾN NGÀY | ngày 30/06/2023",
        "Kỳ báo cáo | 09 tháng năm 2023",
        "Kỳ báo cáo: 9 tháng năm 2023",
        "Kỳ báo cáo | 9 tháng đầu năm 2023",
        "Kỳ báo cáo | Kỳ 9 tháng năm 2023",
        "Kỳ báo cáo | 9 tháng/2023",
        "Kỳ báo cáo | Lũy kế 9 tháng, năm công tác 2023",
        "Từ ngày | 44835\nĐến ngày | 45107",
        "Kỳ báo cáo | Tháng 6/2023 | Từ ngày | 44835 | Đến ngày | 45107",
        "Từ ngày | ngày 01 tháng 10 năm 2022\nĐến ngày | ngày 30 tháng 6 năm 2023",
        "Từ ngày | ...\nĐến ngày | ...\nKỳ báo cáo | 9 tháng năm 2023",
        "Kỳ báo cáo: từ ngày 01/10/2022 đến ngày 30/6/2023",
        "Kỳ báo cáo | Từ tháng 10/2022 đến hết tháng 6/2023",
        "Kỳ báo cáo | 9 tháng năm 2023 (từ 01/10/2022 đến 30/06/2023)",
    ],
)
def test_the_period_is_read_from_real_dates_text_dates_or_the_name_of_the_period(dates, book):
    read_form = read(draw(book, {"09": f"Mã đơn vị | kien-giang.go-quao\n{dates}\n{RECEPTION}"}))
    assert placed(read_form) == ("kien-giang.go-quao", "2023-09")


@pytest.mark.parametrize(
    "said",
    [
        *("Tháng 6 năm 2023", "Tháng 9/2023", "Quý I năm 2023", "Quý III/2023", "từ tháng 6 đến tháng 9 năm 2023"),
        *("2023", "/2023", "13 tháng năm 2023", "0 tháng năm 2023", "12 tháng năm 0000", "12 tháng năm 0001"),
        *("năm 9999", "12 tháng năm 1", "44835", "tháng 13/2022 đến tháng 14/2023", "31/02/2023 - 31/06/2023", "TRUE"),
    ],
)
def test_another_span_is_never_taken_for_a_whole_year(said):
    assert read_period({"period": Field(said, "B3")}) == (None, None)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("44835", date(2022, 10, 1)),
        ("32874", date(1990, 1, 1)),
        ("73050", date(2099, 12, 31)),
        *((text, None) for text in ("32873", "73051", "1", "99999", "4483", "448350", "44835.5", "-44835")),
        *((text, None) for text in ("31/02/2023", "0/1/2023", "2023-13-01", "01/10/0000", "ngày 31 tháng 2 năm 2023")),
        ("01/01/0001", date(1, 1, 1)),
        ("31.12.9999", date(9999, 12, 31)),
        ("101/10/20223", None),
    ],
)
def test_a_day_is_read_where_it_exists_and_never_from_part_of_a_number(text, day):
    assert parse_day(text) == day


def test_a_date_that_does_not_exist_is_not_made_good_by_the_name_of_the_period():
    header = {"period": "9 tháng năm 2023", "period_start": "01/10/2022", "period_end": "31/06/2023"}
    assert read_period({name: Field(text, "B3") for name, text in header.items()}) == (date(2022, 10, 1), None)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0123456789/.- thángnămquýtừđếnIV,"), max_size=40))
def test_no_text_in_place_of_a_period_stops_the_reading(text):
    for name in ("period", "period_start", "period_end"):
        first, last = read_period({name: Field(text, "B3")})
        assert {type(first), type(last)} <= {date, type(None)}


@pytest.mark.parametrize("dates", ["", "Từ ngày | 2022-11-01\nĐến ngày | 2023-06-30", "Kỳ báo cáo | Quý I năm 2023"])
def test_a_period_that_is_none_is_told(dates, book):
    read_form = read(draw(book, {"09": f"Mã đơn vị | kien-giang.go-quao\n{dates}\n{RECEPTION}"}))
    assert {code for code, _ in told(read_form)} == {"header_period"}


@pytest.mark.parametrize(
    "who",
    [
        "Mã đơn vị | kien-giang.go-quao",
        "Đơn vị báo cáo | Chi cục THADS huyện Gò Quao",
        "Đơn vị báo cáo: CHI CỤC THI HÀNH ÁN DÂN SỰ HUYỆN GÒ QUAO",
        "Đơn vị báo cáo | CCTHADS H. Gò Quao\nĐơn vị nhận báo cáo | Cục THADS tỉnh Kiên Giang",
        "Đơn vị báo cáo | CCTHADS H. Gò Quao\nĐơn vị nhận báo cáo | Cục THADS T. Kiên Giang",
    ],
)
def test_the_unit_is_found_by_key_by_name_or_by_abbreviation(who, book):
    read_form = read(draw(book, {"09": f"{who}\nKỳ báo cáo | 9 tháng năm 2023\n{RECEPTION}"}))
    assert placed(read_form) == ("kien-giang.go-quao", "2023-09")
    assert told(read_form) == set()


def test_a_name_and_a_key_of_two_offices_are_told(book):
    who = "Mã đơn vị | kien-giang.go-quao\nĐơn vị báo cáo | Chi cục THADS huyện Tân Hiệp"
    read_form = read(draw(book, {"09": f"{who}\nKỳ báo cáo | 9 tháng năm 2023\n{RECEPTION}"}))
    assert told(read_form) == {("header_unit", "B2")}
    assert "Gò Quao" in read_form.remarks["detail_vi"][0]


def test_sheets_that_name_different_units_are_told_at_the_cell(book):
    other = HEADER.replace("Gò Quao", "Tân Hiệp")
    read_form = read(draw(book, {"09": HEADER + RECEPTION, "KL": other + DISCIPLINE}))
    assert told(read_form) == {("header_agreement", "B1")}


@pytest.mark.parametrize(
    ("said", "is_right"),
    [
        ("1.000 đồng", True),
        ("nghìn đồng", True),
        (unicodedata.normalize("NFD", "Nghìn đồng"), True),
        ("đồng", False),
        ("triệu đồng", False),
        ("việc", False),
    ],
)
def test_a_wrong_unit_of_measure_is_told_and_a_right_one_is_known_in_every_spelling(said, is_right, book):
    form = FORMS["02"]
    rows = "\n".join(f"{row.code} | {' | '.join('1' for _ in form.columns)}" for row in form.rows)
    columns = " | ".join(form.column)
    read_form = read_sheets(book, f"\nBiểu số | {form.number}\nĐơn vị tính: {said}\n | {columns}\n{rows}")
    assert told(read_form) == (set() if is_right else {("header_measure_unit", "A6")})


# --- long CSV and zips

GO_QUAO = "kien-giang.go-quao,2022-10-01,2023-06-30"


def test_a_long_csv_reads_as_the_workbook_does(tmp_path, book):
    lines = [f"{GO_QUAO},09,{place.replace('/', ',')},{figure}" for place, figure in SEEN.items()]
    by_line = read_lines(tmp_path / "a.csv", *lines)
    by_sheet = read_sheets(book, RECEPTION)
    assert figures(by_line) == figures(by_sheet) == SEEN
    assert placed(by_line) == placed(by_sheet)
    assert by_line.submissions["report_id"].to_list() == by_sheet.submissions["report_id"].to_list()
    assert by_line.cells["address"].to_list() == ["G2", "G3", "G4", "G5"]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_csv_as_excel_writes_it_in_vietnam_reads_as_one_with_commas(separator, tmp_path):
    header = "unit,period_start,period_end,form,row,column,value"
    lines = [f"{GO_QUAO},01,total.total,due,1.245", f'{GO_QUAO},01,total.total,completion_rate,"82,31"']
    by_comma = read_lines(tmp_path / "a.csv", *lines, header=header)
    other = [line.replace('"82,31"', "82|31").replace(",", separator).replace("|", ",") for line in lines]
    by_other = read_lines(tmp_path / "b.csv", *other, header=header.replace(",", f" {separator}"))
    assert figures(by_comma) == figures(by_other)
    assert by_other.cells["address"].to_list() == ["G2", "G3"]


def test_columns_of_a_long_csv_may_stand_in_any_order(tmp_path):
    header = "value,row,column,form,unit,period_end,period_start"
    line = "191,total,visits,09,không có,2023-06-30,2022-10-01"
    read_form = read_lines(tmp_path / "a.csv", line, header=header)
    assert read_form.cells["address"].to_list() == ["A2"]
    assert told(read_form) == {("header_unit", "E2")}


def test_a_rate_in_a_long_csv_is_as_exact_as_it_is_printed(tmp_path):
    read_form = read_lines(tmp_path / "a.csv", f'{GO_QUAO},01,total.total,completion_rate,"82,31"')
    assert read_form.cells.select("value", "rounding").row(0) == (Decimal("82.31"), Decimal("0.005"))


@pytest.mark.parametrize(
    ("line", "code", "address"),
    [
        ("09,total,visits,19l", "not_a_number", "G3"),
        ("09,total,visits,50%", "not_a_number", "G3"),
        ('09,total,visits,"1,191"', "ambiguous_number", "G3"),
        (f"02,total.total,due,{'9' * 24}", "not_a_number", "G3"),
        ("09,nobody,visits,1", "unknown_row", "G3"),
        ("09,leaders,visits,136", "duplicate_row", "G3"),
        ("99,total,visits,1", "unknown_form", "G3"),
        (",total,visits,1", "unknown_form", "G3"),
        ("discipline,total,leader,", "empty_form", None),
        ("discipline,total,leader,x", "empty_form", None),
    ],
)
def test_what_is_wrong_on_a_line_of_a_long_csv_is_told_at_its_cell(line, code, address, tmp_path):
    read_form = read_lines(tmp_path / "a.csv", f"{GO_QUAO},09,leaders,visits,135", f"{GO_QUAO},{line}")
    assert told(read_form) == {(code, address)}
    assert figures(read_form)["leaders/visits"] == 135
    assert read_form.remarks.select(pl.col("detail_vi", "detail_en").is_not_null().all()).row(0) == (True, True)


@pytest.mark.parametrize("header", [LONG, "case_id,province,level,period_start,period_end,indicator,value,unit,source"])
def test_a_csv_that_is_only_a_header_is_refused_and_does_not_vanish(header, tmp_path):
    (refused,) = read_lines(tmp_path / "a.csv", header=header).submissions.to_dicts()
    assert not refused["is_readable"]
    assert refused["problem_vi"]


def test_reports_of_several_offices_in_one_csv_are_submissions_of_their_own(tmp_path):
    tan_hiep = GO_QUAO.replace("go-quao", "tan-hiep")
    both = read_lines(tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,1", f"{tan_hiep},09,total,visits,2")
    assert both.submissions["unit_key"].to_list() == ["kien-giang.go-quao", "kien-giang.tan-hiep"]
    assert both.cells["submission_id"].n_unique() == 2


def test_a_form_inside_a_zip_reads_as_the_form_itself(tmp_path, book):
    draw(book, {"09": HEADER + RECEPTION})
    archive = tmp_path / "thang-9.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(book, "Gò Quao/09.xlsx")
        packed.writestr("go-quao.csv", f"{LONG}\n{GO_QUAO},09,total,visits,191\n")
    home = Home(tmp_path / "home")
    landed = receive(archive, home).receipts.filter(pl.col("media") != "zip")
    assert landed["path"].sort().to_list() == ["thang-9.zip!/Gò Quao/09.xlsx", "thang-9.zip!/go-quao.csv"]
    from pipeline.cells.read import read_landed
    from pipeline.storage import read_tables
    from pipeline.tables import CELLS

    read_landed(home)
    cells = read_tables(home.cells, "cells", CELLS)
    assert cells.group_by("submission_id").agg(pl.len().alias("cells"))["cells"].sort().to_list() == [1, 4]


# --- many at once


def test_workbooks_read_together_read_as_each_alone(tmp_path):
    texts = [RECEPTION, RECEPTION.replace("191", "#REF!"), DISCIPLINE, RECEPTION.replace("Số người", "")]
    paths = [draw(tmp_path / f"{n}.xlsx", {"S": HEADER + text}) for n, text in enumerate(texts)]
    together = read(*paths)
    for path in paths:
        alone = read(path)
        (identity,) = alone.submissions["submission_id"]
        for mine, ours in ((alone.cells, together.cells), (alone.remarks, together.remarks)):
            mine, ours = (frame.filter(pl.col("submission_id") == identity).sort(pl.all()) for frame in (mine, ours))
            assert mine.equals(ours)
