"""Nights over the samples: what comes in, what is found, what a correction changes, what readers see meanwhile."""

import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipeline.bulletin import make_bulletin
from pipeline.home import Home
from pipeline.published.query import run_query
from pipeline.published.releases import live_release, releases
from pipeline.simulator.samples import KIEN_GIANG_2022, NEXT_NIGHT, SAMPLES, make_samples, write_kien_giang
from tests.support.narratives import SEED
from tests.support.nights import LISTENING, calls_log, copy_of, load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

#: The seed's report in words. It comes beside its own workbook, which the first night loaded.
TEXT = "bao-cao-2022.txt"
OF_TEXT = f"source_ref = '{TEXT}'"

READER = """
import json, sys, time
import duckdb
path, queries = sys.argv[1], int(sys.argv[2])
seen, failures = [], []
for _ in range(queries):
    try:
        with duckdb.connect(path, read_only=True) as connection:
            seen.append(connection.execute(
                "select (select count(*) from fct_submission), (select count(*) from fct_alert where state = 'resolved'),"
                " (select count(*) from fct_case_results)"
            ).fetchone())
    except Exception as error:
        failures.append(str(error))
    time.sleep(0.1)
print(json.dumps({"failures": failures, "seen": sorted(set(map(tuple, seen)))}))
"""


@pytest.fixture(scope="module")
def home(samples_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    return copy_of(samples_home, tmp_path_factory.mktemp("night") / "home")


@pytest.fixture(scope="module")
def first_night(samples_night: tuple[Home, dict]) -> dict:
    return samples_night[1]


@pytest.fixture(scope="module")
def second_inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What comes in the second night: a correction, and the text of Kiên Giang's report of 2022 where it is at hand."""
    inbox = tmp_path_factory.mktemp("second")
    shutil.copytree(NEXT_NIGHT, inbox, dirs_exist_ok=True)
    if SEED.exists():
        shutil.copyfile(SEED, inbox / TEXT)
    return inbox


def one(home: Home, sql: str) -> dict:
    rows = run_query(home, sql).to_dicts()
    assert len(rows) == 1, rows
    return rows[0]


def test_the_first_night_takes_in_every_sample(first_night: dict) -> None:
    assert first_night["verdicts"] == {"accepted": 27, "accepted_with_query": 7, "returned": 2, "unreadable": 1}
    assert first_night["release"] == 1


def test_no_component_calls_out(home: Home, first_night: dict) -> None:
    heard = calls_log(home)
    probe = "import socket; socket.getaddrinfo('example.invalid', 80)"
    environment = {**os.environ, "PYTHONPATH": str(LISTENING), "CALLS_LOG": str(heard.with_suffix(".probe"))}
    subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, check=False)
    assert "example.invalid" in heard.with_suffix(".probe").read_text(), "the listener hears"
    assert not heard.exists(), heard.read_text()


def test_kien_giang_2022_stands_in_the_facts_as_it_was_printed(home: Home, first_night: dict) -> None:
    where = "unit_key = 'kien-giang' and period_id = '2022-12' and not is_simulated"
    cases = one(home, f"select * from fct_case_results where {where}")
    printed = {
        "judgments_received": 9838, "due": 20352, "newly_accepted": 12576,
        "eligible": 14647, "completed": 12056, "carried_over": 8122,
    }  # fmt: skip
    assert {name: cases[name] for name in printed} == printed
    assert cases["delegated"] is None, "what is not printed is missing, never zero"
    money = one(home, f"select * from fct_money_results where {where}")
    assert money["due_vnd"] == 3405066268000
    assert money["eligible_vnd"] == 2015887559000
    assert money["completed_vnd"] == 1165081049000
    reception = one(home, f"select * from fct_reception where {where}")
    assert [reception[name] for name in ("visits", "people", "visits_by_leaders", "people_by_leaders")] == [
        191,
        195,
        135,
        139,
    ]
    discipline = one(home, f"select * from fct_discipline where {where}")
    assert (discipline["sanction"], discipline["staff_group"], discipline["people"]) == ("reprimand", "total", 2)
    credit = one(home, f"select * from fct_credit_results where {where}")
    assert credit["printed_completion_rate_cases_pct"] == Decimal("29.24")
    assert credit["printed_completion_rate_money_pct"] == Decimal("27.69")
    assert credit["printed_share_of_due_money_pct"] == Decimal("47.40")


def test_the_scorecard_holds_the_headline_and_what_was_printed_of_it(home: Home, first_night: dict) -> None:
    card = one(
        home,
        "select * from mart_scorecard where unit_key = 'kien-giang' and period_id = '2022-12' and origin = 'published'",
    )
    assert card["money_completion_rate_pct"] == Decimal("57.79")
    assert card["money_target_pct"] == Decimal("40.10")
    assert card["money_gap_points"] == Decimal("17.69")
    assert card["money_eligible_share_pct"] == Decimal("59.20")
    assert card["printed_money_completed_change_vnd"] == 374099782000
    assert card["printed_money_completed_growth_pct"] == Decimal("47.30")
    assert card["printed_money_completed_growth_verdict"] == "fits"
    assert card["printed_money_completion_rate_change_points"] == Decimal("9.9")
    assert card["has_open_alert"]


