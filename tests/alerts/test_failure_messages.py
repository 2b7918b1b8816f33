"""A night that failed is told to the engineer on call: once a run, whatever started it, and whatever is down."""

from pathlib import Path

import dagster as dg
import pytest

from benchmarks.storm.in_process import read_in_process
from pipeline import night, tables
from pipeline.alerts.contacts import contacts_of
from pipeline.alerts.failure import Failure, broken_files_of, tell_operators
from pipeline.alerts.outbox import Outbox
from pipeline.alerts.sending import send_waiting
from pipeline.cells import long_csv
from pipeline.cells.quarantine import THE_NIGHT, set_aside
from pipeline.cells.read import read_landed
from pipeline.cells.reading import ReadingResult
from pipeline.home import Home
from pipeline.landing.receive import receive
from pipeline.storage import read_tables
from pipeline.vocabulary import MessageKind, MessageState
from tests.support.engineers import CONTACTS
from tests.support.mail_room import MailRoom, text_of
from tests.support.releases import publish_night


@pytest.fixture
def home(tmp_path: Path, room: MailRoom) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    (home.root / "contacts.yaml").write_text(CONTACTS.format(port=room.port), encoding="utf-8")
    return home


BUILD_FAILED = Failure("run-1", "warehouse (dựng kho dữ liệu · building the warehouse)", "1 test failed: sums_agree")


def test_an_operator_needs_no_units_and_is_no_reader_of_digests(home: Home) -> None:
    contacts = contacts_of(home)
    assert contacts.problems == ()
    assert [person.id for person in contacts.operators] == ["on-call", "second"]
    incident = {"assigned_to": None, "unit_key": "kien-giang", "origin": "submitted", "parent_key": "viet-nam"}
    assert not contacts.operators[0].follows(incident)


def test_operators_are_told_which_step_why_what_stands_and_where_the_log_is(home: Home, room: MailRoom) -> None:
    publish_night(home, 1)
    assert tell_operators(home, BUILD_FAILED).sent == 2
    (letter,) = room.to("oncall@example.vn")
    assert (
        letter["Subject"]
        == "[THADS] Lần nạp số liệu bị lỗi ở bước warehouse (dựng kho dữ liệu · building the warehouse)"
    )
    text = text_of(letter)
    for part in (
        "Kính gửi: Kỹ sư trực",
        "sums_agree",
        "bản phát hành số 1",
        str(home.night_log),
        "run-1",
        "thads load",
    ):
        assert part in text
    (english,) = room.to("second@example.vn")
    assert "readers go on with release 1" in text_of(english)
    assert room.to("an@example.vn") == [], "the statistics desk is told of returns"


def test_a_run_is_told_once_and_the_next_one_again(home: Home, room: MailRoom) -> None:
    tell_operators(home, BUILD_FAILED)
    assert tell_operators(home, BUILD_FAILED).queued == 0
    assert tell_operators(home, Failure("run-2", None, "the process is gone")).sent == 2
    assert [letter["Subject"] for letter in room.to("oncall@example.vn")][1] == "[THADS] Lần nạp số liệu bị ngắt"
    assert "chưa có bản phát hành nào" in text_of(room.to("oncall@example.vn")[1])


def test_while_the_mail_is_down_the_message_waits(home: Home, room: MailRoom) -> None:
    room.shut()
    done = tell_operators(home, BUILD_FAILED)
    assert (done.queued, done.sent, done.waiting) == (2, 0, 2)
    room.open()
    assert send_waiting(home).sent == 2
    assert tell_operators(home, BUILD_FAILED).queued == 0
    assert {message.kind for message in Outbox(home).messages(MessageState.SENT)} == {str(MessageKind.FAILURE)}


def test_a_reason_cannot_become_a_link_or_a_header(home: Home, room: MailRoom) -> None:
    tell_operators(home, Failure("run-3", "x\r\nBcc: all@example.vn", "see http://elsewhere.example <b>now</b>"))
    (letter,) = room.to("oncall@example.vn")
    assert letter["Bcc"] is None
    assert "http://elsewhere" not in text_of(letter)
    html = letter.get_body(("html",))
    assert html is not None
    assert "<b>now" not in html.get_content()


def test_without_an_operator_nothing_is_queued(tmp_path: Path) -> None:
    assert tell_operators(Home(tmp_path), BUILD_FAILED).queued == 0


