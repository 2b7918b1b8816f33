"""Walks an inbox that strangers fill: nothing that a file system can hold stops it."""

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from pipeline.home import Home

#: What editors, file managers, browsers and the simulator leave behind; nobody sent these.
LEFTOVERS = (".*", "~$*", "thumbs.db", "desktop.ini", "__macosx", "*.tmp", "*.part", "*.crdownload", "truth.json")
_LEFTOVER = re.compile("|".join(map(translate, LEFTOVERS)))
#: Characters of a path in a warning; a path may have four thousand.
MOST_SHOWN = 200


def is_leftover(path: str) -> bool:
    """Tell whether a file was left by a program and not sent by an office."""
    return any(_LEFTOVER.match(part) for part in path.lower().split("/") if part not in ("", "."))


def printable_path(path: str) -> str:
    """Return a path as valid text of one line: bytes that are no UTF-8 and control characters are written as escapes."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(_escape(letter) if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in text)


def shorten_path(path: str) -> str:
    """Return a path as a warning shows it, without the middle of one that is too long to read."""
    half = MOST_SHOWN // 2
    return path if len(path) <= MOST_SHOWN else f"{path[:half]} ... {path[-half:]}"


def inbox_files(inbox: Path, home: Home, warnings: list[str]) -> list[tuple[str, Path]]:
    """Return the regular files of the inbox with their paths inside it, in order; links are not followed.

    A folder that cannot be read, say because its path is longer than the system allows, is a warning that names it.
    """
    if inbox.is_file():
        return [(printable_path(inbox.name), inbox)]
    return list(_Walk(inbox, home.root.resolve(), warnings).files())


@dataclass
class _Walk:
    inbox: Path
    home_folder: Path  # the home, which may lie in the inbox
    warnings: list[str]
    pending_folders: list[str] = field(default_factory=list)  # folders below the inbox, the next one last

    def files(self) -> Iterator[tuple[str, Path]]:
        self.pending_folders.append("")
        while self.pending_folders:
            folder = self.pending_folders.pop()
            names, subfolders = self._entries(folder)
            for name in names:
                path = f"{folder}{name}"
                if self._is_regular(path):
                    yield printable_path(path), Path(self.inbox, path)
            self.pending_folders.extend(f"{folder}{name}/" for name in reversed(subfolders))

    def _entries(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the names of files and of folders in a folder, none where it cannot be read."""
        names, subfolders = [], []
        try:
            with os.scandir(Path(self.inbox, folder)) as entries:
                for entry in entries:
                    if is_leftover(entry.name):
                        continue
                    if not _is_folder(entry):
                        names.append(entry.name)
                    elif self._is_home_folder(entry):
                        continue
                    else:
                        subfolders.append(entry.name)
        except OSError as error:
            folder_text = shorten_path(printable_path(folder)) or "the inbox"
            self.warnings.append(
                f"{folder_text}: a folder that cannot be read ({error.strerror}); what lies in it is not taken"
            )
        return sorted(names), sorted(subfolders)

    def _is_home_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.name == self.home_folder.name and Path(entry.path).resolve() == self.home_folder
        except OSError:
            return False

    def _is_regular(self, path: str) -> bool:
        try:
            is_regular = stat.S_ISREG(Path(self.inbox, path).lstat().st_mode)
        except OSError:
            return True  # reading it tells what is wrong
        if not is_regular:
            path_text = shorten_path(printable_path(path))
            self.warnings.append(
                f"{path_text}: a link or special file, not followed; put the file itself into the inbox"
            )
        return is_regular


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _escape(letter: str) -> str:
    return f"\\x{ord(letter):02x}"
