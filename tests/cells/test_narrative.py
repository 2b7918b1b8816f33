"""Claims about narrative reports: every figure at its span with its meaning, and nothing guessed."""

import csv
import time
import unicodedata
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cells import published
from pipeline.cells.narrative import read_narrative
from pipeline.cells.narrative.marks import TextMark, sentences, unwrap
from pipeline.cells.narrative.phrases import narrative, spellings
from pipeline.cells.narrative.words import words
from pipeline.cells.numerals import parse_amount, parse_numeral
from pipeline.cells.read import read_files
from pipeline.cells.reading import ReadingResult
from pipeline.forms import forms
from pipeline.home import PROJECT
from pipeline.judged.judge import judge
from pipeline.registry.units import unit_registry
from tests.support.narratives import SEED, receipt

PUBLISHED = PROJECT / "samples" / "published" / "published_figures.csv"
OPENING = "Năm 2023, Cục Thi hành án dân sự tỉnh Hậu Giang báo cáo kết quả công tác.\n"

Place = tuple[str, str, str]


def read(text: str, name: str = "bao-cao.txt") -> ReadingResult:
    return read_narrative(text, receipt(name, text.encode()), forms(), unit_registry())


def figures(text: str) -> dict[Place, Decimal]:
    """Return the figures of a sentence in a report of Hậu Giang for 2023, in base units."""
    return placed(read(OPENING + text))


def placed(reading: ReadingResult) -> dict[Place, Decimal]:
    cells = reading.cells.select("form", "row_code", "column_code", "value").iter_rows()
    return {(form, row, column): value for form, row, column, value in cells}


def figures_marked(text: str) -> list[TextMark]:
    """Return every number of a text that may be a figure."""
    found = sentences(unwrap(list(words(text))), text, narrative(), lambda *_: 0)
    return [mark for sentence in found for mark in sentence.marks if mark.kind == "figure"]


def listed(text: str) -> list[tuple[str, str]]:
    """Return code and words of what was not understood."""
    remarks = read(OPENING + text).remarks
    told = remarks.filter(pl.col("code").is_in(["not_understood", "ambiguous_number"]))
    return list(told.select("code", "raw").iter_rows())


def cases(column: str) -> Place:
    return "01", "total.total", column


def money(column: str) -> Place:
    return "02", "total.total", column


def span(address: str) -> slice:
    start, end = address.removeprefix("c").split("-")
    return slice(int(start), int(end))


# --- the seed


@pytest.fixture(scope="module")
def seed() -> bytes:
    if not SEED.exists():
        pytest.skip("the seed report lies beside the repository and is not here")
    return SEED.read_bytes()


@pytest.fixture(scope="module")
def seed_reading(seed: bytes) -> ReadingResult:
    return read_files([receipt(SEED.name, seed)], [SEED])


def seed_case() -> dict[Place, tuple[Decimal, Decimal, str]]:
    """Return value, rounding and unit of the seed's figures as the published case of the same report lists them."""
    with PUBLISHED.open(encoding="utf-8") as lines:
        kept = [line for n, line in enumerate(lines) if n == 0 or line.startswith("KG-2022-12M,")]
    assert len(list(csv.reader(kept))) == 25
    reading = published.read_published("".join(kept), receipt("f.csv", b"", "csv"), forms(), unit_registry())
    columns = ("form", "row_code", "column_code", "value", "rounding", "unit")
    return {row[:3]: row[3:] for row in reading.cells.select(columns).iter_rows()}


def test_all_figures_of_the_seed_are_those_of_its_published_case(seed_reading):
    columns = ("form", "row_code", "column_code", "value", "rounding", "unit")
    found = {row[:3]: row[3:] for row in seed_reading.cells.select(columns).iter_rows()}
    assert found == seed_case()
    assert len(found) == seed_reading.cells.height == 24


