"""A file that somebody imported into a home, and its earlier versions. Each step is one rename."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.storage import write_atomically


@dataclass(frozen=True)
class VersionedFile:
    """A file and the folder of its earlier versions, numbered in order."""

    file: Path
    history: Path

    @property
    def content(self) -> bytes:
        """The present content; empty where nothing was imported."""
        return self.file.read_bytes() if self.file.exists() else b""

    def keep(self, text: str) -> None:
        """Replace the content by ``text``, and keep the old content."""
        current_content, content = self.content, text.encode()
        if content == current_content:
            return
        versions = sorted(self.history.glob("*.csv"))
        if not (versions and versions[-1].read_bytes() == current_content):
            number = int(versions[-1].stem) + 1 if versions else 1
            write_atomically(
                self.history / f"{number:06d}.csv", lambda temporary: temporary.write_bytes(current_content)
            )
        write_atomically(self.file, lambda temporary: temporary.write_bytes(content))

    def previous(self) -> Path | None:
        """Return the version before the last change; None where there was no change."""
        current_content = self.content
        for path in sorted(self.history.glob("*.csv"), reverse=True):
            if path.read_bytes() != current_content:
                return path
            path.unlink()  # of an import that was killed before its second step
        return None
