"""The lines of a text or CSV that findings refer to, quoted on a sheet of their own."""

import re
from collections.abc import Iterator, Mapping

from pipeline.marked import words
from pipeline.marked.dossier import CellMark
from pipeline.marked.parts import RELATIONS, Parts, attribute, text
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles

MOST_LINES = 500
LONGEST_LINE = 600
CONTEXT = 120  # characters quoted before and after a figure in running text
_SPAN = re.compile(r"c(\d+)-(\d+)")
_LINE = re.compile(r"[A-Z]{1,3}(\d+)")
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def add_quotation_sheet(parts: Parts, styles: Styles, content: str, marks: Mapping[tuple[str, str], CellMark]) -> None:
    """Add a sheet that quotes the marked places of ``content``, in their order."""
    head = styles.text_style(bold=True, fill_colour="FFD9D9D9", has_border=True, is_centred=True)
    rows = [_row(1, [title for title, _ in words.QUOTATION_COLUMNS], head)]
    for (place, quote), mark in _quotes(content, marks):
        colour = COLOURS[mark.severity] if mark.severity else IN_THE_SUM
        rows.append(_row(len(rows) + 1, [place, quote], styles.text_style(has_border=True, fill_colour=colour)))
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, (_, width) in enumerate(words.QUOTATION_COLUMNS, 1)
    )
    part = parts.free_name("xl/worksheets/quoted{}.xml")
    parts.members[part] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
        f'<sheetView workbookViewId="0"/></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData></worksheet>'
    ).encode()
    parts.declare(part, _TYPE)
    relation = parts.relate(parts.workbook, "worksheet", part)
    entry = f'<sheet xmlns:r="{RELATIONS}" name={attribute(words.QUOTATION_SHEET)} sheetId="1" r:id="{relation}"/>'
    parts.members[parts.workbook] = parts.members[parts.workbook].replace(b"</sheets>", entry.encode() + b"</sheets>")
    parts.sheets[words.QUOTATION_SHEET] = part


def _quotes(content: str, marks: Mapping[tuple[str, str], CellMark]) -> Iterator[tuple[tuple[str, str], CellMark]]:
    """Yield place and quotation of each mark: the line of a CSV, or the figure and the words around it in a text."""
    lines = content.split("\n")
    quotes: dict[tuple[int, str], tuple[str, CellMark]] = {}
    for (_, address), mark in marks.items():
        if span := _SPAN.fullmatch(address):
            start, end = int(span[1]), int(span[2])
            quote = (
                f"… {content[max(0, start - CONTEXT) : start]}[{content[start:end]}]{content[end : end + CONTEXT]} …"
            )
            quotes[start, address] = (" ".join(quote.split()), mark)
        elif (line := _LINE.fullmatch(address)) and int(line[1]) <= len(lines):
            quotes[int(line[1]), address] = (lines[int(line[1]) - 1].rstrip("\r")[:LONGEST_LINE], mark)
    for (_, address), (quote, mark) in sorted(quotes.items(), key=lambda entry: entry[0])[:MOST_LINES]:
        yield (address, quote), mark


def _row(number: int, values: list[str], style: int) -> str:
    cells = "".join(
        f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text(value)}</t></is></c>'
        for letter, value in zip("AB", values, strict=True)
    )
    return f'<row r="{number}">{cells}</row>'