def test_an_alert_tells_the_174_names_both_cells_and_corrects_nothing(home: Home, first_night: dict) -> None:
    alerts = run_query(
        home,
        "select * from fct_alert where unit_key = 'kien-giang' and period_id = '2022-12' and rule_id = 'balance.carried_over'",
    ).to_dicts()
    assert {alert["origin"] for alert in alerts} == {"submitted", "published"}
    for alert in alerts:
        assert alert["state"] == "open"
        assert "8.122" in alert["sentence_vi"]
        assert "8.296" in alert["sentence_vi"]
        assert "−174" in alert["sentence_vi"]
        assert "20.178" in alert["story_vi"], "the accepted total printed as due"
    submitted = next(alert for alert in alerts if alert["origin"] == "submitted")
    assert {cell["address"] for cell in submitted["cells"]} >= {"T14", "J14", "L14"}


def test_returned_and_unreadable_offices_are_told_and_the_others_reach_the_facts(home: Home, first_night: dict) -> None:
    verdicts = dict(
        run_query(
            home,
            "select verdict, count(*) from fct_submission where is_simulated or source_ref like '%phu-quoc%' group by verdict",
        ).iter_rows()
    )
    assert verdicts == {"accepted": 13, "accepted_with_query": 1, "returned": 1, "unreadable": 1}
    offices = one(home, "select count(distinct submission_id) as offices from fct_case_results where is_simulated")
    assert offices["offices"] == 14
    held_back = run_query(home, "select * from fct_case_results where unit_key = 'kien-giang.go-quao'")
    assert held_back.is_empty()


def test_letters_lie_in_the_outbox_in_vietnamese_first(home: Home, first_night: dict) -> None:
    (letter,) = (home.alerts / "outbox" / "2023-09").glob("kien-giang.go-quao-*.md")
    text = letter.read_text(encoding="utf-8")
    assert (
        text.index("SỐ LIỆU MÔ PHỎNG")
        < text.index("Chi cục Thi hành án dân sự huyện Gò Quao")
        < text.index("In English")
    )
    assert "ô T14" in text


def test_the_same_inbox_again_changes_nothing(home: Home, first_night: dict) -> None:
    before = live_release(home)
    letters = sorted(path.stat().st_mtime_ns for path in (home.alerts / "outbox").rglob("*.md"))
    again = load(SAMPLES, home)
    assert again["verdicts"] == {}
    assert again["alerts_opened"] == again["alerts_resolved"] == []
    assert live_release(home) == before
    assert sorted(path.stat().st_mtime_ns for path in (home.alerts / "outbox").rglob("*.md")) == letters


def test_a_corrected_return_replaces_the_first_while_readers_go_on(
    home: Home, first_night: dict, second_inbox: Path
) -> None:
    reader = subprocess.Popen([sys.executable, "-c", READER, str(home.live), "200"], stdout=subprocess.PIPE, text=True)
    night = load(second_inbox, home)
    read = json.loads(reader.communicate(timeout=300)[0])
    assert read["failures"] == []
    assert len(read["seen"]) <= 2, "yesterday's tables or today's, never a mixture"

    assert night["verdicts"] == {"accepted": 1} | ({"accepted_with_query": 1} if SEED.exists() else {})
    assert {alert["unit_key"] for alert in night["alerts_resolved"]} == {"kien-giang.go-quao"}
    chain = run_query(
        home,
        "select version, verdict, supersedes, submission_id from fct_submission "
        "where unit_key = 'kien-giang.go-quao' order by version",
    ).to_dicts()
    assert [(row["version"], row["verdict"]) for row in chain] == [(1, "returned"), (2, "accepted")]
    assert chain[1]["supersedes"] == chain[0]["submission_id"]
    resolved = run_query(home, "select * from fct_alert where unit_key = 'kien-giang.go-quao'").to_dicts()
    assert resolved
    assert all((row["state"], row["opened_version"], row["resolved_version"]) == ("resolved", 1, 2) for row in resolved)
    assert not run_query(home, "select * from fct_case_results where unit_key = 'kien-giang.go-quao'").is_empty()
    assert [release.number for release in releases(home)] == [1, 2]
    (notice,) = (home.alerts / "outbox" / "2023-09").glob("kien-giang.go-quao-*-resolved.md")
    assert "Báo cáo lần 2 đã thay báo cáo lần 1" in notice.read_text(encoding="utf-8")
    news = (home.bulletin / "current" / "changes.html").read_text(encoding="utf-8")
    assert "Release 2 compared with release 1" in news
    assert "kien-giang.go-quao" in news.split("Reports that came")[1].split("Figures that moved")[0]
    assert "kien-giang.go-quao.bo-sung-2.xlsx" in news
    (incident,) = resolved
    assert incident["rule_id"] in news.split("Incidents resolved")[1]


