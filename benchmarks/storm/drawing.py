"""Draws what may lie in an inbox: every origin, unit, period, numeral, damage, name, archive, sidecar and order.

Nothing here is random but through Hypothesis, so an inbox that breaks a claim is shrunk to the smallest that does.
"""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta

import xlsxwriter
from hypothesis import strategies as st

from benchmarks.storm.delivery import Delivery

FIRST_MOMENT = datetime(2023, 10, 2, 8)

# --- what a return says of itself ------------------------------------------------------------------------------------

BLANKS = ("", " ", "\t", "\u00a0", "\u200b", "\u3000", "  \u00a0 ")
KNOWN_UNITS = (
    "kien-giang.go-quao",
    "kien-giang.an-bien",
    "kien-giang",
    "viet-nam",
    "an-giang-2025",
    "Chi cục THADS huyện Gò Quao",
    "CCTHADS H. Gò Quao",
    "Chi cu\u0323c THADS huye\u0323\u0302n Go\u0300 Quao",
    "Kiên Giang",
    "Cục THADS tỉnh Kiên Giang",
    "Toàn quốc",
    "An Giang",
)
ODD_UNITS = (
    "a/" * 1500,
    " / ".join(["Kiên Giang"] * 400),
    "x" * 40_000,
    "Châu Thành",
    "Atlantis",
    "=1+1",
    "../../etc/passwd",
    "kien-giang.go-quao\n",
    "<script>alert(1)</script>",
    "'; drop table submissions; --",
    "\U0001f600",
    "Phòng Thi hành án dân sự khu vực 1 - An Giang",
)
units = st.one_of(st.sampled_from(KNOWN_UNITS), st.sampled_from(KNOWN_UNITS + ODD_UNITS + BLANKS), st.text(max_size=20))

PERIODS = (
    ("2022-10-01", "2023-09-30"),
    ("2022-10-01", "2023-06-30"),
    ("2021-10-01", "2022-09-30"),
    ("2024-10-01", "2025-06-30"),
)
ODD_PERIODS = (
    ("2022-10-01", "2023-05-13"),
    ("2098-10-01", "2099-09-30"),
    ("2010-10-01", "2022-09-30"),
    ("2023-09-30", "2022-10-01"),
    ("0001-01-01", "0001-01-31"),
    ("0000-10-01", "0000-12-31"),
    ("9998-10-01", "9999-09-30"),
    ("9999-10-01", "9999-12-31"),
    ("01/10/2022", "30/09/2023"),
    ("1.10.2022", "31.9.2023"),
    ("44835", "45199"),
    ("2022-10-01T00:00:00", "2023-09-30 07:00"),
    ("tháng mười", "?"),
    ("", ""),
    (" ", "2023-09-30"),
    ("2022-02-30", "2022-13-01"),
)
periods = st.one_of(st.sampled_from(PERIODS), st.sampled_from(PERIODS + ODD_PERIODS))

FIGURES = ("0", "5", "12", "1.234", "1.234.567", "430", "7,5", "-", "x", "")
ODD_FIGURES = (
    "9" * 30,
    "-5",
    "1e400",
    "nan",
    "Infinity",
    "1,052",
    "12%",
    "TRUE",
    "=A1+1",
    "+1",
    "--3",
    "٣",
    "1 234",
    "1.2.3",
    "500 tỷ 283 triệu",
    "#REF!",
    "5 tỷ 3 tỷ",
    "0x10",
    "1_000",
    "999999999999999999999999 nghìn tỷ đồng",
    *BLANKS,
)
figures = st.one_of(st.sampled_from(FIGURES), st.integers(0, 10**13).map(str), st.sampled_from(ODD_FIGURES))

