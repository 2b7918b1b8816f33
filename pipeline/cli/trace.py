"""``thads trace``: a published number back to its cells, with proof."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.text import Text
from rich.tree import Tree

from pipeline.cli.terminal import err, out
from pipeline.home import open_home
from pipeline.published.query import NoWarehouse
from pipeline.trace import Question, Trace, Untraceable, trace
from pipeline.trace.proof import ProofStatus

PROOFS = {
    ProofStatus.VERIFIED: ("green", "đã đối chiếu với tệp gốc · read again from the landed bytes, hash and cell agree"),
    ProofStatus.MISSING: ("red", "KHÔNG CÒN tệp gốc · the landed bytes are missing"),
    ProofStatus.TAMPERED: ("red", "TỆP GỐC ĐÃ BỊ THAY ĐỔI · the landed bytes changed: their hash is another"),
    ProofStatus.READS_OTHERWISE: ("red", "ĐỌC LẠI RA SỐ KHÁC · read again, the cell says something else"),
}
MARKS = {"pass": ("green", "✓"), "fail": ("red", "✗"), "known": ("yellow", "≈"), "explained": ("yellow", "≈")}
MOST_RULES = 12


def show_trace(table: str, column: str, keys: Sequence[str], home: Path | None, *, as_json: bool) -> int:
    """Print where a number comes from; return the exit code: 0 proven, 1 not proven, 2 nothing to trace."""
    try:
        result = trace(open_home(home), Question.parse(table, column, keys))
    except (NoWarehouse, Untraceable) as error:
        err.print(Text(f"thads trace: {error}"))
        return 2
    if as_json:
        print(json.dumps(result.as_object(), ensure_ascii=False, default=str))
    else:
        out.print(_tree(result))
        colour, word = ("green", "PROVEN") if result.is_proven else ("red", "NOT PROVEN")
        out.print(Text(word, style=f"bold {colour}"))
    return 0 if result.is_proven else 1


def _tree(step: Trace, parent: Tree | None = None) -> Tree:
    place = ", ".join(f"{name}={value}" for name, value in step.key.items())
    label = Text.assemble((str(step.value), "bold"), f"  {step.table}.{step.column}  ", (place, "dim"))
    node = parent.add(label) if parent else Tree(label)
    if step.parts:
        node.add(
            Text.assemble(
                "= ",
                step.how or "",
                "  → ",
                (str(step.worked_out), "green" if step.worked_out == step.value else "bold red"),
            )
        )
    for part in step.parts:
        _tree(part, node)
    if step.cell and step.version and step.proof:
        _add_cell(node, step, step.version)
    return node


def _add_cell(node: Tree, step: Trace, version: dict[str, Any]) -> None:
    cell = step.cell
    if cell is None or step.proof is None:
        return
    node.add(
        Text.assemble(
            ("ô · cell ", "dim"), (f"{cell.sheet}!{cell.address}", "bold"), f" «{cell.raw}» ({cell.unit or cell.state})"
        )
    )
    fetch_row = f", trả lời · answers {version['in_answer_to']}" if version["in_answer_to"] else ""
    node.add(
        Text.assemble(
            ("tệp · file ", "dim"), version["source_ref"] or version["file_name"],
            f", bản · version {version['version']} ({version['verdict']}), {version['received_at']}{fetch_row}",
        )
    )  # fmt: skip
    colour, words = PROOFS[step.proof]
    node.add(Text.assemble(("sha256 ", "dim"), version["sha256"][:16], "…  ", (words, colour)))
    if step.worked_out != step.value:
        node.add(Text(f"the cell reads {step.worked_out}, the table says {step.value}", style="red"))
    rules = node.add(Text(f"quy tắc đã kiểm tra · rules that looked at it: {len(step.rules)}", style="dim"))
    for rule in step.rules[:MOST_RULES]:
        colour, mark = MARKS.get(rule["status"], ("dim", "·"))
        if rule["status"] == "fail" and not rule["fails_here"]:
            colour, mark = "dim", "✓"  # it fails elsewhere in the form
        rules.add(Text.assemble((f"{mark} ", colour), f"{rule['rule_id']}: {rule['vi']} · {rule['en']}"))
    if len(step.rules) > MOST_RULES:
        rules.add(Text(f"… {len(step.rules) - MOST_RULES} more", style="dim"))
