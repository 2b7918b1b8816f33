"""Walks the inbox and takes in what it has not seen before, files and members of archives alike."""

import hashlib
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from pipeline.home import VIETNAM, Home

from .archive import LIMITS, MEGABYTE, Budget, inflate, member_name, open_archive, refusal
from .blobs import keep
from .media import Media, identify
from .problems import Problem, UnreadableFile, problem
from .sidecar import arrival_times, is_sidecar, path_key, vietnam_time

#: What editors, file managers, browsers and the simulator leave behind; nobody sent these.
DROPPINGS = (".*", "~$*", "thumbs.db", "desktop.ini", "__macosx", "*.tmp", "*.part", "*.crdownload", "truth.json")


@dataclass(frozen=True)
class Arrival:
    """One file as it was found, before anything is said about others with the same bytes."""

    path: str
    sha256: str | None  # null when the bytes could not be had
    size_bytes: int | None
    media: Media
    received_at: datetime
    problem: Problem | None

    @property
    def receipt_id(self) -> str:
        """The same bytes at the same path are the same receipt; so is the same failure to get at them."""
        return receipt_id(self.path, self.sha256 or (self.problem.code if self.problem else ""))


def receipt_id(path: str, content_key: str) -> str:
    """Return the identity of a receipt: a hash of the path and of the content's hash."""
    return hashlib.sha256(f"{content_key}\n{path}".encode()).hexdigest()[:32]


def is_dropping(path: str) -> bool:
    """Tell whether a file was left by a program and not sent by an office."""
    return any(fnmatch(part.lower(), pattern) for part in PurePosixPath(path).parts for pattern in DROPPINGS)


def files_in(inbox: Path, home: Home, warnings: list[str]) -> list[tuple[str, Path]]:
    """Return the regular files of the inbox with their paths inside it, in order; links are not followed."""
    if inbox.is_file():
        return [(_printable(inbox.name), inbox)]
    files = []
    for folder, subfolders, names in os.walk(inbox):
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not is_dropping(name)
            and not Path(folder, name).is_symlink()
            and Path(folder, name).resolve() != home.root.resolve()
        )
        for name in sorted(names):
            file = Path(folder, name)
            path = _printable(file.relative_to(inbox).as_posix())
            if is_dropping(name):
                continue
            try:
                is_regular = stat.S_ISREG(file.lstat().st_mode)
            except OSError:
                is_regular = True  # reading it tells what is wrong
            if is_regular:
                files.append((path, file))
            else:
                warnings.append(f"{path}: a link or special file, not followed; put the file itself into the inbox")
    return files


