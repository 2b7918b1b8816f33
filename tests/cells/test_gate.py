"""The gate: what a return says of itself becomes its place, or the reasons why it has none."""

from dataclasses import fields
from datetime import date, datetime
from typing import get_type_hints

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import tables
from pipeline.calendar.periods import Period, period_id
from pipeline.cells.gate import Claim, Placement, Quote, Rejection, place
from pipeline.cells.published import read_published
from pipeline.cells.submission import Submission
from pipeline.forms import forms
from pipeline.registry.units import unit_registry
from pipeline.vocabulary import Origin, Scope
from tests.support.sheets import RECEPTION, draw, read, read_lines

ARRIVED = datetime(2026, 1, 12, 8)
DAYS = st.dates()  # of the years 1 to 9999
WORDS = st.one_of(
    st.none(), st.text(max_size=30), st.sampled_from(["Kiên Giang", "kien-giang", " / " * 1500, "a/" * 1500])
)


def claim(**said: object) -> Claim:
    """Return what a faultless return says of itself, but for what is ``said``."""
    usual = {
        "sheet": "09",
        "period": (date(2022, 10, 1), date(2023, 6, 30)),
        "period_quotes": (Quote("01/10/2022", "B3"), Quote("30/06/2023", "B4")),
        "unit": Quote("Chi cục THADS huyện Gò Quao", "B1"),
        "parent": "Cục THADS tỉnh Kiên Giang",
        "forms": frozenset({"09"}),
    }
    return Claim(**usual | said)


def placed(arrived: datetime | None = ARRIVED, **said: object) -> Placement | Rejection:
    return place(claim(**said), arrived, forms(), unit_registry())


def only_reason(outcome: Placement | Rejection) -> dict:
    assert isinstance(outcome, Rejection)
    (reason,) = outcome.reasons
    return reason


def test_a_faultless_return_is_placed():
    outcome = placed()
    assert isinstance(outcome, Placement)
    assert (outcome.unit_key, outcome.scope, outcome.period_id) == ("kien-giang.go-quao", Scope.OFFICE, "2023-09")
    assert outcome.doubts == ()


def test_the_type_of_a_placed_return_has_no_room_for_a_missing_unit_or_period():
    hints = get_type_hints(Placement)
    assert {hints[name] for name in ("unit_key", "period_id", "regime")} == {str}
    assert {hints[name] for name in ("period_start", "period_end")} == {date}
    assert hints["scope"] is Scope


def test_a_submission_is_a_row_of_its_table():
    assert [field.name for field in fields(Submission)] == list(tables.SUBMISSIONS)


@given(
    unit=WORDS,
    code=WORDS,
    parent=WORDS,
    scope=WORDS,
    start=DAYS,
    end=DAYS,
    arrived=st.datetimes(),
    has_form=st.booleans(),
)
def test_the_gate_answers_whatever_is_written(unit, code, parent, scope, start, end, arrived, has_form):
    outcome = placed(
        arrived,
        unit=None if unit is None else Quote(unit, "B1"),
        unit_code=None if code is None else Quote(code, "B2"),
        parent=parent,
        scope=scope,
        period=(start, end),
        forms=frozenset({"09"} if has_form else ()),
    )
    if isinstance(outcome, Placement):
        assert outcome.unit_key in unit_registry().units
        assert has_form
        assert end <= arrived.date()
        assert outcome.period_id == period_id(start, end)
    else:
        assert outcome.reasons
        assert all(reason["detail_vi"] and reason["detail_en"] for reason in outcome.reasons)


@given(start=DAYS, end=DAYS)
def test_any_two_days_may_be_asked_for_their_period(start, end):
    name = period_id(start, end)
    assert name is None or 1994 <= int(name[:4]) <= 2099


@pytest.mark.parametrize("year", [0, 1, 1993, 2100, 9999])
def test_a_year_without_statistics_has_no_period(year):
    with pytest.raises(ValueError, match="there are statistics of the years"):
        Period.parse(f"{year:04d}-12")


