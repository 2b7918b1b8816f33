"""What a clerk is told, and that nobody is told twice."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.alerts import journal
from pipeline.alerts.letters import write_letters
from pipeline.home import Home
from tests.published_incidents import declare_deadlines, night


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return declare_deadlines(Home(tmp_path))


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


def test_what_a_person_or_an_answer_closed_gets_a_notice_that_says_so(home: Home) -> None:
    night(home, {})
    write_letters(home)
    night(home, {"state": "resolved"})
    write_letters(home)
    notice = outbox(home)["2023-09/go-quao-11111111-resolved.md"]
    assert "Đã đóng" in notice
    assert "None" not in notice, "no version proved it"


def test_a_readable_file_closes_what_could_not_be_read(home: Home) -> None:
    lost = {
        "unit_key": None,
        "form": None,
        "period_id": None,
        "scope": None,
        "rule_id": "unreadable",
        "opened_version": None,
    }
    night(home, lost)
    write_letters(home)
    night(home, lost | {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 1})
    write_letters(home)
    notice = outbox(home)["unplaced/go-quao.xlsx-22222222-resolved.md"]
    assert "Đã đọc được" in notice
    assert "None" not in notice


def test_text_from_a_file_stays_text(home: Home) -> None:
    hostile = "ghi “<script>x</script> [bấm](https://evil.example) **đậm**\n# Tiêu đề\u202e”"
    night(home, {"sentence_vi": hostile, "source_ref": "a`b`<b>.xlsx"})
    write_letters(home)
    text = letter(home)
    assert "\\<script\\>x\\</script\\> \\[bấm\\](https: //evil.example) \\*\\*đậm\\*\\* # Tiêu đề" in text
    assert "\u202e" not in text


def test_what_was_resolved_before_anybody_was_told_needs_no_letter(home: Home) -> None:
    night(home, {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2})
    assert write_letters(home).paths == []


def test_the_standing_list_tells_what_is_open_and_since_when(home: Home) -> None:
    older = {"alert_id": "a2", "unit_key": "kien-giang", "opened_at": datetime(2023, 6, 1, 8), "standing": "assigned"}
    night(home, {}, older | {"assigned_to": "Trần Bình"})
    write_letters(home)
    told = (home.alerts / "standing.md").read_text(encoding="utf-8")
    assert "2 điểm" in told
    assert "từ 01/06/2023, kỳ 2023-09, Biểu 01/TK-THA, đã giao · assigned → Trần Bình: Số chuyển" in told
    night(home, {}, older | {"state": "resolved", "resolved_by": "22222222bb", "resolved_version": 2})
    write_letters(home)
    assert "1 điểm" in (home.alerts / "standing.md").read_text(encoding="utf-8")


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
    monkeypatch.setattr(journal, "append", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_letters(home)
    monkeypatch.undo()
    assert list(outbox(home)) == ["2023-09/go-quao-11111111.md"]
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
