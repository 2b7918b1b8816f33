"""Tables as text: which separator, which columns, which line; what is no table is refused with the line that shows it.

Excel writes a CSV with the list separator of the computer, which in Vietnam is a semicolon, and a spreadsheet pads its
lines with separators or leaves those at the end of a line out. What looks blank is blank.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice
from pathlib import Path

import polars as pl
import yaml

from pipeline.files.problems import UnreadableFile, problem
from pipeline.text.address import column_letters
from pipeline.text.spelling import fold, is_blank, trim, trim_column

#: Separators and their names in a sentence.
SEPARATORS = {",": ("dấu phẩy", "comma"), ";": ("dấu chấm phẩy", "semicolon"), "\t": ("dấu tab", "tab")}

#: A line of all that Excel's last column allows is shorter, unless its cells hold essays.
LONGEST_LINE = 200_000
#: Named columns; of ours there are eleven.
MOST_COLUMNS = 256
#: Lines with figures. A province with all its offices and forms in one period has half as many.
MOST_LINES = 250_000
#: Records made into columns at once: as lists of texts they take many times the memory.
PORTION = 50_000

_IRREGULARITY = {"line": pl.Int64, "fields": pl.Int64, "is_over": pl.Boolean, "written": pl.String}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*', re.IGNORECASE)


@dataclass(frozen=True)
class TableHeader:
    """The line that names the columns of a table."""

    separator: str
    kind: str | None  # of csv_columns.yaml; None where the names are those of no table of ours
    columns: dict[str, int]  # our name of a column -> its position, from 0
    names: list[str]  # as written
    line: int  # where it stands, from 1
    end: int  # characters before the first line of the table

    @cached_property
    def letters(self) -> dict[str, str]:
        """The letters that a spreadsheet gives each of our columns."""
        return {name: column_letters(position) for name, position in self.columns.items()}

    @property
    def others(self) -> list[str]:
        """The names that are none of ours, as written."""
        return [name for position, name in enumerate(self.names) if name and position not in self.columns.values()]


def read_header(text: str) -> TableHeader:
    """Return the header of a table; raises ``UnreadableFile`` where its first line cannot be one.

    Only the first lines are looked at. A line ``sep=;`` before it is what some programs write for Excel.
    """
    line, end, separators = 0, 0, tuple(SEPARATORS)
    for line_text in _lines(text):
        line, end = line + 1, end + len(line_text)
        if match := _SEPARATOR_LINE.fullmatch(line_text.strip("\r\n\ufeff ")):
            separators = (match[1], *(other for other in SEPARATORS if other != match[1]))
        elif not is_blank(line_text.translate(_NO_SEPARATORS)):
            return _header(line_text.rstrip("\r\n"), separators, line, end)
    raise UnreadableFile(problem("empty_file"))


def read_records(text: str, header: TableHeader) -> pl.DataFrame:
    """Return the lines below a header: ``line`` (where each begins), our columns, and whether its fields fit.

    Values are texts without the blanks around them, null where nothing stands. ``fields`` counts the fields of a line
    and ``ragged`` quotes it where they are too few or too many; such a line has no place for its values. Raises
    ``UnreadableFile`` where it is no table.
    """
    named_positions = [position for position, name in enumerate(header.names) if name]
    width = max(named_positions) + 1
    unnamed_positions = [position for position in range(width) if position not in set(named_positions)]
    portions: list[pl.DataFrame] = []
    irregular_lines: list[tuple] = []
    records = _parse_records(text, header.end, header.line, header.separator)
    while portion := list(islice(records, PORTION)):
        if (len(portions) + 1) * PORTION > MOST_LINES:
            raise UnreadableFile(problem("too_many_lines", limit=f"{MOST_LINES:,}".replace(",", ".")))
        fields = []
        for line, record in portion:
            if len(record) != width or unnamed_positions:
                irregular_lines.append(_irregularity(line, record, width, unnamed_positions, header))
                record = (record + [""] * width)[:width]
            fields.append(record)
        columns = list(zip(*fields, strict=True))
        values = {name: pl.Series(name, columns[position], pl.String) for name, position in header.columns.items()}
        portions.append(pl.DataFrame({"line": [line for line, _ in portion], **values}))
    if not portions:
        raise UnreadableFile(problem("empty_file"))
    table = (
        pl.concat(portions)
        .with_columns(trim_column(pl.col(name)) for name in header.columns)
        .join(
            pl.DataFrame(irregular_lines, schema=_IRREGULARITY, orient="row"),
            on="line",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("fields").fill_null(width), pl.col("is_over").fill_null(False))
    )
    # A spreadsheet leaves out the separators at the end of a line where its last columns are blank everywhere.
    required = _kinds()[header.kind]["required"] if header.kind else []
    needed_positions = [
        position for name, position in header.columns.items() if name in required or table[name].is_not_null().any()
    ]
    is_ragged = (pl.col("fields") <= max(needed_positions)) | pl.col("is_over")
    return table.with_columns(pl.when(is_ragged).then("written").alias("ragged")).drop("is_over", "written")


def read_cells(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield row, column (both from 0) and text of everything that stands in a table, whatever its columns mean."""
    separator = max(SEPARATORS, key=text[:LONGEST_LINE].count)
    for line, record in _parse_records(text, 0, 0, separator):
        for column, field in enumerate(record):
            if value := trim(field):
                yield line - 1, column, value


