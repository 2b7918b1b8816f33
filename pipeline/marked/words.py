"""The texts of marked files, Vietnamese first; the sentences of findings and hypotheses are those of the rules."""

from typing import Any

from pipeline.marked.dossier import UNEXPLAINED, CellMark, Dossier
from pipeline.marked.lost_formulas import LostFormula
from pipeline.text.amount import amount_en, amount_vi
from pipeline.vocabulary import OnFail, Severity, Verdict

#: Added to the name of an office's file; without tone marks, as it goes by e-mail.
MARKED_SUFFIX, REPORT_SUFFIX = "da-danh-dau", "ket-qua-kiem-tra"
SHEET = "Kết quả kiểm tra"
TITLE = "KẾT QUẢ KIỂM TRA BÁO CÁO · FINDINGS"
COLUMNS = (
    ("STT\nNo.", 6),
    ("Mức độ\nSeverity", 13),
    ("Trang\nSheet", 11),
    ("Ô\nCell", 9),
    ("Không khớp ở đâu, phép tính, việc cần làm\nWhat does not add up", 54),
    (
        "Nguyên nhân có thể và số làm cho khớp (chỉ là gợi ý)\nLikely cause, and the value that would close (advice only)",
        42,
    ),
    ("In English", 46),
)
SEVERITY = {
    Severity.ERROR: ("LỖI", "Error"),
    Severity.WARNING: ("CẢNH BÁO", "Warning"),
    Severity.INFO: ("LƯU Ý", "Note"),
}
IN_THE_SUM = ("Ô trong phép tính không khớp hoặc trong gợi ý", "in the sum or the advice")
FORMULA = (
    "Công thức của biểu ở ô này: {formula}{yields}; nếu các ô thành phần đã đúng, hãy chép lại công thức vào ô.",
    "The form's own formula here: {formula}{yields}; where its parts are right, put it back.",
)
YIELDS = (", cho kết quả {value}", ", which gives {value}")
#: Notes on protection, by whether a password was set.
PROTECTED = {
    False: (
        "Các trang được bảo vệ nhưng không đặt mật khẩu: ô cần sửa đã được tô màu và mở khóa, có thể sửa ngay; muốn sửa ô khác, chọn "
        "Xem lại (Review) → Bỏ bảo vệ trang tính (Unprotect Sheet).",
        "Sheets are protected without a password: coloured cells are unlocked and can be corrected at once; for any other choose Review, "
        "Unprotect Sheet.",
    ),
    True: (
        "Trang {sheets} được đơn vị bảo vệ bằng mật khẩu; hệ thống không biết và không gỡ mật khẩu. Ô cần sửa đã được tô màu và mở khóa, có "
        "thể sửa ngay; muốn sửa ô khác, hãy bỏ bảo vệ trang tính bằng mật khẩu của đơn vị.",
        "Sheet {sheets} is protected with your own password, which is neither known nor removed here. Coloured cells are unlocked and can be "
        "corrected at once; for any other, unprotect the sheet with your password.",
    ),
}
ON_FAIL = {OnFail.RETURN: ("trả lại", "return"), OnFail.QUERY: ("hỏi lại", "query"), OnFail.NOTE: ("ghi chú", "note")}
VERDICT = {
    Verdict.RETURNED: (
        "BÁO CÁO BỊ TRẢ LẠI: số liệu chưa được đưa vào kho; bản được chấp nhận trước đó (nếu có) vẫn giữ nguyên.",
        "RETURNED: the figures are held back; the last accepted version, if any, stays.",
    ),
    Verdict.ACCEPTED_WITH_QUERY: (
        "BÁO CÁO ĐƯỢC CHẤP NHẬN, KÈM CÂU HỎI: hãy giải trình, hoặc sửa và gửi lại.",
        "ACCEPTED WITH A QUERY: explain, or correct and send again.",
    ),
    Verdict.ACCEPTED: ("BÁO CÁO ĐƯỢC CHẤP NHẬN.", "ACCEPTED."),
}
SIMULATED = "SỐ LIỆU MÔ PHỎNG · SIMULATED FIGURES"
HOW_TO = (
    "Cách gửi báo cáo bổ sung: (1) bấm vào địa chỉ ô để đến ô được tô màu, đọc ghi chú của ô; (2) sửa số sai ngay trong tệp này; "
    "(3) ghi “Lần báo cáo” và “Lý do bổ sung” ở đầu biểu, trình người có thẩm quyền ký; (4) lưu và gửi lại chính tệp này: trang này "
    "không phải xóa, hệ thống tự nhận ra tệp là bản trả lời. Có thể tự kiểm tra trước bằng lệnh “thads check TỆP.xlsx”. "
    "Nếu số liệu đúng, hãy gửi giải trình. Hệ thống không tự sửa số nào.",
    "How to send a supplementary report: (1) follow the links to the coloured cells and read their comments; (2) correct the wrong "
    "figures in this very file; (3) fill in the version and the reason at the head of the form and have it signed; (4) save it and send "
    "it back: leave this sheet where it is, the file is recognised as the answer to this version. 'thads check FILE.xlsx' tries it "
    "beforehand. If the figures are right, explain them. Nothing is corrected for you.",
)
HOW_TO_REPORT = (
    "Tệp này chỉ là kết quả kiểm tra, không phải báo cáo. Hãy sửa trong tệp đã gửi (“{file}”), ghi rõ lần báo cáo và lý do bổ sung rồi gửi "
    "lại tệp đó. Có thể tự kiểm tra trước bằng lệnh “thads check TỆP”. Nếu số liệu đúng, hãy gửi giải trình. Hệ thống không tự sửa số nào.",
    "This file is only the result of the check, not a report. Correct the file that you sent ('{file}'), state version and reason, and send "
    "that file again. 'thads check FILE' tries it beforehand. If the figures are right, explain them. Nothing is corrected for you.",
)
UNMARKED_REASON = (
    "Không đánh dấu được ngay trong tệp của đơn vị vì {why}.",
    "Your own file could not be marked because {why}.",
)
MORE = (
    "… và {count} chỗ khác; hãy sửa những chỗ trên trước rồi kiểm tra lại.",
    "... and {count} more; mend those above first, then check again.",
)
SILENCED = (
    "{count} chỗ khác đã được giải trình hoặc đã biết, không liệt kê.",
    "{count} more are explained or known, and are not listed.",
)
SAME_CAUSE = ("như dòng {number}", "as in line {number}")
SEE_SHEET = ("Còn {count} chỗ khác ở ô này, xem trang “{sheet}”.", "{count} more at this cell, see sheet '{sheet}'.")
QUOTATION_SHEET = "Nguyên văn"
QUOTATION_COLUMNS = (("Vị trí\nPlace", 14), ("Nguyên văn trong tệp đã gửi\nAs it stands in the file", 110))

