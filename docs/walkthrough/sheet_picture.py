"""A picture of part of a sheet, as a spreadsheet shows it: openpyxl reads it, Chromium draws it."""

import html
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter, range_boundaries

CHROMIUM = "/usr/bin/chromium"
PIXELS_A_LETTER = 6.4
STYLE = """
body { margin: 0; background: #fff; font: 12px 'Times New Roman', 'Liberation Serif', 'DejaVu Serif', serif; display: inline-block; }
table { border-collapse: collapse; table-layout: fixed; }
td { border: 1px solid #d4d4d4; padding: 1px 3px; vertical-align: top; overflow: hidden; white-space: pre-wrap; }
th { background: #ececec; border: 1px solid #c8c8c8; font: 11px 'DejaVu Sans', sans-serif; color: #555; }
.note { position: absolute; background: #ffffe1; border: 1px solid #333; box-shadow: 2px 2px 3px #888; padding: 6px 8px;
  font: 11px 'DejaVu Sans', sans-serif; white-space: pre-wrap; width: 560px; }
.noted { background-image: linear-gradient(225deg, #c00 5px, transparent 5px); }
"""


def picture(workbook: Path, sheet: int, cells: str, target: Path, *, open_comment: str | None = None) -> None:
    """Draw a range of a sheet (by its place in the workbook), with the comment of one cell open."""
    from playwright.sync_api import sync_playwright

    worksheet = openpyxl.load_workbook(workbook, data_only=True).worksheets[sheet]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "sheet.html"
        page_file.write_text(_page(worksheet, cells, open_comment), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 600})
        page.goto(page_file.as_uri())
        if open_comment:
            page.evaluate(
                "() => { const at = document.getElementById('open').getBoundingClientRect(), note = document.querySelector('.note');"
                " note.style.top = at.bottom + 8 + 'px'; note.style.left = Math.max(4, at.right - note.offsetWidth) + 'px';"
                " document.body.style.height = at.bottom + 16 + note.offsetHeight + 'px'; }"
            )
        page.locator("body").screenshot(path=target)
        browser.close()


def _page(sheet: Any, cells: str, open_comment: str | None) -> str:
    left, top, right, bottom = range_boundaries(cells)
    spans, hidden_cells = {}, set()
    for merged_range in sheet.merged_cells.ranges:
        positions = [
            (row, column)
            for row in range(merged_range.min_row, merged_range.max_row + 1)
            for column in range(merged_range.min_col, merged_range.max_col + 1)
        ]
        spans[positions[0]] = (
            min(merged_range.max_row, bottom) - merged_range.min_row + 1,
            min(merged_range.max_col, right) - merged_range.min_col + 1,
        )
        hidden_cells |= set(positions[1:])
    widths = [_width(sheet, column) for column in range(left, right + 1)]
    head = "".join(f"<th>{get_column_letter(column)}</th>" for column in range(left, right + 1))
    columns = "".join(f'<col style="width:{width}px">' for width in (30, *widths))
    rows, note = [], ""
    for row in range(top, bottom + 1):
        cells_html = []
        for column in range(left, right + 1):
            if (row, column) in hidden_cells:
                continue
            cell = sheet.cell(row, column)
            is_open_comment = cell.coordinate == open_comment
            if is_open_comment and cell.comment:
                note = f'<div class="note">{html.escape(cell.comment.text)}</div>'
            row_span, column_span = spans.get((row, column), (1, 1))
            cells_html.append(
                f'<td rowspan="{row_span}" colspan="{column_span}" style="{_style(cell)}"{" id=open" if is_open_comment else ""}'
                f"{' class=noted' if cell.comment else ''}>{html.escape(_cell_text(cell))}</td>"
            )
        height = (sheet.row_dimensions[row].height or 15) * 4 / 3
        rows.append(f'<tr style="height:{height:.0f}px"><th>{row}</th>{"".join(cells_html)}</tr>')
    return (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
        f'<table style="width:{30 + sum(widths)}px"><colgroup>{columns}</colgroup><tr><th></th>{head}</tr>{"".join(rows)}</table>{note}'
    )


def _width(sheet: Any, column: int) -> int:
    sizes = [each.width for each in sheet.column_dimensions.values() if each.min and each.min <= column <= each.max]
    return round((sizes[0] if sizes else 9) * PIXELS_A_LETTER)


def _style(cell: Any) -> str:
    fill = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" and isinstance(cell.fill.fgColor.rgb, str) else None
    ink = cell.font.color.rgb if cell.font.color and isinstance(cell.font.color.rgb, str) else None
    parts = [
        f"font-size:{(cell.font.sz or 11) * 1.2:.0f}px",
        f"text-align:{cell.alignment.horizontal or ('right' if isinstance(cell.value, int | float) else 'left')}",
    ]
    parts += [f"background-color:#{fill[2:]}"] if fill else []
    parts += [f"color:#{ink[2:]}"] if ink else []
    parts += ["font-weight:bold"] if cell.font.b else []
    parts += ["font-style:italic"] if cell.font.i else []
    parts += ["text-decoration:underline"] if cell.font.u else []
    return ";".join(parts)


def _cell_text(cell: Any) -> str:
    if cell.value is None:
        return ""
    if isinstance(cell.value, int | float) and cell.number_format == "#,##0":
        return f"{cell.value:,.0f}".replace(",", ".")
    if hasattr(cell.value, "strftime"):
        return cell.value.strftime("%d/%m/%Y")
    return str(cell.value)
