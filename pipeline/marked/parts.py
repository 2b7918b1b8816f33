"""The parts of an office's workbook, changed in place: what is not touched comes back byte for byte.

openpyxl would rewrite the whole file and lose what it does not know: pictures, charts, shapes, the values of formulas.
Here a few tags are inserted into the existing XML; a file in which that cannot be done safely is ``Unmarkable``.
"""

import io
import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.files.archive import LIMITS, MEGABYTE, Budget, inflate, open_archive
from pipeline.files.package import open_package
from pipeline.files.problems import UnreadableFile

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "[Content_Types].xml"
#: A workbook is marked in memory; a larger one gets a separate report.
MOST_BYTES = 64 * MEGABYTE
SAME_TIME = (1980, 1, 1, 0, 0, 0)

_TAG = re.compile(rb"<(/?)([A-Za-z_][\w:.-]*)([^<>]*?)(/?)>")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


class Unmarkable(Exception):
    """A workbook that cannot be changed safely; carries the reason in Vietnamese and English."""

    def __init__(self, vi: str, en: str):
        super().__init__(en)
        self.vi, self.en = vi, en


@dataclass
class Parts:
    """The members of a workbook by name, in their order."""

    members: dict[str, bytes]
    workbook: str = "xl/workbook.xml"
    sheets: dict[str, str] = field(default_factory=dict)  # name -> part, in workbook order

    @classmethod
    def open(cls, path: Path) -> "Parts":
        """Open a workbook that the reader accepted; raises ``Unmarkable``."""
        try:
            package = open_package(path)
            sheets, workbook = package.sheet_parts(), package.workbook_part()
            members: dict[str, bytes] = {}
            budget = Budget(min(MOST_BYTES, LIMITS.workbook_bytes))
            with open_archive(path) as archive:
                for member in archive.infolist():
                    content = b"".join(inflate(archive, member, budget))
                    name = member.filename.replace("\\", "/")
                    if name in members:
                        raise Unmarkable("tệp có hai phần trùng tên", "two of its parts have one name")
                    members[name] = package.parts.get(name, content)
        except UnreadableFile as unreadable:
            raise Unmarkable(unreadable.problem.vi, unreadable.problem.en) from unreadable
        if any(name.startswith("_xmlsignatures/") for name in members):
            raise Unmarkable(
                "tệp có chữ ký số, sửa vào là mất hiệu lực", "it is signed, and a mark would break the signature"
            )
        if b"<workbook" not in members.get(workbook, b"") or MAIN not in members[workbook][:2000]:
            raise Unmarkable(
                "tệp ở dạng Strict Open XML hoặc do phần mềm lạ ghi",
                "it is Strict Open XML, or written by an unusual program",
            )
        return cls(members, workbook, sheets)

    def pack(self) -> bytes:
        """Return the file: the same bytes for the same parts."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.members.items():
                entry = zipfile.ZipInfo(name, SAME_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, content)
        return buffer.getvalue()

    def free_name(self, pattern: str) -> str:
        """Return the first part name of ``pattern`` (one ``{}``) that is not taken."""
        number = 1
        while pattern.format(number) in self.members:
            number += 1
        return pattern.format(number)

    def relate(self, source: str, kind: str, target: str) -> str:
        """Add a relationship from one part to another; return its id."""
        path = relations_of(source)
        xml = (
            self.members.get(path)
            or f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{PACKAGE_RELATIONS}"></Relationships>'.encode()
        )
        used_ids = set(re.findall(rb'\bId="([^"]*)"', xml))
        number = 1
        while (identity := f"rIdThads{number}".encode()) in used_ids:
            number += 1
        location = posixpath.relpath(target, posixpath.dirname(source) or ".")
        line = (
            f'<Relationship Id="{identity.decode()}" Type="{RELATIONS}/{kind}" Target={quoteattr(location)}/>'.encode()
        )
        self.members[path] = append_child(xml, b"Relationships", line, part=path)
        return identity.decode()

    def related_part(self, source: str, kind: str) -> str | None:
        """Return the part that ``source`` has as its ``kind``, None where there is none."""
        for tag in re.findall(rb"<Relationship\b[^<>]*>", self.members.get(relations_of(source), b"")):
            attributes = attributes_of(tag)
            if attributes.get("Type", "").endswith(f"/{kind}") and attributes.get("TargetMode") != "External":
                return posixpath.normpath(posixpath.join("/", posixpath.dirname(source), attributes["Target"])).lstrip(
                    "/"
                )
        return None

    def declare(self, part: str, content_type: str) -> None:
        """Declare the type of a new part."""
        line = f'<Override PartName="/{part}" ContentType="{content_type}"/>'.encode()
        self.members[TYPES] = append_child(self.members[TYPES], b"Types", line, part=TYPES)

    def declare_suffix(self, suffix: str, content_type: str) -> None:
        """Declare the type of parts with a suffix, unless it is declared already."""
        if not re.search(rb'<Default\b[^<>]*Extension="' + suffix.encode() + rb'"', self.members[TYPES], re.IGNORECASE):
            line = f'<Default Extension="{suffix}" ContentType="{content_type}"/>'.encode()
            self.members[TYPES] = re.sub(
                rb"(<Types\b[^<>]*>)", lambda match: match[1] + line, self.members[TYPES], count=1
            )


def relations_of(part: str) -> str:
    """Return the part that holds the relationships of a part."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def text(value: object) -> str:
    """Return text as XML may hold it and as a spreadsheet shows it: no control characters, no escapes of its own."""
    return escape(_LOOKS_ESCAPED.sub("_x005F_", _ILLEGAL.sub("", str(value))))


