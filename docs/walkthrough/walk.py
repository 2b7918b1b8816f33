"""The walk of docs/walkthrough.md: a clerk's month from the blank form to the alert that is gone, with its pictures.

``python -m docs.walkthrough.walk`` walks it in a folder that is thrown away and writes the pictures beside this file;
the tests walk the same steps. What is printed on a terminal becomes an SVG by Rich, what a workbook shows a PNG by
Chromium. The figures are made up.
"""

import io
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from typer.testing import CliRunner

from docs.walkthrough.sheet_picture import picture
from pipeline.calendar.periods import Period
from pipeline.cli import main, terminal
from pipeline.forms import forms
from pipeline.forms.formulas import recalculate
from pipeline.forms.template import address
from pipeline.home import Home

FOLDER = Path(__file__).parent
UNIT, PERIOD, FORM = "kien-giang.go-quao", "2023-09", "01"
#: What the office did in nine months, by kind of judgment and initiative; what is left out is zero.
FIGURES: dict[str, dict[str, int]] = {
    "civil.ex_officio": {
        "judgments_received": 128, "opening": 95, "newly_accepted": 143, "delegated": 3, "revoked": 1, "completed": 121,
        "terminated": 9, "in_progress": 58, "other_eligible": 4, "not_eligible": 38, "postponed": 8, "suspended": 5,
        "separate_book": 12,
    },
    "civil.on_request": {
        "judgments_received": 84, "opening": 71, "newly_accepted": 96, "delegated": 2, "completed": 64, "terminated": 7,
        "in_progress": 49, "postponed_by_consent": 3, "other_eligible": 2, "not_eligible": 41, "postponed": 6,
        "separate_book": 8,
    },
    "criminal.ex_officio": {
        "judgments_received": 97, "opening": 44, "newly_accepted": 102, "revoked": 2, "completed": 91, "terminated": 4,
        "in_progress": 29, "not_eligible": 22, "suspended": 2,
    },
    "marriage.on_request": {
        "judgments_received": 61, "opening": 12, "newly_accepted": 63, "completed": 55, "terminated": 2, "in_progress": 13,
        "other_eligible": 1, "not_eligible": 6,
    },
}  # fmt: skip
#: The cell over whose formula the clerk types, with two digits changed about.
SLIP = ("total.total", "carried_over")

CHECKED_FILE = "ket-qua.xlsx"
SENT_AT, RESENT_AT = datetime(2023, 7, 3, 9), datetime(2023, 7, 4, 8)


@dataclass
class Walk:
    """The clerk at work in ``folder``; ``texts`` is what each command printed, by step."""

    folder: Path
    texts: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)  # the same as SVG
    exit_codes: dict[str, int] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        """The home of the province's warehouse."""
        return Home(self.folder / "var")

    def take_template(self) -> Path:
        """Ask for the blank form of the office and the period."""
        blank = self.folder / "bieu-01.xlsx"
        self._thads("template", "template", FORM, "--unit", "Gò Quao", "--period", PERIOD, "-o", blank.name)
        return blank

    def fill_in(self, blank: Path) -> tuple[Path, int, int]:
        """Type the figures, and one of them wrong; return the file, the right figure and what was typed."""
        form = forms().in_force(Period.parse(PERIOD).end)[FORM]
        lines = [[FIGURES.get(row.code, {}).get(column.code, 0) for column in form.columns] for row in form.rows]
        computed = recalculate(form, lines)
        places = {
            address(form, row.code, column.code): figure
            for row, line in zip(form.rows, computed, strict=True)
            for column, figure in zip(form.columns, line, strict=True)
            if figure is not None
        }
        slip = address(form, *SLIP)
        right_figure = int(places[slip])
        digits = str(right_figure)
        wrong_figure = int(digits[:-2] + digits[-1] + digits[-2])
        file = self.folder / "go-quao.2023-09.xlsx"
        content = type_figures(blank.read_bytes(), FORM, places)
        file.write_bytes(type_figures(content, FORM, {slip: wrong_figure}, over_formula=True))
        return file, right_figure, wrong_figure

    def check(self, step: str, file: Path, *options: str) -> None:
        """Try the file before it is sent."""
        self._thads(step, "check", file.name, *options)

    def send(self, step: str, file: Path, sent_at: datetime) -> None:
        """Put the file into an inbox of its own and let the night take it."""
        inbox = self.folder / step
        inbox.mkdir()
        inbox_file = inbox / file.name
        inbox_file.write_bytes(file.read_bytes())
        os.utime(inbox_file, (sent_at.timestamp(), sent_at.timestamp()))
        self._thads(step, "load", step)

    def list_alerts(self, step: str) -> None:
        """Ask for the incidents of the office, the closed ones too."""
        self._thads(step, "alerts", "list", "--state", "all", "--unit", UNIT)

    def repair(self, marked_file: Path, right_figure: int) -> Path:
        """Type the right figure into the marked workbook, and save it under the name it has."""
        form = forms().in_force(Period.parse(PERIOD).end)[FORM]
        content = type_figures(marked_file.read_bytes(), FORM, {address(form, *SLIP): right_figure}, over_formula=True)
        repaired_file = self.folder / marked_file.name
        repaired_file.write_bytes(content)
        return repaired_file

    def _thads(self, step: str, *arguments: str) -> None:
        with chdir(self.folder), _record_console() as console:
            result = CliRunner().invoke(main.app, [*arguments, "--home", "var"])
            title = "thads " + " ".join(f"'{part}'" if " " in part else part for part in arguments)
            self.commands.append(title)
            self.pictures[step] = console.export_svg(
                title=title, code_format=SVG, unique_id=f"walk-{step}", clear=False
            )
            self.texts[step] = console.export_text()
        self.exit_codes[step] = result.exit_code
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception


#: Typefaces of a fixed width that have every Vietnamese letter, then one that has them at least.
TYPEFACES = "Consolas, Menlo, Noto Sans Mono, DejaVu Sans, sans-serif"
#: Rich's picture of a terminal, with the reader's own typeface: nothing is fetched.
SVG = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", TYPEFACES
)


@contextmanager
def _record_console() -> Iterator[Console]:
    """Have the console of the command line keep what it prints, 110 letters wide."""
    console = terminal.out
    previous_settings = console.record, console._width
    console.record, console._width = True, 110
    try:
        # The console's ``file`` is standard output of the moment: put back, it would stay that of this moment.
        with redirect_stdout(io.StringIO()):
            yield console
    finally:
        console.record, console._width = previous_settings


def type_figures(
    content: bytes, sheet: str, figures: Mapping[str, Decimal | int | str], *, over_formula: bool = False
) -> bytes:
    """Return a workbook with figures in cells of a sheet, as a spreadsheet program saves them.

    A formula stays and takes the figure as its value, unless somebody types over it.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    part = _sheet_part(members, sheet)
    xml = members[part].decode()
    for place, figure in figures.items():
        cell = re.search(rf'<c r="{place}"((?: s="\d+")?)[^<>]*?(?:/>|>(.*?)</c>)', xml)
        if cell is None:
            raise LookupError(f"the sheet has no cell {place}")
        formula = re.search(r"<f\b.*?(?:/>|</f>)", cell[2] or "")
        formula_xml = formula[0] if formula and not over_formula else ""
        xml = f'{xml[: cell.start()]}<c r="{place}"{cell[1]}>{formula_xml}<v>{figure}</v></c>{xml[cell.end() :]}'
    members[part] = xml.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), member)
    return buffer.getvalue()


def _sheet_part(members: Mapping[str, bytes], sheet: str) -> str:
    entry = re.search(rf'<sheet\b[^<>]*\bname="{sheet}"[^<>]*\br:id="([^"]+)"', members["xl/workbook.xml"].decode())
    relations = members["xl/_rels/workbook.xml.rels"].decode()
    if entry is None:
        raise LookupError(f"the workbook has no sheet {sheet}")
    target = re.search(rf'<Relationship\b(?=[^<>]*\bId="{entry[1]}")[^<>]*\bTarget="([^"]+)"', relations)
    return f"xl/{target[1]}" if target else ""


def run_walk(folder: Path) -> Walk:
    """Walk every step in ``folder``; return what was said."""
    from pipeline.marked import marked_path

    walk = Walk(folder)
    file, right_figure, _ = walk.fill_in(walk.take_template())
    walk.check("check", file)
    walk.check("marked", file, "--marked", CHECKED_FILE)
    walk.send("night-1", file, SENT_AT)
    walk.list_alerts("alerts-1")
    (version,) = (path.parent.name for path in walk.home.marked.glob(f"{PERIOD}/*/*.xlsx"))
    marked_file = marked_path(walk.home, version)
    if marked_file is None:
        raise LookupError("the night marked nothing")
    repaired_file = walk.repair(marked_file, right_figure)
    walk.check("again", repaired_file)
    walk.send("night-2", repaired_file, RESENT_AT)
    walk.list_alerts("alerts-2")
    return walk


def draw() -> None:
    """Walk, and write the pictures beside this file."""
    with tempfile.TemporaryDirectory(prefix="thads-walk-") as name:
        walk = run_walk(Path(name))
        for step in ("check", "alerts-1", "again", "alerts-2"):
            (FOLDER / f"{step}.svg").write_text(walk.pictures[step], encoding="utf-8")
        marked_file = walk.folder / CHECKED_FILE
        picture(marked_file, 0, "A1:F14", FOLDER / "findings.png")
        picture(marked_file, 1, "A11:X20", FOLDER / "marked.png", open_comment="T14")


if __name__ == "__main__":
    sys.exit(draw())
