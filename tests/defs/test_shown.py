"""Claims about what the Dagster UI shows of a night: rows, cells, and links that lead to pages that are there."""

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import dagster as dg
import pytest
import yaml

from expectations.rules import packs
from pipeline.dagster_ui import Links, linked_list, markdown_table
from pipeline.dagster_ui.markdown import MOST_ROWS
from pipeline.dagster_ui.reading_room import bind_server, place_of
from pipeline.home import DBT_PROJECT, Home
from pipeline.judged.checks import check_name
from pipeline.published.query import run_query

OUTCOMES = dg.AssetKey(["judged", "outcomes"])


@pytest.fixture(scope="module")
def history(samples_home: Home) -> Iterator[dg.DagsterInstance]:
    """What Dagster remembers of the night over ``samples/``."""
    with dg.DagsterInstance.from_config(str(samples_home.dagster)) as instance:
        yield instance


@pytest.fixture(scope="module")
def shown(history: dg.DagsterInstance) -> dict[str, dict]:
    """The metadata of the last materialization of every asset."""
    found = {key: history.get_latest_materialization_event(key) for key in history.get_asset_keys()}
    return {
        key.to_user_string(): {name: value.value for name, value in told.asset_materialization.metadata.items()}
        for key, told in found.items()
        if told
    }


@pytest.fixture(scope="module")
def of_rules(history: dg.DagsterInstance) -> dict[str, dict]:
    """The metadata of the last evaluation of every rule's check."""
    keys = [dg.AssetCheckKey(OUTCOMES, check_name(pack, rule)) for pack in packs() for rule in pack.rules]
    found = history.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {
        key.name: {
            name: value.value for name, value in record.event.dagster_event.asset_check_evaluation_data.metadata.items()
        }
        for key, record in found.items()
    }


def file_of(home: Home, address: str) -> Path:
    """Return the file that an address leads to."""
    base = Links(home).base
    assert address.startswith(base)
    return home.root / unquote(address.removeprefix(base).lstrip("/"))


def test_every_published_table_tells_its_rows_and_a_query_that_runs(samples_home, shown):
    tables = run_query(samples_home, "select table_name from duckdb_tables()")["table_name"].to_list()
    assert len(tables) > 40
    for table in tables:
        (rows,) = run_query(samples_home, f"select count(*) as rows from {table}")["rows"]
        assert shown[table]["dagster/row_count"] == rows
        assert shown[table]["table"].rstrip(".").rpartition("One row per ")[1], "it says what a row is"
        assert Path(shown[table]["warehouse"]) == samples_home.live
        query = re.fullmatch(r'thads query "(.+)"', shown[table]["try"])[1]
        assert run_query(samples_home, query).height == min(rows, 20)


def test_every_table_of_the_bulletin_leads_to_a_page_of_it(samples_home, shown):
    exposures = yaml.safe_load((DBT_PROJECT / "models" / "exposures.yml").read_text(encoding="utf-8"))["exposures"]
    (bulletin,) = (exposure for exposure in exposures if exposure["name"] == "bulletin")
    read = {re.fullmatch(r"ref\('(.+)'\)", reference)[1] for reference in bulletin["depends_on"]}
    assert read == bulletin["config"]["meta"]["pages"].keys()
    linked = {
        name: told["bulletin"]
        for name, told in shown.items()
        if name.startswith(("fct_", "dim_", "mart_")) and "bulletin" in told
    }
    assert linked.keys() == read
    assert all(file_of(samples_home, address).is_file() for address in linked.values())


def test_every_rule_leads_to_its_page_and_to_the_data_docs(samples_home, of_rules):
    assert len(of_rules) == sum(len(pack.rules) for pack in packs())
    for name, told in of_rules.items():
        for link in ("rule", "data docs"):
            assert file_of(samples_home, told[link]).is_file(), f"{name}: {told[link]}"


def test_a_failing_rule_shows_the_returns_with_their_cells(of_rules):
    told = of_rules["published__balance_carried_over"]["returns"].splitlines()
    assert len(told) == 3, "header, line, Kiên Giang 2022"
    for sign in ("2022-12", "KG-2022-12M", "!G7 = 8122", "!G3 = 20352", "| 8,122 | 8,296 | -174 |"):
        assert sign in told[-1]
    assert of_rules["published__balance_accepted_total"]["returns"] == "none"


