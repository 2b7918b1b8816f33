"""Claims about rule packs: every rule fires on what it is for and is silent otherwise, and a bad pack says where."""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl
import pytest
import sqlglot
from sqlglot import exp

from expectations.formulas import TARGETS
from expectations.kinds.balance import Balance
from expectations.kinds.change import Change
from expectations.kinds.continuity import Continuity
from expectations.kinds.cross_form import CrossForm
from expectations.kinds.cumulative import Cumulative
from expectations.kinds.duplicate import Duplicate
from expectations.kinds.form_scale import FormScale
from expectations.kinds.growth import Growth
from expectations.kinds.integer import Integer
from expectations.kinds.money_per_case import MoneyPerCase
from expectations.kinds.order import Order
from expectations.kinds.printed_ratio import PrintedRatio
from expectations.kinds.reading import Reading
from expectations.kinds.rollup import Rollup
from expectations.kinds.row_order import RowOrder
from expectations.kinds.timeliness import Timeliness
from expectations.rule import Rule
from expectations.rules import Pack, PackError, packs, read_pack, rules_frame
from expectations.terms import Term
from pipeline.calendar.periods import Period
from pipeline.comparison.database import wide_columns
from pipeline.forms import Form, forms
from pipeline.registry.targets import targets
from pipeline.registry.units import unit_registry
from tests.support.partner_twins import add_beside
from tests.support.sheets import Returns

PUBLISHED = next(pack for pack in packs() if pack.pack == "published")
CIRCULARS = [pytest.param(pack, id=pack.pack) for pack in packs() if pack.regimes]
RULES = [pytest.param(pack, rule, id=f"{pack.pack}:{rule.id}") for pack in packs() for rule in pack.rules]
PERIODS = ("2023-09", "2019-09", "2025-06")


#: Everything that reading can remark on in a return, and in published figures.
REMARKS = {
    "header_unit", "header_period", "header_part_month", "header_form", "header_regime", "header_agreement", "header_measure_unit",
    "header_revision",
    "not_a_number", "ambiguous_number", "excel_error", "formula_without_value",
    "missing_row", "missing_column", "duplicate_row", "duplicate_column", "unknown_row", "label_mismatch",
    "stale_formula", "rate_in_error", "rate_without_base", "extra_row", "extra_column", "blank_copy",
    "duplicate_form", "hidden_sheet", "unknown_sheet", "unknown_form", "empty_form",
    "ragged_line", "repeated_line", "other_spelling", "unread_column",
}  # fmt: skip
IN_PUBLISHED = {
    "header_unit", "header_period", "header_part_month", "header_form", "header_agreement",
    "not_a_number", "unknown_unit_of_measure", "unmapped_indicator", "ambiguous_number", "duplicate_row", "ragged_line", "repeated_line", "unread_column",
}  # fmt: skip


def declared(pack: Pack) -> dict[str, Form]:
    """Return the forms that a pack judges."""
    return {form.code: form for form in forms().all if form.regime.name in pack.regimes} or forms().current


# --- what a pack says


@pytest.mark.parametrize(("pack", "rule"), RULES)
def test_every_rule_has_a_sentence_in_both_languages(pack: Pack, rule: Rule):
    assert rule.vi != rule.en
    for sentence in (rule.vi, rule.en):
        assert len(sentence) > 15
        assert not sentence.endswith(".")
        assert sentence[0].isupper()
    for story in rule.stories:
        assert story.vi != story.en


@pytest.mark.parametrize(("pack", "rule"), RULES)
def test_every_rule_names_forms_rows_and_columns_that_there_are(pack: Pack, rule: Rule):
    assert rule.forms
    for code in rule.forms:
        if code == "*":
            assert isinstance(rule, Reading | Timeliness)
            continue
        form = declared(pack)[code]
        known = set(wide_columns(forms(), form)) | set(TARGETS)
        assert columns_of(rule) <= known
        if isinstance(rule, RowOrder):
            assert {rule.lesser, rule.greater} <= set(form.row)
        if isinstance(rule, MoneyPerCase | Change):
            assert set(rule.rows) <= set(form.row)
        if isinstance(rule, CrossForm) and rule.with_form:
            other = declared(pack)[rule.with_form]
            assert set(rule.rows) <= set(form.row)
            assert set(rule.rows.values()) <= set(other.row)
            assert set(rule.columns) <= set(other.column)
        if isinstance(rule, Duplicate):
            assert rule.row in form.row


