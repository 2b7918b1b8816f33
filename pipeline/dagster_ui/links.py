"""Addresses of the files of a home that people read: the bulletin, Data Docs, letters and marked workbooks.

A browser follows no link from a page to a file, so these are served: by ``thads dev`` on loopback
(:mod:`pipeline.dagster_ui.reading_room`), or by whoever ``THADS_FILES_URL`` names.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pipeline.home import Home, Settings


@dataclass(frozen=True)
class Links:
    """The addresses of the files of a home; ``base`` is that of its folder."""

    home: Home
    base: str = field(default_factory=lambda: Settings().files_url)

    def address(self, path: Path) -> str:
        """Return the address of a file below the home."""
        return f"{self.base.rstrip('/')}/{quote(path.relative_to(self.home.root).as_posix())}"

    def addresses(self, paths: list[Path], folder: Path) -> list[tuple[str, str]]:
        """Return the name of each file below ``folder``, and its address."""
        return [(path.relative_to(folder).as_posix(), self.address(path)) for path in paths]

    def page(self, path: str) -> str:
        """Return the address of a page of the bulletin, as ``quality.html``."""
        return self.address(self.home.bulletin / "current" / path)

    def rule(self, rule_id: str) -> str:
        """Return the address of the page of a rule: what it says, on what basis, how often it fires."""
        return self.page(f"rules/{rule_id}.html")

    @property
    def data_docs(self) -> str:
        """The address of Great Expectations' pages on the last night that judged anything."""
        return self.address(self.home.data_docs / "index.html")
