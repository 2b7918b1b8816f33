"""Colours and fonts, appended to the styles of an office's workbook; none of its own is changed."""

import re

from pipeline.marked.parts import Parts, children, unusual_part
from pipeline.vocabulary import Severity

#: The colour of each severity, ARGB; they differ in lightness too, for readers who cannot tell red from green.
COLOURS = {Severity.ERROR: "FFF4A38C", Severity.WARNING: "FFFFD966", Severity.INFO: "FFBDD7EE"}
IN_THE_SUM = "FFFDF1E3"  # part of a sum that fails
#: The fills accepted back from a file that others have edited.
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
        self._part = parts.related_part(parts.workbook, "styles") or ""
        if self._part not in parts.members:
            raise unusual_part("styles.xml")
        self._shades: dict[tuple[int, str], int] = {}
        self._fills: dict[str, int] = {}

    def shade(self, style: int, colour: str) -> int:
        """Return ``style`` with a fill of ``colour``."""
        if (style, colour) not in self._shades:
            self._shades[style, colour] = self._with_fill(style, self._fill(colour))
        return self._shades[style, colour]

    def is_locked(self, style: int) -> bool:
        """Tell whether a cell of this style is locked on a protected sheet; locked is the default."""
        formats = self._items(b"cellXfs")
        return style >= len(formats) or not _IS_OPEN.search(formats[style])

    def unlock(self, style: int) -> int:
        """Return ``style``, unlocked on a protected sheet."""
        return self._with_lock(style, b"0")

    def lock(self, style: int) -> int:
        """Return ``style``, locked on a protected sheet."""
        return self._with_lock(style, b"1")

    def _with_lock(self, style: int, value: bytes) -> int:
        formats = self._items(b"cellXfs")
        if style >= len(formats):
            raise unusual_part(self._part)
        tag, content = _XF.fullmatch(formats[style]).groups()  # type: ignore[union-attr]
        tag = re.sub(rb'\sapplyProtection="[^"]*"', b"", tag) + b' applyProtection="1"'
        content = content or b""
        protection = _PROTECTION.search(content)
        if protection:
            attributes = re.sub(rb'\slocked="[^"]*"', b"", protection[1]) + b' locked="' + value + b'"'
            content = content[: protection.start()] + b"<protection" + attributes + b"/>" + content[protection.end() :]
        else:
            alignment = _ALIGNMENT.match(content)
            position = alignment.end() if alignment else 0
            content = content[:position] + b'<protection locked="' + value + b'"/>' + content[position:]
        return self._append(b"cellXfs", tag + b">" + content + b"</xf>")

    def text_style(
        self, *, bold: bool = False, size: int = 10, colour: str | None = None, fill_colour: str | None = None,
        has_border: bool = False, is_link: bool = False, italic: bool = False, is_centred: bool = False,
    ) -> int:  # fmt: skip
        """Return a style of our own for text that wraps."""
        face = f"{'<b/>' if bold else ''}{'<i/>' if italic else ''}{'<u/>' if is_link else ''}"
        font_colour = "FF0563C1" if is_link else colour or "FF000000"
        font = self._append(
            b"fonts",
            f'<font>{face}<sz val="{size}"/><color rgb="{font_colour}"/><name val="Times New Roman"/><family val="1"/></font>'.encode(),
        )
        side = '<{0} style="thin"><color rgb="FF7F7F7F"/></{0}>'
        sides = "".join(side.format(name) for name in ("left", "right", "top", "bottom"))
        border = self._append(b"borders", f"<border>{sides}<diagonal/></border>".encode()) if has_border else 0
        fill = self._fill(fill_colour) if fill_colour else 0
        horizontal = "center" if is_centred else "left"
        return self._append(
            b"cellXfs",
            f'<xf numFmtId="0" fontId="{font}" fillId="{fill}" borderId="{border}" xfId="0" applyFont="1" applyFill="1"'
            f' applyBorder="1" applyAlignment="1"><alignment horizontal="{horizontal}" vertical="top" wrapText="1"/></xf>'.encode(),
        )

    def styles_on_colours(self, colours: set[str]) -> set[int]:
        """Return the styles whose fill is one of ``colours``."""
        fill_numbers = {
            number
            for number, fill in enumerate(self._items(b"fills"))
            if (foreground := re.search(rb'<fgColor\b[^<>]*\brgb="([0-9A-F]{8})"', fill))
            and foreground[1].decode() in colours
        }
        return {number for number in range(len(self._items(b"cellXfs"))) if self._fill_number(number) in fill_numbers}

    def on_fill(self, style: int, fill: str) -> int:
        """Return ``style`` with the fill ``fill``, XML as from :meth:`fill_of`; an empty text is no fill."""
        fills = self._items(b"fills")
        number = fills.index(fill.encode()) if fill.encode() in fills else 0
        if fill and not number and _PLAIN_FILL.fullmatch(fill):
            number = self._append(b"fills", fill.encode())
        return self._with_fill(style, number)

    def fill_of(self, style: int) -> str:
        """Return the fill of a style, as XML."""
        fills, number = self._items(b"fills"), self._fill_number(style)
        return fills[number].decode("utf-8", "replace") if number < len(fills) else ""

    def _with_fill(self, style: int, fill: int) -> int:
        formats = self._items(b"cellXfs")
        if style >= len(formats):
            raise unusual_part(self._part)
        head, rest = re.match(rb"(<xf\b[^<>]*?)(/?>.*)", formats[style], re.DOTALL).groups()  # type: ignore[union-attr]
        head = re.sub(rb'\s(?:fillId|applyFill)="[^"]*"', b"", head)
        return self._append(b"cellXfs", head + f' fillId="{fill}" applyFill="1"'.encode() + rest)

    def _fill_number(self, style: int) -> int:
        formats = self._items(b"cellXfs")
        match = re.search(rb'\bfillId="(\d+)"', formats[style]) if style < len(formats) else None
        return int(match[1]) if match else 0

    def _fill(self, colour: str) -> int:
        if colour not in self._fills:
            solid = f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill></fill>'
            self._fills[colour] = self._append(b"fills", solid.encode())
        return self._fills[colour]

    def _section(self, name: bytes) -> tuple[int, int]:
        xml = self._parts.members[self._part]
        for child, start, end in children(xml, self._part):
            if child == name and xml[start:end].endswith(b"</" + name + b">"):
                return start, end
        raise unusual_part(self._part)

    def _items(self, name: bytes) -> list[bytes]:
        start, end = self._section(name)
        section = self._parts.members[self._part][start:end]
        return [section[first:last] for child, first, last in children(section, self._part) if child == _ITEM[name]]

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
