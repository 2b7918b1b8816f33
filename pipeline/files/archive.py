"""Zip files from strangers, opened without believing a word of what they declare.

A workbook and an archive of workbooks are both zips, so both go through here. Sizes are counted while inflating.
"""

import bz2
import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pipeline.files.problems import FileProblem, UnreadableFile, problem

MEGABYTE = 1024 * 1024
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """How much one file may ask of us."""

    file_bytes: int = 100 * MEGABYTE
    archive_bytes: int = 512 * MEGABYTE  # inflated, all members of one archive with those nested in it
    workbook_bytes: int = 256 * MEGABYTE  # inflated, all parts of one workbook
    entries: int = 20_000  # members of one archive with those nested in it
    name_characters: int = 1_000  # of a member; Windows allows 260
    nesting: int = 1  # an archive in an archive is opened, one deeper is not


LIMITS = Limits()

#: Compression methods of newer packers that are not read, by their number in the format.
METHODS = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 96: "JPEG", 97: "WavPack", 98: "PPMd", 99: "AES"}
CENTRAL_HEADER = b"PK\x01\x02"
LOCAL_HEADER_BYTES = 30
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass
class Budget:
    """Inflated bytes and members still allowed, shared by everything that is unpacked from one file."""

    limit: int
    spent: int = field(default=0)
    most_members: int = LIMITS.entries
    members: int = field(default=0)

    def spend(self, count: int) -> None:
        """Count inflated bytes, and refuse the file once they exceed the limit."""
        self.spent += count
        if self.spent > self.limit:
            raise UnreadableFile(problem("inflates_too_much", limit_mb=self.limit // MEGABYTE))

    def admit(self, members: int) -> None:
        """Count members, and refuse the file once there are too many."""
        self.members += members
        if self.members > self.most_members:
            raise UnreadableFile(problem("too_many_entries", limit=self.most_members))

    @property
    def is_exceeded(self) -> bool:
        """Whether the file is refused as a whole, and not only the member at hand."""
        return self.spent > self.limit or self.members > self.most_members


def open_archive(source: Path | IO[bytes], limits: Limits = LIMITS) -> zipfile.ZipFile:
    """Open a zip, or raise ``UnreadableFile`` when it is damaged, hostile or has too many entries.

    One member that tries to leave the folder condemns the whole archive: nobody makes such a file by accident.
    """
    if not isinstance(source, Path):
        _count_headers(source, limits)
    try:
        archive = zipfile.ZipFile(source)
    except (
        Exception
    ) as error:  # whatever zipfile trips over in a foreign directory is damage, and it names no base class
        raise UnreadableFile(problem("damaged_archive")) from error
    if len(archive.infolist()) > limits.entries:
        raise UnreadableFile(problem("too_many_entries", limit=limits.entries))
    for member in archive.infolist():
        if _traverses(member):
            raise UnreadableFile(problem("hostile_archive", member=ascii(member.orig_filename[:80])))
    return archive


def member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's path with ``/``, also where a packer on Windows wrote ``\\``.

    Names from old Windows packers are read in the Vietnamese code page.
    """
    return _decode_name(member).replace("\\", "/")


def is_folder(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member stands for a folder and has no content."""
    return member.orig_filename.endswith(("/", "\\"))


def refusal(member: zipfile.ZipInfo, limits: Limits = LIMITS) -> FileProblem | None:
    """Return why this one member cannot be taken in, while its neighbours can."""
    if len(member.orig_filename) > limits.name_characters:
        return problem("long_member_name", limit=limits.name_characters)
    if stat.S_ISLNK(member.external_attr >> 16):
        return problem("linked_member")
    if member.flag_bits & 0x1:
        return problem("encrypted_member")
    return None


def inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """Yield a member's bytes in chunks, charged to the budget as they appear; raises ``UnreadableFile``."""
    try:
        for chunk in _chunks(archive, member):
            budget.spend(len(chunk))
            yield chunk
    except UnreadableFile:
        raise
    except NotImplementedError as error:
        method = METHODS.get(member.compress_type, member.compress_type)
        raise UnreadableFile(problem("unknown_compression", method=method)) from error
    except Exception as error:  # zlib, lzma, struct and zipfile have errors of their own for the same damage
        raise UnreadableFile(problem("damaged_archive")) from error


def _chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    if member.compress_type in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield from _dense_chunks(archive, member)
        return
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _dense_chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a bzip2 or LZMA member in bounded chunks: four kilobytes of either may hold gigabytes, and zipfile asks for all."""
    stream = archive.fp
    assert stream is not None  # the archive is open
    stream.seek(member.header_offset)
    *_, name_bytes, extra_bytes = struct.unpack("<4s5H3I2H", stream.read(LOCAL_HEADER_BYTES))
    stream.seek(name_bytes + extra_bytes, 1)
    remaining = member.compress_size
    if member.compress_type == zipfile.ZIP_BZIP2:
        unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor = bz2.BZ2Decompressor()
    else:
        _, _, properties_bytes = struct.unpack("<BBH", stream.read(4))
        unpacker = _lzma(stream.read(properties_bytes))
        remaining -= 4 + properties_bytes
    size = checksum = 0
    while size < member.file_size and not unpacker.eof:
        raw = b""
        if unpacker.needs_input:
            raw = stream.read(min(CHUNK, max(remaining, 0)))
            remaining -= len(raw)
            if not raw:
                raise EOFError
        chunk = unpacker.decompress(raw, CHUNK)[: member.file_size - size]
        size, checksum = size + len(chunk), zlib.crc32(chunk, checksum)
        yield chunk
    if size != member.file_size or checksum != member.CRC:
        raise zipfile.BadZipFile(f"bad CRC-32 or size of {member.orig_filename!r}")


def _lzma(properties: bytes) -> lzma.LZMADecompressor:
    settings, dictionary = struct.unpack("<BI", properties)
    rest, lc = divmod(settings, 9)
    pb, lp = divmod(rest, 5)
    # Nothing looks back further than what was unpacked, which is less than a file may be large.
    size = min(max(dictionary, 4096), LIMITS.file_bytes)
    return lzma.LZMADecompressor(
        lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}]
    )


def _count_headers(content: IO[bytes], limits: Limits) -> None:
    """Refuse a directory of millions before zipfile makes an object of each entry."""
    data = content.read()
    content.seek(0)
    if data.count(CENTRAL_HEADER) > limits.entries:
        raise UnreadableFile(problem("too_many_entries", limit=limits.entries))


def _decode_name(member: zipfile.ZipInfo) -> str:
    name = member.orig_filename
    if member.flag_bits & 0x800 or name.isascii():
        return name
    raw_name = name.encode("cp437")
    for encoding in ("utf-8", "cp1258"):
        try:
            # The code page writes tones as marks of their own, as nobody else does.
            return (
                unicodedata.normalize("NFC", raw_name.decode(encoding))
                if encoding == "cp1258"
                else raw_name.decode(encoding)
            )
        except UnicodeDecodeError:
            continue
    return name


def _traverses(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename.replace("\\", "/")
    return "\0" in name or name.startswith("/") or ".." in name.split("/") or _DRIVE.match(name) is not None