def test_figures_of_the_seed_are_those_of_the_domain_notes(seed_reading):
    thousand = 1000
    assert placed(seed_reading) == {
        cases("judgments_received"): 9838,
        cases("due"): 20352,
        cases("newly_accepted"): 12576,
        cases("eligible"): 14647,
        cases("completed"): 12056,
        cases("carried_over"): 8122,
        money("accepted_total"): 3478152572 * thousand,
        money("due"): 3405066268 * thousand,
        money("eligible"): 2015887559 * thousand,
        money("eligible_share"): Decimal("59.20"),
        money("completed"): 1165081049 * thousand,
        money("completed_change"): 374099782 * thousand,
        money("completed_growth"): Decimal("47.30"),
        money("completion_rate"): Decimal("57.79"),
        money("completion_rate_change"): Decimal("9.9"),
        money("over_target"): Decimal("17.69"),
        ("09", "total", "visits"): 191,
        ("09", "total", "people"): 195,
        ("09", "leaders", "visits"): 135,
        ("09", "leaders", "people"): 139,
        ("discipline", "reprimand", "all_staff"): 2,
        ("credit", "cases", "completion_rate"): Decimal("29.24"),
        ("credit", "money", "completion_rate"): Decimal("27.69"),
        ("credit", "money", "share_of_due"): Decimal("47.40"),
    }


def test_cells_of_the_seed_stand_where_their_address_says(seed, seed_reading):
    text = seed.decode("utf-8-sig")
    assert seed_reading.cells.height == 24
    for raw, address in seed_reading.cells.select("raw", "address").iter_rows():
        assert text[span(address)] == raw
    assert set(seed_reading.cells["sheet"]) == {SEED.name}


def test_numbers_of_the_seed_that_are_no_figures_are_named_so(seed_reading):
    told = set(seed_reading.remarks.select("code", "raw").iter_rows())
    assert told == {("ignored", raw) for raw in ("19", "3", "6891", "11", "5", "2")}


def test_seed_is_the_report_of_kien_giang_for_2022(seed_reading):
    (row,) = seed_reading.submissions.to_dicts()
    assert (row["unit_key"], row["scope"], row["period_id"]) == ("kien-giang", "province", "2022-12")
    assert (row["origin"], row["regime"], row["is_readable"]) == ("published", "06/2019/TT-BTP", True)
    assert row["report_id"] == f"published/{SEED.stem}/kien-giang/2022-12"


def test_seed_is_judged_off_by_174_with_both_places_quoted(seed_reading, tmp_path):
    judged = judge(
        seed_reading.submissions, seed_reading.cells, seed_reading.remarks, database=tmp_path / "judging.duckdb"
    )
    (finding,) = judged.findings.to_dicts()
    assert (finding["rule_id"], finding["difference"]) == ("balance.carried_over", -174)
    at = dict(seed_reading.cells.filter(pl.col("form") == "01").select("column_code", "address").iter_rows())
    for column in ("carried_over", "due", "completed"):
        assert at[column] in finding["sentence_vi"]
        assert at[column] in finding["sentence_en"]
    verdicts = dict(judged.ratios.filter(pl.col("form") == "02").select("column_code", "verdict").iter_rows())
    checked = {"eligible_share", "completion_rate", "completed_growth", "over_target"}
    assert {column for column, verdict in verdicts.items() if verdict == "fits"} == checked
    assert set(judged.ratios["verdict"]) == {"fits", "not_applicable"}
    assert judged.verdicts["verdict"].to_list() == ["accepted_with_query"]


