"""A night writes the periods that changed, and the tables are those of a warehouse that was built anew."""

import csv
import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.home import Home
from pipeline.incidents.ledger import Act, record_events
from pipeline.judged.answers import explain
from pipeline.published.query import run_query
from pipeline.registry.home_register import import_units, registry_of
from pipeline.registry.provisions import EXEMPTIONS, SPLIT_KEYS, import_provisions
from pipeline.simulator import simulate, write_correction
from pipeline.simulator.truth import Truth
from pipeline.vocabulary import AlertEvent
from pipeline.warehouse.build import built_file, prepare_build
from pipeline.warehouse.marks import input_marks
from pipeline.warehouse.periods import plan_periods, with_linked_periods
from tests.support.histories import History, differences
from tests.support.warehouse_inputs import Inputs

FIRST, LAST = "2023-10", "2025-09"
#: A second version of a report that leaves a figure out: it proves nothing, and it takes the figure back.
REPORTED = ["Gò Quao,2023-10-01,2024-08-31,01,total.total,due,100"]
#: A report of an office that is in no register yet; and what the department declares later.
UNNAMED = ["KV2 Cà Mau,2025-10-01,2026-06-30,01,total.total,due,10"]
REGISTER = (
    "unit_key,name,level,parent_key,valid_from,aliases\n"
    "ca-mau-2025.khu-vuc-2,Phòng THADS khu vực 2 - Cà Mau,office,ca-mau-2025,2025-07-01,KV2 Cà Mau\n"
)
EXEMPT = (
    "unit_key,form,valid_from,valid_to,reason,source\n"
    "kien-giang.an-bien,06,2023-10-01,2024-06-01,Không có vụ việc,Công văn 12\n"
)
SHARES = (
    "unit_key,territory_key,share,source\n"
    "an-giang-2025,an-giang,0.4,Số thụ lý 2024\nan-giang-2025,kien-giang,0.6,Số thụ lý 2024\n"
)
WITHDRAWN = ["Gò Quao,2023-10-01,2024-08-31,01,total.total,due,"]


def of(rule: str, changed: set[str], known: list[str]) -> tuple[set[str], set[str]]:
    """The periods that models with this rule write, and those that they read besides."""
    rows = plan_periods(changed, known).filter(looks_at=rule).to_dicts()
    written = {row["period_id"] for row in rows if row["is_written"]}
    return written, {row["period_id"] for row in rows} - written


KNOWN = ["2022-11", "2022-12", "2023-01", "2023-02", "2023-03", "2023-11", "2024-02", "2023-02@2022-11-13", "unplaced"]


def test_a_period_whose_input_changed_is_written() -> None:
    assert of("itself", {"2023-02", "unplaced"}, KNOWN) == ({"2023-02", "unplaced"}, set())


def test_later_months_of_the_year_are_written_too_and_earlier_ones_read() -> None:
    assert of("year_so_far", {"2023-02"}, KNOWN) == ({"2023-02", "2023-03", "2023-11"}, {"2023-01"})


def test_the_same_months_of_next_year_are_written_too_and_last_years_read() -> None:
    assert of("last_year", {"2023-02"}, KNOWN) == ({"2023-02", "2024-02"}, set())
    assert of("last_year", {"2024-02"}, KNOWN) == ({"2024-02"}, {"2023-02"})


def test_a_report_inside_a_month_is_compared_with_no_other() -> None:
    for rule in ("year_so_far", "last_year"):
        assert of(rule, {"2023-02@2022-11-13"}, KNOWN) == ({"2023-02@2022-11-13"}, set())


def test_periods_that_one_report_runs_through_are_written_together() -> None:
    assert with_linked_periods({"a"}, [{"b", "c"}, {"a", "b"}, {"d", "e"}]) == {"a", "b", "c"}


def test_an_office_of_the_simulator_that_is_named_for_the_first_time_concerns_every_period(tmp_path: Path) -> None:
    inputs = Inputs()
    inputs.submission("kien-giang.go-quao", "2022-12", simulated=True)
    inputs.write(tmp_path / "before")
    before = input_marks(Home(tmp_path / "before"))
    inputs.submission("kien-giang.an-bien", "2023-09", simulated=True)
    inputs.write(tmp_path / "real")
    assert input_marks(Home(tmp_path / "real")).ground == before.ground
    inputs.submission("ha-giang.sim-03", "2023-09", simulated=True)
    inputs.write(tmp_path / "named")
    assert input_marks(Home(tmp_path / "named")).ground != before.ground


