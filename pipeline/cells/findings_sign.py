"""How a marked workbook that comes back is recognised: by a sign on its sheet of findings, and by a hidden name.

The sheet is nobody's return. It is left out before forms are recognised, and says which version the file answers.
"""

import re
from collections.abc import Iterable

#: Begins the cell of the findings sheet that names the version, in the first column.
SIGN = "THADS-KQKT"
#: Hidden name of the workbook that says the same where somebody took the sheet away.
NAME = "_thads_ket_qua_kiem_tra"
SIGNED_ROWS = 5
_SIGN_PATTERN = re.compile(SIGN + r" ([0-9a-f]{16})")
_NAME_PATTERN = re.compile(
    rb"<definedName\b[^<>]*\bname=[\"']"
    + NAME.encode()
    + rb"[\"'][^<>]*>\s*(?:\"|&quot;)([0-9a-f]{16})(?:\"|&quot;)\s*<"
)


def sign(submission_id: str) -> str:
    """Return the text by which a version is named on the sheet."""
    return f"{SIGN} {submission_id}"


def read_sign(cells: Iterable[tuple[int, int, str | None]]) -> str | None:
    """Return the version that a sheet of findings speaks of, None for any other sheet; cells are row, column, text."""
    for row, column, text in cells:
        if row >= SIGNED_ROWS:
            return None
        if column == 0 and text and (match := _SIGN_PATTERN.fullmatch(text.strip())):
            return match[1]
    return None


def read_hidden_name(workbook_xml: bytes) -> str | None:
    """Return the version that a workbook's hidden name holds, None where it has none."""
    match = _NAME_PATTERN.search(workbook_xml)
    return match[1].decode() if match else None