# --- what a sentence says


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Tổng số phải thi hành là 300 việc.", {cases("due"): 300}),
        ("Đã có 140 việc có điều kiện thi hành.", {cases("eligible"): 140}),
        ("TỔNG SỐ THỤ LÝ: 1 234 VIỆC", {cases("accepted_total"): 1234}),
        (
            "Thụ lý 0 việc; tổng số thụ lý 500 việc, trong đó năm 2022 chuyển sang 200 việc, thụ lý mới 300 việc.",
            {cases("accepted_total"): 500, cases("opening"): 200, cases("newly_accepted"): 300},
        ),
        ("Thi hành xong 90 việc/7 tỷ đồng.", {cases("completed"): 90, money("completed"): 7 * 10**9}),
        (
            "Thi hành xong 90 việc, tương ứng với số tiền 7 tỉ 250 triệu đồng.",
            {cases("completed"): 90, money("completed"): 7250 * 10**6},
        ),
        (
            "Thi hành xong 90 việc, giảm 10 việc (giảm 10%) so với cùng kỳ.",
            {cases("completed"): 90, cases("completed_change"): -10, cases("completed_growth"): -10},
        ),
        (
            "Chưa có điều kiện (trừ số đã chuyển sổ theo dõi riêng) là 50 việc, chiếm 25% tổng số phải thi hành.",
            {cases("not_eligible"): 50, cases("not_eligible_share"): 25},
        ),
        (
            "Tỷ lệ thi hành xong đạt 82,31% về việc và 57,79% về tiền.",
            {cases("completion_rate"): Decimal("82.31"), money("completion_rate"): Decimal("57.79")},
        ),
        (
            "Chỉ tiêu được giao là 82,5% về việc và 45,5% về tiền.",
            {cases("target"): Decimal("82.5"), money("target"): Decimal("45.5")},
        ),
        (
            "Án tín dụng ngân hàng: phải thi hành 30 việc, tương ứng 9 tỷ đồng. Thi hành xong 5 việc.",
            {
                ("credit", "cases", "due"): 30,
                ("credit", "money", "due"): 9 * 10**9,
                ("credit", "cases", "completed"): 5,
            },
        ),
        (
            "Khiển trách 02 trường hợp, 01 đồng chí bị cảnh cáo.",
            {("discipline", "reprimand", "all_staff"): 2, ("discipline", "warning", "all_staff"): 1},
        ),
        (
            "Tiếp nhận 12 đơn, trong đó 9 đơn khiếu nại và 3 đơn tố cáo.",
            {
                ("08", "total", "received"): 12,
                ("08", "complaint", "received"): 9,
                ("08", "denunciation", "received"): 3,
            },
        ),
    ],
)
def test_sentence_is_understood(sentence, expected):
    assert figures(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Số chưa thi hành xong là 50 việc.",
        "Năm 2022 thi hành xong 50 việc.",
        "Trong 6 tháng đầu năm 2023 thi hành xong 50 việc.",
        "Tháng 9/2023, thi hành xong 50 việc.",
        "Cả nước thi hành xong 50 việc.",
        "Chi cục THADS thành phố Vị Thanh thi hành xong 50 việc.",
        "Chi cục THADS huyện Phụng Hiệp làm tốt. Thi hành xong 50 việc.",
        "Án hình sự thi hành xong 50 việc.",
        "Tập trung thi hành xong 50 việc phức tạp.",
        "Kê biên 50 việc có điều kiện thi hành.",
        "Từ 40 đến 50 việc thi hành xong.",
        "Thi hành xong -50 việc.",
        "Thi hành xong 50/70 việc.",
        "Hơn 50 việc thi hành xong.",
        "Số thi hành xong tăng 50 việc so với quý trước.",
        "Số thi hành xong tăng 50 việc so với năm 2021.",
        "Tỷ lệ thi hành xong trên tổng số phải thi hành đạt 50% về việc.",
        "Tỷ lệ thi hành xong đạt 50%.",
        "Đạt 50% chỉ tiêu.",
        "Số thi hành xong là 50.",
        "Còn tồn 50 đơn khiếu nại.",
        "Thụ lý mới 50 việc; thụ lý mới 60 việc.",
    ],
)
def test_what_could_be_misread_is_listed_and_never_a_cell(sentence):
    assert figures(sentence) == {}
    assert any("50" in raw for code, raw in listed(sentence) if code == "not_understood")


