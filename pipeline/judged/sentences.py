"""Sentences for the person who can act: where, what stands there, what it should be, off by how much, what to do."""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import singledispatch
from typing import Any

from expectations.formulas import TARGETS
from expectations.kinds import (
    AnyRule,
    Balance,
    Change,
    Continuity,
    CrossForm,
    Cumulative,
    Duplicate,
    FormScale,
    Growth,
    Integer,
    MoneyPerCase,
    Order,
    PrintedRatio,
    Reading,
    Rollup,
    RowOrder,
    Rule,
    Timeliness,
)
from pipeline.calendar.periods import Period
from pipeline.forms import Form, UnitOfMeasure, forms
from pipeline.text.amount import MINUS, amount_en, amount_vi
from pipeline.vocabulary import OnFail

MOST_CELLS = 4  # a sum of more cells than this names only its total in the sentence; the finding lists all


@dataclass(frozen=True)
class Failure:
    """A failing comparison with all that its sentence needs; figures in base units."""

    rule: AnyRule
    form: Form | None
    row_code: str
    column_code: str
    found: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    unit: UnitOfMeasure | None
    cells: list[dict[str, Any]] = field(default_factory=list)
    remark_vi: str | None = None
    remark_en: str | None = None
    sheet: str | None = None
    received_on: date | None = None
    due_on: date | None = None

    def printed(self, value: Decimal) -> Decimal:
        """Return a figure in the unit that the form prints."""
        return value / self.unit.factor if self.unit else value


@dataclass(frozen=True)
class Voice:
    """What a language needs to tell a failure."""

    vi: bool

    def amount(self, value: Decimal) -> str:
        """Return an amount as readers of the language write it."""
        return amount_vi(value) if self.vi else amount_en(value)

    def say(self, vi: str, en: str) -> str:
        """Return the words of the language."""
        return vi if self.vi else en

    def place(self, failure: Failure) -> str:
        """Name form, sheet and row in the words of the form."""
        if failure.form is None:
            return self.say(f"trang «{failure.sheet}»", f"sheet '{failure.sheet}'") if failure.sheet else ""
        row = failure.form.row.get(failure.row_code)
        number = failure.form.number
        parts = [self.say(f"Biểu {number}", f"Form {number}")]
        sheet = failure.cells[0]["sheet"] if failure.cells else failure.sheet
        if sheet:
            parts.append(self.say(f"trang «{sheet}»", f"sheet '{sheet}'"))
        if row:
            parts.append(self.say(f"dòng «{row.vi}»", f"row '{row.en}'"))
        return ", ".join(parts)

    def cell(self, failure: Failure, cell: dict[str, Any], *, by_row: bool = False) -> str:
        """Name a cell by its label, its figure and its address: ``Thi hành xong 12.056 (ô L14)``."""
        label = self.label(failure, cell, by_row)
        value = cell["value"] if cell["value"] is not None else Decimal(0)
        unit = forms().units.get(cell.get("unit") or "")
        printed = self.amount(value / unit.factor if unit else value)
        # A figure in another unit than the sum's own says which.
        if unit and unit != failure.unit:
            printed = f"{printed} {self.say(unit.vi, unit.en)}"
        return f"{label} {printed} ({self.say('ô', 'cell')} {cell['address']})"

    def label(self, failure: Failure, cell: dict[str, Any], by_row: bool = False) -> str:
        """Name a cell by its column, or by its row."""
        if by_row and failure.form and cell["row_code"] in failure.form.row:
            row = failure.form.row[cell["row_code"]]
            return f"«{self.say(row.vi, row.en)}»"
        measure = forms().measures.get(cell["column_code"])
        return f"«{self.say(measure.vi, measure.en)}»" if measure else f"«{cell['column_code']}»"

    def advice(self, rule: Rule) -> str:
        """Say what to do."""
        if isinstance(rule, FormScale):
            return self.say(
                "Báo cáo được giữ lại, số liệu chưa vào tổng hợp nào: hãy ghi lại biểu theo đúng đơn vị tính và nộp báo cáo "
                "bổ sung, hoặc xác nhận bằng văn bản nếu số liệu đúng.",
                "The report is held back and its figures are in no total: write the form in its unit of measure and send "
                "a supplementary report, or confirm the figures in writing if they are right.",
            )
        if rule.on_fail == OnFail.RETURN:
            return self.say(
                "Hãy kiểm tra các ô này, sửa số sai và nộp báo cáo bổ sung kèm lý do.",
                "Check these cells, mend the wrong figure and send a supplementary report with the reason.",
            )
        if rule.on_fail == OnFail.QUERY:
            return self.say(
                "Hãy giải trình, hoặc nộp báo cáo bổ sung nếu có số sai.",
                "Explain, or send a supplementary report if a figure is wrong.",
            )
        return ""

    def elsewhere(self, cell: dict[str, Any]) -> str:
        """Name where a cell of another form or report stands: ``Biểu 01/TK-THA, trang «01», dòng «Tổng số»``."""
        form = forms().current[cell["form"]]
        row = form.row.get(cell["row_code"])
        parts = [self.say(f"Biểu {form.number}", f"Form {form.number}")]
        parts.append(self.say(f"trang «{cell['sheet']}»", f"sheet '{cell['sheet']}'"))
        if row:
            parts.append(self.say(f"dòng «{row.vi}»", f"row '{row.en}'"))
        return ", ".join(parts)

    def report(self, cell: dict[str, Any]) -> str:
        """Name the report of another period that a cell stands in: ``báo cáo 8 tháng năm 2023, trang «01»``."""
        period = Period.parse(cell["period_id"])
        return self.say(
            f"báo cáo {period.label_vi[0].lower()}{period.label_vi[1:]}, trang «{cell['sheet']}»",
            f"the {period.months}-month report of {period.year}, sheet '{cell['sheet']}'",
        )


