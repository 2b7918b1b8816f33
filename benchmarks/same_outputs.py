"""Loads the same inboxes with an earlier commit and with this one, and compares all that a reader could see.

Published tables row for row, letters, marked workbooks and validation reports byte for byte, pages of the bulletin, and
what ``thads check --json`` says of each file. What must be other (a rewording, say) is shown, so that a person can look.

Run ``make same-outputs BEFORE=COMMIT`` after a change that should change nothing.
"""

import argparse
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parent.parent
#: Folders of a home that people read, and which of their files.
READ_BY_PEOPLE = {"alerts/outbox": "*.md", "marked": "*", "bulletin/current": "*"}
#: What follows from the code itself and not from what was sent.
VERSIONS = re.compile(rb"\d{6}-[0-9a-f]{12}|\+[0-9a-f]{8}\b")
#: Made from the code's hash: a fingerprint of a folder.
FINGERPRINTS = {"fingerprint.txt", "content.txt"}
MOST_EXAMPLES = 5


def main() -> int:
    """Compare; exit 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_outputs", description=__doc__)
    parser.add_argument("--before", default="HEAD~1", metavar="COMMIT", help="the commit to compare with (HEAD~1)")
    parser.add_argument("--inbox", type=Path, nargs="*", default=[], metavar="DIR", help="more inboxes to load")
    parser.add_argument("--months", type=int, default=12, help="months of the simulated province (12)")
    parser.add_argument("--offices", type=int, default=4, help="offices of the simulated province (4)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thads-same-") as name:
        folder = Path(name)
        earlier = _checkout(options.before, folder / "before")
        try:
            inboxes = {"samples": PROJECT / "samples"}
            if options.months:
                inboxes["province"] = _simulated(folder / "province", options.months, options.offices)
            inboxes |= {inbox.resolve().name: inbox.resolve() for inbox in options.inbox}
            return compare(inboxes, {"before": earlier, "after": PROJECT}, folder)
        finally:
            _git("worktree", "remove", "--force", str(earlier))


def compare(inboxes: dict[str, Path], trees: dict[str, Path], folder: Path) -> int:
    """Load each inbox with the code of both trees; print what differs and return the exit code."""
    count = 0
    for name, inbox in inboxes.items():
        homes = {when: folder / f"home-{name}-{when}" for when in trees}
        running = {when: _load(tree, inbox, homes[when]) for when, tree in trees.items()}
        codes = {when: process.wait() for when, process in running.items()}
        if len(set(codes.values())) > 1:
            print(f"{name}: exit codes {codes}", flush=True)
            count += 1
            continue
        differences = [*table_differences(homes), *file_differences(*homes.values())]
        checks = [_checked(tree, inbox) for tree in trees.values()]
        if checks[0] != checks[1]:
            differences.append("what thads check says: " + _first_difference(*checks))
        files = sum(1 for home in homes.values() for _ in _read_by_people(home)) // 2
        print(
            f"{name}: exit {codes['after']}, {files} files that people read; {len(differences)} differences", flush=True
        )
        for difference in differences:
            print(f"  {difference}", flush=True)
        count += len(differences)
        for home in homes.values():
            shutil.rmtree(home)
    return 1 if count else 0


def table_differences(homes: dict[str, Path]) -> Iterator[str]:
    """Yield what differs between the published tables of two homes, each by its name: columns, and rows with an example."""
    connection = duckdb.connect()
    columns = {}
    for name, home in homes.items():
        connection.execute(f"attach '{home / 'published' / 'warehouse.duckdb'}' as {name} (read_only)")
        listed = connection.execute(
            "select table_name, list(column_name || ' ' || data_type order by column_index) from duckdb_columns() "
            f"where database_name = '{name}' and not internal group by table_name"
        ).fetchall()
        columns[name] = dict(listed)
    one, other = homes
    for table in sorted(columns[one].keys() | columns[other].keys()):
        if columns[one].get(table) != columns[other].get(table):
            yield f"columns of {table}: {columns[one].get(table)} / {columns[other].get(table)}"
            continue
        for here, there in ((one, other), (other, one)):
            rows = connection.sql(f"from {here}.main.{table} except all from {there}.main.{table}").fetchall()
            if rows:
                yield f"{len(rows)} rows of {table} only {here}, e.g. {rows[0]}"


def file_differences(before: Path, after: Path) -> Iterator[str]:
    """Yield which files that people read are missing, new or other."""
    files = [dict(_read_by_people(home)) for home in (before, after)]
    for only, names in (("before", files[0].keys() - files[1].keys()), ("after", files[1].keys() - files[0].keys())):
        if names:
            yield f"{len(names)} files only {only}, e.g. {', '.join(sorted(names)[:MOST_EXAMPLES])}"
    other = [name for name in sorted(files[0].keys() & files[1].keys()) if files[0][name] != files[1][name]]
    if other:
        yield f"{len(other)} files are other, e.g. {', '.join(other[:MOST_EXAMPLES])}"
        first = [_as_text(contents[other[0]]) for contents in files]
        yield f"{other[0]}: {_first_difference(*first)}"


def _read_by_people(home: Path) -> Iterator[tuple[str, bytes]]:
    for part, pattern in READ_BY_PEOPLE.items():
        root = (home / part).resolve()
        for path in sorted(root.rglob(pattern)):
            if path.is_file() and path.name not in FINGERPRINTS:
                yield f"{part}/{path.relative_to(root).as_posix()}", VERSIONS.sub(b"", path.read_bytes())


def _first_difference(before: str, after: str) -> str:
    changed = (line for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))
    lines = [line[:300] for line in changed if line[:3] not in ("---", "+++") and line[:2] != "@@"]
    return " | ".join(lines[:4]) or "bytes"


def _as_text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def _simulated(folder: Path, months: int, offices: int) -> Path:
    last = f"2023-{months - 3:02}" if months > 3 else f"2022-{months + 9:02}"
    command = ["simulate", "--out", str(folder), "--from", "2022-10", "--to", last, "--offices", str(offices)]
    if code := _run(PROJECT, [*command, "--faults", "40", "--seed", "11"]).wait():
        raise SystemExit(f"thads simulate ended with {code}: try 'thads {' '.join(command)}'")
    return folder / "inbox"


def _load(tree: Path, inbox: Path, home: Path) -> subprocess.Popen:
    return _run(tree, ["load", str(inbox), "--home", str(home), "--json"])


def _checked(tree: Path, inbox: Path) -> str:
    with tempfile.TemporaryFile("w+") as output:
        _run(tree, ["check", str(inbox), "--json", "--read"], output=output).wait()
        output.seek(0)
        return output.read()


def _run(tree: Path, command: list[str], output: object = subprocess.DEVNULL) -> subprocess.Popen:
    """Run a command of the code in ``tree``: what stands in its folder comes before what is installed."""
    environment = os.environ | {"PYTHONPATH": str(tree), "NO_COLOR": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli.main", *command],
        cwd=tree,
        env=environment,
        stdout=output,  # type: ignore[call-overload]
        stderr=subprocess.DEVNULL,
    )


def _checkout(commit: str, folder: Path) -> Path:
    _git("worktree", "add", "--detach", str(folder), commit)
    return folder


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
