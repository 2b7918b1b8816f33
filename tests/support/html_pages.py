"""Reads a page of the bulletin as a test wants it: links, anchors, figures with the row that they belong to."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "input", "br", "img", "link", "hr", "col"}


@dataclass
class HtmlPage(HTMLParser):
    """One page: ``figures`` are (table, key, column, value, text), ``figure_links`` (table, key, column, where it leads)."""

    path: Path
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    figures: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    figure_links: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    text: str = ""
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, dict[str, str]]] = []
        self._figure: tuple[str, str, str, str] | None = None
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        self.unclosed += [tag for tag, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids |= {found["id"]} if "id" in found else set()
        if "href" in found:
            self.links.append(found["href"])
        self.sources += [found[name] for name in ("src", "srcset", "data", "poster") if name in found]
        if tag not in VOID:
            self._open.append((tag, found))
        if tag == "data":
            self._figure = (self._nearest("data-table"), self._nearest("data-key"), found["data-f"], found["value"])
            link = next((opened["href"] for name, opened in self._open[-2:-1] if name == "a"), None)
            self.figure_links.append((*self._figure[:3], link))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {str(found["id"])} if "id" in found else set()

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        opened, _ = self._open.pop() if self._open else ("", {})
        if opened != tag:
            self.unclosed.append(f"{opened} closed by {tag} at {self.getpos()}")
        if tag == "data":
            self._figure = None

    def handle_data(self, data: str) -> None:
        if self._figure:
            self.figures.append((*self._figure, data))
        if not any(tag in ("style", "script") for tag, _ in self._open):
            self.text += data

    def _nearest(self, name: str) -> str:
        return next((found[name] for _, found in reversed(self._open) if name in found), "")
