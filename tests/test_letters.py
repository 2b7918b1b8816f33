"""What a clerk is told, and that nobody is told twice."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline.alerts import letters as module
from pipeline.alerts.letters import write_letters
from pipeline.home import Home
from pipeline.published import publish
from pipeline.registry.deadlines import SCHEMA as DEADLINES

ALERT = {
    "alert_id": "a1", "rule_id": "balance.carried_over", "unit_key": "go-quao", "form": "01", "period_id": "2023-09",
    "scope": "office", "origin": "submitted", "is_simulated": False, "source_ref": "go-quao.xlsx", "on_fail": "return",
    "state": "open", "opened_version": 1, "opened_at": datetime(2023, 7, 3, 8), "findings": 1,
    "last_failing_submission_id": "11111111aa", "resolved_by": None, "resolved_version": None,
    "sentence_vi": "Số chuyển kỳ sau (ô T14) in 8.122, phải là 20.352 − 12.056 = 8.296, lệch −174.",
    "sentence_en": "Carried over (cell T14) reads 8,122; 20,352 − 12,056 = 8,296; off by −174.",
    "story_vi": "Có thể số phải thi hành là 20.178", "story_en": "Due may be 20,178",
}  # fmt: skip
ALERT_TYPES = {"opened_version": pl.Int32, "resolved_version": pl.Int32, "resolved_by": pl.String, "form": pl.String,
               "unit_key": pl.String, "period_id": pl.String, "scope": pl.String}  # fmt: skip
UNITS = [("go-quao", "Chi cục THADS huyện Gò Quao", "kien-giang"), ("kien-giang", "Kiên Giang", "viet-nam")]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.declared.mkdir(parents=True)
    due = [("2023-09", "office", date(2023, 7, 4)), ("2023-09", "province", date(2023, 7, 6))]
    pl.DataFrame(due, schema=DEADLINES, orient="row").write_parquet(home.declared / "deadlines.parquet")
    return home


def night(home: Home, *alerts: dict[str, Any]) -> None:
    """Publish a warehouse that holds these incidents; each says what differs from the one above."""
    rows = [ALERT | alert for alert in alerts]
    path = home.warehouse / "build.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        "fct_alert": pl.DataFrame(rows, schema_overrides=ALERT_TYPES).with_columns(cells=pl.lit(None, pl.String)),
        "dim_unit": pl.DataFrame(UNITS, schema=["unit_key", "name", "parent_key"], orient="row"),
        "fct_submission": pl.DataFrame(
            {
                "submission_id": sorted({row["last_failing_submission_id"] for row in rows}),
                "file_name": "go-quao.xlsx",
                "source_ref": "go-quao.xlsx",
                "regime": "06/2019/TT-BTP",
            }
        ),
        "dim_form": pl.DataFrame(
            {"form": ["01"], "regime": ["06/2019/TT-BTP"], "form_number": ["01/TK-THA"], "title_vi": ["Kết quả"]}
        ),
    }
    with duckdb.connect(str(path)) as connection:
        for name, frame in tables.items():
            connection.register("frame", frame.to_arrow())
            connection.execute(f"create table {name} as from frame")
            connection.unregister("frame")
    publish(home, path, f"{abs(hash(json.dumps(rows, default=str))):064x}"[::-1])


def outbox(home: Home) -> dict[str, str]:
    folder = home.alerts / "outbox"
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in folder.rglob("*.md")}


def letter(home: Home) -> str:
    (text,) = outbox(home).values()
    return text


def test_a_letter_names_unit_form_cell_sum_story_and_day_in_vietnamese_first(home: Home) -> None:
    night(home, {})
    write_letters(home)
    text = letter(home)
    in_order = [
        "Kính gửi: Chi cục THADS huyện Gò Quao",
        "2023-09",
        "Biểu 01/TK-THA",
        "ô T14",
        "20.352 − 12.056 = 8.296",
        "20.178",
        "Hạn trả lời: **06/07/2023**",
        "In English",
        "off by −174",
    ]
    places = [text.index(words) for words in in_order]
    assert places == sorted(places)


def test_where_the_level_above_has_reported_already_the_answer_is_wanted_at_once(home: Home) -> None:
    night(home, {"opened_at": datetime(2023, 8, 1, 8)})
    write_letters(home)
    assert "Đề nghị trả lời ngay" in letter(home)


def test_all_incidents_of_a_version_stand_in_one_letter(home: Home) -> None:
    night(home, {}, {"alert_id": "a2", "rule_id": "balance.due", "sentence_vi": "Câu thứ hai."})
    told = write_letters(home)
    assert len(told.opened) == 2
    assert len(told.paths) == 1
    assert "Câu thứ hai." in letter(home)


def test_an_incident_that_lasts_is_told_once(home: Home) -> None:
    night(home, {})
    write_letters(home)
    night(home, {"last_failing_submission_id": "22222222bb"})
    again = write_letters(home)
    assert (again.opened, again.paths, again.still_open) == ([], [], 1)


def test_a_resolved_incident_gets_one_notice_that_names_both_versions(home: Home) -> None:
    night(home, {})
    write_letters(home)
    night(home, {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2})
    assert len(write_letters(home).resolved) == 1
    assert write_letters(home).paths == []
    assert "lần 2 đã thay báo cáo lần 1" in outbox(home)["2023-09/go-quao-22222222-resolved.md"]


def test_what_was_resolved_before_anybody_was_told_needs_no_letter(home: Home) -> None:
    night(home, {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2})
    assert write_letters(home).paths == []


def test_an_incident_that_comes_back_is_told_again(home: Home) -> None:
    night(home, {})
    write_letters(home)
    night(home, {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2})
    write_letters(home)
    night(home, {"last_failing_submission_id": "33333333cc"})
    assert len(write_letters(home).opened) == 1
    assert len(outbox(home)) == 3


def test_more_about_the_same_version_is_a_second_letter_and_the_first_stays(home: Home) -> None:
    night(home, {})
    write_letters(home)
    first = letter(home)
    night(home, {}, {"alert_id": "a2", "rule_id": "rollup.offices", "sentence_vi": "Tổng các đơn vị."})
    write_letters(home)
    assert outbox(home)["2023-09/go-quao-11111111.md"] == first
    assert "Tổng các đơn vị." in outbox(home)["2023-09/go-quao-11111111-2.md"]


def test_simulated_figures_are_marked(home: Home) -> None:
    night(home, {"is_simulated": True})
    write_letters(home)
    assert letter(home).lstrip().startswith("> **SỐ LIỆU MÔ PHỎNG")


def test_an_unreadable_file_is_addressed_by_its_path(home: Home) -> None:
    lost = {"unit_key": None, "form": None, "period_id": None, "scope": None, "rule_id": "unreadable", "story_vi": None}
    night(home, lost | {"source_ref": "../2023/hỏng.xlsx", "sentence_vi": "Tệp bị hỏng."})
    write_letters(home)
    (name,) = outbox(home)
    assert name.startswith("unplaced/")
    assert name.count("/") == 1, "no path of a stranger's file leaves the outbox"
    assert "../2023/hỏng.xlsx" in letter(home)
    assert "Tệp bị hỏng." in letter(home)


def test_published_figures_are_a_note_to_the_data_team(home: Home) -> None:
    night(home, {"origin": "published"})
    write_letters(home)
    assert list(outbox(home)) == ["2023-09/published-go-quao-11111111.md"]
    assert "Kính gửi" not in letter(home)


def test_killed_between_letter_and_log_the_same_letter_is_written_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(home, {}, {"alert_id": "a2", "unit_key": "kien-giang", "last_failing_submission_id": "22222222bb"})
    monkeypatch.setattr(module.os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_letters(home)
    monkeypatch.undo()
    write_letters(home)
    assert sorted(outbox(home)) == ["2023-09/go-quao-11111111.md", "2023-09/kien-giang-22222222.md"]
    assert write_letters(home).paths == []


def test_a_line_of_the_log_that_was_cut_off_is_told_again(home: Home) -> None:
    night(home, {})
    write_letters(home)
    log = home.alerts / "log.jsonl"
    log.write_text(log.read_text()[:-5])
    assert len(write_letters(home).paths) == 1
    assert len(outbox(home)) == 1
    assert [json.loads(line)["alert_ids"] for line in log.read_text().splitlines()] == [["a1"]]
