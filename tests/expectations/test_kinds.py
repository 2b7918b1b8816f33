"""Claims about kinds of rules: one file is a kind, it answers all that the house asks, and nobody asks which kind it is."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from expectations.explanation import ENGLISH, VIETNAMESE, FailedComparison
from expectations.kinds import KINDS
from expectations.kinds.change import Change
from expectations.kinds.printed_ratio import PrintedRatio
from expectations.rule import Rule
from pipeline.forms import forms
from pipeline.home import PROJECT

#: A kind that nobody has heard of, as whoever needs it would write it.
MULTIPLE = '''
"""Multiple: figures of one column come in steps."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal

from expectations.constraints import Comparison, Constraint, Sum
from expectations.explanation import FailedComparison, Voice
from expectations.participants import Participant
from expectations.rule import Rule
from expectations.terms import Code
from pipeline.forms import Form


class Multiple(Rule):
    """Every figure of ``column`` is a multiple of ``step``."""

    kind: Literal["multiple"]
    column: Code
    step: int

    titles: ClassVar[dict[str, tuple[str, str]]] = {"multiple": ("Bội số", "Multiple")}

    def selects(self, form: str) -> Iterable[str]:
        nearest = f"round({self.column} / {self.step}) * {self.step}"
        yield f"""
            select submission_id, row_code, '{self.column}' as column_code, {self.column} as found, {nearest} as expected,
                   {nearest} as low, {nearest} as high, null::varchar as verdict
            from form_{form} where {self.column} is not null
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        return [Participant("found", 1, form.code, row, column)]

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        return f"{voice.place(failure)}: {voice.say('bước', 'step')} {self.step}."

    def formulas(self) -> Iterator[str]:
        yield f"`{self.column}` mod {self.step} = 0"
'''

PACK = """
pack: mine
version: "1"
origin: submitted
basis: none
rules:
  - {id: multiple.due, kind: multiple, forms: ["01"], column: due, step: 10, on_fail: return, vi: Tròn chục, en: Tens}
"""

#: What the house does with a rule, from the pack to the finding, its cause and the bulletin.
ASKED = """
import json
from decimal import Decimal
from pathlib import Path

from tests.support.sheets import Returns

from expectations import rules
from expectations.comparisons import comparisons
from expectations.constraints import Comparison
from expectations.direct_validation import validate_directly
from expectations.rules import read_pack
from pipeline.bulletin.words import word
from pipeline.forms import forms
from pipeline.judged.judge import judge

house = Path()
pack = read_pack(house / "mine.yaml")
(rule,) = pack.rules
returns = Returns()
returns.add("r", {("01", "total.total"): {"due": 1294}})
judgement = judge(*returns.frames(), database=house / "judging.duckdb", rule_packs=(pack,), validator=validate_directly)
(finding,) = judgement.findings.to_dicts()
(cell,) = [cell | {"form": "01"} for cell in finding["cells"]]
row = {"form": "01", "row_code": "total.total", "column_code": "due", "finding_id": "f", "found": cell["value"],
       "expected": Decimal(1290), "low": Decimal(1290), "high": Decimal(1290)}