MOST_AT_A_CELL = 5
LONGEST_COMMENT = 2500


def comment_text(mark: CellMark, lost_formula: LostFormula | None = None) -> str:
    """Return the comment on a cell: each finding with its sum and what to do, the formula that was typed over, and the
    likely cause.
    """
    vi, en = [], []
    for finding in mark.findings[:MOST_AT_A_CELL]:
        severity, on_fail = SEVERITY[Severity(finding["severity"])], ON_FAIL[OnFail(finding["on_fail"])]
        vi.append(f"{severity[0]} ({on_fail[0]}): {finding['sentence_vi']}")
        en.append(f"{severity[1]} ({on_fail[1]}): {finding['sentence_en']}")
        if finding["story_vi"]:
            vi.append(f"→ {finding['story_vi']}.")
            en.append(f"→ {finding['story_en']}.")
    if (overflow := len(mark.findings) - MOST_AT_A_CELL) > 0:
        vi.append(SEE_SHEET[0].format(count=overflow, sheet=SHEET))
        en.append(SEE_SHEET[1].format(count=overflow, sheet=SHEET))
    if lost_formula:
        formula_text = formula(lost_formula)
        vi.append(formula_text[0])
        en.append(formula_text[1])
    for hypothesis in mark.hypotheses[:MOST_AT_A_CELL]:
        vi.append(f"→ {hypothesis['sentence_vi']}.")
        en.append(f"→ {hypothesis['sentence_en']}.")
    return _cut("\n".join([*vi, "", *en]))


def formula(lost_formula: LostFormula) -> tuple[str, str]:
    """Return in both languages which formula a figure was typed over, and what it yields."""
    result = lost_formula.result
    yields = (
        ("", "")
        if result is None
        else (YIELDS[0].format(value=amount_vi(result)), YIELDS[1].format(value=amount_en(result)))
    )
    return FORMULA[0].format(formula=lost_formula.formula, yields=yields[0]), FORMULA[1].format(
        formula=lost_formula.formula, yields=yields[1]
    )


def protection(password_sheets: list[str], is_protected: bool) -> tuple[str, str] | None:
    """Return the note on protected sheets in both languages; ``password_sheets`` are those with a password."""
    if not is_protected:
        return None
    sheets = ", ".join(f"“{name}”" for name in password_sheets[:MOST_AT_A_CELL])
    vi, en = PROTECTED[bool(password_sheets)]
    return vi.format(sheets=sheets), en.format(sheets=sheets)


def hypothesis_lines(hypotheses: list[dict[str, Any]], *, vi: bool) -> str:
    """Return the hypotheses about a cause as numbered lines."""
    sentences = [hypothesis["sentence_vi" if vi else "sentence_en"] for hypothesis in hypotheses]
    if len(sentences) == 1:
        return f"{sentences[0]}."
    return "\n".join(f"{number}. {sentence}." for number, sentence in enumerate(sentences, start=1))


def report_title(dossier: Dossier) -> str:
    """Return which report it is: unit, period, version, file."""
    submission = dossier.submission
    parts = [
        submission["unit_text"] or submission["unit_key"],
        f"kỳ {submission['period_id']}" if submission["period_id"] else None,
        f"lần nhận {dossier.version}" if dossier.version else None,
        f"tệp “{submission['file_name']}”",
    ]
    return " · ".join(part for part in parts if part)


def is_explained(hypotheses: list[dict[str, Any]]) -> bool:
    """Tell whether one of the hypotheses explains the findings, and does not only say where to begin."""
    return any(hypothesis["kind"] != UNEXPLAINED for hypothesis in hypotheses)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_COMMENT else f"{text[:LONGEST_COMMENT]} …"
