"""Reports that are not what they say, and files that are no workbooks."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from pipeline.simulator import damage
from pipeline.simulator.faults.kind import Touched, fault, replace_figures
from pipeline.simulator.report import Report


@fault(
    "Không ghi kỳ báo cáo",
    "The period is left out",
    meant=["header.period"],
    is_whole=True,
)
def _period_missing(report: Report, rng: Random) -> Iterator[Touched]:
    report.header = replace(report.header, period_start=None, period_end=None)
    yield from ()


@fault(
    "Đơn vị không có trong danh mục",
    "A unit that the registry does not know",
    meant=["header.unit"],
    is_whole=True,
)
def _unknown_unit(report: Report, rng: Random) -> Iterator[Touched]:
    report.header = replace(report.header, unit_name="Chi cục THADS huyện Không Có", unit_key="khong-co.o-dau")
    yield from ()


@fault(
    "Số liệu giống hệt tháng trước",
    "The figures are last month's",
    meant=["duplicate.month"],
    entails=["rollup.offices", "change.*", "cumulative.*"],
    needs_previous=True,
    cause="last_month_copied",
    is_whole=True,
)
def _same_as_last_month(report: Report, rng: Random) -> Iterator[Touched]:
    for form, figures in report.previous().items():
        yield from replace_figures(report, form, figures)


@fault(
    "Tệp văn bản đổi tên thành .xlsx",
    "A text file renamed to .xlsx",
    is_unreadable=True,
)
def _unreadable_text_renamed(report: Report, rng: Random) -> Iterator[Touched]:
    report.damage.append(damage.replace_with_text)
    yield from ()


@fault(
    "Tệp bị cắt cụt",
    "A file cut off on its way",
    is_unreadable=True,
)
def _truncated_zip(report: Report, rng: Random) -> Iterator[Touched]:
    report.damage.append(damage.truncate)
    yield from ()
