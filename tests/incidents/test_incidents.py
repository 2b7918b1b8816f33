"""Incidents from their opening to their proof: one a cause, with what people did, and nothing forgotten."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from pipeline.alerts.incidents import (
    ImpossibleAct,
    IncidentFilter,
    UnknownIncident,
    act_on,
    filter_incidents,
    find,
    history,
    incidents,
)
from pipeline.home import Home
from pipeline.incidents.ledger import Act, read_events, record_events
from pipeline.published import publish
from pipeline.vocabulary import AlertEvent
from pipeline.warehouse.build import freeze_inputs, frozen_plan, inputs_fingerprint, inputs_folder
from tests.support.built_models import build_models
from tests.support.warehouse_inputs import Inputs

MODELS = ("fct_alert", "fct_alert_event", "fct_finding", "fct_submission", "dim_unit")
NOW = datetime(2022, 11, 1, 8)


class Office:
    """Versions of one office's report, loaded night by night."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.inputs = Inputs()
        for rule in ("carried_over", "due"):
            self.inputs.rule(rule)
        self.nights = 0

    def sends(self, unit: str, version: int, **outcomes: str) -> None:
        """Send a version in which each rule comes out as said."""
        failing = "fail" in outcomes.values()
        report = self.inputs.submission(unit, "2023-09", version=version, verdict="returned" if failing else "accepted")
        for rule, status in outcomes.items():
            self.inputs.outcome(report, rule, status, off_by=version)

    def night(self, while_it_runs: Callable[[], object] = lambda: None) -> None:
        """Build and publish the warehouse of everything that was sent; people act once it has been built."""
        self.inputs.write(self.home.root)
        built = self.home.warehouse / "build.duckdb"
        build_models(self.home, built, *MODELS)
        while_it_runs()
        self.nights += 1
        publish(self.home, built, f"{self.nights:064x}"[::-1])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Three offices err; people deal with two of them, then all send again."""
    office = Office(Home(tmp_path_factory.mktemp("home")))
    for unit in ("go-quao", "an-bien", "kien-hai", "giong-rieng"):
        office.sends(f"kien-giang.{unit}", 1, carried_over="fail", due="pass")
    office.night()
    return office


def of(office: Office, unit: str) -> dict:
    (row,) = (row for row in incidents(office.home, now=NOW) if row["unit_key"] == f"kien-giang.{unit}")
    return row


def test_what_a_person_does_shows_at_once_and_after_the_night(office: Office) -> None:
    home = office.home
    go_quao, kien_hai, giong_rieng = (of(office, unit)["alert_id"] for unit in ("go-quao", "kien-hai", "giong-rieng"))
    act_on(home, [go_quao], Act(AlertEvent.ACKNOWLEDGED, "Lê An"))
    act_on(home, [go_quao, kien_hai], Act(AlertEvent.ASSIGNED, "Lê An", assigned_to="Trần Bình"))
    act_on(home, [giong_rieng], Act(AlertEvent.RESOLVED, "Lê An", "Số đúng, mẫu in sai"))
    before = incidents(home, now=NOW)
    office.sends("kien-giang.go-quao", 2, carried_over="pass", due="fail")
    office.night()
    after = {row["alert_id"]: row for row in incidents(home, now=NOW)}
    for row in before:
        if row["alert_id"] != go_quao:
            assert after[row["alert_id"]] == row, "the warehouse says what the command said"
    assert {row["alert_id"]: row["standing"] for row in before} == {
        go_quao: "assigned",
        kien_hai: "assigned",
        giong_rieng: "resolved",
        of(office, "an-bien")["alert_id"]: "opened",
    }


def test_the_version_that_proves_it_resolves_and_history_tells_everything(office: Office) -> None:
    (first, second) = (row for row in incidents(office.home) if row["unit_key"] == "kien-giang.go-quao")
    assert (first["state"], first["resolved_version"], second["state"]) == ("resolved", 2, "open")
    assert [(event["event"], event["author"], event["version"]) for event in history(office.home, first)] == [
        ("opened", None, 1),
        ("acknowledged", "Lê An", 1),
        ("assigned", "Lê An", 1),
        ("resolved", None, 2),
    ]


def test_what_was_closed_by_hand_opens_again_with_the_next_failing_version(office: Office) -> None:
    closed = of(office, "giong-rieng")
    assert (closed["state"], closed["resolved_by"]) == ("resolved", None)
    office.sends("kien-giang.giong-rieng", 2, carried_over="fail", due="pass")
    office.sends("kien-giang.an-bien", 2, carried_over="not_applicable", due="pass")
    office.night()
    again = of(office, "giong-rieng")
    assert (again["alert_id"], again["state"], again["standing"]) == (closed["alert_id"], "open", "reopened")
    assert of(office, "an-bien")["state"] == "open", "a withdrawn figure proves nothing"


def test_an_incident_that_the_rules_find_no_longer_keeps_its_story(office: Office) -> None:
    told = of(office, "kien-hai")
    act_on(office.home, [told["alert_id"]], Act(AlertEvent.EXPLAINED, "Trần Bình", "Chuyển sổ", answer_id="a1"))
    for row in office.inputs.rows["outcomes"]:
        if "kien-hai" in row["submission_id"] and row["status"] == "fail":
            row.update(status="explained")
    for row in office.inputs.rows["findings"]:
        if "kien-hai" in row["submission_id"]:
            row.update(status="explained")
    office.night()
    kept = of(office, "kien-hai")
    assert (kept["state"], kept["sentence_en"], kept["rules"]) == ("resolved", told["sentence_en"], ["carried_over"])
    assert (told["pack"], kept["pack"]) == ("test", "test"), "the key of a rule is its pack and its id"
    assert [(event["event"], event["made_by"]) for event in history(office.home, kept)] == [
        ("opened", "return"),
        ("assigned", "person"),
        ("explained", "person"),
        ("resolved", "rules"),
    ]


def test_acts_that_were_kept_before_packs_were_are_still_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    incident = {"alert_id": "a1", "pack": "test", "rule_id": "due", "last_failing_submission_id": "s1"}
    record_events(home, [incident], Act(AlertEvent.ACKNOWLEDGED, "Lê An"))
    (ledger,) = (home.alerts / "events").glob("*.parquet")
    older = pl.Struct([field for field in tables.ALERT_EVENTS["incident"].fields if field.name != "pack"])
    pl.read_parquet(ledger).cast({"incident": older}).write_parquet(ledger)
    record_events(home, [incident], Act(AlertEvent.ASSIGNED, "Lê An", assigned_to="Trần Bình"))
    incidents_seen = read_events(home)["incident"].to_list()
    assert [(seen["pack"], seen["rule_id"]) for seen in incidents_seen] == [(None, "due"), ("test", "due")]


def test_a_build_reads_the_acts_of_before_packs_beside_those_of_now(tmp_path: Path) -> None:
    home = Home(tmp_path)
    folder = home.alerts / "events"
    folder.mkdir(parents=True)
    older = pl.Struct([field for field in tables.ALERT_EVENTS["incident"].fields if field.name != "pack"])
    act = {"event_id": "e1", "alert_id": "a1", "incident": {"rule_id": "due"}}
    pl.DataFrame([act], schema=tables.ALERT_EVENTS).cast({"incident": older}).write_parquet(folder / "2026-10.parquet")
    freeze_inputs(home)
    inputs = sorted((inputs_folder(home) / "alerts" / "events").glob("*.parquet"))
    seen = pl.concat([pl.read_parquet(path) for path in inputs])
    assert [(row["rule_id"], row["pack"]) for row in seen["incident"].to_list()] == [("due", None)]


def test_an_act_after_the_snapshot_is_the_next_nights_and_the_snapshot_stays_as_it_was(tmp_path: Path) -> None:
    """Also where the ledger of the month is rewritten while the night reads it."""
    home = Home(tmp_path)
    incident = {"alert_id": "a1", "pack": "test", "rule_id": "due", "last_failing_submission_id": "s1"}
    record_events(home, [incident], Act(AlertEvent.ACKNOWLEDGED, "Lê An"), at=NOW)

    def frozen() -> list[str]:
        paths = sorted((inputs_folder(home) / "alerts" / "events").glob("*.parquet"))
        return pl.concat([pl.read_parquet(path) for path in paths]).sort("occurred_at")["event"].to_list()

    plan = freeze_inputs(home)
    record_events(home, [incident], Act(AlertEvent.ASSIGNED, "Lê An", assigned_to="Trần Bình"), at=NOW)
    record_events(home, [incident], Act(AlertEvent.RESOLVED, "Lê An", "Số đúng"), at=datetime(2022, 12, 1, 8))
    assert frozen() == ["acknowledged"]
    assert frozen_plan(home) == plan
    assert inputs_fingerprint(home) != plan.fingerprint, "the next night has something to do"
    next_plan = freeze_inputs(home)
    assert frozen() == ["acknowledged", "assigned", "resolved"]
    assert next_plan.fingerprint != plan.fingerprint


def test_two_acts_never_happen_at_once_whatever_the_clock_says(tmp_path: Path) -> None:
    home = Home(tmp_path)
    incident = {"alert_id": "a1", "last_failing_submission_id": "s1"}
    for at in (NOW, NOW, datetime(2022, 10, 1)):
        record_events(home, [incident], Act(AlertEvent.ACKNOWLEDGED, "Lê An"), at=at)
    assert [when - NOW for when in read_events(home)["occurred_at"]] == [timedelta(microseconds=n) for n in range(3)]
    assert read_events(home)["event_id"].n_unique() == 3


@pytest.fixture
def during(tmp_path: Path) -> Callable[..., tuple[Office, str]]:
    """Return how to act on the incident of one office while a night runs that has a second version of its report."""

    def act_during(second: str, *acts: Act) -> tuple[Office, str]:
        office = Office(Home(tmp_path))
        office.sends("kien-giang.go-quao", 1, carried_over="fail", due="pass")
        office.night()
        alert = of(office, "go-quao")["alert_id"]
        office.sends("kien-giang.go-quao", 2, carried_over=second, due="pass")
        office.night(while_it_runs=lambda: [act_on(office.home, [alert], act) for act in acts])
        return office, alert

    return act_during


CLOSED = Act(AlertEvent.RESOLVED, "Lê An", "Số đúng, mẫu in sai")


@pytest.mark.slow
@pytest.mark.parametrize(
    "acts",
    [[Act(AlertEvent.ACKNOWLEDGED, "Lê An")], [CLOSED, Act(AlertEvent.REOPENED, "Lê An", "Nhầm")]],
    ids=["acknowledged", "closed and opened again"],
)
def test_what_a_version_proved_stays_proved_whoever_acted_while_the_night_ran(during, acts: list[Act]) -> None:
    office, alert = during("pass", *acts)
    at_once = of(office, "go-quao")
    assert (at_once["state"], at_once["standing"], at_once["resolved_version"]) == ("resolved", "resolved", 2)
    told = [event["event"] for event in history(office.home, at_once)]
    assert told == ["opened", "resolved", *(str(act.event) for act in acts)], "nobody's act is lost"
    with pytest.raises(ImpossibleAct, match="resolved already, by version 2"):
        act_on(office.home, [alert], CLOSED)
    office.night()
    assert of(office, "go-quao") == at_once, "the warehouse says what the command said"
    told = [(event["event"], event["made_by"]) for event in history(office.home, at_once)]
    assert told == [("opened", "return"), *((str(act.event), "person") for act in acts), ("resolved", "return")]


@pytest.mark.slow
def test_what_was_closed_while_the_night_ran_that_found_it_failing_again_is_open(during) -> None:
    """Whoever closed it had seen the first version only."""
    office, _ = during("fail", CLOSED)
    at_once = of(office, "go-quao")
    office.night()
    after = of(office, "go-quao")
    assert (after["state"], after["standing"], after["last_failing_submission_id"][-2:]) == ("open", "reopened", "v2")
    assert (at_once["state"], at_once["standing"]) == ("open", "reopened"), (
        "the command says what the warehouse will say"
    )


def test_undo_is_reopen_and_what_a_version_proved_stays_proved(office: Office) -> None:
    home, an_bien = office.home, of(office, "an-bien")["alert_id"]
    with pytest.raises(ImpossibleAct, match="nothing to undo"):
        act_on(home, [an_bien], Act(AlertEvent.REOPENED, "Lê An", "nhầm"))
    act_on(home, [an_bien], Act(AlertEvent.RESOLVED, "Lê An", "nhầm"))
    with pytest.raises(ImpossibleAct, match="resolved already"):
        act_on(home, [an_bien], Act(AlertEvent.ACKNOWLEDGED, "Lê An"))
    (row,) = act_on(home, [an_bien], Act(AlertEvent.REOPENED, "Lê An", "đóng nhầm"))
    assert (row["state"], row["standing"], row["resolved_at"]) == ("open", "reopened", None)
    (proved,) = filter_incidents(incidents(home), IncidentFilter("resolved", unit="kien-giang.go-quao"))
    with pytest.raises(ImpossibleAct, match="version 2"):
        act_on(home, [proved["alert_id"]], Act(AlertEvent.REOPENED, "Lê An", "thử"))


def test_of_several_incidents_all_are_done_or_none(office: Office) -> None:
    events = read_events(office.home).height
    with pytest.raises(UnknownIncident):
        act_on(office.home, [of(office, "an-bien")["alert_id"], "ffffffffff"], Act(AlertEvent.ACKNOWLEDGED, "Lê An"))
    assert read_events(office.home).height == events


def test_the_standing_list_is_chosen_by_unit_state_rule_and_age(office: Office) -> None:
    rows = incidents(office.home, now=NOW)
    assert {row["unit_key"] for row in filter_incidents(rows, IncidentFilter())} == {
        f"kien-giang.{unit}" for unit in ("go-quao", "an-bien", "giong-rieng")
    }
    assert len(filter_incidents(rows, IncidentFilter("all", unit="Kiên Giang"))) == len(rows) == 5, (
        "a province with all its offices"
    )
    assert [row["rule_id"] for row in filter_incidents(rows, IncidentFilter(rule="due"))] == ["due"]
    assert [row["age_days"] for row in filter_incidents(rows, IncidentFilter(older_than_days=30))] == [31, 31]
    with pytest.raises(ValueError, match="is no state"):
        filter_incidents(rows, IncidentFilter("closed"))
    with pytest.raises(UnknownIncident, match="no incident begins"):
        find(rows, "a")


def test_a_marked_workbook_sent_back_closes_what_could_not_be_placed_before(tmp_path) -> None:
    """It comes under another name; without saying what it answers it would close nothing."""
    office = Office(Home(tmp_path / "home"))
    rows = {}
    for name in ("answered", "alone"):
        stranger = office.inputs.submission(
            "?", "2023-09", batch=1, verdict="returned", path=f"{name}.xlsx", placed=False
        )
        office.inputs.outcome(stranger, "due", "fail", off_by=1)
        rows[stranger] = name
    answered = next(identity for identity, name in rows.items() if name == "answered")
    unit = "kien-giang.go-quao"
    reply = office.inputs.submission(unit, "2023-09", batch=2, path="sua-lai.xlsx", in_answer_to=answered)
    office.inputs.outcome(reply, "due", "pass", off_by=1)
    office.night()
    states = {rows[row["opened_by"]]: (row["state"], row["resolved_by"]) for row in incidents(office.home, now=NOW)}
    assert states == {"answered": ("resolved", reply), "alone": ("open", None)}
