"""The record of a release: what its bytes are. It identifies the release, and reveals damage to it."""

import hashlib
import json
import stat
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.home import VIETNAM
from pipeline.published.opening import open_readonly
from pipeline.storage import write_atomically


@dataclass(frozen=True)
class Record:
    """What was published as a release: its number, what it was made from, when, its rows and its bytes."""

    number: int
    fingerprint: str
    built_at: str
    storage: str
    size: int
    modified_ns: int
    sha256: str
    tables: dict[str, int]

    @classmethod
    def make(cls, path: Path, number: int, fingerprint: str) -> "Record":
        """Describe a warehouse file as it is now; raises ``duckdb.Error`` where it is not one."""
        rows, storage = _contents(path)
        state = path.stat()
        built_at = datetime.fromtimestamp(state.st_mtime, VIETNAM).isoformat(timespec="seconds")
        digest = hash_file(path)
        return cls(number, fingerprint, built_at, storage, state.st_size, state.st_mtime_ns, digest, rows)

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """Read a record; None where there is none, or where it is not whole."""
        content = read_object(path)
        names = [field.name for field in fields(cls)]
        if any(name not in content for name in names):
            return None
        return cls(**{name: content[name] for name in names})

    def write(self, path: Path) -> None:
        """Write the record, in one rename."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))

    def describes(self, path: Path, *, is_thorough: bool = False) -> bool:
        """Tell whether a file has the bytes of this release.

        Size and time of change are enough where they agree; a file with another time is read, and with ``is_thorough`` any file.
        """
        try:
            state = path.lstat()
            if not stat.S_ISREG(state.st_mode) or state.st_size != self.size:
                return False
            if state.st_mtime_ns == self.modified_ns and not is_thorough:
                return True
            return hash_file(path) == self.sha256
        except OSError:
            return False


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file, an empty one where there is none or it is not whole."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _contents(path: Path) -> tuple[dict[str, int], str]:
    """Return the rows of every table of a warehouse file, and the storage version in which it is written."""
    with open_readonly(path) as connection:
        names = [name for (name,) in connection.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        rows = {name: connection.execute(f'select count(*) from "{name}"').fetchall()[0][0] for name in names}
        return rows, storage_version(connection)


def storage_version(connection: Any) -> str:
    """Return the storage version of the file that a connection has open, such as ``v1.0.0+``."""
    sql = "select tags['storage_version'] from duckdb_databases() where not internal limit 1"
    return str(connection.execute(sql).fetchone()[0])
