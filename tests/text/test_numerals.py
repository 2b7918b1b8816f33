"""Claims about Vietnamese numerals, and that the column twin says the same of every text."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cells.numerals import NUMERAL, NotANumber, Numeral, numerals, parse_amount, parse_numeral
from pipeline.vocabulary import CellState


def said_of_column(texts: list[str | None]) -> list[Numeral | NotANumber]:
    said = pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(numeral=numerals(pl.col("text")))
    assert said.schema["numeral"] == NUMERAL
    return [
        NotANumber(row["reason"], row["reason_vi"], row["reason_en"])
        if row["reason"]
        else Numeral(CellState(row["state"]), row["value"], row["places"], row["is_percent"])
        for row in said["numeral"].to_list()
    ]


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [
        ("3.405.066.268", "3405066268", 0),
        ("1.052", "1052", 0),
        ("1,05", "1.05", 2),
        ("0,123", "0.123", 3),
        ("1.234,567", "1234.567", 3),
        ("1234,567", "1234.567", 3),
        ("1 234 567", "1234567", 0),
        ("1\u00a0234,5", "1234.5", 1),
        ("1\u202f234", "1234", 0),
        ("-5", "-5", 0),
        ("–5", "-5", 0),
        ("− 5", "-5", 0),
        ("(5)", "-5", 0),
        ("+5", "5", 0),
        ("0", "0", 0),
        ("007", "7", 0),
        ("'20352", "20352", 0),
        (" 12\u00a0", "12", 0),
        ("１２．３４５", "12345", 0),
    ],
)
def test_a_number_is_read_exactly_with_its_printed_decimals(text, value, places):
    assert parse_numeral(text) == Numeral(CellState.NUMBER, Decimal(value), places)
    assert said_of_column([text]) == [parse_numeral(text)]


@pytest.mark.parametrize("text", ["59,20%", "59,20 %", "５９,２０％"])
def test_a_per_cent_sign_is_kept_as_a_flag(text):
    assert parse_numeral(text) == Numeral(CellState.NUMBER, Decimal("59.20"), 2, is_percent=True)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", CellState.BLANK),
        (" \u00a0", CellState.BLANK),
        ("-", CellState.NIL),
        ("–", CellState.NIL),
        ("x", CellState.NOT_APPLICABLE),
        ("X", CellState.NOT_APPLICABLE),
        ("0", CellState.NUMBER),
    ],
)
def test_blank_nil_zero_and_not_applicable_stay_different(text, state):
    assert parse_numeral(text).state == state


def test_a_null_is_blank():
    assert said_of_column([None]) == [Numeral(CellState.BLANK)]


@pytest.mark.parametrize(
    ("text", "reason", "named"),
    [
        ("1,052", "ambiguous_number", ["1,052", "1.052"]),
        ("-1,052", "ambiguous_number", ["-1,052", "-1.052"]),
        ("1.05", "foreign_number", ["1,05"]),
        ("0.123", "foreign_number", ["0,123"]),
        ("1,234,567", "foreign_number", ["1.234.567"]),
        ("1,234.56", "foreign_number", ["1.234,56"]),
        ("1.234 việc", "trailing_text", ["“việc”"]),
        ("1.2345.678", "bad_grouping", []),
        ("12.34,5", "bad_grouping", []),
        ("khoảng 500", "not_a_number", ["khoảng 500"]),
        ("(5", "not_a_number", []),
        ("5,", "not_a_number", []),
        ("#REF!", "not_a_number", []),
        ("1E+05", "trailing_text", []),
        ("5%%", "not_a_number", []),
        ("%5%", "not_a_number", []),
        ("1" * 25, "number_too_long", []),
        ("0,1234567", "number_too_long", []),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused_with_its_readings(text, reason, named):
    refused = parse_numeral(text)
    assert isinstance(refused, NotANumber)
    assert refused.reason == reason
    for words in [text, *named]:
        assert words in refused.vi
        assert words in refused.en
    assert said_of_column([text]) == [refused]


@pytest.mark.parametrize(
    ("text", "value", "places"),
    [
        ("500 tỷ 283 triệu 352 nghìn đồng", "500283352000", -3),
        ("500 tỉ 283 triệu 352 ngàn đồng", "500283352000", -3),
        ("1.052 tỷ", "1052000000000", -9),
        ("1,5 tỷ đồng", "1500000000", -8),
        ("15 nghìn tỷ đồng", "15000000000000", -12),
        ("283.352.000 đồng", "283352000", 0),
        ("3 TỶ 5 TRIỆU", "3005000000", -6),
    ],
)
def test_an_amount_in_words_of_scale_is_money_in_dong(text, value, places):
    assert parse_amount(text) == Numeral(CellState.NUMBER, Decimal(value), places)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,052 tỷ", "ambiguous_number"),
        ("500", "unit_missing"),
        ("5 triệu 3 tỷ", "unit_order"),
        ("5 tỷ 3 tỷ", "unit_order"),
        ("5 tỷ 3", "not_a_number"),
        ("năm trăm tỷ", "not_a_number"),
        ("5 tỷ việc", "not_a_number"),
    ],
)
def test_an_amount_is_never_guessed(text, reason):
    refused = parse_amount(text)
    assert isinstance(refused, NotANumber)
    assert refused.reason == reason


numeral_like = st.text(alphabet="0123456789.,- %()xX–−'’ \u00a0\u2009０９％việcE$\n{}\u200b", max_size=14)


@settings(max_examples=100, deadline=None)
@given(st.lists(numeral_like | st.text(max_size=8), min_size=1, max_size=30))
def test_a_column_says_what_the_single_reading_says(texts):
    assert said_of_column(texts) == [parse_numeral(text) for text in texts]


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**18), 10**18), st.integers(0, 5))
def test_what_is_printed_the_vietnamese_way_is_read_back(number, places):
    value = Decimal(number).scaleb(-places)
    printed = f"{value:,.{places}f}".translate(str.maketrans(".,", ",."))
    said = parse_numeral(printed)
    if "." in printed or places != 3 or abs(value) < 1:
        assert said == Numeral(CellState.NUMBER, value, places)
    else:
        assert isinstance(said, NotANumber)
        assert said.reason == "ambiguous_number"
