"""Reads every landed file that was not read yet: workbooks all at once, text files one by one.

``cells/<batch>/`` is a pure function of the batch's receipts, the reader and the registry of units, so a load killed
here simply reads again; so are batches that another reader read, or that a change of the registry may place elsewhere.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import tables
from pipeline.cells import long_csv, published, quarantine
from pipeline.cells.csv_table import read_cells, read_header
from pipeline.cells.gate import Claim, Quote, admit, contradiction
from pipeline.cells.header import Field, read_circulars, read_headers, read_period
from pipeline.cells.narrative import read_narrative
from pipeline.cells.reading import ReadingResult, refused_reading, submission_id, unreadable_row
from pipeline.cells.recognise import Recognition, recognise
from pipeline.cells.submission import Submission
from pipeline.cells.version import reader_version
from pipeline.cells.workbook import FILES_PER_WORKER, PROBLEMS, RAW_CELLS, SHEETS, RawKind, read_in_portions
from pipeline.files.guard import refusal
from pipeline.files.problems import UnreadableFile, problem
from pipeline.forms import Forms, forms
from pipeline.home import Home
from pipeline.landing.blobs import blob_path
from pipeline.landing.receive import read_receipts
from pipeline.registry.home_register import recall_registry, registry_of, remember_registry
from pipeline.registry.reach import affected_submissions
from pipeline.registry.units import UnitRegistry, unit_registry
from pipeline.storage import commit_folder, write_atomically
from pipeline.text.spelling import decode, fold, fold_column
from pipeline.vocabulary import Receipt
from pipeline.worker_pool import SECONDS, WorkerFailure, run_each, run_here

NO_ROW = {"row_code": pl.String, "column_code": pl.String, "address": pl.String, "raw": pl.String}

#: A national workbook has 7 000 cells.
ORDINARY_CELLS = 40_000

#: Workbooks understood at once, while the next are read: this takes several times the memory of their content.
PORTION = 200
#: Cells looked at to tell whether a table that is not ours is a form.
CELLS_TO_NAME = 20_000

Progress = Callable[[int, int], None]


@dataclass
class ReadSummary:
    """What one call of :func:`read_landed` did."""

    batches: list[int] = field(default_factory=list)
    submissions: int = 0
    unreadable: int = 0
    cells: int = 0
    remarks: int = 0


def read_landed(
    home: Home,
    *,
    registry: UnitRegistry | None = None,
    received_at: datetime | None = None,
    progress: Progress | None = None,
) -> ReadSummary:
    """Read the landed batches that have no cells yet, or whose units or reader changed; each becomes ``cells/<batch>/``.

    ``registry`` is the home's own unless given; ``received_at`` replaces the time of arrival on the receipts.
    """
    summary, registry, entries_by_file = ReadSummary(), registry or registry_of(home), quarantine.active_entries(home)
    remember_registry(home, registry)
    commit_folder(
        home,
        home.cells / "000000",
        vars(ReadingResult.empty()),
        fingerprint=" ".join([*tables.SUBMISSIONS, *tables.REMARKS]),
    )
    for (batch,), receipts in sorted(read_receipts(home).group_by("batch"), key=lambda group: group[0]):
        folder = home.cells / f"{batch:06d}"
        landed_receipts = receipts.filter(pl.col("verdict") == str(Receipt.LANDED), pl.col("media") != "zip").to_dicts()
        if received_at:
            landed_receipts = [receipt | {"received_at": received_at} for receipt in landed_receipts]
        if folder.exists() and _is_current(home, folder, landed_receipts, registry, entries_by_file):
            continue
        refused_receipts = [
            r for r in landed_receipts if any(not entry.submission_id for entry in entries_by_file.get(r["sha256"], []))
        ]
        readable_receipts = [receipt for receipt in landed_receipts if receipt not in refused_receipts]
        paths = [blob_path(home, receipt["sha256"]) for receipt in readable_receipts]
        reading = read_files(readable_receipts, paths, registry=registry, progress=progress)
        reading = ReadingResult.concatenate(
            [
                quarantine.exclude(reading, quarantine.submissions_set_aside(readable_receipts, entries_by_file)),
                *map(quarantine.refuse_file, refused_receipts),
            ]
        )
        commit_folder(home, folder, vars(reading), fingerprint=_fingerprint(registry, landed_receipts, entries_by_file))
        summary.batches.append(batch)
        summary.submissions += reading.submissions.height
        summary.unreadable += reading.submissions.filter(~pl.col("is_readable")).height
        summary.cells += reading.cells.height
        summary.remarks += reading.remarks.height
    return summary


def _fingerprint(
    registry: UnitRegistry, landed_receipts: list[dict], entries_by_file: dict[str, list[quarantine.QuarantineEntry]]
) -> str:
    """Return what the reading of a batch depends on: the reader, the units it knew, and what was set aside."""
    return " ".join(
        filter(
            None, (reader_version(), registry.version, quarantine.quarantine_digest(landed_receipts, entries_by_file))
        )
    )


def _is_current(
    home: Home,
    folder: Path,
    landed_receipts: list[dict],
    registry: UnitRegistry,
    entries_by_file: dict[str, list[quarantine.QuarantineEntry]],
) -> bool:
    """Tell whether a batch would be read the same under ``registry``, and record the registry if it would."""
    if list(pl.read_parquet_schema(folder / "submissions.parquet")) != list(tables.SUBMISSIONS):
        return False  # read by a reader that saw less
    mark = folder / "fingerprint.txt"
    reader, registry_version, set_aside_digest, *_ = f"{mark.read_text() if mark.exists() else ''}   ".split(" ")
    if reader != reader_version() or set_aside_digest != quarantine.quarantine_digest(landed_receipts, entries_by_file):
        return False
    if registry_version == registry.version:
        return True
    previous_registry = recall_registry(home, registry_version)
    # A running text may name any unit anywhere.
    if previous_registry is None or any(receipt["media"] == "txt" for receipt in landed_receipts):
        return False
    if affected_submissions(pl.read_parquet(folder / "submissions.parquet"), previous_registry, registry).is_empty():
        write_atomically(
            mark, lambda temporary: temporary.write_text(_fingerprint(registry, landed_receipts, entries_by_file))
        )
        return True
    return False


def read_files(
    receipts: Sequence[dict],
    paths: Sequence[Path],
    *,
    declarations: Forms | None = None,
    registry: UnitRegistry | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ReadingResult:
    """Read files whose bytes lie at ``paths``; a file that cannot be read becomes an unreadable submission.

    ``workers=0`` reads in this process, without the guard but for exceptions.
    """
    declarations, registry = declarations or forms(), registry or unit_registry()
    if workers is None:
        workers = min(os.cpu_count() or 1, 1 + len(receipts) // FILES_PER_WORKER)
    pairs = list(zip(receipts, paths, strict=True))
    workbooks = [pair for pair in pairs if pair[0]["media"] == "xlsx"]
    others = [pair for pair in pairs if pair[0]["media"] != "xlsx"]
    read_other = partial(_read_other, declarations, registry)
    answers = (
        run_each(read_other, others, workers=workers)
        if workers
        else enumerate(run_here(read_other, pair) for pair in others)
    )
    readings = dict(_with_refusals(others, answers))
    results = [readings[place] for place in sorted(readings)]
    if workbooks:
        results.append(_read_workbooks(workbooks, declarations, registry, workers, progress))
    return ReadingResult.concatenate(results)


def _with_refusals(
    files: list[tuple[dict, Path]], answers: Iterable[tuple[int, Any]]
) -> Iterator[tuple[int, ReadingResult]]:
    """Yield (position, reading) of files; for one that broke its reader, a refusal."""
    for place, answer in answers:
        receipt, _ = files[place]
        if isinstance(answer, WorkerFailure):
            answer = refused_reading(receipt, refusal(answer, receipt["file_name"]), answer.cause)
        yield place, answer


def _read_other(declarations: Forms, registry: UnitRegistry, file: tuple[dict, Path]) -> ReadingResult:
    """Read one file that is no workbook."""
    readers = {"csv": _read_text, "txt": _read_report}
    receipt, path = file
    reader = readers.get(receipt["media"])
    return reader(receipt, path, declarations, registry) if reader else _refuse(receipt, "no_reader")


def _refuse(receipt: dict, code: str, **details: object) -> ReadingResult:
    return refused_reading(receipt, problem(code, **details))


def _read_text(receipt: dict, path: Path, declarations: Forms, registry: UnitRegistry) -> ReadingResult:
    text = decode(path.read_bytes())
    if text is None:
        return _refuse(receipt, "not_text")
    try:
        header = read_header(text)
        match header.kind:
            case "long":
                return long_csv.read_long(text, receipt, declarations, registry)
            case "published":
                return published.read_published(text, receipt, declarations, registry)
        return _refuse_table(text, receipt, declarations, registry)
    except UnreadableFile as unreadable_file:
        return refused_reading(receipt, unreadable_file.problem)


def _refuse_table(text: str, receipt: dict, declarations: Forms, registry: UnitRegistry) -> ReadingResult:
    """Refuse a table of no kind of ours; a form saved as CSV gets a problem of its own, as it is one sheet of a return.

    Its figures are not read: a spreadsheet saves them rounded, and writes dates as that computer does.
    """
    cells = [
        {"file": 0, "sheet": 0, "row": row, "column": column, "kind": str(RawKind.TEXT), "text": value}
        for row, column, value in islice(read_cells(text), CELLS_TO_NAME)
    ]
    raw = pl.DataFrame(cells, schema={"file": pl.Int32, **RAW_CELLS})
    sheets = pl.DataFrame([(0, 0, receipt["file_name"], False, None)], schema=SHEETS, orient="row")
    reading = _understand(declarations, registry, Portion([receipt], raw, sheets, pl.DataFrame(schema=PROBLEMS)))
    if form_codes := reading.cells["form"].unique().sort().to_list():
        return _refuse(receipt, "form_as_csv", form=", ".join(form_codes))
    return _refuse(receipt, "unknown_csv", header=", ".join(name for name in read_header(text).names if name)[:120])


def _read_report(receipt: dict, path: Path, declarations: Forms, registry: UnitRegistry) -> ReadingResult:
    text = decode(path.read_bytes())
    return _refuse(receipt, "not_text") if text is None else read_narrative(text, receipt, declarations, registry)


def _read_workbooks(
    workbooks: list[tuple[dict, Path]],
    declarations: Forms,
    registry: UnitRegistry,
    workers: int | None,
    progress: Progress | None,
) -> ReadingResult:
    readings = []
    portions = read_in_portions([path for _, path in workbooks], PORTION, workers=workers, progress=progress)
    for first, (raw, sheets, problems) in zip(range(0, len(workbooks), PORTION), portions, strict=True):
        receipts = [receipt for receipt, _ in workbooks[first : first + PORTION]]
        portion = Portion(receipts, raw, sheets, problems)
        readings += _understand_guarded(portion, declarations, registry, workers)
    return ReadingResult.concatenate(readings)


@dataclass(frozen=True)
class Portion:
    """Workbooks that are understood at once: their receipts, and the frames of ``workbook.read_in_portions``."""

    receipts: list[dict]
    raw: pl.DataFrame
    sheets: pl.DataFrame
    problems: pl.DataFrame

    def part(self, first: int, last: int) -> "Portion":
        """Return the workbooks from ``first`` up to ``last``, half-open."""
        frames = (
            frame.filter(pl.col("file").is_between(first, last, closed="left")).with_columns(pl.col("file") - first)
            for frame in (self.raw, self.sheets, self.problems)
        )
        return Portion(self.receipts[first:last], *frames)

    def large_workbooks(self) -> list[int]:
        """Return the workbooks with more cells than any report has."""
        counts = self.raw.group_by("file").len()
        return sorted(counts.filter(pl.col("len") > ORDINARY_CELLS)["file"])


def _understand_guarded(
    portion: Portion, declarations: Forms, registry: UnitRegistry, workers: int | None
) -> list[ReadingResult]:
    """Return the readings of a portion's workbooks; one that cannot be understood is refused, and harms no other.

    Workbooks of ordinary size are understood together in this process, where little can go wrong but an exception:
    then the portion is halved until the guilty one is found. A large one is understood in a process of its own.
    """
    large = portion.large_workbooks() if workers else []
    bounds = [0, *(edge for place in large for edge in (place, place + 1)), len(portion.receipts)]
    understand = partial(_understand, declarations, registry)
    readings = []
    for first, last in pairwise(bounds):
        if first == last:
            continue
        part = portion.part(first, last) if large else portion
        if first in large:
            ((_, answer),) = run_each(understand, [part], workers=1)
        else:
            answer = run_here(understand, part)
        if not isinstance(answer, WorkerFailure):
            readings.append(answer)
        elif len(part.receipts) == 1:
            receipt = part.receipts[0]
            readings.append(refused_reading(receipt, refusal(answer, receipt["file_name"]), answer.cause))
        else:
            middle = len(part.receipts) // 2
            for half in (part.part(0, middle), part.part(middle, len(part.receipts))):
                readings += _understand_guarded(half, declarations, registry, workers)
    return readings


def _understand(declarations: Forms, registry: UnitRegistry, portion: Portion) -> ReadingResult:
    """Turn raw cells into submissions and cells of forms; ``file`` is the position in the portion."""
    raw, sheets = portion.raw, portion.sheets
    # The same few words stand on every sheet: each is folded once.
    keys = raw.select(pl.col("text").drop_nulls().unique()).with_columns(fold_column(pl.col("text")).alias("key"))
    raw = raw.join(keys, on="text", how="left", maintain_order="left")
    headers, circulars = read_headers(raw, declarations), read_circulars(raw)
    visible_sheets = sheets.filter(~pl.col("is_hidden"))
    regimes = visible_sheets.with_columns(
        pl.Series(
            "regime",
            [
                _regime(headers.get(place, {}), declarations)
                for place in visible_sheets.select("file", "sheet").iter_rows()
            ],
            dtype=pl.String,
        )
    ).select("file", "sheet", "regime", "name")
    recognition = recognise(raw, regimes, declarations)
    simulated = set(
        raw.filter(pl.col("key").str.starts_with(fold(declarations.header["simulated"]["vi"])))["file"]
        .unique()
        .to_list()
    )
    forms_by_file: dict[int, list[tuple[int, str]]] = {}
    for file, sheet, form in recognition.forms.select("file", "sheet", "form").iter_rows():
        forms_by_file.setdefault(file, []).append((sheet, form))
    file_problems = {file: (code, vi, en, cause) for file, code, vi, en, cause in portion.problems.iter_rows()}
    names = {(file, sheet): name for file, sheet, name in sheets.select("file", "sheet", "name").iter_rows()}
    answers = dict(sheets.select("file", "answers").iter_rows())
    rows, header_remarks, breakdowns = [], [], []
    for file, receipt in enumerate(portion.receipts):
        if file in file_problems:
            code, vi, en, cause = file_problems[file]
            if cause is not None:
                guard_problem = problem(code, file=receipt["file_name"], seconds=f"{SECONDS:g}")
                vi, en = guard_problem.vi, guard_problem.en
                breakdowns.append((submission_id(receipt["sha256"]), code, cause))
            rows.append(unreadable_row(receipt, code, vi, en))
        elif file not in forms_by_file:
            name_list = ", ".join(name for (number, _), name in names.items() if number == file)[:120]
            refusal = problem("findings_report") if answers.get(file) else problem("not_our_form", sheets=name_list)
            rows.append(unreadable_row(receipt, refusal.code, refusal.vi, refusal.en))
        else:
            form_headers = [
                (names[file, sheet], headers.get((file, sheet), {}), form) for sheet, form in forms_by_file[file]
            ]
            submission, submission_remarks = _admit_workbook(
                receipt, form_headers, answers[file], file in simulated, declarations, registry
            )
            rows.append(submission.row())
            header_remarks += submission_remarks
            form_circulars = [
                (names[file, sheet], circulars[file, sheet])
                for sheet, _ in forms_by_file[file]
                if (file, sheet) in circulars
            ]
            header_remarks += _other_circular(submission, form_circulars, declarations)
    submissions = pl.DataFrame(rows, schema=tables.SUBMISSIONS)
    submissions_by_file = pl.DataFrame(
        {
            "file": range(len(portion.receipts)),
            "submission_id": submissions["submission_id"],
            "period_id": submissions["period_id"],
        },
        schema_overrides={"file": pl.Int32},
    )
    sheet_names = sheets.select("file", pl.col("sheet"), pl.col("name").alias("sheet_name"))
    cells, duplicate_remarks = _first_sheets(recognition.cells, sheet_names)
    remarks = pl.concat(
        [recognition.remarks, duplicate_remarks, _unread_sheets(raw, sheets, recognition, forms_by_file)],
        how="diagonal",
    )
    return ReadingResult(
        submissions,
        _add_names(cells, sheet_names, submissions_by_file).select(list(tables.CELLS)).cast(tables.CELLS),
        pl.concat(
            [
                pl.DataFrame(header_remarks, schema=tables.REMARKS),
                _add_names(remarks, sheet_names, submissions_by_file).select(list(tables.REMARKS)).cast(tables.REMARKS),
            ]
        ),
        pl.DataFrame(breakdowns, schema=tables.BREAKDOWNS, orient="row"),
    )


def _regime(header: dict[str, Field], declarations: Forms) -> str:
    end = read_period(header)[1]
    candidates = declarations.in_force(end) if end else declarations.current
    return next(iter(candidates.values())).regime.name


def _admit_workbook(
    receipt: dict,
    sheets: list[tuple[str, dict[str, Field], str]],
    answers: str | None,
    is_simulated: bool,
    declarations: Forms,
    registry: UnitRegistry,
) -> tuple[Submission, list[dict]]:
    """Return the submission of a workbook, from the headers of its forms (sheet name, header, form), and its remarks."""
    name, header, _ = _majority_sheet(sheets)

    def quote(field_name: str) -> Quote | None:
        return Quote(header[field_name].text, header[field_name].address) if field_name in header else None

    def text(field_name: str) -> str | None:
        return header[field_name].text if field_name in header else None

    contradictions, is_torn = [], False
    for other, other_header, _ in sheets:
        for field_name in ("unit", "unit_code", "scope", "period_start", "period_end", "period"):
            mine, theirs = text(field_name), other_header.get(field_name)
            if theirs and mine and mine != theirs.text and fold(mine) != fold(theirs.text):
                contradictions.append(contradiction(other, Quote(theirs.text, theirs.address), name, mine))
        is_torn |= _differ(read_period(header), read_period(other_header))
    dates = [date_quote for field_name in ("period_start", "period_end") if (date_quote := quote(field_name))]
    claim = Claim(
        sheet=name,
        period=read_period(header),
        period_quotes=tuple(dates or [date_quote for date_quote in [quote("period")] if date_quote]),
        unit=quote("unit"),
        unit_code=quote("unit_code"),
        parent=text("parent"),
        scope=text("scope"),
        forms=frozenset(form for _, _, form in sheets),
        revision=text("revision"),
        reason=text("reason"),
        signer=text("signer"),
        in_answer_to=answers,
        is_simulated=is_simulated,
        contradictions=tuple(contradictions),
        is_torn=is_torn,
    )
    submission, remarks = admit(claim, receipt, declarations, registry)
    for other, other_header, form in sheets:
        unit_field = other_header.get("measure_unit")
        form_unit = declarations.units[declarations.current[form].unit]
        if unit_field and fold(unit_field.text) not in map(
            fold, (form_unit.vi, form_unit.en, form_unit.code, *form_unit.aliases)
        ):
            remarks.append(
                {
                    "submission_id": submission.submission_id,
                    "code": "header_measure_unit",
                    "sheet": other,
                    "address": unit_field.address,
                    "raw": unit_field.text,
                    "detail_vi": f"Ô {unit_field.address} trang «{other}»: đơn vị tính ghi «{unit_field.text}», biểu này tính bằng «{form_unit.vi}».",
                    "detail_en": f"Cell {unit_field.address} of sheet '{other}': the unit of measure reads '{unit_field.text}', this form is in {form_unit.en}.",
                }
            )
    return submission, remarks


def _majority_sheet(sheets: list[tuple[str, dict[str, Field], str]]) -> tuple[str, dict[str, Field], str]:
    """Return the first sheet with the most common period, so that one left over from last month does not count."""
    sheets_with_header = [sheet for sheet in sheets if sheet[1]] or sheets[:1]
    periods = Counter(read_period(header) for _, header, _ in sheets_with_header)
    if None in read_period(sheets_with_header[0][1]):  # an unreadable period is reported, not outvoted
        return sheets_with_header[0]
    return max(sheets_with_header, key=lambda sheet: periods[read_period(sheet[1])])


def _differ(mine: tuple[date | None, date | None], theirs: tuple[date | None, date | None]) -> bool:
    """Tell whether two sheets name different periods; one that names none contradicts nothing."""
    return None not in (*mine, *theirs) and mine != theirs


def _other_circular(submission: Submission, circulars: list[tuple[str, Field]], declarations: Forms) -> list[dict]:
    """Report, once a workbook, that it uses the forms of another circular than the one in force (sheet, circular)."""
    regime = declarations.regimes.get(submission.regime or "")
    others = [(sheet, field) for sheet, field in circulars if regime and field.text not in regime.circulars]
    return [
        {
            "submission_id": submission.submission_id,
            "code": "header_regime",
            "sheet": sheet,
            "address": field.address,
            "raw": field.text,
            "detail_vi": f"Ô {field.address} trang «{sheet}»: mẫu biểu theo Thông tư {field.text}, kỳ này phải dùng mẫu của Thông tư {submission.regime}.",
            "detail_en": f"Cell {field.address} of sheet '{sheet}': the form is of circular {field.text}; for this period use the forms of {submission.regime}.",
        }
        for sheet, field in others[:1]
    ]


def _first_sheets(cells: pl.DataFrame, sheet_names: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Keep the first sheet of each form in a workbook; report the others."""
    first = cells.group_by("file", "form").agg(pl.col("sheet").min().alias("first_sheet"))
    cells_with_first = cells.join(first, on=["file", "form"])
    duplicates = (
        cells_with_first.filter(pl.col("sheet") != pl.col("first_sheet"))
        .unique(["file", "sheet"], maintain_order=True)
        .join(sheet_names, on=["file", "sheet"])
        .select(
            "file",
            "sheet",
            "form",
            pl.lit("duplicate_form").alias("code"),
            pl.format(
                "Trang «{}» là biểu {} lần thứ hai trong tệp; chỉ trang đầu được đọc.", "sheet_name", "form"
            ).alias("detail_vi"),
            pl.format("Sheet '{}' is form {} a second time; only the first is read.", "sheet_name", "form").alias(
                "detail_en"
            ),
        )
    )
    return cells_with_first.filter(pl.col("sheet") == pl.col("first_sheet")), duplicates


