"""``thads check``: judge a file without loading it."""

import json
from pathlib import Path

from rich.text import Text

from pipeline.check import Checked, check_file
from pipeline.cli.findings import as_objects, print_findings
from pipeline.cli.main import err, out
from pipeline.home import open_home
from pipeline.marked.words import MARKED
from pipeline.vocabulary import Verdict

EXIT = {Verdict.UNREADABLE: 3, Verdict.RETURNED: 2}
WORDS = {
    Verdict.ACCEPTED: ("green", "ĐƯỢC CHẤP NHẬN · ACCEPTED"),
    Verdict.ACCEPTED_WITH_QUERY: ("yellow", "CHẤP NHẬN, CÓ CÂU HỎI · ACCEPTED WITH A QUERY"),
    Verdict.RETURNED: ("red", "SẼ BỊ TRẢ LẠI · WOULD BE RETURNED"),
    Verdict.UNREADABLE: ("red", "KHÔNG ĐỌC ĐƯỢC · UNREADABLE"),
}


def check(file: Path, home: Path | None, *, as_json: bool, marked: Path | None = None) -> int:
    """Print what a check finds, write the marked file where ``marked`` says; return the exit code."""
    if not file.is_file():
        err.print(Text(f"thads check: there is no file at {file}"))
        return EXIT[Verdict.UNREADABLE]
    if marked and marked.exists() and marked.samefile(file):
        err.print(Text(f"thads check: {file} is the file under check and is never changed; write --marked to another"))
        return 2
    checked = check_file(file, open_home(home), mark=marked is not None)
    written = _write_marked(checked, marked) if marked else []
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


def _as_object(file: Path, checked: Checked) -> dict:
    return {
        "file": str(file),
        "verdict": str(checked.verdict),
        "submissions": checked.submissions.select(
            "submission_id", "source_ref", "report_id", "unit_key", "scope", "period_id", "verdict"
        ).to_dicts(),
        "unreadable": checked.unreadable.to_dicts(),
        "findings": as_objects(checked.findings),
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
