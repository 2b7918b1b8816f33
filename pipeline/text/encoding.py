"""Detects the encoding in which the bytes of a text are written."""

import re

#: How many bytes tell whether a text is written in two bytes a letter.
SAMPLE = 256 * 1024

# A text has no control characters but tab, line ends, form feed, and the escape that ends old DOS files.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")


def text_encoding(content: bytes) -> str | None:
    """Return the encoding in which bytes are a text, or None when they are none.

    ``cp1258``, the Vietnamese code page of Windows, stands for every one-byte code page.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    elif b"\0" in content[:SAMPLE]:
        candidates = ["utf-16-le", "utf-16-be"]
    else:
        candidates = ["utf-8-sig", "cp1258"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Without a mark of byte order any even number of bytes is UTF-16; a text has Latin letters and spaces.
        is_plausible = "-16-" not in encoding or 2 * sum(map(str.isascii, text)) >= len(text)
        if is_plausible and not _CONTROL.search(text):
            return encoding
    return None
