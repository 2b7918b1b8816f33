"""Claims about a register of offices that somebody loads: what is wrong with it, what it changes, what it touches."""

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from expectations.direct_validation import validate_directly
from pipeline import tables
from pipeline.cells.read import read_landed
from pipeline.cli.main import app
from pipeline.declared import export_declarations
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.landing.receive import receive
from pipeline.registry.home_register import import_units, own_keys, preview_change, registry_as_csv, registry_of, undo
from pipeline.registry.register import RegisterError
from pipeline.registry.units import unit_registry
from pipeline.storage import read_tables

HEADER = "unit_key,name,level,parent_key,valid_from,valid_to,code,aliases,successors\n"
KV1 = "ca-mau-2025.khu-vuc-1,Phòng THADS khu vực 1 - Cà Mau,office,ca-mau-2025,2025-07-01,,,,\n"
KV2 = "ca-mau-2025.khu-vuc-2,Phòng THADS khu vực 2 - Cà Mau,office,ca-mau-2025,01/07/2025,,,KV2 Cà Mau,\n"
AFTER, BEFORE = date(2026, 6, 30), date(2024, 9, 30)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def load(home: Home, *lines: str, **how: bool) -> object:
    return import_units(home, (HEADER + "".join(lines)).encode(), **how)


def told(*lines: str, home: Home | None = None, header: str = HEADER) -> list[tuple[str, int, str | None]]:
    """Return code, line and column of every problem of a register."""
    with pytest.raises(RegisterError) as refused:
        preview_change(home or Home(Path("nowhere")), (header + "".join(lines)).encode())
    return [(one.code, one.line, one.column) for one in refused.value.problems]


# --- what is wrong is told with line and column, all of it at once


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x,X,office,ca-mau-2025,31/02/2026,,,,\n", ("bad_date", 2, "valid_from")),
        ("x,X,office,ca-mau-2025,7/2025,,,,\n", ("bad_date", 2, "valid_from")),
        ("x,X,office,ca-mau-2025,2026-01-01,2026-01-01,,,\n", ("empty_span", 2, "valid_to")),
        ("x,,office,ca-mau-2025,2026-01-01,,,,\n", ("blank", 2, "name")),
        ("x,X,ward,ca-mau-2025,2026-01-01,,,,\n", ("bad_level", 2, "level")),
        ("Cà Mau 1,X,office,ca-mau-2025,2026-01-01,,,,\n", ("bad_key", 2, "unit_key")),
        ("ca-mau.sim-01,X,office,ca-mau,2020-01-01,2025-07-01,,,\n", ("reserved_key", 2, "unit_key")),
        ("x,=1+1,office,ca-mau-2025,2026-01-01,,,,\n", ("bad_name", 2, "name")),
        ("x,X,office,ca-mau-2025,2026-01-01,,96,,\n", ("bad_code", 2, "code")),
        ("x,X,nation,,2026-01-01,,,,\n", ("second_nation", 2, "level")),
        ("x,X,office,ca-mau-2026,2026-01-01,,,,\n", ("unknown_parent", 2, "parent_key")),
        ("x,X,office,viet-nam,2026-01-01,,,,\n", ("wrong_parent", 2, "parent_key")),
        ("x,X,office,ca-mau-2025,2025-06-30,,,,\n", ("outside_parent", 2, "valid_from")),
        ("x,X,office,ca-mau,2020-01-01,,,,\n", ("outside_parent", 2, "valid_to")),
        ("ca-mau,Cà Mau,province,viet-nam,2004-01-01,2024-01-01,,,\n", ("child_outside", 2, "valid_to")),
        ("x,X,office,ca-mau-2025,2025-07-01,2026-01-01,,,y\n", ("unknown_successor", 2, "successors")),
        ("x,X,office,ca-mau-2025,2025-07-01,2026-01-01,,,x\n", ("wrong_successor", 2, "successors")),
        ("x,X,office,ca-mau-2025,2025-07-01,2026-01-01,,,can-tho-2025\n", ("wrong_successor", 2, "successors")),
        ("x,X,office,ca-mau-2025,2025-07-01,2026-01-01,,,\n", ("nobody_after", 2, "successors")),
        ("x,X,province,viet-nam,2025-07-01,,96,,\n", ("same_code", 2, "code")),
        ("x,Phòng THADS khu vực 1,office,an-giang-2025,2025-07-01,,,,\n", ("same_name", 2, "name")),
        ("x,X,office\n", ("wrong_width", 2, None)),
    ],
)
def test_a_line_that_cannot_be_is_told_with_line_and_column(line: str, problem: tuple) -> None:
    assert problem in told(line)


