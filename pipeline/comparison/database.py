"""The judging database: cells of the periods at hand, laid out so that rules can compare them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from expectations.comparisons import AMOUNT, COLUMNS, comparisons, joint_comparisons, rule_key
from expectations.formulas import TARGETS
from expectations.rule import Rule
from expectations.rules import WHOLE_WORKBOOK, Pack
from pipeline.forms import Form, Forms
from pipeline.registry.targets import targets
from pipeline.registry.units import UnitRegistry

BASIS = {"01": "cases", "02": "money"}
#: The table of rules that are compared jointly.
RULES_TABLE = "rules_in"


@dataclass(frozen=True)
class ComparisonFile:
    """A DuckDB file with a table ``comparison``, and the (pack, rule, form) that made any."""

    file: Path
    keys: set[tuple[str, str, str]]


class JudgingDatabase:
    """A DuckDB file that holds submissions side by side, to be compared.

    Each call of :meth:`compare` leaves a file of its own that nobody holds open: Great Expectations judges it from
    another process while the next comparisons are made. :meth:`open_comparisons` makes ``comparison`` available to queries.
    """

    def __init__(self, database: Path, forms: Forms, registry: UnitRegistry) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        for leftover in database.parent.glob(f"{database.stem}*.duckdb*"):
            leftover.unlink()
        self.database = database
        self.forms = forms
        self.registry = registry
        # The file is thrown away: writing it a second time whenever its log has grown gains nothing.
        self.connection = duckdb.connect(str(database), config={"checkpoint_threshold": "1TB"})
        self._files: list[Path] = []
        self._comparisons = 0

    def load(
        self, submissions: pl.DataFrame, cells: pl.DataFrame, remarks: pl.DataFrame, packs: tuple[Pack, ...]
    ) -> None:
        """Fill the tables that comparisons read: submissions with their pack, cells, remarks, wide forms, applicable."""
        connection = self.connection
        connection.register("submissions_in", submissions.with_columns(_pack_expression(submissions, packs)).to_arrow())
        connection.register("cells_in", cells.to_arrow(compat_level=pl.CompatLevel.newest()))
        connection.register("remarks_in", remarks.with_row_index("remark_id").to_arrow())
        connection.execute("create table submission as from submissions_in")
        connection.execute("create table cell as from cells_in")
        connection.execute("create table remark as from remarks_in")
        for name in ("submissions_in", "cells_in", "remarks_in"):
            connection.unregister(name)
        self._create_applicable(packs)
        self._create_rollup_parts()
        self._create_wide_forms(cells)
        self._rule_keys = ", ".join(
            f"'{rule_key(pack, rule, form)}'" for pack in packs for rule in pack.rules for form in rule.forms
        )

    def add_remarks(self, remarks: pl.DataFrame) -> None:
        """Add remarks that could be made only after the first verdicts."""
        self.connection.register("remarks_in", remarks.to_arrow())
        columns = ", ".join(remarks.columns)
        self.connection.execute(
            f"insert into remark (remark_id, {columns}) select (select coalesce(max(remark_id), -1) from remark) "
            f"+ row_number() over (), {columns} from remarks_in"
        )
        self.connection.unregister("remarks_in")

    def compare(self, rules: Iterable[tuple[Pack, Rule, str]]) -> ComparisonFile:
        """Make the comparisons of rules on forms, in a file of their own."""
        present = set(self.query("select distinct pack, rule_id, form from applicable").iter_rows())
        file = self.database.with_stem(f"{self.database.stem}-{len(self._files) + 1}")
        self._files.append(file)
        self._attach(file, "made")
        # An ordered type, and comparisons are made in its order: judging one rule skips the rows of all others.
        self.connection.execute(f"create type made.rule_key as enum ({self._rule_keys})")
        self.connection.execute(f"create sequence made.comparison_ids start {self._comparisons + 1}")
        self.connection.execute(
            "create table made.comparison (comparison_id bigint, submission_id varchar, rule_key made.rule_key, pack varchar, rule_id varchar, "
            "form varchar, row_code varchar, column_code varchar, found decimal(30, 6), expected decimal(30, 6), "
            "low decimal(30, 6), high decimal(30, 6), verdict varchar, remark_id bigint, beside varchar)"
        )
        comparing_keys = set()
        keys_by_kind: dict[type[Rule], list[tuple[str, str, str]]] = {}
        self.connection.begin()  # one transaction for all: separate commits would write their rows twice
        for pack, rule, form in rules:
            key = (pack.pack, rule.id, form)
            if key not in present:
                continue
            if rule.is_compared_jointly:
                keys_by_kind.setdefault(type(rule), []).append(key)
            elif self._insert(" union all ".join(comparisons(pack, rule, form))):
                comparing_keys.add(key)
        for kind, rule_keys in keys_by_kind.items():
            comparing_keys |= self._compare_jointly(kind, rule_keys)
        self.connection.commit()
        self.connection.execute("detach made")
        return ComparisonFile(file, comparing_keys)

    def _compare_jointly(self, kind: type[Rule], rule_keys: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        """Make the comparisons of all rules of a kind; every rule makes at least one where it is applicable."""
        self.connection.register(
            RULES_TABLE, pl.DataFrame(rule_keys, schema=["pack", "rule_id", "form"], orient="row").to_arrow()
        )
        self._insert(joint_comparisons(kind, RULES_TABLE))
        self.connection.unregister(RULES_TABLE)
        return set(rule_keys)

    def _insert(self, select: str) -> int:
        """Add comparisons to the file that is being made, each with its number; return how many."""
        (count,) = self.connection.execute(
            f"""
            insert into made.comparison
            select nextval('made.comparison_ids'), {COLUMNS} from ({select}) as made({COLUMNS})
            """
        ).fetchone() or (0,)
        self._comparisons += count
        return count

    def open_comparisons(self) -> None:
        """Let ``comparison`` show every comparison made so far; nobody else may have the files open."""
        for number, file in enumerate(self._files, start=1):
            self._attach(file, f"made_{number}", "(read_only)")
        union = " union all ".join(
            f"select * exclude (rule_key) from made_{number}.main.comparison"
            for number in range(1, len(self._files) + 1)
        )
        self.connection.execute(f"create or replace temp view comparison as {union}")

    def _attach(self, file: Path, name: str, options: str = "") -> None:
        path = str(file).replace("'", "''")
        self.connection.execute(f"attach if not exists '{path}' as {name} {options}")

    def load_partners(self, partner: pl.DataFrame, standing: pl.DataFrame, arrival: pl.DataFrame) -> None:
        """Add to each submission what it is compared with: its partners, their figures, and when it was due."""
        for name, frame in (("partner", partner), ("standing", standing), ("arrival", arrival)):
            self.connection.register("frame_in", frame.to_arrow())
            self.connection.execute(f"create table {name} as from frame_in")
            self.connection.unregister("frame_in")
        self.connection.execute(
            """
            create table paired as
            select partner.relation, partner.submission_id, partner.form, partner.beside, cell.row_code, cell.column_code,
                   cell.value, cell.rounding, standing.value as before, standing.rounding as before_rounding
            from partner
            join standing on standing.submission_id = partner.beside and standing.form = partner.form
            join cell on cell.submission_id = partner.submission_id and cell.form = partner.form
                     and cell.row_code = standing.row_code and cell.column_code = standing.column_code
            where cell.value is not null
            """
        )

    def load_office_parts(self, parts: pl.DataFrame) -> None:
        """Load which office submissions a province's report sums (submission_id, form, part_submission_id, parts)."""
        self.connection.register("parts_in", parts.to_arrow())
        self.connection.execute("create or replace table office_part as from parts_in")
        self.connection.unregister("parts_in")

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pl.DataFrame:
        """Return the result of a query."""
        return pl.DataFrame(self.connection.sql(sql, params=list(parameters)).to_arrow_table())

    def close(self) -> None:
        """Close the files."""
        self.connection.close()

    def _create_applicable(self, packs: tuple[Pack, ...]) -> None:
        entries = [
            {
                "pack": pack.pack,
                "rule_id": rule.id,
                "form": form,
                "valid_from": rule.valid_from,
                "valid_to": rule.valid_to,
                "scopes": [str(scope) for scope in rule.scopes],
            }
            for pack in packs
            for rule in pack.rules
            for form in rule.forms
        ]
        self.connection.register("rules_in", pl.DataFrame(entries).to_arrow())
        self.connection.execute(
            f"""
            create table applicable as
            with present as (
                select distinct submission_id, form from cell where form is not null
                union
                select distinct submission_id, form from remark where form is not null
                union all
                select submission_id, '{WHOLE_WORKBOOK}' from submission
            )
            select submission.submission_id, submission.period_id, rules_in.pack, rules_in.rule_id, rules_in.form
            from submission
            join present using (submission_id)
            join rules_in on rules_in.pack = submission.pack and rules_in.form = present.form
            where (submission.scope is null or list_contains(rules_in.scopes, submission.scope))
              and coalesce(submission.period_end, date '2020-01-05') >= rules_in.valid_from
              and coalesce(submission.period_end, date '2020-01-05') < rules_in.valid_to
            """
        )
        self.connection.unregister("rules_in")
        codes = [
            (pack.pack, rule.id, code)
            for pack in packs
            for rule in pack.rules
            for code in dict.fromkeys(rule.remark_codes)
        ]
        self.connection.register(
            "codes_in", pl.DataFrame(codes, schema=["pack", "rule_id", "code"], orient="row").to_arrow()
        )
        self.connection.execute("create table reading_code as from codes_in")
        self.connection.unregister("codes_in")

    def _create_rollup_parts(self) -> None:
        entries = [
            (form.code, regime.name, rollup.dimension, rollup.total, part, len(rollup.parts))
            for regime in self.forms.regimes.values()
            for form in self.forms.applied_in(regime).values()
            for rollup in form.rollups
            for part in rollup.parts
        ]
        parts = pl.DataFrame(
            entries, schema=["form", "regime", "dimension", "total_row", "part_row", "parts"], orient="row"
        )
        self.connection.register("parts_in", parts.to_arrow())
        self.connection.execute("create table rollup_part as from parts_in")
        self.connection.unregister("parts_in")
        self.load_office_parts(
            pl.DataFrame(
                schema={
                    "submission_id": pl.String,
                    "form": pl.String,
                    "part_submission_id": pl.String,
                    "parts": pl.Int64,
                }
            )
        )

    def _create_wide_forms(self, cells: pl.DataFrame) -> None:
        self.connection.register("targets_in", targets().to_arrow())
        for form in self.forms.current.values():
            columns = wide_columns(self.forms, form)
            definitions = ", ".join(
                f'"{column}" {AMOUNT}, "{column}__rounding" {AMOUNT}' for column in (*columns, *TARGETS)
            )
            self.connection.execute(
                f"create table form_{form.code} (submission_id varchar, row_code varchar, {definitions})"
            )
            if (form_cells := cells.filter(pl.col("form") == form.code)).height:
                self._fill_wide_form(form, form_cells, columns)
        self.connection.unregister("targets_in")

    def _fill_wide_form(self, form: Form, form_cells: pl.DataFrame, columns: list[str]) -> None:
        # Workbooks are exact: few columns of few forms have anything to round.
        rounded_cells = form_cells.filter(pl.col("rounding") != 0)
        roundings = [code for code in columns if code in set(rounded_cells["column_code"])]
        self.connection.register("wide_in", _pivot(form_cells, columns, "value"))
        self.connection.register("rounding_in", _pivot(rounded_cells, roundings, "rounding"))
        figures = ", ".join(
            [f'wide."{code}", ' + (f'coalesce(rounded."{code}", 0)' if code in roundings else "0") for code in columns]
            + [f"target.{name}, 0" for name in TARGETS]
        )
        nation = self.registry.nation
        self.connection.execute(
            f"""
            insert into form_{form.code}
            with target as (
                select submission.submission_id,
                       max(target_pct) filter (targets_in.unit_key <> '{nation}') as own_target,
                       max(target_pct) filter (targets_in.unit_key = '{nation}') as national_target,
                       own_target * max(months) / 12 as own_pro_rata_target,
                       national_target * max(months) / 12 as national_pro_rata_target
                from (select *, substr(period_id, 6, 2)::int as months from submission) as submission
                join targets_in on targets_in.basis = '{BASIS.get(form.code, "none")}'
                               and targets_in.statistical_year = substr(submission.period_id, 1, 4)::int
                               and targets_in.unit_key in (submission.unit_key, '{nation}')
                group by submission.submission_id
            )
            select wide.submission_id, wide.row_code, {figures}
            from wide_in as wide
            left join rounding_in as rounded using (submission_id, row_code)
            left join target on target.submission_id = wide.submission_id and wide.row_code = 'total.total'
            """
        )
        for name in ("wide_in", "rounding_in"):
            self.connection.unregister(name)


