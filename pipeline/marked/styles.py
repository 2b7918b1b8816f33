"""Colours and type faces, appended to the styles of an office's workbook; none of theirs is changed."""

import re

from pipeline.marked.parts import Parts, children, strange
from pipeline.vocabulary import Severity

#: What each severity looks like, ARGB; they differ in lightness too, for who does not see red and green.
COLOURS = {Severity.ERROR: "FFF4A38C", Severity.WARNING: "FFFFD966", Severity.INFO: "FFBDD7EE"}
IN_THE_SUM = "FFFDF1E3"  # part of a sum that fails
#: What may come back from a file that others had in their hands.
_PLAIN_FILL = re.compile(r"<fill>(?:<[A-Za-z]+(?: [A-Za-z]+=\"[\w.-]*\")*/?>|</[A-Za-z]+>)*</fill>")
_XF = re.compile(rb"(<xf\b[^<>]*?)(?:/>|>(.*)</xf>)", re.DOTALL)
_ALIGNMENT = re.compile(rb"\s*<alignment\b[^<>]*?(?:/>|>\s*</alignment>)")
_PROTECTION = re.compile(rb"<protection\b([^<>]*?)(?:/>|>\s*</protection>)")
_IS_OPEN = re.compile(rb'<protection\b[^<>]*\blocked="(?:0|false)"')
_ITEM = {b"fonts": b"font", b"fills": b"fill", b"borders": b"border", b"cellXfs": b"xf"}


