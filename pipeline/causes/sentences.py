"""What a hypothesis says to the office, in Vietnamese and English: where, what kind of slip, what would make it close."""

from decimal import Decimal

from expectations.constraints import Place
from pipeline.causes.returns import Edit, Return
from pipeline.causes.search import Hypothesis
from pipeline.text.amount import amount_en, amount_vi

#: kind -> (Vietnamese, English); {cell} is the root, {found} its figure, {would_be} the figure that would close it.
KINDS = {
    "not_recalculated": (
        "{formulas} ô công thức chưa được tính lại: {examples}. Hãy mở tệp bằng Excel, nhấn Ctrl+Alt+F9 để tính lại, lưu và gửi lại",
        "{formulas} formula cells were not recalculated: {examples}. Open the file in Excel, press Ctrl+Alt+F9, save and send it again",
    ),
    "unit_thousand": (
        "Có thể ghi nhầm đơn vị tính (lệch 1.000 lần): {cell} ghi {found}, nếu là {would_be}",
        "Perhaps the unit slipped by a factor of 1 000: {cell} shows {found}; were it {would_be}",
    ),
    "rates_as_fractions": (
        "Các ô tỷ lệ đang ghi phân số của 1 (như ô định dạng phần trăm trong Excel), không phải số phần trăm: {cell} ghi {found}, "
        "nếu là {would_be} và {count} ô tỷ lệ đều nhân với 100",
        "The rates are fractions of one, as cells in per-cent format hold them, and not per cent: {cell} shows {found}; were it "
        "{would_be}, and all {count} rates times 100",
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
WHOLE_FORM = (
    "Có thể cả biểu {scaled}: {cell} ghi {found}, nếu là {would_be} và {count} ô số tiền đều sửa như vậy",
    "Perhaps the whole form is {scaled}: {cell} shows {found}; were it {would_be}, and all {count} amounts likewise",
)
BLANK_RATES = (
    "Tỷ lệ chưa có số hoặc báo lỗi, tính được từ các ô cùng dòng: {cell}; nếu là {would_be}",
    "Rates show no figure or an error, and follow from the cells of their row: {cell}; were it {would_be}",
)
#: Sentences for a sum that is only bounded: not the figure, but where it must lie.
BOUNDS = {
    "at_most": ("không lớn hơn {would_be}", "no more than {would_be}"),
    "at_least": ("không nhỏ hơn {would_be}", "no less than {would_be}"),
}
NO_BASE = (
    "Mẫu số bằng 0 nên không có tỷ lệ: hãy để trống ô, bắt đầu từ {cell}",
    "The base is 0, so there is no rate: leave the cell blank, beginning with {cell}",
)
ALTERNATIVE = (
    "; cũng có thể là {cell} (ghi {found}, nếu là {would_be}): số liệu không cho biết ô nào sai",
    "; it may as well be {cell} (shows {found}; were it {would_be}): the figures do not tell which",
)
WRONG_FIGURE = (
    "Có thể ghi sai số ở {cell}: ghi {found}, nếu là {would_be}",
    "Perhaps {cell} is wrong: it shows {found}; were it {would_be}",
)
ACCEPTED_AS_DUE = (
    "Có thể tổng số giải quyết (thụ lý) đã ghi vào số phải thi hành: {cell} ghi {found}; nếu đã ủy thác hoặc thu hồi, hủy "
    "{gap} thì số phải thi hành là {would_be}",
    "Perhaps the accepted total was printed as due: {cell} shows {found}; with {gap} delegated or revoked, due is {would_be}",
)
MOST_OTHERS = 4
MOST_EXAMPLES = 3


def hypothesis_sentences(
    office_return: Return, hypothesis: Hypothesis, finding_count: int, alternative: Edit | None = None
) -> tuple[str, str]:
    """Return the sentences of a hypothesis; ``finding_count`` is the number of findings of its cause.

    ``alternative`` is an edit of another cell that the figures support equally.
    """
    edit, closed_count = hypothesis.edit, len(hypothesis.closed_findings)
    vi, en = _pattern(edit)
    if hypothesis.is_recalculation:
        return vi.format(**_formula_values(office_return, edit, vi=True)), en.format(
            **_formula_values(office_return, edit, vi=False)
        )
    if finding_count == closed_count == 1:
        end_vi, end_en = "mọi số khớp nhau", "everything closes"
    elif finding_count == closed_count:
        end_vi, end_en = f"cả {closed_count} chỗ không khớp đều khớp", f"all {closed_count} that do not add up close"
    else:
        end_vi = f"{closed_count} trong {finding_count} chỗ không khớp sẽ khớp"
        end_en = f"{closed_count} of the {finding_count} that do not add up close"
    end_vi = f"{'và' if vi.endswith('là {would_be}') and 'thì' in vi else 'thì'} {end_vi}"
    if edit.details.get("carried"):
        vi, en = f"{vi} và các ô tổng theo đó", f"{en} and its totals with it"
    more_vi, more_en = ALTERNATIVE if alternative else ("", "")
    return (
        f"{vi.format(**_sentence_values(office_return, edit, vi=True))} {end_vi}{more_vi.format(**_sentence_values(office_return, alternative or edit, vi=True))}",
        f"{en.format(**_sentence_values(office_return, edit, vi=False))}, {end_en}{more_en.format(**_sentence_values(office_return, alternative or edit, vi=False))}",
    )


def _pattern(edit: Edit) -> tuple[str, str]:
    if "implied" in edit.details and edit.root.column == "due":
        return ACCEPTED_AS_DUE
    if edit.kind in ("unit_thousand", "power_of_ten") and edit.details.get("whole"):
        return WHOLE_FORM
    if edit.kind == "cell_blank" and edit.details.get("whole"):
        return BLANK_RATES
    vi, en = WRONG_FIGURE if edit.details.get("slip") == "none" else KINDS[edit.kind]
    if bound := BOUNDS.get(str(edit.details.get("bound"))):
        return vi.replace("là {would_be}", bound[0]), en.replace("{would_be}", bound[1])
    return vi, en


def _formula_values(office_return: Return, edit: Edit, *, vi: bool) -> dict[str, str]:
    """Return how many formulas were not calculated, and for the first of them the shown and the calculated figure."""
    amount = amount_vi if vi else amount_en
    examples = []
    for place in sorted(edit.changes, key=lambda place: (place.form, office_return.position(place)))[:MOST_EXAMPLES]:
        cell, result = office_return.cells[place], amount(office_return.to_printed_unit(place, edit.changes[place]))
        cell_text = f"{'ô' if vi else 'cell'} {cell.address} ({'trang' if vi else 'sheet'} «{cell.sheet}»)"
        figure = amount(office_return.to_printed_unit(place, cell.value)) if cell.value is not None else ""
        if vi:
            examples.append(
                f"{cell_text} ghi {figure}, tính ra {result}" if figure else f"{cell_text} tính ra {result}"
            )
        else:
            examples.append(f"{cell_text} shows {figure}, gives {result}" if figure else f"{cell_text} gives {result}")
    return {
        "formulas": amount(Decimal(str(edit.details["formulas"]))),
        "examples": "; ".join(examples) or _cell_text(office_return, edit.root, vi=vi),
    }


def _scale_text(office_return: Return, edit: Edit, *, vi: bool) -> str:
    """State how many times too large or too small a form is, and the unit in which it seems to be written."""
    exponent = int(str(edit.details.get("exponent", 0)))
    factor = (amount_vi if vi else amount_en)(Decimal(10) ** abs(exponent))
    units = office_return.declarations.units
    form_unit = units.get(office_return.cells[edit.root].unit or "")
    written_unit = next(
        (
            unit
            for unit in units.values()
            if form_unit and unit.base == form_unit.base and Decimal(unit.factor).scaleb(exponent) == form_unit.factor
        ),
        None,
    )
    if vi:
        text = f"{'lớn hơn' if exponent > 0 else 'nhỏ đi'} {factor} lần"
        return f"{text} (ghi bằng {written_unit.vi} thay vì {form_unit.vi})" if written_unit and form_unit else text
    text = f"{factor} times too {'large' if exponent > 0 else 'small'}"
    return f"{text} (written in {written_unit.en} instead of {form_unit.en})" if written_unit and form_unit else text


def missing_base_sentences(office_return: Return, root: Place) -> tuple[str, str]:
    """Return the sentences on a rate that shows an error because there is nothing to divide by."""
    return NO_BASE[0].format(cell=_cell_text(office_return, root, vi=True)), NO_BASE[1].format(
        cell=_cell_text(office_return, root, vi=False)
    )


def copied_form_sentences(office_return: Return, root: Place) -> tuple[str, str]:
    """Return the sentences on a whole form copied from last month: no figure of this month is known."""
    return (
        f"Có thể cả biểu được chép lại từ tháng trước; hãy nhập lại số liệu tháng này, bắt đầu từ {_cell_text(office_return, root, vi=True)}",
        f"Perhaps the whole form was copied from last month; enter this month's figures, beginning with {_cell_text(office_return, root, vi=False)}",
    )


def foreign_sheet_sentences(sheet: str | None, finding_count: int) -> tuple[str, str]:
    """Return the sentences on a sheet that names another period or unit than the others, which explains ``finding_count`` findings."""
    count_vi, count_en = amount_vi(Decimal(finding_count)), amount_en(Decimal(finding_count))
    return (
        f"Trang «{sheet}» ghi kỳ hoặc đơn vị khác với các trang còn lại, và {count_vi} chỗ không khớp là do đó; hãy thay bằng đúng biểu "
        "của kỳ và đơn vị này, chưa cần sửa số nào",
        f"Sheet '{sheet}' names another period or unit than the others, and {count_en} that do not agree come from it; put in the form of "
        "this period and unit: no figure need be changed yet",
    )


def unexplained_sentences(office_return: Return, root: Place) -> tuple[str, str]:
    """Return the sentences where no figure closes anything."""
    return (
        f"Chưa rõ nguyên nhân; hãy bắt đầu kiểm tra từ {_cell_text(office_return, root, vi=True)}",
        f"The cause is not clear; begin with {_cell_text(office_return, root, vi=False)}",
    )


def _sentence_values(office_return: Return, edit: Edit, *, vi: bool) -> dict[str, str]:
    amount = amount_vi if vi else amount_en
    root = edit.root
    others = [office_return.cells[place].address or "?" for place in edit.changes if place != root]
    ellipsis = [] if len(others) <= MOST_OTHERS else ["…"]
    measures = office_return.declarations.measures
    terms = str(edit.details.get("terms", "")).split()
    term_labels = [f"«{measures[term].vi if vi else measures[term].en}»" for term in terms if term in measures]
    gap = edit.details.get("gap")
    return {
        "cell": _cell_text(office_return, root, vi=vi),
        "found": amount(office_return.to_printed_unit(root, value))
        if (value := office_return.cells[root].value) is not None
        else "",
        "would_be": amount(office_return.to_printed_unit(root, edit.changes[root])),
        "count": amount(Decimal(len(edit.changes))),
        "scaled": _scale_text(office_return, edit, vi=vi),
        "others": ", ".join(others[:MOST_OTHERS] + ellipsis),
        "terms": (" và " if vi else " and ").join(term_labels),
        "gap": amount(office_return.to_printed_unit(root, gap)) if isinstance(gap, Decimal) else "",
    }


def _cell_text(office_return: Return, place: Place, *, vi: bool) -> str:
    """Name a cell as the form labels it: ``ô H12 («Thi hành xong», dòng «Tổng số», Biểu 01/TK-THA)``."""
    cell, form = office_return.cells.get(place), office_return.forms.get(place.form)
    measure, row = office_return.declarations.measures.get(place.column), form.row.get(place.row) if form else None
    names = []
    if measure:
        names.append(f"«{measure.vi if vi else measure.en}»")
    if row:
        names.append(f"dòng «{row.vi}»" if vi else f"row '{row.en}'")
    if form:
        names.append(f"Biểu {form.number}" if vi else f"form {form.number}")
    description = f" ({', '.join(names)})" if names else ""
    if cell and cell.address:
        return f"{'ô' if vi else 'cell'} {cell.address}{description}"
    return ", ".join(names) if names else ("trang tính" if vi else "the sheet")