def test_letters_marked_workbooks_and_sites_are_linked(samples_home, shown):
    lists = {"alerts/letters": "letters", "marked/workbooks": "files"}
    for asset, name in lists.items():
        addresses = re.findall(r"\]\((\S+)\)", shown[asset][name])
        assert addresses
        assert all(file_of(samples_home, address).is_file() for address in addresses)
    for asset in ("bulletin/site", "judged/data_docs"):
        assert file_of(samples_home, shown[asset]["open"]).is_file()
    assert file_of(samples_home, shown["published/warehouse"]["what changed"]).is_file()


def test_columns_and_readers_names_are_described_without_a_run():
    from pipeline.definitions import defs

    graph = defs.resolve_asset_graph()
    scorecard = graph.get(dg.AssetKey("mart_scorecard")).metadata
    assert scorecard["dagster/table_name"] == "warehouse.main.mart_scorecard"
    for key in (["mart_scorecard"], ["landing", "receipts"], ["cells", "cells"], ["judged", "findings"]):
        columns = graph.get(dg.AssetKey(key)).metadata["dagster/column_schema"]
        assert len(columns.columns) > 5


def test_a_table_in_markdown_ends_and_text_from_a_file_stays_text():
    text = markdown_table(["file"], [["a|b\n# <b>[x](http://evil.example)"]] + [["x"]] * MOST_ROWS, extra_count=2)
    lines = text.splitlines()
    assert len(lines) == 2 + MOST_ROWS + 1
    assert lines[2] == r"| a\|b # \<b\>\[x\](http: //evil.example) |"
    assert lines[-1] == "| ... 3 more |"
    assert markdown_table(["file"], []) == "none"
    assert linked_list([("a_b.md", "http://127.0.0.1/a_b.md")]) == r"- [a\_b.md](http://127.0.0.1/a_b.md)"


def test_an_address_of_a_file_is_quoted(tmp_path):
    home = Home(tmp_path)
    assert Links(home, "http://x.example/").address(tmp_path / "marked" / "a (1) é.xlsx") == (
        "http://x.example/marked/a%20%281%29%20%C3%A9.xlsx"
    )


def test_only_an_address_on_loopback_is_served_by_us():
    assert place_of("http://127.0.0.1:3001") == ("127.0.0.1", 3001)
    assert place_of("http://localhost:3001/") == ("127.0.0.1", 3001)
    for elsewhere in (
        "https://127.0.0.1:3001",
        "http://statistics.example",
        "http://127.0.0.1/thads",
        "http://10.0.0.1",
    ):
        assert place_of(elsewhere) is None


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[tuple[Home, str]]:
    """A home that is served, and its address."""
    home = Home(tmp_path / "home")
    texts = {
        "bulletin/000001-ab/index.html": "<p>bulletin",
        "alerts/outbox/2023-09/a.md": "Kính gửi",
        "alerts/log.jsonl": "log",
        "contacts.yaml": "people:",
        "landing/blobs/ab/abcd": "bytes",
    }
    for name, text in texts.items():
        (home.root / name).parent.mkdir(parents=True, exist_ok=True)
        (home.root / name).write_text(text, encoding="utf-8")
    (home.bulletin / "current").symlink_to("000001-ab")
    (home.bulletin / "outside.html").symlink_to(home.root / "contacts.yaml")
    server = bind_server(home, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield home, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def status(address: str, host: str | None = None) -> int:
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def test_pages_and_letters_are_served_and_nothing_else(reading):
    _, base = reading
    with urllib.request.urlopen(f"{base}/alerts/outbox/2023-09/a.md") as answer:
        assert answer.read().decode() == "Kính gửi"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert status(f"{base}/bulletin/current/index.html") == 200
    for hidden in (
        *("contacts.yaml", "landing/blobs/ab/abcd", "alerts/log.jsonl", "", "bulletin", "bulletin/current/"),
        *("bulletin/../contacts.yaml", "bulletin/%2e%2e/contacts.yaml", "bulletin/outside.html", "bulletin/%00"),
    ):
        assert status(f"{base}/{hidden}") == 404, hidden


def test_a_page_from_elsewhere_whose_name_leads_to_us_is_refused(reading):
    _, base = reading
    assert status(f"{base}/bulletin/current/index.html", host="evil.example:3001") == 421
    assert status(f"{base}/bulletin/current/index.html", host="localhost:3001") == 200
