"""Claims about tables as text: whatever a CSV looks like, each line is a figure, or told, or the file is refused."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import process_time

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.cells import long_csv, published
from pipeline.cells.csv_table import SEPARATORS, read_header, read_records
from pipeline.cells.reading import ReadingResult, report_key
from pipeline.files.problems import UnreadableFile
from pipeline.forms import forms
from pipeline.registry.units import unit_registry
from tests.support.sheets import LONG, figures, placed, read, read_lines, told

GO_QUAO = "kien-giang.go-quao,2022-10-01,2023-06-30"
CASES = "case_id,province,level,period_start,period_end,indicator,value,unit,source"
KIEN_GIANG = "A-1,Kiên Giang,province,2021-10-01,2022-09-30"
ARRIVED = datetime(2026, 11, 1)
#: Everything that shows nothing on a screen.
UNSEEN = ["", " ", "\t ", "\u00a0", "\u200b", "\u3000", "\ufeff", "\u2003\u2060"]


def read_bytes(tmp_path: Path, content: bytes) -> ReadingResult:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    return read(path)


def cases(tmp_path: Path, *lines: str, header: str = CASES) -> ReadingResult:
    return read_lines(tmp_path / "p.csv", *lines, header=header)


def refusal(reading: ReadingResult) -> tuple[str, str]:
    """Return code and sentence of the one refusal of a file."""
    (row,) = reading.submissions.to_dicts()
    assert not row["is_readable"]
    assert reading.cells.is_empty()
    return row["problem"], row["problem_vi"]


def sentence(reading: ReadingResult, code: str) -> str:
    return "\n".join(reading.remarks.filter(code=code)["detail_vi"])


# --- what is a table


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("before", ["", "\ufeff", "sep={}\n", "\ufeff\nsep={}\n", "{0}{0}{0}\n"])
def test_lines_end_as_on_any_system_and_begin_as_any_program_writes_them(before, separator, end, tmp_path):
    lines = [LONG, f"{GO_QUAO},09,total,visits,191", f"{GO_QUAO},09,leaders,visits,135", ""]
    text = before.format(separator).replace("\n", end) + end.join(lines).replace(",", separator)
    assert figures(read_bytes(tmp_path, text.encode())) == {"total/visits": 191, "leaders/visits": 135}


@pytest.mark.parametrize(
    "header",
    [
        LONG.upper(),
        ",".join(f'"{name.title()}"' for name in LONG.split(",")),
        ",".join(f"\u00a0{name} " for name in LONG.split(",")),
        LONG.replace("_", " "),
        "Đơn vị báo cáo,Từ ngày,Đến ngày,Biểu số,Mã dòng,Mã cột,Giá trị",
        LONG + ",,,",
    ],
)
def test_a_header_is_known_by_its_names_however_they_are_written(header, tmp_path):
    assert figures(read_lines(tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191", header=header)) == {
        "total/visits": 191
    }


@pytest.mark.parametrize("blank", [",,,,,,", ",,,,,,,,,,", "", " , ,\u00a0,,\u200b,,", '"","",,,,,'])
def test_lines_that_show_nothing_are_nothing(blank, tmp_path):
    lines = [blank, f"{GO_QUAO},09,total,visits,191", blank, blank, f"{GO_QUAO},09,leaders,visits,135", blank]
    found = read_lines(tmp_path / "a.csv", *lines)
    assert figures(found) == {"total/visits": 191, "leaders/visits": 135}
    assert told(found) == set()
    assert found.cells["address"].to_list() == ["G3", "G6"], "the lines that a text editor counts"


@pytest.mark.parametrize(("header", "line"), [(",", ";"), (";", ","), (",", "\t"), ("\t", ";")])
def test_two_separators_in_one_file_are_one_refusal(header, line, tmp_path):
    lines = [f"{GO_QUAO},09,{row},visits,1".replace(",", line) for row in ("total", "leaders")]
    code, told_vi = refusal(read_lines(tmp_path / "a.csv", *lines, header=LONG.replace(",", header)))
    assert code == "mixed_separators"
    assert SEPARATORS[header][0] in told_vi
    assert SEPARATORS[line][0] in told_vi
    assert "dòng 2" in told_vi


@pytest.mark.parametrize(
    ("text", "code", "in_sentence"),
    [
        (f"{LONG}\n{GO_QUAO},09,total,visits,1\n{GO_QUAO},09,\"leaders,visits,2\n", "broken_line", "Dòng 3"),
        (f"{LONG}\n{GO_QUAO},09,total,visits,\"1\"2\n", "broken_line", "Dòng 2"),
        (f"{LONG},reason\n{GO_QUAO},09,total,visits,1,\"a\n{GO_QUAO},09,leaders,visits,2,b\"\n", "broken_line", "Dòng 2"),
        (f"{LONG},value\n{GO_QUAO},09,total,visits,1,2\n", "doubled_column", "value"),
        (LONG + "".join(f",c{n}" for n in range(600_000)) + "\n", "line_too_long", "Dòng 1"),
        (LONG + "".join(f",c{n}" for n in range(20_000)) + "\n", "too_many_columns", "256"),
        (f"{LONG}\n{GO_QUAO},09,total,visits,{'1' * 300_000}\n", "line_too_long", "Dòng 2"),
        (f"{LONG}\n,,,,,,\n\n", "empty_file", ""),
        (f"{LONG}\n" + "".join(f"u{n},2022-10-01,2023-06-30,09,total,visits,1\n" for n in range(5_001)), "too_many_reports", "5.000"),
        (f"{LONG}\n" + f"{GO_QUAO},09,total,visits,1\n" * 250_001, "too_many_lines", "250.000"),
        ("a,b\n1,2\n", "unknown_csv", "a, b"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_ours_is_refused_in_one_sentence_with_its_line(text, code, in_sentence, tmp_path):
    started = process_time()
    found_code, told_vi = refusal(read_bytes(tmp_path, text.encode()))
    assert found_code == code
    assert in_sentence in told_vi
    assert process_time() - started < 10


def test_a_reason_of_two_lines_is_one_field(tmp_path):
    header = LONG + ",reason"
    line = f'{GO_QUAO},09,total,visits,191,"Bổ sung\nsố liệu"'
    found = read_lines(tmp_path / "a.csv", line, f"{GO_QUAO},09,leaders,visits,135,", header=header)
    assert figures(found) == {"total/visits": 191, "leaders/visits": 135}
    assert found.submissions["reason"].to_list() == ["Bổ sung\nsố liệu"]
    assert found.cells["address"].to_list() == ["G2", "G4"]


def test_a_sheet_of_a_form_saved_as_csv_is_told_to_be_one(tmp_path):
    sheet = "\n".join(
        [
            "Biểu số;09/TK-THA;;;Đơn vị báo cáo;Chi cục THADS huyện Gò Quao",
            ";;;;;",
            "Nội dung;Mã dòng;Số lượt;Số người;Số lượt người;Đoàn đông người",
            ";;visits;people;visit_people;groups",
            "Tổng số;total;191;195;;",
            "Lãnh đạo tiếp;leaders;135;139;;",
        ]
    )
    code, told_vi = refusal(read_bytes(tmp_path, sheet.encode("utf-8-sig")))
    assert code == "form_as_csv"
    assert "biểu 09" in told_vi
    assert ".xlsx" in told_vi


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
def test_a_csv_is_read_in_every_encoding_of_windows(encoding, tmp_path):
    line = "Gò Quao,2022-10-01,2023-06-30,09,total,visits,191"
    text = f"{LONG}\n{line}\n"
    text = unicodedata.normalize("NFD", text) if encoding == "cp1258" else text
    found = read_bytes(tmp_path, text.encode(encoding, errors="replace"))
    assert placed(found) == ("kien-giang.go-quao", "2023-09")


# --- lines whose fields do not fit


def test_a_line_cut_short_is_told_with_its_number_and_is_no_figure(tmp_path):
    found = read_lines(
        tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191", f"{GO_QUAO},09,leaders,vis", header=LONG + ",reason"
    )
    assert told(found) == {("ragged_line", "G3")}
    assert "Dòng 3" in sentence(found, "ragged_line")
    assert "leaders,vis" in sentence(found, "ragged_line")
    assert figures(found) == {"total/visits": 191}


def test_an_unquoted_decimal_comma_is_a_field_too_many(tmp_path):
    found = read_lines(
        tmp_path / "a.csv", f"{GO_QUAO},01,total.total,due,1", f"{GO_QUAO},01,total.total,completion_rate,82,31"
    )
    assert told(found) == {("ragged_line", "G3")}
    assert figures(found) == {"total.total/due": 1}


def test_a_line_that_begins_like_no_report_of_the_file_refuses_it(tmp_path):
    code, told_vi = refusal(read_lines(tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191", "kien-giang.an-bien,2022"))
    assert code == "ragged_line"
    assert "Dòng 3" in told_vi


def test_separators_left_out_behind_the_last_value_lose_nothing(tmp_path):
    header = LONG + ",scope,reason,signer"
    found = read_lines(
        tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191,,,", f"{GO_QUAO},09,leaders,visits,135", header=header
    )
    assert told(found) == set()
    assert figures(found) == {"total/visits": 191, "leaders/visits": 135}


def test_a_column_that_is_none_of_ours_is_told_once(tmp_path):
    found = read_lines(
        tmp_path / "a.csv",
        f"{GO_QUAO},09,total,visits,191,a",
        f"{GO_QUAO},09,leaders,visits,1,b",
        header=LONG + ",Ghi chú",
    )
    assert told(found) == {("unread_column", None)}
    assert "Ghi chú" in sentence(found, "unread_column")


def test_a_column_without_a_name_that_holds_something_is_told(tmp_path):
    found = read_lines(
        tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191,", f"{GO_QUAO},09,leaders,visits,1,2", header=LONG + ","
    )
    assert told(found) == {("ragged_line", "G3")}


# --- whose report


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_looks_blank_is_blank_and_makes_one_report(unseen, tmp_path):
    lines = [f"{GO_QUAO},09,total,visits,191,,", f'{GO_QUAO}{unseen},09,leaders,visits,135,"{unseen}",{unseen}']
    found = read_lines(tmp_path / "a.csv", *lines, header=LONG + ",scope,reason")
    assert placed(found) == ("kien-giang.go-quao", "2023-09")
    assert figures(found) == {"total/visits": 191, "leaders/visits": 135}
    assert told(found) == set()


@pytest.mark.parametrize(
    "other",
    [
        "Gò  Quao,2022-10-01,2023-06-30",
        "Go\u0300 Quao,2022-10-01,2023-06-30",
        "GÒ QUAO,2022-10-01,2023-06-30",
        "Gò\u00a0Quao,2022-10-01,2023-06-30",
    ],
)
def test_spellings_that_look_the_same_are_one_report_without_a_word(other, tmp_path):
    lines = ["Gò Quao,2022-10-01,2023-06-30,09,total,visits,191", f"{other},09,leaders,visits,135"]
    found = read_lines(tmp_path / "a.csv", *lines)
    assert placed(found) == ("kien-giang.go-quao", "2023-09")
    assert told(found) == set()


@pytest.mark.parametrize(
    ("other", "address"),
    [
        ("Chi cục THADS huyện Gò Quao,2022-10-01,2023-06-30", "A3"),
        (GO_QUAO, "A3"),
        ("Gò Quao,01/10/2022,30/06/2023", "B3"),
    ],
)
def test_two_ways_to_name_one_report_are_one_report_and_told(other, address, tmp_path):
    lines = ["Gò Quao,2022-10-01,2023-06-30,09,total,visits,191", f"{other},09,leaders,visits,135"]
    found = read_lines(tmp_path / "a.csv", *lines)
    assert placed(found) == ("kien-giang.go-quao", "2023-09")
    assert figures(found) == {"total/visits": 191, "leaders/visits": 135}
    assert told(found) == {("other_spelling", address)}
    assert "dòng 2 ghi" in sentence(found, "other_spelling")


@given(
    st.lists(st.text(alphabet="a|\\", max_size=3), min_size=4, max_size=4),
    st.lists(st.text(alphabet="a|\\", max_size=3), min_size=4, max_size=4),
)
def test_no_two_reports_of_a_file_have_one_key(first, second):
    assert (report_key(*first) == report_key(*second)) == (first == second)


@pytest.mark.parametrize(
    "day",
    [
        "0000-10-01", "0001-01-01", "1-1-1", "9999-12-31", "2022-13-01", "2022-02-30", "30/02/2022", "1664582400",
        "hôm qua", "2022", "x" * 200, "", "-", "１２/13/2022", "99999-10-01", "12022-10-01",
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", ["start", "end", "both"])
def test_a_day_that_is_none_is_told_with_the_line_and_the_text_that_stands_there(day, at, tmp_path):
    start, end = (day if at != "end" else "2022-10-01"), (day if at != "start" else "2023-06-30")
    found = read_lines(tmp_path / "a.csv", f"kien-giang.go-quao,{start},{end},09,total,visits,191")
    (remark,) = found.remarks.filter(code="header_period").to_dicts()
    assert remark["address"] in ("B2", "C2")
    assert day[:100] in remark["detail_vi"]
    assert found.submissions.select("period_id", "report_id").row(0) == (None, None)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("01/10/2022", "30/06/2023"),
        ("2022-10-01 00:00:00", "2023-06-30T00:00"),
        ("1.10.2022", "30-6-2023"),
        ("44835", "45107"),
    ],
)
def test_days_are_read_as_offices_write_them(start, end, tmp_path):
    found = read_lines(tmp_path / "a.csv", f"kien-giang.go-quao,{start},{end},09,total,visits,191")
    assert placed(found) == ("kien-giang.go-quao", "2023-09")


@pytest.mark.parametrize("name", [" / ".join("a" * 1500), "/" * 5000, "A" * 100_000, "Kiên Giang / " * 40 + "Gò Quao"])
def test_a_name_of_any_length_is_no_such_unit(name, tmp_path):
    found = read_lines(tmp_path / "a.csv", f"{name},2022-10-01,2023-06-30,09,total,visits,191")
    assert told(found) == {("header_unit", "A2")}
    assert len(found.remarks["detail_vi"][0]) < 500


def test_thousands_of_reports_in_one_file_are_read_in_seconds(tmp_path):
    lines = [f"u{n},2022-10-01,2023-06-30,09,total,visits,{n}" for n in range(2000)]
    started = process_time()
    found = read_lines(tmp_path / "a.csv", *lines)
    assert process_time() - started < 5
    assert found.submissions["submission_id"].n_unique() == 2000
    assert found.cells.height == 2000
    assert found.remarks.filter(code="header_unit").height == 2000


def test_two_versions_in_one_report_are_told(tmp_path):
    found = read_lines(
        tmp_path / "a.csv",
        f"{GO_QUAO},09,total,visits,191,1",
        f"{GO_QUAO},09,leaders,visits,135,2",
        header=LONG + ",revision",
    )
    assert told(found) == {("header_agreement", "H3")}
    assert "dòng 2 ghi «1»" in sentence(found, "header_agreement")


# --- one figure on two lines


def test_two_figures_for_one_cell_are_told_with_both_lines(tmp_path):
    found = read_lines(tmp_path / "a.csv", f"{GO_QUAO},09,total,visits,191", f"{GO_QUAO},09,total,visits,911")
    assert told(found) == {("duplicate_row", "G3")}
    for part in ("Dòng 3", "dòng 2", "191", "911"):
        assert part in sentence(found, "duplicate_row")


def test_equal_lines_count_once_and_are_told_once(tmp_path):
    lines = [
        f"{GO_QUAO},09,{row},visits,{figure}" for row in ("total", "leaders") for figure in ("1.191", "1191", "1191")
    ]
    found = read_lines(tmp_path / "a.csv", *lines)
    assert figures(found) == {"total/visits": 1191, "leaders/visits": 1191}
    assert told(found) == {("repeated_line", "G3")}
    assert "có 4 dòng lặp" in sentence(found, "repeated_line")


def test_a_spreadsheet_that_takes_the_nought_of_a_form_away_takes_nothing(tmp_path):
    assert figures(read_lines(tmp_path / "a.csv", f"{GO_QUAO},9,Total,visits,191")) == {"total/visits": 191}


@pytest.mark.parametrize("figure", ["9" * 19, "9" * 24, "9" * 30, "1" + "0" * 40, "-" + "9" * 25])
@pytest.mark.parametrize("unit", ["đồng", "1000 đồng", "tỷ đồng"])
def test_an_amount_too_large_is_told_in_every_csv_and_never_a_figure(figure, unit, tmp_path):
    long = read_lines(tmp_path / "a.csv", f"{GO_QUAO},02,total.total,due,{figure}")
    printed = cases(tmp_path, f"{KIEN_GIANG},tien.phai_thi_hanh,{figure},{unit},x")
    for found in (long, printed):
        assert told(found) == {("not_a_number", "G2")}
        assert found.cells.select("value", "state").row(0) == (None, "illegible")
        assert figure in sentence(found, "not_a_number")


# --- published figures


def test_a_case_without_a_province_is_told_at_its_cell(tmp_path):
    found = cases(tmp_path, "A-1,,province,2021-10-01,2022-09-30,viec.phai_thi_hanh,5,việc,x")
    assert told(found) == {("header_unit", "B2")}
    assert found.submissions.select("unit_key", "report_id").row(0) == (None, None)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2019-10-01", "2022-09-30"),
        ("2021-01-01", "2021-12-31"),
        ("", ""),
        ("9999-10-01", "9999-12-31"),
        ("Năm 2022", ""),
    ],
)
def test_a_case_of_no_statistical_period_is_told_at_its_cell(start, end, tmp_path):
    found = cases(tmp_path, f"A-1,Kiên Giang,province,{start},{end},viec.phai_thi_hanh,5,việc,x")
    assert told(found) == {("header_period", "D2")}
    assert start in sentence(found, "header_period")
    assert found.submissions.select("period_id", "report_id").row(0) == (None, None)


@pytest.mark.parametrize(
    ("other", "addresses"),
    [
        ("A-1,An Giang,province,2021-10-01,2022-09-30", {"B3"}),
        ("A-1,Kiên Giang,national,2021-10-01,2022-09-30", {"C3"}),
        ("A-1,Kiên Giang,province,2020-10-01,2021-09-30", {"D3"}),
        ("a-1 ,An Giang,district,2020-10-01,2021-09-30", {"B3", "C3", "D3"}),
    ],
)
def test_a_case_that_names_two_owners_is_nobodys(other, addresses, tmp_path):
    found = cases(tmp_path, f"{KIEN_GIANG},viec.phai_thi_hanh,5,việc,x", f"{other},viec.thu_ly_moi,6,việc,x")
    assert told(found) == {("header_agreement", address) for address in addresses}
    assert "dòng 2 ghi" in sentence(found, "header_agreement")
    assert found.submissions["report_id"].to_list() == [None]


@pytest.mark.parametrize(
    "other",
    ["A-1,Tỉnh Kiên Giang,Province,01/10/2021,30/09/2022", "A-1,,,,", "\u00a0a-1,KIÊN GIANG,,2021-10-01,2022-09-30"],
)
def test_a_case_that_is_named_in_several_ways_is_one_report(other, tmp_path):
    found = cases(tmp_path, f"{KIEN_GIANG},viec.phai_thi_hanh,5,việc,x", f"{other},viec.thu_ly_moi,6,việc,x")
    assert told(found) == set()
    assert found.submissions["report_id"].to_list() == ["published/A-1"]


def test_two_values_of_one_indicator_are_none_and_both_lines_are_told(tmp_path):
    lines = [f"{KIEN_GIANG},viec.phai_thi_hanh,{value},việc,x" for value in ("5", "6")]
    found = cases(tmp_path, *lines, f"{KIEN_GIANG},viec.thu_ly_moi,7,việc,x")
    assert told(found) == {("duplicate_row", "G3")}
    assert "dòng 2 ghi «5»" in sentence(found, "duplicate_row")
    assert figures(found) == {"total.total/due": "illegible", "total.total/newly_accepted": 7}


def test_two_indicators_of_one_measure_are_two_values_of_it(tmp_path):
    change = "viec.tong_giai_quyet"
    found = cases(
        tmp_path, f"{KIEN_GIANG},{change}.tang_so_cung_ky,5,việc,x", f"{KIEN_GIANG},{change}.giam_so_cung_ky,5,việc,x"
    )
    assert told(found) == {("duplicate_row", "G3")}
    assert found.cells.height == 1


def test_a_published_figure_twice_is_told_once(tmp_path):
    lines = [f"{KIEN_GIANG},viec.phai_thi_hanh,{value},việc,x" for value in ("5", "5.0", "5")]
    found = cases(tmp_path, *lines)
    assert told(found) == {("repeated_line", "G3")}
    assert figures(found) == {"total.total/due": 5}


@pytest.mark.parametrize(
    "value",
    [
        "1.234.567",
        '"12,5"',
        "x",
        "-",
        "nan",
        "inf",
        "1e5",
        "5.",
        ".5",
        "+5",
        "५",
        "1 234",
        "50%",
        "0.1234567",
        '"1,234"',
        "",
    ],
)
def test_what_is_no_published_number_is_told_with_its_line_and_never_silently_nothing(value, tmp_path):
    found = cases(tmp_path, f"{KIEN_GIANG},viec.phai_thi_hanh,{value},việc,x")
    ((code, address),) = told(found)
    assert code in ("not_a_number", "ambiguous_number")
    assert address == "G2"
    assert value.strip('"') in sentence(found, code)
    assert found.cells.select("value", "state").row(0) == (None, "illegible")


@pytest.mark.parametrize(
    ("separator", "values", "expected"),
    [
        (",", ["59.2", "100"], [Decimal("59.2"), Decimal(100)]),
        (";", ["59.2", "100"], [Decimal("59.2"), Decimal(100)]),
        (";", ["59,2", "100"], [Decimal("59.2"), Decimal(100)]),
        ("\t", ["59,25", "-4,5"], [Decimal("59.25"), Decimal("-4.5")]),
        (";", ["59,2", "10.5"], [None, Decimal("10.5")]),
        (";", ["59,2", "1,234"], [Decimal("59.2"), None]),
    ],
)
def test_published_figures_that_excel_saved_in_vietnam_have_a_decimal_comma(separator, values, expected, tmp_path):
    lines = [
        f"{KIEN_GIANG},viec.{name},{{}},%,x".replace(",", separator) for name in ("ty_le_xong", "ty_le_co_dieu_kien")
    ]
    found = cases(tmp_path, *map(str.format, lines, values), header=CASES.replace(",", separator))
    assert found.cells["value"].to_list() == expected
    assert found.remarks.height == expected.count(None)


def test_a_published_line_without_a_case_belongs_to_nobody(tmp_path):
    code, told_vi = refusal(
        cases(
            tmp_path,
            f"{KIEN_GIANG},viec.phai_thi_hanh,5,việc,x",
            ",Kiên Giang,province,2021-10-01,2022-09-30,viec.thu_ly_moi,6,việc,x",
        )
    )
    assert code == "no_case"
    assert "Dòng 3" in told_vi


def test_columns_of_published_figures_may_stand_in_any_order(tmp_path):
    found = cases(tmp_path, "x,A-1,viec.phai_thi_hanh,việc,Đâu đó", header="value,case_id,indicator,unit,province")
    assert told(found) == {("header_unit", "E2"), ("header_period", None), ("not_a_number", "A2")}


def test_a_case_may_be_called_anything(tmp_path):
    found = cases(tmp_path, "{x} {0} %s,Kiên Giang,province,2021-10-01,2022-09-30,viec.phai_thi_hanh,5,việc,x")
    assert found.submissions["report_id"].to_list() == ["published/{x} {0} %s"]


# --- nothing is lost, everything is told

SCRAPS = st.one_of(
    st.sampled_from(
        [
            "kien-giang.go-quao", "Gò Quao", "Kiên Giang", "kien-giang", "2022-10-01", "2023-06-30", "0001-01-01", "9999-12-31",
            "01", "09", "99", "total", "total.total", "visits", "due", "completion_rate", "191", "1.191", "1,191", "9" * 30, "-", "x", "nan",
            "A-1", "a-1", "province", "national", "viec.phai_thi_hanh", "viec.thu_ly_moi", "việc", "%", "tỷ đồng", "", " ", "\u00a0", "\u200b", '"', '""', "|",
            "=1+1", "{0}", "\\",
        ]
    ),
    st.text(max_size=6),
)  # fmt: skip
SEPARATOR = st.sampled_from([",", ";", "\t"])


@st.composite
def tables_as_text(draw: st.DrawFn, header: str) -> str:
    """Draw a table that is nearly one: lines of scraps, some good, some cut, some of another separator."""
    separator = draw(SEPARATOR)
    good = draw(st.lists(st.lists(SCRAPS, min_size=5, max_size=11), max_size=8))
    lines = [header.replace(",", separator)]
    for fields in good:
        quoted = [f'"{field}"' if draw(st.booleans()) and '"' not in field else field for field in fields]
        lines.append((separator if draw(st.integers(0, 9)) else draw(SEPARATOR)).join(quoted))
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines)


@st.composite
def long_lines(draw: st.DrawFn) -> str:
    """Draw a long CSV with lines in place, whose fields may be anything of their kind."""
    line = st.tuples(
        st.sampled_from(["kien-giang.go-quao", "Gò Quao", "gò  quao", "Kiên Giang / Gò Quao", "", "\u00a0", "ở đâu"]),
        st.sampled_from(["2022-10-01", "01/10/2022", "", "0001-01-01"]),
        st.sampled_from(["2023-06-30", "30/06/2023", "9999-12-31", "x"]),
        st.sampled_from(["09", "9", "01", "99", ""]),
        st.sampled_from(["total", "leaders", "total.total", "nobody"]),
        st.sampled_from(["visits", "people", "due"]),
        st.sampled_from(["1", "2", "1.191", '"1,191"', "9" * 22, "9" * 40, "x", "-", "", "19l", "50%"]),
        st.sampled_from(["", " ", "own", "Riêng cơ quan"]),
    )
    lines = [",".join(fields) for fields in draw(st.lists(line, min_size=1, max_size=12))]
    return "\n".join([LONG + ",scope", *lines])


def read_or_refuse(reader: Callable, text: str) -> ReadingResult | None:
    receipt = {
        "receipt_id": "r", "batch": 1, "path": "a.csv", "file_name": "a.csv", "sha256": "0", "received_at": ARRIVED,
    }  # fmt: skip
    try:
        return reader(text, receipt, forms(), unit_registry())
    except UnreadableFile:
        return None


def check_nothing_is_lost(text: str, reading: ReadingResult) -> None:
    identities = reading.submissions["submission_id"]
    assert identities.is_unique().all()
    report_ids = reading.submissions["report_id"].drop_nulls()
    assert report_ids.is_unique().all()
    assert set(reading.cells["submission_id"]) <= set(identities)
    assert set(reading.remarks["submission_id"]) <= set(identities)
    assert reading.cells.select("submission_id", "form", "row_code", "column_code").is_unique().all()
    assert (
        reading.remarks.select(pl.col("code", "detail_vi", "detail_en").is_not_null().all()).row(0)
        == (True, True, True)
        or reading.remarks.is_empty()
    )
    silent = reading.cells.filter(pl.col("value").is_null(), pl.col("state").is_in(["number", "nil"]))
    assert silent.is_empty(), "a figure without a value is told as illegible"
    illegible = reading.cells.filter(state="illegible")
    assert set(illegible["address"]) <= set(reading.remarks["address"]) | disputed(reading)
    told_lines = {
        int(re.sub("^[A-Z]+", "", at)) for at in [*reading.cells["address"], *reading.remarks["address"].drop_nulls()]
    }
    records = read_records(text, read_header(text))
    repeated = reading.remarks.filter(code="repeated_line").height > 0
    for line in records["line"]:
        assert line in told_lines or repeated


def disputed(reading: ReadingResult) -> set[str]:
    """Return the addresses of first lines that a later one contradicts: the remark stands at the later one."""
    lines = re.findall(r"dòng (\d+) ghi", "\n".join(reading.remarks.filter(code="duplicate_row")["detail_vi"]))
    return {cell for cell in reading.cells["address"] if re.sub("^[A-Z]+", "", cell) in lines}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(tables_as_text(LONG), tables_as_text(LONG + ",scope,revision,note"), long_lines()))
@example(f"{LONG}\na|b,,,,,,1\na,b|,,,,,1")
def test_whatever_stands_in_a_long_csv_is_a_figure_or_told_or_refused(text):
    if reading := read_or_refuse(long_csv.read_long, text):
        check_nothing_is_lost(text, reading)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.one_of(tables_as_text(CASES), tables_as_text("case_id,indicator,value,unit")))
def test_whatever_stands_in_published_figures_is_a_figure_or_told_or_refused(text):
    if reading := read_or_refuse(published.read_published, text):
        check_nothing_is_lost(text, reading)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_at_all_is_read_or_refused(text):
    for reader in (long_csv.read_long, published.read_published):
        for header in ("", LONG + "\n", CASES + "\n"):
            try:
                kind = read_header(header + text).kind
            except UnreadableFile:
                continue
            if kind == {long_csv.read_long: "long", published.read_published: "published"}[reader]:
                reading = read_or_refuse(reader, header + text)
                assert reading is None or reading.submissions.height > 0
