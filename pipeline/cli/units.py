"""``thads units``: the registry of offices that a home loads from CSV, and what it looks like on a day."""

import json
import sys
from datetime import date
from pathlib import Path

import polars as pl
from rich.table import Table
from rich.text import Text

from pipeline import tables
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home, vietnam_now
from pipeline.lock import HomeIsBusy, one_writer
from pipeline.registry.home_register import (
    RegisterChange,
    import_units,
    own_keys,
    preview_change,
    registry_as_csv,
    registry_of,
    undo,
)
from pipeline.registry.reach import affected_submissions
from pipeline.registry.register import RegisterError, RegisterProblem
from pipeline.registry.units import UnitRegistry
from pipeline.storage import read_tables
from pipeline.text.day import parse_day

PATIENCE_SECONDS = 60
MOST_LISTED = 12


def load_register(file: Path, home: Path | None, *, replace: bool, dry_run: bool, as_json: bool) -> int:
    """Load a register of units, or only say what it would change; return the exit code."""
    if not file.is_file():
        return _refuse(
            f"there is no file at {file}; name a CSV file, or make one with: thads units export -o units.csv"
        )
    opened_home, content = open_home(home), file.read_bytes()
    try:
        if dry_run:
            previous_registry, (change, _) = (
                registry_of(opened_home),
                preview_change(opened_home, content, replace=replace),
            )
        else:
            with one_writer(opened_home, patience=PATIENCE_SECONDS):
                previous_registry, change = (
                    registry_of(opened_home),
                    import_units(opened_home, content, replace=replace),
                )
    except RegisterError as error:
        return print_problems(file, error.problems, as_json=as_json)
    except HomeIsBusy as error:
        return _refuse(str(error))
    _print_import(opened_home, previous_registry, change, is_done=not dry_run, as_json=as_json)
    return 0


def undo_register(home: Path | None, *, as_json: bool) -> int:
    """Bring back what stood before the last import; return the exit code."""
    opened_home = open_home(home)
    try:
        with one_writer(opened_home, patience=PATIENCE_SECONDS):
            previous_registry, change = registry_of(opened_home), undo(opened_home)
    except RegisterError as error:
        return print_problems(opened_home.registry / "units.csv", error.problems, as_json=as_json, command="units undo")
    except HomeIsBusy as error:
        return _refuse(str(error))
    if change is None:
        return _refuse("nothing was imported into this home, so there is nothing to undo")
    _print_import(opened_home, previous_registry, change, is_done=True, as_json=as_json)
    return 0