constraint = rule.constraint(Comparison(rule, row, [cell], cell["submission_id"]))
print(json.dumps({
    "home": rules.__file__,
    "kind": rule.kind,
    "sql": comparisons(pack, rule, "01"),
    "cells": [(one.form, one.row, one.column) for one in rule.cells(forms().current["01"], "total.total", "due")],
    "sentence_vi": finding["sentence_vi"],
    "sentence_en": finding["sentence_en"],
    "formulas": list(rule.formulas()),
    "constraint": type(constraint).__name__,
    "closing": [str(figure) for figure in constraint.closing_values(constraint.places[0], {constraint.places[0]: cell["value"]})],
    "causes": judgement.causes["would_be"].cast(str).to_list(),
    "title": str(word("rule_kind", rule.kind)),
}, default=str))
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code and of what its tests draw returns with, to build in."""
    code = shutil.ignore_patterns("__pycache__", "*.parquet")
    for part in ("pipeline", "expectations"):
        shutil.copytree(PROJECT / part, tmp_path / part, ignore=code)
    (tmp_path / "tests" / "support").mkdir(parents=True)
    shutil.copy(PROJECT / "tests" / "support" / "sheets.py", tmp_path / "tests" / "support")
    shutil.copytree(PROJECT / "dbt_project" / "seeds", tmp_path / "dbt_project" / "seeds")
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def asked(house: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(house), "PATH": "", "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", ASKED]
    return subprocess.run(command, cwd=house, env=environment, capture_output=True, text=True, check=False)


def test_one_new_file_is_a_new_kind_from_the_pack_to_the_bulletin(house):
    (house / "mine.yaml").write_text(PACK, encoding="utf-8")
    before = asked(house)
    assert "'multiple' found using 'kind' does not match any of the expected tags: 'balance'" in before.stderr
    (house / "expectations" / "kinds" / "multiple.py").write_text(MULTIPLE.lstrip(), encoding="utf-8")
    after = asked(house)
    assert after.returncode == 0, after.stderr
    answers = json.loads(after.stdout)
    assert Path(answers["home"]).is_relative_to(house), "the copy is what was asked"
    assert answers["kind"] == "multiple"
    assert "round(due / 10) * 10" in answers["sql"][0]
    assert answers["cells"] == [["01", "total.total", "due"]]
    assert answers["sentence_vi"].startswith("Tròn chục. Biểu 01")
    assert "step 10. Check these cells" in answers["sentence_en"]
    assert answers["formulas"] == ["`due` mod 10 = 0"]
    assert (answers["constraint"], answers["closing"]) == ("Sum", ["1290.000000"])
    assert len(answers["causes"]) == 1
    assert "Bội số" in answers["title"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_has_a_title_for_each_of_its_codes_and_a_module_to_itself(kind: type[Rule]):
    assert set(kind.titles) == set(get_args(kind.model_fields["kind"].annotation))
    assert [other for other in KINDS if other.__module__ == kind.__module__] == [kind]


# --- nobody asks which kind a rule is

NAMES = {kind.__name__ for kind in KINDS}


def questions(source: str) -> Iterator[str]:
    """Yield where code outside of the kinds asks for one: it takes a kind's class, tests for it, or compares ``kind``."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "expectations":
            yield from (f"{node.lineno}: imports {name.name}" for name in node.names if name.name in NAMES)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "issubclass"):
            yield from (f"{node.lineno}: asks for {name}" for name in sorted(_kinds_in(tree, node.args[1])))
        elif isinstance(node, ast.MatchClass):
            yield from (f"{node.lineno}: matches {name}" for name in sorted(_kinds_in(tree, node.cls)))
        elif isinstance(node, ast.Compare | ast.Match):
            compared = [node.subject] if isinstance(node, ast.Match) else [node.left, *node.comparators]
            if any(_is_kind_of_rule(side) for side in compared):
                yield f"{node.lineno}: compares the kind of a rule"


def _kinds_in(tree: ast.Module, classes: ast.expr) -> set[str]:
    """Return the kinds among classes; another room's class of the same name, imported from there, is none."""
    others = {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] != "expectations"
        for name in node.names
    } | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    named = {node.id for node in ast.walk(classes) if isinstance(node, ast.Name)} - others
    return NAMES & (named | {node.attr for node in ast.walk(classes) if isinstance(node, ast.Attribute)})


def _is_kind_of_rule(side: ast.expr) -> bool:
    if not (isinstance(side, ast.Attribute) and side.attr == "kind"):
        return False
    return "rule" in (getattr(side.value, "id", ""), getattr(side.value, "attr", ""))


def test_nothing_outside_of_the_kinds_asks_which_kind_a_rule_is():
    kinds = PROJECT / "expectations" / "kinds"
    files = [file for room in ("pipeline", "expectations") for file in sorted((PROJECT / room).rglob("*.py"))]
    found = {
        str(file.relative_to(PROJECT)): told
        for file in files
        if not file.is_relative_to(kinds) and (told := list(questions(file.read_text(encoding="utf-8"))))
    }
    assert len(files) > 200
    assert found == {}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from expectations.kinds import Balance", "1: imports Balance"),
        ("from expectations.kinds.balance import Balance as B", "1: imports Balance"),
        ("isinstance(rule, Order | RowOrder)", "1: asks for Order"),
        ("isinstance(rule, (kinds.Change, str))", "1: asks for Change"),
        ("match rule:\n    case CrossForm(partner='workbook'): pass", "2: matches CrossForm"),
        ("if known.rule.kind == 'balance': pass", "1: compares the kind of a rule"),
        ("x = rule.kind in ('change',)", "1: compares the kind of a rule"),
        ("match rule.kind:\n    case 'change': pass", "1: compares the kind of a rule"),
    ],
)
def test_who_asks_is_found(source, told):
    assert told in list(questions(source))


