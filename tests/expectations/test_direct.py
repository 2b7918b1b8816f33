"""A check asks the comparisons themselves what a night asks Great Expectations; both must name the same keys."""

from pathlib import Path

import duckdb
import pytest

from expectations import suites
from expectations.direct_validation import validate_directly
from expectations.rules import packs
from expectations.suites import ValidationResult
from pipeline import tables
from pipeline.home import Home
from pipeline.judged.judge import judge
from pipeline.storage import read_tables


@pytest.mark.slow
def test_both_name_the_same_failing_comparisons_of_the_samples(samples_home: Home, tmp_path: Path):
    asked: list[tuple[list[int], list[int]]] = []

    def both(database: Path, using: tuple, *, keys: set[tuple[str, str, str]]) -> ValidationResult:
        verdicts = suites.validate(database, using, keys=keys)
        asked.append((sorted(verdicts.failed_ids), validate_directly(database, using, keys=keys).failed_ids))
        return verdicts

    submissions = read_tables(samples_home.cells, "submissions", tables.SUBMISSIONS).filter("is_readable")
    judge(
        submissions,
        read_tables(samples_home.cells, "cells", tables.CELLS),
        read_tables(samples_home.cells, "remarks", tables.REMARKS),
        database=tmp_path / "judging.duckdb",
        validator=both,
    )
    assert len(asked) >= 2  # the rules on one report, and those that compare reports
    assert all(theirs == ours for theirs, ours in asked)
    assert sum(len(theirs) for theirs, _ in asked) > 10


def test_only_the_rules_asked_for_are_answered(tmp_path: Path):
    pack = next(one for one in packs() if one.pack == "circular-06-2019")
    first, second = pack.rules[0], pack.rules[1]
    database = tmp_path / "judging.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "create table comparison as select * from (values "
            f"(1, '{pack.pack}', '{first.id}', '{first.forms[0]}', 5, 5, 5), "
            f"(2, '{pack.pack}', '{first.id}', '{first.forms[0]}', 6, 5, 5), "
            f"(3, '{pack.pack}', '{second.id}', '{second.forms[0]}', 4, 5, 5)"
            ") as drawn (comparison_id, pack, rule_id, form, found, low, high)"
        )
    assert validate_directly(database, (pack,)).failed_ids == [2, 3]
    assert validate_directly(database, (pack,), keys={(pack.pack, first.id, first.forms[0])}).failed_ids == [2]
    assert validate_directly(database, (pack,), keys=set()).failed_ids == []
