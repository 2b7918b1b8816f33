"""What a file is, judged by its content and never by its name alone."""

import io
import zipfile
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pipeline.files.archive import LIMITS, MEGABYTE, Budget, inflate, open_archive
from pipeline.files.foreign_kinds import OLE_HEADER, kind_of_bytes, kind_of_ole, kind_of_package, kind_of_text
from pipeline.files.problems import FileProblem, UnreadableFile, problem
from pipeline.text.encoding import text_encoding


class Media(StrEnum):
    """The kinds of file that landing tells apart (``landing/receipts.media``)."""

    XLSX = "xlsx"
    CSV = "csv"
    ZIP = "zip"
    TXT = "txt"
    PDF = "pdf"  # read by nobody; kept as the signed copy of the report beside it
    IMAGE = "image"  # likewise
    OTHER = "other"


ZIP_HEADERS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
WORKBOOK_SUFFIXES = {".xlsx", ".xlsm", ".xls", ".xlsb", ".xltx", ".xltm"}
TEXT_MEDIA = {".csv": Media.CSV, ".txt": Media.TXT}


def identify(source: Path | bytes, name: str | None = None) -> Media | FileProblem:
    """Return what a file is, or the problem for which it cannot be taken in.

    ``source`` is a path or the content itself; ``name`` decides between ``csv`` and ``txt``, and only there.
    """
    if isinstance(source, Path):
        name = name or source.name
        try:
            with source.open("rb") as stream:
                source = stream.read(LIMITS.file_bytes + 1)
        except OSError as error:
            return problem("cannot_open", cause=error.strerror)
    suffix = PurePosixPath(name or "").suffix.lower()
    if not source:
        return problem("empty_file")
    if len(source) > LIMITS.file_bytes:
        return problem("file_too_big", limit_mb=LIMITS.file_bytes // MEGABYTE)
    if source.startswith(ZIP_HEADERS):
        return _kind_of_zip(source)
    if source.startswith(OLE_HEADER):
        return kind_of_ole(source)
    return kind_of_bytes(source) or _kind_of_text(source, suffix)


def receipt_media(kind: Media | FileProblem) -> Media:
    """Return the kind of a file as its receipt names it: what is not read is ``other``, unless it may be a scan."""
    if isinstance(kind, Media):
        return kind
    return Media(kind.code) if kind.code in (Media.PDF, Media.IMAGE) else Media.OTHER


def _kind_of_zip(content: bytes) -> Media | FileProblem:
    try:
        with open_archive(io.BytesIO(content)) as archive:
            names = {name.lower().replace("\\", "/"): name for name in archive.namelist()}
            if "mimetype" in names and (kind := _declared_kind(archive, names["mimetype"])):
                return kind
            if "[content_types].xml" not in names:
                is_apple = kind_of_package(set(names)).code == "apple_document"
                return problem("apple_document") if is_apple else _bare_kind(names)
            if "xl/workbook.bin" not in names and any(name.startswith("xl/") for name in names):
                return Media.XLSX
            # A workbook may keep its parts anywhere; the declared types say what they are.
            types = b"".join(inflate(archive, archive.getinfo(names["[content_types].xml"]), Budget(MEGABYTE)))
            if b"spreadsheetml" in types and "xl/workbook.bin" not in names:
                return Media.XLSX
            return kind_of_package(set(names))
    except UnreadableFile as unreadable:
        return unreadable.problem


def _declared_kind(archive: zipfile.ZipFile, mimetype: str) -> FileProblem | None:
    """Return what an OpenDocument or e-book says that it is."""
    declaration = b"".join(inflate(archive, archive.getinfo(mimetype), Budget(MEGABYTE)))
    return problem("opendocument" if b"opendocument" in declaration else "other_office_file")


def _bare_kind(names: Collection[str]) -> Media:
    return Media.XLSX if "xl/workbook.xml" in names else Media.ZIP


def _kind_of_text(content: bytes, suffix: str) -> Media | FileProblem:
    encoding = text_encoding(content)
    if encoding is None:
        return problem("unknown_kind")
    if kind := kind_of_text(content.decode(encoding), suffix):
        return kind
    if suffix in WORKBOOK_SUFFIXES:
        return problem("text_as_workbook", suffix=suffix)
    return TEXT_MEDIA.get(suffix) or problem("unknown_kind")
