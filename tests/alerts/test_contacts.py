"""The contacts: who is told of what, and every mistake named by its line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.alerts import mail
from pipeline.alerts.addresses import WrongAddress, address_of, wrong_addresses
from pipeline.alerts.contacts import Channel, Contacts, Person, read_contacts
from pipeline.cli.main import app
from pipeline.home import PROJECT
from tests.support.mail_room import MailRoom, text_of

SAMPLE = PROJECT / "docs" / "contacts.sample.yaml"
ENVIRONMENT = {
    "SMTP_USER": "thongke@example.vn",
    "SMTP_PASSWORD": "m@t/khẩu & bí-mật",
    "TELEGRAM_TOKEN": "123456789:AAHyxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "SLACK_URL": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
}


def contacts(tmp_path: Path, text: str) -> Contacts:
    path = tmp_path / "contacts.yaml"
    path.write_text(text, encoding="utf-8")
    return read_contacts(path)


def person(**more: object) -> Person:
    return Person.model_validate({"id": "an", "name": "An", "channels": [{"url": "json://127.0.0.1"}]} | more)


def incident(**more: object) -> dict[str, object]:
    return {
        "unit_key": "kien-giang.go-quao",
        "parent_key": "kien-giang",
        "origin": "submitted",
        "assigned_to": None,
    } | more


def test_the_sample_is_right() -> None:
    sample = read_contacts(SAMPLE)
    assert [one.id for one in sample.people] == ["an", "binh", "data-team", "on-call"]
    assert not sample.problems
    assert not list(wrong_addresses(sample, ENVIRONMENT))


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    read = contacts(
        tmp_path,
        """\
servers:
  mail: mailto://mail.example.vn
people:
  - id: an
    name: An
    offices: [kien-giang.go-kwao]
    channels:
      - {via: post, to: an@example.vn}
  - id: binh
    name: Bình
    langage: vi
    nation: true
    nation: true
    channels: [{url: "json://127.0.0.1", severity: bad}]
  - id: chi
    name: Chi
    nation: true
    channels: [{url: "json://127.0.0.1"}, {url: "json://127.0.0.2"}]
  - {id: dung, name: Dũng, channels: [{url: "json://127.0.0.1"}]}