LINES = (
    ("01", "total.total", "due"),
    ("01", "total.total", "completed"),
    ("01", "total.total", "carried_over"),
    ("02", "total.total", "due"),
    ("09", "all", "visits"),
    ("09", "leaders", "people"),
    ("discipline", "total", "leader"),
    ("77", "1", "1"),
    ("01", "1", "1"),
    ("", "", ""),
)
INDICATORS = (
    ("viec.phai_thi_hanh", "việc"),
    ("viec.thi_hanh_xong", "việc"),
    ("tien.phai_thi_hanh", "nghìn đồng"),
    ("tien.thi_hanh_xong", "tỷ đồng"),
    ("viec.ty_le_xong", "%"),
    ("thahc.phai_thi_hanh.tang_so_cung_ky", "việc"),
    ("ky_luat.khien_trach", "người"),
    ("khong.co", "cái"),
    ("", ""),
)

# --- files of text ---------------------------------------------------------------------------------------------------

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1258", "utf-16-le", "latin-1")
LINE_ENDS = ("\n", "\r\n", "\r", "\n\n", "\r\r\n")
LONG_HEADER = ["unit", "period_start", "period_end", "form", "row", "column", "value"]
PUBLISHED_HEADER = [
    "case_id",
    "province",
    "level",
    "period_start",
    "period_end",
    "indicator",
    "value",
    "unit",
    "source",
]


@st.composite
def text_tables(draw: st.DrawFn) -> bytes:
    """A CSV, long or of published figures, with the habits of programs and people."""
    is_long = draw(st.booleans())
    header = list(LONG_HEADER if is_long else PUBLISHED_HEADER)
    if is_long and draw(st.booleans()):
        header += draw(st.sampled_from([["scope"], ["scope", "revision", "reason", "signer"], ["note", "note"]]))
    rows = []
    for _ in range(draw(st.integers(0, 6))):
        (start, end), unit, figure = draw(periods), draw(units), draw(figures)
        if is_long:
            row = [unit, start, end, *draw(st.sampled_from(LINES)), figure]
            row += [draw(st.sampled_from(["", " ", "own", "Toàn tỉnh", "3", "-1"])) for _ in header[len(row) :]]
        else:
            indicator, unit_text = draw(st.sampled_from(INDICATORS))
            case = draw(st.sampled_from(["A-1", "A-1", "A-2", "B", " A-1", ""]))
            level = draw(st.sampled_from(["province", "national", "district", ""]))
            row = [case, unit, level, start, end, indicator, figure, unit_text, "báo"]
        rows.append(_tear_line(draw, row))
    if draw(st.integers(0, 9)) == 0:
        header = [name.upper() for name in header]
    separator = draw(st.sampled_from(",;\t"))
    text = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    lines = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=draw(st.sampled_from(LINE_ENDS)))
    lines.writerow(header)
    lines.writerows(rows)
    content = text.getvalue() + draw(st.sampled_from(["", "", ";;;;;;\n" * 2, ",,,\n", "\n\n", '"', "\x1a"]))
    content = draw(st.sampled_from(["", "", "", "sep=;\n", "\n", "Báo cáo\n"])) + content
    return content.encode(draw(st.sampled_from(ENCODINGS)), "replace")


def _tear_line(draw: st.DrawFn, row: list[str]) -> list[str]:
    """Return a line of a table as it is, or with a field too few or too many."""
    match draw(st.integers(0, 11)):
        case 0:
            return row[:-1]
        case 1:
            return [*row, "thừa"]
        case _:
            return row


