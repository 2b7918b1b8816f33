"""Reads workbooks into raw cells: every value with its sheet, row and column, error cells and dead formulas too."""

import datetime as dt
import io
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from zipfile import ZipFile

import numpy as np
import polars as pl
from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from pipeline.cells.findings_sign import read_hidden_name, read_sign
from pipeline.cells.number_formats import date_styles, per_cent_styles, strip_impossible_dates, styled_cells
from pipeline.cells.recalculation import ERROR, MOST_FORMULAS, TEXT, Formulas, Recalculation, recalculate
from pipeline.cells.sheet_scan import (
    MAX_CELLS,
    check_counts,
    check_extent,
    check_text,
    formula_cells,
    is_worksheet,
    lost_cells,
)
from pipeline.files.guard import refusal
from pipeline.files.package import Package, open_package
from pipeline.files.problems import FileProblem, UnreadableFile, problem
from pipeline.text.address import address, addresses
from pipeline.worker_pool import WorkerFailure, run_each, run_here

__all__ = [
    "RAW_CELLS",
    "RawCells",
    "RawKind",
    "Sheet",
    "UnreadableWorkbook",
    "Workbook",
    "address",
    "addresses",
    "read_workbook",
    "read_workbooks",
]

#: Fewer files than this do not repay a second process its start.
FILES_PER_WORKER = 100


class RawKind(StrEnum):
    """What a spreadsheet says that a cell holds."""

    NUMBER = "number"
    PERCENT = "percent"  # number 0.7382 under a per-cent format, which shows 73.82 %
    TEXT = "text"
    BOOL = "bool"  # number 1 or 0
    DATE = "date"  # text 2022-12-31, 2022-12-31T08:00:00 or 08:00:00
    ERROR = "error"  # text #REF!
    FORMULA = "formula"  # never calculated; text =SUM(A1:A3) as written


KIND_OF_TYPE: dict[type, str] = {
    float: RawKind.NUMBER.value,
    int: RawKind.NUMBER.value,
    dt.timedelta: RawKind.NUMBER.value,
    str: RawKind.TEXT.value,
    bool: RawKind.BOOL.value,
    dt.date: RawKind.DATE.value,
    dt.datetime: RawKind.DATE.value,
    dt.time: RawKind.DATE.value,
}

RAW_CELLS = pl.Schema(
    {
        "sheet": pl.Int32(),  # position in Workbook.sheets, from 0
        "row": pl.Int32(),  # from 0
        "column": pl.Int32(),  # from 0
        "kind": pl.Enum(RawKind),
        "number": pl.Float64(),
        "text": pl.String(),
        "formula": pl.String(),  # where it has no value, or was saved with another than it gives
        "worked_out": pl.Decimal(30, 6),  # what that formula gives, where it is plain arithmetic
    }
)
SHEETS = pl.Schema(
    {"file": pl.Int32, "sheet": pl.Int32, "name": pl.String, "is_hidden": pl.Boolean, "answers": pl.String}
)
PROBLEMS = pl.Schema(
    {
        "file": pl.Int32,
        "problem": pl.String,
        "problem_vi": pl.String,
        "problem_en": pl.String,
        "cause": pl.String,  # of what broke the reader, for an engineer
    }
)


class UnreadableWorkbook(UnreadableFile):
    """A workbook that cannot be read; ``problem`` has the code and a sentence in each language."""


@dataclass
class RawCells:
    """The cells of a sheet that are not blank, as parallel columns."""

    row: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    number: list[float | None] = field(default_factory=list)
    text: list[str | None] = field(default_factory=list)
    #: formulas that have no value or another than they give, by the position of their cell
    recalculations: dict[int, Recalculation] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Sheet:
    """One worksheet; hidden ones, and those that only a macro can show, are flagged."""

    name: str
    is_hidden: bool
    cells: RawCells