def test_change_of_a_rate_is_in_points_and_growth_of_an_amount_in_per_cent():
    found = read(OPENING + "Thi hành xong 90 việc (tăng 5% so với năm 2022), đạt tỷ lệ 80%, tăng 2,5% so với năm 2022.")
    units = dict(found.cells.select("column_code", "unit").iter_rows())
    assert (units["completed_growth"], units["completion_rate_change"]) == ("percent", "point")


def test_a_number_with_two_readings_is_ambiguous():
    assert figures("Số thi hành xong là 1,052 tỷ đồng.") == {}
    assert listed("Số thi hành xong là 1,052 tỷ đồng.") == [("ambiguous_number", "1,052 tỷ đồng")]
    assert figures("Số thi hành xong là 1.052 tỷ đồng.") == {money("completed"): 1052 * 10**9}


def test_an_approximate_amount_may_lie_a_whole_place_away():
    def rounding(sentence: str) -> Decimal:
        return read(OPENING + sentence).cells["rounding"].item()

    assert rounding("Số thi hành xong là 7 tỷ đồng.") == 5 * 10**8
    assert rounding("Số thi hành xong là hơn 7 tỷ đồng.") == 10**9
    assert rounding("Số thi hành xong là 7.000 nghìn đồng.") == 0


@pytest.mark.parametrize(
    ("sentence", "value", "rounding"),
    [
        ("Thi hành xong hơn 379.000 việc.", 379_000, 1000),
        ("Thi hành xong trên 2.200 việc.", 2200, 100),
        ("Thi hành xong 579.000 việc.", 579_000, 500),
        ("Thi hành xong gần 6,5 nghìn việc.", 6500, 100),
        ("Số tiền thi hành xong là xấp xỉ 150.000 tỷ đồng.", 150_000 * 10**9, 10_000 * 10**9),
        ("Số tiền thi hành xong là 150.000 tỷ đồng.", 150_000 * 10**9, 5000 * 10**9),
        ("Số tiền thi hành xong là 45,00 tỷ đồng.", 45 * 10**9, 5 * 10**6),
    ],
)
def test_a_round_or_hedged_figure_is_as_exact_as_its_last_digit_that_is_not_zero(sentence, value, rounding):
    (row,) = read(OPENING + sentence).cells.to_dicts()
    assert (row["value"], row["rounding"]) == (value, rounding)


def test_the_word_that_hedges_a_figure_is_quoted_with_it():
    text = OPENING + "Thi hành xong hơn 379.000 việc."
    (row,) = read(text).cells.to_dicts()
    assert row["raw"] == "hơn 379.000 việc"
    start, end = map(int, row["address"][1:].split("-"))
    assert text[start:end] == row["raw"]


def test_ratios_of_hedged_figures_are_not_impossible(tmp_path):
    text = (
        OPENING
        + "Có điều kiện thi hành hơn 180 tỷ đồng, thi hành xong gần 76 tỷ đồng. Về tiền, tỷ lệ thi hành xong đạt 42%."
    )
    found = read(text)
    assert found.cells.height == 3
    judged = judge(found.submissions, found.cells, found.remarks, database=tmp_path / "j.duckdb")
    assert "ratio.completion_rate" not in set(judged.findings["rule_id"])


@pytest.mark.parametrize(
    "number", ["9" * 24 + " nghìn tỷ", "9" * 30 + " tỷ", "9" * 70 + " tỷ", "1" + ".000" * 7 + " triệu"]
)
def test_an_amount_that_no_figure_can_be_is_told_as_illegible_and_quoted(number):
    found = read(f"{OPENING}Số tiền thi hành xong là {number} đồng.")
    assert found.cells.is_empty()
    (remark,) = found.remarks.filter(pl.col("code") == "not_a_number").to_dicts()
    assert remark["raw"].startswith(number[:24])
    assert number[:24] in remark["detail_vi"]
    assert number[:24] in remark["detail_en"]