@dataclass
class Reception:
    """What one load takes in: new arrivals, what was there already, and warnings."""

    home: Home
    now: datetime
    known: set[str]  # receipt_id of everything landed before, and of what this load has taken
    arrivals: list[Arrival] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    times: dict[str, datetime] = field(default_factory=dict)
    already_landed: int = 0

    def heed(self, content: bytes, where: str) -> None:
        """Take the arrival times from a ``received.csv``."""
        times, warnings = arrival_times(content, where)
        self.times.update(times)
        self.warnings.extend(warnings)

    def take_file(self, path: str, file: Path) -> None:
        """Take in one file of the inbox; one that vanished is a warning, one that cannot be opened a receipt."""
        try:
            written_at = vietnam_time(datetime.fromtimestamp(file.stat().st_mtime, VIETNAM))
            content, sha256, size = _read(file)
        except FileNotFoundError:
            self.warnings.append(f"{path}: vanished while the inbox was read; the next load takes it if it is back")
            return
        except (OSError, OverflowError, ValueError) as error:
            cause = getattr(error, "strerror", None) or type(error).__name__
            self._record(path, None, None, problem("cannot_open", cause=cause), self.now)
            return
        if content is None:
            too_big = problem("file_too_big", limit_mb=LIMITS.file_bytes // MEGABYTE)
            self._record(path, sha256, size, too_big, written_at)
        else:
            self._take(path, content, sha256, written_at, Budget(LIMITS.archive_bytes), nesting=0)

    def _take(
        self, path: str, content: bytes, sha256: str, written_at: datetime, budget: Budget, *, nesting: int
    ) -> None:
        if receipt_id(path, sha256) in self.known:
            self.already_landed += 1
            return
        keep(self.home, sha256, content)
        found = identify(content, path)
        if found is Media.ZIP:
            found = self._unpack(path, content, self._received_at(path, written_at), budget, nesting)
        self._record(path, sha256, len(content), found, written_at)

    def _unpack(
        self, path: str, content: bytes, received_at: datetime, budget: Budget, nesting: int
    ) -> Media | Problem:
        if nesting > LIMITS.nesting:
            return problem("nested_archive")
        before = len(self.arrivals)
        try:
            with open_archive(io.BytesIO(content)) as archive:
                members = [(member_name(member), member) for member in archive.infolist() if not member.is_dir()]
                members = sorted((pair for pair in members if not is_dropping(pair[0])), key=lambda pair: pair[0])
                for name, member in members:
                    if is_sidecar(PurePosixPath(name).name) and refusal(member) is None:
                        self.heed(b"".join(inflate(archive, member, budget)), f"{path}!/{name}")
                reports = [(name, member) for name, member in members if not is_sidecar(PurePosixPath(name).name)]
                for name, member in reports:
                    self._take_member(f"{path}!/{name}", archive, member, received_at, budget, nesting)
        except UnreadableFile as unreadable:
            # Nothing of an archive that turns out to be a bomb is taken, not even what came before.
            self.known.difference_update(arrival.receipt_id for arrival in self.arrivals[before:])
            del self.arrivals[before:]
            return unreadable.problem
        return Media.ZIP if reports else problem("empty_archive")

    def _take_member(
        self,
        path: str,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        received_at: datetime,
        budget: Budget,
        nesting: int,
    ) -> None:
        trouble = refusal(member)
        content = b""
        if trouble is None:
            try:
                content = _bounded(inflate(archive, member, budget))
            except UnreadableFile as unreadable:
                if budget.spent > budget.limit:
                    raise
                trouble = unreadable.problem
        if trouble is not None:
            self._record(path, None, None, trouble, received_at)
        else:
            sha256 = hashlib.sha256(content).hexdigest()
            self._take(path, content, sha256, received_at, budget, nesting=nesting + 1)

    def _record(
        self, path: str, sha256: str | None, size: int | None, found: Media | Problem, written_at: datetime
    ) -> None:
        arrival = Arrival(
            path=path,
            sha256=sha256,
            size_bytes=size,
            media=Media.OTHER if isinstance(found, Problem) else found,
            received_at=self._received_at(path, written_at),
            problem=found if isinstance(found, Problem) else None,
        )
        if arrival.receipt_id in self.known:
            self.already_landed += 1
        else:
            self.known.add(arrival.receipt_id)
            self.arrivals.append(arrival)

    def _received_at(self, path: str, written_at: datetime) -> datetime:
        return min(self.times.get(path_key(path), written_at), self.now)


def _read(file: Path) -> tuple[bytes | None, str, int]:
    """Return content, hash and size; the content of a file beyond the limit is hashed and let go."""
    with file.open("rb") as stream:
        content = stream.read(LIMITS.file_bytes + 1)
        digest, size = hashlib.sha256(content), len(content)
        if size <= LIMITS.file_bytes:
            return content, digest.hexdigest(), size
        while chunk := stream.read(MEGABYTE):
            digest.update(chunk)
            size += len(chunk)
    return None, digest.hexdigest(), size


def _bounded(chunks: Iterator[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > LIMITS.file_bytes:
            raise UnreadableFile(problem("file_too_big", limit_mb=LIMITS.file_bytes // MEGABYTE))
    return bytes(content)


def _printable(path: str) -> str:
    """Return a path as valid text: names that are no UTF-8 on disk show a replacement mark."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
