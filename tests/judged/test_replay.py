"""Claims about replay: exactly the returns that a changed pack would flip are listed, and nothing is touched."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from expectations.direct_validation import validate_directly
from expectations.rules import FOLDER, PackError
from pipeline.calendar.periods import Period
from pipeline.cli.main import app
from pipeline.home import Home
from pipeline.judged.judge import judge_changed
from pipeline.judged.replay import replay
from pipeline.storage import commit_folder
from tests.support.sheets import Returns

PACK = "circular-06-2019"
MONEY = "money_per_case.results"
#: Million đồng per case of each return; 100 cases each. The floor in force is 2.
WORTH = {"far-below": "0.5", "just-below": "1.9", "at-2": "2", "at-4": "4", "at-5": "5", "above": "80"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    home = Home(tmp_path_factory.mktemp("replay") / "home")
    drawn = Returns()
    for period in ("2023-08", "2023-09"):
        for name, worth in WORTH.items():
            figures = {
                ("01", "total.total"): {"completed": 100},
                ("02", "total.total"): {"completed": int(Decimal(worth) * 100 * 1000)},
            }
            drawn.add(f"{name}/{period}", figures, unit=name, period=period)
    # Those of the next circular are judged by a pack that extends the changed one.
    drawn.add(
        "later/2025-06", figures | {("02", "total.total"): {"completed": 300_000}}, unit="later", period="2025-06"
    )
    frames = dict(zip(("submissions", "cells", "remarks"), drawn.frames(), strict=True))
    commit_folder(home, home.cells / "000001", frames, fingerprint="1")
    judge_changed(home, validator=validate_directly)
    return home


def pack_with(folder: Path, floor: int) -> Path:
    """Write the pack in force with another floor of money per case."""
    entry = yaml.safe_load((FOLDER / f"{PACK}.yaml").read_text(encoding="utf-8"))
    (rule,) = [rule for rule in entry["rules"] if rule["id"] == MONEY]
    rule["floor"] = floor
    path = folder / "changed.yaml"
    path.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
    return path


def flipped(home: Home, pack: Path, **bounds: Period) -> dict[str, tuple[str, str]]:
    told = replay(home, pack, validator=validate_directly, **bounds)
    for row in told.flips.to_dicts():
        assert [*row["starts_failing"], *row["stops_failing"]] == [MONEY]
    return {row["submission_id"]: (row["before"], row["after"]) for row in told.flips.to_dicts()}


def test_a_raised_floor_of_money_per_case_flips_those_between_the_floors_and_no_other(home, tmp_path):
    asked = ("accepted", "accepted_with_query")
    expected = {f"{name}/{period}": asked for name in ("at-2", "at-4") for period in ("2023-08", "2023-09")}
    assert flipped(home, pack_with(tmp_path, 5_000_000)) == expected | {"later/2025-06": asked}


def test_a_lowered_floor_lets_in_those_between(home, tmp_path):
    let_in = ("accepted_with_query", "accepted")
    expected = {f"just-below/{period}": let_in for period in ("2023-08", "2023-09")}
    assert flipped(home, pack_with(tmp_path, 1_000_000)) == expected


def test_only_the_periods_asked_for_are_judged_again(home, tmp_path):
    bounds = {"first": Period(2023, 9), "last": Period(2023, 12)}
    assert set(flipped(home, pack_with(tmp_path, 5_000_000), **bounds)) == {"at-2/2023-09", "at-4/2023-09"}


def test_the_pack_in_force_flips_nothing_and_nothing_is_written(home):
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    assert flipped(home, FOLDER / f"{PACK}.yaml") == {}
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_a_pack_of_no_name_in_force_is_refused(home, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text("pack: mine\nversion: '1'\n")
    with pytest.raises(PackError, match="no pack called 'mine' is in force"):
        replay(home, path, validator=validate_directly)


def test_the_command_lists_offices_months_verdicts_and_rules(home, tmp_path):
    pack = pack_with(tmp_path, 5_000_000)
    run = CliRunner().invoke(
        app, ["replay", "--pack", str(pack), "--from", "2023-09", "--to", "2023-09", "--home", str(home.root), "--json"]
    )
    assert run.exit_code == 0
    told = json.loads(run.stdout[run.stdout.index("{") :])
    assert {row["unit_key"] for row in told["flips"]} == {"at-2", "at-4"}
    assert told["judged"] == len(WORTH)
    spoken = CliRunner().invoke(app, ["replay", "--pack", str(tmp_path / "none.yaml"), "--home", str(home.root)])
    assert spoken.exit_code == 2