def attribute(value: object) -> str:
    """Return a quoted attribute value."""
    return quoteattr(_ILLEGAL.sub("", str(value)))


def attributes_of(tag: bytes) -> dict[str, str]:
    """Return the attributes of a start tag."""
    from html import unescape

    pairs = re.findall(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return {name.decode(): unescape((double or single).decode("utf-8", "replace")) for name, double, single in pairs}


def append_child(xml: bytes, element: bytes, content: bytes, *, part: str) -> bytes:
    """Put ``content`` at the end of the only ``element``; raises ``Unmarkable``."""
    substitution = re.subn(
        rb"<" + element + rb"(\b[^<>]*?)/>\s*$",
        lambda m: b"<" + element + m[1] + b">" + content + b"</" + element + b">",
        xml,
    )
    if substitution[1]:
        return substitution[0]
    end = xml.rfind(b"</" + element + b">")
    if end < 0:
        raise unusual_part(part)
    return xml[:end] + content + xml[end:]


def children(xml: bytes, part: str) -> list[tuple[bytes, int, int]]:
    """Return name, start and end of the elements below the root; raises ``Unmarkable`` where the XML is not plain."""
    if b"<!" in xml or xml.count(b"<?") > 1:
        raise unusual_part(part)
    elements: list[tuple[bytes, int, int]] = []
    depth, start, tags = 0, 0, 0
    for match in _TAG.finditer(xml):
        closing, name, _, is_empty = match.groups()
        tags += 1
        if closing:
            depth -= 1
        elif depth == 1:
            start = match.start()
        if depth == 1 and (closing or is_empty):
            elements.append((name, start, match.end()))
        if not closing and not is_empty:
            depth += 1
    if depth or tags + xml.count(b"<?") != xml.count(b"<"):
        raise unusual_part(part)
    return elements


def insertion_point(xml: bytes, successors: frozenset[bytes], part: str) -> int:
    """Return the position, below the root, of an element that comes before all ``successors``."""
    for name, start, _ in children(xml, part):
        if name in successors:
            return start
    return xml.rfind(b"</")


def unusual_part(part: str) -> Unmarkable:
    """Return the error for a part that is written in a way that we do not change."""
    return Unmarkable(f"phần «{part}» của tệp được ghi theo cách lạ", f"its part '{part}' is written in an unusual way")