SENTENCES = (
    "{unit}, {months} tháng năm {year}. Tổng số việc phải thi hành là {a} việc, thi hành xong {b} việc, đạt {c}%.",
    "Kết quả thi hành án dân sự {months} tháng năm {year}\n{unit}\nSố tiền phải thi hành là {a} nghìn tỷ đồng.",
    "BÁO CÁO\n{unit}\nNăm {year}: thi hành xong {a} việc/{b} việc có điều kiện, tương ứng {c} tỷ {a} triệu đồng.",
    "{unit}: từ ngày 01/10/{year} đến 30/9/{year}, chuyển kỳ sau hơn {a} việc; giảm {b} việc ({c}%) so với cùng kỳ.",
    "{a} {b} {c} {unit} {year}",
)
texts = st.one_of(
    st.builds(
        lambda sentence, unit, months, year, a, b, c: sentence.format(
            unit=unit, months=months, year=year, a=a, b=b, c=c
        ),
        st.sampled_from(SENTENCES),
        units,
        st.sampled_from([0, 1, 9, 12, 13, 99, "mười"]),
        st.sampled_from([0, 1, 1900, 2022, 2023, 2099, 9999, 20220]),
        figures,
        figures,
        figures,
    ),
    st.text(max_size=300),
    st.sampled_from(["(" * 5000, "việc " * 3000, "1." * 4000, "tỷ" * 2000, "9" * 5000, "\n" * 5000]),
).flatmap(lambda text: st.sampled_from(ENCODINGS).map(lambda encoding: text.encode(encoding, "replace")))

# --- workbooks -------------------------------------------------------------------------------------------------------

