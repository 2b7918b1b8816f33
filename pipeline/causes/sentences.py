"""What a hypothesis says to the office, in Vietnamese and English: where, what kind of slip, what would make it close."""

from decimal import Decimal

from pipeline.causes.constraints import Place
from pipeline.causes.returns import Edit, Return
from pipeline.causes.search import Hypothesis
from pipeline.judged.sentences import amount_en, amount_vi

#: kind -> (Vietnamese, English); {cell} is the root, {found} what stands there, {would_be} what would close.
KINDS = {
    "unit_thousand": (
        "Có thể ghi nhầm đơn vị tính (lệch 1.000 lần): {cell} ghi {found}, nếu là {would_be}",
        "Perhaps the unit slipped by a factor of 1 000: {cell} shows {found}; were it {would_be}",
    ),
    "digits_swapped": (
        "Có thể hai chữ số bị đảo: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps two digits changed places: {cell} shows {found}; were it {would_be}",
    ),
    "columns_swapped": (
        "Có thể số liệu của hai cột bị đổi chỗ: {cell} ghi {found}, nếu là {would_be} (đổi với ô {others})",
        "Perhaps the figures of two columns changed places: {cell} shows {found}; were it {would_be} (changed with {others})",
    ),
    "rows_swapped": (
        "Có thể số liệu của hai dòng bị đổi chỗ: {cell} ghi {found}, nếu là {would_be} (đổi với ô {others})",
        "Perhaps the figures of two rows changed places: {cell} shows {found}; were it {would_be} (changed with {others})",
    ),
    "row_shifted": (
        "Có thể số liệu bị ghi lệch dòng từ {cell}: ghi {found}, nếu là {would_be}",
        "Perhaps the figures slipped by a row from {cell} on: it shows {found}; were it {would_be}",
    ),
    "term_left_out": (
        "Có thể đã bỏ sót {terms} {gap} khi tính {cell}: ghi {found}, nếu là {would_be}",
        "Perhaps {terms} {gap} was left out of {cell}: it shows {found}; were it {would_be}",
    ),
    "month_not_cumulative": (
        "Có thể chỉ ghi số trong tháng, chưa cộng lũy kế từ đầu năm: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps this month alone was entered instead of the cumulative figure: {cell} shows {found}; were it {would_be}",
    ),
    "last_month_copied": (
        "Có thể chép lại số của tháng trước: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps last month's figure was copied: {cell} shows {found}; were it {would_be}",
    ),
    "sign": (
        "Có thể ghi nhầm dấu: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps the sign is wrong: {cell} shows {found}; were it {would_be}",
    ),
    "total_typed_over": (
        "Có thể số tính bằng công thức đã bị gõ đè hoặc ghi sai: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps a computed figure was typed over or mistyped: {cell} shows {found}; were it {would_be}",
    ),
    "digit_wrong": (
        "Có thể gõ sai, thiếu hoặc thừa một chữ số: {cell} ghi {found}, nếu là {would_be}",
        "Perhaps one digit is mistyped, missing or too many: {cell} shows {found}; were it {would_be}",
    ),
    "cell_blank": (
        "Ô chưa có số: {cell}; nếu là {would_be}",
        "The cell has no figure: {cell}; were it {would_be}",
    ),
}
NO_SLIP = (
    "Có thể ghi sai số ở {cell}: ghi {found}, nếu là {would_be}",
    "Perhaps {cell} is wrong: it shows {found}; were it {would_be}",
)
ACCEPTED_AS_DUE = (
    "Có thể tổng số giải quyết (thụ lý) đã ghi vào số phải thi hành: {cell} ghi {found}; nếu đã ủy thác hoặc thu hồi, hủy "
    "{gap} thì số phải thi hành là {would_be}",
    "Perhaps the accepted total was printed as due: {cell} shows {found}; with {gap} delegated or revoked, due is {would_be}",
)
MOST_OTHERS = 4


