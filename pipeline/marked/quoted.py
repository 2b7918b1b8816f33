"""The lines of a text or CSV that findings speak of, quoted on a sheet of their own."""

import re
from collections.abc import Iterator, Mapping

from pipeline.marked import words
from pipeline.marked.dossier import Mark
from pipeline.marked.parts import RELATIONS, Parts, attribute, text
from pipeline.marked.styles import COLOURS, IN_THE_SUM, Styles

MOST_LINES = 500
LONGEST_LINE = 600
AROUND = 120  # characters quoted before and after a figure in running text
_SPAN = re.compile(r"c(\d+)-(\d+)")
_LINE = re.compile(r"[A-Z]{1,3}(\d+)")
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"


def add_quoted_sheet(parts: Parts, styles: Styles, content: str, shown: Mapping[tuple[str, str], Mark]) -> None:
    """Add a sheet that quotes what stands at the marked places of ``content``, in their order."""
    head = styles.written(bold=True, ground="FFD9D9D9", boxed=True, centred=True)
    rows = [_row(1, [title for title, _ in words.QUOTED_COLUMNS], head)]
    for (place, quote), mark in _quotes(content, shown):
        ground = COLOURS[mark.severity] if mark.severity else IN_THE_SUM
        rows.append(_row(len(rows) + 1, [place, quote], styles.written(boxed=True, ground=ground)))
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width}" customWidth="1"/>'
        for place, (_, width) in enumerate(words.QUOTED_COLUMNS, 1)
    )
    part = parts.free_name("xl/worksheets/quoted{}.xml")
    parts.members[part] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>'
        f'<sheetView workbookViewId="0"/></sheetViews><cols>{columns}</cols><sheetData>{"".join(rows)}</sheetData></worksheet>'
    ).encode()
    parts.declare(part, _TYPE)
    relation = parts.relate(parts.workbook, "worksheet", part)
    entry = f'<sheet xmlns:r="{RELATIONS}" name={attribute(words.QUOTED)} sheetId="1" r:id="{relation}"/>'
    parts.members[parts.workbook] = parts.members[parts.workbook].replace(b"</sheets>", entry.encode() + b"</sheets>")
    parts.sheets[words.QUOTED] = part


def _quotes(content: str, shown: Mapping[tuple[str, str], Mark]) -> Iterator[tuple[tuple[str, str], Mark]]:
    """Yield place and quotation of each mark: a line of a CSV, a figure with the words around it in a text."""
    lines = content.split("\n")
    found: dict[tuple[int, str], tuple[str, Mark]] = {}
    for (_, address), mark in shown.items():
        if span := _SPAN.fullmatch(address):
            start, end = int(span[1]), int(span[2])
            quote = f"… {content[max(0, start - AROUND) : start]}[{content[start:end]}]{content[end : end + AROUND]} …"
            found[start, address] = (" ".join(quote.split()), mark)
        elif (line := _LINE.fullmatch(address)) and int(line[1]) <= len(lines):
            found[int(line[1]), address] = (lines[int(line[1]) - 1].rstrip("\r")[:LONGEST_LINE], mark)
    for (_, address), (quote, mark) in sorted(found.items(), key=lambda entry: entry[0])[:MOST_LINES]:
        yield (address, quote), mark


def _row(number: int, told: list[str], style: int) -> str:
    cells = "".join(
        f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text(value)}</t></is></c>'
        for letter, value in zip("AB", told, strict=True)
    )
    return f'<row r="{number}">{cells}</row>'
