"""``thads simulate``: a made-up country."""

from pathlib import Path

from rich.progress import Progress
from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.simulator import FAULTS, simulate


def simulate_country(
    out_dir: Path,
    provinces: int,
    first: str,
    last: str,
    seed: int,
    faults: str | None,
    offices: int | None,
    *,
    faults_per_office: int,
    consolidated: bool,
    workbooks: int | None,
) -> int:
    """Write the country; return the exit code."""
    if faults == "list":
        for name, fault in FAULTS.items():
            out.print(Text.assemble((f"{name:28}", "bold"), fault.en))
        return 0
    kinds = [part.strip() for part in faults.split(",") if part.strip()] if faults else None
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("writing workbooks", total=None)
        try:
            truth = simulate(
                out_dir,
                provinces,
                first,
                last,
                seed,
                faults=kinds,
                faults_per_office=faults_per_office,
                offices_per_province=offices,
                consolidated=consolidated,
                workbooks=workbooks,
                progress=lambda count, total: bar.update(task, completed=count, total=total),
            )
        except ValueError as error:
            err.print(Text(f"thads simulate: {error}"))
            return 2
    out.print(
        Text(
            f"{len(truth.reports)} workbooks below {out_dir / 'inbox'}, {len(truth.faults)} faults; truth in {out_dir / 'truth.json'}"
        )
    )
    for planted_fault in truth.faults:
        out.print(Text(f"  {planted_fault.id} {planted_fault.kind}: {planted_fault.path}", style="dim"))
    out.print(Text("SỐ LIỆU MÔ PHỎNG · SIMULATED FIGURES", style="red"))
    return 0