@pytest.mark.parametrize(("pack", "rule"), RULES)
def test_a_story_speaks_of_columns_that_there_are(pack: Pack, rule: Rule):
    for story in rule.stories:
        for code in rule.forms:
            known = {"found", "expected", "difference", "low", "high", *wide_columns(forms(), declared(pack)[code])}
            for condition in (story.when, *story.let.values()):
                used = {column.name for column in sqlglot.parse_one(condition, read="duckdb").find_all(exp.Column)}
                assert used <= known


def columns_of(rule: Rule) -> set[str]:
    if isinstance(rule, Balance):
        return {rule.total, *rule.absent, *(term.column for terms in rule.sums for term in terms)}
    if isinstance(rule, Order):
        return {*rule.absent, *(term.column for term in (*rule.lesser, *rule.greater))}
    if isinstance(rule, PrintedRatio):
        return {rule.column, *(term.column for terms in (rule.numerator, *rule.denominators) for term in terms)}
    if isinstance(rule, MoneyPerCase | FormScale):
        return set(rule.measures)
    if isinstance(rule, Continuity):
        return {term.column for term in (*rule.terms, *rule.before)}
    if isinstance(rule, Change):
        return {*rule.columns, *(name for jump in rule.jumps for name in (jump.part, jump.whole))}
    if isinstance(rule, CrossForm | Cumulative | Duplicate):
        return set(rule.columns)
    return set()


def signed(terms) -> set[tuple[int, str]]:
    return {(term.sign, term.column) for term in terms}


@pytest.mark.parametrize("pack", CIRCULARS)
def test_every_sum_that_a_form_computes_has_a_rule_with_the_same_terms(pack: Pack):
    assert sum(bool(column.equals) for form in declared(pack).values() for column in form.columns) >= 10
    for code, form in declared(pack).items():
        for column in form.columns:
            if column.equals:
                rules = [
                    rule
                    for rule in pack.rules
                    if isinstance(rule, Balance) and code in rule.forms and rule.total == column.code
                ]
                assert signed(column.equals) in [signed(rule.terms) for rule in rules], f"form {code}, {column.code}"


@pytest.mark.parametrize("pack", CIRCULARS)
def test_every_balance_of_returns_is_computed_by_the_form_unless_it_is_the_second_sum_of_its_total(pack: Pack):
    assert sum(len(rule.forms) for rule in pack.rules if isinstance(rule, Balance)) >= 12
    for rule in pack.rules:
        if isinstance(rule, Balance):
            for code in rule.forms:
                column = declared(pack)[code].column[rule.total]
                is_second = signed(rule.terms) != signed(column.equals) and bool(column.equals)
                assert signed(rule.terms) == signed(column.equals) or (is_second and rule.id == "balance.due_parts")


@pytest.mark.parametrize("pack", CIRCULARS)
def test_every_rate_that_a_form_computes_has_a_rule_of_the_same_terms(pack: Pack):
    assert sum(bool(column.ratio) for form in declared(pack).values() for column in form.columns) >= 4
    for code, form in declared(pack).items():
        for column in form.columns:
            if column.ratio:
                assert any(
                    isinstance(rule, PrintedRatio)
                    and code in rule.forms
                    and rule.column == column.code
                    and (rule.numerator, rule.denominators[0]) == tuple((Term(1, name),) for name in column.ratio)
                    for rule in pack.rules
                ), f"form {code}, {column.code}"


@pytest.mark.parametrize("pack", CIRCULARS)
def test_every_printed_total_row_of_a_form_has_a_rule(pack: Pack):
    assert sum(len(form.rollups) for form in declared(pack).values()) >= 26
    for code, form in declared(pack).items():
        covered = {
            dimension
            for rule in pack.rules
            if isinstance(rule, Rollup) and code in rule.forms
            for dimension in rule.dimensions
        }
        assert {rollup.dimension for rollup in form.rollups} <= covered, f"form {code}"


@pytest.mark.parametrize("pack", [*CIRCULARS, pytest.param(PUBLISHED, id="published")])
def test_whatever_reading_remarks_on_has_a_rule_on_every_form(pack: Pack):
    codes = REMARKS if pack.regimes else IN_PUBLISHED
    assert len(codes) >= 13
    for code in codes:
        places = {
            form for rule in pack.rules if isinstance(rule, Reading) and code in rule.codes for form in rule.forms
        }
        assert "*" in places or places >= set(declared(pack)), code


