"""What a digest says, to whom, in which language and how much of it: one a person and night."""

import email
import io
import re
import zipfile
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts import mail, sending
from pipeline.alerts.addresses import address_of
from pipeline.alerts.contacts import Channel
from pipeline.alerts.digest import Enclosures
from pipeline.alerts.outbox import Attachment, Message, Outbox
from pipeline.alerts.sending import send_digests
from pipeline.home import Home
from pipeline.vocabulary import MessageState
from tests.support.digest_nights import PEOPLE, QUERY, TOMORROW, TONIGHT, incident, resolved, tell, the
from tests.support.mail_room import MailRoom, text_of
from tests.support.nights import copy_of
from tests.support.published_incidents import night


def test_a_letter_says_what_is_wrong_in_vietnamese_with_its_likely_story(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, {})
    assert send_digests(home, now=TONIGHT).sent == 1
    letter = the(room)
    assert letter["Subject"] == "[THADS] Chi cục Thi hành án dân sự huyện Gò Quao, 9 tháng năm 2023: 1 báo cáo trả lại"
    assert letter["To"] == "an@example.vn"
    assert letter["From"] == "THADS <thongke@example.vn>"
    in_order = [
        "Kính gửi: Lê Thị An",
        "Chi cục Thi hành án dân sự huyện Gò Quao, 9 tháng năm thống kê 2023 (kỳ 2023-09), lần báo cáo 1",
        "TRẢ LẠI",
        "Tệp: go-quao.xlsx",
        "Biểu 01/TK-THA: Số chuyển kỳ sau (ô T14) in 8.122, phải là 20.352 − 12.056 = 8.296, lệch −174.",
        "Gợi ý: Có thể số phải thi hành là 20.178",
        "Hạn trả lời: 06/07/2023",
    ]
    page = letter.get_body(("html",))
    assert page is not None
    for text in (text_of(letter), re.sub("<[^>]+>", "", page.get_content())):
        places = [text.index(words) for words in in_order[1:]]
        assert places == sorted(places)


def message(**more: Any) -> Message:
    told = {"person": "an", "channel": "mail", "number": 1, "kind": "digest", "night": "2026-11-25", "queued_at": TONIGHT.isoformat(),
            "language": "vi", "subject": "s", "text": "t\n", "html": "<p>t</p>", "brief": "t", "attachments": (), "opened": ("a",), "recovered": ()}  # fmt: skip
    return Message(**told | more)


WORDS = st.text(st.sampled_from("báo cáo trả lại đã khớp TỔNG Số 0123:,().[]ặỡữẫ"), min_size=1).map(
    lambda text: " ".join(text.split()) or "0"
)


@settings(deadline=None, max_examples=60)
@given(subject=WORDS, name=WORDS.filter(lambda name: len(name) < 25))
def test_words_in_headers_reach_the_reader_whole(subject: str, name: str) -> None:
    service = address_of(Channel(url="mailto://127.0.0.1?from=a@example.vn&to=b@example.vn"), {}).service
    service.from_addr = (name, "a@example.vn")
    read = email.message_from_bytes(mail.mail_bytes(Home(Path()), message(subject=subject), service), policy=default)
    assert read["Subject"] == subject
    assert read["From"].addresses[0].display_name == name


def test_headers_are_ascii_on_the_line_and_vietnamese_to_the_reader(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, {})
    send_digests(home, now=TONIGHT)
    (sent,) = Outbox(home).messages(MessageState.SENT)
    service = address_of(Channel(url=f"mailto://127.0.0.1:{room.port}?from=a@b.vn&to=c@d.vn"), {}).service
    header, _, _ = mail.mail_bytes(home, sent, service).partition(b"\r\n\r\n")
    assert b"Subject: =?utf-8?" in header
    assert header.isascii()
    assert max(map(len, header.splitlines())) <= 78


def test_the_recipient_chooses_the_language_and_a_leader_is_spared_the_details(home: Home, room: MailRoom) -> None:
    more = "  - {id: bob, name: Bob, language: en, role: leader, nation: true, channels: [{via: mail, to: bob@example.vn}]}\n"
    tell(home, room.port, more=more)
    night(home, {"findings": 3})
    send_digests(home, now=TONIGHT)
    (letter,) = room.to("bob@example.vn")
    text = text_of(letter)
    assert (
        letter["Subject"] == "[THADS] Chi cục Thi hành án dân sự huyện Gò Quao, 9 months of 2023: reports returned: 1"
    )
    assert "Carried over (cell T14) reads 8,122" in text
    assert "Other places with the same cause: 2." in text
    assert "Answer by 6 July 2023" in text
    assert "20,178" not in text, "likely causes are for who mends the report"