@dataclass(frozen=True)
class Workbook:
    """The worksheets of one file, in workbook order, without our own sheet of findings; ``answers`` is the version that this one names."""

    sheets: list[Sheet]
    answers: str | None = None

    def frame(self) -> pl.DataFrame:
        """Return all cells as one frame (``RAW_CELLS``): per sheet by row and column, lost cells after the others."""
        names = ("row", "column", "kind", "number", "text")
        columns: dict[str, list[Any]] = {name: [] for name in ("sheet", *names)}
        recalculations_by_position: dict[int, Recalculation] = {}
        for index, sheet in enumerate(self.sheets):
            offset = len(columns["sheet"])
            recalculations_by_position |= {
                offset + position: recalculation for position, recalculation in sheet.cells.recalculations.items()
            }
            columns["sheet"] += [index] * len(sheet.cells)
            for name in names:
                columns[name] += getattr(sheet.cells, name)
        frame = pl.DataFrame(columns, schema={name: RAW_CELLS[name] for name in columns})
        if not recalculations_by_position:
            return frame.with_columns(pl.lit(None, RAW_CELLS[name]).alias(name) for name in ("formula", "worked_out"))
        recalculation = [recalculations_by_position.get(position) for position in range(frame.height)]
        return frame.with_columns(
            pl.Series("formula", [one and one.formula for one in recalculation], pl.String),
            pl.Series("worked_out", [one and one.value for one in recalculation], RAW_CELLS["worked_out"]),
        )


def read_workbook(path: Path) -> Workbook:
    """Read one ``.xlsx`` into raw cells, or raise ``UnreadableWorkbook``.

    Formulas are never evaluated: a cell has the value that Excel last saved. Transitional and Strict Open XML are both
    read. The file is inflated under a budget and its extent checked before the reader proper sees it.
    """
    try:
        return _read(path)
    except UnreadableFile as unreadable:
        raise UnreadableWorkbook(unreadable.problem) from unreadable
    except (MemoryError, RecursionError):  # the guard's to tell
        raise
    except PasswordError as error:
        raise UnreadableWorkbook(problem("protected_or_old_excel")) from error
    except OSError as error:
        raise UnreadableWorkbook(problem("cannot_open", cause=error.strerror or str(error))) from error
    except Exception as error:
        raise UnreadableWorkbook(problem("damaged_workbook", cause=str(error)[:120])) from error


def findings_sheets(path: Path) -> dict[str, RawCells]:
    """Return the cells of our own sheets of findings, by name, of a workbook that ``read_workbook`` reads."""
    with CalamineWorkbook.from_path(path) as workbook:
        cells_by_sheet = {
            metadata.name: _values(workbook, index)
            for index, metadata in enumerate(workbook.sheets_metadata)
            if metadata.typ == SheetTypeEnum.WorkSheet
        }
    return {name: cells for name, cells in cells_by_sheet.items() if _version_of_findings(cells)}


