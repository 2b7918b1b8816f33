"""``thads load``: one night's load, through the Dagster job, and what came of it."""

import json
from pathlib import Path

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.night import Night, NightFailed, run_night

VERDICTS = {
    "accepted": ("green", "được chấp nhận · accepted"),
    "accepted_with_query": ("yellow", "chấp nhận, có câu hỏi · accepted with a query"),
    "returned": ("red", "trả lại · returned"),
    "unreadable": ("red", "không đọc được · unreadable"),
    "duplicate": ("dim", "trùng · duplicate"),
}
MESSAGES = {
    "sent": "đã gửi · sent",
    "waiting": "chờ gửi, xem thads outbox list · waiting",
    "refused": "bị từ chối · refused",
}
MOST_LISTED = 12


def load_inbox(inbox: Path, home: Path | None, *, full: bool = False, as_json: bool) -> int:
    """Run one night and print its summary; return the exit code."""
    if not inbox.exists():
        err.print(Text(f"thads load: there is no inbox at {inbox}; name a folder, a zip or a file"))
        return 2
    try:
        night = _with_progress(inbox, home, full)
    except NightFailed as failure:
        if as_json:
            print(json.dumps({"ok": False, "error": str(failure)}, ensure_ascii=False))
        err.print(Text(f"thads load: {failure}", style="red"))
        return 1
    if as_json:
        print(json.dumps({"ok": True, **night.as_object()}, ensure_ascii=False, default=str))
    else:
        _print_summary(night)
    return 0


def _with_progress(inbox: Path, home: Path | None, full: bool) -> Night:
    """Show a bar on a terminal, plain lines elsewhere."""
    if not err.is_terminal:
        return run_night(open_home(home), inbox, full=full, progress=lambda line: err.print(line, highlight=False))
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("đang bắt đầu · starting", total=None)
        return run_night(open_home(home), inbox, full=full, progress=lambda line: bar.update(task, description=line))


def _last_line(cause: str) -> str:
    return cause.strip().rpartition("\n")[2][:200]


def _print_repeats(night: Night) -> None:
    """Say of bytes that came before, and are not what stands, which version does."""
    repeats = [row for row in night.returns if row["verdict"] == "duplicate" and row["problem_vi"]]
    if repeats:
        out.print()
        out.print(Text(f"Gửi lại bản cũ · Sent again: {len(repeats)}", style="bold yellow"))
    for row in repeats[:MOST_LISTED]:
        out.print(Text(f"  {row['source_ref']}", style="bold"))
        out.print(Text(f"    {row['problem_vi']}"))
        out.print(Text(f"    {row['problem_en']}", style="dim"))
    if len(repeats) > MOST_LISTED:
        out.print(Text(f"  ... {len(repeats) - MOST_LISTED} more"))


def _print_summary(night: Night) -> None:
    table = Table(title="Kết quả nạp · What came in", show_edge=False)
    table.add_column("kết quả · verdict")
    table.add_column("số báo cáo · returns", justify="right")
    for verdict, (colour, words) in VERDICTS.items():
        if night.verdicts.get(verdict):
            table.add_row(Text(words, style=colour), str(night.verdicts[verdict]))
    if night.verdicts:
        out.print(table)
    else:
        out.print(Text("Không có gì mới · Nothing new", style="dim"))
    _print_repeats(night)
    for title, colour, alerts in (
        ("Cảnh báo mới · Alerts opened", "red", night.alerts_opened),
        ("Cảnh báo đã đóng · Alerts resolved", "green", night.alerts_resolved),
    ):
        if alerts:
            out.print()
            out.print(Text(f"{title}: {len(alerts)}", style=f"bold {colour}"))
        for alert in alerts[:MOST_LISTED]:
            # A file that nobody could read has a path, and perhaps neither unit nor period.
            place = [alert.get(key) for key in ("unit_key", "period_id", "form")]
            parts = (*(place if alert.get("unit_key") else [alert["source_ref"]]), alert["rule_id"])
            label = " · ".join(str(part) for part in parts if part)
            out.print(Text(f"  {label}", style="bold"))
            out.print(Text(f"    {alert['sentence_vi']}"))
        if len(alerts) > MOST_LISTED:
            out.print(Text(f"  ... {len(alerts) - MOST_LISTED} more: thads alerts list"))
    for title, lines in (
        (
            "Tệp làm lỗi phần đọc · Files that broke their reader",
            [
                f"{breakdown['source_ref']}: {breakdown['problem']}: {_last_line(breakdown['cause'])}"
                for breakdown in night.broken
            ],
        ),
        ("Chưa làm được · Could not be made", night.left_out),
    ):
        if lines:
            out.print()
            out.print(Text(f"{title}: {len(lines)}", style="bold yellow"))
        for line in lines[:MOST_LISTED]:
            out.print(Text(f"  {line}"))
    if night.set_aside:
        out.print()
        out.print(
            Text(
                f"Để riêng vì hệ thống gặp lỗi · Set aside because a stage failed over them: {len(night.set_aside)}",
                style="bold yellow",
            )
        )
        for entry in night.set_aside[:MOST_LISTED]:
            out.print(Text(f"  {entry['source_ref']}", style="bold"))
            out.print(Text(f"    {entry['reason']}: {entry['cause']}"))
        out.print(Text("  Xem: thads set-aside list; sửa xong: thads set-aside release", style="dim"))
    out.print()
    out.print(Text(f"Cảnh báo đang mở · Open alerts: {night.alerts_open}"))
    out.print(Text(f"Kho dữ liệu · Warehouse: {night.warehouse}"))
    out.print(Text(f"Thư · Letters: {night.letters_folder}"))
    if any(night.messages.values()):
        counts = "  ".join(
            f"{words} {night.messages[name]}" for name, words in MESSAGES.items() if night.messages[name]
        )
        out.print(Text(f"Thư gửi đi · Messages: {counts}"))
    out.print(Text("  ".join(f"{stage} {seconds:.1f}s" for stage, seconds in night.seconds.items()), style="dim"))
