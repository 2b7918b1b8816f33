"""Claims about what a department declares of its units: exemptions and split keys, wrong ones told by line and column."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.declared import export_declarations
from pipeline.home import Home
from pipeline.registry import home_register as of_home
from pipeline.registry.provisions import EXEMPTIONS, SPLIT_KEYS, Provisions, import_provisions, preview_change, undo
from pipeline.registry.register import MOST_LINES, RegisterError
from pipeline.registry.units import unit_registry
from pipeline.warehouse.marks import input_marks

EXEMPT = "unit_key,form,valid_from,valid_to,reason,source\n"
KIEN_HAI = "kien-giang.kien-hai,06,2022-10-01,2023-10-01,Không có vụ việc,Công văn 12\n"
SHARES = "unit_key,territory_key,share,source\n"
MERGED = "an-giang-2025,an-giang,0.375,Số thụ lý 2024\nan-giang-2025,kien-giang,0.625,Số thụ lý 2024\n"
HEADERS = {EXEMPTIONS.name: EXEMPT, SPLIT_KEYS.name: SHARES}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def load(home: Home, kind: Provisions, *lines: str, **how: bool) -> object:
    content = HEADERS[kind.name] + "".join(lines)
    return import_provisions(home, kind, content.encode(), of_home.registry_of(home), **how)


def told(kind: Provisions, *lines: str, header: str = "", home: Home | None = None) -> list[tuple]:
    """Return code, line and column of every problem of a file."""
    content = (header or HEADERS[kind.name]) + "".join(lines)
    with pytest.raises(RegisterError) as refused:
        preview_change(home or Home(Path("nowhere")), kind, content.encode(), unit_registry())
    assert all(one.vi and one.en for one in refused.value.problems)
    return [(one.code, one.line, one.column) for one in refused.value.problems]


def declared(home: Home, kind: Provisions) -> list[tuple]:
    export_declarations(home)
    return pl.read_parquet(home.declared / f"{kind.name}.parquet").rows()


# --- what is wrong is told with line and column


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nobody,01,2022-10-01,,a,b\n", ("unknown_unit", 2, "unit_key")),
        (",01,2022-10-01,,a,b\n", ("blank", 2, "unit_key")),
        ("kien-giang,13,2022-10-01,,a,b\n", ("unknown_form", 2, "form")),
        ("kien-giang,01,1/10,,a,b\n", ("bad_date", 2, "valid_from")),
        ("kien-giang,01,2022-10-01,2022-10-01,a,b\n", ("empty_span", 2, "valid_to")),
        ("kien-giang,01,2025-10-01,,a,b\n", ("outside_unit", 2, "valid_from")),
        ("kien-giang,01,2022-10-01,,,b\n", ("blank", 2, "reason")),
        ("kien-giang,01,2022-10-01,,a,=1+1\n", ("bad_text", 2, "source")),
        (f"kien-giang,01,2022-10-01,,{'a' * 501},b\n", ("bad_text", 2, "reason")),
        ("kien-giang,01\n", ("wrong_width", 2, None)),
    ],
)
def test_an_exemption_that_cannot_be_is_told_with_line_and_column(line: str, problem: tuple) -> None:
    assert told(EXEMPTIONS, line) == [problem]


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ("kien-giang.kien-hai,06,2022-10-01,,x,y\n", ("provision_twice", 3, "unit_key")),
        ("kien-giang.kien-hai,06,2023-09-30,,x,y\n", ("exempt_twice", 3, "valid_from")),
        ("kien-giang.kien-hai,,2023-01-01,2023-02-01,x,y\n", ("exempt_twice", 3, "valid_from")),
    ],
)
def test_nobody_is_exempt_twice_on_one_day(second: str, problem: tuple) -> None:
    assert told(EXEMPTIONS, KIEN_HAI, second) == [problem]


def test_exemptions_that_follow_each_other_or_are_of_other_forms_stand_beside_each_other(home: Home) -> None:
    load(
        home,
        EXEMPTIONS,
        KIEN_HAI,
        "kien-giang.kien-hai,06,2023-10-01,,x,y\n",
        "kien-giang.kien-hai,7,2022-10-01,,x,y\n",
    )
    assert [row[1] for row in declared(home, EXEMPTIONS)] == ["06", "06", "07"]
    later = "kien-giang.kien-hai,06,2023-01-01,,x,y\n"
    with pytest.raises(RegisterError, match="exempt from the same form"):
        load(home, EXEMPTIONS, later)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("an-giang-2025,an-giang,0.4,x\nan-giang-2025,kien-giang,0.5,x\n", ("shares_not_one", 3, "share")),
        ("an-giang-2025,an-giang,0.4,x\n", ("shares_not_one", 2, "share")),
        ("an-giang-2025,an-giang,1.2,x\n", ("bad_share", 2, "share")),
        ("an-giang-2025,an-giang,0,x\n", ("bad_share", 2, "share")),
        ("an-giang-2025,an-giang,40 %,x\n", ("bad_share", 2, "share")),
        ("an-giang-2025,an-giang,nan,x\n", ("bad_share", 2, "share")),
        ("an-giang-2025,ca-mau,0.5,x\n", ("not_divided", 2, "territory_key")),
        ("kien-giang,an-giang-2025,0.5,x\n", ("not_divided", 2, "territory_key")),
        ("an-giang-2025,nobody,0.5,x\n", ("unknown_unit", 2, "territory_key")),
        ("an-giang-2025,an-giang,0.5,\n", ("blank", 2, "source")),
    ],
)
def test_a_split_key_that_cannot_be_is_told_with_line_and_column(lines: str, problem: tuple) -> None:
    assert told(SPLIT_KEYS, lines) == [problem]


def test_what_is_no_such_file_is_refused() -> None:
    for kind in (EXEMPTIONS, SPLIT_KEYS):
        assert told(kind) == [("no_rows", 1, None)]
        assert [code for code, *_ in told(kind, header="a,b\n")] == ["missing_column"] * len(kind.needed) + [
            "unknown_column"
        ] * 2
        assert told(kind, header="\x00\x01\xff") == [("not_text", 1, None)]
        assert told(kind, *(f"x{n}\n" for n in range(MOST_LINES + 1))) == [("too_big", MOST_LINES, None)]


# --- what it changes


def test_a_decimal_comma_semicolons_and_a_lost_zero_of_a_spreadsheet_are_read(home: Home) -> None:
    split = (SHARES + MERGED).replace(",", ";").replace("0.", "0,")
    import_provisions(home, SPLIT_KEYS, f"\ufeff{split}".encode(), unit_registry())
    assert {row[1]: row[2] for row in declared(home, SPLIT_KEYS)} == {
        "an-giang": Decimal("0.375"),
        "kien-giang": Decimal("0.625"),
    }
    load(home, EXEMPTIONS, KIEN_HAI.replace(",06,", ",6,").replace("2022-10-01", "01/10/2022"))
    assert declared(home, EXEMPTIONS)[0][:4] == ("kien-giang.kien-hai", "06", date(2022, 10, 1), date(2023, 10, 1))


def test_imports_are_laid_over_each_other_and_undone_one_at_a_time(home: Home) -> None:
    other = "kien-giang,,2022-10-01,2022-11-01,Bão,Công văn 3\n"
    assert load(home, EXEMPTIONS, KIEN_HAI)
    assert not load(home, EXEMPTIONS, KIEN_HAI), "the same again changes nothing"
    assert load(home, EXEMPTIONS, other).added == ["kien-giang 2022-10-01"]
    assert load(home, EXEMPTIONS, KIEN_HAI.replace("12", "13")).changed == ["kien-giang.kien-hai 06 2022-10-01"]
    assert len(declared(home, EXEMPTIONS)) == 2
    assert load(home, EXEMPTIONS, KIEN_HAI, replace=True).withdrawn == ["kien-giang 2022-10-01"]
    assert undo(home, EXEMPTIONS, unit_registry()).added == ["kien-giang 2022-10-01"]
    for _ in range(3):
        assert undo(home, EXEMPTIONS, unit_registry())
    assert undo(home, EXEMPTIONS, unit_registry()) is None
    assert declared(home, EXEMPTIONS) == []


def test_what_is_declared_makes_another_warehouse_and_taking_it_back_the_same(home: Home) -> None:
    export_declarations(home)
    before = input_marks(home).ground
    for kind, lines in ((EXEMPTIONS, KIEN_HAI), (SPLIT_KEYS, MERGED)):
        load(home, kind, lines)
        export_declarations(home)
        assert input_marks(home).ground != before
        undo(home, kind, unit_registry())
        export_declarations(home)
        assert input_marks(home).ground == before


def test_a_unit_that_an_exemption_needs_cannot_be_taken_from_the_registry(home: Home) -> None:
    header = "unit_key,name,level,parent_key,valid_from\n"
    of_home.import_units(home, f"{header}cm.a,Phòng A,office,ca-mau-2025,2025-07-01\n".encode())
    load(home, EXEMPTIONS, "cm.a,,2025-10-01,2026-01-01,Mới thành lập,Công văn 7\n")
    with pytest.raises(RegisterError) as refused:
        of_home.undo(home)
    (one,) = refused.value.problems
    assert one.code == "still_needed"
    assert "exemptions.csv:2" in one.en
    assert "cm.a" in of_home.own_keys(home), "nothing was undone"
    undo(home, EXEMPTIONS, of_home.registry_of(home))
    assert of_home.undo(home).withdrawn == ["cm.a"]


# --- the commands


def run(home: Home, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--home", str(home.root)])
    return done.exit_code, done.output


def test_the_commands_tell_what_changes_write_it_out_again_and_go_back(home: Home, tmp_path: Path) -> None:
    for command, kind, lines in (("exemptions", EXEMPTIONS, KIEN_HAI), ("split-keys", SPLIT_KEYS, MERGED)):
        file, again = tmp_path / f"{command}.csv", tmp_path / f"{command}-again.csv"
        file.write_text(HEADERS[kind.name] + lines)
        code, output = run(home, command, "import", str(file), "--dry-run", "--json")
        assert code == 0
        assert json.loads(output)["imported"] is False
        assert len(json.loads(output)["added"]) == lines.count("\n")
        assert run(home, command, "export")[0] == 2, "a dry run writes nothing"
        code, output = run(home, command, "import", str(file))
        assert (code, "thêm · added" in output, f"thads {command} undo" in output) == (0, True, True)
        assert run(home, command, "export", "-o", str(again))[0] == 0
        assert "Nothing changes" in run(home, command, "import", str(again))[1]
        assert run(home, command, "undo")[0] == 0
        assert run(home, command, "undo")[0] == 2
        assert run(home, command, "import", str(tmp_path / "none.csv"))[0] == 2
        file.write_text(HEADERS[kind.name] + lines.replace("-giang", "-giang-x"))
        code, output = run(home, command, "import", str(file))
        assert code == 2
        assert f"{file}:2 [unit_key]" in output.replace("\n", "")