def test_a_long_number_without_a_unit_of_measure_is_noted_and_nobody_is_asked():
    found = read(f"{OPENING}Thi hành xong 90 việc, mã là {'9' * 30}.")
    (remark,) = found.remarks.filter(pl.col("raw").str.contains("999")).to_dicts()
    assert remark["code"] == "not_understood"


@pytest.mark.parametrize(
    "written",
    [
        "13 tháng năm 2022",
        "0 tháng năm 2022",
        "00 tháng đầu năm 2022",
        "100 tháng đầu năm",
        "tháng 14 năm 2022",
        "tháng 0/2022",
    ],
)
def test_a_period_that_there_is_not_is_quoted_and_is_no_year(written):
    found = read(
        f"BÁO CÁO\nKết quả thi hành án dân sự {written}\nCục THADS tỉnh Kiên Giang\nTổng số việc phải thi hành là 90 việc."
    )
    (row,) = found.submissions.to_dicts()
    assert (row["period_id"], row["report_id"]) == (None, None)
    (remark,) = found.remarks.filter(pl.col("code") == "header_period").to_dicts()
    assert remark["raw"] == written
    assert f"«{written}»" in remark["detail_vi"]


@pytest.mark.parametrize(
    "aside", ["Bị phạt 18 tháng tù.", "Trong 24 tháng qua, Cục làm tốt.", "Trong 14 tháng, so với năm 2022."]
)
def test_a_length_of_time_is_no_period(aside):
    assert read(OPENING + aside + " Thi hành xong 90 việc.").submissions["period_id"].to_list() == ["2023-12"]


_PIECES = st.sampled_from(
    ["thi hành xong", "phải thi hành", "hơn", "tăng", "tháng", "năm", "tỷ", "nghìn", "việc", "đồng", "%", "điểm", "(", ")", ",",
     ".", "/", "-", "\n", "so với cùng kỳ", "tỉnh Kiên Giang", "2022", "13", "0", "1,052", "9" * 30, "án hành chính", "\x00", "đơn"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.integers(0, 10**20).map(str), st.text(max_size=6)), max_size=40))
def test_no_text_raises_and_every_figure_has_a_value_or_is_told(pieces):
    found = read(OPENING + " ".join(pieces))
    assert found.cells["value"].null_count() == 0
    assert found.submissions.height == 1
    told = {address for address in found.remarks["address"] if address}
    text = OPENING + " ".join(pieces)
    spans = [tuple(map(int, address[1:].split("-"))) for address in (*told, *found.cells["address"])]
    if found.submissions["is_readable"].item():
        for mark in figures_marked(text):
            assert any(start <= mark.start < end for start, end in spans), text[mark.start : mark.end]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ngày 30/9/2023, họp theo Thông tư 06/2019/TT-BTP và Điều 48.",
        "Tiếp dân vào thứ 3, thứ 5; Chỉ thị 11; dịch Covid-19; điện thoại 0293.3878999.",
        "1. Công tác chung\nII. Về việc",
    ],
)
def test_dates_articles_and_telephones_are_ignored_by_a_declared_pattern(sentence):
    assert figures(sentence) == {}
    assert listed(sentence) == []


def test_the_same_figure_twice_is_one_cell_at_the_finer_place():
    text = OPENING + "Thi hành xong 7,3 tỷ đồng. Số thi hành xong là 7.251.000 nghìn đồng."
    found = read(text)
    assert found.cells["raw"].to_list() == ["7.251.000 nghìn đồng"]
    assert "repeated" in found.remarks["code"].to_list()


# --- who and when