class Styles:
    """The style sheet of a workbook, to which formats are added."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._part = parts.related(parts.workbook, "styles") or ""
        if self._part not in parts.members:
            raise strange("styles.xml")
        self._shades: dict[tuple[int, str], int] = {}
        self._fills: dict[str, int] = {}

    def shaded(self, style: int, colour: str) -> int:
        """Return the style that is ``style`` on a ground of ``colour``."""
        if (style, colour) not in self._shades:
            self._shades[style, colour] = self._on(style, self._fill(colour))
        return self._shades[style, colour]

    def is_locked(self, style: int) -> bool:
        """Tell whether a cell of this style is closed on a protected sheet; so is every cell that does not say otherwise."""
        formats = self._items(b"cellXfs")
        return style >= len(formats) or not _IS_OPEN.search(formats[style])

    def unlocked(self, style: int) -> int:
        """Return the style that is ``style``, open on a protected sheet."""
        return self._locked(style, b"0")

    def locked(self, style: int) -> int:
        """Return the style that is ``style``, closed on a protected sheet."""
        return self._locked(style, b"1")

    def _locked(self, style: int, value: bytes) -> int:
        formats = self._items(b"cellXfs")
        if style >= len(formats):
            raise strange(self._part)
        tag, inside = _XF.fullmatch(formats[style]).groups()  # type: ignore[union-attr]
        tag = re.sub(rb'\sapplyProtection="[^"]*"', b"", tag) + b' applyProtection="1"'
        inside = inside or b""
        said = _PROTECTION.search(inside)
        if said:
            told = re.sub(rb'\slocked="[^"]*"', b"", said[1]) + b' locked="' + value + b'"'
            inside = inside[: said.start()] + b"<protection" + told + b"/>" + inside[said.end() :]
        else:
            aligned = _ALIGNMENT.match(inside)
            at = aligned.end() if aligned else 0
            inside = inside[:at] + b'<protection locked="' + value + b'"/>' + inside[at:]
        return self._append(b"cellXfs", tag + b">" + inside + b"</xf>")

    def written(
        self, *, bold: bool = False, size: int = 10, colour: str | None = None, ground: str | None = None,
        boxed: bool = False, link: bool = False, italic: bool = False, centred: bool = False,
    ) -> int:  # fmt: skip
        """Return a style of our own for text that wraps."""
        looks = f"{'<b/>' if bold else ''}{'<i/>' if italic else ''}{'<u/>' if link else ''}"
        ink = "FF0563C1" if link else colour or "FF000000"
        font = self._append(
            b"fonts",
            f'<font>{looks}<sz val="{size}"/><color rgb="{ink}"/><name val="Times New Roman"/><family val="1"/></font>'.encode(),
        )
        side = '<{0} style="thin"><color rgb="FF7F7F7F"/></{0}>'
        sides = "".join(side.format(name) for name in ("left", "right", "top", "bottom"))
        border = self._append(b"borders", f"<border>{sides}<diagonal/></border>".encode()) if boxed else 0
        fill = self._fill(ground) if ground else 0
        across = "center" if centred else "left"
        return self._append(
            b"cellXfs",
            f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyFont="1" applyFill="1"'
            f' applyBorder="1" applyAlignment="1"><alignment horizontal="{across}" vertical="top" wrapText="1"/></xf>'.encode(),
        )

    def styles_on(self, colours: set[str]) -> set[int]:
        """Return the styles whose ground is one of ``colours``."""
        grounds = {
            number
            for number, fill in enumerate(self._items(b"fills"))
            if (ink := re.search(rb'<fgColor\b[^<>]*\brgb="([0-9A-F]{8})"', fill)) and ink[1].decode() in colours
        }
        return {number for number in range(len(self._items(b"cellXfs"))) if self._fill_number(number) in grounds}

    def grounded(self, style: int, fill: str) -> int:
        """Return the style that is ``style`` on the ground ``fill``, XML as of :meth:`fill_of`; empty is none."""
        known = self._items(b"fills")
        number = known.index(fill.encode()) if fill.encode() in known else 0
        if fill and not number and _PLAIN_FILL.fullmatch(fill):
            number = self._append(b"fills", fill.encode())
        return self._on(style, number)

    def fill_of(self, style: int) -> str:
        """Return the ground of a style, as the XML of its ``fill``."""
        fills, number = self._items(b"fills"), self._fill_number(style)
        return fills[number].decode("utf-8", "replace") if number < len(fills) else ""

    def _on(self, style: int, fill: int) -> int:
        formats = self._items(b"cellXfs")
        if style >= len(formats):
            raise strange(self._part)
        head, rest = re.match(rb"(<xf\b[^<>]*?)(/?>.*)", formats[style], re.DOTALL).groups()  # type: ignore[union-attr]
        head = re.sub(rb'\s(?:fillId|applyFill)="[^"]*"', b"", head)
        return self._append(b"cellXfs", head + f' fillId="{fill}" applyFill="1"'.encode() + rest)

    def _fill_number(self, style: int) -> int:
        formats = self._items(b"cellXfs")
        found = re.search(rb'\bfillId="(\d+)"', formats[style]) if style < len(formats) else None
        return int(found[1]) if found else 0

    def _fill(self, colour: str) -> int:
        if colour not in self._fills:
            solid = f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill></fill>'
            self._fills[colour] = self._append(b"fills", solid.encode())
        return self._fills[colour]

    def _section(self, name: bytes) -> tuple[int, int]:
        xml = self._parts.members[self._part]
        for found, start, end in children(xml, self._part):
            if found == name and xml[start:end].endswith(b"</" + name + b">"):
                return start, end
        raise strange(self._part)

    def _items(self, name: bytes) -> list[bytes]:
        start, end = self._section(name)
        section = self._parts.members[self._part][start:end]
        return [section[first:last] for found, first, last in children(section, self._part) if found == _ITEM[name]]

    def _append(self, name: bytes, item: bytes) -> int:
        """Add an item to a section of the style sheet unless it is there; return its number."""
        items = self._items(name)
        if item in items:
            return items.index(item)
        start, end = self._section(name)
        xml = self._parts.members[self._part]
        section = xml[start:end]
        section = re.sub(
            rb'(<\w+\b[^<>]*?\bcount=")\d+', lambda match: match[1] + str(len(items) + 1).encode(), section, count=1
        )
        close = section.rfind(b"</")
        self._parts.members[self._part] = xml[:start] + section[:close] + item + section[close:] + xml[end:]
        return len(items)
