"""Change: a figure that moved so far that the office should say why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from expectations.explanation import FailedComparison, Voice
from expectations.formulas import code_list as codes
from expectations.formulas import figure
from expectations.participants import Participant, cell_with_partner
from expectations.rule import LAST_YEAR, TENTH_MONTH, Rule
from expectations.sql import HAIR, UNBOUNDED, code_list
from expectations.terms import Code
from pipeline.forms import Form, Forms, UnitOfMeasure


class Jump(BaseModel):
    """A share of one form that may not rise by ``points`` or more."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    form: Code
    part: Code
    whole: Code
    points: Decimal


class Change(Rule):
    """A change that the office should explain: by ``percent`` or more on last year, or ``jumps`` since the tenth month.

    Figures below ``minimum`` (base units of the form's cases or đồng, by form) are too small to compare.
    """

    kind: Literal["change"]
    rows: tuple[Code, ...] = Field(min_length=1)
    columns: tuple[Code, ...] = ()
    percent: Decimal | None = None
    minimum: dict[Code, Decimal] = Field(default_factory=dict)
    from_months: int = 1
    jumps: tuple[Jump, ...] = ()

    titles: ClassVar[dict[str, tuple[str, str]]] = {"change": ("Biến động", "Change")}

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Change":
        if bool(self.columns and self.percent) == bool(self.jumps):
            raise ValueError("name columns and percent, or jumps")
        return self

    @property
    def partner_relation(self) -> str:
        """The same months of last year, or the tenth month of this one."""
        return TENTH_MONTH if self.jumps else LAST_YEAR

    def partner_columns(self, form: str) -> tuple[str, ...]:
        """Return the columns that are compared, or both sides of each share."""
        if self.jumps:
            return tuple(name for jump in self.jumps if jump.form == form for name in (jump.part, jump.whole))
        return self.columns

    def selects(self, form: str) -> Iterable[str]:
        """Compare figures with last year's, or shares with those of the tenth month."""
        if self.jumps:
            return [self._share_select(jump) for jump in self.jumps if jump.form == form]
        return [self._figure_select(form)]

    def _figure_select(self, form: str) -> str:
        # A change of exactly ``percent`` is one to explain, so the bounds lie a hair inside it.
        return f"""
            select paired.submission_id, row_code, column_code, value as found, before as expected,
                   before * {1 - (self.percent or 0) / 100} + {HAIR} as low,
                   before * {1 + (self.percent or 0) / 100} - {HAIR} as high, null::varchar as verdict, beside
            from paired
            join submission using (submission_id)
            where relation = '{LAST_YEAR}' and form = '{form}' and row_code in ({code_list(self.rows)})
              and column_code in ({code_list(self.columns)}) and before >= {self.minimum.get(form, 1)}
              and substr(submission.period_id, 6, 2)::int >= {self.from_months}
        """

    def _share_select(self, jump: Jump) -> str:
        def share(side: str) -> str:
            part, whole = (f"sum({side}) filter (column_code = '{name}')" for name in (jump.part, jump.whole))
            return f"100 * ({part})::double / nullif({whole}, 0)"

        previous_share = share("before")
        return f"""
            select submission_id, row_code, '{jump.part}' as column_code, {share("value")} as found, {previous_share} as expected,
                   -{UNBOUNDED} as low, {previous_share} + {jump.points} - {HAIR} as high, null::varchar as verdict, beside
            from paired
            where relation = '{TENTH_MONTH}' and form = '{jump.form}' and row_code in ({code_list(self.rows)})
              and column_code in ('{jump.part}', '{jump.whole}')
            group by submission_id, row_code, beside
            having count(*) = 2 and found is not null and expected is not null
        """

    def cells(self, form: Form, row: str, column: str) -> list[Participant]:
        """Return the figure, or both sides of its share, in both reports."""
        jump = next((jump for jump in self.jumps if (jump.form, jump.part) == (form.code, column)), None)
        if jump is None:
            return cell_with_partner(form, row, column)
        return [
            Participant(role, 1, form.code, row, name, is_partner)
            for role, is_partner in (("found", False), ("term", True))
            for name in (jump.part, jump.whole)
        ]

    def unit(self, cell: Mapping[str, Any] | None, declarations: Forms) -> UnitOfMeasure | None:
        """Return points for a share, otherwise the unit of the figure."""
        return declarations.units["point"] if self.jumps else super().unit(cell, declarations)

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """Name the figure of both reports, and how far it moved."""
        current_cells, partner_cells = failure.sides
        if self.jumps:
            share_texts = [
                f"{' / '.join(voice.cell(replace(failure, unit=None), cell) for cell in cells)} = {voice.amount(share)} %"
                for cells, share in ((current_cells, failure.found), (partner_cells, failure.expected))
            ]
            points = f"{voice.amount(failure.found - failure.expected)} {voice.say('điểm', 'points')}"
            return (
                f"{voice.place(failure)}: {share_texts[0]}; {voice.report(partner_cells[0])}: {share_texts[1]}; "
                f"{voice.say('tăng', 'up by')} {points}."
            )
        percent = 100 * (failure.found - failure.expected) / failure.expected
        direction = voice.say("tăng", "up by") if percent > 0 else voice.say("giảm", "down by")
        return (
            f"{voice.place(failure)}: {voice.cell(failure, current_cells[0])}; {voice.report(partner_cells[0])}: "
            f"{voice.cell(failure, partner_cells[0])}; {direction} {voice.amount(abs(percent))} %."
        )

    def formulas(self) -> Iterator[str]:
        """Yield the jumps, or the bounds and the month from which they hold."""
        rows = codes(self.rows)
        for jump in self.jumps:
            yield (
                f"Form {jump.form}: 100 × `{jump.part}` / `{jump.whole}` rises by less than {figure(jump.points)} points "
                f"from the 10-month to the 12-month report; row {rows}"
            )
        if self.percent:
            minimums = "; ".join(f"form {form}: {figure(amount)}" for form, amount in self.minimum.items())
            yield f"Within {figure(self.percent)} % of the same period last year, for {codes(self.columns)}; row {rows}"
            yield f"From {self.from_months} months on; where last year's figure was at least {minimums or '1'} (base units)"