@pytest.mark.parametrize(
    ("opening", "unit", "period"),
    [
        ("9 tháng đầu năm 2024, Cục THADS tỉnh Hậu Giang", "hau-giang", "2024-09"),
        ("Trong 6 tháng năm 2021, CỤC THI HÀNH ÁN DÂN SỰ TỈNH KIÊN GIANG", "kien-giang", "2021-06"),
        ("Năm 2022, Chi cục THADS huyện Gò Quao, tỉnh Kiên Giang", "kien-giang.go-quao", "2022-12"),
        ("So với năm 2022, năm 2023 Cục THADS tỉnh Hậu Giang", "hau-giang", "2023-12"),
        ("Năm 2023, cả nước", "viet-nam", "2023-12"),
        ("Cục THADS tỉnh Hậu Giang", "hau-giang", None),
        ("Năm 2023, cơ quan", None, "2023-12"),
    ],
)
def test_unit_and_period_are_recognised(opening, unit, period):
    found = read(f"{opening} đạt kết quả tốt.\nThi hành xong 90 việc.")
    row = found.submissions.row(0, named=True)
    assert (row["unit_key"], row["period_id"]) == (unit, period)
    assert (row["report_id"] is None) == (unit is None or period is None)
    missing = {code for code in found.remarks["code"] if code.startswith("header_")}
    assert missing == {code for code, value in (("header_unit", unit), ("header_period", period)) if value is None}


def test_files_of_one_name_from_two_offices_are_two_reports():
    here, there = (
        read(f"Năm 2023, Cục THADS tỉnh {name} thi hành xong 90 việc.").submissions["report_id"].item()
        for name in ("Hậu Giang", "Kiên Giang")
    )
    assert here != there
    assert {here.split("/")[1], there.split("/")[1]} == {"bao-cao"}


def test_text_without_agency_and_figures_is_unreadable():
    for text in ("", " \r\n\t", "Có 12 bình luận. Gọi 0912345678."):
        row = read(text).submissions.row(0, named=True)
        assert (row["is_readable"], row["problem"]) == (False, "no_figures")


# --- spellings of text


def test_decomposed_text_keeps_its_own_spans():
    text = unicodedata.normalize("NFD", OPENING + "Số thi hành xong là 7 tỷ 250 triệu đồng.")
    found = read(text)
    assert placed(found) == {money("completed"): 7250 * 10**6}
    assert text[span(found.cells["address"].item())] == found.cells["raw"].item()


def test_wrapped_lines_and_windows_line_ends_change_nothing():
    text = (OPENING + "Số thi hành xong\nlà 90 việc, đạt\ntỷ lệ 82,31%.").replace("\n", "\r\n")
    found = read(text)
    assert placed(found) == {cases("completed"): 90, cases("completion_rate"): Decimal("82.31")}
    for raw, address in found.cells.select("raw", "address").iter_rows():
        assert text[span(address)] == raw


def test_old_code_page_is_read(tmp_path):
    stored = "N¨m 2023, Côc Thi hµnh ¸n d©n sù tØnh HËu Giang. Tæng sè ph¶i thi hµnh lµ 300 viÖc.".encode("cp1252")
    path = tmp_path / "bao-cao.txt"
    path.write_bytes(stored)
    found = read_files([receipt(path.name, stored)], [path])
    assert placed(found) == {cases("due"): 300}
    assert found.submissions["unit_key"].to_list() == ["hau-giang"]


def test_bytes_that_are_no_text_are_unreadable(tmp_path):
    path = tmp_path / "bao-cao.txt"
    path.write_bytes(bytes(range(256)))
    assert read_files([receipt(path.name, b"")], [path]).submissions["is_readable"].to_list() == [False]


def grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


@st.composite
def amounts(draw: st.DrawFn) -> tuple[str, int]:
    """Return an amount of money in words and its value in đồng."""
    parts = {"tỷ": 10**9, "triệu": 10**6, "nghìn": 10**3, "đồng": 1}
    first = draw(st.integers(0, 3))
    chosen = list(parts.items())[first:]
    said, total = [], 0
    for n, (word, factor) in enumerate(chosen):
        number = draw(st.integers(1, 9_999_999 if n == 0 else 999))
        if n and draw(st.booleans()):
            continue
        said.append(f"{grouped(number)} {word}")
        total += number * factor
    text = " ".join(said)
    return (text if text.endswith("đồng") else f"{text} đồng"), total


