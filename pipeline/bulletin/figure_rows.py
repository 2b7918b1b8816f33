"""The rows of a passport: every figure of a report, with its meaning, its raw text and its cell.

Written without a template: three years of the whole country have two million of these rows, and a template takes five
times as long for each.
"""

from functools import cache

from markupsafe import Markup, escape

from pipeline.bulletin import words
from pipeline.bulletin.cells import CELLS, SHARES
from pipeline.bulletin.numbers import figure, shorten
from pipeline.bulletin.passports import Passport

#: Figures derived from a share and the targets, by the end of their column: decimals, and whether a plus is written.
DERIVED = {
    "target_pct": (2, False),
    "target_pro_rata_pct": (2, False),
    "gap_points": (2, True),
    "completion_rate_change_points": (2, True),
    "completion_rank": (0, False),
}


def figure_rows(passport: Passport) -> Markup:
    """Return the rows of a passport as HTML; a figure that the report lacks has no row."""
    row, html_rows, form = passport.row, [], ""
    anchor = row["anchor"]
    for column, (cell_form, _, _) in CELLS.items():
        if row.get(column) is None:
            continue
        if cell_form != form:
            form = cell_form
            html_rows.append(_heading(form))
        cell = passport.cells.get(column)
        if cell:
            source_html = (
                f'<td class="words">{escape(shorten(cell["raw"], 60))}</td>'
                f'<td class="words">{escape(shorten(cell["sheet"], 31))}!<b>{escape(cell["address"])}</b></td>'
            )
        else:
            source_html = _sum_cell() if row["is_sum"] or form == "discipline" else _empty_cell()
        value = figure(row, column, 3 if form == "02" else 0)
        html_rows.append(f'<tr id="{anchor}.{column}">{_label(column)}<td>{value}</td>{source_html}</tr>')
    for column in SHARES:
        if row.get(column) is not None:
            html_rows.append(
                f'<tr id="{anchor}.{column}">{_label(column)}<td>{figure(row, column, 2)}</td>{_share(column, anchor)}</tr>'
            )
    for basis in ("cases", "money"):
        for code, (decimals, signed) in DERIVED.items():
            column = f"{basis}_{code}"
            if row.get(column) is not None:
                value = figure(row, column, decimals, signed=signed)
                rank_count = row[f"{basis}_ranked"] if code == "completion_rank" else None
                html_rows.append(
                    f'<tr id="{anchor}.{column}">{_label(column)}<td>{value}{f"/{rank_count}" if rank_count else ""}</td>'
                    f"{_derivation(code)}</tr>"
                )
    return Markup("\n".join(html_rows))


@cache
def _heading(form: str) -> str:
    unit = {"01": ("việc", "cases"), "02": ("tỷ đồng", "billion đồng")}.get(form)
    title = words.bilingual(f"Biểu {form}", f"Form {form}") if form.isdigit() else words.word("form", form)
    return (
        f'<tr class="group"><th scope="rowgroup" colspan="4">{title}'
        f"{' · ' + words.bilingual(*unit) if unit else ''}</th></tr>"
    )


@cache
def _label(column: str) -> str:
    form, _, code = CELLS.get(column, ("", "", ""))
    if form in ("01", "02"):
        text = words.measure(code)
    elif form:
        text = words.word("conduct", column)
    else:
        text = words.column_word(column)
    return f'<th scope="row">{text}</th>'


@cache
def _sum_cell() -> str:
    return f'<td colspan="2" class="words none">{words.bilingual("tổng cộng", "summed")}</td>'


@cache
def _empty_cell() -> str:
    return '<td colspan="2" class="words none">–</td>'


def _share(column: str, anchor: str) -> str:
    part, whole = (f'<a href="#{anchor}.{term}">{words.measure(CELLS[term][2])}</a>' for term in SHARES[column])
    return f'<td colspan="2" class="words">100 × {part} / {whole}</td>'


@cache
def _derivation(code: str) -> str:
    return f'<td colspan="2" class="words">{words.word("derivation", code)}</td>'