def test_whatever_can_be_published_by_an_indicator_is_judged_by_the_published_pack():
    judged = {form for rule in PUBLISHED.rules for form in rule.forms}
    catalogue = forms().published
    printed = {entry["form"] for entry in (*catalogue["prefixes"].values(), *catalogue["indicators"].values())}
    assert len(printed) == 9
    assert printed <= judged


def test_nothing_published_is_returned_for_its_figures_only_for_a_header_without_a_place():
    assert {str(rule.on_fail) for rule in PUBLISHED.rules if rule.kind != "header"} <= {"query", "note"}


def test_the_rules_are_declared_for_the_warehouse_one_by_one():
    frame = rules_frame(packs())
    assert frame.height == sum(len(pack.rules) for pack in packs())
    assert frame.select(pl.all().is_not_null().all()).row(0) == (True,) * frame.width


# --- a pack that is none

PACK = """
pack: mine
version: "1"
origin: submitted
basis: none
rules:
  - {id: balance.due, kind: balance, forms: ["01"], total: due, terms: [+eligible], on_fail: return, vi: X, en: Balance}
"""


def refused(tmp_path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as error:
        read_pack(path)
    assert str(path) in str(error.value)
    return str(error.value)


def test_a_small_pack_is_read(tmp_path):
    (tmp_path / "mine.yaml").write_text(PACK)
    assert read_pack(tmp_path / "mine.yaml").rule("balance.due").kind == "balance"


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("kind: balance", "kind: balanse", "balanse"),
        ("[+eligible]", "[eligible]", "is no term"),
        ("[+eligible]", "['+eligible; drop table cell']", "is no term"),
        ("total: due", "total: due) or (1=1", "total"),
        ("total: due", "totle: due", "totle"),
        ("on_fail: return", "on_fail: shout", "on_fail"),
        ("vi: X", "vi: ''", "vi"),
        ("en: Balance", "in: Balance", "en"),
        ("""forms: ["01"]""", "forms: []", "forms"),
        ("""forms: ["01"]""", """forms: ["01'--"]""", "forms"),
    ],
)
def test_an_error_in_a_pack_names_file_and_rule(right, wrong, named, tmp_path):
    message = refused(tmp_path, PACK.replace(right, wrong))
    assert "rule balance.due" in message
    assert named in message


def test_two_rules_of_one_name_are_refused(tmp_path):
    twice = PACK + PACK.splitlines()[-1]
    assert "balance.due" in refused(tmp_path, twice)


@pytest.mark.parametrize("text", ["", "- a\n- b", "rules: [", "pack: x", PACK + "  - just text\n"])
def test_a_file_that_is_no_pack_is_refused_by_name(text, tmp_path):
    refused(tmp_path, text)


def with_condition(condition: str) -> str:
    rule = PACK.splitlines()[-1].removesuffix("}")
    story = f"stories: [{{when: '{condition.replace(chr(39), chr(39) * 2)}', vi: Chuyện, en: Story}}]"
    return "\n".join([*PACK.splitlines()[:-1], f"{rule}, {story}}}"])


@pytest.mark.parametrize(
    "condition",
    [
        "difference < 0 and (accepted_total is null or accepted_total = due)",
        "found * 1000 between low and high",
        "abs(difference) > 3 or not (due <> coalesce(eligible, completed))",
    ],
)
def test_a_plain_condition_is_taken_as_it_was_understood(condition, tmp_path):
    (tmp_path / "mine.yaml").write_text(with_condition(condition), encoding="utf-8")
    (story,) = read_pack(tmp_path / "mine.yaml").rules[0].stories
    assert sqlglot.parse_one(story.when, read="duckdb") == sqlglot.parse_one(condition, read="duckdb")


@pytest.mark.parametrize(
    "condition",
    [
        "due > (select max(value) from cell)",
        "exists (select 1)",
        "true; drop table cell",
        "due > 0; select 1",
        "drop table cell",
        "read_text('/etc/passwd') is not null",
        "read_csv('x.csv') is not null",
        "getenv('HOME') = ''",
        "cell.value > 0",
        "due >",
        "due = = 3",
        "",
        "count(*) > 1",
        "row_number() over () = 1",
        "due::varchar = 'x'",
    ],
)
def test_a_condition_that_is_more_than_an_expression_is_refused(condition, tmp_path):
    message = refused(tmp_path, with_condition(condition))
    assert "rule balance.due" in message
    assert "condition" in message


