"""Money in another unit."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from pipeline.forms.formulas import recalculate
from pipeline.simulator.faults.kind import NEIGHBOURS, PARTS, CellChange, count, fault, leaf, replace_figures, type_over
from pipeline.simulator.report import SimulatedReport


@fault(
    "Số tiền ghi bằng đồng thay vì 1.000 đồng",
    "Money was entered in đồng instead of thousand đồng",
    meant=["scale.money", "money_per_case.results"],
    entails=["rollup.offices", "change.*", "cumulative.*", "continuity.*", "cross.*"],
    forms=["01", "02"],
    from_months=3,
    cause="unit_thousand",
    is_whole=True,
)
def _unit_slip(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["02"]
    counts = [column for column in form.column if form.column[column].unit != "percent"]
    for row in form.row:
        for column in counts:
            if true := count(report, "02", row, column):
                yield type_over(report, "02", row, column, 1000 * true)


@fault(
    "Một ô tiền ghi bằng đồng thay vì 1.000 đồng",
    "One amount was entered in đồng instead of thousand đồng",
    meant=["balance.accepted_total"],
    entails=NEIGHBOURS,
    forms=["02"],
    cause="unit_thousand",
)
def _cell_in_dong(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "02", ("opening", "newly_accepted"), rng)
    yield type_over(report, "02", row, column, 1000 * count(report, "02", row, column))


@fault(
    "Số tiền ghi bằng triệu đồng thay vì 1.000 đồng",
    "Money was entered in million đồng instead of thousand đồng",
    meant=["scale.money", "money_per_case.results"],
    entails=["rollup.*", "balance.*", "order.*", "ratio.*", "change.*", "cumulative.*", "continuity.*", "cross.*"],
    forms=["01", "02"],
    from_months=3,
    cause="unit_thousand",
    is_whole=True,
)
def _money_in_million(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form = report.forms["02"]
    counts = [column for column in form.column if form.column[column].unit != "percent"]
    for row in form.row:
        for column in counts:
            if true := count(report, "02", row, column):
                yield type_over(report, "02", row, column, true // 1000)


@fault(
    "Số tiền âm",
    "A negative amount",
    meant=["integer.not_negative"],
    entails=NEIGHBOURS,
    forms=["02"],
    cause="sign",
)
def _negative_money(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    row, column = leaf(report, "02", PARTS, rng)
    yield type_over(report, "02", row, column, -count(report, "02", row, column))


@fault(
    "Số tiền thi hành xong quá nhỏ so với số việc",
    "The money completed is far too little for the cases completed",
    meant=["money_per_case.results"],
    entails=["rollup.offices", "change.*", "cumulative.*", "continuity.*", "cross.*"],
    forms=["01", "02"],
    from_months=3,
    is_whole=True,
)
def _money_per_case_low(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    form, figures = report.forms["02"], report.figures["02"]
    column_index = {column: n for n, column in enumerate(form.column)}
    new_figures = [list(line) for line in figures]
    for row, line in zip(form.rows, new_figures, strict=True):
        if row.is_total:
            continue
        completed = line[column_index["completed"]]
        assert isinstance(completed, int)
        for column in ("completed", "terminated", "reduced"):
            figure = line[column_index[column]]
            assert isinstance(figure, int)
            line[column_index[column]] = figure // 2000
        # What was not paid is still being enforced: every balance holds, only the worth of a case is absurd.
        standing = line[column_index["in_progress"]]
        assert isinstance(standing, int)
        line[column_index["in_progress"]] = standing + completed - completed // 2000
    yield from replace_figures(report, "02", recalculate(form, new_figures))


@fault(
    "Đơn vị tính ghi sai trên đầu biểu",
    "The header names another unit of measure",
    meant=["header.measure_unit"],
    entails=[
        "scale.*",
        "money_per_case.*",
        "rollup.offices",
        "integer.*",
        "change.*",
        "cumulative.*",
        "continuity.*",
        "cross.*",
    ],
    forms=["02"],
    is_whole=True,
)
def _wrong_unit_of_measure(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    report.forms["02"] = replace(report.forms["02"], unit="vnd")
    yield from ()
