"""A home whose reports lie on both sides of the merger of 2025-07-01, with late corrections: built once for all claims.

Kiên Giang and An Giang report until the merger, An Giang (of the same code as Kiên Giang had) afterwards.
"""

import atexit
import shutil
import tempfile
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import warehouse_inputs
from tests.support.built_warehouse import build, kien_giang_2022
from tests.support.warehouse_inputs import Inputs

ENDS = {
    "2022-01": date(2021, 10, 31),
    "2022-02": date(2021, 11, 30),
    "2022-05": date(2022, 2, 28),
    "2022-06": date(2022, 3, 31),
    "2022-09": date(2022, 6, 30),
    "2024-02": date(2023, 11, 30),
    "2024-03": date(2023, 12, 31),
    "2024-09": date(2024, 6, 30),
    "2023-12": date(2023, 9, 30),
    "2024-12": date(2024, 9, 30),
    "2025-09": date(2025, 6, 30),
    "2026-09": date(2026, 6, 30),
}
TRILLION = 1_000_000_000_000


def send(
    inputs: Inputs,
    unit: str,
    period: str,
    *,
    received: datetime | None = None,
    vintage: str = "reported",
    scope: str = "province",
    cases: dict[str, Any] | None = None,
    money: dict[str, Any] | None = None,
    **header: Any,
) -> str:
    """Send one version of a report with total rows of forms 01 and 02."""
    warehouse_inputs.PERIOD_ENDS.setdefault(period, ENDS.get(period, date(2022, 9, 30)))
    submission = inputs.submission(
        unit, period, scope=scope, path=f"{unit}-{scope}-{period}-{vintage}-{header.get('version', 1)}.xlsx", **header
    )
    row = inputs.rows["submissions"][-1]
    if vintage != "reported":
        verdict = inputs.rows["verdicts"][-1]
        submission = f"{submission}|{vintage}"
        row.update(vintage=vintage, report_id=f"{row['report_id']}|{vintage}", submission_id=submission)
        verdict.update(submission_id=submission)
    if received:
        row.update(received_at=received)
    if cases:
        inputs.cells(submission, "01", "total.total", **cases)
    if money:
        inputs.cells(submission, "02", "total.total", **money)
    return submission


def months_with_a_gap_and_a_fall(inputs: Inputs) -> None:
    """An Biên reports months 1, 2, 5 and 6 of 2022; in the sixth its completed cases are restated downwards."""
    for months, accepted, completed in ((1, 30, 10), (2, 55, 25), (5, 90, 85), (6, 95, 80)):
        send(
            inputs,
            "kien-giang.an-bien",
            f"2022-{months:02}",
            scope="office",
            cases={"newly_accepted": accepted, "completed": completed},
            money={"completed": completed * 1_000_000},
        )


def kien_giang_corrects_2023(inputs: Inputs) -> None:
    """Three months later, signed and with a reason: 50 completed cases fewer; a third version is returned."""
    for version, received, completed, verdict in (
        (1, datetime(2023, 10, 5, 9), 800, "accepted"),
        (2, datetime(2024, 1, 10, 16), 750, "accepted"),
        (3, datetime(2024, 2, 1, 8), 700, "returned"),
    ):
        send(
            inputs,
            "kien-giang",
            "2023-12",
            version=version,
            verdict=verdict,
            received=received,
            cases={
                "accepted_total": 1600,
                "opening": 600,
                "newly_accepted": 1000,
                "due": 1500,
                "eligible": 1000,
                "completed": completed,
                "carried_over": 1500 - completed,
            },
            **({"reason": "Đếm trùng 50 việc", "signer": "Nguyễn Văn A"} if version > 1 else {}),
        )


def before_and_after_the_merger(inputs: Inputs) -> None:
    """2022 to 2024 on the old territory, 2026 on the new one, and nine months of 2025 on both."""
    for unit, period, completed in (
        ("kien-giang", "2022-09", 6101),
        ("an-giang", "2022-09", 4102),
        ("kien-giang", "2023-09", 500),
        ("an-giang", "2023-09", 4903),
        ("kien-giang", "2024-09", 6304),
        ("an-giang", "2024-09", 4204),
        ("kien-giang", "2024-12", 7001),
        ("an-giang", "2024-12", 5002),
        ("kien-giang", "2025-09", 6000),
        ("an-giang", "2025-09", 4000),
        ("an-giang-2025", "2025-09", 10_000),
        ("an-giang-2025", "2026-09", 9003),
        ("ha-noi", "2024-12", 20_000),
        ("ha-noi", "2026-09", 21_000),
    ):
        send(
            inputs,
            unit,
            period,
            cases={"due": 2 * completed, "eligible": completed + 999, "completed": completed},
            money={"due": 3 * TRILLION + completed, "eligible": 2 * TRILLION, "completed": TRILLION + completed},
        )


