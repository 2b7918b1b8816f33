"""The simulated country agrees with itself, and each planted fault is exactly what the truth says."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calendar.deadlines import deadlines
from pipeline.calendar.periods import Period
from pipeline.forms import Form, forms
from pipeline.forms.template import EXCEL_ERRORS
from pipeline.home import PACKS
from pipeline.simulator import FAULTS, PlantedFault, Simulation, Truth, simulate, write_correction
from pipeline.simulator.caseload import Caseload
from pipeline.simulator.country import Books, open_books, run_year
from pipeline.simulator.cube import Year
from pipeline.simulator.enforcement import STANDING
from pipeline.simulator.faults import FaultError
from pipeline.simulator.figures import lay_out

FORMS = forms().in_force(date(2023, 6, 30))
FLOWS = ("newly_accepted", "delegated", "revoked", "completed", "terminated")
Cells = dict[tuple[str, str, str], Any]


@st.composite
def years(draw: st.DrawFn) -> tuple[Books, Year, Books]:
    """One of the first years of a few offices: the books before, the year, the books after."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    books = open_books(rng, draw(st.integers(1, 4)))
    for _ in range(draw(st.integers(0, 2))):
        _, books = run_year(rng, books)
    year, after = run_year(rng, books)
    return books, year, after


def columns_of(form: Form, year: Year) -> dict[str, np.ndarray]:
    """Columns of a form as arrays unit x month x row."""
    laid = lay_out(form, year)
    return {column: laid[..., n] for n, column in enumerate(form.column)}


# --- the country, before it is written


