"""Programs that are built on an older DuckDB open a release, and see in it what we see."""

import json
import subprocess

import duckdb
import pytest

from pipeline.home import Home
from tests.support import old_clients

pytestmark = pytest.mark.slow

#: Every table whole, and every table macro on a day; run by the old client and by ours.
LOOK = """
import hashlib, json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
seen = {}
for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall():
    rows = connection.execute(f'select * from "{name}"').fetchall()
    seen[name] = [len(rows), hashlib.sha256("".join(sorted(map(repr, rows))).encode()).hexdigest()]
macros = "select distinct function_name from duckdb_functions() where function_type = 'table_macro' and not internal"
for (name,) in sorted(connection.execute(macros).fetchall()):
    seen[name] = connection.execute(f"select count(*) from {name}(date '2026-01-01')").fetchone()[0]
print(json.dumps([duckdb.__version__, seen]))
"""


def seen_by(python: str, home: Home) -> tuple[str, dict]:
    done = subprocess.run([python, "-c", LOOK, str(home.live)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    version, seen = json.loads(done.stdout)
    return version, seen


@pytest.mark.parametrize("version", old_clients.VERSIONS)
def test_an_older_duckdb_opens_the_release_and_sees_the_same(samples_home: Home, version: str) -> None:
    try:
        python = old_clients.python_with(version)
    except RuntimeError as problem:
        if old_clients.is_required():
            raise
        pytest.skip(str(problem))
    theirs, seen = seen_by(str(python), samples_home)
    ours, expected = seen_by(old_clients.sys.executable, samples_home)
    assert theirs.startswith(version)
    assert ours == duckdb.__version__
    assert seen == expected
    assert len(expected) > 80, "tables and macros"