policy: {items: 0}
peple: []
""",
    )
    told = {problem.line: problem.message for problem in read.problems}
    assert "needs {to}" in told[2]
    assert "no unit is called 'kien-giang.go-kwao'" in told[6]
    assert "there is no server 'post'" in told[8]
    assert told[11] == "langage: there is no such key"
    assert "stands twice" in told[13]
    assert "severity" in told[14]
    assert "two channels of 'chi' are called 'json'" in told[18]
    assert "there is nothing to tell" in told[19]
    assert "items" in told[20]
    assert "none of servers, people, policy" in told[21]
    assert read.people == (), "who is named wrongly is told nothing until it is mended"


def test_one_wrong_entry_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    read = contacts(
        tmp_path,
        "people:\n"
        "  - {id: an, name: An, nation: true, channels: [{url: 'json://127.0.0.1'}]}\n"
        "  - {id: An Binh, name: An, nation: true, channels: []}\n",
    )
    assert [one.id for one in read.people] == ["an"]
    assert {problem.line for problem in read.problems} == {3}


@pytest.mark.parametrize("text", ["people: [", "\tpeople:", "- an", "people: 3", "servers: []"])
def test_a_file_that_is_no_list_of_people_is_told_and_not_raised(tmp_path: Path, text: str) -> None:
    assert contacts(tmp_path, text).people == ()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "contacts.yaml").mkdir()
    assert "cannot be read" in read_contacts(tmp_path / "contacts.yaml").problems[0].message


def test_a_trial_message_tells_whether_a_channel_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "PAUSES_SECONDS", ())
    with MailRoom() as room:
        url = f"mailto://127.0.0.1:{room.port}?from=thongke@example.vn&to=an@example.vn"
        text = f"people:\n  - {{id: an, name: Lê An, nation: true, channels: [{{url: '{url}'}}]}}\n"
        (tmp_path / "contacts.yaml").write_text(text, encoding="utf-8")
        words = ["contacts", "test", "an", "--home", str(tmp_path)]
        assert CliRunner().invoke(app, words).exit_code == 0
        (letter,) = room.letters
        assert "Lê An" in text_of(letter)
        room.shut()
        down = CliRunner().invoke(app, words)
        assert (down.exit_code, "Connection refused" in down.output) == (1, True)
        assert CliRunner().invoke(app, [*words[:2], "binh", *words[3:]]).exit_code == 2


def test_without_a_file_nobody_is_told(tmp_path: Path) -> None:
    assert not read_contacts(tmp_path / "contacts.yaml").exists


def test_a_person_follows_offices_provinces_or_the_nation() -> None:
    assert person(offices=["kien-giang.go-quao"]).follows(incident())
    assert not person(offices=["kien-giang"]).follows(incident()), "an agency's own reports, not its offices'"
    assert person(provinces=["kien-giang"]).follows(incident())
    assert not person(provinces=["an-giang"]).follows(incident())
    assert person(nation=True).follows(incident(unit_key=None, parent_key=None)), "a file that nobody can place"
    assert not person(provinces=["kien-giang"]).follows(incident(unit_key=None, parent_key=None))
    assert person(offices=["kien-giang.an-bien"]).follows(incident(assigned_to="an")), "whoever was asked to see to it"


def test_a_file_that_cannot_be_placed_is_whose_path_it_lies_under() -> None:
    lost = incident(unit_key=None, parent_key=None, source_ref="2023-09.zip!/kien-giang/kien-giang.phu-quoc.xlsx")
    assert person(offices=["kien-giang.phu-quoc"], files=["*/kien-giang.phu-quoc*"]).follows(lost)
    assert not person(offices=["kien-giang.an-bien"], files=["*/kien-giang.an-bien*"]).follows(lost)


def test_notes_on_published_figures_are_for_the_data_team() -> None:
    published = incident(origin="published")
    assert person(nation=True).follows(published)
    assert not person(nation=True, role="leader").follows(published)
    assert not person(offices=["kien-giang.go-quao"]).follows(published)
    assert person(offices=["kien-giang.go-quao"], published=True).follows(published)


def test_a_channel_takes_its_severity_and_worse() -> None:
    channel = Channel(url="json://127.0.0.1", severity="warning")
    assert [channel.reaches(severity) for severity in ("info", "warning", "error")] == [False, True, True]


def test_a_secret_is_read_from_the_environment_and_quoted_into_the_url() -> None:
    channel = read_contacts(SAMPLE).people[0].channels[0]
    address = address_of(channel, read_contacts(SAMPLE).servers, ENVIRONMENT)
    assert address.service.password == ENVIRONMENT["SMTP_PASSWORD"]
    assert address.service.targets == [(False, "an@example.vn")]
    said = f"535 no: {ENVIRONMENT['SMTP_PASSWORD']} m%40t%2Fkh%E1%BA%A9u%20%26%20b%C3%AD-m%E1%BA%ADt"
    assert "mật" not in address.scrub(said)
    assert "m%40t" not in address.scrub(said)


@pytest.mark.parametrize(
    "url",
    [
        "mailto://thongke:hunter2secret@mail.example.vn?to=an@example.vn",
        "tgram://123456789:AAHyxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/12345678",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(WrongAddress, match="password or token stands") as told:
        address_of(Channel(url=url), {}, {})
    assert not any(secret in str(told.value) for secret in ("hunter2", "AAHy", "TIiaj"))


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(WrongAddress, match="SMTP_PASSWORD is not set"):
        address_of(Channel(url="mailto://u:${SMTP_PASSWORD}@x.example.vn"), {}, {})


def test_no_label_shows_a_url() -> None:
    assert Channel(url="tgram://${TOKEN}/1").label == "tgram"
    assert Channel(via="mail", to="an@example.vn").label == "mail → an@example.vn"


def test_check_and_list_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    run = CliRunner()
    assert run.invoke(app, ["contacts", "check", str(SAMPLE)]).exit_code == 0
    missing = run.invoke(app, ["contacts", "check", "--home", str(tmp_path)])
    assert (missing.exit_code, "docs/contacts.sample.yaml" in missing.output) == (2, True)
    (tmp_path / "contacts.yaml").write_bytes(SAMPLE.read_bytes())
    listed = run.invoke(app, ["contacts", "list", "--home", str(tmp_path)])
    assert "kien-giang.go-quao" in listed.output
    assert not any(secret in listed.output for secret in ENVIRONMENT.values())
    monkeypatch.delenv("SMTP_PASSWORD")
    wrong = run.invoke(app, ["contacts", "check", "--home", str(tmp_path)])
    assert (wrong.exit_code, "contacts.yaml:18: an, channel 'mail': SMTP_PASSWORD" in wrong.output) == (2, True)