@pytest.mark.parametrize(
    ("ends", "begins", "problem"),
    [
        ("2026-01-01", "2026-02-01", ("gap", 2, "valid_to")),
        ("2026-02-01", "2026-01-01", ("overlap", 2, "valid_to")),
        ("", "2026-01-01", ("open_end", 2, "valid_to")),
    ],
)
def test_an_office_and_its_successor_share_one_day(ends: str, begins: str, problem: tuple) -> None:
    old = f"x,Phòng X,office,ca-mau-2025,2025-07-01,{ends},,,y\n"
    new = f"y,Phòng Y,office,ca-mau-2025,{begins},,,,\n"
    assert told(old, new) == [problem]


def test_all_problems_are_told_at_once_in_order_and_in_both_languages(home: Home) -> None:
    lines = (
        "x,X,office,nowhere,2025-07-01,,,,\n",
        KV1,
        KV1,
        "y,Y,office,ca-mau-2025,2025-13-01,,,,\n",
        "z,Z,office,ca-mau-2025,2025-07-01,,,,\n",
    )
    # Fields first; whether units fit together can be asked once every line can be read.
    assert told(*lines) == [("twice", 4, "unit_key"), ("bad_date", 5, "valid_from")]
    assert told(lines[0], "q,Q,office,nobody,2025-07-01,,,,\n") == [
        ("unknown_parent", 2, "parent_key"),
        ("unknown_parent", 3, "parent_key"),
    ]
    with pytest.raises(RegisterError) as refused:
        load(home, lines[3])
    (one,) = refused.value.problems
    assert "«2025-13-01»" in one.vi
    assert "'2025-13-01'" in one.en
    assert own_keys(home) == [], "nothing was written"


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("unit_key,name\n", [("missing_column", 1, name) for name in ("level", "parent_key", "valid_from")]),
        (HEADER.replace("aliases", "alias"), [("unknown_column", 1, None)]),
        (HEADER, [("no_rows", 1, None)]),
        ("", [("missing_column", 1, n) for n in ("unit_key", "name", "level", "parent_key", "valid_from")]),
        ("\x00\x01\x02\xff", [("not_text", 1, None)]),
    ],
)
def test_what_is_no_register_is_refused(header: str, problems: list) -> None:
    assert told(header=header) == problems


def test_a_huge_file_is_refused_by_its_lines() -> None:
    assert told(*(f"x-{n},X {n},office,ca-mau-2025,2025-07-01,,,,\n" for n in range(20_001))) == [
        ("too_big", 20_000, None)
    ]


def test_lines_of_the_file_are_counted_past_blank_ones_and_line_breaks_in_quotes() -> None:
    assert told("\n", 'x,"Phòng\nX",office,ca-mau-2025,2025-07-01,,,,\n', "y,Y,hut,ca-mau-2025,2025-07-01,,,,\n") == [
        ("bad_level", 5, "level")
    ]


def test_semicolons_a_byte_order_mark_and_a_lost_zero_of_a_spreadsheet_are_read(home: Home) -> None:
    shipped = unit_registry().units["tuyen-quang-2025"]
    content = f"\ufeff{HEADER}tuyen-quang-2025,Tuyên Quang,province,viet-nam,01/07/2025,,8,,\n".replace(",", ";")
    import_units(home, content.encode())
    assert registry_of(home).units["tuyen-quang-2025"].code == shipped.code == "08"


# --- what it changes


def test_a_loaded_office_is_found_by_name_alias_and_key_below_its_province(home: Home) -> None:
    assert registry_of(home) is unit_registry()
    load(home, KV1, KV2)
    registry = registry_of(home)
    for text in ("Phòng THADS khu vực 2 - Cà Mau", "KV2 CÀ MAU", "cà mau / KV2 Cà Mau"):
        found = registry.find(text, AFTER)
        assert found, text
        assert found.key == "ca-mau-2025.khu-vuc-2"
    assert registry.find("KV2 Cà Mau", BEFORE) is None
    assert registry.parts_of("ca-mau-2025", AFTER, is_simulated=False) == [
        "ca-mau-2025.khu-vuc-1",
        "ca-mau-2025.khu-vuc-2",
    ]


def test_a_town_and_a_district_of_one_name_are_told_apart_by_their_kind(home: Home) -> None:
    town = "dt.tp-cao-lanh,Chi cục THADS TP Cao Lãnh,office,dong-thap,2004-01-01,2025-07-01,,,\n"
    district = "dt.huyen-cao-lanh,Chi cục THADS huyện Cao Lãnh,office,dong-thap,2004-01-01,2025-07-01,,,\n"
    load(home, town, district)
    registry = registry_of(home)
    assert registry.find("Cao Lãnh", BEFORE) is None
    for text, key in (("huyện Cao Lãnh", "dt.huyen-cao-lanh"), ("Chi cục THADS TP Cao Lãnh", "dt.tp-cao-lanh")):
        assert (found := registry.find(text, BEFORE))
        assert found.key == key


