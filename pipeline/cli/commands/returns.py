"""Commands on returns: take them in, judge one, hand out blank forms, make a country up."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import HomeOption, JsonOption


def load(
    inbox: Annotated[Path, typer.Argument(help="Folder, zip or file with returns; nothing in it is changed.")],
    home: HomeOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Build every period again, not only those that changed.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Load everything new in INBOX: one night, through the Dagster job; then say what came in and what was found.

    It is safe to run again at any moment: only what is missing is done. The last lines of a load that fails name the step, the tests or files that are broken, and the warehouse that stands.

    Exit codes: 0 done, also when returns are bad; 1 the load itself failed; 2 there is no such inbox.
    """
    from pipeline.cli.load import load_inbox

    raise typer.Exit(load_inbox(inbox, home, full=full, as_json=as_json))


def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files to judge, and folders: all that lies in them.")
    ],
    marked: Annotated[
        Path | None,
        typer.Option(
            "--marked", help="Also write the one file again, with what fails shown in its cells.", show_default=False
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Also write the European validation report (JSON) here.", show_default=False),
    ] = None,
    home: HomeOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a file, each on a line, instead of text.")
    ] = False,
    read: Annotated[
        bool, typer.Option("--read", help="Also say all that was understood of each return, cell by cell.")
    ] = False,
) -> None:
    """Judge files without loading them; each finding names its cell and shows the sum.

    Each file is judged by itself, beside the history of the home if there is any. Of a folder, everything in it is judged.

    Exit codes: 0 accepted, also with a query; 2 would be returned; 3 cannot be read, or is not there; of several files the worst counts.

    Example: thads check samples/kien-giang-2022/kien-giang.2022-12.xlsx  # exit 2: cell T14 is off by 174
    """
    from pipeline.cli.check import check

    raise typer.Exit(check(paths, home, as_json=as_json, with_cells=read, marked_path=marked, report_path=report))


def template(
    form: Annotated[str, typer.Argument(help="Form code, e.g. 01; several with commas; 'all' for the whole workbook.")],
    unit: Annotated[str, typer.Option("--unit", help="Unit key or name, e.g. kien-giang.go-quao or 'Gò Quao'.")],
    period: Annotated[str, typer.Option("--period", help="Statistical year and months, e.g. 2023-09.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write it.", show_default=False)
    ] = None,
    scope: Annotated[str | None, typer.Option("--scope", help="own or province, for a provincial agency.")] = None,
    home: HomeOption = None,
) -> None:
    """Make a blank official workbook: live totals, unit and period filled in, last period's figures as comments.

    Exit codes: 0 written; 2 unknown form, unit or period.

    Example: thads template 01,02 --unit 'Gò Quao' --period 2023-09 -o mau.xlsx
    """
    from pipeline.cli.template import write_template

    raise typer.Exit(write_template(form, unit, period, output, scope, home))


def simulate(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to write to: inbox/ and truth.json.")],
    provinces: Annotated[int, typer.Option("--provinces", min=1, help="How many provinces.")] = 1,
    first: Annotated[str, typer.Option("--from", help="First month, e.g. 2022-10.")] = "2022-10",
    last: Annotated[str, typer.Option("--to", help="Last month, e.g. 2023-09.")] = "2022-10",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")] = 1,
    faults: Annotated[
        str | None, typer.Option("--faults", help="Kinds with commas (kind@file), or a number; 'list' lists them.")
    ] = None,
    faults_per_office: Annotated[int, typer.Option("--faults-per-office", min=1, help="So many in one report.")] = 1,
    offices: Annotated[int | None, typer.Option("--offices", min=0, help="At most so many offices a province.")] = None,
    consolidated: Annotated[bool, typer.Option(help="Also write each province's consolidated report.")] = True,
    workbooks: Annotated[
        int | None, typer.Option("--workbooks", min=1, help="At most so many workbooks a month.")
    ] = None,
) -> None:
    """Write a made-up country of workbooks that agree with each other, with named faults planted in it.

    What was planted stands in truth.json beside the inbox. No home is needed.

    Exit codes: 0 written; 2 such a country cannot be made.

    Example: thads simulate --out build/country --provinces 2 --from 2022-10 --to 2022-12 --seed 7

    Example: thads simulate --out build/country --faults list  # the faults it can plant
    """
    from pipeline.cli.simulate import simulate_country

    raise typer.Exit(
        simulate_country(
            out_dir,
            provinces,
            first,
            last,
            seed,
            faults,
            offices,
            faults_per_office=faults_per_office,
            consolidated=consolidated,
            workbooks=workbooks,
        )
    )