@pytest.mark.parametrize(
    "source",
    [
        "from pipeline.cells.reading import Reading\nisinstance(x, Reading)",
        "from expectations.kinds.reading import REVISION_REMARK",
        "mark.kind == 'change'",
        "isinstance(constraint, Sum | Ratio)",
    ],
)
def test_who_asks_something_else_is_left_alone(source):
    assert list(questions(source)) == []


def cell(role: str, column: str, value: str, address: str, period: str = "2023-12") -> dict[str, Any]:
    """Return a cell of form 01 that takes part in a comparison."""
    unit = "percent" if column == "completion_rate" else "case"
    return {
        "role": role, "form": "01", "row_code": "total.total", "column_code": column, "value": Decimal(value),
        "address": address, "sheet": "01", "unit": unit, "period_id": period,
    }  # fmt: skip


def failure(found: str, expected: str, *cells: dict[str, Any]) -> FailedComparison:
    """Return a comparison of form 01 that fails."""
    amounts = {
        name: Decimal(value) for name, value in (("found", found), ("expected", expected), ("low", "0"), ("high", "0"))
    }
    return FailedComparison(
        forms().current["01"],
        "total.total",
        "completion_rate",
        **amounts,
        unit=forms().units["percent"],
        cells=list(cells),
    )


def test_a_printed_ratio_is_worked_out_as_its_numerator_by_its_base_in_whatever_order_the_cells_come() -> None:
    rule = PrintedRatio(
        kind="printed_ratio", id="r", forms=["01"], column="completion_rate", numerator=["+completed"],
        denominators=[["+eligible"]], on_fail="query", vi="Tỷ lệ phải khớp", en="The rate must agree", basis="x",
    )  # fmt: skip
    cells = [
        cell("found", "completion_rate", "80", "V9"),
        cell("term", "completed", "30", "H9"),
        cell("term", "eligible", "40", "E9"),
    ]
    for order in (cells, cells[::-1]):
        told = rule.explanation(failure("80", "75", *order), ENGLISH)
        assert told.endswith(
            "printed «Completion rate» 80 % (cell V9), but «Completed» 30 cases (cell H9) / «Eligible» 40 cases (cell E9) = 75 %."
        )
        assert "(ô H9) / " in rule.explanation(failure("80", "75", *order), VIETNAMESE)
    assert next(rule.formulas()).startswith("`completion_rate = 100 × (completed) / (eligible)`")


def test_a_share_that_leaps_names_part_and_whole_of_both_reports() -> None:
    rule = Change(
        kind="change", id="r", forms=["01"], rows=["total.total"], on_fail="query", vi="x", en="x", basis="x",
        jumps=[{"form": "01", "part": "completed", "whole": "eligible", "points": 15}],
    )  # fmt: skip
    places = [
        (place.role, place.column, place.is_partner)
        for place in rule.cells(forms().current["01"], "total.total", "completed")
    ]
    assert places == [
        ("found", "completed", False),
        ("found", "eligible", False),
        ("term", "completed", True),
        ("term", "eligible", True),
    ]
    told = rule.explanation(
        failure(
            "75",
            "50",
            cell("found", "completed", "30", "H9"),
            cell("found", "eligible", "40", "E9"),
            cell("term", "completed", "15", "H8", "2023-10"),
            cell("term", "eligible", "30", "E8", "2023-10"),
        ),
        ENGLISH,
    )
    assert told.endswith(
        "«Completed» 30 cases (cell H9) / «Eligible» 40 cases (cell E9) = 75 %; the 10-month report of 2023, sheet '01': "
        "«Completed» 15 cases (cell H8) / «Eligible» 30 cases (cell E8) = 50 %; up by 25 points."
    )
