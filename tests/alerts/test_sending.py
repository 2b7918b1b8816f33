"""Digests on their way: each exactly once, whatever is down or killed meanwhile."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from pipeline.alerts import journal, mail
from pipeline.alerts.outbox import Outbox
from pipeline.alerts.sending import Round, outbox_line, send_digests, send_waiting
from pipeline.cli.main import app
from pipeline.home import PROJECT, Home
from pipeline.registry.units import unit_registry
from pipeline.vocabulary import MessageState
from tests.support.digest_nights import PEOPLE, TOMORROW, TONIGHT, incident, resolved, tell, the
from tests.support.mail_room import MailRoom, text_of
from tests.support.published_incidents import declare_deadlines, night


def test_a_server_that_is_down_for_a_night_gets_each_letter_once_and_in_order(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    room.shut()
    night(home, incident(1))
    down = send_digests(home, now=TONIGHT)
    assert (down.queued, down.sent, down.waiting) == (1, 0, 1)
    assert list(down.failures) == ["mail → an@example.vn"]
    assert "1 waiting" in (outbox_line(home) or "")
    night(home, incident(1), incident(2))
    assert send_digests(home, now=TOMORROW).waiting == 2
    room.open()
    up = send_digests(home, now=TOMORROW + timedelta(days=1))
    assert (up.queued, up.sent, up.waiting) == (0, 2, 0)
    assert outbox_line(home) is None
    assert send_digests(home, now=TOMORROW + timedelta(days=2)).sent == 0
    assert [f"{number:08x}" in text_of(letter) for number, letter in enumerate(room.letters, 1)] == [False, False]
    assert [m.number for m in Outbox(home).messages(MessageState.SENT)] == [1, 2]
    assert [letter["Date"].datetime.day for letter in room.letters] == [25, 26]


def test_a_dead_server_keeps_nobody_waiting_who_has_another(home: Home, room: MailRoom) -> None:
    more = '  - {id: binh, name: Bình, nation: true, channels: [{url: "mailto://127.0.0.1:1?from=a@b.vn&to=c@d.vn"}]}\n'
    tell(home, room.port, more=more)
    night(home, {})
    done = send_digests(home, now=TONIGHT)
    assert (done.sent, done.waiting) == (1, 1)
    assert list(done.failures) == ["mailto"]


def test_a_letter_at_which_the_line_breaks_holds_up_nobody_else_and_is_given_up(home: Home, room: MailRoom) -> None:
    more = (
        "  - {id: binh, name: Bình, nation: true, channels: [{via: mail, to: binh@example.vn}]}\npolicy: {tries: 2}\n"
    )
    tell(home, room.port, more=more)
    room.answer_letter = lambda letter: "cut" if letter["To"] == "an@example.vn" else "250 OK"
    night(home, {})
    first = send_digests(home, now=TONIGHT)
    assert (first.sent, first.waiting, len(first.uncertain)) == (1, 1, 1)
    second = send_digests(home, now=TOMORROW)
    assert (second.sent, second.waiting, second.refused) == (0, 0, 1)
    assert len(room.to("binh@example.vn")) == 1


def test_a_letter_that_is_refused_is_tried_some_nights_and_then_given_up(home: Home, room: MailRoom) -> None:
    more = (
        '  - {id: binh, name: Bình, nation: true, channels: [{via: mail, to: "gone@example.vn"}]}\npolicy: {tries: 2}\n'
    )
    tell(home, room.port, more=more)
    room.answer_recipient = lambda address: "550 no such user" if address == "gone@example.vn" else "250 OK"
    night(home, incident(1))
    first = send_digests(home, now=TONIGHT)
    assert (first.sent, first.waiting, first.refused) == (1, 1, 0)
    night(home, incident(1), incident(2))
    second = send_digests(home, now=TOMORROW)
    assert (second.waiting, second.refused) == (1, 1), "what stands behind it goes on"
    assert "550 no such user" in second.failures["mail → gone@example.vn"]
    (refused,) = Outbox(home).messages(MessageState.REFUSED)
    room.answer_recipient = lambda _: "250 OK"
    assert send_waiting(home, [refused.id[:8]]).sent == 2
    assert len(room.to("gone@example.vn")) == 2


def test_a_letter_to_several_goes_to_all_or_to_none(home: Home, room: MailRoom) -> None:
    people = PEOPLE.replace("to: an@example.vn", 'to: "an@example.vn,binh@example.vn"')
    tell(home, room.port, people)
    room.answer_recipient = lambda address: "450 later" if address == "binh@example.vn" else "250 OK"
    night(home, {})
    assert send_digests(home, now=TONIGHT).waiting == 1
    assert room.letters == []
    room.answer_recipient = lambda _: "250 OK"
    assert send_digests(home, now=TOMORROW).sent == 1
    assert sorted(room.recipients[0]) == ["an@example.vn", "binh@example.vn"]


def test_mistakes_in_the_contacts_lose_nothing(home: Home, room: MailRoom) -> None:
    tell(home, room.port, PEOPLE.replace("nation: true", "nation: true\n    langage: vi"))
    night(home, {})
    wrong = send_digests(home, now=TONIGHT)
    assert (wrong.queued, wrong.unaddressed, len(wrong.problems)) == (0, 1, 1)
    tell(home, room.port)
    assert send_digests(home, now=TONIGHT).sent == 1


def test_a_channel_that_is_taken_away_leaves_its_messages_to_a_person(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    room.shut()
    night(home, {})
    send_digests(home, now=TONIGHT)
    tell(home, room.port, PEOPLE.replace("id: an", "id: anh"))
    done = send_digests(home, now=TONIGHT)
    assert "an has no channel 'mail' in the contacts any more" in done.failures["mail"]
    assert done.waiting == 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_secrets_are_nowhere_in_the_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "PAUSES_SECONDS", ())
    with MailRoom(password="sesame-@/mo:ra") as room:
        people = PEOPLE.replace("mailto://", "mailto://thongke:${{SMTP_PASSWORD}}@")
        tell(home, room.port, people)
        night(home, {})
        monkeypatch.setenv("SMTP_PASSWORD", "sesame-sai@/")
        wrong = send_digests(home, now=TONIGHT)
        assert (wrong.sent, wrong.waiting) == (0, 1)
        assert "535" in wrong.failures["mail → an@example.vn"]
        monkeypatch.setenv("SMTP_PASSWORD", "sesame-có-dấu")
        assert "log-in does not take" in send_digests(home, now=TONIGHT).failures["mail → an@example.vn"]
        monkeypatch.setenv("SMTP_PASSWORD", "sesame-@/mo:ra")
        assert send_digests(home, now=TONIGHT).sent == 1
    for path in home.root.rglob("*"):
        assert path.is_dir() or b"sesame" not in path.read_bytes(), path


class Listener(BaseHTTPRequestHandler):
    """Takes what a chat service is sent; down while ``is_down``."""

    heard: ClassVar[list[dict[str, Any]]] = []
    is_down: ClassVar[bool] = False

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.is_down:
            self.heard.append(json.loads(body))
        self.send_response(503 if self.is_down else 200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_chat_goes_through_apprise_and_survives_its_service_being_down(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAT_TOKEN", "bearer-of-secrets")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        people = PEOPLE.replace(
            "{{via: mail, to: an@example.vn}}", '{{url: "json://u:${{CHAT_TOKEN}}@127.0.0.1:{port}/"}}'
        )
        tell(home, server.server_address[1], people)
        night(home, {"sentence_vi": "@here <!channel> *đậm* [x](https://evil.example)"})
        monkeypatch.setattr(Listener, "is_down", True)
        down = send_digests(home, now=TONIGHT)
        assert (down.sent, down.waiting) == (0, 1)
        assert "503" in down.failures["json"]
        monkeypatch.setattr(Listener, "is_down", False)
        assert send_digests(home, now=TOMORROW).sent == 1
        assert send_digests(home, now=TOMORROW).sent == 0
    finally:
        server.shutdown()
        server.server_close()
    (heard,) = Listener.heard
    assert heard["title"].startswith("[THADS] Chi cục Thi hành án dân sự huyện Gò Quao")
    assert "＠here ‹!channel› ∗đậm∗ ［x］" in heard["message"]
    assert "github" not in json.dumps(heard), "no picture or link from elsewhere"
    for path in home.root.rglob("*"):
        assert path.is_dir() or b"bearer-of" not in path.read_bytes(), path


def test_a_dead_channel_is_a_warning_and_metadata_and_the_run_is_green(home: Home, room: MailRoom) -> None:
    import dagster as dg

    from pipeline.defs.alerts import messages
    from pipeline.defs.resources import OneWriter

    tell(home, room.port)
    room.shut()
    night(home, {})
    result = dg.materialize([messages], resources={"home": OneWriter(root=str(home.root))})
    assert result.success
    (made,) = result.asset_materializations_for_node("alerts__messages")
    assert {name: made.metadata[name].value for name in ("queued", "sent", "waiting")} == {
        "queued": 1,
        "sent": 0,
        "waiting": 1,
    }
    assert "mail → an@example.vn" in made.metadata["failed"].value


KILLED = """
import sys, os
from datetime import datetime
from pathlib import Path
from pipeline.alerts.sending import send_digests
from pipeline.home import Home
print(os.getpid(), flush=True)
sys.stdin.readline()
send_digests(Home(Path(sys.argv[1])), now=datetime(2026, 11, 25, 1, 5))
"""


def test_killed_when_the_server_has_it_and_we_do_not_know_it_comes_again_under_the_same_id(
    home: Home, room: MailRoom
) -> None:
    more = "  - {id: binh, name: Bình, nation: true, channels: [{via: mail, to: binh@example.vn}]}\n"
    tell(home, room.port, more=more)
    night(home, {})
    command = [sys.executable, "-c", KILLED, str(home.root)]
    sender = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert sender.stdin is not None
    assert sender.stdout is not None
    room.sender_pid, room.kill_on_letter = int(sender.stdout.readline()), True
    sender.stdin.write("\n")
    sender.stdin.flush()
    assert sender.wait(60) == -9
    assert len(Outbox(home).messages(MessageState.SENDING)) == 1
    room.kill_on_letter = False
    after = send_digests(home, now=TONIGHT)
    assert (after.queued, after.sent, after.waiting) == (0, 2, 0)
    first, again = room.to("an@example.vn")
    assert first["Message-ID"] == again["Message-ID"]
    assert first.as_bytes() == again.as_bytes()
    assert after.uncertain == [first["Message-ID"][1:33]], "and somebody is told"
    assert len(room.to("binh@example.vn")) == 1


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def test_killed_at_any_write_each_letter_comes_once_but_for_the_moment_nobody_can_close(
    home: Home, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "  - {id: binh, name: Bình, nation: true, channels: [{via: mail, to: binh@example.vn}]}\n"
    for kill_at in count(1):
        root = Home(home.root / f"kill-{kill_at}")
        declare_deadlines(root)
        tell(root, room.port, more=more)
        night(root, {})
        room.letters.clear()
        room.recipients.clear()
        steps, done = 0, None

        def step(real: Any, limit: int = kill_at) -> Any:
            def counted(*arguments: Any, **named: Any) -> Any:
                nonlocal steps
                steps += 1
                if steps == limit:
                    raise Killed
                return real(*arguments, **named)

            return counted

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", step(os.replace))
            patched.setattr(journal, "append", step(journal.append))
            try:
                done = send_digests(root, now=TONIGHT)
            except Killed:
                was_sending = len(Outbox(root).messages(MessageState.SENDING))
            else:
                was_sending = 0
        after = send_digests(root, now=TONIGHT)
        for address in ("an@example.vn", "binh@example.vn"):
            letters = room.to(address)
            assert len({letter["Message-ID"] for letter in letters}) == 1
            assert len(letters) <= 1 + was_sending
        assert len(room.letters) <= 2 + was_sending
        assert len(after.uncertain) == was_sending
        assert len(Outbox(root).messages(MessageState.SENT)) == 2
        if done:
            assert kill_at > 10, "there were moments to be killed at"
            return


def test_an_answer_that_is_lost_after_the_letter_was_handed_over_is_told(home: Home, room: MailRoom) -> None:
    tell(home, room.port)
    room.answer_letter = lambda _: "421 closing"
    night(home, {})
    done: Round = send_digests(home, now=TONIGHT)
    assert (done.sent, done.waiting) == (0, 1)
    room.answer_letter = lambda _: "250 OK"
    assert send_digests(home, now=TONIGHT).sent == 1
    assert len(room.letters) == 1


def test_a_person_looks_at_the_outbox_drops_a_message_and_sends_the_rest(home: Home, room: MailRoom) -> None:
    def thads(*words: str) -> Result:
        return CliRunner().invoke(app, ["outbox", *words, "--home", str(home.root)])

    tell(home, room.port)
    room.shut()
    night(home, incident(1))
    send_digests(home, now=TONIGHT)
    night(home, incident(1), incident(2))
    send_digests(home, now=TOMORROW)
    listed = json.loads(thads("list", "--json").output)
    assert [(row["state"], row["number"]) for row in listed] == [("waiting", 1), ("waiting", 2)]
    assert "Connection refused" in listed[0]["last_failure"]
    first, second = (row["id"] for row in listed)
    assert "Kính gửi: Lê Thị An" in thads("show", first[:8]).output
    assert thads("send").exit_code == 1, "something still waits"
    assert thads("drop", first[:8], "--reason", "gọi điện rồi", "--by", "Lê An").exit_code == 0
    room.open()
    sent = thads("send", "--json")
    assert (sent.exit_code, json.loads(sent.output)["sent"]) == (0, 1)
    assert the(room)["Message-ID"].startswith(f"<{second}")
    assert send_digests(home, now=TOMORROW).queued == 0, "what a dropped message told counts as told"
    assert "0 messages" in thads("list").output
    unknown = thads("send", "ffff")
    assert (unknown.exit_code, "no message begins" in unknown.output) == (2, True)
    assert thads("list", "--state", "lost").exit_code == 2
    dropped = journal.read(home.alerts / "deliveries.jsonl")[-2]
    assert (dropped["event"], dropped["reason"], dropped["author"]) == ("dropped", "gọi điện rồi", "Lê An")


def test_760_offices_get_one_digest_a_person_and_no_incident_twice(home: Home, room: MailRoom) -> None:
    valid = [unit for unit in unit_registry().units.values() if unit.is_valid_on(date(2023, 6, 30))]
    provinces = [unit for unit in valid if unit.level == "province"]
    offices = [unit for unit in valid if unit.level == "office"][: 760 - len(provinces)]
    units = [(unit.key, unit.name, unit.parent or "") for unit in (*provinces, *offices)]
    assert len(units) == 760
    people = "".join(
        f"  - {{id: p{place}, name: {unit.key}, {field}: [{unit.key}], channels: [{{via: mail, to: {unit.key}@example.vn}}]}}\n"
        for field, level in (("provinces", provinces), ("offices", offices))
        for place, unit in enumerate(level, start=1000 if field == "offices" else 1)
    )
    tell(home, room.port, more=people)
    faulty = units[::20]
    rows = [
        incident(2 * place + more, unit_key=unit, last_failing_submission_id=f"{place:032x}")
        for place, (unit, _, _) in enumerate(faulty)
        for more in (0, 1)
    ]
    reached = {key for unit, _, parent in faulty for key in (unit, parent) if key != "viet-nam"}
    told = sorted([*(f"{key}@example.vn" for key in reached), "an@example.vn"])
    night(home, *rows, units=units)
    first = send_digests(home, now=TONIGHT)
    assert len(faulty) == 38, "five in a hundred"
    assert (first.sent, first.unaddressed, first.problems) == (len(told), 0, ())
    assert sorted(to for (to,) in room.recipients) == told, "one digest a person"
    assert send_digests(home, now=TONIGHT).sent == send_digests(home, now=TOMORROW).sent == 0
    night(home, *map(resolved, rows), units=units)
    send_digests(home, now=TOMORROW)
    assert sorted(to for (to,) in room.recipients[len(told) :]) == told, "one recovered notice each"
    assert all("ĐÃ KHỚP" in text_of(letter) for letter in room.letters[len(told) :])
    assert send_digests(home, now=TOMORROW + timedelta(days=1)).sent == 0
    log = [entry for entry in journal.read(home.alerts / "deliveries.jsonl") if entry["event"] == "queued"]
    for kind in ("opened", "recovered"):
        said = [(entry["person"], alert) for entry in log for alert in entry[kind]]
        assert len(said) == len(set(said)) >= 2 * len(rows), "no incident twice to anybody"