def _pivot(cells: pl.DataFrame, columns: list[str], figure: str) -> pa.Table:
    """Return submission_id, row_code and a column per measure."""
    index = ["submission_id", "row_code"]
    if not columns:
        return cells.select(index).clear().to_arrow()
    return cells.pivot(
        on="column_code", on_columns=columns, index=index, values=figure, aggregate_function="max"
    ).to_arrow()


def wide_columns(forms: Forms, form: Form) -> list[str]:
    """Return the measures that a form's wide table may have: its columns in any regime and what articles print."""
    measures = forms.measures_of(form.code)
    if not any(prefix["form"] == form.code for prefix in forms.published["prefixes"].values()):
        return measures
    return list(dict.fromkeys([*measures, *forms.published["measures"].values()]))


def _pack_expression(submissions: pl.DataFrame, packs: tuple[Pack, ...]) -> pl.Expr:
    """Return the pack that judges each submission: by origin, and for returns by the regime of their form."""
    expression: pl.Expr = pl.lit(None, dtype=pl.String)
    for pack in packs:
        condition = pl.col("origin") == str(pack.origin)
        if pack.regimes:
            condition &= pl.col("regime").is_in(list(pack.regimes)) | pl.col("regime").is_null()
        expression = pl.when(condition).then(pl.lit(pack.pack)).otherwise(expression)
    return expression.alias("pack")