def test_a_named_office_takes_the_place_of_one_without_a_name_and_fifteen_stay_fifteen(home: Home) -> None:
    def offices() -> list[str]:
        return registry_of(home).parts_of("an-giang-2025", AFTER, is_simulated=False)

    assert len(offices()) == 15
    load(home, "an-giang-2025.rach-gia,Phòng THADS khu vực Rạch Giá,office,an-giang-2025,2025-07-01,,,,\n")
    assert len(offices()) == 15
    assert "an-giang-2025.rach-gia" in offices()
    assert "an-giang-2025.khu-vuc-15" not in offices()
    load(home, "an-giang-2025.khu-vuc-01,Phòng THADS khu vực Long Xuyên,office,an-giang-2025,2025-07-01,,,,\n")
    assert len(offices()) == 15
    units = registry_of(home).units
    assert not units["an-giang-2025.khu-vuc-01"].is_placeholder
    assert units["an-giang-2025.khu-vuc-02"].is_placeholder


def test_imports_are_laid_over_each_other_and_the_same_file_again_changes_nothing(home: Home) -> None:
    assert load(home, KV1)
    assert load(home, KV2)
    before = (home.registry / "units.csv").read_bytes()
    again = load(home, KV1)
    assert not again
    assert (home.registry / "units.csv").read_bytes() == before
    assert sorted(own_keys(home)) == ["ca-mau-2025.khu-vuc-1", "ca-mau-2025.khu-vuc-2"]
    assert load(home, KV2, replace=True).withdrawn == ["ca-mau-2025.khu-vuc-1"]


def test_undo_steps_back_one_import_at_a_time_to_the_shipped_registry(home: Home) -> None:
    load(home, KV1)
    load(home, KV2)
    assert undo(home).withdrawn == ["ca-mau-2025.khu-vuc-2"]
    assert undo(home).withdrawn == ["ca-mau-2025.khu-vuc-1"]
    assert undo(home) is None
    assert registry_of(home) is unit_registry()


def test_what_is_exported_can_be_imported_and_changes_nothing(home: Home) -> None:
    real = [unit.key for unit in unit_registry().units.values() if not unit.is_simulated]
    text = registry_as_csv(unit_registry(), real)
    assert text.count("\n") == len(real) + 1
    change, _ = preview_change(home, text.encode())
    assert not change, "the shipped registry is sound and says the same of itself"


def test_an_office_that_is_divided_keeps_both_successors(home: Home) -> None:
    load(
        home,
        KV1,
        KV2.replace("01/07/2025", "2026-01-01"),
        "cm.a,Phòng A,office,ca-mau-2025,2025-07-01,2026-01-01,,,ca-mau-2025.khu-vuc-2|cm.b\n",
        "cm.b,Phòng B,office,ca-mau-2025,2026-01-01,,,,\n",
    )
    export_declarations(home)
    became = pl.read_parquet(home.declared / "unit_succession.parquet").filter(predecessor_key="cm.a")
    assert became["successor_key"].to_list() == ["ca-mau-2025.khu-vuc-2", "cm.b"]
    assert became["valid_from"].unique().to_list() == [date(2026, 1, 1)]
    assert "cm.b" in pl.read_parquet(home.declared / "units.parquet")["unit_key"]


# --- what it touches

LONG = "unit,period_start,period_end,form,row,column,value\n"


def returns(inbox: Path, **files: str) -> None:
    inbox.mkdir(exist_ok=True)
    for name, unit in files.items():
        (inbox / f"{name}.csv").write_text(
            f"{LONG}{unit},2025-10-01,2026-06-30,01,total.total,due,10\n{unit},2025-10-01,2026-06-30,01,total.total,completed,4\n"
        )


def units_read(home: Home) -> dict[str, str | None]:
    frame = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    return dict(frame.select("file_name", "unit_key").iter_rows())


def test_a_return_of_an_unknown_office_is_read_again_when_its_office_is_loaded(home: Home, tmp_path: Path) -> None:
    returns(tmp_path / "first", unknown="KV2 Cà Mau")
    returns(tmp_path / "second", known="Hà Nội")
    for inbox in ("first", "second"):
        receive(tmp_path / inbox, home)
        read_landed(home)
    assert units_read(home) == {"unknown.csv": None, "known.csv": "ha-noi"}
    untouched = (home.cells / "000002" / "submissions.parquet").stat().st_mtime_ns
    load(home, KV2)
    done = read_landed(home)
    assert done.batches == [1], "a batch with nothing to place elsewhere is left alone"
    assert units_read(home) == {"unknown.csv": "ca-mau-2025.khu-vuc-2", "known.csv": "ha-noi"}
    assert (home.cells / "000002" / "submissions.parquet").stat().st_mtime_ns == untouched
    assert read_landed(home).batches == [], "and asked once only"
    undo(home)
    read_landed(home)
    assert units_read(home)["unknown.csv"] is None