def test_the_bulletin_of_a_later_night_is_what_a_fresh_one_would_be(
    home: Home, first_night: dict, tmp_path: Path
) -> None:
    made = make_bulletin(home)
    assert made.release == 2
    assert not made.is_new, "the night made it"
    make_bulletin(home, tmp_path / "fresh")
    taken, releases_told = 0, re.compile(r'<span id="release">(\d+)</span>')
    for path in sorted((tmp_path / "fresh").rglob("*.html")):
        kept = made.folder / path.relative_to(tmp_path / "fresh")
        texts = [page.read_text(encoding="utf-8") for page in (path, kept)]
        assert releases_told.sub("", texts[0]) == releases_told.sub("", texts[1]), kept
        taken += releases_told.findall(texts[1]) == ["1"]
    assert taken > 150, "pages on which nothing changed are not written again"
    assert sum(1 for _ in made.folder.rglob("*.html")) == sum(1 for _ in (tmp_path / "fresh").rglob("*.html"))


def test_a_report_in_words_agrees_with_its_workbook_until_one_figure_of_it_is_changed(
    home: Home, second_inbox: Path, tmp_path: Path
) -> None:
    if not SEED.exists():
        pytest.skip("the seed report lies beside the repository and is not here")
    text = one(home, f"select submission_id, verdict from fct_submission where {OF_TEXT}")["submission_id"]
    rule = f"submission_id = '{text}' and rule_id = 'text.agrees_with_forms'"
    agreed = run_query(home, f"select form, status, checked from fct_outcome where {rule} and checked > 0")
    assert sorted(agreed.iter_rows()) == [
        ("01", "pass", 6), ("02", "pass", 6), ("09", "pass", 4), ("credit", "pass", 3), ("discipline", "pass", 1)
    ]  # fmt: skip
    before = run_query(home, f"select alert_id, rule_id from fct_alert where {OF_TEXT}").to_dicts()
    assert [alert["rule_id"] for alert in before] == ["balance.carried_over"]

    total = ("01", "total.total")
    changed = {**KIEN_GIANG_2022, total: {**KIEN_GIANG_2022[total], "completed": 12065}}
    workbook = tmp_path / "inbox" / "kien-giang.2022-12.bo-sung-2.xlsx"
    write_kien_giang(workbook, changed, revision=2, reason="Đếm lại số việc thi hành xong")
    night = load(workbook.parent, home)
    contradiction = one(home, f"select * from fct_alert where {OF_TEXT} and rule_id = 'text.agrees_with_forms'")
    assert contradiction["alert_id"] in {alert["alert_id"] for alert in night["alerts_opened"]}
    told, sent = contradiction["cells"]
    start, end = told["address"].removeprefix("c").split("-")
    assert SEED.read_text(encoding="utf-8")[int(start) : int(end)] == told["raw"] == "12.056 việc"
    assert (told["sheet"], sent["sheet"], sent["address"], sent["raw"]) == (TEXT, "01", "L14", "12065")
    letters = [path.read_text(encoding="utf-8") for path in (home.alerts / "outbox" / "2022-12").glob("published-*.md")]
    (letter,) = [text for text in letters if "12.065" in text and TEXT in text]
    for quoted in (contradiction["sentence_vi"], letter):
        assert f"trang «{TEXT}»" in quoted
        assert f"12.056 (ô {told['address']})" in quoted
        assert "trang «01»" in quoted
        assert "12.065 (ô L14)" in quoted
    kept = one(home, f"select alert_id, state from fct_alert where {OF_TEXT} and rule_id = 'balance.carried_over'")
    assert kept == {"alert_id": before[0]["alert_id"], "state": "open"}, "what the text says alone is told as before"


def test_the_published_file_holds_tables_only_and_opens_without_us(home: Home, first_night: dict) -> None:
    with duckdb.connect(str(home.live), read_only=True) as connection:
        kinds = connection.execute("select distinct table_type from information_schema.tables").fetchall()
    assert kinds == [("BASE TABLE",)]


def test_the_samples_in_the_repository_are_the_ones_that_the_code_makes(tmp_path: Path) -> None:
    make_samples(tmp_path / "samples", tmp_path / "next")
    for made in (path for path in (tmp_path / "samples").rglob("*") if path.is_file()):
        kept = SAMPLES / made.relative_to(tmp_path / "samples")
        assert made.read_bytes() == kept.read_bytes(), f"make {kept.name} again: python -m pipeline.simulator.samples"