def told(of: Return, hypothesis: Hypothesis, findings: int) -> tuple[str, str]:
    """Return the sentences of a hypothesis; ``findings`` is the number of findings of its cause."""
    edit, closes = hypothesis.edit, len(hypothesis.closes)
    vi, en = _pattern(edit)
    if findings == closes == 1:
        end_vi, end_en = "mọi số khớp nhau", "everything closes"
    elif findings == closes:
        end_vi, end_en = f"cả {closes} chỗ không khớp đều khớp", f"all {closes} that do not add up close"
    else:
        end_vi = f"{closes} trong {findings} chỗ không khớp sẽ khớp"
        end_en = f"{closes} of the {findings} that do not add up close"
    end_vi = f"{'và' if vi.endswith('là {would_be}') and 'thì' in vi else 'thì'} {end_vi}"
    if edit.said.get("carried"):
        vi, en = f"{vi} và các ô tổng theo đó", f"{en} and its totals with it"
    return f"{vi.format(**_words(of, edit, vi=True))} {end_vi}", f"{en.format(**_words(of, edit, vi=False))}, {end_en}"


def _pattern(edit: Edit) -> tuple[str, str]:
    if "implied" in edit.said and edit.root.column == "due":
        return ACCEPTED_AS_DUE
    return NO_SLIP if edit.said.get("slip") == "none" else KINDS[edit.kind]


def copied(of: Return, root: Place) -> tuple[str, str]:
    """Return what is said where the whole form is last month's: no figure of this month is known."""
    return (
        f"Có thể cả biểu được chép lại từ tháng trước; hãy nhập lại số liệu tháng này, bắt đầu từ {_cell(of, root, vi=True)}",
        f"Perhaps the whole form was copied from last month; enter this month's figures, beginning with {_cell(of, root, vi=False)}",
    )


def unexplained(of: Return, root: Place) -> tuple[str, str]:
    """Return what is said where no figure closes anything."""
    return (
        f"Chưa rõ nguyên nhân; hãy bắt đầu kiểm tra từ {_cell(of, root, vi=True)}",
        f"The cause is not clear; begin with {_cell(of, root, vi=False)}",
    )


def _words(of: Return, edit: Edit, *, vi: bool) -> dict[str, str]:
    amount = amount_vi if vi else amount_en
    root = edit.root
    others = [of.cells[place].address or "?" for place in edit.changes if place != root]
    more = [] if len(others) <= MOST_OTHERS else ["…"]
    measures = of.declared.measures
    terms = str(edit.said.get("terms", "")).split()
    named = [f"«{measures[t].vi if vi else measures[t].en}»" for t in terms if t in measures]
    gap = edit.said.get("gap")
    return {
        "cell": _cell(of, root, vi=vi),
        "found": amount(of.printed(root, found)) if (found := of.cells[root].value) is not None else "",
        "would_be": amount(of.printed(root, edit.changes[root])),
        "others": ", ".join(others[:MOST_OTHERS] + more),
        "terms": (" và " if vi else " and ").join(named),
        "gap": amount(of.printed(root, gap)) if isinstance(gap, Decimal) else "",
    }


def _cell(of: Return, place: Place, *, vi: bool) -> str:
    """Name a cell in the words of the form: ``ô H12 («Thi hành xong», dòng «Tổng số», Biểu 01/TK-THA)``."""
    cell, form = of.cells.get(place), of.forms.get(place.form)
    measure, row = of.declared.measures.get(place.column), form.row.get(place.row) if form else None
    names = []
    if measure:
        names.append(f"«{measure.vi if vi else measure.en}»")
    if row:
        names.append(f"dòng «{row.vi}»" if vi else f"row '{row.en}'")
    if form:
        names.append(f"Biểu {form.number}" if vi else f"form {form.number}")
    inside = f" ({', '.join(names)})" if names else ""
    if cell and cell.address:
        return f"{'ô' if vi else 'cell'} {cell.address}{inside}"
    return ", ".join(names) if names else ("trang tính" if vi else "the sheet")
