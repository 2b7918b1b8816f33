"""The parts of an ``.xlsx`` package, inflated under a budget and searched for what must not be in them."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from pipeline.files.archive import LIMITS, Budget, inflate, open_archive
from pipeline.files.media import Media, identify
from pipeline.files.problems import FileProblem, UnreadableFile, problem

# Excel writes UTF-8 and nothing else; in these encodings an ASCII search sees all markup.
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)""")
_ASCII_COMPATIBLE = re.compile(rb"(utf-?8|us-ascii|ascii|iso-8859-\d+|windows-125\d)$", re.IGNORECASE)
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """The XML parts of one workbook, by their path in the package, as UTF-8."""

    parts: dict[str, bytes]

    def sheet_parts(self) -> dict[str, str]:
        """Return the part of each sheet by the sheet's name, in workbook order."""
        workbook = self.workbook_part()
        targets = self._relations(workbook)
        sheets = {}
        for element in self._tree(workbook).iter():
            if _local(element.tag) == "sheet":
                relation = next((value for key, value in element.items() if _local(key) == "id"), "")
                sheets[element.get("name", "")] = targets.get(relation, ("", ""))[1]
        return sheets

    def workbook_part(self) -> str:
        """Return the part that lists the sheets."""
        return self._target("", "officeDocument") or "xl/workbook.xml"

    def styles(self) -> bytes:
        """Return the part that says how cells are shown; nothing where there is none."""
        return self.parts.get(self._target(self.workbook_part(), "styles") or "", b"")

    def _target(self, source: str, kind: str) -> str | None:
        return next((target for type_, target in self._relations(source).values() if type_.endswith(kind)), None)

    def _relations(self, source: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(source)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if relations not in self.parts:
            return {}
        return {
            element.get("Id", ""): (
                element.get("Type", ""),
                posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/"),
            )
            for element in self._tree(relations).iter()
        }

    def _tree(self, part: str) -> ElementTree.Element:
        # Safe on foreign XML: open_package lets no part through that declares a document type or an entity.
        try:
            return ElementTree.fromstring(self.parts[part])
        except (KeyError, ElementTree.ParseError, ValueError) as error:
            raise UnreadableFile(problem("damaged_workbook", cause=part)) from error


def open_package(path: Path) -> Package:
    """Inflate a workbook's XML parts, or raise ``UnreadableFile``.

    Every part is counted, pictures too; a part that declares a document type or an entity condemns the file.
    """
    kind = identify(path)
    if kind is not Media.XLSX:
        raise UnreadableFile(kind if isinstance(kind, FileProblem) else problem("other_office_file"))
    budget = Budget(LIMITS.workbook_bytes)
    parts: dict[str, bytes] = {}
    with open_archive(path) as archive:
        for number, member in enumerate(archive.infolist()):
            chunks = inflate(archive, member, budget)
            if not member.filename.lower().endswith((".xml", ".rels")):
                for _ in chunks:
                    pass
                continue
            content = _as_utf8(b"".join(chunks), member.filename)
            if _DECLARATION.search(content):
                raise UnreadableFile(problem("declares_entities", part=member.filename))
            # Two parts of one name are both searched, whichever of them the reader will believe.
            name = member.filename.replace("\\", "/")  # some old packers write Windows paths
            name = f"{name}#{number}" if name in parts else name
            parts[name] = content
    return Package(parts)


def _as_utf8(content: bytes, part: str) -> bytes:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4]:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le"
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            raise UnreadableFile(problem("damaged_workbook", cause=part)) from error
        return re.sub(r"^\s*<\?xml.*?\?>", "", text.lstrip("\ufeff"), count=1, flags=re.DOTALL).encode()
    declaration = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if declaration and not _ASCII_COMPATIBLE.match(declaration[1]):
        raise UnreadableFile(problem("damaged_workbook", cause=f"{part}: {declaration[1][:20]!a}"))
    return content


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