@given(amounts(), st.sampled_from(["\n", " ", "\u00a0", "  \r\n"]))
@settings(max_examples=60, deadline=None)
def test_any_amount_in_words_is_read_back_from_its_span(amount, space):
    said, value = amount
    text = f"{OPENING}Số thi hành xong là{space}{said}; hết."
    found = read(text)
    assert placed(found) == {money("completed"): value}
    again = parse_amount(text[span(found.cells["address"].item())])
    assert (again.value, found.cells["raw"].item()) == (value, said)


@given(st.integers(0, 10**9), st.integers(0, 9999))
@settings(max_examples=40, deadline=None)
def test_any_count_and_rate_is_read_back_from_its_span(count, rate):
    percent = f"{rate // 100},{rate % 100:02}%"
    text = f"{OPENING}Số thi hành xong là {grouped(count)} việc, đạt tỷ lệ {percent}."
    found = read(text)
    assert placed(found) == {cases("completed"): count, cases("completion_rate"): Decimal(rate) / 100}
    completed, printed = (text[span(address)] for address in found.cells["address"])
    assert parse_numeral(completed.removesuffix(" việc")).value == count
    assert parse_numeral(printed).value == Decimal(rate) / 100


@given(st.text(alphabet="0123456789.,%/-() \n" + "việcthànhxongđồngtỷ", max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_reading_and_every_span_holds_its_words(noise):
    text = OPENING + noise
    found = read(text)
    for frame in (found.cells, found.remarks.filter(pl.col("raw").is_not_null())):
        for raw, address in frame.select("raw", "address").iter_rows():
            assert text[span(address)] == raw


# --- hostile


@pytest.mark.parametrize(
    "piece",
    [
        "7",
        "7 ",
        "1.234",
        "123 ",
        "1,",
        "(",
        "tỉnh Kiên ",
        "7 việc thi hành xong, ",
        "thi hành xong 7 tỷ ",
        "a1-",
        "x" * 50,
    ],
)
def test_time_and_output_stay_bounded(piece):
    text = OPENING + "Thi hành xong 90 việc.\n" + piece * (5_000_000 // len(piece))
    started = time.perf_counter()
    found = read(text)
    assert time.perf_counter() - started < 20  # a fraction of a second on an idle machine
    assert found.remarks.height <= 2100
    assert found.remarks["raw"].drop_nulls().str.len_chars().max() in (None, *range(61))
    assert any("c200000-" in (address or "") for address in found.remarks["address"])


# --- the declaration


def test_brackets_are_optional_alternatives():
    assert set(spellings("(tổng|cả) số")) == {("số",), ("tổng", "số"), ("cả", "số")}


def test_declaration_names_only_measures_units_and_indicators_that_exist():
    told, declared = narrative().entry, forms()
    assert min(len(told[name]) for name in ("measures", "ratios", "changes", "units", "money", "topics")) > 0
    for spec in told["measures"]:
        assert spec.get("measure") is None or spec["measure"] in declared.measures, spec
        assert set(spec.get("indicators", {}).values()) <= set(declared.published["indicators"]), spec
    named = [entry[name] for entry in told["ratios"] for name in ("of", "to", "measure")]
    named += [measure for changes in told["changes"].values() for measure in changes.values()]
    assert set(named) <= set(declared.measures)
    assert {*told["units"], *told["money"]} <= set(declared.units)
    for topic in told["topics"].values():
        assert {topic["case"], topic["vnd"]} <= set(declared.published["prefixes"])


def test_no_seed_sentence_is_kept_in_the_repository(seed):
    sentences = [line for line in seed.decode("utf-8-sig").splitlines() if len(line) > 60]
    kept = Path(__file__).read_text(encoding="utf-8") + (forms().folder / "narrative.yaml").read_text(encoding="utf-8")
    assert len(sentences) > 5
    assert not any(sentence[:60] in kept for sentence in sentences)
