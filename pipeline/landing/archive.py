"""Zip files from strangers, opened without believing a word of what they declare.

A workbook and an archive of workbooks are both zips, so both go through here. Sizes are counted while inflating.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .problems import Problem, UnreadableFile, problem

MEGABYTE = 1024 * 1024
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Limits:
    """How much one file may ask of us."""

    file_bytes: int = 100 * MEGABYTE
    archive_bytes: int = 512 * MEGABYTE  # inflated, all members of one archive with those nested in it
    workbook_bytes: int = 256 * MEGABYTE  # inflated, all parts of one workbook
    entries: int = 20_000
    nesting: int = 1  # an archive in an archive is opened, one deeper is not


LIMITS = Limits()


@dataclass
class Budget:
    """Inflated bytes still allowed, shared by everything that is unpacked from one file."""

    limit: int
    spent: int = field(default=0)

    def spend(self, count: int) -> None:
        """Count inflated bytes, and refuse the file once they exceed the limit."""
        self.spent += count
        if self.spent > self.limit:
            raise UnreadableFile(problem("inflates_too_much", limit_mb=self.limit // MEGABYTE))


def open_archive(source: Path | IO[bytes], limits: Limits = LIMITS) -> zipfile.ZipFile:
    """Open a zip, or raise ``UnreadableFile`` when it is damaged, hostile or has too many entries.

    One member that tries to leave the folder condemns the whole archive: nobody makes such a file by accident.
    """
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableFile(problem("damaged_archive")) from error
    if len(archive.infolist()) > limits.entries:
        raise UnreadableFile(problem("too_many_entries", limit=limits.entries))
    for member in archive.infolist():
        if _traverses(member):
            raise UnreadableFile(problem("hostile_archive", member=ascii(member.orig_filename[:80])))
    return archive


def member_name(member: zipfile.ZipInfo) -> str:
    """Return a member's path with ``/``; names from old Windows packers are read in the Vietnamese code page."""
    name = member.orig_filename
    if member.flag_bits & 0x800 or name.isascii():
        return name
    stored = name.encode("cp437")
    for encoding in ("utf-8", "cp1258"):
        try:
            return stored.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def refusal(member: zipfile.ZipInfo) -> Problem | None:
    """Return why this one member cannot be taken in, while its neighbours can."""
    if "\\" in member.orig_filename:
        return problem("odd_member_name")
    if stat.S_ISLNK(member.external_attr >> 16):
        return problem("linked_member")
    if member.flag_bits & 0x1:
        return problem("encrypted_member")
    return None


def inflate(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """Yield a member's bytes in chunks, charged to the budget as they appear."""
    try:
        with archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                budget.spend(len(chunk))
                yield chunk
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise UnreadableFile(problem("damaged_archive")) from error


def _traverses(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename
    parts = re.split(r"[/\\]", name)
    return "\0" in name or name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name) is not None