@pytest.mark.parametrize(
    ("arrived", "is_placed"),
    [(datetime(2023, 6, 29, 23), False), (datetime(2023, 6, 30, 16), True), (datetime(2023, 7, 1), True)],
)
def test_a_period_is_reported_from_the_afternoon_on_which_its_books_are_closed(arrived, is_placed):
    assert isinstance(placed(arrived), Placement) is is_placed


def test_a_period_that_ends_after_the_file_came_is_told_with_both_days():
    reason = only_reason(placed(datetime(2023, 1, 5)))
    assert (reason["code"], reason["address"], reason["raw"]) == ("header_period", "B3", "01/10/2022 - 30/06/2023")
    assert "30/06/2023 mới kết thúc, mà tệp nhận ngày 05/01/2023" in reason["detail_vi"]
    assert "a period cannot be reported before it ends" in reason["detail_en"]


@pytest.mark.parametrize("text", ["năm 0000", "Tháng 13", "2022-13-01"])
def test_a_period_that_cannot_be_read_is_quoted_with_its_cell(text):
    reason = only_reason(placed(period=(None, None), period_quotes=(Quote(text, "C3"),)))
    assert (reason["code"], reason["address"], reason["raw"]) == ("header_period", "C3", text)
    assert f"Ô C3, trang «09»: kỳ báo cáo ghi «{text}»" in reason["detail_vi"]
    assert "?" not in reason["detail_vi"]


@pytest.mark.parametrize(
    "days",
    [(date(1, 1, 1), date(1, 12, 31)), (date(9998, 10, 1), date(9999, 9, 30)), (date(2020, 10, 1), date(2022, 9, 30))],
)
def test_days_that_are_no_statistical_period_are_told(days):
    outcome = placed(datetime.max, period=days)
    assert only_reason(outcome)["code"] == "header_period"
    assert outcome.period_id is outcome.period_end is None


def test_a_period_within_a_month_has_a_place_of_its_own_and_is_doubted():
    outcome = placed(period=(date(2022, 10, 1), date(2023, 5, 13)))
    assert isinstance(outcome, Placement)
    assert outcome.period_id == "2023-08@2023-05-13"
    assert [doubt["code"] for doubt in outcome.doubts] == ["header_part_month"]


@pytest.mark.parametrize("text", ["Tỉnh Không Có", "/" * 1500, " / ".join("a" * 1500)])
def test_a_unit_that_the_registry_does_not_know_is_quoted(text):
    reason = only_reason(placed(unit=Quote(text, "B1"), parent=None))
    assert (reason["code"], reason["address"], reason["raw"]) == ("header_unit", "B1", text)
    assert len(reason["detail_vi"]) < 400


def test_a_return_that_names_no_unit_is_told_so():
    assert "không ghi đơn vị báo cáo" in only_reason(placed(unit=None))["detail_vi"]


@pytest.mark.parametrize(
    "by",
    [
        {"unit_code": Quote("kien-giang", "B2"), "unit": None},
        {"unit": Quote("Cục THADS tỉnh Kiên Giang", "B1"), "parent": None},
    ],
)
def test_the_successor_of_a_unit_that_ended_is_named(by):
    reason = only_reason(placed(period=(date(2024, 10, 1), date(2025, 9, 30)), **by))
    assert "đã kết thúc hoạt động từ ngày 01/07/2025" in reason["detail_vi"]
    assert "An Giang" in reason["detail_vi"]


def test_an_office_that_ended_is_told_who_serves_its_territory_now():
    reason = only_reason(placed(period=(date(2024, 10, 1), date(2025, 9, 30))))
    assert "đã kết thúc hoạt động từ ngày 01/07/2025; địa bàn nay thuộc" in reason["detail_vi"]
    assert "An Giang" in reason["detail_vi"]


def test_a_return_without_a_form_has_no_place():
    assert only_reason(placed(forms=frozenset()))["code"] == "header_form"