def test_reading_again_ends_in_the_tables_of_a_home_that_knew_the_office_from_the_start(
    home: Home, tmp_path: Path
) -> None:
    returns(tmp_path / "inbox", unknown="KV2 Cà Mau", known="Hà Nội")
    late, early = home, Home(tmp_path / "early")
    receive(tmp_path / "inbox", late)
    read_landed(late)
    load(late, KV2)
    read_landed(late)
    load(early, KV2)
    receive(tmp_path / "inbox", early)
    read_landed(early)
    for name, schema in (("submissions", tables.SUBMISSIONS), ("cells", tables.CELLS), ("remarks", tables.REMARKS)):
        assert read_tables(late.cells, name, schema).equals(read_tables(early.cells, name, schema)), name


def test_a_change_of_units_judges_again_the_periods_in_which_they_exist_and_no_other(
    home: Home, tmp_path: Path
) -> None:
    returns(tmp_path / "inbox", new="Hà Nội", unknown="KV2 Cà Mau")
    old = (tmp_path / "inbox" / "new.csv").read_text().replace("2025-10-01,2026-06-30", "2022-10-01,2023-06-30")
    (tmp_path / "inbox" / "old.csv").write_text(old)
    receive(tmp_path / "inbox", home)
    read_landed(home)
    assert judge_changed(home, validator=validate_directly).periods == ["2023-09", "2026-09"]
    pinned = read_tables(home.judged, "outcomes", tables.OUTCOMES)
    load(home, KV2)
    read_landed(home)
    assert judge_changed(home, validator=validate_directly).periods == ["2026-09"]
    now = read_tables(home.judged, "outcomes", tables.OUTCOMES)
    for period, is_same in (("2023-09", True), ("2026-09", False)):
        versions = [set(frame.filter(period_id=period)["unit_version"]) for frame in (pinned, now)]
        assert (versions[0] == versions[1]) is is_same
    assert judge_changed(home, validator=validate_directly).periods == []


# --- the command


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["units", *arguments])
    return done.exit_code, done.output


def test_the_command_tells_what_changes_and_a_dry_run_writes_nothing(home: Home, tmp_path: Path) -> None:
    returns(tmp_path / "inbox", unknown="KV2 Cà Mau")
    receive(tmp_path / "inbox", home)
    read_landed(home)
    file = tmp_path / "units.csv"
    file.write_text(HEADER + KV1 + KV2)
    code, output = run("import", str(file), "--home", str(home.root), "--dry-run", "--json")
    assert code == 0
    assert json.loads(output) == {
        "imported": False,
        "added": ["ca-mau-2025.khu-vuc-1", "ca-mau-2025.khu-vuc-2"],
        "changed": [],
        "withdrawn": [],
        "returns_to_read_again": 1,
        "of_them_without_a_unit": 1,
        "periods_to_judge_again": ["2026-09"],
    }
    assert own_keys(home) == []
    code, output = run("import", str(file), "--home", str(home.root))
    assert code == 0
    assert "thêm · added: 2" in output
    assert "thads units undo" in output
    code, output = run("list", "--home", str(home.root), "--under", "Cà Mau", "--on", "30/06/2026", "--json")
    assert [row["unit_key"] for row in json.loads(output)["units"] if row["is_loaded"]] == [
        "ca-mau-2025.khu-vuc-1",
        "ca-mau-2025.khu-vuc-2",
    ]
    code, output = run("export", "--home", str(home.root))
    assert output.startswith("unit_key,name,level,parent_key,valid_from")
    assert output.count("\n") == 3
    assert run("undo", "--home", str(home.root))[0] == 0
    assert run("undo", "--home", str(home.root))[0] == 2


def test_the_command_names_file_line_column_and_the_way_out(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(HEADER + KV1 + "x,X,office,ca-mau-2026,2025-07-01,,,,\n")
    code, output = run("import", str(file), "--home", str(home.root))
    assert code == 2
    assert f"{file}:3 [parent_key]: Đơn vị cấp trên «ca-mau-2026» không có trong danh mục" in output
    assert "The parent 'ca-mau-2026' is in no register" in output
    assert "1 problems, nothing was written" in output
    assert run("import", str(tmp_path / "none.csv"), "--home", str(home.root))[0] == 2
    assert run("list", "--on", "yesterday", "--home", str(home.root))[0] == 2
