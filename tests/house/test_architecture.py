"""Claims about the house: each room knows only the rooms below it, and docs/architecture.md draws them as they are."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipeline.home import PROJECT


def rooms() -> list[list[str]]:
    """Return the rooms of ``pipeline/`` from top to bottom, those of one floor together."""
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return [floor.split(" | ") for floor in contracts["contracts"][0]["layers"]]


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    environment = {"PYTHONPATH": str(house), "PATH": "", "LANG": "C.UTF-8"}
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code, to build in."""
    code = shutil.ignore_patterns("__pycache__", "*.parquet")
    for part in ("pipeline", "expectations"):
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=code)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_room_knows_only_the_rooms_below_it(house):
    told = lint(house)
    assert told.returncode == 0, told.stdout
    assert "0 broken" in told.stdout


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("pipeline/text/day.py", "pipeline.cli.terminal"),
        ("pipeline/landing/walk.py", "pipeline.judged.verdicts"),
        ("pipeline/causes/laws.py", "pipeline.judged.findings"),
        ("pipeline/registry/units.py", "expectations.kinds"),
        ("expectations/kinds/balance.py", "pipeline.cells.numerals"),
    ],
)
def test_an_import_upwards_is_found_though_it_hides_in_a_function(house, module, forbidden):
    with (house / module).open("a", encoding="utf-8") as file:
        file.write(f"\n\ndef _later():\n    import {forbidden}\n")
    told = lint(house)
    assert told.returncode == 1
    importer = module.removesuffix(".py").replace("/", ".")
    assert f"{importer} -> {forbidden}" in told.stdout


def test_a_new_room_must_be_given_a_floor(house):
    (house / "pipeline" / "attic.py").write_text('"""A room that nobody placed."""\n')
    told = lint(house)
    assert told.returncode == 1
    assert "attic" in told.stdout


def test_the_drawing_shows_every_room_on_its_floor():
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = text.split("<!-- rooms -->")[1].split("```")[1]
    assert [line.split("  ")[0].split(" | ") for line in drawn.strip().splitlines()[1:]] == rooms()