def test_nothing_is_set_aside_without_a_reason():
    with pytest.raises(ValueError, match="without a reason"):
        Rejection(())


def test_a_workbook_of_a_year_that_never_was_is_sent_back(tmp_path):
    header = "Mã đơn vị | kien-giang.go-quao\nKỳ báo cáo | 12 tháng năm 0000\n"
    found = read(draw(tmp_path / "a.xlsx", {"09": header + RECEPTION}))
    (remark,) = found.remarks.to_dicts()
    assert (remark["code"], remark["address"], remark["raw"]) == ("header_period", "B2", "12 tháng năm 0000")
    assert found.submissions["report_id"].item() is None


def test_sheets_of_two_months_have_no_period_and_are_both_quoted(tmp_path):
    header = "Mã đơn vị | kien-giang.go-quao\nTừ ngày | 2022-10-01\nĐến ngày | {}\n"
    book = draw(
        tmp_path / "a.xlsx",
        {"T5": header.format("2023-05-31") + RECEPTION, "T6": header.format("2023-06-30") + RECEPTION},
    )
    found = read(book)
    row = found.submissions.row(0, named=True)
    assert (row["unit_key"], row["period_id"], row["report_id"]) == ("kien-giang.go-quao", None, None)
    remark = found.remarks.filter(pl.col("code") == "header_agreement").row(0, named=True)
    assert "30/06/2023" in remark["detail_vi"]
    assert "31/05/2023" in remark["detail_vi"]


def test_dates_of_year_one_in_a_long_csv_are_told_with_their_line(tmp_path):
    found = read_lines(tmp_path / "a.csv", "kien-giang,0001-01-01,0001-12-31,09,total,visits,191")
    (remark,) = found.remarks.to_dicts()
    assert (remark["code"], remark["address"]) == ("header_period", "B2")
    assert found.submissions["period_end"].item() is None


def test_a_space_is_no_scope_of_its_own(tmp_path):
    header = "unit,period_start,period_end,form,row,column,value,scope"
    lines = [
        "kien-giang,2021-10-01,2022-09-30,09,total,visits,191,",
        'kien-giang,2021-10-01,2022-09-30,09,total,people,195," "',
    ]
    assert read_lines(tmp_path / "a.csv", *lines, header=header).submissions.height == 1


PUBLISHED = "case_id,province,level,period_start,period_end,indicator,value,unit,source\n"


def published(line: str):
    receipt = {
        "receipt_id": "r",
        "batch": 1,
        "path": "a.csv",
        "file_name": "a.csv",
        "sha256": "f" * 64,
        "received_at": ARRIVED,
    }
    return read_published(PUBLISHED + line, receipt, forms(), unit_registry())


@pytest.mark.parametrize(
    ("province", "start", "end", "code", "address"),
    [
        ("", "2021-10-01", "2022-09-30", "header_unit", "B2"),
        ("Tỉnh Không Có", "2021-10-01", "2022-09-30", "header_unit", "B2"),
        ("Kiên Giang", "2020-10-01", "2022-09-30", "header_period", "D2"),
        ("Kiên Giang", "", "", "header_period", "D2"),
        ("Kiên Giang", "0001-10-01", "0002-09-30", "header_period", "D2"),
        ("An Giang", "2025-10-01", "2026-09-30", "header_period", "D2"),
    ],
)
def test_published_figures_without_a_place_are_told_at_the_line(province, start, end, code, address):
    found = published(f"A-1,{province},province,{start},{end},viec.phai_thi_hanh,5,việc,x")
    told = found.remarks.filter(pl.col("code").str.starts_with("header")).select("code", "address").rows()
    assert (code, address) in told
    assert found.submissions["report_id"].item() is None


def test_a_case_may_be_called_anything():
    assert published("{0},Kiên Giang,province,2021-10-01,2022-09-30,viec.phai_thi_hanh,5,việc,x").submissions[
        "report_id"
    ].to_list() == [f"{Origin.PUBLISHED}/{{0}}"]