def test_the_same_night_again_sends_nothing(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, {}, incident(2, **QUERY))
    send_digests(home, now=TONIGHT)
    for now in (TONIGHT, TOMORROW):
        again = send_digests(home, now=now)
        assert (again.queued, again.sent, len(room.letters)) == (0, 0, 1)


def test_after_the_correction_comes_one_notice_and_the_list_of_what_is_open(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, {}, incident(2, unit_key="kien-giang"))
    send_digests(home, now=TONIGHT)
    night(home, resolved({}), incident(2, unit_key="kien-giang", standing="assigned", assigned_to="Trần Bình"))
    for now in (TONIGHT, TOMORROW):
        send_digests(home, now=now)
    notice = text_of(room.letters[1])
    assert len(room.letters) == 2
    assert "báo cáo lần 2 thay báo cáo lần 1" in notice
    assert "ĐANG MỞ TỪ TRƯỚC (1)" in notice
    assert "(từ 03/07/2023, đã giao Trần Bình)" in notice


def test_what_comes_back_is_told_again(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    for rows in ({}, resolved({}), {"last_failing_submission_id": "33333333cc"}):
        night(home, rows)
        send_digests(home, now=TONIGHT)
    assert len(room.letters) == 3
    assert len({letter["Message-ID"] for letter in room.letters}) == 3


def test_one_digest_a_night_what_is_held_back_at_once_and_the_rest_tomorrow(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, incident(1, **QUERY))
    send_digests(home, now=TONIGHT)
    night(home, incident(1, **QUERY), incident(2, **QUERY), incident(3))
    noon = send_digests(home, now=TONIGHT + timedelta(hours=11))
    assert noon.sent == 1
    assert "1 báo cáo trả lại." in text_of(room.letters[1]), "the query waits"
    assert send_digests(home, now=TONIGHT + timedelta(hours=12)).sent == 0
    assert send_digests(home, now=TOMORROW).sent == 1
    assert "1 báo cáo có câu hỏi." in text_of(room.letters[2])


def test_the_budget_lists_the_worst_and_counts_the_rest(home: Home, room: MailRoom) -> None:
    tell(home, room.port, more="policy: {items: 4, standing: 2}\n")
    returned = [incident(number, sentence_vi=f"Sai số {number}.") for number in range(1, 4)]
    queries = [incident(number, sentence_vi=f"Hỏi số {number}.", **QUERY) for number in range(4, 11)]
    night(home, *queries, *returned)
    send_digests(home, now=TONIGHT)
    text = text_of(the(room))
    assert [f"Sai số {number}." in text for number in range(1, 4)] == [True] * 3
    assert text.count("Hỏi số") == 1
    assert "Còn 6 mục mới không in ở đây: Chi cục Thi hành án dân sự huyện Gò Quao 6." in text
    night(home, *queries, *returned, incident(11))
    send_digests(home, now=TOMORROW)
    later = text_of(room.letters[1])
    assert "1 báo cáo trả lại. Đang mở từ trước: 10." in later
    assert later.count("chưa ai nhận") == 2
    assert "và 8 mục khác" in later
    night(home, *map(resolved, (*queries, *returned)), incident(11))
    send_digests(home, now=TOMORROW)
    notice = text_of(room.letters[2])
    assert "10 mục đã khớp." in notice
    assert notice.count("thay báo cáo lần 1") == 4
    assert "và 6 mục khác." in notice


def test_each_channel_has_its_own_severity(home: Home, room: MailRoom) -> None:
    more = """\
  - id: binh
    name: Bình
    nation: true
    channels:
      - {via: mail, to: all@example.vn}
      - {name: pager, via: mail, to: worst@example.vn, severity: error}
"""
    tell(home, room.port, more=more)
    night(home, incident(1, **QUERY))
    send_digests(home, now=TONIGHT)
    assert (len(room.to("all@example.vn")), len(room.to("worst@example.vn"))) == (1, 0)
    night(home, incident(1, **QUERY), incident(2))
    send_digests(home, now=TOMORROW)
    (worst,) = room.to("worst@example.vn")
    assert "1 báo cáo trả lại." in text_of(worst)


def test_simulated_figures_are_marked_in_the_subject(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    night(home, {"is_simulated": True})
    send_digests(home, now=TONIGHT)
    assert the(room)["Subject"].startswith("[MÔ PHỎNG] [THADS]")
    assert "SỐ LIỆU MÔ PHỎNG" in text_of(the(room))


def test_text_from_a_file_becomes_neither_header_nor_markup(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    hostile = "x\r\nBcc: all@example.vn\r\n\r\n<script>alert(1)</script>\u202e <img src=https://evil.example/a.png>"
    lost = {"unit_key": None, "form": None, "period_id": None, "scope": None, "rule_id": "unreadable"}
    night(home, lost | {"source_ref": hostile, "sentence_vi": hostile})
    send_digests(home, now=TONIGHT)
    letter = the(room)
    assert room.recipients == [["an@example.vn"]]
    assert letter["Bcc"] is None
    assert "Bcc: all@example.vn" in letter["Subject"], "it stands there as text, on one line"
    page = letter.get_body(("html",))
    assert page is not None
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.get_content()
    for text in (text_of(letter), page.get_content()):
        assert "\u202e" not in text
        assert "https://evil" not in text
    (sent,) = Outbox(home).messages(MessageState.SENT)
    assert not set("<>@[]*`") & set(sent.brief)


def test_the_marked_workbook_goes_with_the_letter_and_opens(
    home: Home, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = openpyxl.Workbook()
    marked.active["A1"] = "Số chuyển kỳ sau"
    (home.root / "marked").mkdir()
    marked.save(home.root / "marked" / "a.xlsx")
    monkeypatch.setattr(
        sending,
        "_enclosures",
        lambda _home, _letters, group: Enclosures(
            None
            if group[0]["last_failing_submission_id"].endswith("2")
            else Attachment("marked/a.xlsx", "Gò Quao 2023-09.xlsx", 4_000_000)
        ),
    )
    tell(home, room.port, more="policy: {attachments: 9}\n")
    night(home, *(incident(number) for number in range(1, 6)))
    send_digests(home, now=TONIGHT)
    files = list(the(room).iter_attachments())
    assert [file.get_filename() for file in files] == ["Gò Quao 2023-09.xlsx", "Gò Quao 2023-09 (2).xlsx"]
    for file in files:
        assert openpyxl.load_workbook(io.BytesIO(file.get_content())).active["A1"].value == "Số chuyển kỳ sau"
    assert text_of(the(room)).count("Kèm theo:") == 2


@pytest.mark.slow
def test_the_letter_of_the_report_that_began_it_all(samples_home: Home, tmp_path: Path, room: MailRoom) -> None:
    home = copy_of(samples_home, tmp_path / "home")
    people = PEOPLE.replace("nation: true", "offices: [kien-giang]")
    tell(home, room.port, people)
    assert send_digests(home, now=TONIGHT).sent == 1
    letter = the(room)
    assert letter["Subject"] == "[THADS] Cục Thi hành án dân sự tỉnh Kiên Giang, 12 tháng năm 2022: 1 báo cáo trả lại"
    text = text_of(letter)
    in_order = [
        "8.122 (ô T14)",
        "20.352 (ô J14)",
        "8.296",
        "lệch −174",
        "Gợi ý: Có thể số phải thi hành 20.352",
        "20.178",
    ]
    places = [text.index(words) for words in in_order]
    assert places == sorted(places)
    assert "ủy thác hoặc thu hồi, hủy 174" in text
    workbook, document = letter.iter_attachments()
    marked = openpyxl.load_workbook(io.BytesIO(workbook.get_content()))
    assert marked["01"]["T14"].value == 8122, "their figure stands"
    assert marked["01"]["T14"].comment is not None
    assert f"Kèm theo: {workbook.get_filename()}" in text
    assert f"Công văn gửi đơn vị: {document.get_filename()}" in text
    with zipfile.ZipFile(io.BytesIO(document.get_content())) as word:
        body = word.read("word/document.xml").decode()
    assert all(words in body for words in ("Kính gửi", "lệch −174"))