@cache
def _kinds() -> dict[str, dict]:
    return yaml.safe_load(Path(__file__).with_name("csv_columns.yaml").read_text(encoding="utf-8"))


_NO_SEPARATORS = str.maketrans("", "", "".join(SEPARATORS) + '"')


@cache
def _names(kind: str) -> dict[str, str]:
    """Return our names of columns by all that they are called, as keys."""
    columns: dict[str, list[str]] = _kinds()[kind]["columns"]
    return {_key(name): column for column, others in columns.items() for name in (column, *others)}


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", fold(name))


def _header(first: str, separators: tuple[str, ...], line: int, end: int) -> TableHeader:
    headers = [_header_with_separator(first, separator, line, end) for separator in separators]
    # Of two that are equally good, the first: the one that the file names, else the comma.
    best = max(headers, key=lambda header: (header.kind is not None, len(header.columns), len(header.names)))
    if len(best.names) - best.names.count("") > MOST_COLUMNS:
        raise UnreadableFile(problem("too_many_columns", limit=MOST_COLUMNS))
    return best


def _header_with_separator(first: str, separator: str, line: int, end: int) -> TableHeader:
    try:
        (fields,) = csv.reader([first], delimiter=separator, strict=True)
    except (csv.Error, ValueError):
        fields = [first]
    names = [trim(name) for name in fields]
    keys = [_key(name) for name in names] if len(first) < LONGEST_LINE // 10 else []
    for kind, entry in _kinds().items():
        known_columns = [(name, position) for position, key in enumerate(keys) if (name := _names(kind).get(key))]
        if set(entry["required"]) <= {name for name, _ in known_columns}:
            columns = dict(known_columns)
            if len(columns) < len(known_columns):
                duplicate = next(name for name, position in known_columns if columns[name] != position)
                raise UnreadableFile(problem("doubled_column", column=duplicate))
            return TableHeader(separator, kind, columns, names, line, end)
    return TableHeader(separator, None, {}, names, line, end)


def _irregularity(line: int, record: list[str], width: int, unnamed_positions: list[int], header: TableHeader) -> tuple:
    """Return how a line is irregular: its number of fields, whether something stands outside the columns, its text."""
    count = len(record)
    extra_fields = [*record[width:], *(record[position] for position in unnamed_positions if position < count)]
    line_text = header.separator.join(record)
    if count < width:
        _check_separator(line_text, line, width, header)
    return line, count, not is_blank("".join(extra_fields)), line_text


def _parse_records(text: str, start: int, lines_before: int, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line on which it begins."""
    reader = csv.reader(_lines(text, start, lines_before), delimiter=separator, strict=True)
    line = lines_before + 1
    try:
        for record in reader:
            if record and (record[0].isalnum() or not is_blank("".join(record))):
                if reader.line_num + lines_before > line:
                    _check_quotes(record, line, separator)
                yield line, record
            line = lines_before + reader.line_num + 1
    except (csv.Error, ValueError) as error:
        raise UnreadableFile(problem("broken_line", line=line)) from error


def _lines(text: str, start: int = 0, lines_before: int = 0) -> Iterator[str]:
    """Yield the lines of a text with their ends, which may be those of any system, from a position on."""
    for line, match in enumerate(_LINE.finditer(text, start), start=lines_before + 1):
        if match.end() - match.start() > LONGEST_LINE:
            raise UnreadableFile(problem("line_too_long", line=line, limit=f"{LONGEST_LINE:,}".replace(",", ".")))
        yield match[0]


def _check_quotes(record: list[str], line: int, separator: str) -> None:
    """Refuse a field that has swallowed whole lines because of a quotation mark that was never closed."""
    for field in record:
        if any(part.count(separator) >= len(record) - 1 > 0 for part in field.splitlines()[1:]):
            raise UnreadableFile(problem("broken_line", line=line))


def _check_separator(line_text: str, line: int, width: int, header: TableHeader) -> None:
    """Refuse a table some lines of which are separated otherwise than its header."""
    for other, (vi, en) in SEPARATORS.items():
        if other != header.separator and line_text.count(other) == width - 1:
            header_vi, header_en = SEPARATORS.get(header.separator, (header.separator,) * 2)
            names = {"header_vi": header_vi, "header_en": header_en, "line_vi": vi, "line_en": en}
            raise UnreadableFile(problem("mixed_separators", line=line, header=header.line, **names))