def test_a_comment_in_a_condition_does_not_reach_the_database(tmp_path):
    (tmp_path / "mine.yaml").write_text(with_condition("due > 0 -- and more"), encoding="utf-8")
    assert read_pack(tmp_path / "mine.yaml").rules[0].stories[0].when == "due > 0"


# --- every rule, on two returns that differ only in what it is for

Figures = dict[tuple[str, str], dict[str, Decimal | int | str | None]]


def published_places() -> list[tuple[str, str, str]]:
    """Return form, row and measure of every amount that reports print."""
    catalogue = forms().published
    printed = [(at["form"], at["row"], "completed") for at in catalogue["prefixes"].values()]
    listed = [(entry["form"], entry["row"], entry["measure"]) for entry in catalogue["indicators"].values()]
    return [place for place in (*printed, *listed) if f"{place[2]}_growth" in forms().measures]


def twins(rule: Rule, form: Form) -> Iterator[tuple[Figures, Figures]]:
    """Yield figures on which a rule must fail and figures on which it must pass."""
    row, code = form.rows[0].code, form.code
    if rule.id == "target.implied":  # the nation's target of the period that header_of draws stands in no cell
        basis = {"01": "cases", "02": "money"}[code]
        known = targets().filter(pl.col("unit_key") == "viet-nam", statistical_year=2023, basis=basis)
        rate = known["target_pct"].item() + 5
        yield (
            {(code, "total.total"): {"completion_rate": rate, rule.total: 9}},
            {(code, "total.total"): {"completion_rate": rate, rule.total: 5}},
        )
    elif isinstance(rule, Growth):
        places = [entry for entry in published_places() if entry[0] == code]
        (_, line, measure) = places[0]
        figures = {measure: 50, f"{measure}_change": 20}
        for bad in ("66.60", "60.00", "66.68"):
            yield (
                {(code, line): figures | {f"{measure}_growth": bad}},
                {(code, line): figures | {f"{measure}_growth": "66.67"}},
            )
    elif isinstance(rule, Balance):
        for terms in rule.sums[:1]:
            figures = {term.column: 20 if term.sign > 0 else 1 for term in terms}
            total = sum(term.sign * figures[term.column] for term in terms)
            for off in (1, -1) if len(rule.sums) == 1 else (40,):
                yield {(code, row): figures | {rule.total: total + off}}, {(code, row): figures | {rule.total: total}}
    elif isinstance(rule, Order):
        low, high = (
            {t.column: n for t in rule.lesser} | {t.column: m for t in rule.greater} for n, m in ((1, 50), (50, 1))
        )
        yield {(code, row): high}, {(code, row): low}
    elif isinstance(rule, RowOrder):
        column = form.columns[0].code
        yield (
            {(code, rule.lesser): {column: 3}, (code, rule.greater): {column: 2}},
            {(code, rule.lesser): {column: 2}, (code, rule.greater): {column: 2}},
        )
    elif isinstance(rule, Integer):
        column = form.columns[0].code
        for bad in (-1, "0.5") if rule.whole else (-1,):
            yield {(code, row): {column: bad}}, {(code, row): {column: 1}}
    elif isinstance(rule, Rollup):
        for dimension in rule.dimensions:
            for rollup in [r for r in form.rollups if r.dimension == dimension][:1]:
                column = form.columns[0].code
                parts: Figures = {(code, part): {column: 2} for part in rollup.parts}
                total, off = 2 * len(rollup.parts), -1 if rule.partial else 1
                yield (
                    parts | {(code, rollup.total): {column: total + off}},
                    parts | {(code, rollup.total): {column: total}},
                )
    elif isinstance(rule, PrintedRatio):
        figures = {term.column: 20 for term in rule.numerator}
        (base, *subtracted) = rule.denominators[0]
        figures[base.column] = 30 + 20 * len(subtracted)
        for bad in ("66.66",) if rule.truncation == "forbid" else ("66.60", "60.00", "66.68"):
            yield {(code, row): figures | {rule.column: bad}}, {(code, row): figures | {rule.column: "66.67"}}
    elif isinstance(rule, MoneyPerCase):
        for measure in rule.measures:
            cases: Figures = {(rule.cases, row): {measure: 100}}
            money = [{(code, row): {measure: amount}} for amount in (1, 10**9, 10**6)]
            yield cases | money[0], cases | money[2]
            yield cases | money[1], cases | money[2]
    elif isinstance(rule, FormScale):
        counted: Figures = {(rule.cases, rule.row): dict.fromkeys(rule.measures, 100)}
        right = dict.fromkeys(rule.measures, 10**7)
        for factor in (1000, 10**6, Decimal("0.001")):
            off = {measure: amount * factor for measure, amount in right.items()}
            # One measure in its unit is enough: then the form is not off as a whole.
            mixed = off | {rule.measures[0]: right[rule.measures[0]]}
            yield counted | {(code, rule.row): off}, counted | {(code, rule.row): mixed}


