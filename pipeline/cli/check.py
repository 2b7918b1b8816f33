"""``thads check``: judge a file without loading it."""

import json
from pathlib import Path

import polars as pl
from rich.text import Text

from pipeline.check import Checked, check_file
from pipeline.cli.findings import as_objects, print_findings
from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.judged.validation_report import as_json as report_as_json
from pipeline.judged.validation_report import validation_report
from pipeline.marked.words import MARKED
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
    file: Path, home: Path | None, *, as_json: bool, marked: Path | None = None, report: Path | None = None
) -> int:
    """Print what a check finds, write marked file and validation report where wished; return the exit code."""
    if not file.is_file():
        err.print(Text(f"thads check: there is no file at {file}"))
        return EXIT[Verdict.UNREADABLE]
    if any(target and target.exists() and target.samefile(file) for target in (marked, report)):
        err.print(Text(f"thads check: {file} is the file under check and is never changed; write to another"))
        return 2
    checked = check_file(file, open_home(home), mark=marked is not None)
    written = _write_marked(checked, marked) if marked else []
    if report:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(_report(checked), encoding="utf-8")
    if as_json:
        print(json.dumps(_as_object(file, checked), ensure_ascii=False, default=str))
    else:
        _tell(file, checked)
        for path in written:
            out.print(Text(f"\nTệp đã đánh dấu · marked file: {path}", style="bold"))
        if marked and not written:
            out.print(Text("\nKhông có gì để đánh dấu · nothing to mark"))
        if not marked and not checked.findings.is_empty():
            hint = f"{file.stem}.{MARKED}.xlsx"
            out.print(
                Text(f"\nĐánh dấu ngay trong tệp · to mark the file: thads check {file} --marked {hint}", style="dim")
            )
    return EXIT.get(checked.verdict, 0)


def _write_marked(checked: Checked, target: Path) -> list[Path]:
    """Write the marked file to ``target``; into it as a folder where there is more than one."""
    if len(checked.marked) > 1:
        target.mkdir(parents=True, exist_ok=True)
    paths = {
        target if len(checked.marked) == 1 and not target.is_dir() else target / name: content
        for name, content in checked.marked.items()
    }
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(paths)


def _report(checked: Checked) -> str:
    """Return the validation report of all returns in the file."""
    told = checked.judgement
    return report_as_json(
        [
            entry
            for row in checked.submissions.to_dicts()
            for mine in [pl.col("submission_id") == row["submission_id"]]
            for entry in validation_report(
                row, told.findings.filter(mine).to_dicts(), told.outcomes.filter(mine).to_dicts(), trigger="check"
            )
        ]
    )


def _as_object(file: Path, checked: Checked) -> dict:
    return {
        "file": str(file),
        "verdict": str(checked.verdict),
        "submissions": checked.submissions.select(
            "submission_id", "source_ref", "report_id", "unit_key", "scope", "period_id", "verdict", "in_answer_to"
        ).to_dicts(),
        "unreadable": checked.unreadable.to_dicts(),
        "findings": as_objects(checked.findings),
        "hypotheses": checked.judgement.causes.to_dicts(),
    }


def _tell(file: Path, checked: Checked) -> None:
    colour, words = WORDS[checked.verdict]
    out.print(Text.assemble((str(file), "bold"), ": ", (words, f"bold {colour}")))
    for row in checked.submissions.to_dicts():
        out.print(Text(f"  {row['unit_text'] or '?'} · {row['period_id'] or '?'} · {row['scope'] or '?'}", style="dim"))
    for row in checked.unreadable.to_dicts():
        out.print(Text(f"  {row['source_ref']}: {row['problem_vi']}"))
        out.print(Text(f"  {row['source_ref']}: {row['problem_en']}", style="dim"))
    print_findings(checked.findings, out)
    _tell_causes(checked)


def _tell_causes(checked: Checked) -> None:
    """Say what may have gone wrong, where a hypothesis closes something; nothing is corrected."""
    guesses = checked.judgement.causes.filter(pl.col("kind") != "unknown").sort("submission_id", "cause_id", "rank")
    if guesses.is_empty():
        return
    out.print(
        Text(
            "\nNguyên nhân có thể (chỉ là gợi ý, hệ thống không sửa gì) · Likely causes, nothing is corrected",
            style="bold",
        )
    )
    for cause in guesses.partition_by("cause_id", maintain_order=True)[:MOST_CAUSES]:
        for guess in cause.to_dicts():
            out.print(Text(f"  {guess['rank']}. {guess['sentence_vi']}."))
            out.print(Text(f"     {guess['sentence_en']}.", style="dim"))