def read_workbooks(
    paths: Sequence[Path],
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read many workbooks at once; see :func:`read_in_portions`."""
    return next(read_in_portions(paths, max(1, len(paths)), workers=workers, progress=progress), _concatenate([]))


def read_in_portions(
    paths: Sequence[Path],
    size: int,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    """Read many workbooks in processes of their own, so that none that crashes or hangs stops the others.

    Yields, for each ``size`` files in their order, three frames with ``file``, the position among these: cells
    (``RAW_CELLS`` with ``file`` first), sheets (file, sheet, name, is_hidden, and the version that the file answers) and
    problems (file, problem, problem_vi, problem_en, cause). The next are read while the caller is at work. ``workers=0`` reads in
    this process, without that protection. ``progress`` receives (files done, files in all).
    """
    if workers is None:
        workers = min(os.cpu_count() or 1, 1 + len(paths) // FILES_PER_WORKER)
    answers: SimpleQueue[tuple[int, Any] | Exception] = SimpleQueue()
    stop_event = threading.Event()

    def read() -> None:
        results: Generator[tuple[int, Any], None, None] = (
            run_each(_answer, paths, workers=workers)
            if workers
            else ((file, run_here(_answer, path)) for file, path in enumerate(paths))
        )
        try:
            with closing(results):
                for answer in results:
                    answers.put(answer)
                    if stop_event.is_set():
                        break
        except Exception as error:  # raised where the answers are waited for
            answers.put(error)

    threading.Thread(target=read, daemon=True).start()
    try:
        yield from _portions(answers, paths, size, progress)
    finally:
        stop_event.set()


def _portions(
    answers: "SimpleQueue[tuple[int, Any] | Exception]",
    paths: Sequence[Path],
    size: int,
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]]:
    answers_by_file: dict[int, Any] = {}
    for first in range(0, len(paths), size):
        portion = range(first, min(first + size, len(paths)))
        while not all(file in answers_by_file for file in portion):
            answer = answers.get()
            if isinstance(answer, Exception):
                raise answer
            answers_by_file[answer[0]] = answer[1]
            if progress:
                progress(first + len(answers_by_file), len(paths))
        yield _concatenate([answers_by_file.pop(file) for file in portion])


def _concatenate(answers: Sequence[Any]) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Concatenate the answers of all files."""
    cells: list[pl.DataFrame] = []
    owners: list[int] = []  # the file of each frame of cells
    sheets: list[tuple[int, int, str, bool, str | None]] = []
    problems: list[tuple[int, str, str, str, str | None]] = []
    for file, answer in enumerate(answers):
        if isinstance(answer, WorkerFailure):
            crash_problem = refusal(answer, "")
            problems.append((file, crash_problem.code, crash_problem.vi, crash_problem.en, answer.cause))
            continue
        if isinstance(answer, FileProblem):
            problems.append((file, answer.code, answer.vi, answer.en, None))
        else:
            content, names, version = answer
            cells.append(pl.read_ipc_stream(io.BytesIO(content)))
            owners.append(file)
            sheets += [(file, index, name, is_hidden, version) for index, (name, is_hidden) in enumerate(names)]
    frame_of_cells = pl.concat([pl.DataFrame(schema=RAW_CELLS), *cells], rechunk=True)
    file_numbers = np.repeat(owners, [frame.height for frame in cells])
    return (
        frame_of_cells.select(pl.Series("file", file_numbers, pl.Int32), *RAW_CELLS),
        pl.DataFrame(sheets, schema=SHEETS, orient="row"),
        pl.DataFrame(problems, schema=PROBLEMS, orient="row"),
    )


def _answer(path: Path) -> FileProblem | tuple[bytes, list[tuple[str, bool]], str | None]:
    """Return what a worker sends back: cells in Arrow's own format, far cheaper to pass than Python lists."""
    try:
        workbook = read_workbook(path)
    except UnreadableWorkbook as unreadable:
        return unreadable.problem
    buffer = io.BytesIO()
    workbook.frame().write_ipc_stream(buffer)
    return buffer.getvalue(), [(sheet.name, sheet.is_hidden) for sheet in workbook.sheets], workbook.answers


def _read(path: Path) -> Workbook:
    package = open_package(path)
    for part, xml in package.parts.items():
        check_counts(part, xml)
    worksheets = {part: xml for part, xml in package.parts.items() if is_worksheet(xml)}
    if sum(check_extent(part, xml) for part, xml in worksheets.items()) > MAX_CELLS:
        raise UnreadableFile(problem("too_many_cells", limit=MAX_CELLS))
    strings = [xml for part, xml in package.parts.items() if part.lower().endswith("sharedstrings.xml")]
    check_text(list(worksheets.values()), max(strings, key=len, default=b""))

    sheet_parts, per_cent = package.sheet_parts(), per_cent_styles(package.styles())
    sheets, answers = [], read_hidden_name(package.parts.get(package.workbook_part(), b""))
    with CalamineWorkbook.from_object(_readable(path, package, worksheets)) as workbook:
        for index, metadata in enumerate(workbook.sheets_metadata):
            if metadata.typ != SheetTypeEnum.WorkSheet:
                continue
            cells = _values(workbook, index)
            if version := _version_of_findings(cells):
                answers = answers or version
                continue
            xml = worksheets.get(sheet_parts.get(metadata.name, ""), b"")
            if per_cent:
                _mark_per_cent(cells, xml, per_cent)
            formulas, has_dead = formula_cells(xml)
            _add_lost(cells, xml, has_dead)
            _recalculate(cells, formulas)
            sheets.append(Sheet(metadata.name, metadata.visible != SheetVisibleEnum.Visible, cells))
    if answers and not sheets:
        raise UnreadableFile(problem("findings_report"))
    return Workbook(sheets, answers)


def _readable(path: Path, package: Package, worksheets: dict[str, bytes]) -> Path | io.BytesIO:
    """Return the workbook, or a copy in which no impossible number is formatted as a date: that stops the reader."""
    styles = date_styles(package.styles())
    repaired = {part: strip_impossible_dates(xml, styles) for part, xml in worksheets.items() if styles}
    if all(repaired[part] == worksheets[part] for part in repaired):
        return path
    copy = io.BytesIO()
    with ZipFile(copy, "w") as archive:
        for part, xml in package.parts.items():
            archive.writestr(part, repaired.get(part, xml))
    copy.seek(0)
    return copy


def _version_of_findings(cells: RawCells) -> str | None:
    return read_sign(zip(cells.row, cells.column, cells.text, strict=True))


def _values(workbook: CalamineWorkbook, index: int) -> RawCells:
    sheet = workbook.get_sheet_by_index(index)
    if sheet.start is None:
        return RawCells()
    top, left = sheet.start
    lines = sheet.to_python()
    width = len(lines[0])
    flat = [value for line in lines for value in line]
    filled = [place for place, value in enumerate(flat) if value != ""]
    values: list[Any] = [flat[place] for place in filled]
    types = list(map(type, values))
    cells = RawCells(
        row=[top + place // width for place in filled],
        column=[left + place % width for place in filled],
        kind=[KIND_OF_TYPE[type_] for type_ in types],
        number=[value if type_ is float else None for value, type_ in zip(values, types, strict=True)],
        text=[value if type_ is str else None for value, type_ in zip(values, types, strict=True)],
    )
    if not {float, str}.issuperset(types):
        for place, value in enumerate(values):
            if type(value) not in (float, str):
                cells.number[place], cells.text[place] = _rare_value(value)
    return cells


def _rare_value(value: Any) -> tuple[float | None, str | None]:
    if isinstance(value, int):  # and bool
        return float(value), None
    if isinstance(value, dt.timedelta):  # a duration is a number of days under a format of hours
        return value / dt.timedelta(days=1), None
    return None, value.isoformat()


def _mark_per_cent(cells: RawCells, xml: bytes, styles: frozenset[str]) -> None:
    if not xml:
        return
    places = set(styled_cells(xml, styles))
    for number, (place, kind) in enumerate(zip(zip(cells.row, cells.column, strict=True), cells.kind, strict=True)):
        if kind == RawKind.NUMBER and place in places:
            cells.kind[number] = RawKind.PERCENT.value


def _recalculate(cells: RawCells, formulas: Formulas) -> None:
    if not formulas or len(formulas) > MOST_FORMULAS:
        return
    doubtful_places = formulas.doubtful_places(cells.row, cells.column, cells.number)
    if not doubtful_places:
        return
    numbers: dict[tuple[int, int], float] = {}
    others: dict[tuple[int, int], float] = {}
    places = list(zip(cells.row, cells.column, strict=True))
    for place, kind, number in zip(places, cells.kind, cells.number, strict=True):
        if number is not None and kind in (RawKind.NUMBER, RawKind.PERCENT):
            numbers[place] = number
        else:
            others[place] = TEXT if kind == RawKind.TEXT else ERROR
    if stale := recalculate(formulas, numbers, others, doubtful_places):
        cells.recalculations = {position: stale[place] for position, place in enumerate(places) if place in stale}


def _add_lost(cells: RawCells, xml: bytes, has_dead_formulas: bool) -> None:
    for lost in lost_cells(xml, has_dead_formulas):
        cells.row.append(lost.row)
        cells.column.append(lost.column)
        cells.kind.append((RawKind.ERROR if lost.is_error else RawKind.FORMULA).value)
        cells.number.append(None)
        cells.text.append(lost.text)