def header_of(pack: Pack, rule: Rule) -> dict[str, object]:
    """Return period, scope and regime of a return to which the rule applies."""
    regime = forms().regimes[pack.regimes[0]] if pack.regimes else None
    period = next(
        period
        for period in PERIODS
        for end in [Period.parse(period).end]
        if rule.valid_from <= end < rule.valid_to and (regime is None or regime.covers(end))
    )
    scope = "office" if "office" in rule.scopes else str(rule.scopes[0])
    # Not one of the offices that a province below sums; what is published has no workbook beside it by chance.
    unit = "an-giang.sim-01" if pack.regimes else "an-giang.sim-02"
    return {"period": period, "scope": scope, "origin": str(pack.origin), "unit": unit}


BESIDE = (CrossForm, Cumulative, Continuity, Change, Duplicate, Timeliness)

#: Judged by Great Expectations; the packs of the other circulars compile to the same kinds of expectations.
IN_FULL = ("circular-06-2019", "published")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Return, by pack: the returns drawn for it, the twins of every rule and form, and the judgement."""
    full, others = ([pack for pack in packs() if (pack.pack in IN_FULL) == is_full] for is_full in (True, False))
    by_pack = {}
    for drawn, judge in ((full, Returns.judged), (others, Returns.judged_in_sql)):
        returns, pairs = Returns(), {}
        for pack in drawn:
            pairs |= draw_twins(returns, pack)
        judgement = judge(returns, tmp_path_factory.mktemp("packs"))
        by_pack |= {pack.pack: (returns, pairs, judgement) for pack in drawn}
    return by_pack


def draw_twins(returns: Returns, pack: Pack) -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """Add the twins of every rule and form; return their submissions by pack, rule and form."""
    pairs = {}
    for rule in pack.rules:
        header = header_of(pack, rule)
        for code in rule.forms:
            form = declared(pack).get(code) or declared(pack)["01"]
            if isinstance(rule, Reading):
                figures: Figures = {(form.code, form.rows[0].code): {form.columns[0].code: 1}}
                places = [f"{remark}:{code}" if code != "*" else remark for remark in rule.codes]
                drawn = [(figures, figures, [place]) for place in places]
            else:
                drawn = [] if rule.compares_offices else [(*pair, []) for pair in twins(rule, form)]
            made = pairs[pack.pack, rule.id, code] = []
            for n, (bad, good, remarks) in enumerate(drawn):
                name = f"{pack.pack}|{rule.id}|{code}|{n}"
                returns.add(f"{name}|bad", bad, remarks, **header)
                returns.add(f"{name}|good", good, **header)
                made.append((f"{name}|bad", f"{name}|good"))
            if isinstance(rule, BESIDE):
                made += add_beside(returns, rule, form, f"{pack.pack}|{rule.id}|{code}", header)
            if rule.compares_offices:
                made.append((f"{rule.id}|{pack.pack}|bad", f"{rule.id}|{pack.pack}|good"))
        if rule.compares_offices:
            add_provinces(returns, pack, rule)
    return pairs


def add_provinces(returns: Returns, pack: Pack, rule: Rule) -> None:
    """Add a province whose offices add up, and one a month earlier whose offices do not."""
    header = header_of(pack, rule)
    last = Period.parse(str(header["period"]))
    # Provinces report to the nation in other months than those in which they add up offices.
    months = last.months - 2 * ("nation" in rule.scopes)
    for kind, period in (("bad", Period(last.year, months - 1)), ("good", Period(last.year, months))):
        at = header | {"period": period.id}
        whole, scope, parts = wholes(rule, period)
        places = [(f.code, f.rows[0].code, f.columns[0].code) for code in rule.forms for f in [declared(pack)[code]]]
        own: Figures = {(form, row): {column: 1} for form, row, column in places}
        for unit, of in parts:
            returns.add(f"{pack.pack}|{unit}|{of}|{period.id}", own, **at | {"unit": unit, "scope": of})
        all_together = len(parts) + (kind == "bad")
        total: Figures = {(form, row): {column: all_together} for form, row, column in places}
        returns.add(f"{rule.id}|{pack.pack}|{kind}", total, **at | {"unit": whole, "scope": scope})


def wholes(rule: Rule, period: Period) -> tuple[str, str, list[tuple[str, str]]]:
    """Return unit and scope of a report that adds up others, and theirs."""
    registry = unit_registry()
    if "nation" in rule.scopes:
        return registry.nation, "nation", [(province, "province") for province in registry.provinces_of(period.end)]
    offices = registry.parts_of("kien-giang", period.end, is_simulated=False)
    return "kien-giang", "province", [*((office, "office") for office in offices), ("kien-giang", "own")]


@pytest.mark.slow
@pytest.mark.parametrize(("pack", "rule"), RULES)
def test_a_rule_fires_on_what_it_is_for_and_is_silent_on_its_twin(pack: Pack, rule: Rule, judged):
    _, pairs, judgement = judged[pack.pack]
    of_rule = judgement.outcomes.filter(pl.col("rule_id") == rule.id, pl.col("pack") == pack.pack)
    status = {
        (s, f): (status, checked)
        for s, f, status, checked in of_rule.select("submission_id", "form", "status", "checked").iter_rows()
    }
    for code in rule.forms:
        made = pairs[pack.pack, rule.id, code]
        assert made, f"form {code} has nothing that the rule could look at"
        for bad, good in made:
            assert status[bad, code][0] == "fail", bad
            assert status[good, code][0] == "pass", good
            assert status[good, code][1] > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["published", "circular-05-2024"])
def test_every_applicable_rule_leaves_an_outcome_on_every_form_of_every_return(name, judged):
    returns, _, judgement = judged[name]
    present: dict[str, set[str]] = {row["submission_id"]: {"*"} for row in returns.submissions}
    for row in (*returns.cells, *returns.remarks):
        if row["form"]:
            present[row["submission_id"]].add(row["form"])
    expected = {
        (row["submission_id"], pack.pack, rule.id, form)
        for row in returns.submissions
        for pack in packs()
        if pack.origin == row["origin"] and (not pack.regimes or row["regime"] in pack.regimes)
        for rule in pack.rules
        if rule.valid_from <= row["period_end"] < rule.valid_to and row["scope"] in rule.scopes
        for form in rule.forms
        if form in present[row["submission_id"]]
    }
    left = judgement.outcomes.select("submission_id", "pack", "rule_id", "form")
    assert left.height == len(expected)
    assert set(left.iter_rows()) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["published", "circular-05-2024"])
def test_every_failing_comparison_is_a_finding_that_can_be_read(name, judged):
    _, _, judgement = judged[name]
    findings = judgement.findings
    assert findings.height == judgement.outcomes["failed"].sum()
    assert findings["finding_id"].n_unique() == findings.height
    for row in findings.to_dicts():
        for sentence in (row["sentence_vi"], row["sentence_en"]):
            assert sentence
            assert "None" not in sentence
            assert "{" not in sentence
        if row["rule_id"] == "timeliness.late":
            continue  # it is the day that is late, not a cell
        assert row["cells"], row["rule_id"]
        assert all(cell["address"] and cell["sheet"] for cell in row["cells"])
        assert row["cells"][0]["address"] in row["sentence_vi"], row["sentence_vi"]


@pytest.mark.slow
def test_a_verdict_says_which_pack_form_and_registry_it_rests_on(judged):
    _, _, judgement = judged["published"]
    pinned = judgement.outcomes.select("pack_version", "unit_version")
    assert pinned.null_count().row(0) == (0, 0)
    assert set(judgement.outcomes["pack_version"]) == {pack.full_version for pack in packs() if pack.pack in IN_FULL}
    submitted = judgement.outcomes.filter(pl.col("pack") != PUBLISHED.pack, pl.col("form") != "*")
    assert submitted["form_version"].null_count() == 0
