"""The faults that can be planted in a report, by name: what is done, and which rules are meant to find it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from pipeline.forms.declaration import Form
from pipeline.forms.template import Figure, recalculate
from pipeline.simulator import damage
from pipeline.simulator.report import Report
from pipeline.simulator.truth import Change, PlantedFault, Printed
from pipeline.vocabulary import Scope

TOTAL = "total.total"
PARTS = ("in_progress", "other_eligible", "not_eligible", "postponed", "suspended")

#: form, row, column, true figure, written figure
Touched = tuple[str, str, str, Figure, Figure]
Act = Callable[[Report, Random], Iterator[Touched]]


class FaultError(ValueError):
    """A fault cannot be planted; the message says why and what can."""


@dataclass(frozen=True)
class Fault:
    """A named kind of fault."""

    name: str
    vi: str
    en: str
    act: Act
    meant: tuple[str, ...] = ()
    entails: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()  # that a report must have
    scopes: tuple[Scope, ...] = (Scope.OFFICE, Scope.OWN)
    is_unreadable: bool = False
    needs_previous: bool = False
    from_months: int = 1  # chosen at random, it avoids shorter periods: there may be too few cases to show it

    @property
    def is_harmless(self) -> bool:
        """Tell whether the report stays right, so that nothing may be found."""
        return not self.meant and not self.is_unreadable

    def plant(self, report: Report, rng: Random, id: str) -> PlantedFault:
        """Change the report and return what was done."""
        missing = [form for form in self.forms if form not in report.forms]
        if missing:
            raise FaultError(f"{self.name}: the report has no form {', '.join(missing)}")
        touched = list(self.act(report, rng))
        changes = (
            Change(form, form, row, column, report.address(form, row, column), _printed(true), _printed(written))
            for form, row, column, true, written in touched
        )
        slot = report.slot
        return PlantedFault(
            id=id,
            kind=self.name,
            vi=self.vi,
            en=self.en,
            meant=self.meant,
            entails=self.entails,
            is_unreadable=self.is_unreadable,
            is_harmless=self.is_harmless,
            period=slot.period.id,
            province=slot.province,
            unit=slot.unit,
            scope=slot.scope.value,
            path=slot.path,
            changes=tuple(changes),
        )


FAULTS: dict[str, Fault] = {}
OTHER_NAMES = {"carried_over_typed_over": "balance_broken", "text_renamed": "unreadable_text_renamed"}


def fault_named(name: str) -> Fault:
    """Return a fault by its name; raises ``FaultError`` naming all that there are."""
    found = FAULTS.get(OTHER_NAMES.get(name, name))
    if found is None:
        raise FaultError(f"no fault is called {name!r}; there are {', '.join(sorted(FAULTS))}")
    return found


def _fault(
    vi: str,
    en: str,
    *,
    meant: Sequence[str] = (),
    entails: Sequence[str] = (),
    forms: Sequence[str] = (),
    scopes: Sequence[Scope] = (Scope.OFFICE, Scope.OWN),
    is_unreadable: bool = False,
    needs_previous: bool = False,
    from_months: int = 1,
) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        name = act.__name__.strip("_")
        FAULTS[name] = Fault(
            name,
            vi,
            en,
            act,
            tuple(meant),
            tuple(entails),
            tuple(forms),
            tuple(scopes),
            is_unreadable,
            needs_previous,
            from_months,
        )
        return act

    return register


# What a cell that is out of step with the cells around it may set off besides.
NEIGHBOURS = ("balance.*", "rollup.*", "ratio.*", "order.*", "cross_form.*", "change.*", "cumulative.*", "continuity.*")
TOTALS = ("rollup.*", "cross_form.*", "change.*", "cumulative.*", "continuity.*")


# --- figures that do not add up


@_fault(
    "Số chuyển kỳ sau bị gõ đè",
    "Carried over was typed over its formula",
    meant=["balance.carried_over"],
    entails=TOTALS,
    forms=["01"],
)
def _balance_broken(report: Report, rng: Random) -> Iterator[Touched]:
    true = _count(report, "01", TOTAL, "carried_over")
    yield _type_over(report, "01", TOTAL, "carried_over", true - rng.randint(1, max(2, true // 40)))


@_fault(
    "Số phải thi hành in bằng tổng số giải quyết",
    "The accepted total was printed as due",
    meant=["balance.due", "balance.due_parts", "balance.carried_over"],
    entails=[*TOTALS, "ratio.*"],
    forms=["01"],
    from_months=3,
)
def _due_is_accepted(report: Report, rng: Random) -> Iterator[Touched]:
    accepted = _count(report, "01", TOTAL, "accepted_total")
    if accepted == report.figure("01", TOTAL, "due"):
        raise FaultError("due_is_accepted: nothing was delegated or revoked in this report; take a later period")
    yield _type_over(report, "01", TOTAL, "due", accepted)


@_fault(
    "Dòng tổng số không bằng các dòng thành phần",
    "A total row is not the sum of its rows",
    meant=["rollup.rows"],
    entails=TOTALS,
    forms=["01"],
)
def _total_row_off(report: Report, rng: Random) -> Iterator[Touched]:
    yield _add(report, "01", "total.ex_officio", "separate_book", rng.randint(1, 30))


@_fault(
    "Chủ động cộng theo yêu cầu không bằng tổng của loại việc",
    "Ex officio and on request do not make up the kind of judgment",
    meant=["rollup.initiative"],
    entails=TOTALS,
    forms=["01"],
)
def _initiative_off(report: Report, rng: Random) -> Iterator[Touched]:
    yield _add(report, "01", "civil.total", "judgments_received", rng.randint(1, 30))


@_fault(
    "Hai chữ số bị đảo",
    "Two digits of a figure changed places",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["01"],
)
def _digits_swapped(report: Report, rng: Random) -> Iterator[Touched]:
    def can_swap(figure: int) -> bool:
        return figure >= 10 and len(set(str(figure))) > 1

    row, column = _leaf(report, "01", ("opening", "newly_accepted"), rng, can_swap)
    digits = list(str(report.figure("01", row, column)))
    at = next(n for n in range(len(digits) - 1) if digits[n] != digits[n + 1])
    digits[at], digits[at + 1] = digits[at + 1], digits[at]
    yield _type_over(report, "01", row, column, int("".join(digits)))


@_fault(
    "Số đình chỉ lớn hơn số thi hành xong",
    "More cases were terminated than completed",
    meant=["order.terminated"],
    entails=TOTALS,
    forms=["01"],
)
def _order_broken(report: Report, rng: Random) -> Iterator[Touched]:
    row, _ = _leaf(report, "01", ("completed",), rng)
    yield _type_over(report, "01", row, "terminated", _count(report, "01", row, "completed") + rng.randint(1, 9))


@_fault(
    "Số người được tiếp ít hơn số lượt",
    "Fewer people than visits",
    meant=["order.people"],
    entails=["order.leaders", "rollup.offices", "change.*", "cumulative.*"],
    forms=["09"],
    from_months=3,
)
def _people_below_visits(report: Report, rng: Random) -> Iterator[Touched]:
    visits = _count(report, "09", "total", "visits")
    if not visits:
        raise FaultError("people_below_visits: nobody was received in this report; take a later period")
    yield _type_over(report, "09", "total", "people", visits - 1)


@_fault(
    "Số do lãnh đạo tiếp lớn hơn tổng số tiếp",
    "Leaders received more than everybody together",
    meant=["order.leaders"],
    entails=["rollup.offices", "change.*", "cumulative.*"],
    forms=["09"],
)
def _leaders_above_all(report: Report, rng: Random) -> Iterator[Touched]:
    more = rng.randint(1, 5)
    for column in ("visits", "people"):
        yield _type_over(report, "09", "leaders", column, _count(report, "09", "total", column) + more)


@_fault(
    "Tỷ lệ thi hành xong không tính ra được từ số liệu",
    "The printed completion rate cannot come from the printed figures",
    meant=["ratio.completion_rate"],
    forms=["01"],
)
def _ratio_impossible(report: Report, rng: Random) -> Iterator[Touched]:
    rate = report.figure("01", TOTAL, "completion_rate")
    if not isinstance(rate, Decimal):
        raise FaultError("ratio_impossible: the report prints no completion rate")
    # Below rather than above: a rate over 100 % would be another fault.
    yield _type_over(report, "01", TOTAL, "completion_rate", rate - Decimal(rng.randint(150, 900)) / 100)


@_fault(
    "Số toàn tỉnh khác tổng của cơ quan tỉnh và các chi cục",
    "The province differs from its own caseload and its offices together",
    meant=["rollup.offices"],
    entails=["change.*", "cumulative.*", "cross_form.*"],
    forms=["01"],
    scopes=[Scope.PROVINCE],
)
def _province_total_off(report: Report, rng: Random) -> Iterator[Touched]:
    more = rng.randint(3, 60)
    # Every total moves along, so that the report agrees with itself.
    for row in ("civil.on_request", "civil.total", "total.on_request", TOTAL):
        yield _add(report, "01", row, "judgments_received", more)


# --- money in another unit


@_fault(
    "Số tiền ghi bằng đồng thay vì 1.000 đồng",
    "Money was entered in đồng instead of thousand đồng",
    meant=["money_per_case.results"],
    entails=["rollup.offices", "change.*", "cumulative.*", "continuity.*", "cross_form.*"],
    forms=["01", "02"],
    from_months=3,
)
def _unit_slip(report: Report, rng: Random) -> Iterator[Touched]:
    form = report.forms["02"]
    counts = [column for column in form.column if form.column[column].unit != "percent"]
    for row in form.row:
        for column in counts:
            if true := _count(report, "02", row, column):
                yield _type_over(report, "02", row, column, 1000 * true)


@_fault(
    "Số tiền thi hành xong quá nhỏ so với số việc",
    "The money completed is far too little for the cases completed",
    meant=["money_per_case.results"],
    entails=["rollup.offices", "change.*", "cumulative.*", "continuity.*", "cross_form.*"],
    forms=["01", "02"],
    from_months=3,
)
def _money_per_case_low(report: Report, rng: Random) -> Iterator[Touched]:
    form, before = report.forms["02"], report.figures["02"]
    at = {column: n for n, column in enumerate(form.column)}
    after = [list(line) for line in before]
    for row, line in zip(form.rows, after, strict=True):
        if row.is_total:
            continue
        completed = line[at["completed"]]
        assert isinstance(completed, int)
        for column in ("completed", "terminated", "reduced"):
            figure = line[at[column]]
            assert isinstance(figure, int)
            line[at[column]] = figure // 2000
        # What was not paid is still being enforced: every balance holds, only the worth of a case is absurd.
        standing = line[at["in_progress"]]
        assert isinstance(standing, int)
        line[at["in_progress"]] = standing + completed - completed // 2000
    yield from _replace(report, "02", recalculate(form, after))


@_fault(
    "Đơn vị tính ghi sai trên đầu biểu",
    "The header names another unit of measure",
    meant=["header.measure_unit"],
    entails=[
        "money_per_case.*",
        "rollup.offices",
        "integer.*",
        "change.*",
        "cumulative.*",
        "continuity.*",
        "cross_form.*",
    ],
    forms=["02"],
)
def _wrong_unit_of_measure(report: Report, rng: Random) -> Iterator[Touched]:
    report.forms["02"] = replace(report.forms["02"], unit="vnd")
    yield from ()


# --- figures that are no figures


@_fault("Số đếm âm", "A negative count", meant=["integer.whole"], entails=NEIGHBOURS, forms=["01"])
def _negative_count(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf(report, "01", PARTS, rng)
    yield _type_over(report, "01", row, column, -_count(report, "01", row, column))


@_fault("Số đếm lẻ", "A count that is not whole", meant=["integer.whole"], entails=NEIGHBOURS, forms=["01"])
def _fraction_count(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf(report, "01", PARTS, rng)
    yield _type_over(report, "01", row, column, _count(report, "01", row, column) + Decimal("0.5"))


@_fault(
    "Chữ O thay cho số 0",
    "The letter O in place of a zero",
    meant=["reading.number"],
    entails=NEIGHBOURS,
    forms=["02"],
)
def _text_in_number(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf(report, "02", PARTS, rng, lambda figure: "0" in str(figure)[1:])
    true = str(report.figure("02", row, column))
    yield _type_over(report, "02", row, column, true[0] + true[1:].replace("0", "O", 1))


@_fault("Ô báo lỗi #REF!", "A cell shows #REF!", meant=["reading.excel_error"], entails=NEIGHBOURS, forms=["01"])
def _excel_error(report: Report, rng: Random) -> Iterator[Touched]:
    row, column = _leaf(report, "01", PARTS, rng)
    yield _type_over(report, "01", row, column, "#REF!")


@_fault(
    "Ô công thức không có kết quả",
    "A formula without a computed value",
    meant=["reading.formula_without_value"],
    entails=NEIGHBOURS,
    forms=["01"],
)
def _formula_without_value(report: Report, rng: Random) -> Iterator[Touched]:
    true, address = report.figure("01", TOTAL, "due"), report.address("01", TOTAL, "due")
    assert address is not None
    report.damage.append(damage.forget_value(list(report.forms).index("01") + 1, address))
    yield "01", TOTAL, "due", true, None


# --- sheets that are not the template


@_fault(
    "Số liệu của hai cột bị đổi chỗ",
    "The figures of two columns changed places",
    meant=["balance.carried_over", "balance.eligible_carried_over"],
    entails=[*NEIGHBOURS, "money_per_case.*"],
    forms=["01"],
)
def _columns_swapped(report: Report, rng: Random) -> Iterator[Touched]:
    for row in report.forms["01"].row:
        completed, standing = (report.figure("01", row, column) for column in ("completed", "in_progress"))
        if completed != standing:
            yield _type_over(report, "01", row, "completed", standing)
            yield _type_over(report, "01", row, "in_progress", completed)


@_fault(
    "Thiếu một dòng",
    "A row is missing",
    meant=["reading.missing_row"],
    entails=["rollup.*", "cross_form.*"],
    forms=["01"],
)
def _row_missing(report: Report, rng: Random) -> Iterator[Touched]:
    form = report.forms["01"]
    row = rng.choice([row.code for row in form.rows if not row.is_total])
    at = list(form.row).index(row)
    lost = list(zip(form.column, report.figures["01"].pop(at), strict=True))
    report.forms["01"] = replace(form, rows=tuple(r for r in form.rows if r.code != row))
    yield from (("01", row, column, true, None) for column, true in lost)


@_fault(
    "Thiếu một cột",
    "A column is missing",
    meant=["reading.missing_column"],
    entails=["balance.*", "rollup.*", "cross_form.*"],
    forms=["01"],
)
def _column_missing(report: Report, rng: Random) -> Iterator[Touched]:
    form = report.forms["01"]
    at = list(form.column).index("suspended")
    lost = [(row, line.pop(at)) for row, line in zip(form.row, report.figures["01"], strict=True)]
    report.forms["01"] = replace(form, columns=tuple(c for c in form.columns if c.code != "suspended"))
    yield from (("01", row, "suspended", true, None) for row, true in lost)


@_fault(
    "Trang tính ẩn chứa số liệu",
    "A hidden sheet with figures",
    meant=["reading.hidden_sheet"],
    entails=["reading.unknown_sheet", "reading.duplicate_sheet"],
    forms=["01"],
)
def _hidden_sheet(report: Report, rng: Random) -> Iterator[Touched]:
    name = "Nháp"
    draft = [[figure + 1 if isinstance(figure, int) else figure for figure in line] for line in report.figures["01"]]
    report.extra_sheets = {name: (replace(report.forms["01"], code=name), draft)}
    report.damage.append(damage.hide_sheet(name))
    yield from ()


@_fault("Bảng nằm lệch trong trang tính", "The table stands elsewhere on the sheet")
def _shifted_table(report: Report, rng: Random) -> Iterator[Touched]:
    report.origin = (rng.randint(1, 4), rng.randint(1, 3))
    yield from ()


@_fault("Các cột đứng theo thứ tự khác", "The columns stand in another order", forms=["01"])
def _reordered_columns(report: Report, rng: Random) -> Iterator[Touched]:
    form = report.forms["01"]
    order = list(range(len(form.columns)))
    rng.shuffle(order)
    report.forms["01"] = replace(form, columns=tuple(form.columns[n] for n in order))
    report.figures["01"] = [[line[n] for n in order] for line in report.figures["01"]]
    yield from ()


# --- reports that are not what they say


@_fault("Không ghi kỳ báo cáo", "The period is left out", meant=["header.period"])
def _period_missing(report: Report, rng: Random) -> Iterator[Touched]:
    report.header = replace(report.header, period_start=None, period_end=None)
    yield from ()


@_fault("Đơn vị không có trong danh mục", "A unit that the registry does not know", meant=["header.unit"])
def _unknown_unit(report: Report, rng: Random) -> Iterator[Touched]:
    report.header = replace(report.header, unit_name="Chi cục THADS huyện Không Có", unit_key="khong-co.o-dau")
    yield from ()


@_fault(
    "Số liệu giống hệt tháng trước",
    "The figures are last month's",
    meant=["duplicate.month"],
    entails=["rollup.offices", "change.*", "cumulative.*"],
    needs_previous=True,
)
def _same_as_last_month(report: Report, rng: Random) -> Iterator[Touched]:
    for form, figures in report.previous().items():
        yield from _replace(report, form, figures)


# --- files that are no workbooks


@_fault("Tệp văn bản đổi tên thành .xlsx", "A text file renamed to .xlsx", is_unreadable=True)
def _unreadable_text_renamed(report: Report, rng: Random) -> Iterator[Touched]:
    report.damage.append(damage.replace_with_text)
    yield from ()


@_fault("Tệp bị cắt cụt", "A file cut off on its way", is_unreadable=True)
def _truncated_zip(report: Report, rng: Random) -> Iterator[Touched]:
    report.damage.append(damage.truncate)
    yield from ()


def _count(report: Report, form: str, row: str, column: str) -> int:
    figure = report.figure(form, row, column)
    assert isinstance(figure, int)
    return figure


def _type_over(report: Report, form: str, row: str, column: str, written: Figure) -> Touched:
    true = report.figure(form, row, column)
    report.put(form, row, column, written)
    return form, row, column, true, written


def _add(report: Report, form: str, row: str, column: str, more: int) -> Touched:
    return _type_over(report, form, row, column, _count(report, form, row, column) + more)


def _replace(report: Report, form: str, figures: Sequence[Sequence[Figure]]) -> Iterator[Touched]:
    declared: Form = report.forms[form]
    for row, line in zip(declared.row, figures, strict=True):
        for column, written in zip(declared.column, line, strict=True):
            if written != report.figure(form, row, column):
                yield _type_over(report, form, row, column, written)


def _leaf(
    report: Report,
    form: str,
    columns: Sequence[str],
    rng: Random,
    is_wanted: Callable[[int], bool] = lambda figure: figure > 0,
) -> tuple[str, str]:
    """Choose an input cell of one kind and initiative among ``columns``."""
    places = [
        (row.code, column)
        for row in report.forms[form].rows
        if not row.is_total
        for column in columns
        if is_wanted(_count(report, form, row.code, column))
    ]
    if not places:
        raise FaultError(
            f"no cell of form {form} among {', '.join(columns)} fits; take a later period or another office"
        )
    return rng.choice(places)


def _printed(figure: Figure) -> Printed:
    return float(figure) if isinstance(figure, Decimal) else figure
