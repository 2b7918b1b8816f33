"""Runs dbt (``python -m pipeline.warehouse.dbt``) and ends it when the load that started it is gone.

With ``--when-told`` first, dbt is imported and the project parsed at once, while the load still judges; the build waits
for a line on standard input and does not begin where that closes without one.
"""

import sys

from pipeline.orphans import end_with_parent

WHEN_TOLD = "--when-told"


def main() -> None:
    """Run dbt with the arguments of the command line."""
    end_with_parent()
    arguments = sys.argv[1:]
    if arguments[:1] == [WHEN_TOLD]:
        sys.exit(_run_when_told(arguments[1:]))
    from dbt.cli.main import cli

    cli(arguments, prog_name="dbt")


def _run_when_told(arguments: list[str]) -> int:
    """Parse, wait, run; return dbt's exit code: 0 well, 1 a node failed, 2 dbt itself failed."""
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["--no-version-check", "--log-level", "none", "--log-level-file", "none", "parse"])
    if not sys.stdin.readline():
        return 0
    # Without a manifest dbt parses again, and says what is wrong where Dagster listens.
    manifest = parsed.result if parsed.success else None
    done = dbtRunner(manifest=manifest).invoke(arguments)  # type: ignore[arg-type]
    return 0 if done.success else 2 if done.exception else 1


if __name__ == "__main__":
    main()