def list_units(day_text: str | None, parent_text: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print the units of a day; return the exit code."""
    day = parse_day(day_text) if day_text else vietnam_now().date()
    if day is None:
        return _refuse(f"'{day_text}' is no day; write 2026-01-31 or 31/01/2026")
    opened_home = open_home(home)
    registry, home_keys = registry_of(opened_home), set(own_keys(opened_home))
    frame = _units_on(registry, day)
    if parent_text:
        parent = registry.units.get(parent_text) or registry.find(parent_text, day)
        if parent is None:
            return _refuse(f"no unit is called '{parent_text}' on {day:%d/%m/%Y}")
        frame = frame.filter(pl.any_horizontal(pl.col("unit_key", "parent_key") == parent.key))
    rows = frame.with_columns(is_loaded=pl.col("unit_key").is_in(sorted(home_keys))).to_dicts()
    if as_json:
        print(json.dumps({"on": day.isoformat(), "units": rows}, ensure_ascii=False, default=str))
        return 0
    table = Table(title=f"Danh mục ngày {day:%d/%m/%Y} · Units on {day.isoformat()}", show_edge=False)
    for name in (
        "khóa · key",
        "mã · code",
        "tên · name",
        "cấp trên · parent",
        "từ · from",
        "đến · to",
        "nguồn · source",
    ):
        table.add_column(name)
    for row in rows:
        table.add_row(
            *(Text(str(row[name] or "")) for name in ("unit_key", "code", "name", "parent_key")),
            *(f"{row[name]:%d/%m/%Y}" if row[name] else "" for name in ("valid_from", "valid_to")),
            "nạp · loaded"
            if row["is_loaded"]
            else "chưa rõ tên · name not established"
            if row["is_placeholder"]
            else "có sẵn · shipped",
        )
    out.print(table)
    return 0


def export_units(output: Path | None, home: Path | None, *, everything: bool) -> int:
    """Write the register of this home, or all real units, as a file that can be edited and imported; return the exit code."""
    opened_home = open_home(home)
    registry = registry_of(opened_home)
    keys = (
        [unit.key for unit in registry.units.values() if not unit.is_simulated] if everything else own_keys(opened_home)
    )
    if not keys:
        return _refuse("nothing was imported into this home; add --all for the units that are shipped")
    text = registry_as_csv(registry, keys)
    if output:
        output.write_text(text, encoding="utf-8-sig")  # the mark lets a spreadsheet read the Vietnamese
        out.print(Text(f"{output}: {len(keys)} đơn vị · units"))
    else:
        sys.stdout.write(text)
    return 0


def _units_on(registry: UnitRegistry, day: date) -> pl.DataFrame:
    return registry.frame.filter(
        ~pl.col("is_simulated"),
        pl.col("valid_from") <= day,
        pl.col("valid_to").is_null() | (pl.col("valid_to") > day),
    )


def _print_import(
    home: Home, previous_registry: UnitRegistry, change: RegisterChange, *, is_done: bool, as_json: bool
) -> None:
    submissions = read_tables(home.cells, "submissions", tables.SUBMISSIONS)
    returns = affected_submissions(submissions, previous_registry, change.registry)
    periods = sorted(
        period
        for period, end in submissions.select("period_id", "period_end").drop_nulls().unique().iter_rows()
        if previous_registry.version_on(end) != change.registry.version_on(end)
    )
    summary = {
        "imported": is_done,
        "added": change.added,
        "changed": change.changed,
        "withdrawn": change.withdrawn,
        "returns_to_read_again": returns.height,
        "of_them_without_a_unit": returns["unit_key"].null_count(),
        "periods_to_judge_again": periods,
    }
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    print_change(change.added, change.changed, change.withdrawn)
    if returns.height or periods:
        out.print(
            Text(
                f"Lần nạp sau đọc lại {returns.height} báo cáo ({summary['of_them_without_a_unit']} chưa rõ đơn vị), "
                f"kiểm tra lại {len(periods)} kỳ · the next load reads {returns.height} returns again "
                f"({summary['of_them_without_a_unit']} without a unit) and judges {len(periods)} periods again"
            )
        )
    if not is_done:
        out.print(Text("Chưa ghi gì (--dry-run) · Nothing was written (--dry-run)", style="yellow"))
    elif change:
        out.print(Text("Trở lại như trước: thads units undo · To go back: thads units undo", style="dim"))


def print_change(added: list[str], changed: list[str], withdrawn: list[str]) -> None:
    """Print what an import changes, by key."""
    for words, keys in (("thêm · added", added), ("sửa · changed", changed), ("bỏ · withdrawn", withdrawn)):
        if keys:
            rest = f"; ... +{len(keys) - MOST_LISTED}" if len(keys) > MOST_LISTED else ""
            out.print(Text(f"{words}: {len(keys)}  {'; '.join(keys[:MOST_LISTED])}{rest}"))
    if not (added or changed or withdrawn):
        out.print(Text("Không có gì thay đổi · Nothing changes", style="dim"))


def print_problems(file: Path, problems: list[RegisterProblem], *, as_json: bool, command: str = "units import") -> int:
    """Print every problem of a file with line and column, in both languages; return the exit code."""
    if as_json:
        print(json.dumps({"imported": False, "problems": [vars(problem) for problem in problems]}, ensure_ascii=False))
    for problem in problems:
        place = f"{file}:{problem.line}" + (f" [{problem.column}]" if problem.column else "")
        err.print(Text(f"{place}: {problem.vi}\n    {problem.en}"))
    err.print(
        Text(
            f"thads {command}: {len(problems)} lỗi, chưa ghi gì · {len(problems)} problems, nothing was written",
            style="red",
        )
    )
    return 2


def _refuse(reason: str) -> int:
    err.print(Text(f"thads units: {reason}"))
    return 2