def test_files_that_broke_their_reader_or_were_set_aside_are_told_once_a_load(
    home: Home, room: MailRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = "unit,period_start,period_end,form,row,column,value\nkien-giang.{},2022-10-01,2023-06-30,09,all,visits,5\n"
    for office in ("an-bien", "go-quao", "kien-hai"):
        (inbox / f"{office}.csv").write_text(lines.format(office), encoding="utf-8")
    read_long = long_csv.read_long

    def breaks(text: str, receipt: dict, *rest: object) -> ReadingResult:
        if receipt["file_name"] == "an-bien.csv":
            raise ZeroDivisionError("the reader is broken")
        return read_long(text, receipt, *rest)

    monkeypatch.setattr(long_csv, "read_long", breaks)
    with read_in_process():
        receive(inbox, home)
        read_landed(home)
        (read,) = read_tables(home.cells, "submissions", tables.SUBMISSIONS).filter(file_name="go-quao.csv").to_dicts()
        by_night = {
            "reason": "stage judged failed over it",
            "actor": THE_NIGHT,
            "stage": "judged",
            "cause": "ValueError: x",
        }
        set_aside(
            home, sha256=read["sha256"], submission_id=read["submission_id"], source_ref="go-quao.csv", **by_night
        )
        read_landed(home)
    (broken,) = broken_files_of(home)
    assert [path for path, _ in broken.files] == ["an-bien.csv", "go-quao.csv"]
    assert tell_operators(home, broken).sent == 2
    (letter,) = room.to("oncall@example.vn")
    assert letter["Subject"] == "[THADS] 2 tệp cần kỹ sư xem"
    text = text_of(letter)
    assert "the reader is broken" in text
    assert "Tệp go-quao.csv: judged: ValueError: x" in text
    assert "thads set-aside release" in text
    assert tell_operators(home, *broken_files_of(home)).queued == 0


def test_a_load_that_breaks_off_tells_the_operators(
    home: Home, room: MailRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(night, "set_up_dagster", breaks_off)
    with pytest.raises(night.NightFailed):
        night.run_night(home, home.inbox)
    (letter,) = room.to("oncall@example.vn")
    assert "No space left on device" in text_of(letter)


def test_a_failure_over_telling_does_not_hide_the_failure(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(night, "set_up_dagster", breaks_off)
    monkeypatch.setattr("pipeline.alerts.failure.tell_operators", breaks_off)
    home.night_log.parent.mkdir()
    with pytest.raises(night.NightFailed, match="broke off"):
        night.run_night(home, home.inbox)
    assert "Traceback" in home.night_log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"ops": {"warehouse": {"config": {"full": True}}}},
        {"resources": {"home": {"config": {"patience_seconds": 1}}}},
    ],
    ids=["schedule and sensor", "the UI, with a step configured", "the UI, with a resource configured"],
)
def test_nightly_logs_to_the_night_log_however_it_is_configured(
    home: Home, room: MailRoom, monkeypatch: pytest.MonkeyPatch, config: dict
) -> None:
    from pipeline.definitions import defs
    from pipeline.defs.automation import failure_sensor

    monkeypatch.setenv("THADS_HOME", str(home.root))
    monkeypatch.setattr("time.sleep", lambda _: None)  # before the step is tried again
    home.receipts.parent.mkdir()
    home.receipts.touch()  # a file where a folder belongs
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_job_def("nightly")
        told = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        assert not told.success
        log = home.night_log.read_text(encoding="utf-8")
        assert told.run_id in log
        assert "STEP_FAILURE" in log
        event = next(event for event in told.all_events if event.is_run_failure)
        context = dg.build_run_status_sensor_context(
            "failure_sensor", event, instance, told.dagster_run, resources={"any_home": resource(home)}
        ).for_run_failure()
        failure_sensor(context)
        failure_sensor(context)
    (letter,) = room.to("oncall@example.vn")
    (failed,) = [event.step_key for event in told.all_events if event.is_step_failure]
    assert failed in letter["Subject"]
    assert told.run_id in text_of(letter)


def resource(home: Home) -> object:
    from pipeline.defs.resources import AnyHome

    return AnyHome(root=str(home.root))


def test_a_night_whose_process_is_gone_is_marked_at_the_second_look(home: Home) -> None:
    from pipeline.defs.automation import lost_night_sensor, nightly
    from pipeline.lock import one_writer

    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.add_run(dg.DagsterRun(job_name=nightly.name, status=dg.DagsterRunStatus.STARTED))

        def look(cursor: str | None) -> str | None:
            context = dg.build_sensor_context(instance, cursor=cursor, resources={"any_home": resource(home)})
            return lost_night_sensor.evaluate_tick(context).cursor

        with one_writer(home):
            assert not look(look(None))
        once = look(None)
        stored = instance.get_run_by_id(run.run_id)
        assert stored is not None
        assert stored.status == dg.DagsterRunStatus.STARTED, "it may be waiting for the lock"
        look(once)
        stored = instance.get_run_by_id(run.run_id)
        assert stored is not None
        assert stored.status == dg.DagsterRunStatus.FAILURE
