"""``thads exemptions`` and ``thads split-keys``: what a department declares of its units, loaded from CSV."""

import json
import sys
from pathlib import Path

from rich.text import Text

from pipeline.cli.terminal import err, out
from pipeline.cli.units import PATIENCE_SECONDS, print_change, print_problems
from pipeline.home import open_home
from pipeline.lock import HomeIsBusy, one_writer
from pipeline.registry.home_register import registry_of
from pipeline.registry.provisions import (
    KINDS,
    ProvisionChange,
    Provisions,
    import_provisions,
    preview_change,
    provisions_csv,
    undo,
)
from pipeline.registry.register import RegisterError


def load_provisions(command: str, file: Path, home: Path | None, *, replace: bool, dry_run: bool, as_json: bool) -> int:
    """Load provisions from a CSV file, or only say what it would change; return the exit code."""
    kind = _kind(command)
    if not file.is_file():
        return _refuse(
            command, f"there is no file at {file}; name a CSV file with the columns {', '.join(kind.schema)}"
        )
    opened_home, content = open_home(home), file.read_bytes()
    try:
        if dry_run:
            change, _ = preview_change(opened_home, kind, content, registry_of(opened_home), replace=replace)
        else:
            with one_writer(opened_home, patience=PATIENCE_SECONDS):
                change = import_provisions(opened_home, kind, content, registry_of(opened_home), replace=replace)
    except RegisterError as error:
        return print_problems(file, error.problems, as_json=as_json, command=f"{command} import")
    except HomeIsBusy as error:
        return _refuse(command, str(error))
    _print_import(command, change, is_done=not dry_run, as_json=as_json)
    return 0


def undo_provisions(command: str, home: Path | None, *, as_json: bool) -> int:
    """Bring back what stood before the last import; return the exit code."""
    kind, opened_home = _kind(command), open_home(home)
    try:
        with one_writer(opened_home, patience=PATIENCE_SECONDS):
            change = undo(opened_home, kind, registry_of(opened_home))
    except RegisterError as error:
        file = kind.versioned_file(opened_home).previous() or kind.versioned_file(opened_home).file
        return print_problems(file, error.problems, as_json=as_json, command=f"{command} undo")
    except HomeIsBusy as error:
        return _refuse(command, str(error))
    if change is None:
        return _refuse(command, "nothing was imported into this home, so there is nothing to undo")
    _print_import(command, change, is_done=True, as_json=as_json)
    return 0


def export_provisions(command: str, output: Path | None, home: Path | None, *, everything: bool) -> int:
    """Write what was imported, or all that holds, as a file that can be edited and imported; return the exit code."""
    kind, opened_home = _kind(command), open_home(home)
    count, text = provisions_csv(opened_home, kind, registry_of(opened_home), everything=everything)
    if not count:
        reason = "ships" if everything else "was imported into this home"
        return _refuse(command, f"nothing {reason}; the columns of a file are {', '.join(kind.schema)}")
    if output:
        output.write_text(text, encoding="utf-8-sig")  # the mark lets a spreadsheet read the Vietnamese
        out.print(Text(f"{output}: {count} dòng · lines"))
    else:
        sys.stdout.write(text)
    return 0


def _kind(command: str) -> Provisions:
    return next(kind for kind in KINDS if kind.name == command.replace("-", "_"))


def _print_import(command: str, change: ProvisionChange, *, is_done: bool, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"imported": is_done, **vars(change)}, ensure_ascii=False))
        return
    print_change(change.added, change.changed, change.withdrawn)
    if change and is_done:
        out.print(Text("Lần nạp sau dựng lại mọi kỳ · the next load builds every period again"))
        out.print(Text(f"Trở lại như trước · To go back: thads {command} undo", style="dim"))
    if not is_done:
        out.print(Text("Chưa ghi gì (--dry-run) · Nothing was written (--dry-run)", style="yellow"))


def _refuse(command: str, reason: str) -> int:
    err.print(Text(f"thads {command}: {reason}"))
    return 2
