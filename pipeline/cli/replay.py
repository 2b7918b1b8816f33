"""``thads replay``: what a changed rule pack would do to the returns that are there."""

import json
from pathlib import Path

from rich.text import Text

from expectations.rules import PackError
from pipeline.calendar.periods import Period
from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.judged.replay import replay
from pipeline.vocabulary import Verdict

WORDS = {
    Verdict.ACCEPTED: "chấp nhận · accepted",
    Verdict.ACCEPTED_WITH_QUERY: "chấp nhận, có câu hỏi · queried",
    Verdict.RETURNED: "trả lại · returned",
}


def show_replay(pack: Path, first: str | None, last: str | None, home: Path | None, *, as_json: bool) -> int:
    """Print the returns whose verdict would flip; return the exit code."""
    try:
        bounds = [Period.parse(text) if text else None for text in (first, last)]
        result = replay(open_home(home), pack, first=bounds[0], last=bounds[1], progress=lambda line: err.print(line))
    except (PackError, FileNotFoundError, ValueError) as error:
        err.print(Text(f"thads replay: {error}"))
        return 2
    flips = result.flips.to_dicts()
    if as_json:
        head = {"pack": result.pack.pack, "pack_version": result.pack.full_version, "judged": result.judged_count}
        print(json.dumps(head | {"flips": flips}, ensure_ascii=False, default=str))
        return 0
    for row in flips:
        before, after = (WORDS[Verdict(row[name])] for name in ("before", "after"))
        rules = [*(f"+{rule}" for rule in row["starts_failing"]), *(f"-{rule}" for rule in row["stops_failing"])]
        office = row["unit_key"] or row["source_ref"]
        out.print(
            Text(f"{row['period_id'] or '?'}  {office} ({row['scope'] or '?'}): {before} -> {after}  {' '.join(rules)}")
        )
    out.print(
        Text(
            f"{len(flips)} trong {result.judged_count} báo cáo đổi kết quả; chưa công bố gì. · "
            f"{len(flips)} of {result.judged_count} returns would flip; nothing was published."
        )
    )
    return 0