def _unread_sheets(
    raw: pl.DataFrame, sheets: pl.DataFrame, recognition: Recognition, forms_by_file: dict[int, list]
) -> pl.DataFrame:
    """Report sheets with figures that were not read, in workbooks that have forms of ours."""
    figures = (
        raw.filter(pl.col("kind").is_in(["number", "percent"])).group_by("file", "sheet").agg(pl.len().alias("figures"))
    )
    return (
        sheets.join(figures, on=["file", "sheet"])
        .join(recognition.forms, on=["file", "sheet"], how="anti")
        .join(recognition.copies, on=["file", "sheet"], how="anti")
        .filter(pl.col("file").is_in(list(forms_by_file)))
        .select(
            "file",
            "sheet",
            pl.when("is_hidden").then(pl.lit("hidden_sheet")).otherwise(pl.lit("unknown_sheet")).alias("code"),
            pl.when("is_hidden")
            .then(pl.format("Trang tính ẩn «{}» có {} số; hãy bỏ ẩn hoặc xóa trang này.", "name", "figures"))
            .otherwise(
                pl.format(
                    "Trang «{}» có {} số nhưng không phải biểu mẫu nào; trang này không được đọc.", "name", "figures"
                )
            )
            .alias("detail_vi"),
            pl.when("is_hidden")
            .then(pl.format("Hidden sheet '{}' holds {} figures; show it or remove it.", "name", "figures"))
            .otherwise(
                pl.format("Sheet '{}' holds {} figures but is none of the forms; it is not read.", "name", "figures")
            )
            .alias("detail_en"),
        )
    )


def _add_names(frame: pl.DataFrame, sheet_names: pl.DataFrame, submissions_by_file: pl.DataFrame) -> pl.DataFrame:
    """Replace file and sheet positions by submission, period and sheet name."""
    missing_columns = [name for name in ("form", *NO_ROW) if name not in frame.columns]
    return (
        frame.with_columns(pl.lit(None, pl.String).alias(name) for name in missing_columns)
        .join(sheet_names, on=["file", "sheet"], maintain_order="left")
        .join(submissions_by_file, on="file", maintain_order="left")
        .drop("sheet")
        .rename({"sheet_name": "sheet"})
    )
