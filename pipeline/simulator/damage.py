"""What happens to a finished file: members of the archive changed, bytes lost, another kind of file under its name."""

import re
import shutil
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape


def truncate(path: Path) -> None:
    """Cut the file off as a broken transfer does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])


def replace_with_text(path: Path) -> None:
    """Put a text file in the place of the workbook."""
    path.write_text("Kính gửi: báo cáo thống kê kỳ này sẽ gửi sau.\n", encoding="utf-8")


def hide_sheet(name: str) -> Callable[[Path], None]:
    """Return a function that hides a sheet of a workbook."""

    def change(xml: str) -> str:
        return xml.replace(f'<sheet name="{name}" ', f'<sheet name="{name}" state="hidden" ')

    return lambda path: _rewrite(path, "xl/workbook.xml", change)


def retype(sheet: int, address: str, text: str) -> Callable[[Path], None]:
    """Return a function that types another text or number over a cell, whatever it held."""

    def change(xml: str) -> str:
        cell = re.compile(rf'<c r="{address}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)')
        return cell.sub(rf'<c r="{address}"\1 t="inlineStr"><is><t>{escape(text)}</t></is></c>', xml, count=1)

    return lambda path: _rewrite(path, f"xl/worksheets/sheet{sheet}.xml", change)


def retype_figure(sheet: int, address: str, figure: int | Decimal) -> Callable[[Path], None]:
    """Return a function that types another figure over a cell; formulas that depend on it keep their old values."""

    def change(xml: str) -> str:
        cell = re.compile(rf'<c r="{address}"( s="\d+")?[^>]*?(?:/>|>.*?</c>)')
        return cell.sub(rf'<c r="{address}"\1><v>{figure}</v></c>', xml, count=1)

    return lambda path: _rewrite(path, f"xl/worksheets/sheet{sheet}.xml", change)


def format_rates_in_per_cent(path: Path) -> None:
    """Give the cells of rates the per-cent format of the spreadsheet program: 0.7382 is shown as 73.82 %."""
    _rewrite(path, "xl/styles.xml", lambda xml: xml.replace('formatCode="0.00"', 'formatCode="0.00%"'))


def leave_copy(name: str) -> Callable[[Path], None]:
    """Return a function that leaves a second copy of the file next to it."""

    def copy(path: Path) -> None:
        shutil.copy2(path, path.with_name(f"{path.stem}{name}{path.suffix}"))

    return copy


def copy_and_change(name: str, changes: Sequence[Callable[[Path], None]]) -> Callable[[Path], None]:
    """Return a function that leaves a copy of the file next to it, and changes the copy."""

    def copy(path: Path) -> None:
        copy_path = path.with_name(f"{path.stem}{name}{path.suffix}")
        shutil.copyfile(path, copy_path)  # with a time of its own: it is written later
        for change in changes:
            change(copy_path)

    return copy


def forget_value(sheet: int, address: str) -> Callable[[Path], None]:
    """Return a function that drops the cached value of a formula, as programs do that write formulas without computing them."""

    def change(xml: str) -> str:
        cell = re.compile(rf'(<c r="{address}"[^>]*?)(?: t="str")?(><f>[^<]*</f>)<v>[^<]*</v></c>')
        return cell.sub(r"\1\2</c>", xml)

    return lambda path: _rewrite(path, f"xl/worksheets/sheet{sheet}.xml", change)


def _rewrite(path: Path, member: str, change: Callable[[str], str]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    new_content = BytesIO()
    with zipfile.ZipFile(new_content, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, change(content.decode()).encode() if info.filename == member else content)
    path.write_bytes(new_content.getvalue())
