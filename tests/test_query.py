"""``thads query``: what a person sees of rows, however wide they are, and what other programs get of them."""

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipeline.cli import query

NARROW = pl.DataFrame({"unit_key": ["kien-giang", None], "cases_due": [20352, 7]})
WIDE = pl.DataFrame({f"a_column_with_a_long_name_{number}": [number, -number] for number in range(12)})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch):
    def with_answer(frame: pl.DataFrame) -> None:
        monkeypatch.setattr(query, "run_query", lambda home, sql: frame)

    return with_answer


def printed(capsys: pytest.CaptureFixture[str], fmt: str = "table") -> str:
    assert query.ask("from anything", fmt, None, Path("home")) == 0
    return capsys.readouterr().out


def test_rows_that_have_room_are_a_table(answers, capsys):
    answers(NARROW)
    lines = [line.split("│") for line in printed(capsys).splitlines()[2:]]
    assert [[cell.strip() for cell in line] for line in lines] == [["kien-giang", "20352"], ["", "7"]]


def test_rows_too_wide_for_a_table_stand_below_each_other_with_every_column_whole(answers, capsys):
    answers(WIDE)
    text = printed(capsys)
    assert "1 / 2" in text
    assert "2 / 2" in text
    for name, values in WIDE.to_dict(as_series=False).items():
        found = [line.split()[1] for line in text.splitlines() if line.split()[:1] == [name]]
        assert found == [str(value) for value in values]


def test_long_sentences_are_folded_in_a_table(answers, capsys):
    answers(pl.DataFrame({"unit_key": ["kien-giang"], "sentence_vi": ["Số chuyển kỳ sau " * 40]}))
    text = printed(capsys)
    assert "│" in text
    assert text.count("chuyển") == 40


def test_no_row_is_a_table_without_rows(answers, capsys):
    answers(NARROW.clear())
    assert "unit_key" in printed(capsys)


def test_csv_cannot_become_a_formula_and_json_keeps_whole_numbers_whole(answers, capsys):
    answers(pl.DataFrame({"name": ["=1+1"], "money_due": [Decimal("5.00")], "rate": [Decimal("57.79")]}))
    assert printed(capsys, "csv").splitlines()[1].startswith("'=1+1,")
    assert json.loads(printed(capsys, "json")) == [{"name": "=1+1", "money_due": 5, "rate": 57.79}]