def sentence_vi(failure: Failure) -> str:
    """Tell a failure in Vietnamese."""
    return _sentence(failure, Voice(vi=True))


def sentence_en(failure: Failure) -> str:
    """Tell a failure in English."""
    return _sentence(failure, Voice(vi=False))


def _sentence(failure: Failure, voice: Voice) -> str:
    told = [f"{voice.say(failure.rule.vi, failure.rule.en)}.", _worked_out(failure.rule, failure, voice)]
    return " ".join(part for part in [*told, voice.advice(failure.rule)] if part)


@singledispatch
def _worked_out(rule: Rule, failure: Failure, voice: Voice) -> str:
    return f"{voice.place(failure)}: {_found_and_expected(failure, voice)}."


@_worked_out.register
def _balance(rule: Balance, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    signs = {term.column: term for terms_of in rule.sums for term in terms_of}
    total = voice.cell(failure, found[0]) if found else voice.amount(failure.printed(failure.found))
    worked = " ".join(
        f"{_sign(signs[cell['column_code']].sign, first=position == 0)}{voice.cell(failure, cell)}"
        for position, cell in enumerate(terms)
        if cell["column_code"] in signs
    )
    # A target that the report does not print stands in no cell.
    target = sum(signs[cell["column_code"]].sign * cell["value"] for cell in terms) - failure.expected
    if target and any(column in TARGETS for column in signs):
        worked += f" − {voice.amount(target)} ({voice.say('chỉ tiêu', 'target')})"
    return (
        f"{voice.place(failure)}: {total}, {voice.say('nhưng', 'but')} {worked} = "
        f"{voice.amount(failure.printed(failure.expected))}; {_off(failure, voice)}."
    )


@_worked_out.register
def _order(rule: Order, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    lesser = " + ".join(voice.cell(failure, cell) for cell in found)
    greater = " + ".join(voice.cell(failure, cell) for cell in terms)
    return f"{voice.place(failure)}: {lesser} > {greater}; {_off(failure, voice)}."


@_worked_out.register
def _row_order(rule: RowOrder, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    lesser = ", ".join(voice.cell(failure, cell, by_row=True) for cell in found)
    greater = ", ".join(voice.cell(failure, cell, by_row=True) for cell in terms)
    return f"{voice.place(failure)}: {lesser} > {greater}; {_off(failure, voice)}."


@_worked_out.register
def _integer(rule: Integer, failure: Failure, voice: Voice) -> str:
    cell = failure.cells[0] if failure.cells else None
    what = voice.cell(failure, cell) if cell else voice.amount(failure.printed(failure.found))
    return f"{voice.place(failure)}: {what}."


@_worked_out.register
def _rollup(rule: Rollup, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    total = voice.cell(failure, found[0]) if found else voice.amount(failure.printed(failure.found))
    summed = voice.amount(failure.printed(failure.expected))
    if rule.offices:
        parts = voice.say(f"{len(terms)} báo cáo cộng lại", f"{len(terms)} returns together")
    elif len(terms) <= MOST_CELLS:
        parts = " + ".join(voice.cell(failure, cell, by_row=True) for cell in terms)
    else:
        parts = voice.say(
            f"{len(terms)} dòng cộng lại (ô {terms[0]['address']} … {terms[-1]['address']})",
            f"{len(terms)} rows together (cells {terms[0]['address']} ... {terms[-1]['address']})",
        )
    return f"{voice.place(failure)}: {total}, {voice.say('nhưng', 'but')} {parts} = {summed}; {_off(failure, voice)}."


@_worked_out.register
def _printed_ratio(rule: PrintedRatio, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    rate = f"{voice.amount(failure.found)} %"
    if found:
        label, address = voice.label(failure, found[0]), found[0]["address"]
        rate = f"{label} {rate} ({voice.say('ô', 'cell')} {address})"
    top = [cell for cell in terms if cell["column_code"] in {term.column for term in rule.numerator}]
    base = [cell for cell in terms if cell not in top]
    worked = " / ".join(" + ".join(voice.cell(failure, cell) for cell in side) for side in (top, base) if side)
    return (
        f"{voice.place(failure)}: {voice.say('in', 'printed')} {rate}, "
        f"{voice.say('nhưng', 'but')} {worked} = {voice.amount(failure.expected)} %."
    )


@_worked_out.register
def _growth(rule: Growth, failure: Failure, voice: Voice) -> str:
    return _printed_ratio(rule.ratio(rule.measure(failure.column_code)), failure, voice)


@_worked_out.register
def _money_per_case(rule: MoneyPerCase, failure: Failure, voice: Voice) -> str:
    cells = " / ".join(voice.cell(replace(failure, unit=None), cell) for cell in failure.cells)
    return (
        f"{voice.place(failure)}: {cells}: {voice.say('bình quân một việc', 'a case is worth')} "
        f"{voice.amount(failure.found)} đồng; {voice.say('khoảng hợp lý', 'plausible')} "
        f"{voice.amount(failure.low)} - {voice.amount(failure.high)} đồng."
    )


@_worked_out.register
def _form_scale(rule: FormScale, failure: Failure, voice: Voice) -> str:
    found, terms = _roles(failure)
    cases = {cell["column_code"]: cell["value"] for cell in terms}
    worth = {
        cell["column_code"]: (cell["value"] / cases[cell["column_code"]], cell)
        for cell in found
        if cell["value"] and (cases.get(cell["column_code"]) or 0) >= rule.minimum_cases
    }
    told = "; ".join(
        f"{voice.label(failure, cell)} {voice.amount(round(each))} đồng ({voice.say('ô', 'cell')} {cell['address']})"
        for each, cell in worth.values()
    )
    return (
        f"{voice.place(failure)}: {voice.say('bình quân một việc', 'a case is worth')} {told}; "
        f"{voice.say('khoảng hợp lý', 'plausible')} {voice.amount(failure.low)} - {voice.amount(failure.high)} đồng."
    )


@_worked_out.register
def _reading(rule: Reading, failure: Failure, voice: Voice) -> str:
    return voice.say(failure.remark_vi or "", failure.remark_en or "")


@_worked_out.register
def _cross_form(rule: CrossForm, failure: Failure, voice: Voice) -> str:
    (found,), (other,) = _roles(failure)
    return (
        f"{voice.place(failure)}: {voice.cell(failure, found)}, {voice.say('nhưng', 'but')} {voice.elsewhere(other)}: "
        f"{voice.cell(failure, other)}; {_off(failure, voice)}."
    )


@_worked_out.register
def _cumulative(rule: Cumulative, failure: Failure, voice: Voice) -> str:
    (found,), (before,) = _roles(failure)
    return (
        f"{voice.place(failure)}: {voice.cell(failure, found)}, {voice.say('nhưng', 'but')} {voice.report(before)}: "
        f"{voice.cell(failure, before)}; {_off(failure, voice)}."
    )


@_worked_out.register
def _continuity(rule: Continuity, failure: Failure, voice: Voice) -> str:
    now, then = _roles(failure)
    told = [" + ".join(voice.cell(failure, cell) for cell in cells) for cells in (now, then)]
    return (
        f"{voice.place(failure)}: {told[0]}, {voice.say('nhưng', 'but')} {voice.report(then[0])}: {told[1]}; "
        f"{_off(failure, voice)}."
    )


@_worked_out.register
def _change(rule: Change, failure: Failure, voice: Voice) -> str:
    now, then = _roles(failure)
    if rule.jumps:
        shares = [
            f"{' / '.join(voice.cell(replace(failure, unit=None), cell) for cell in cells)} = {voice.amount(share)} %"
            for cells, share in ((now, failure.found), (then, failure.expected))
        ]
        points = f"{voice.amount(failure.found - failure.expected)} {voice.say('điểm', 'points')}"
        return (
            f"{voice.place(failure)}: {shares[0]}; {voice.report(then[0])}: {shares[1]}; "
            f"{voice.say('tăng', 'up by')} {points}."
        )
    percent = 100 * (failure.found - failure.expected) / failure.expected
    moved = voice.say("tăng", "up by") if percent > 0 else voice.say("giảm", "down by")
    return (
        f"{voice.place(failure)}: {voice.cell(failure, now[0])}; {voice.report(then[0])}: "
        f"{voice.cell(failure, then[0])}; {moved} {voice.amount(abs(percent))} %."
    )


@_worked_out.register
def _duplicate(rule: Duplicate, failure: Failure, voice: Voice) -> str:
    now, then = _roles(failure)
    count = voice.amount(failure.found)
    return (
        f"{voice.place(failure)}: {voice.say(f'cả {count} số liệu khác 0 trùng với', f'all {count} figures that are not 0 equal those of')} "
        f"{voice.report(then[0])}, {voice.say('ví dụ', 'e.g.')} {voice.cell(failure, now[0])} = {voice.cell(failure, then[0])}."
    )


@_worked_out.register
def _timeliness(rule: Timeliness, failure: Failure, voice: Voice) -> str:
    received, due, days = failure.received_on, failure.due_on, voice.amount(failure.found)
    return voice.say(
        f"Nhận ngày {received:%d/%m/%Y}, hạn nộp ngày {due:%d/%m/%Y}: chậm {days} ngày làm việc.",
        f"Received on {received}, due on {due}: {days} working day(s) late.",
    )


def _roles(failure: Failure) -> tuple[list[dict], list[dict]]:
    found = [cell for cell in failure.cells if cell["role"] == "found"]
    return found, [cell for cell in failure.cells if cell["role"] == "term"]


def _sign(sign: int, *, first: bool) -> str:
    if first:
        return "" if sign > 0 else MINUS
    return "+ " if sign > 0 else f"{MINUS} "


def _off(failure: Failure, voice: Voice) -> str:
    difference = failure.printed(failure.found - failure.expected)
    return f"{voice.say('lệch', 'off by')} {voice.amount(difference)}{_unit(failure, voice)}"


def _unit(failure: Failure, voice: Voice) -> str:
    return f" {voice.say(failure.unit.vi, failure.unit.en)}" if failure.unit else ""


def _found_and_expected(failure: Failure, voice: Voice) -> str:
    return (
        f"{voice.amount(failure.printed(failure.found))}, {voice.say('phải là', 'expected')} "
        f"{voice.amount(failure.printed(failure.expected))}"
    )
