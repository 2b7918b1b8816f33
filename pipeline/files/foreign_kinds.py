"""Identifies files that are no reports, so that the sender learns what to do with just that kind of file.

Each kind is a problem of ``problems.yaml`` with its one next step; nothing here decides what is read.
"""

import io
import re

from pipeline.files.problems import FileProblem, problem

OLE_HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

#: First bytes of a file, and the code of its kind.
_BEGINNINGS = (
    (b"{\\rtf", "rtf"),
    (b"7z\xbc\xaf\x27\x1c", "seven_zip"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x78\x9f\x3e\x22", "outlook_message"),  # winmail.dat
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "shortcut"),
    (b"\xff\xd8\xff", "image"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
)
_ARCHIVES = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"MSCF\x00\x00\x00\x00", "cab"),
)
_PICTURE_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")
#: PDF readers look for the mark in the first kilobyte; scanners and mail gateways put lines before it.
_PDF, _PDF_SEARCH_BYTES = b"%PDF-", 1024
_TAR, _TAR_OFFSET = b"ustar", 257

#: Streams in the directory of an OLE file, in the order in which they are tried: a message may carry a workbook.
_STREAMS = (
    ("encryptedpackage", "encrypted_workbook"),
    ("__properties_version1.0", "outlook_message"),
    ("worddocument", "old_word"),
    ("workbook", "old_excel"),
    ("book", "old_excel"),
    ("powerpoint document", "old_powerpoint"),
)
#: Members of an office package, first that fits.
_MEMBERS = (
    (re.compile(r"xl/workbook\.bin$"), "binary_excel"),
    (re.compile(r"word/"), "word"),
    (re.compile(r"ppt/"), "powerpoint"),
    (re.compile(r"index/.*\.iwa$|index\.zip$"), "apple_document"),
)
#: The first element of an XML file without its prefix, and its namespace where that decides.
_ROOTS = (
    ("Workbook", "urn:schemas-microsoft-com:office:spreadsheet", "xml_spreadsheet"),
    ("wordDocument", "", "word"),
    ("package", "http://schemas.microsoft.com/office/2006/xmlPackage", "word"),
    ("document", "urn:oasis:names:tc:opendocument:xmlns:office:1.0", "flat_opendocument"),
    ("html", "", "web_page"),
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)([^>]*)")
_PROLOGUE = re.compile(r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>)", re.DOTALL)
_WEB_PAGE = re.compile(r"\s*<(!doctype html|html|head|body|table|meta)\b", re.IGNORECASE)
_MAIL_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]?")
_SENDER_HEADERS = {"from", "received", "return-path", "delivered-to"}
_MESSAGE_HEADERS = {"to", "subject", "date", "message-id", "mime-version", "content-type", "x-mailer"}


def kind_of_bytes(content: bytes) -> FileProblem | None:
    """Return what a file is by its first bytes; None where these do not tell."""
    for beginning, code in _BEGINNINGS:
        if content.startswith(beginning):
            return problem(code)
    for beginning, name in _ARCHIVES:
        if content.startswith(beginning):
            return problem("other_archive", kind=name)
    if content[_TAR_OFFSET : _TAR_OFFSET + len(_TAR)] == _TAR:
        return problem("other_archive", kind="tar")
    if _PDF in content[:_PDF_SEARCH_BYTES]:
        return problem("pdf")
    is_riff_picture = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    is_bitmap = content.startswith(b"BM") and int.from_bytes(content[2:6], "little") == len(content)
    if is_riff_picture or is_bitmap or (content[4:8] == b"ftyp" and content[8:12] in _PICTURE_BRANDS):
        return problem("image")
    return None


def kind_of_ole(content: bytes) -> FileProblem:
    """Return what an OLE file is (old Office, a message, an encrypted workbook), by the streams in its directory."""
    import olefile  # few nights bring such a file, and every start would pay for it

    try:
        with olefile.OleFileIO(io.BytesIO(content)) as file:
            streams = {path[0].casefold() for path in file.listdir()}
    except (
        Exception
    ):  # a foreign directory: olefile ends in IndexError, struct.error, RecursionError and its own errors
        return problem("damaged_old_office")
    return problem(next((code for stream, code in _STREAMS if stream in streams), "other_old_office"))


def kind_of_package(names: set[str]) -> FileProblem:
    """Return what a zip with the declared types of an office package is, by the lower-case names of its members."""
    for pattern, code in _MEMBERS:
        if any(pattern.match(name) for name in names):
            return problem(code)
    return problem("other_office_file")


def kind_of_text(text: str, suffix: str) -> FileProblem | None:
    """Return what a text is that is no report: a web page, XML of an office program, an e-mail; None for others."""
    start = text[:65536].lstrip("\ufeff")
    if _WEB_PAGE.match(start):
        return problem("web_page")
    if start.lstrip().startswith(("<?", "<!", "<")) and (kind := _kind_of_xml(start)):
        return kind
    if start.lstrip().startswith("[InternetShortcut]"):
        return problem("shortcut")
    headers = _mail_headers(start)
    if suffix not in (".csv", ".txt") and headers & _SENDER_HEADERS and headers & _MESSAGE_HEADERS:
        return problem("email")
    # Excel's "single file web page" is a message without a sender.
    return problem("web_page") if {"mime-version", "content-type"} <= headers else None


def _kind_of_xml(start: str) -> FileProblem | None:
    position = 0
    while prologue := _PROLOGUE.match(start, position):
        position = prologue.end()
    root = _ROOT.match(start[position:].lstrip())
    if root is None:
        return None
    for name, namespace, code in _ROOTS:
        if root[1] == name and namespace in root[2]:
            return problem(code)
    return problem("other_xml") if position else None


def _mail_headers(start: str) -> set[str]:
    """Return the lower-case names of the header lines with which a text begins, none where it begins otherwise."""
    names: set[str] = set()
    for line in start.lstrip().splitlines()[:200]:
        if not line.strip():
            break
        if line[0] in " \t" and names:
            continue
        header = _MAIL_HEADER.match(line)
        if header is None:
            return names if len(names) > 3 else set()
        names.add(header[1].lower())
    return names