@settings(max_examples=25, deadline=None)
@given(years())
def test_every_declared_sum_holds_for_every_unit_row_and_month(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    for form in FORMS.values():
        laid, columns = lay_out(form, year), columns_of(form, year)
        assert (laid >= 0).all()
        for column in form.columns:
            if column.equals:
                assert (columns[column.code] == sum(t.sign * columns[t.column] for t in column.equals)).all()
        at = {row: n for n, row in enumerate(form.row)}
        for rollup in form.rollups:
            parts = laid[:, :, [at[part] for part in rollup.parts]].sum(2)
            assert (laid[:, :, at[rollup.total]] == parts).all()


@settings(max_examples=25, deadline=None)
@given(years())
def test_due_is_the_sum_of_its_parts(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    for code in ("01", "02"):
        c = columns_of(FORMS[code], year)
        assert (c["due"] == c["eligible"] + c["not_eligible"] + c["postponed"] + c["suspended"]).all()
        assert (c["carried_over"] == sum(c[name] for name in STANDING)).all()


@settings(max_examples=25, deadline=None)
@given(years())
def test_flows_never_fall_and_opening_never_grows_within_a_year(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    for code in ("01", "02"):
        c = columns_of(FORMS[code], year)
        assert all((np.diff(c[flow], axis=1) >= 0).all() for flow in FLOWS)
        assert (np.diff(c["opening"], axis=1) <= 0).all()


@settings(max_examples=25, deadline=None)
@given(years())
def test_a_year_opens_with_what_the_last_one_carried_over(drawn: tuple[Books, Year, Books]) -> None:
    _, year, after = drawn
    for name, opening in (("cases", after.cases), ("money", after.money)):
        carried_over = year[name].values["carried_over"][:, -1]
        assert (opening <= carried_over).all()
        assert ((opening == 0) == (carried_over == 0)).all()
        assert opening.sum() > 0.9 * carried_over.sum()


@settings(max_examples=25, deadline=None)
@given(years())
def test_money_is_nothing_where_there_are_no_cases_and_plausible_in_total(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    cases, money = (columns_of(FORMS[code], year) for code in ("01", "02"))
    for name in set(cases) & set(money) - {"eligible_share", "completion_rate"}:
        assert ((cases[name] == 0) == (money[name] == 0)).all(), name
    for name in ("accepted_total", "due", "eligible", "completed"):
        million_per_case = money[name][..., 0] / cases[name][..., 0] / 1000
        assert million_per_case.min() > 15
        assert million_per_case.max() < 1500


@settings(max_examples=25, deadline=None)
@given(years())
def test_parts_never_exceed_the_whole(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    c, m = (columns_of(FORMS[code], year) for code in ("01", "02"))
    assert (c["terminated"] <= c["completed"]).all()
    assert (m["terminated"] + m["reduced"] <= m["completed"]).all()
    reception = columns_of(FORMS["09"], year)
    assert (reception["people"] >= reception["visits"]).all()
    assert all((reception[name][..., 1] <= reception[name][..., 0]).all() for name in ("visits", "people"))
    for code in ("03", "credit"):
        subset = columns_of(FORMS[code], year)
        for n, whole in enumerate((c, m)):
            assert all((subset[name][..., n] <= whole[name][..., 0]).all() for name in ("due", "eligible", "completed"))
        assert (subset["completed"] <= subset["eligible"]).all()
        assert (subset["eligible"] <= subset["due"]).all()


@settings(max_examples=15, deadline=None)
@given(years())
def test_what_is_delegated_within_a_province_is_accepted_within_it(drawn: tuple[Books, Year, Books]) -> None:
    _, year, _ = drawn
    for name in ("cases", "money"):
        accepted, delegated = (year[name].values[flow] for flow in ("newly_accepted", "delegated"))
        # Each office's neighbour delegates to it, so no office accepts less than that.
        assert (accepted - np.roll(delegated, 1, 0) >= 0).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_totals_of_an_office_drift_and_do_not_jump(seed: int) -> None:
    rng = np.random.default_rng(seed)
    books = open_books(rng, 12)
    for _ in range(4):
        _, books = run_year(rng, books)
    before, books = run_year(rng, books)
    after, _ = run_year(rng, books)
    for name, enough in (("cases", 20), ("money", 5_000_000)):
        for column in ("newly_accepted", "due", "eligible", "completed"):
            then, now = (year[name].values[column].sum((2, 3)) for year in (before, after))
            seen = then >= enough
            assert (abs(now[seen] / then[seen] - 1) < 0.2).all(), (name, column)


def test_offices_that_are_merged_hand_over_all_they_have() -> None:
    made = Simulation(provinces=2, first="2025-06", last="2025-10", seed=3, forms=("01", "02", "04", "12"))
    old = [territory for territory in made.territories() if territory.province in ("kien-giang", "an-giang")]
    (new,) = (territory for territory in made.territories() if territory.province == "an-giang-2025")
    assert (len(old), len(new.units), new.periods[0].id) == (2, 16, "2025-10")
    years = [Caseload.by_year(made, territory)[2025].year for territory in old]
    caseload = Caseload.by_year(made, new)
    for subject in ("cases", "money", "judgments", "officer_cases"):
        for measure, figures in caseload[2025].year[subject].values.items():
            parts = [year[subject].values[measure] for year in years]
            # The whole territory, month by month, and the agency, which takes over the two old ones.
            assert (figures.sum(0) == sum(part.sum(0) for part in parts)).all()
            assert (figures[0] == sum(part[0] for part in parts)).all()
    carried_over = caseload[2025].year["cases"].values["carried_over"][:, -1]
    opening = caseload[2026].year["cases"].values["opening"][:, 0]
    assert (opening <= carried_over).all()
    assert opening.sum() > 0.9 * carried_over.sum()


# --- the workbooks


def header_of(path: Path, sheet: str) -> dict[str, Any]:
    """Header labels and the cells right of them."""
    labels = {field["vi"] for field in forms().header.values()}
    lines = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return {label: value for line in lines for label, value in pairwise(line) if label in labels}


def cells_of(path: Path) -> Cells:
    """Every figure of the visible sheets, found by the codes of row and column."""
    workbook, cells = python_calamine.CalamineWorkbook.from_path(path), {}
    for sheet in workbook.sheets_metadata:
        if sheet.visible != python_calamine.SheetVisibleEnum.Visible or sheet.name not in FORMS:
            continue
        form = FORMS[sheet.name]
        lines = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
        codes = max(lines, key=lambda line: sum(text in form.column for text in line))
        for line in lines:
            row = next((text for text in line if text in form.row), None)
            if row:
                for code, value in zip(codes, line, strict=True):
                    if code in form.column:
                        cells[sheet.name, row, code] = None if value == "" else value
    return cells


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    out = tmp_path_factory.mktemp("clean")
    return out, simulate(out, 1, "2023-05", "2023-06", seed=11)


def planted(truth: Truth, kind: str) -> PlantedFault:
    return next(fault for fault in truth.faults if fault.kind == kind)


def test_province_report_is_own_caseload_and_offices_together(clean: tuple[Path, Truth]) -> None:
    out, truth = clean
    for period in truth.periods:
        sums: Cells = {}
        for report in truth.reports:
            if report.period == period and report.scope != "province":
                for key, value in cells_of(out / "inbox" / report.path).items():
                    sums[key] = sums.get(key, 0) + (value or 0)
        (province,) = (r for r in truth.reports if r.period == period and r.scope == "province")
        together = cells_of(out / "inbox" / province.path)
        counts = {key for key in sums if FORMS[key[0]].column[key[2]].unit != "percent"}
        assert len(counts) > 1000
        assert {key: together[key] for key in counts} == {key: sums[key] for key in counts}


def test_truth_tells_the_totals_of_province_and_nation(clean: tuple[Path, Truth]) -> None:
    out, truth = clean
    (province,) = (r for r in truth.reports if r.period == "2023-09" and r.scope == "province")
    cells = cells_of(out / "inbox" / province.path)
    told = truth.totals["2023-09"]
    assert told["nation"] == told["kien-giang"]
    assert told["kien-giang"]["01"]["due"] == cells["01", "total.total", "due"]
    assert told["kien-giang"]["02"]["completed"] == cells["02", "total.total", "completed"]
    assert told["kien-giang"]["09"]["people"] == cells["09", "total", "people"]


def test_printed_rates_are_the_rounded_rates(clean: tuple[Path, Truth]) -> None:
    out, truth = clean
    cells = cells_of(out / "inbox" / truth.reports[0].path)
    for form in ("01", "02"):
        for row in FORMS[form].row:
            part, whole = cells[form, row, "completed"], cells[form, row, "eligible"]
            rate = cells[form, row, "completion_rate"]
            assert rate is None if not whole else abs(rate - 100 * part / whole) <= 0.005 + 1e-9


def test_kien_giang_reports_with_its_fifteen_real_offices(clean: tuple[Path, Truth]) -> None:
    out, truth = clean
    june = [report for report in truth.reports if report.period == "2023-09"]
    assert len(june) == 17
    header = header_of(out / "inbox" / "2023-09/kien-giang/kien-giang.go-quao.xlsx", "01")
    assert header["Mã đơn vị"] == "kien-giang.go-quao"
    assert header["Kỳ báo cáo"] == "09 tháng năm 2023"
    assert (
        header_of(out / "inbox" / "2023-09/kien-giang/kien-giang.own.xlsx", "01")["Phạm vi số liệu"] == "Riêng cơ quan"
    )


def test_every_file_is_noted_as_received_before_it_was_due(clean: tuple[Path, Truth]) -> None:
    out, truth = clean
    assert list(truth.periods) == ["2023-08", "2023-09"]
    due = {
        (row["period_id"], row["level"]): row["due_on"]
        for row in deadlines((text, Period.parse(text).end) for text in truth.periods).to_dicts()
    }
    for period in truth.periods:
        folder = out / "inbox" / period
        with (folder / "received.csv").open(encoding="utf-8") as file:
            noted = {line["path"]: datetime.fromisoformat(line["received_at"]) for line in csv.DictReader(file)}
        assert set(noted) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.xlsx")}
        assert len(noted) == 17, "fifteen offices, the own caseload and the province"
        for path, received_at in noted.items():
            level = "province" if path.endswith((".own.xlsx", ".province.xlsx")) else "office"
            assert Period.parse(period).end < received_at.date() <= due[period, level]


def bytes_of(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(
            tmp_path / name, 2, "2023-06", "2023-06", seed, ["digits_swapped", "label_wrong"], offices_per_province=2
        )
    a, b, c = (bytes_of(tmp_path / name) for name in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert a != c


def test_longer_simulation_begins_with_the_same_files(tmp_path: Path) -> None:
    simulate(tmp_path / "month", 1, "2022-10", "2022-10", 3, offices_per_province=2, forms=["01"])
    simulate(tmp_path / "months", 1, "2022-09", "2022-10", 3, offices_per_province=2, forms=["01"])
    month, months = (bytes_of(tmp_path / name / "inbox") for name in ("month", "months"))
    assert month.items() <= months.items()
    assert {path[:7] for path in months} == {"2022-12", "2023-01"}


def test_a_number_of_workbooks_is_kept(tmp_path: Path) -> None:
    made = Simulation(provinces=3, first="2023-06", last="2023-06", seed=1, workbooks=20)
    territories = made.territories()
    assert len(made.slots(territories)) == 20
    assert [territory.province for territory in territories] == ["kien-giang", "an-giang", "ha-noi"]


def test_units_report_only_while_they_exist() -> None:
    before, after = (
        Simulation(provinces=1, first=month, last=month, seed=1).territories()[0] for month in ("2025-06", "2025-07")
    )
    assert before.province == "kien-giang"
    assert after.province != "kien-giang"
    everywhere = Simulation(provinces=34, first="2025-07", last="2025-07", seed=1).territories()
    assert "an-giang-2025" in {territory.province for territory in everywhere}


# --- the faults


@pytest.mark.slow
def test_only_the_faulty_reports_differ(clean_country: tuple[Path, Truth], faulty_country: tuple[Path, Truth]) -> None:
    before, after = (bytes_of(out / "inbox") for out, _ in (clean_country, faulty_country))
    truth = faulty_country[1]
    spoilt = {fault.path for fault in truth.faults}
    when = {f"{period}/received.csv" for period in truth.periods}  # a late report is noted as late
    # Of a report whose lower number comes later, the workbook that bears the higher one is changed as well.
    renumbered = {
        fault.path.replace(FAULTS[fault.kind].suffix, ".xlsx")
        for fault in truth.faults
        if fault.kind == "lower_number_later"
    }
    assert {path for path in before if before[path] != after[path]} - when <= spoilt | renumbered
    beside = {path for path in after if path not in before}
    assert beside == {path for path in spoilt if path not in before} | {
        path for path in beside if path.endswith(" (1).xlsx")
    }
    assert {fault.kind for fault in truth.faults} == {kind for kind, fault in FAULTS.items() if not fault.is_national}


def in_workbook(fault: PlantedFault) -> bool:
    """Tell whether the fault is in the workbook, and not in a file beside it."""
    return FAULTS[fault.kind].suffix == ".xlsx"


READABLE = [name for name, fault in FAULTS.items() if not fault.is_unreadable and not fault.is_national]


@pytest.mark.slow
@pytest.mark.parametrize("kind", READABLE)
def test_fault_changes_exactly_what_the_truth_says(
    kind: str, clean_country: tuple[Path, Truth], faulty_country: tuple[Path, Truth]
) -> None:
    fault = planted(faulty_country[1], kind)
    if not in_workbook(fault):
        assert fault.changes == ()
        return
    before, after = (cells_of(out / "inbox" / fault.path) for out, _ in (clean_country, faulty_country))
    seen = {key: (before[key], after.get(key)) for key in before if before[key] != after.get(key)}
    told = {
        (c.form, c.row, c.column): (c.true, None if c.written in EXCEL_ERRORS else c.written) for c in fault.changes
    }
    assert seen == {key: pair for key, pair in told.items() if pair[0] != pair[1]}
    more = {key for key in after if key not in before}
    assert {key[0] for key in more} <= {"01": {"01"}, "09": {"09"}}.get(ADDS.get(kind, ""), set())


#: Faults that put cells where the form has none, and the form.
ADDS = {"row_added": "09", "form_of_old_circular": "01"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", READABLE)
def test_fault_tells_the_address_of_its_cells(kind: str, faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    fault = planted(truth, kind)
    if not in_workbook(fault):
        return
    workbook = python_calamine.CalamineWorkbook.from_path(out / "inbox" / fault.path)
    for change in fault.changes:
        if change.address is None:
            assert kind in ("row_missing", "column_missing", "form_of_old_circular")
            continue
        lines = workbook.get_sheet_by_name(change.sheet).to_python(skip_empty_area=False)
        column, row = _place(change.address)
        if kind != "row_twice":  # its figures stand where they stood, below another label
            is_empty = change.written is None or change.written in EXCEL_ERRORS
            assert lines[row][column] == ("" if is_empty else change.written)


def _place(address: str) -> tuple[int, int]:
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - 64
    return column - 1, int(address[len(letters) :]) - 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [name for name, fault in FAULTS.items() if fault.is_unreadable])
def test_unreadable_files_cannot_be_opened(kind: str, faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    with pytest.raises(python_calamine.CalamineError):
        python_calamine.CalamineWorkbook.from_path(out / "inbox" / planted(truth, kind).path)


@pytest.mark.slow
def test_header_faults_are_in_the_header(faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    assert header_of(out / "inbox" / planted(truth, "period_missing").path, "01")["Từ ngày"] == ""
    assert header_of(out / "inbox" / planted(truth, "unknown_unit").path, "01")["Mã đơn vị"] == "khong-co.o-dau"
    assert header_of(out / "inbox" / planted(truth, "wrong_unit_of_measure").path, "02")["Đơn vị tính"] == "Đồng"


@pytest.mark.slow
def test_hidden_sheet_is_hidden_and_has_figures(faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    workbook = python_calamine.CalamineWorkbook.from_path(out / "inbox" / planted(truth, "hidden_sheet").path)
    (hidden,) = (s for s in workbook.sheets_metadata if s.visible == python_calamine.SheetVisibleEnum.Hidden)
    figures = [value for line in workbook.get_sheet_by_name(hidden.name).to_python() for value in line]
    assert sum(isinstance(value, float) for value in figures) > 100


@pytest.mark.slow
def test_money_per_case_low_breaks_no_balance(faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    fault, form = planted(truth, "money_per_case_low"), FORMS["02"]
    cells = cells_of(out / "inbox" / fault.path)
    for row in form.row:
        for column in form.columns:
            if column.equals:
                assert cells["02", row, column.code] == sum(t.sign * cells["02", row, t.column] for t in column.equals)
        parts = sum(cells["02", row, name] for name in ("eligible", "not_eligible", "postponed", "suspended"))
        assert cells["02", row, "due"] == parts


@pytest.mark.slow
def test_corrected_workbook_tells_the_truth_as_second_version(
    clean_country: tuple[Path, Truth], faulty_country: tuple[Path, Truth], tmp_path: Path
) -> None:
    fault = planted(faulty_country[1], "balance_broken")
    corrected = write_correction(faulty_country[1], fault.id, tmp_path)
    assert cells_of(corrected) == cells_of(clean_country[0] / "inbox" / fault.path)
    header = header_of(corrected, "01")
    assert header["Lần báo cáo"] == 2
    assert fault.vi in header["Lý do bổ sung"]
    with (tmp_path / fault.period / "received.csv").open(encoding="utf-8") as file:
        (line,) = csv.DictReader(file)
    (first,) = (report for report in faulty_country[1].reports if report.path == fault.path)
    assert (tmp_path / fault.period / line["path"]) == corrected
    assert line["received_at"] > first.received_at


@pytest.mark.slow
def test_truth_reads_back_as_it_was_written(faulty_country: tuple[Path, Truth]) -> None:
    out, truth = faulty_country
    assert Truth.read(out / "truth.json") == truth


def test_fault_goes_where_it_is_aimed(tmp_path: Path) -> None:
    wanted = ["carried_over_typed_over@kien-giang.an-bien:2023-08", "text_renamed@kien-giang", "1"]
    truth = simulate(tmp_path, 1, "2023-05", "2023-06", 5, wanted, offices_per_province=3, forms=["01", "09"])
    broken, renamed, random = truth.faults
    assert (broken.kind, broken.path) == ("balance_broken", "2023-08/kien-giang/kien-giang.an-bien.xlsx")
    assert (renamed.kind, renamed.path) == ("unreadable_text_renamed", "2023-09/kien-giang/kien-giang.own.xlsx")
    assert random.path not in (broken.path, renamed.path)


@pytest.mark.parametrize("together", [2, 3])
def test_faults_of_one_report_share_no_line(tmp_path: Path, together: int) -> None:
    wanted = ["6", "digits_swapped@kien-giang.an-bien", "negative_count@kien-giang.an-bien"]
    truth = simulate(tmp_path, 1, "2023-06", "2023-06", 9, wanted, faults_per_office=together)
    of_report = {report.path: [truth.fault(id) for id in report.faults] for report in truth.reports if report.faults}
    assert sorted(len(faults) for faults in of_report.values()) == sorted([2] + [together] * (6 // together))
    for path, faults in of_report.items():
        lines = [{(change.form, change.row) for change in fault.changes} for fault in faults]
        assert all(lines)
        assert len(set.union(*lines)) == sum(map(len, lines))
        seen = cells_of(tmp_path / "inbox" / path)
        told = {(c.form, c.row, c.column): c.written for fault in faults for c in fault.changes}
        assert {key: seen[key] for key in told} == {
            key: None if written == "#REF!" else written for key, written in told.items()
        }


def test_named_faults_that_want_the_same_line_cannot_stand_together(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="finds no room beside balance_broken"):
        simulate(tmp_path, 1, "2023-06", "2023-06", 9, ["balance_broken", "due_is_accepted"], faults_per_office=2)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (["balance_brocken"], "balance_broken"),
        (["balance_broken@nowhere"], "no report of that name"),
        (["same_as_last_month"], "no report is left"),
        (["999"], "kinds fit"),
    ],
)
def test_fault_that_cannot_be_planted_says_why(tmp_path: Path, wanted: list[str], told: str) -> None:
    with pytest.raises(FaultError, match=told):
        simulate(tmp_path, 1, "2023-06", "2023-06", 5, wanted, offices_per_province=1, forms=["01"])


@pytest.mark.parametrize("months", [("2023-13", "2023-13"), ("2023-06", "2023-05"), ("June", "July")])
def test_months_that_are_none_are_refused(tmp_path: Path, months: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="month"):
        simulate(tmp_path, 1, *months, seed=1)


def declared_rules() -> Iterator[str]:
    for pack in PACKS.glob("circular-*.yaml"):
        for line in pack.read_text(encoding="utf-8").splitlines():
            if line.strip().startswith("- id: "):
                yield line.strip().removeprefix("- id: ")


def test_every_rule_that_is_meant_to_find_a_fault_exists() -> None:
    meant = {rule for fault in FAULTS.values() for rule in fault.meant}
    assert meant - set(declared_rules()) == {"text.agrees_with_forms"}  # of the pack for what is published
