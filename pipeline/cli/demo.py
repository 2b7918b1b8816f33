"""``thads demo``: load the samples and look at what was found."""

from pathlib import Path

from rich.rule import Rule
from rich.text import Text

from pipeline.cli.load import load_inbox
from pipeline.cli.query import ask
from pipeline.cli.terminal import out
from pipeline.home import PROJECT

SAMPLES = PROJECT / "samples"
NEXT_NIGHT = PROJECT / "docs" / "next-night"

EXAMPLE = (
    "select period_id, money_completed_vnd, money_completion_rate_pct, money_target_pct, money_gap_points, "
    "has_open_alert from mart_scorecard where unit_key = 'kien-giang' and not is_simulated order by period_id"
)


def run_demo(home: Path | None) -> int:
    """Load ``samples/``, ask one question and say what to try next; return the exit code."""
    if code := load_inbox(SAMPLES, home, as_json=False):
        return code
    home_option = f" --home {home}" if home else ""
    out.print(Rule("Một câu hỏi · One question", style="dim"))
    out.print(Text(f'thads query "{EXAMPLE}"{home_option}', style="cyan"))
    ask(EXAMPLE, "table", None, home)
    out.print(Rule("Thử tiếp · Try next", style="dim"))
    for command, purpose in (
        (
            f"thads alerts list{home_option}",
            "mọi điểm không khớp, với ô và phép tính · every discrepancy, with its cells and sum",
        ),
        (
            f"thads load {NEXT_NIGHT.relative_to(PROJECT)}{home_option}",
            "bản sửa thay bản đầu, cảnh báo tự đóng · a corrected workbook resolves its alert",
        ),
        (f"thads status --period 2023-09{home_option}", "ai đã nộp, ai chưa · who reported, who is silent"),
        ("thads template 01 --unit 'Gò Quao' --period 2023-10 -o mau.xlsx", "biểu mẫu trắng · a blank form"),
    ):
        out.print(Text.assemble(("  " + command, "cyan"), ("  " + purpose, "dim")))
    return 0
