"""Claims about statistical periods: they begin on 1 October and are whole months, and deadlines are working days."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import tables
from pipeline.calendar.deadlines import deadlines, due_on, working_day_after
from pipeline.calendar.periods import Period, period_id, statistical_year
from pipeline.judged.arrivals import arrivals
from pipeline.judged.verdicts import versions

PERIODS = st.builds(Period, st.integers(2010, 2040), st.integers(1, 12))


@given(PERIODS)
def test_a_period_is_its_id_and_its_two_days(period):
    assert Period.parse(period.id) == period
    assert period_id(period.start, period.end) == period.id
    assert (period.start.month, period.start.day) == (10, 1)
    assert (period.end + timedelta(days=1)).day == 1
    assert statistical_year(period.start) == statistical_year(period.end) == period.year
    assert Period.ending_in(period.end.year, period.end.month) == period


@given(PERIODS, st.integers(0, 400), st.integers(0, 400))
def test_no_other_span_is_taken_for_a_whole_period(period, later, shorter):
    start, end = period.start + timedelta(days=later), period.end - timedelta(days=shorter)
    found = period_id(start, end)
    if found and "@" not in found:
        assert Period.parse(found).start == start
        assert Period.parse(found).end == end


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2021, 10, 1), date(2022, 9, 30), "2022-12"),
        (date(2022, 10, 1), date(2023, 6, 30), "2023-09"),
        (date(2022, 10, 1), date(2022, 10, 31), "2023-01"),
        (date(2023, 10, 1), date(2024, 2, 29), "2024-05"),
        (date(2023, 10, 1), date(2024, 2, 28), "2024-05@2024-02-28"),
        (date(2019, 10, 1), date(2020, 5, 13), "2020-08@2020-05-13"),
        (date(2023, 1, 1), date(2023, 6, 30), None),
        (date(2022, 10, 2), date(2023, 6, 30), None),
        (date(2021, 10, 1), date(2023, 6, 30), None),
        (date(2023, 6, 30), date(2022, 10, 1), None),
    ],
)
def test_a_span_has_the_id_of_its_period_or_none(start, end, expected):
    assert period_id(start, end) == expected


@pytest.mark.parametrize("text", ["2022-13", "2022-00", "2022", "22-12", "2022-xx", "", "2022-12-31"])
def test_what_is_no_period_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(ValueError, match="2022-12"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        (date(2023, 6, 30), 2, date(2023, 7, 4)),  # a Friday
        (date(2023, 8, 31), 2, date(2023, 9, 6)),  # National Day, two days
        (date(2023, 4, 28), 1, date(2023, 5, 4)),  # 30 April and 1 May, with the days moved behind the weekend
    ],
)
def test_working_days_leave_out_weekends_and_public_holidays(day, count, due):
    assert working_day_after(day, count) == due


def test_tet_is_closed():
    assert working_day_after(date(2023, 1, 18), 1) == date(2023, 1, 19)
    assert working_day_after(date(2023, 1, 19), 1) == date(2023, 1, 27)


def test_an_office_reports_before_its_province_and_the_province_before_the_nation():
    for year in (2021, 2023, 2025):
        due = deadlines([(Period(year, 9).id, Period(year, 9).end)])
        days = dict(due.select("level", "due_on").iter_rows())
        assert days["office"] < days["province"] < days["nation"]


@pytest.mark.parametrize(
    ("end", "office", "province", "nation"),
    [
        (date(2013, 6, 30), date(2013, 7, 2), date(2013, 7, 4), date(2013, 7, 7)),  # the nation: a Sunday
        (date(2014, 4, 30), date(2014, 5, 2), date(2014, 5, 4), date(2014, 5, 7)),  # the province: a Sunday
        (date(2019, 8, 31), date(2019, 9, 2), date(2019, 9, 4), date(2019, 9, 7)),  # the office: National Day
        (date(2018, 2, 15), date(2018, 2, 17), date(2018, 2, 19), date(2018, 2, 22)),  # all of them within Tết
    ],
)
def test_until_2019_reports_are_due_on_a_day_of_the_next_period_and_no_day_off_moves_it(end, office, province, nation):
    assert sorted(deadlines([("p", end)]).rows()) == [
        ("p", "nation", nation),
        ("p", "office", office),
        ("p", "province", province),
    ]
    assert due_on(end, "office") == office


def test_the_rules_of_2019_hold_from_the_day_on_which_they_came_into_force():
    before, after = date(2020, 1, 4), date(2020, 1, 5)  # a Saturday and a Sunday
    assert (due_on(before, "office"), due_on(after, "office")) == (date(2020, 1, 6), date(2020, 1, 7))
    assert (due_on(before, "province"), due_on(after, "province")) == (date(2020, 1, 8), date(2020, 1, 9))
    assert (due_on(before, "nation"), due_on(after, "nation")) == (date(2020, 1, 11), date(2020, 1, 13))
    assert [
        sorted(deadlines([("p", day)])["level"]) for day in (date(2012, 12, 31), date(2013, 1, 1), before, after)
    ] == [
        [],
        ["nation", "office", "province"],
        ["nation", "office", "province"],
        ["nation", "office", "officer", "province"],
    ]


@pytest.mark.parametrize(
    ("end", "received", "days_late"),
    [
        (date(2013, 6, 30), datetime(2013, 7, 2, 23, 59, 59), 0),
        (date(2013, 6, 30), datetime(2013, 7, 3), 1),
        (date(2019, 8, 31), datetime(2019, 9, 2, 23, 59), 0),  # due on National Day
        (date(2019, 8, 31), datetime(2019, 9, 3), 1),
        (date(2017, 9, 30), datetime(2017, 10, 2, 8), 0),
        (date(2014, 5, 1), datetime(2014, 5, 3, 23), 0),  # due on a Saturday
        (date(2014, 5, 1), datetime(2014, 5, 4), 1),  # the Sunday after it is late all the same
        (date(2014, 5, 1), datetime(2014, 5, 5), 1),
        (date(2014, 5, 1), datetime(2014, 5, 6), 2),
    ],
)
def test_a_report_is_in_time_until_its_due_day_is_over_and_late_from_then_on(end, received, days_late):
    report = {
        "submission_id": "s", "report_id": "r", "batch": 1, "revision": 1, "period_id": "p", "period_end": end,
        "received_at": received, "origin": "submitted", "scope": "office", "source_ref": "a.xlsx",
    }  # fmt: skip
    submissions = pl.DataFrame([report], schema=tables.SUBMISSIONS)
    (came,) = arrivals(submissions, versions(submissions)).to_dicts()
    assert came == {
        "submission_id": "s",
        "received_on": received.date(),
        "due_on": end + timedelta(days=2),
        "days_late": days_late,
    }
