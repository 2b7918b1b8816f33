"""Timeliness: a report arrived in time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from expectations.explanation import FailedComparison, Voice
from expectations.rule import Rule
from expectations.sql import UNBOUNDED
from pipeline.forms import Forms, UnitOfMeasure


class Timeliness(Rule):
    """The first version of a report arrived by its deadline (``pipeline.calendar.deadlines``)."""

    kind: Literal["timeliness"]
    days: int = 0  # working days of grace

    titles: ClassVar[dict[str, tuple[str, str]]] = {"timeliness": ("Đúng hạn", "Timeliness")}

    @property
    def needs_verdicts(self) -> bool:
        """Whether it waits for others: for all versions of the report, of which the first counts."""
        return True

    def selects(self, form: str) -> Iterable[str]:
        """Compare the working days of delay with the days of grace."""
        yield f"""
            select submission_id, '' as row_code, '' as column_code, days_late as found, 0 as expected,
                   -{UNBOUNDED} as low, {self.days} as high, null::varchar as verdict
            from arrival
        """

    def unit(self, cell: Mapping[str, Any] | None, declarations: Forms) -> UnitOfMeasure | None:
        """Return none: it counts days."""
        return None

    def explanation(self, failure: FailedComparison, voice: Voice) -> str:
        """State when it arrived, when it was due, and how many working days late it was."""
        received, due, days = failure.received_on, failure.due_on, voice.amount(failure.found)
        return voice.say(
            f"Nhận ngày {received:%d/%m/%Y}, hạn nộp ngày {due:%d/%m/%Y}: chậm {days} ngày làm việc.",
            f"Received on {received}, due on {due}: {days} working day(s) late.",
        )

    def formulas(self) -> Iterator[str]:
        """Yield the deadline."""
        yield f"First version received at most {self.days} working days after the deadline of its level"
