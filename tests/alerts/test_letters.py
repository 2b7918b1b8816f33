"""What a clerk is told, and that nobody is told twice."""

import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.alerts import journal
from pipeline.alerts.letters import write_letters
from pipeline.alerts.official_names import Agency, official_name
from pipeline.home import Home
from tests.support.published_incidents import UNITS, declare_deadlines, night


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
        "TỔNG CỤC THI HÀNH ÁN DÂN SỰ",
        "Số: 11111111/TB-TK · Ngày 03 tháng 7 năm 2023",
        "V/v trả lại báo cáo thống kê thi hành án dân sự 9 tháng năm 2023",
        "Kính gửi:** Chi cục Thi hành án dân sự huyện Gò Quao",
        "Đồng kính gửi:** Cục Thi hành án dân sự tỉnh Kiên Giang",
        "9 tháng năm 2023 (từ 01/10/2022 đến 30/6/2023), lần báo cáo 1, tệp “go-quao.xlsx”",
        "**Báo cáo được trả lại**",
        "Biểu 01/TK-THA",
        "ô T14",
        "20.352 − 12.056 = 8.296",
        "20.178",
        "Hạn trả lời: **06/7/2023**",
        "đề nghị liên hệ: Bộ phận thống kê, Tổng cục Thi hành án dân sự",
        "Trân trọng",
        "In English",
        "off by −174",
    ]
    places = [text.index(words) for words in in_order]
    assert places == sorted(places)


def test_a_letter_is_a_page_and_a_word_document_too_and_the_same_bytes_when_written_again(home: Home) -> None:
    night(home, {"sentence_vi": "Tệp <b>x</b> & “8.122”."})
    write_letters(home)
    folder = home.alerts / "outbox" / "2023-09"
    page = (folder / "go-quao-11111111.html").read_text(encoding="utf-8")
    assert "Tệp &lt;b&gt;x&lt;/b&gt; &amp; “8.122”." in page
    assert "<strong>Báo cáo được trả lại</strong>" in page
    document = (folder / "go-quao-11111111.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        body = ElementTree.fromstring(archive.read("word/document.xml"))
    told = "".join(body.itertext())
    assert "Kính gửi: Chi cục Thi hành án dân sự huyện Gò Quao" in told
    assert "Tệp <b>x</b> & “8.122”." in told
    (home.alerts / "log.jsonl").unlink()
    write_letters(home)
    assert (folder / "go-quao-11111111.docx").read_bytes() == document


@pytest.mark.parametrize(
    ("key", "name", "parent", "day", "called"),
    [
        ("kien-giang", "Kiên Giang", "viet-nam", date(2022, 10, 6), "Cục Thi hành án dân sự tỉnh Kiên Giang"),
        ("can-tho", "Cần Thơ", "viet-nam", date(2026, 1, 6), "Thi hành án dân sự thành phố Cần Thơ"),
        ("rach-gia", "Chi cục THADS TP Rạch Giá", "kien-giang", date(2022, 10, 6), "Chi cục Thi hành án dân sự thành phố Rạch Giá"),
        ("kv-01", "Phòng THADS khu vực 1", "an-giang-2025", date(2026, 1, 6), "Phòng Thi hành án dân sự khu vực 1 - An Giang"),
        ("kv-01", "Phòng THADS khu vực 1 - An Giang", "an-giang-2025", date(2026, 1, 6), "Phòng Thi hành án dân sự khu vực 1 - An Giang"),
        ("viet-nam", "Việt Nam", None, date(2022, 10, 6), "Tổng cục Thi hành án dân sự"),
        ("viet-nam", "Việt Nam", None, date(2026, 1, 6), "Cục Quản lý Thi hành án dân sự"),
    ],
)  # fmt: skip
def test_an_agency_is_called_by_its_official_name_of_the_day(
    key: str, name: str, parent: str | None, day: date, called: str
) -> None:
    level = "nation" if parent is None else "province" if parent == "viet-nam" else "office"
    above = {"an-giang-2025": Agency("an-giang-2025", "An Giang", "province", "viet-nam")}
    assert official_name(Agency(key, name, level, parent), above, day) == called


def test_an_agency_that_ended_is_written_to_at_its_successor(home: Home) -> None:
    units = [*UNITS, ("an-giang-2025", "An Giang", "viet-nam")]
    night(home, {"opened_at": datetime(2026, 1, 6, 8)}, units=units, successors=[("kien-giang", "an-giang-2025")])
    write_letters(home)
    assert (
        "**Kính gửi:** Thi hành án dân sự tỉnh An Giang (kế thừa nhiệm vụ của Chi cục Thi hành án dân sự huyện Gò Quao)"
        in letter(home)
    )
    assert "CỤC QUẢN LÝ THI HÀNH ÁN DÂN SỰ" in letter(home)
    assert "Đồng kính gửi" not in letter(home)


def test_the_home_says_who_signs_and_whom_to_ask(home: Home) -> None:
    (home.root / "contacts.yaml").write_text(
        "sender:\n  department: Phòng Tổng hợp\n  contact: Trần Bình, điện thoại 024 1\npeople: []\n", "utf-8"
    )
    night(home, {})
    write_letters(home)
    assert "Phòng Tổng hợp<br>" in letter(home)
    assert "đề nghị liên hệ: Trần Bình, điện thoại 024 1." in letter(home)


@pytest.mark.parametrize("problem", ["set_aside", "reading_crashed", "reading_too_slow", "reading_too_big"])
def test_nobody_is_blamed_for_a_failure_of_ours(home: Home, problem: str) -> None:
    lost = {"unit_key": None, "form": None, "period_id": None, "scope": None, "rule_id": "unreadable", "story_vi": None}
    night(home, lost, problem=problem)
    assert write_letters(home).paths == []
    assert outbox(home) == {}


def test_one_cause_is_one_block_with_its_count_and_three_places(home: Home) -> None:
    night(home, {"findings": 12}, places=["D14", "D15", "D16", "D17"])
    write_letters(home)
    assert "Cùng nguyên nhân này có 12 chỗ, ví dụ ô D14, D15, D16; danh sách đầy đủ ở tệp đã đánh dấu." in letter(home)


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
