"""Runs dbt (``python -m pipeline.warehouse.dbt``) and ends it when the load that started it is gone.

With ``--when-told FILE`` first, dbt is imported at once and takes the project as it was parsed into that file, while the
load still judges; the build waits for a line on standard input and does not begin where that closes without one.
"""

import sys
from pathlib import Path

from pipeline.child_process import end_with_parent

WAIT_OPTION = "--when-told"


def main() -> None:
    """Run dbt with the arguments of the command line."""
    end_with_parent()
    arguments = sys.argv[1:]
    if arguments[:1] == [WAIT_OPTION]:
        sys.exit(_run_on_signal(Path(arguments[1]), arguments[2:]))
    from dbt.cli.main import cli

    cli(arguments, prog_name="dbt")


def _run_on_signal(parse_file: Path, arguments: list[str]) -> int:
    """Import, wait, run; return dbt's exit code: 0 well, 1 a node failed, 2 dbt itself failed."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(parse_file.read_bytes())
    manifest.build_flat_graph()
    if not sys.stdin.readline():
        return 0
    result = dbtRunner(manifest=manifest).invoke(arguments)
    return 0 if result.success else 2 if result.exception else 1


if __name__ == "__main__":
    main()
