"""Takes in one file: keeps its bytes, identifies it, and opens it if it is an archive.

The result depends on the bytes and the limits alone, so the work may run in another process; the clock, the sidecars
and what landed before are the business of ``receive``.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

from pipeline.files.archive import (
    CENTRAL_HEADER,
    LIMITS,
    MEGABYTE,
    Budget,
    Limits,
    inflate,
    is_folder,
    member_name,
    open_archive,
    refusal,
)
from pipeline.files.guard import refusal as refusal_of
from pipeline.files.media import Media, identify, receipt_media
from pipeline.files.problems import FileProblem, UnreadableFile, problem
from pipeline.home import VIETNAM, Home
from pipeline.landing.blobs import blob_path, store_blob
from pipeline.landing.sidecar import is_sidecar, vietnam_time
from pipeline.landing.walk import is_leftover, printable_path
from pipeline.worker_pool import SECONDS, WorkerFailure, run_each, run_here

#: Characters that a receipt shows of an overlong member name; a hash distinguishes it from others.
MOST_SHOWN = 200
#: Extra time for each member of an archive: inflating, hashing and keeping a small one takes a tenth of it.
SECONDS_A_MEMBER = 0.01


@dataclass(frozen=True)
class Arrival:
    """One file as found in the inbox, before its arrival time and its duplicates are worked out."""

    path: str
    sha256: str | None  # null when the bytes could not be read
    size_bytes: int | None
    media: Media
    problem: FileProblem | None
    archive: str | None = None  # path of the archive that it lies in
    written_at: datetime | None = None  # of a file of the inbox; null when unknown
    cause: str | None = None  # for an engineer: why looking at it failed

    @property
    def content_key(self) -> str:
        """What distinguishes it from another file under its path: its bytes, or the failure to read them."""
        return self.sha256 or (self.problem.code if self.problem else "")


@dataclass(frozen=True)
class UnpackedArchive:
    """The contents of an archive."""

    arrivals: list[Arrival]
    problem: FileProblem | None = None  # why it was refused as a whole; then there are no arrivals
    warnings: list[str] = field(default_factory=list)


def take_file(path: str, file: Path, home: Home) -> Arrival:
    """Take in one file of the inbox, an archive still packed; raises ``FileNotFoundError`` if it vanished."""
    try:
        written_at = vietnam_time(datetime.fromtimestamp(file.stat().st_mtime, VIETNAM))
        content, sha256, size = _read(file)
    except FileNotFoundError:
        raise
    except (OSError, OverflowError, ValueError) as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        return Arrival(path, None, None, Media.OTHER, problem("cannot_open", cause=cause))
    if content is None:
        too_big = problem("file_too_big", limit_mb=LIMITS.file_bytes // MEGABYTE)
        return Arrival(path, sha256, size, Media.OTHER, too_big, written_at=written_at)
    return replace(_take_content(path, content, sha256, home), written_at=written_at)


@dataclass(frozen=True)
class PackedArchive:
    """An archive whose bytes are kept, and the limits that it must respect."""

    path: str
    sha256: str
    home: Home
    limits: Limits

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return blob_path(self.home, self.sha256).read_bytes()


def unpack_each(
    archives: Sequence[PackedArchive], *, workers: int | None = None
) -> Iterator[UnpackedArchive | WorkerFailure]:
    """Yield the contents of each archive, in order; opened in processes that may crash, hang or ask for too much.

    An archive gets the time of one file, and a little more for each member. ``workers=0`` opens them in this
    process, without the guard but for exceptions.
    """
    if workers == 0:
        yield from (run_here(unpack, packed) for packed in archives)
        return
    members = max((packed.content.count(CENTRAL_HEADER) for packed in archives), default=0)
    seconds = SECONDS + SECONDS_A_MEMBER * min(members, LIMITS.entries)
    answers = run_each(unpack, archives, workers=workers or min(2, os.cpu_count() or 1), seconds=seconds)
    yield from (result for _, result in sorted(answers, key=lambda answer: answer[0]))


def unpack(archive: PackedArchive) -> UnpackedArchive:
    """Take in the members of an archive, and of the archives in it."""
    limits = archive.limits
    unpacking = _Unpacking(archive.home, limits, Budget(limits.archive_bytes, most_members=limits.entries))
    try:
        unpacking.open_members(archive.path, archive.content, nesting=0)
    except UnreadableFile as unreadable:
        # Nothing of an archive that turns out to be a bomb is taken, not even what came before.
        return UnpackedArchive([], unreadable.problem, unpacking.warnings)
    return UnpackedArchive(unpacking.arrivals, None, unpacking.warnings)


def _take_content(path: str, content: bytes, sha256: str, home: Home) -> Arrival:
    store_blob(home, sha256, content)
    kind = run_here(partial(identify, content), path)
    if isinstance(kind, WorkerFailure):
        return Arrival(
            path, sha256, len(content), Media.OTHER, refusal_of(kind, path.rpartition("/")[2]), cause=kind.cause
        )
    return Arrival(path, sha256, len(content), receipt_media(kind), kind if isinstance(kind, FileProblem) else None)


@dataclass
class _Unpacking:
    home: Home
    limits: Limits
    budget: Budget
    arrivals: list[Arrival] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def open_members(self, path: str, content: bytes, *, nesting: int) -> None:
        """Take in the members of one archive; raises ``UnreadableFile`` where it is refused as a whole."""
        with open_archive(io.BytesIO(content), self.limits) as archive:
            members = [
                (_display_name(member_name(member)), member) for member in archive.infolist() if not is_folder(member)
            ]
            members = sorted((pair for pair in members if not is_leftover(pair[0])), key=lambda pair: pair[0])
            self.budget.admit(len(members))
            reports = [(name, member) for name, member in members if not is_sidecar(PurePosixPath(name).name)]
            if len(reports) < len(members):
                self.warnings.append(
                    f"{path}: its received.csv was packed by whoever sent it, so its arrival times are not believed; "
                    "only a received.csv beside the archive counts"
                )
            if not reports:
                raise UnreadableFile(problem("empty_archive"))
            for name, member in reports:
                self._take(f"{path}!/{name}", path, archive, member, nesting)

    def _take(self, path: str, parent: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, nesting: int) -> None:
        obstacle = refusal(member, self.limits)
        content = b""
        if obstacle is None:
            try:
                content = _join_bounded(inflate(archive, member, self.budget), self.limits)
            except UnreadableFile as unreadable:
                if self.budget.is_exceeded:
                    raise
                obstacle = unreadable.problem
        if obstacle is not None:
            self.arrivals.append(Arrival(path, None, None, Media.OTHER, obstacle, parent))
            return
        arrival = replace(_take_content(path, content, hashlib.sha256(content).hexdigest(), self.home), archive=parent)
        if arrival.media is Media.ZIP:
            arrival = self._open_nested(arrival, content, nesting + 1)
        self.arrivals.append(arrival)

    def _open_nested(self, arrival: Arrival, content: bytes, nesting: int) -> Arrival:
        """Take in the members of a nested archive, and return the archive with its problem, if it has one."""
        if nesting > self.limits.nesting:
            return replace(arrival, media=Media.OTHER, problem=problem("nested_archive"))
        count = len(self.arrivals)
        try:
            self.open_members(arrival.path, content, nesting=nesting)
        except UnreadableFile as unreadable:
            if self.budget.is_exceeded:
                raise
            del self.arrivals[count:]
            return replace(arrival, media=Media.OTHER, problem=unreadable.problem)
        return arrival


def _display_name(name: str) -> str:
    """Return a member's name as its receipt shows it: of an overlong one, the beginning and a hash."""
    if len(name) <= LIMITS.name_characters:
        return printable_path(name)
    return f"{printable_path(name[:MOST_SHOWN])}…{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _read(file: Path) -> tuple[bytes | None, str, int]:
    """Return content, hash and size; a file beyond the limit is hashed and its content dropped."""
    with file.open("rb") as stream:
        content = stream.read(LIMITS.file_bytes + 1)
        digest, size = hashlib.sha256(content), len(content)
        if size <= LIMITS.file_bytes:
            return content, digest.hexdigest(), size
        while chunk := stream.read(MEGABYTE):
            digest.update(chunk)
            size += len(chunk)
    return None, digest.hexdigest(), size


def _join_bounded(chunks: Iterator[bytes], limits: Limits) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > limits.file_bytes:
            raise UnreadableFile(problem("file_too_big", limit_mb=limits.file_bytes // MEGABYTE))
    return bytes(content)
