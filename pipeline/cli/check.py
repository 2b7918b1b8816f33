"""``thads check``: judge files without loading them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from pipeline.check import CheckResult, check_file, check_files, list_files
from pipeline.cli.findings import as_objects, plain_text, print_findings
from pipeline.cli.terminal import err, out
from pipeline.home import Home, open_home
from pipeline.judged.validation_report import as_json as report_as_json
from pipeline.judged.validation_report import validation_report
from pipeline.marked.words import MARKED_SUFFIX
from pipeline.vocabulary import Verdict

MOST_CAUSES = 20
EXIT = {Verdict.UNREADABLE: 3, Verdict.RETURNED: 2}
WORDS = {
    Verdict.ACCEPTED: ("green", "ĐƯỢC CHẤP NHẬN · ACCEPTED"),
    Verdict.ACCEPTED_WITH_QUERY: ("yellow", "CHẤP NHẬN, CÓ CÂU HỎI · ACCEPTED WITH A QUERY"),
    Verdict.RETURNED: ("red", "SẼ BỊ TRẢ LẠI · WOULD BE RETURNED"),
    Verdict.UNREADABLE: ("red", "KHÔNG ĐỌC ĐƯỢC · UNREADABLE"),
}


def check(
    paths: Sequence[Path],
    home: Path | None,
    *,
    as_json: bool,
    with_cells: bool = False,
    marked_path: Path | None = None,
    report_path: Path | None = None,
) -> int:
    """Print what a check of files and folders finds; return the exit code, that of the worst file.

    ``marked_path`` and ``report_path`` say where to write the marked file and the validation report, for a single file.
    """
    if len(paths) == 1 and not paths[0].is_dir():
        return _check_one(
            paths[0],
            open_home(home),
            as_json=as_json,
            with_cells=with_cells,
            marked_path=marked_path,
            report_path=report_path,
        )
    if marked_path or report_path:
        err.print(Text("thads check: --marked and --report go with one file; check it alone"))
        return 2
    return _check_many(paths, open_home(home), as_json=as_json, with_cells=with_cells)


def _check_one(
    file: Path, home: Home, *, as_json: bool, with_cells: bool, marked_path: Path | None, report_path: Path | None
) -> int:
    if not file.is_file():
        err.print(Text(f"thads check: there is no file at {file}"))
        return EXIT[Verdict.UNREADABLE]
    if any(target and target.exists() and target.samefile(file) for target in (marked_path, report_path)):
        err.print(Text(f"thads check: {file} is the file under check and is never changed; write to another"))
        return 2
    if marked_path:
        result = check_file(file, home, mark=True)
    else:
        ((_, result),) = check_files([file], home)
    written_paths = _write_marked(result, marked_path) if marked_path else []
    if report_path:
        report_path.parent.mkdir(parents=True, exist_ok=True)
        report_path.write_text(_report(result), encoding="utf-8")
    if as_json:
        _print_object(_as_object(file, result, with_cells=with_cells))
    else:
        _print_result(file, result, with_cells=with_cells)
        for path in written_paths:
            out.print(Text(f"\nTệp đã đánh dấu · marked file: {path}", style="bold"))
        if marked_path and not written_paths:
            out.print(Text("\nKhông có gì để đánh dấu · nothing to mark"))
        if not marked_path and not result.findings.is_empty():
            hint = f"{file.stem}.{MARKED_SUFFIX}.xlsx"
            out.print(
                Text(f"\nĐánh dấu ngay trong tệp · to mark the file: thads check {file} --marked {hint}", style="dim")
            )
    return EXIT.get(result.verdict, 0)


def _check_many(paths: Sequence[Path], home: Home, *, as_json: bool, with_cells: bool) -> int:
    """Judge several files in one process, each as it is done: an object a line, or a heading a file."""
    warnings: list[str] = []
    files = list_files(paths, warnings)
    for warning in warnings:
        err.print(Text(f"thads check: {warning}", style="yellow"))
    worst_code, verdicts = 0, dict.fromkeys(Verdict, 0)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("đang kiểm tra · checking", total=len(files))
        for number, (file, result) in enumerate(check_files(files, home)):
            worst_code = max(worst_code, EXIT.get(result.verdict, 0))
            verdicts[result.verdict] += 1
            if as_json:
                _print_object(_as_object(file, result, with_cells=with_cells))
            else:
                if number:
                    out.rule(style="dim")
                _print_result(file, result, with_cells=with_cells)
            bar.advance(task)
    if not as_json:
        counts = [f"{words} {verdicts[verdict]}" for verdict, (_, words) in WORDS.items() if verdicts[verdict]]
        out.print(Text(f"\n{len(files)} tệp · files: {'; '.join(counts) or '0'}", style="bold"))
    return worst_code


def _print_object(item: dict[str, Any]) -> None:
    print(json.dumps(item, ensure_ascii=False, default=str), flush=True)


def _write_marked(result: CheckResult, target: Path) -> list[Path]:
    """Write the marked file to ``target``; into it as a folder where there is more than one."""
    if len(result.marked) > 1:
        target.mkdir(parents=True, exist_ok=True)
    paths = {
        target if len(result.marked) == 1 and not target.is_dir() else target / name: content
        for name, content in result.marked.items()
    }
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(paths)


def _report(result: CheckResult) -> str:
    """Return the validation report of all returns in the file."""
    judgement = result.judgement
    return report_as_json(
        [
            entry
            for row in result.submissions.to_dicts()
            for is_own in [pl.col("submission_id") == row["submission_id"]]
            for entry in validation_report(
                row,
                judgement.findings.filter(is_own).to_dicts(),
                judgement.outcomes.filter(is_own).to_dicts(),
                trigger="check",
            )
        ]
    )


def _as_object(file: Path, result: CheckResult, *, with_cells: bool) -> dict[str, Any]:
    submissions = result.submissions.select(
        "submission_id", "source_ref", "report_id", "unit_key", "scope", "period_id", "verdict", "in_answer_to"
    ).to_dicts()
    if with_cells:
        submissions = [row | {"read": understood_cells(result, row["submission_id"])} for row in submissions]
    return {
        "file": str(file),
        "verdict": str(result.verdict),
        "submissions": submissions,
        "unreadable": result.unreadable.to_dicts(),
        "findings": as_objects(result.findings),
        "hypotheses": result.judgement.causes.to_dicts(),
    }


def understood_cells(result: CheckResult, submission_id: str) -> list[dict[str, Any]]:
    """Return every cell that was understood of a submission, in the order of the file.

    ``value`` is a decimal in base units as text, null where there is none; ``unit`` the code of the printed unit.
    """
    from pipeline.cells.narrative import is_hedged

    return [
        {
            "form": cell["form"],
            "row": cell["row_code"],
            "column": cell["column_code"],
            "value": plain_text(cell["value"]),
            "unit": cell["unit"],
            "sheet": cell["sheet"],
            "address": cell["address"],
            "raw": cell["raw"],
            "hedged": is_hedged(cell["raw"] or ""),
        }
        for cell in result.cells.filter(pl.col("submission_id") == submission_id).iter_rows(named=True)
    ]


def _print_result(file: Path, result: CheckResult, *, with_cells: bool) -> None:
    colour, words = WORDS[result.verdict]
    out.print(Text.assemble((str(file), "bold"), ": ", (words, f"bold {colour}")))
    submissions = result.submissions.to_dicts()
    for row in submissions:
        place = f"{row['unit_text'] or '?'} · {row['period_id'] or '?'} · {row['scope'] or '?'}"
        line = Text(f"  {place}", style="dim")
        if len(submissions) > 1:
            colour, words = WORDS[Verdict(row["verdict"])]
            line.append(f"  {row['source_ref'].rpartition('!/')[2]}: ").append(words, style=f"not dim {colour}")
        out.print(line)
    for row in result.unreadable.to_dicts():
        out.print(Text(f"  {row['source_ref']}: {row['problem_vi']}"))
        out.print(Text(f"  {row['source_ref']}: {row['problem_en']}", style="dim"))
    for row in submissions:
        is_own = pl.col("submission_id") == row["submission_id"]
        findings = result.findings.filter(is_own)
        if len(submissions) > 1 and not findings.is_empty():
            out.print(Text(f"\n{row['source_ref']}", style="bold underline"))
        print_findings(findings, out, result.judgement.causes.filter(is_own), result.judgement.cause_findings)
    _print_causes(result)
    if with_cells:
        for row in submissions:
            _print_cells(row, understood_cells(result, row["submission_id"]))


def _print_cells(row: dict[str, Any], cells: list[dict[str, Any]]) -> None:
    """Print what was understood, a line a cell that shows something."""
    printed_cells = [cell for cell in cells if cell["raw"]]
    out.print(
        Text(
            f"\n{row['source_ref']}: đã hiểu {len(printed_cells)} số · understood {len(printed_cells)} figures",
            style="bold",
        )
    )
    for cell in printed_cells:
        place = f"{cell['form'] or '?'}.{cell['row'] or '?'}.{cell['column']}"
        hedge = " (ước chừng · approximate)" if cell["hedged"] else ""
        value = cell["value"] if cell["value"] is not None else "?"
        out.print(Text(f"  {place} = {value}{hedge}  «{cell['raw']}» {cell['sheet']}!{cell['address']}"))


def _print_causes(result: CheckResult) -> None:
    """Say what may have gone wrong, where a hypothesis closes something; nothing is corrected."""
    hypotheses = result.judgement.causes.filter(pl.col("kind") != "unknown").sort("submission_id", "cause_id", "rank")
    if hypotheses.is_empty():
        return
    out.print(
        Text(
            "\nNguyên nhân có thể (chỉ là gợi ý, hệ thống không sửa gì) · Likely causes, nothing is corrected",
            style="bold",
        )
    )
    causes = hypotheses.partition_by("cause_id", maintain_order=True)
    for cause in causes[:MOST_CAUSES]:
        for hypothesis in cause.to_dicts():
            out.print(Text(f"  {hypothesis['rank']}. {hypothesis['sentence_vi']}."))
            out.print(Text(f"     {hypothesis['sentence_en']}.", style="dim"))
    if len(causes) > MOST_CAUSES:
        rest = len(causes) - MOST_CAUSES
        out.print(Text(f"  … và {rest} nguyên nhân nữa, xem --json · and {rest} more causes, see --json", style="dim"))
