"""``thads query``: what a person sees of rows, however wide they are, and what other programs get of them."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.cli import query
from pipeline.home import Home
from pipeline.published import publish

NARROW = pl.DataFrame({"unit_key": ["kien-giang", None], "cases_due": [20352, 7]})
WIDE = pl.DataFrame({f"a_column_with_a_long_name_{number}": [number, -number] for number in range(12)})


@pytest.fixture
def answers(tmp_path: Path):
    def with_answer(frame: pl.DataFrame) -> Path:
        home = Home(tmp_path)
        build = home.warehouse / "build.duckdb"
        build.parent.mkdir(exist_ok=True)
        with duckdb.connect(str(build)) as connection:
            connection.register("frame", frame.to_arrow())
            connection.execute("create table answer as from frame")
        publish(home, build, "a" * 64)
        return tmp_path

    return with_answer


def printed(capsys: pytest.CaptureFixture[str], home: Path, fmt: str = "table", sql: str = "from answer") -> str:
    assert query.ask(sql, fmt, None, home) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_rows_that_have_room_are_a_table(answers, capsys):
    home = answers(NARROW)
    lines = [line.split("│") for line in printed(capsys, home).splitlines()[2:]]
    assert [[cell.strip() for cell in line] for line in lines] == [["kien-giang", "20352"], ["", "7"]]


def test_rows_too_wide_for_a_table_stand_below_each_other_with_every_column_whole(answers, capsys):
    home = answers(WIDE)
    text = printed(capsys, home)
    assert "1 / 2" in text
    assert "2 / 2" in text
    for name, values in WIDE.to_dict(as_series=False).items():
        found = [line.split()[1] for line in text.splitlines() if line.split()[:1] == [name]]
        assert found == [str(value) for value in values]


def test_long_sentences_are_folded_in_a_table(answers, capsys):
    home = answers(pl.DataFrame({"unit_key": ["kien-giang"], "sentence_vi": ["Số chuyển kỳ sau " * 40]}))
    text = printed(capsys, home)
    assert "│" in text
    assert text.count("chuyển") == 40


def test_no_row_is_a_table_without_rows(answers, capsys):
    home = answers(NARROW.clear())
    assert "unit_key" in printed(capsys, home)


def test_csv_cannot_become_a_formula_and_json_keeps_whole_numbers_whole(answers, capsys):
    home = answers(pl.DataFrame({"name": ["=1+1"], "money_due": [Decimal("5.00")], "rate": [Decimal("57.79")]}))
    assert printed(capsys, home, "csv").splitlines()[1].startswith("'=1+1,")
    assert json.loads(printed(capsys, home, "json")) == [{"name": "=1+1", "money_due": 5, "rate": 57.79}]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("home"))
    build = home.warehouse / "build.duckdb"
    build.parent.mkdir()
    with duckdb.connect(str(build)) as connection:
        connection.execute("create table s as select 1 as id, 'Gò Quao' as name, 10 as due")
        connection.execute("create table f as select 1 as id, 'balance' as name, [1, 2, 3] as cells")
    publish(home, build, "a" * 64)
    return home.root


#: SELECTs that a person may write, and what each column of the first row is in JSON.
AWKWARD = {
    "select s.*, f.* from s join f using (id)": [1, "Gò Quao", 10, 1, "balance", [1, 2, 3]],
    "select 1 a, 2 a, 3 A, 4 a_2": [1, 2, 3, 4],
    "select 170141183460469231731687303715884105727::hugeint, 340282366920938463463374607431768211455::uhugeint":
        [170141183460469231731687303715884105727, 340282366920938463463374607431768211455],
    "select sum(due), count(*), avg(due) from s": [10, 1, 10.0],
    "select 12345678901234567890.123456::decimal(30, 6), 5.00::decimal(9, 2), 100::decimal(9, 0), -0.50::decimal(3, 2)":
        [Decimal("12345678901234567890.123456"), 5, 100, Decimal("-0.5")],
    "select 'nan'::double, 'inf'::float, '-inf'::double, 0.1::double": ["nan", "inf", "-inf", Decimal("0.1")],
    "select null, null::int, ''": [None, None, ""],
    "select [1, null, 3], [[1], []], [1, 2]::int[2], []": [[1, None, 3], [[1], []], [1, 2], []],
    "select range(500)": [list(range(500))],
    "select {'a': 1, 'b': [date '2024-01-01', null]}": [{"a": 1, "b": ["2024-01-01", None]}],
    "select map {'x': [1, 2]}": [{"x": [1, 2]}],
    "select union_value(num := 2), union_value(txt := 'a')": [{"num": 2}, {"txt": "a"}],
    "select interval '-3 months', interval 90 minute": ["-3 months", "01:30:00"],
    "select '\\xAA\\x00'::blob, '10101'::bit": ["\\xAA\\x00", "10101"],
    "select '00000000-0000-0000-0000-00000000000a'::uuid, 'b'::enum('a', 'b')":
        ["00000000-0000-0000-0000-00000000000a", "b"],
    "select timestamp '2024-01-01 07:00:00.123456', timestamp_ns '2024-01-01 07:00:00.123456789'":
        ["2024-01-01 07:00:00.123456", "2024-01-01 07:00:00.123456789"],
    "select timestamptz '2024-01-01 00:00:00+07' at time zone 'UTC', time '10:00', timetz '10:00:00+07'":
        ["2023-12-31 17:00:00", "10:00:00", "10:00:00+07"],
    "select date '0044-03-15 (BC)', 'infinity'::date, '-infinity'::timestamp":
        ["0044-03-15 (BC)", "infinity", "-infinity"],
    "select '{\"a\": 1}'::json, true, false": [{"a": 1}, True, False],
    "select '=1+1', '+84', '-x', '@a', chr(9) || 'tab', chr(13) || 'return', 'fine'":
        ["=1+1", "+84", "-x", "@a", "\ttab", "\rreturn", "fine"],
    "select 'a,b', 'c\"d', 'e' || chr(10) || 'f', '[bold]', 'ắ ẵ'": ["a,b", 'c"d', "e\nf", "[bold]", "ắ ẵ"],
    "select 1 as \"=cmd()\", 2 as \"x\"\"y\", 3 as \"with space\"": [1, 2, 3],
    "values (1, 'x')": [1, "x"],
    "with x as (select 7 i) select * from x;": [7],
    "select bignum '12345678901234567890123456789012345678901234567890'":
        [12345678901234567890123456789012345678901234567890],
    "select [interval 1 day], {'h': 1::hugeint}": [["1 day"], {"h": 1}],
    "select timestamptz '2024-01-01 00:00:00+00' is not null": [True],
}  # fmt: skip
#: Those of which only is asked that they are shown.
SHOWN = [
    "select 1 as i where false",
    "select 1 a, 2 a where false",
    "describe s",
    "show tables",
    "summarize s",
    "explain select 1",
    "from s limit 0",
    "select timestamptz '2024-01-01 00:00:00+07', 'x'::variant, 1::variant",
    "select * from range(1000)",
    "select unnest({'a': 1, 'b': 2})",
    "select [union_value(k := 1)], map {interval 1 day: [1::hugeint]}",
]


@pytest.mark.parametrize("sql", AWKWARD)
def test_json_gives_every_value_of_any_answer_exactly(warehouse: Path, capsys, sql: str) -> None:
    (row,) = json.loads(printed(capsys, warehouse, "json", sql), parse_float=Decimal)
    assert list(row.values()) == AWKWARD[sql]


@pytest.mark.parametrize("sql", [*AWKWARD, *SHOWN])
def test_any_answer_is_shown_in_every_format(warehouse: Path, capsys, tmp_path: Path, sql: str) -> None:
    texts = {fmt: printed(capsys, warehouse, fmt, sql) for fmt in ("table", "csv", "json")}
    file = tmp_path / "answer.parquet"
    assert query.ask(sql, "parquet", file, warehouse) == 0
    read = pl.read_parquet_schema(file)
    with duckdb.connect() as connection:
        rows = connection.execute("select count(*) from read_parquet(?)", [str(file)]).fetchall()[0][0]
        told = list(csv.reader(io.StringIO(texts["csv"])))
    assert len(json.loads(texts["json"])) == rows == len(told) - 1
    assert len(set(read)) == len(read) == len(told[0]) == len({name.casefold() for name in told[0]})
    assert texts["table"].strip() or not rows


@pytest.mark.parametrize("sql", AWKWARD)
def test_no_cell_of_a_csv_begins_like_a_formula_unless_it_is_a_number(warehouse: Path, capsys, sql: str) -> None:
    head, row = csv.reader(io.StringIO(printed(capsys, warehouse, "csv", sql)))
    for cell in (*head, *row):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
            float(cell)


def test_a_list_of_any_length_is_whole_in_csv(warehouse: Path, capsys) -> None:
    _, (cell,) = csv.reader(io.StringIO(printed(capsys, warehouse, "csv", "select range(500)")))
    assert json.loads(cell) == list(range(500))


def test_columns_of_one_name_get_a_number(warehouse: Path, capsys) -> None:
    head = printed(capsys, warehouse, "csv", "select 1 a, 2 a, 3 A, 4 a_2").splitlines()[0]
    assert head == "a,a_3,A_4,a_2"


@pytest.mark.parametrize(
    "sql", ["selec 1", "select nothing from s", "select 1; select 2", "", "delete from s", "select 1/'x'", "\udcff"]
)
def test_wrong_sql_is_one_sentence_and_exit_2(warehouse: Path, capsys, sql: str) -> None:
    for fmt in query.FORMATS:
        assert query.ask(sql, fmt, Path("unwritten"), warehouse) == 2
        told = " ".join(capsys.readouterr().err.split())
        assert told.startswith("thads query: ")
        assert "Traceback" not in told
        assert "LINE 1" not in told
    assert not Path("unwritten").exists()
