"""What goes wrong in the annex on delegation: its sums, and the agencies that it names."""

from collections.abc import Callable, Iterator
from random import Random

from pipeline.forms.formulas import Figure, recalculate
from pipeline.registry.units import unit_registry
from pipeline.simulator.faults.kind import CellChange, FaultError, add, fault, replace_figures, type_over
from pipeline.simulator.report import SimulatedReport


@fault(
    "Tổng số nhận ủy thác của phụ lục bị gõ đè",
    "The total received by delegation is typed over",
    meant=["rollup.counterparts"],
    forms=["transfers"],
    cause="total_typed_over",
)
def _received_typed_over(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    yield add(report, "transfers", "total", "received_cases", rng.randint(1, 30))


@fault(
    "Phụ lục ủy thác khác số ủy thác của Biểu 01",
    "The annex on delegation says otherwise than form 01",
    meant=["cross.delegated_by_agency"],
    forms=["transfers", "01"],
    is_whole=True,
)
def _delegated_otherwise(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
    declaration = report.forms["transfers"]
    column = list(declaration.column).index("delegated")
    figures: list[list[Figure]] = [list(line) for line in report.figures["transfers"]]
    used_rows = [n for n, row in enumerate(declaration.rows) if row.is_open and isinstance(figures[n][column], int)]
    figures[rng.choice(used_rows)][column] += rng.randint(1, 20)  # type: ignore[operator]
    # The total follows by its formula.
    yield from replace_figures(report, "transfers", recalculate(declaration, figures))


def _type_name(report: SimulatedReport, rng: Random, written: Figure) -> Iterator[CellChange]:
    """Write another name on a line of the annex that is used."""
    used_rows = [
        row.code
        for row in report.forms["transfers"].rows
        if row.is_open and report.figure("transfers", row.code, "counterpart")
    ]
    if not used_rows:
        raise FaultError("the annex names no agency; take a later period or another office")
    yield type_over(report, "transfers", rng.choice(used_rows), "counterpart", written)


def _exists(unit: str, report: SimulatedReport) -> bool:
    return unit_registry().units[unit].is_valid_on(report.slot.period.end)


def _register_name_fault(name: str, written: Callable[[SimulatedReport], Figure], meant: str, vi: str, en: str) -> None:
    @fault(vi, en, name=name, meant=[meant], forms=["transfers"])
    def act(report: SimulatedReport, rng: Random) -> Iterator[CellChange]:
        yield from _type_name(report, rng, written(report))


_register_name_fault(
    "counterpart_unknown",
    lambda report: "Chi cục THADS huyện Không Có",
    "counterpart.known",
    "Phụ lục ủy thác ghi một cơ quan không có trong danh mục",
    "The annex on delegation names an agency that is in no register",
)
_register_name_fault(
    "counterpart_of_another_day",
    lambda report: "kien-giang" if _exists("an-giang-2025", report) else "an-giang-2025",
    "counterpart.known",
    "Phụ lục ủy thác ghi một cơ quan không tồn tại vào cuối kỳ",
    "The annex on delegation names an agency that does not exist at the end of the period",
)
_register_name_fault(
    "counterpart_missing",
    lambda report: None,
    "counterpart.known",
    "Phụ lục ủy thác có số liệu nhưng không ghi cơ quan",
    "A line of the annex on delegation has figures and names no agency",
)
_register_name_fault(
    "counterpart_is_itself",
    lambda report: report.slot.unit,
    "counterpart.another",
    "Phụ lục ủy thác ghi chính cơ quan báo cáo",
    "The annex on delegation names the reporting agency itself",
)