def nation_twice(inputs: Inputs) -> None:
    """Preliminary and final totals of 2024, and final ones of 2023."""
    for period, vintage, completed in (
        ("2023-12", "final", 570_000),
        ("2024-12", "preliminary", 580_000),
        ("2024-12", "final", 590_000),
    ):
        send(
            inputs, "viet-nam", period, vintage=vintage, scope="nation", cases={"due": 900_000, "completed": completed}
        )


def offices_without_their_province(inputs: Inputs) -> None:
    """Kiên Giang's own caseload and three of its offices for 2021; the province itself sends nothing."""
    for unit, scope in (
        ("kien-giang", "own"),
        ("kien-giang.an-bien", "office"),
        ("kien-giang.an-minh", "office"),
        ("kien-giang.go-quao", "office"),
    ):
        send(inputs, unit, "2021-12", scope=scope, cases={"due": 20, "completed": 10, "delegated": 1})


def some_agencies_of_a_month(inputs: Inputs) -> None:
    """Agencies of Kiên Giang send all, declare that there was nothing, are returned or silent; the province sends its sum.

    Gò Quao's file of the second month cannot be read; all of An Giang is silent then, which had reported the first.
    """
    everything = {"cases": {"due": 20, "eligible": 10, "completed": 5}, "money": {"due": 10, "completed": 5}}
    send(inputs, "an-giang", "2024-02", scope="own", received=datetime(2023, 12, 1, 8), **everything)
    for unit in ("an-bien", "an-minh", "hon-dat"):
        key, day = f"kien-giang.{unit}", datetime(2024, 1, 4 if unit == "an-minh" else 3, 8)
        verdict = "returned" if unit == "hon-dat" else "accepted"
        submission = send(inputs, key, "2024-03", scope="office", received=day, verdict=verdict, **everything)
        inputs.cells(submission, "11", "cases", claims="-", claims_settled="-")
    for unit, line, other, told in (
        ("an-bien", "line_01", "Chi cục THADS huyện An Minh", {"delegated": 3, "delegated_money": 9}),
        ("an-bien", "line_02", "Huyện 12", {"delegated": 1, "delegated_money": 7}),
        ("an-minh", "line_01", "An Biên", {"received_cases": 2, "received_money": 9}),
    ):
        report = f"kien-giang.{unit}|2024-03|office|submitted|False|v1"
        inputs.cells(report, "transfers", line, **told)
        inputs.name(report, "transfers", line, "counterpart", other)
    send(inputs, "kien-giang", "2024-03", received=datetime(2024, 1, 6, 8), cases={"due": 60, "completed": 15})
    inputs.receipt(
        "2024-03/kien-giang/kien-giang.go-quao.2024-03.xlsx",
        verdict="unreadable",
        problem="torn",
        problem_vi="Tệp hỏng.",
        problem_en="The file is torn.",
    )
    inputs.deadline("2024-03", "office", date(2024, 1, 3))


@cache
def built_home() -> Path:
    """Build the warehouse once and return its home."""
    home = Path(tempfile.mkdtemp(prefix="two-territories-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    inputs = Inputs()
    inputs.rule("carried_over")
    for case in (
        kien_giang_2022,
        months_with_a_gap_and_a_fall,
        kien_giang_corrects_2023,
        before_and_after_the_merger,
        nation_twice,
        offices_without_their_province,
        some_agencies_of_a_month,
    ):
        case(inputs)
    inputs.deadline("2021-12", "office", date(2022, 10, 2))
    inputs.write(home)
    build(home, "--exclude-resource-type", "unit_test")
    return home


@cache
def live_home() -> Path:
    """Return the same home with the built file under the name that the live file has."""
    live = built_home() / "published" / "warehouse.duckdb"
    live.parent.mkdir()
    live.hardlink_to(built_home() / "warehouse" / "build.duckdb")
    return built_home()
