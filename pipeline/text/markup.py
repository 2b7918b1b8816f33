"""Text from strangers' files on its way into letters: it stays text, and never becomes markup, a header or a link.

A template names a value, and the environment of its format writes it: ``finalize`` sees every ``{{ ... }}``, so no
template can forget.
"""

import re
import unicodedata
from typing import Any

import jinja2
from markupsafe import Markup, escape

LONGEST = 2000
#: Controls, bidirectional overrides, zero-width marks, surrogates, private use, line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~])")
_BEGINS_A_BLOCK = re.compile(r"^([#+>=-]|\d+[.)])(?=\s|$)")
#: What chat services read as markup, mentions or channels, beside what looks the same to a reader.
_CHAT = str.maketrans("<>&*_`~[]|@#", "‹›＆∗＿ʼ～［］｜＠＃")


#: What our own sentences set in bold; nothing else between asterisks is.
_BOLD_WORDS = r"(Báo cáo được trả lại|báo cáo được chấp nhận|Đã khớp\.|Đã đọc được\.|Đã đóng)"
_BOLD = re.compile(rf"\*\*{_BOLD_WORDS}\*\*")
_BOLD_ESCAPED = re.compile(rf"\\\*\\\*{_BOLD_WORDS}\\\*\\\*")


class Raw(str):
    """Text that is safe as it stands in its format."""


def plain(value: Any) -> Any:
    """Return the value as one line of visible text; an address in it is not one that a mail program would open."""
    if isinstance(value, (Raw, jinja2.Undefined)) or hasattr(value, "__html__"):
        return value
    text = unicodedata.normalize("NFC", "" if value is None else str(value))
    visible = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text)
    line = " ".join(visible.split()).replace("://", ": //")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def markdown(value: Any) -> Any:
    """Return the value as one line of Markdown that shows it as it is."""
    if isinstance(value, (Raw, jinja2.Undefined)):
        return value
    return _BEGINS_A_BLOCK.sub(r"\\\1", _MARKDOWN.sub(r"\\\1", plain(value)))


def markdown_with_bold(value: Any) -> Any:
    """Return the value as Markdown in which the pairs of ** that our own sentences write stay bold.

    What an office's file puts between them was plain text before: only the words of ``_BOLD_WORDS`` are let through.
    """
    text = markdown(value)
    return text if isinstance(text, Raw) or not isinstance(text, str) else _BOLD_ESCAPED.sub(r"**\1**", text)


def html_with_bold(value: Any) -> Any:
    """Return the value as HTML with our own bold words."""
    text = plain(value)
    if not isinstance(text, str) or hasattr(text, "__html__"):
        return text
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(text))))


def code(value: Any) -> Raw:
    """Return the value as the inside of a Markdown code span."""
    return Raw(plain(value).replace("`", "ʼ"))


def chat(value: Any) -> Any:
    """Return the value as text in which no chat service finds markup, a mention or a channel."""
    return value if isinstance(value, (Raw, jinja2.Undefined)) else plain(value).translate(_CHAT)
