"""The version of the reader: what another version read is read again."""

from functools import cache
from pathlib import Path

from pipeline import calendar, files, forms, registry, text
from pipeline.storage import hash_of_files

#: What the reading of a file depends on: the code and sentences of this stage and of the rooms below it.
_ROOMS = (calendar, files, forms, registry, text)
_FOLDERS = [Path(__file__).parent, *(Path(str(room.__file__)).parent for room in _ROOMS)]


@cache
def reader_version() -> str:
    """Return a hash of the code and the declarations by which files are read."""
    root = _FOLDERS[0].parent
    files = (file for folder in _FOLDERS for file in folder.rglob("*") if file.suffix in (".py", ".yaml"))
    return hash_of_files(root, files)[:12]
