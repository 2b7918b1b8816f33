"""Someone opens, breaks, replaces or deletes what is published: readers read on, and one sentence says what happened."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import alerts, bulletin, query, status, trace
from pipeline.home import Home
from pipeline.published import live_release, publish, rollback
from pipeline.published.mending import is_sound, mend
from pipeline.published.query import NoWarehouse, run_query
from pipeline.published.releases import releases
from tests.support.nights import copy_of
from tests.support.releases import build_night, fingerprint, publish_night, read_night

HOLDER = """
import sys, time
import duckdb
connection = duckdb.connect(sys.argv[1])
if len(sys.argv) > 2:
    connection.execute("set checkpoint_threshold = '1 GB'")
    connection.execute("create table theirs as select 1 as i")
print("holds", flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    for night in (1, 2):
        publish_night(home, night)
    return home


@contextmanager
def held(path: Path, *, changes: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Have another process keep a file open to write."""
    path.chmod(0o644)
    command = [sys.executable, "-c", HOLDER, str(path), *(["changes"] if changes else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "holds\n"
        yield process
    finally:
        process.kill()
        process.wait()


def corrupt(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)


def corrupt_and_hide_it(path: Path) -> None:
    """Change bytes as a broken disk does: the time of change stays."""
    state = path.stat()
    corrupt(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def truncate(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, 0)


def replace_by_another_warehouse(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table a as select 99 as night")


def replace_by_text(path: Path) -> None:
    path.unlink()
    path.write_text("not a warehouse")


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("of theirs")


def lead_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.duckdb")


def lock_away(path: Path) -> None:
    path.chmod(0)


DAMAGES = [
    *(corrupt, corrupt_and_hide_it, truncate, empty, replace_by_another_warehouse, replace_by_text),
    *(make_a_folder, lead_nowhere, lock_away, Path.unlink),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_live_file_is_replaced_by_its_release(home: Home, damage: Callable[[Path], None]) -> None:
    damage(home.live)
    assert read_night(home) == 2
    publish_night(home, 3)
    assert read_night(home) == 3
    assert [release.number for release in releases(home)] == [1, 2, 3]
    assert mend(home, is_thorough=True) == []


@pytest.mark.parametrize("damage", [corrupt, truncate, empty, replace_by_another_warehouse], ids=lambda it: it.__name__)
def test_a_damaged_release_is_taken_again_from_the_live_file(home: Home, damage: Callable[[Path], None]) -> None:
    (_, release) = releases(home)
    damage(release.path)
    (sentence,) = mend(home)
    assert "taken again from the live file" in sentence
    assert release.is_whole(is_thorough=True)
    assert read_night(home) == 2


@pytest.mark.parametrize("damage", DAMAGES[:6], ids=lambda damage: damage.__name__)
def test_where_live_and_release_are_damaged_the_one_before_stands_until_it_is_built_again(
    home: Home, damage: Callable[[Path], None]
) -> None:
    damage(home.live)
    damage(releases(home)[-1].path)
    assert read_night(home) == 1
    live = live_release(home)
    assert live is not None
    assert live.number == 1
    publish_night(home, 2)
    assert read_night(home) == 2


def test_where_nothing_is_whole_a_sentence_says_so_and_the_next_load_publishes(home: Home) -> None:
    for path in (home.live, *(release.path for release in releases(home))):
        truncate(path)
    with pytest.raises(NoWarehouse, match="thads load"):
        run_query(home, "select 1")
    publish_night(home, 3)
    assert read_night(home) == 3


def test_one_hand_reaches_the_live_file_or_its_release_and_never_both(home: Home) -> None:
    (_, release) = releases(home)
    assert not release.path.samefile(home.live)
    assert release.record is not None
    assert release.record.sha256
    assert release.record.tables == {"a": 1000, "b": 1000}


def test_a_live_file_that_was_a_link_to_its_release_becomes_a_copy(home: Home) -> None:
    (_, release) = releases(home)
    for path in (home.live, home.published / "release.json", *(home.published / "releases").glob("*.json")):
        path.unlink()
    os.link(release.path, home.live)
    assert read_night(home) == 2
    assert not release.path.samefile(home.live)
    assert is_sound(home)


def test_the_process_that_holds_the_live_file_is_named_and_readers_read_on(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    with held(home.live) as process:
        assert read_night(home) == 2
        (told,) = caplog.messages
        assert f"process {process.pid} (python" in told
        assert "end that process" in told
        assert f"process {process.pid}" in home.night_log.read_text(encoding="utf-8")
        publish_night(home, 3)
        assert read_night(home) == 3
    assert len(caplog.messages) == 1, "it is said once"


def test_a_night_ends_well_while_someone_writes_to_the_old_live_file(home: Home) -> None:
    with held(home.live, changes=True):
        publish_night(home, 3)
        assert read_night(home) == 3
    assert read_night(home) == 3
    assert not list(home.published.glob("*.wal"))


def test_a_log_that_a_killed_program_left_is_moved_aside_and_kept(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    with held(home.live, changes=True):
        pass
    assert home.live.with_name("warehouse.duckdb.wal").exists()
    assert read_night(home) == 2
    assert any(path.name.endswith(".wal") for path in (home.published / "aside").iterdir())
    assert any("write-ahead log" in told for told in caplog.messages)
    with pytest.raises(duckdb.Error, match="theirs"):
        run_query(home, "select * from theirs")


def test_a_foreign_log_of_nonsense_does_not_keep_readers_out(home: Home) -> None:
    home.live.with_name("warehouse.duckdb.wal").write_bytes(b"nonsense")
    assert read_night(home) == 2
    for path in (home.live, releases(home)[-1].path):
        path.with_name(f"{path.name}.wal").write_bytes(b"nonsense")
    publish_night(home, 3)
    assert read_night(home) == 3


def test_what_someone_wrote_into_the_live_file_is_kept_aside_and_seen_by_nobody(home: Home) -> None:
    home.live.chmod(0o644)
    with duckdb.connect(str(home.live)) as theirs:
        theirs.execute("update a set night = 77")
    assert read_night(home) == 2
    (kept,) = (home.published / "aside").iterdir()
    with duckdb.connect(str(kept), read_only=True) as theirs:
        assert theirs.execute("select max(night) from a").fetchone() == (77,)


def test_an_older_reader_keeps_its_night_while_the_live_file_is_mended(home: Home) -> None:
    code = "import duckdb,sys; c=duckdb.connect(sys.argv[1],read_only=True); print(1,flush=True); input(); print(c.execute('select max(night) from a').fetchone()[0])"
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(home.live)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    make_room = home.live.with_name("moved")
    home.live.rename(make_room)
    assert read_night(home) == 2
    assert reader.communicate("\n")[0] == "2\n"


def test_a_rollback_passes_over_a_damaged_release(home: Home) -> None:
    publish_night(home, 3)
    truncate(releases(home)[1].path)
    assert rollback(home).number == 1
    assert read_night(home) == 1


def test_a_release_whose_copy_was_touched_is_known_by_its_bytes(home: Home) -> None:
    os.utime(home.live)
    live = live_release(home)
    assert live is not None
    assert live.number == 2


def test_a_damaged_release_is_no_reason_not_to_build(home: Home) -> None:
    """The load would otherwise say that nothing changed since a release that is gone."""
    publish(home, build_night(home, 3), fingerprint(3))
    for path in (home.live, releases(home)[-1].path):
        truncate(path)
    publish(home, build_night(home, 3), fingerprint(3))
    assert read_night(home) == 3
    assert live_release(home) == releases(home)[-1]


TRACED = [
    "unit_key=kien-giang",
    "period_id=2022-12",
    "case_kind=total",
    "initiative=total",
    "scope=province",
    "is_simulated=false",
]
COMMANDS: dict[str, Callable[[Path], int]] = {
    "query": lambda root: query.ask("select count(*) as n from fct_submission", "csv", None, root),
    "status": lambda root: status.show_status("2023-09", None, None, root, as_json=True),
    "alerts": lambda root: alerts.show_alerts(alerts.IncidentFilter(), root, as_json=True),
    "trace": lambda root: trace.show_trace("fct_case_results", "due", TRACED, root, as_json=True),
    "bulletin": lambda root: bulletin.write_bulletin(None, root, as_json=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("damage", [corrupt, truncate, make_a_folder, Path.unlink], ids=lambda it: it.__name__)
def test_every_command_answers_as_before_whatever_was_done_to_the_live_file(
    samples_home: Home, tmp_path: Path, damage: Callable[[Path], None], capfd: pytest.CaptureFixture[str]
) -> None:
    home = copy_of(samples_home, tmp_path / "home")
    assert not releases(home)[-1].path.samefile(home.live)
    before = {name: (run(home.root), capfd.readouterr().out) for name, run in COMMANDS.items()}
    assert {code for (code, _) in before.values()} == {0}
    for name, run in COMMANDS.items():
        damage(home.live)
        code, text = run(home.root), capfd.readouterr().out
        assert (code, text) == before[name], name
        shutil.rmtree(home.published / "aside", ignore_errors=True)  # what was deleted left nothing there


@pytest.mark.slow
def test_every_command_names_who_holds_the_live_file(
    samples_home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    home = copy_of(samples_home, tmp_path / "home")
    for name, run in COMMANDS.items():
        if name == "bulletin":  # it reads the release
            continue
        caplog.clear()
        with held(home.live) as process:
            run(home.root)
            assert any(f"process {process.pid}" in told for told in caplog.messages), name
