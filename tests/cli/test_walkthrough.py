"""Claims about docs/walkthrough.md: what it shows is what happens."""

import re
from pathlib import Path

import pytest

from docs.walkthrough.walk import FOLDER, UNIT, Walk, run_walk
from pipeline.cli import terminal
from pipeline.home import PROJECT
from pipeline.published.query import run_query

PAGE = PROJECT / "docs" / "walkthrough.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    return run_walk(tmp_path_factory.mktemp("walk"))


def test_the_walk_leaves_the_console_of_the_commands_as_it_was(walk, capsys):
    terminal.out.print("an answer")
    assert capsys.readouterr().out == "an answer\n"


def test_the_check_finds_the_slip_and_the_value_that_closes(walk):
    assert walk.exit_codes["check"] == 2
    told = " ".join(walk.texts["check"].split())
    assert "278 (ô T14)" in told
    assert "Có thể hai chữ số bị đảo: ô T14" in told
    assert "nếu là 287 thì cả 3 chỗ không khớp đều khớp" in told


def test_the_first_night_opens_one_alert_and_keeps_the_figures_out(walk):
    assert walk.exit_codes["night-1"] == 0
    assert walk.texts["alerts-1"].count("open ") == 1
    assert "1 incidents" in walk.texts["alerts-1"]


def test_the_repaired_workbook_is_accepted_as_the_answer_and_the_alert_is_gone(walk):
    assert walk.exit_codes["again"] == 0
    assert "resolved" in walk.texts["alerts-2"]
    assert "open " not in walk.texts["alerts-2"]
    versions = run_query(
        walk.home,
        f"select version, verdict, in_answer_to from fct_submission where unit_key = '{UNIT}' order by version",
    ).rows()
    first = run_query(walk.home, "select submission_id from fct_submission where version = 1")["submission_id"][0]
    assert versions == [(1, "returned", None), (2, "accepted", first)]
    carried = "select carried_over from fct_case_results where case_kind = 'total' and initiative = 'total'"
    assert run_query(walk.home, carried)["carried_over"].to_list() == [287]


def test_the_page_shows_the_commands_that_were_walked_and_pictures_that_are_there(walk):
    page = PAGE.read_text(encoding="utf-8")
    shown = {line for block in re.findall(r"```\n(.*?)```", page, re.DOTALL) for line in block.splitlines()}
    assert shown == set(walk.commands)
    pictures = re.findall(r"\]\((walkthrough/[^)]+)\)", page)
    assert {Path(name).name for name in pictures} == {
        path.name for path in FOLDER.iterdir() if path.suffix in (".svg", ".png")
    }
    for name in pictures:
        assert (PAGE.parent / name).stat().st_size < 250_000
        assert "@font-face" not in (PAGE.parent / name).read_bytes().decode("utf-8", "ignore")