class Post:
    """An inbox that fills night by night with the files of a simulated country."""

    def __init__(self, folder: Path) -> None:
        faults = [
            "balance_broken@an-giang.own:2024-04",
            "balance_broken@kien-giang.own:2024-05",
            "digits_swapped@kien-giang.own:2025-02",
            "unit_slip@an-giang.own:2024-09",
            "unknown_unit@kien-giang.an-bien:2024-06",
            "unknown_unit@kien-giang.an-bien:2024-07",
            "truncated_zip@kien-giang.own:2024-08",
            "same_as_last_month@kien-giang.own:2025-04",
        ]
        self.truth: Truth = simulate(
            folder / "country", provinces=2, first=FIRST, last=LAST, seed=5, offices_per_province=1, faults=faults
        )
        self.country, self.inbox = folder / "country" / "inbox", folder / "inbox"
        self.reports = {report.path: report for report in self.truth.reports}
        self.periods = list(self.truth.periods)

    def of_periods(self, first: int, last: int, *, but: tuple[str, ...] = ()) -> list[str]:
        """Paths of the reports of the periods ``first`` to ``last``, by their place in the history."""
        wanted = self.periods[first:last]
        return [path for path, report in self.reports.items() if report.period in wanted and path not in but]

    def bring(self, *paths: str, under: dict[str, str] | None = None) -> None:
        """Put files into the inbox with the times of their arrival; ``under`` gives some another name."""
        for path in paths:
            self._put(
                self.country / path,
                (under or {}).get(path, path),
                datetime.fromisoformat(self.reports[path].received_at),
            )

    def correct(self, fault: str) -> None:
        """Send the corrected second version of a faulty report."""
        planted = next(one for one in self.truth.faults if one.id == fault)
        path = write_correction(self.truth, planted.id, self.inbox)
        with (path.parents[1] / "received.csv").open(encoding="utf-8") as noted:
            last = list(csv.DictReader(noted))[-1]
        assert last["path"].endswith(path.name)

    def mend(self, fault: str, path: str) -> None:
        """Put the true report under the path of one that could not be read."""
        planted = next(one for one in self.truth.faults if one.id == fault)
        mended = write_correction(self.truth, planted.id, self.inbox.parent / "mended")
        self._put(mended, path, datetime(2025, 3, 12, 10))

    def write(self, name: str, lines: list[str], at: datetime) -> None:
        """Send a long CSV."""
        file = self.inbox.parent / name
        file.write_text(
            "\n".join(["unit,period_start,period_end,form,row,column,value", *lines]) + "\n", encoding="utf-8"
        )
        self._put(file, name, at)

    def _put(self, file: Path, name: str, at: datetime) -> None:
        target = self.inbox / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        noted = self.inbox / "received.csv"
        is_new = not noted.exists()
        with noted.open("a", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            if is_new:
                rows.writerow(["path", "received_at", "sender"])
            rows.writerow([name, at.isoformat(timespec="seconds"), "post@thads.example"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_years_night_by_night_end_in_the_tables_of_a_warehouse_built_anew(tmp_path: Path) -> None:
    post, history = Post(tmp_path), History(Home(tmp_path / "home"))
    kien_giang = [path for path in post.of_periods(0, 12) if "/kien-giang/" in path]
    an_giang = [path for path in post.of_periods(0, 12) if "/an-giang/" in path]
    late, stranger, another, cut_off, copied = (
        f"{period}/kien-giang/kien-giang.{who}.xlsx"
        for period, who in (
            ("2024-03", "own"), ("2024-06", "an-bien"), ("2024-07", "an-bien"), ("2024-08", "own"), ("2024-02", "own")
        )
    )  # fmt: skip
    strangers = {stranger: "stranger.xlsx", another: "stranger.xlsx"}

    def night(with_tests: bool = False) -> tuple[str, ...] | None:
        return history.night(post.inbox, with_tests=with_tests).written

    def is_as_built_anew() -> None:
        assert list(differences(history.home.live, history.rebuild())) == []

    def of_period(periods: slice) -> list[str]:
        return [path for path in kien_giang if path.partition("/")[0] in post.periods[periods] and path != late]

    post.bring(*of_period(slice(0, 6)), under=strangers)
    assert night() is None, "there was nothing before"

    # One comes late, one is corrected, one comes twice, one cannot be read, and an unknown office writes again.
    post.bring(*of_period(slice(6, 9)), late, under=strangers)
    post.bring(copied, under={copied: "copy.xlsx"})
    post.write("unnamed.csv", UNNAMED, datetime(2026, 7, 4, 9))
    post.correct("F2")
    assert night() is None, "most periods changed"

    # Somebody sees to an incident while the year goes on.
    act(history.home, AlertEvent.ASSIGNED, "rule_id = 'unreadable'")
    post.bring(*of_period(slice(9, 12)))
    post.write("reported.csv", REPORTED, datetime(2024, 9, 3, 9))
    assert set(night() or ()) == {"2024-10", "2024-11", "2024-12", "unplaced"}
    is_as_built_anew()

    # A whole province comes a year late, with an office that nobody had named; the next year begins. The department
    # loads an office that wrote already, exempts one from a form, and says how An Giang may be divided.
    post.bring(*an_giang, *post.of_periods(12, 15))
    import_units(history.home, REGISTER.encode())
    for kind, declared in ((EXEMPTIONS, EXEMPT), (SPLIT_KEYS, SHARES)):
        import_provisions(history.home, kind, declared.encode(), registry_of(history.home))
    assert night() is None, "the units are what every period rests on"

    # An office withdraws a figure, another explains one, and a file is mended under its path.
    post.bring(*post.of_periods(15, 18))
    post.write("withdrawn.csv", WITHDRAWN, datetime(2025, 3, 12, 9))
    explained = run_query(
        history.home, "select finding_id from fct_finding where unit_key = 'an-giang' and on_fail = 'query'"
    )
    explain(
        history.home,
        explained["finding_id"].to_list(),
        author="bình",
        reason="đã kiểm tra",
        approver="chi",
        expires_on=date(2027, 1, 1),
        answered_at=datetime(2025, 3, 12),
    )
    post.mend("F7", cut_off)
    written = night()
    assert written is not None
    assert "2026-09" not in written, "what an import touched was read and judged in its own night"
    is_as_built_anew()

    # The provinces merge; then one night brings nothing but a correction of last year, and one what a person did.
    post.bring(*post.of_periods(18, 23))
    night()
    post.correct("F1")
    written = night()
    assert written is not None
    assert "2024-04" in written
    assert not {"2024-03", "2025-05"} & set(written)
    act(history.home, AlertEvent.RESOLVED, "period_id = '2025-02'")
    assert night() == ("2025-02",)
    is_as_built_anew()

    # A night that is killed while it builds leaves nothing that the next one believes.
    post.bring(*post.of_periods(23, 24))
    prepare_build(history.home)
    with duckdb.connect(str(built_file(history.home))) as half_built:
        half_built.execute("delete from fct_case_results")
    assert night(with_tests=True) == ("2025-12",)
    is_as_built_anew()
    holds_what_was_played(history.home)


def holds_what_was_played(home: Home) -> None:
    """A history without the cases that it is about would prove nothing."""

    def ask(sql: str) -> set:
        return {row[0] if len(row) == 1 else row for row in run_query(home, sql).iter_rows()}

    assert ask("select verdict from fct_submission") == {
        "accepted", "accepted_with_query", "returned", "unreadable", "duplicate"
    }  # fmt: skip
    assert ask("select distinct period_id from mart_revision") >= {"2024-04", "2024-05", "2024-11"}
    assert ask("select period_id from mart_revision where new_state = 'blank' and old_value is not null") == {"2024-11"}
    assert ask("select period_id from fct_submission where report_id is null and verdict = 'returned'") == {
        "2024-06", "2024-07"
    }  # fmt: skip
    assert ask("select distinct event, made_by from fct_alert_event where made_by <> 'rules'") >= {
        ("opened", "return"), ("resolved", "return"), ("assigned", "person"), ("resolved", "person")
    }  # fmt: skip
    assert "explained" in ask("select status from fct_outcome")
    assert "an-giang.sim-01" in ask("select unit_key from dim_unit")
    assert ask("select distinct unit_key from mart_scorecard where cases_completed_change is not null")
    assert ask("select unit_key from fct_submission where period_id = '2026-09'") == {"ca-mau-2025.khu-vuc-2"}
    exempt = "select period_id from mart_completeness where status = 'exempt'"
    assert max(ask(exempt)) == "2024-08", "to the last period that ends before it is owed again"
    assert ask(f"select unit_key, form from ({exempt.replace('period_id', '*')})") == {("kien-giang.an-bien", "06")}
    assert ask(
        "select unit_key from fct_case_results_on_territory(date '2025-06-30') "
        "where period_id = '2025-12' and is_estimated and is_on_territory"
    ) == {"an-giang", "kien-giang"}
    assert ask("select unit_key from fct_case_results where period_id = '2025-12'") >= {"an-giang-2025.khu-vuc-01"}


def act(home: Home, event: AlertEvent, where: str) -> None:
    """Let a person do something about the open incidents ``where``."""
    rows = run_query(home, f"select * exclude (cells) from fct_alert where state = 'open' and {where}").to_dicts()
    assert rows, where
    record_events(home, rows, Act(event, author="an", reason="seen"), at=datetime(2024, 9, 1, 8))