RECEPTION = (("Biểu số", "", "09/TK-THA"), ("", "Số lượt", "Số người"))
RECEPTION_ROWS = ("Tổng số tiếp", "Trong đó lãnh đạo tiếp")
FORMATS = ("General", "0%", "0.00%", "#,##0", "dd/mm/yyyy", "@", "[h]:mm")


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    """A workbook with the form on reception once, twice or not at all, and whatever people do to a sheet."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for number in range(draw(st.integers(1, 3))):
            sheet = book.add_worksheet(f"S{number}")
            if number and draw(st.integers(0, 4)) == 0:
                sheet.hide()
            if draw(st.integers(0, 7)) == 0:
                continue  # a blank sheet
            _fill_sheet(draw, book, sheet, top=draw(st.sampled_from([0, 0, 0, 3, 45])))
    return content.getvalue()


def _fill_sheet(draw: st.DrawFn, book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, *, top: int) -> None:
    start, end = draw(periods)
    for row, (label, value) in enumerate(
        [("Đơn vị báo cáo", draw(units)), ("Từ ngày", start), ("Đến ngày", end), ("Lần báo cáo", draw(figures))]
    ):
        sheet.write_string(top + row, 0, label)
        if row in (1, 2) and draw(st.booleans()) and value[:4].isdigit() and 1900 < int(value[:4]) < 2400:
            date_format = book.add_format({"num_format": "dd/mm/yyyy"})
            try:
                sheet.write_datetime(top + row, 1, datetime.fromisoformat(value), date_format)
                continue
            except ValueError:
                pass
        sheet.write_string(top + row, 1, value[:32_000])
    for row, line in enumerate(RECEPTION):
        for column, text in enumerate(line):
            sheet.write_string(top + 5 + row, column, text)
    for row, label in enumerate(RECEPTION_ROWS + ("Cộng nhóm",) * draw(st.integers(0, 1))):
        sheet.write_string(top + 7 + row, 0, label)
        for column in (1, 2) + (3,) * draw(st.integers(0, 1)):
            _figure(draw, book, sheet, top + 7 + row, column)


def _figure(
    draw: st.DrawFn, book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int
) -> None:
    cell_format = book.add_format({"num_format": draw(st.sampled_from(FORMATS))})
    match draw(st.integers(0, 6)):
        case 0:
            sheet.write_string(row, column, draw(figures)[:32_000])
        case 1:
            sheet.write_number(row, column, draw(st.floats(allow_nan=False, allow_infinity=False)), cell_format)
        case 2:
            sheet.write_boolean(row, column, draw(st.booleans()))
        case 3:
            formula = draw(st.sampled_from(["=B8+C8", "=SUM(B1:B99)", "=1/0", '=INDIRECT("A1")', "=B8", "=A1:A3"]))
            value = draw(st.sampled_from(["", 0, 7, "#DIV/0!", "#REF!", "text"]))
            sheet.write_formula(row, column, formula, cell_format, value)
        case _:
            sheet.write_number(row, column, draw(st.integers(0, 10**15)), cell_format)


# --- what is no report, archives, damage -----------------------------------------------------------------------------

FOREIGN = (
    b"",
    b"\x00" * 64,
    b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    b"<html><body><table><tr><td>1</td></tr></table></body></html>",
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    b"From: a@b.vn\nSubject: x\nContent-Type: text/plain\n\nbody",
    b"Rar!\x1a\x07\x01\x00" + b"\x01" * 40,
    b"7z\xbc\xaf\x27\x1c" + b"\x02" * 60,
    b"\x89PNG\r\n\x1a\n" + b"\x03" * 60,
    b"{\\rtf1 x}",
    b'{"a": 1}',
    gzip.compress(b"unit,period_start\n"),
    bz2.compress(b"x" * 100),
    lzma.compress(b"y" * 100),
    b"\xff\xfe" + "unit,period_start".encode("utf-16-le"),
    b"\xef\xbb\xbf",
)
foreign = st.one_of(st.sampled_from(FOREIGN), st.binary(max_size=200))

NAMES = (
    "bao-cao.{}",
    "Báo cáo tháng 9.{}",
    "Ba\u0301o ca\u0301o.{}",
    "a" * 200 + ".{}",
    "-rf.{}",
    "x'; drop.{}",
    'a"b.{}',
    "dòng\nmới.{}",
    "\u202egnp.{}",
    "%2e%2e.{}",
    "con.{}",
    "~bao.{}",
    "bao-cao (1).{}.{}",
    "b\udcff\udcfe.{}",
    "BAO-CAO.{}",
    "so lieu.v2.{}",
    "{}",
)
FOLDERS = ("", "2023-09/", "kien-giang/", "a/b/c/d/", "t" * 150 + "/", "Thư mục/")
SUFFIXES = ("xlsx", "csv", "txt", "zip", "xls", "XLSX", "CSV", "pdf", "docx", "", "tar.gz")


def _paths(suffix: str) -> st.SearchStrategy[str]:
    suffixes = st.one_of(st.just(suffix), st.just(suffix), st.sampled_from(SUFFIXES))
    return st.builds(
        lambda folder, name, ending: folder + (name.replace("{}", ending).strip() or "x"),
        st.sampled_from(FOLDERS),
        st.sampled_from(NAMES),
        suffixes,
    )


def _damages() -> st.SearchStrategy[Callable[[bytes], bytes]]:
    """What may happen to bytes on their way; most often nothing."""
    fractions = st.floats(0, 1, exclude_max=True)

    def cut(fraction: float) -> Callable[[bytes], bytes]:
        return lambda content: content[: int(len(content) * fraction)]

    def flip(fraction: float, bit: int) -> Callable[[bytes], bytes]:
        def flip_bit(content: bytes) -> bytes:
            if not content:
                return content
            position = int(len(content) * fraction)
            return content[:position] + bytes([content[position] ^ (1 << bit)]) + content[position + 1 :]

        return flip_bit

    def wipe(fraction: float, length: int) -> Callable[[bytes], bytes]:
        def wipe_bytes(content: bytes) -> bytes:
            position = int(len(content) * fraction)
            return content[:position] + bytes(len(content[position : position + length])) + content[position + length :]

        return wipe_bytes

    no_damage = st.just(lambda content: content)
    return st.one_of(
        no_damage,
        no_damage,
        no_damage,
        no_damage,
        st.builds(cut, fractions),
        st.builds(flip, fractions, st.integers(0, 7)),
        st.builds(wipe, fractions, st.integers(1, 300)),
        st.just(lambda content: content + content),
        st.just(lambda content: b"\0\0" + content),
    )


METHODS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)
MEMBER_FOLDERS = ("", "", "thang 9/", "thang 9\\", "../", "/", "C:\\", "./", "a//b/", "received.csv/")


@st.composite
def archives(draw: st.DrawFn, contents: st.SearchStrategy[tuple[str, bytes]]) -> bytes:
    """A zip of up to four files, whole or damaged, from any packer."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for _ in range(draw(st.integers(0, 4))):
            name, member = draw(contents)
            name = draw(st.sampled_from(MEMBER_FOLDERS)) + name.rpartition("/")[2].encode("utf-8", "replace").decode()
            archive.writestr(zipfile.ZipInfo(name or "x"), member, draw(st.sampled_from(METHODS)))
        if draw(st.integers(0, 5)) == 0:
            archive.writestr("received.csv", draw(sidecars))
    archive_bytes = bytearray(content.getvalue())
    if draw(st.integers(0, 9)) == 0 and (offset := archive_bytes.find(b"PK\x01\x02")) > 0:
        archive_bytes[offset + 8] |= 1  # said to be encrypted
    return bytes(archive_bytes)


sidecars = st.builds(
    lambda lines, separator: "\n".join(
        separator.join(line) for line in [("path", "received_at", "sender"), *lines]
    ).encode(),
    st.lists(
        st.tuples(
            st.sampled_from(["bao-cao.xlsx", "bao-cao.csv", "2023-09/bao-cao.xlsx", "../x", "", "*"]),
            st.sampled_from(
                ["2023-10-02 09:00:00", "02/10/2023", "1999-01-01", "2099-01-01", "0001-01-01", "9999-12-31", "?", ""]
            ),
            st.just("a@b.vn"),
        ),
        max_size=3,
    ),
    st.sampled_from(",;"),
)

# --- an inbox --------------------------------------------------------------------------------------------------------

_plain = st.one_of(
    st.tuples(_paths("csv"), text_tables()),
    st.tuples(_paths("txt"), texts),
    st.tuples(_paths("xlsx"), workbooks()),
    st.tuples(_paths("pdf"), foreign),
)
_packed = st.tuples(_paths("zip"), archives(st.one_of(_plain, _plain, st.tuples(_paths("zip"), archives(_plain)))))
_labels = {"csv": "CSV", "txt": "text", "xlsx": "workbook", "pdf": "foreign", "zip": "archive"}
_kinds = st.one_of(_plain, _plain, _plain, _packed)


@st.composite
def strangers(draw: st.DrawFn) -> Delivery:
    """One file that nobody vouches for."""
    path, content = draw(_kinds)
    content = draw(_damages())(content)
    written_at = FIRST_MOMENT + timedelta(minutes=draw(st.integers(-100_000, 500_000)))
    if draw(st.integers(0, 19)) == 0:
        written_at = draw(st.sampled_from([datetime(1971, 1, 2), datetime(2037, 1, 1), datetime(2099, 1, 1)]))
    label = _labels.get(path.rpartition(".")[2].lower(), "file")
    return Delivery(path, content, written_at, label)


@st.composite
def inboxes(draw: st.DrawFn, *, most: int = 9) -> list[Delivery]:
    """The strangers of one inbox in the order of their arrival, some of them twice, with or without a sidecar."""
    deliveries = draw(st.lists(strangers(), min_size=1, max_size=most))
    for repeat in draw(st.lists(st.sampled_from(deliveries), max_size=2)):
        path = draw(st.sampled_from([repeat.path, f"lai/{repeat.path}"]))
        deliveries.append(
            Delivery(path, repeat.content, repeat.written_at + timedelta(days=1), f"{repeat.label} again")
        )
    if draw(st.integers(0, 3)) == 0:
        folder = draw(st.sampled_from(["", "2023-09/"]))
        deliveries.append(Delivery(f"{folder}received.csv", draw(sidecars), FIRST_MOMENT, "sidecar"))
    return deliveries
