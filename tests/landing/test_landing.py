"""Claims about landing: every file leaves a receipt, nothing of the inbox changes, nothing hostile gets in."""

import hashlib
import io
import os
import stat
import struct
import subprocess
import time
import tracemalloc
import warnings
import zipfile
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.files import archive as archives
from pipeline.files import problems
from pipeline.files.media import Media, identify
from pipeline.files.problems import FileProblem
from pipeline.home import Home
from pipeline.landing import arrivals, blobs, walk
from pipeline.landing.pending import inbox_fingerprint, pending_hash
from pipeline.landing.receive import blob_path, read_receipts
from pipeline.landing.receive import receive as receive_guarded
from pipeline.tables import RECEIPTS
from pipeline.vocabulary import Receipt

#: Without the processes in which archives are opened; what those hold is claimed by ``TestTheGuard``.
receive = partial(receive_guarded, workers=0)
NOW = datetime(2023, 7, 10, 12, 0, 0)
PDF = b"%PDF-1.7\n\x00\x01\x02"


def crash(packed):
    os.kill(os.getpid(), 11)


def hang(packed):
    while True:
        pass


def flood(packed):
    return bytearray(3 << 30)


def panic(packed):
    raise BaseException("panicked")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "var")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def drop(inbox: Path, path: str, content: bytes, at: str = "2023-07-05 14:00:00") -> Path:
    file = inbox / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    moment = datetime.fromisoformat(f"{at}+07:00").timestamp()
    os.utime(file, (moment, moment))
    return file


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, (2023, 7, 5, 14, 0, 0))
            member.compress_type = method
            archive.writestr(member, content)
    return buffer.getvalue()


def damaged(method: int, at: int) -> bytes:
    """Return an archive whose second member has a byte of its packed content turned over."""
    text = bytes(range(32, 127)) * 3
    content = bytearray(zipped({"good.txt": text, "torn.txt": text}, method))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        torn = archive.getinfo("torn.txt")
    content[torn.header_offset + 30 + len("torn.txt") + at] ^= 0xFF
    return bytes(content)


def workbook(text: str = "a") -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": text.encode()})


def ole(*streams: str) -> bytes:
    """Return the smallest OLE file (512-byte sectors: a table of sectors, a directory) with empty streams."""
    free, chain_end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def entry(name: str, kind: int, right: int, child: int, start: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0" if name else b""
        return struct.pack("<64sHBBIII16sIQQIQ", text, len(text), kind, 1, free, right, child, b"", 0, 0, 0, start, 0)

    entries = [entry("Root Entry", 5, free, 1, chain_end)]
    for number, name in enumerate(streams, start=1):
        entries.append(entry(name, 2, number + 1 if number < len(streams) else free, free, chain_end))
    entries += [entry("", 0, free, free, 0)] * (-len(entries) % 4)
    sectors = len(entries) // 4
    fat = [table, *(1 + n + 1 if n + 1 < sectors else chain_end for n in range(sectors))]
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, chain_end, 0, chain_end, 0, 0,
    )  # fmt: skip
    padded = [*fat, *[free] * (128 - len(fat))]
    return (header + struct.pack("<108I", *[free] * 108)) + struct.pack("<128I", *padded) + b"".join(entries)


def verdicts(receipts: pl.DataFrame) -> dict[str, tuple[str, str | None]]:
    rows = receipts.filter(pl.col("media") != "zip").select("path", "verdict", "problem").iter_rows()
    return {path: (verdict, problem) for path, verdict, problem in rows}


def test_a_file_lands_with_its_bytes_and_a_receipt(inbox, home):
    drop(inbox, "Kiên Giang/gò quao.xlsx", workbook())
    landed = receive(inbox, home, now=NOW)
    assert landed.batch == 1
    assert landed.receipts.schema == RECEIPTS
    receipt = landed.receipts.row(0, named=True)
    assert receipt["path"] == "Kiên Giang/gò quao.xlsx"
    assert (receipt["file_name"], receipt["media"], receipt["verdict"]) == ("gò quao.xlsx", "xlsx", "landed")
    assert receipt["received_at"] == datetime(2023, 7, 5, 14)
    stored = blob_path(home, receipt["sha256"])
    assert stored.read_bytes() == workbook()
    assert not stored.stat().st_mode & stat.S_IWUSR
    assert read_receipts(home).equals(landed.receipts)


def test_nothing_lands_twice(inbox, home):
    drop(inbox, "a.xlsx", workbook())
    drop(inbox, "b.zip", zipped({"c.xlsx": workbook("c")}))
    receive(inbox, home, now=NOW)
    again = receive(inbox, home, now=NOW)
    assert (again.batch, again.already_landed, again.receipts.height) == (None, 2, 0)
    assert len(list(home.receipts.iterdir())) == 1


def test_a_home_where_nothing_landed_has_no_receipts(home):
    assert read_receipts(home).equals(RECEIPTS.to_frame())


def test_changed_bytes_at_the_same_path_land_in_the_next_batch(inbox, home):
    drop(inbox, "a.xlsx", workbook("first"))
    receive(inbox, home, now=NOW)
    drop(inbox, "a.xlsx", workbook("second"))
    assert receive(inbox, home, now=NOW).batch == 2
    assert read_receipts(home)["batch"].to_list() == [1, 2]


def test_the_same_bytes_twice_are_one_file(inbox, home):
    drop(inbox, "a.xlsx", workbook(), at="2023-07-06 09:00:00")
    drop(inbox, "z.xlsx", workbook(), at="2023-07-05 09:00:00")
    receipts = receive(inbox, home, now=NOW).receipts
    assert receipts["path"].to_list() == ["z.xlsx", "a.xlsx"]
    assert receipts["verdict"].to_list() == ["landed", "duplicate"]
    assert receipts["duplicate_of"].to_list() == [None, receipts["receipt_id"][0]]
    drop(inbox, "later.xlsx", workbook())
    assert receive(inbox, home, now=NOW).receipts["duplicate_of"].to_list() == [receipts["receipt_id"][0]]


def test_the_inbox_is_left_as_it_was(inbox, home):
    drop(inbox, "a.xlsx", workbook())
    drop(inbox, "b.zip", zipped({"c.xlsx": workbook("c"), "d.txt": b""}))
    before = {file: (file.read_bytes(), file.stat().st_mtime) for file in inbox.rglob("*")}
    receive(inbox, home, now=NOW)
    assert {file: (file.read_bytes(), file.stat().st_mtime) for file in inbox.rglob("*")} == before


def test_a_single_file_is_an_inbox_too(inbox, home):
    drop(inbox, "other.xlsx", workbook("other"))
    receipts = receive(drop(inbox, "a.xlsx", workbook()), home, now=NOW).receipts
    assert receipts["path"].to_list() == ["a.xlsx"]


def test_a_missing_inbox_says_what_to_do(inbox, home):
    with pytest.raises(FileNotFoundError, match="no inbox at"):
        receive(inbox / "nowhere", home)


def test_what_programs_leave_behind_is_not_taken(inbox, home):
    for name in ("~$a.xlsx", ".DS_Store", "Thumbs.db", "__MACOSX/a.xlsx", ".~lock.a.xlsx#"):
        drop(inbox, name, b"x")
    drop(inbox, "b.zip", zipped({"__MACOSX/._a.xlsx": b"x", "a.xlsx": workbook()}))
    assert set(verdicts(receive(inbox, home, now=NOW).receipts)) == {"b.zip!/a.xlsx"}


def test_links_are_not_followed(inbox, home, tmp_path):
    secret = drop(tmp_path, "secret.txt", b"secret")
    (inbox / "a.txt").symlink_to(secret)
    (inbox / "folder").symlink_to(tmp_path)
    landed = receive(inbox, home, now=NOW)
    assert landed.receipts.is_empty()
    assert "a.txt" in landed.warnings[0]


def test_a_load_killed_before_the_receipts_lands_the_same_files_next_time(inbox, home, monkeypatch):
    drop(inbox, "a.xlsx", workbook())
    drop(inbox, "b.zip", zipped({"c.xlsx": workbook("c")}))
    real_replace = os.replace

    def killed(source, target):
        if str(target).endswith(".parquet"):
            raise KeyboardInterrupt
        real_replace(source, target)

    monkeypatch.setattr(blobs.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        receive(inbox, home, now=NOW)
    assert read_receipts(home).is_empty()
    monkeypatch.undo()
    undisturbed = receive(inbox, Home(home.root.with_name("other")), now=NOW)
    assert receive(inbox, home, now=NOW).receipts.equals(undisturbed.receipts)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.xlsx", workbook(), Media.XLSX),
        ("a.xlsm", workbook(), Media.XLSX),
        ("a.csv", workbook(), Media.XLSX),
        ("a.zip", zipped({"b.xlsx": b""}), Media.ZIP),
        ("a.csv", "unit,value\nGò Quao,1".encode(), Media.CSV),
        ("a.CSV", "đơn vị".encode("utf-16"), Media.CSV),
        ("a.txt", "Số thụ lý".encode("utf-8-sig"), Media.TXT),
        ("a.txt", "Hà Nội".encode("cp1252", "ignore"), Media.TXT),
        ("a.xlsx", b"", "empty_file"),
        ("a.xlsx", b"unit,value\n1,2", "text_as_workbook"),
        ("a.xls", b"<html><table><tr><td>1", "web_page"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "damaged_old_office"),
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x7f" * 3000, "damaged_old_office"),
        ("a.xls", ole("Workbook"), "old_excel"),
        ("a.xls", ole("Book", "\5SummaryInformation"), "old_excel"),
        ("a.xlsx", ole("EncryptionInfo", "EncryptedPackage"), "encrypted_workbook"),
        ("a.doc", ole("WordDocument", "1Table"), "old_word"),
        ("a.ppt", ole("PowerPoint Document"), "old_powerpoint"),
        ("a.msg", ole("__properties_version1.0", "__substg1.0_001A001E"), "outlook_message"),
        ("a.vsd", ole("VisioDocument"), "other_old_office"),
        ("a.xlsx", workbook()[:-20], "damaged_archive"),
        ("a.xlsx", b"PK\x03\x04", "damaged_archive"),
        ("a.docx", zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b""}), "word"),
        ("a.pptx", zipped({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b""}), "powerpoint"),
        ("a.xlsb", zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b""}), "binary_excel"),
        ("a.vsdx", zipped({"[Content_Types].xml": b"<Types/>", "visio/document.xml": b""}), "other_office_file"),
        ("a.ods", zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "opendocument"),
        ("a.epub", zipped({"mimetype": b"application/epub+zip"}), "other_office_file"),
        ("a.numbers", zipped({"Index/Document.iwa": b"", "preview.jpg": b""}), "apple_document"),
        ("a.pdf", b"%PDF-1.7\x00\x01\x02", "pdf"),
        ("a.pdf", b"\xef\xbb\xbf\r\n%PDF-1.4 all of it text", "pdf"),
        ("a.xlsx", b"\xff\xd8\xff\xe0JFIF", "image"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "image"),
        ("a.heic", b"\0\0\0\x18ftypheic", "image"),
        ("a.tif", b"II*\0....", "image"),
        ("a.rtf", b"{\\rtf1 a}", "rtf"),
        ("a.doc", b"{\\rtf1 a}", "rtf"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c....", "seven_zip"),
        ("a.rar", b"Rar!\x1a\x07\x01\0....", "rar"),
        ("a.gz", b"\x1f\x8b....", "other_archive"),
        ("a.tar", b"name" + b"\0" * 253 + b"ustar\x0000", "other_archive"),
        ("winmail.dat", b"\x78\x9f\x3e\x22....", "outlook_message"),
        ("a.lnk", b"\x4c\0\0\0\x01\x14\x02\0....", "shortcut"),
        ("a.url", b"[InternetShortcut]\r\nURL=https://x.example/\r\n", "shortcut"),
        ("a.eml", b"Subject: S\r\nFrom: go-quao@thads.example\r\nTo: b@thads.example\r\n\r\nbody", "email"),
        ("a.eml", b"Received: from a by b;\r\n\tWed, 5 Jul 2023\r\nDate: x\r\n\r\nbody", "email"),
        ("a.txt", b"From: somebody\nSubject: a report in words\n", Media.TXT),
        ("a.mht", b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n", "web_page"),
        (
            "a.xml",
            b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "xml_spreadsheet",
        ),
        (
            "a.xls",
            b'<?xml version="1.0"?>\n<!-- x --><ss:Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">',
            "xml_spreadsheet",
        ),
        (
            "a.fods",
            b'<?xml version="1.0"?>\n\n<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">',
            "flat_opendocument",
        ),
        ("a.xml", b"<?xml version='1.0'?><w:wordDocument xmlns:w='x'/>", "word"),
        ("a.xml", b"<?xml version='1.0'?><hoSo/>", "other_xml"),
        ("a.xls", b"<?xml version='1.0'?><html xmlns='x'><table>", "web_page"),
        ("a.md", b"text", "unknown_kind"),
    ],
)
def test_a_file_is_what_its_content_says(name, content, expected, tmp_path):
    found = identify(content, name)
    assert (found.code if isinstance(found, FileProblem) else found) == expected
    file = tmp_path / name
    file.write_bytes(content)
    assert identify(file) == found


def test_every_problem_has_a_sentence_in_both_languages():
    sentences = yaml.safe_load(Path(problems.__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    assert len(sentences) > 60
    for code, sentence in sentences.items():
        assert set(sentence) == {"vi", "en"}, code
        assert all(text.endswith(".") for text in sentence.values()), code
        assert any(ord(letter) > 0x1EA0 for letter in sentence["vi"]), code


def test_every_bad_file_leaves_a_receipt_that_says_what_to_do(inbox, home):
    drop(inbox, "empty.xlsx", b"")
    drop(inbox, "other/empty.xlsx", b"")
    drop(inbox, "text.xlsx", b"1,2,3")
    receipts = receive(inbox, home, now=NOW).receipts
    assert set(receipts["verdict"]) == {Receipt.UNREADABLE}
    assert receipts.select("problem", "problem_vi", "problem_en").null_count().sum_horizontal().item() == 0
    assert "this is text, not a workbook" in receipts.filter(path="text.xlsx")["problem_en"].item()


def test_a_file_that_cannot_be_opened_has_one_receipt_until_it_can(inbox, home, monkeypatch):
    drop(inbox, "a.xlsx", workbook())

    def denied(file):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(arrivals, "_read", denied)
    assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.xlsx": ("unreadable", "cannot_open")}
    assert receive(inbox, home, now=NOW).batch is None
    monkeypatch.undo()
    assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.xlsx": ("landed", None)}


def test_a_file_that_vanishes_is_a_warning(inbox, home, monkeypatch):
    drop(inbox, "a.xlsx", workbook())

    def gone(file):
        raise FileNotFoundError

    monkeypatch.setattr(arrivals, "_read", gone)
    landed = receive(inbox, home, now=NOW)
    assert landed.batch is None
    assert "vanished" in landed.warnings[0]


def test_a_file_too_big_is_refused_and_not_kept(inbox, home, monkeypatch):
    drop(inbox, "a.txt", b"x" * 200)
    monkeypatch.setattr(arrivals, "LIMITS", archives.Limits(file_bytes=100))
    receipts = receive(inbox, home, now=NOW).receipts
    assert verdicts(receipts) == {"a.txt": ("unreadable", "file_too_big")}
    assert not blob_path(home, receipts["sha256"][0]).exists()


class TestArchives:
    def test_each_member_has_its_own_receipt(self, inbox, home):
        members = {"x/a.xlsx": workbook("a"), "b.csv": b"a,b", "copy.xlsx": workbook("a"), "empty.xlsx": b""}
        drop(inbox, "folder/all.zip", zipped(members))
        receipts = receive(inbox, home, now=NOW).receipts
        assert verdicts(receipts) == {
            "folder/all.zip!/b.csv": ("landed", None),
            "folder/all.zip!/copy.xlsx": ("landed", None),
            "folder/all.zip!/empty.xlsx": ("unreadable", "empty_file"),
            "folder/all.zip!/x/a.xlsx": ("duplicate", None),
        }

    def test_an_archive_in_an_archive_is_opened_but_no_deeper(self, inbox, home):
        inner = zipped({"a.xlsx": workbook("a"), "deeper.zip": zipped({"b.xlsx": workbook("b")})})
        drop(inbox, "outer.zip", zipped({"inner.zip": inner}))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "outer.zip!/inner.zip!/a.xlsx": ("landed", None),
            "outer.zip!/inner.zip!/deeper.zip": ("unreadable", "nested_archive"),
        }

    @pytest.mark.parametrize(
        "name", ["../evil.xlsx", "/etc/evil.xlsx", "a/../../b.xlsx", "C:/evil.xlsx", "..\\evil.xlsx"]
    )
    def test_one_member_that_tries_to_leave_condemns_the_whole(self, inbox, home, name):
        drop(inbox, "a.zip", zipped({"good.xlsx": workbook(), name: workbook("evil")}))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip": ("unreadable", "hostile_archive")}
        assert not list(inbox.parent.rglob("evil*"))

    def test_a_member_whose_name_hides_a_null_condemns_the_whole(self, inbox, home):
        content = zipped({"good.xlsxQ..": workbook()}).replace(b"good.xlsxQ..", b"good.xlsx\0..")
        drop(inbox, "a.zip", content)
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip": ("unreadable", "hostile_archive")}

    def test_a_bad_member_does_not_harm_its_neighbours(self, inbox, home):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("good.xlsx", workbook("good"))
            link = zipfile.ZipInfo("link.xlsx")
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
            archive.writestr("on\\windows.xlsx", workbook("odd"))
            archive.writestr("torn.txt", b"some text to tear")
        content = buffer.getvalue().replace(b"some text to tear", b"some text is torn")
        drop(inbox, "a.zip", content)
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "a.zip!/good.xlsx": ("landed", None),
            "a.zip!/link.xlsx": ("unreadable", "linked_member"),
            "a.zip!/on/windows.xlsx": ("landed", None),
            "a.zip!/torn.txt": ("unreadable", "damaged_archive"),
        }

    def test_an_encrypted_member_is_refused(self, inbox, home):
        content = bytearray(zipped({"a.xlsx": workbook()}))
        central = content.index(b"PK\x01\x02")
        content[6] |= 1
        content[central + 8] |= 1
        drop(inbox, "a.zip", bytes(content))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip!/a.xlsx": ("unreadable", "encrypted_member")}

    def test_nothing_of_a_bomb_is_taken(self, inbox, home, monkeypatch):
        monkeypatch.setattr(arrivals, "LIMITS", archives.Limits(archive_bytes=1_000_000))
        drop(inbox, "a.zip", zipped({"a.txt": b"text", "b.txt": b"0" * 2_000_000}))
        drop(inbox, "a.txt", b"text")
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "a.txt": ("landed", None),
            "a.zip": ("unreadable", "inflates_too_much"),
        }

    def test_too_many_entries_are_refused(self, inbox, home):
        drop(inbox, "a.zip", zipped({f"{number}.txt": b"" for number in range(20_001)}))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip": ("unreadable", "too_many_entries")}

    def test_an_archive_without_reports_is_refused(self, inbox, home):
        drop(inbox, "a.zip", zipped({}))
        drop(inbox, "b.zip", zipped({"folder/": b"", "received.csv": b"path,received_at,sender\n"}))
        assert set(verdicts(receive(inbox, home, now=NOW).receipts).values()) == {("unreadable", "empty_archive")}

    def test_a_name_from_an_old_vietnamese_packer_is_read(self, inbox, home):
        content = zipped({"Gz_Quao.txt": b"text"}).replace(b"Gz_Quao", "Gô_Quao".encode("cp1258"))
        drop(inbox, "a.zip", content)
        assert list(verdicts(receive(inbox, home, now=NOW).receipts)) == ["a.zip!/Gô_Quao.txt"]

    @pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    @pytest.mark.parametrize("at", [9, 12, 20, 40, 60])
    def test_a_damaged_member_of_any_method_spares_the_others(self, inbox, home, method, at):
        drop(inbox, "a.zip", damaged(method, at))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "a.zip!/good.txt": ("landed", None),
            "a.zip!/torn.txt": ("unreadable", "damaged_archive"),
        }

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_members_of_every_method_are_read(self, inbox, home, method):
        contents = {"a.txt": b"a", "b.txt": bytes(range(32, 127)) * 4_000, "c.txt": b"\n" * 600_000}
        drop(inbox, "a.zip", zipped(contents, method))
        receipts = receive(inbox, home, now=NOW).receipts
        for name, content in contents.items():
            assert receipts.filter(path=f"a.zip!/{name}")["sha256"].item() == hashlib.sha256(content).hexdigest()

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_dense_bomb_is_refused_before_it_fills_the_memory(self, inbox, home, method, monkeypatch):
        monkeypatch.setattr(arrivals, "LIMITS", archives.Limits(file_bytes=3_000_000))
        chunk = b"0" * 1_000_000
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive, archive.open("a.txt", "w") as member:
            for _ in range(40):
                member.write(chunk)
        drop(inbox, "a.zip", buffer.getvalue())
        tracemalloc.start()
        try:
            receipts = receive(inbox, home, now=NOW).receipts
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert verdicts(receipts) == {"a.zip!/a.txt": ("unreadable", "file_too_big")}
        assert peak < 20_000_000

    @pytest.mark.parametrize("method", [9, 93, 98, 6])
    def test_a_method_that_nobody_here_reads_is_named(self, inbox, home, method):
        content = bytearray(zipped({"a.txt": b"a" * 50}))
        content[8:10] = struct.pack("<H", method)
        central = content.index(b"PK\x01\x02")
        content[central + 10 : central + 12] = struct.pack("<H", method)
        drop(inbox, "a.zip", bytes(content))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "a.zip!/a.txt": ("unreadable", "unknown_compression")
        }

    @pytest.mark.parametrize(
        ("size", "told"), [(0, "damaged_archive"), (49, "damaged_archive"), (51, None), (2**32 - 2, None)]
    )
    def test_a_size_that_is_not_true_costs_nothing_and_hides_nothing(self, inbox, home, size, told):
        content = bytearray(zipped({"a.txt": b"a" * 50}))
        central = content.index(b"PK\x01\x02")
        content[central + 24 : central + 28] = struct.pack("<I", size)
        drop(inbox, "a.zip", bytes(content))
        receipts = receive(inbox, home, now=NOW).receipts
        assert verdicts(receipts)["a.zip!/a.txt"][1] == told
        whole = hashlib.sha256(b"a" * 50).hexdigest()
        assert receipts.filter(path="a.zip!/a.txt")["sha256"].item() in (None, whole)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_no_damage_to_an_archive_stops_a_load(self, tmp_path_factory, data):
        folder = tmp_path_factory.mktemp("damage")
        method = data.draw(
            st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
        )
        content = bytearray(zipped({"a.txt": b"text " * 30, "x/b.csv": b"a,b", "c.xlsx": workbook()}, method))
        for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
            content[at] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(content)))
        (folder / "a.zip").write_bytes(bytes(content[: cut or None]))
        (folder / "b.txt").write_bytes(b"clean")
        receipts = receive(folder, Home(folder / "var"), now=NOW).receipts
        assert receipts.filter(path="b.txt")["verdict"].to_list() == ["landed"]
        assert receipts.filter(path="a.zip").height == 1

    def test_a_name_beyond_all_limits_is_refused_by_itself(self, inbox, home):
        names = ["a" * 5_000 + ".txt", "b/" * 5_000 + "b.txt", "d/" * 450 + "d.txt"]
        drop(inbox, "a.zip", zipped({name: name[:1].encode() for name in names}))
        told = verdicts(receive(inbox, home, now=NOW).receipts)
        assert sorted(told.values(), key=str) == [("landed", None), *[("unreadable", "long_member_name")] * 2]
        assert max(map(len, told)) < 1_000

    def test_members_of_one_name_and_a_file_named_like_a_folder_all_have_receipts(self, inbox, home):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, content in (
                ("a.txt", b"1"),
                ("a.txt", b"2"),
                ("a.txt/b.txt", b"3"),
                ("x\\", b""),
                ("y\\a.txt", b"4"),
            ):
                archive.writestr(name, content)
        drop(inbox, "a.zip", buffer.getvalue())
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts.filter(pl.col("media") != "zip")["path"].to_list() == [
            "a.zip!/a.txt", "a.zip!/a.txt", "a.zip!/a.txt/b.txt", "a.zip!/y/a.txt",
        ]  # fmt: skip
        assert receive(inbox, home, now=NOW).batch is None

    def test_entries_are_counted_across_nested_archives(self, inbox, home, monkeypatch):
        monkeypatch.setattr(arrivals, "LIMITS", archives.Limits(entries=50))
        inner = {f"{number}.zip": zipped({f"{number}-{name}.txt": b"x" for name in range(20)}) for number in range(3)}
        drop(inbox, "a.zip", zipped(inner))
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip": ("unreadable", "too_many_entries")}

    def test_a_directory_of_millions_is_refused_before_it_is_read(self, inbox, home):
        entry = zipped({"a": b""})
        central = entry[entry.index(b"PK\x01\x02") : entry.index(b"PK\x05\x06")]
        directory = central * 1_000_000
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), 0, 0)
        drop(inbox, "a.zip", b"PK\x03\x04" + directory + end)
        began = time.monotonic()
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.zip": ("unreadable", "too_many_entries")}
        assert time.monotonic() - began < 5

    def test_eight_times_the_members_are_taken_in_linear_time(self, inbox, home):
        def seconds(members: int) -> float:
            content = zipped({f"{number:05}/report.txt": b"same" for number in range(members)})
            drop(inbox, f"{members}.zip", content)
            began = time.process_time()
            assert receive(inbox, home, now=NOW).receipts.height == members + 1
            return time.process_time() - began

        seconds(10)
        few = seconds(500)
        assert seconds(4_000) < 8 * 2.5 * few


class TestTheGuard:
    @pytest.mark.parametrize(
        ("breaking", "code"),
        [
            (crash, "reading_crashed"),
            (hang, "reading_too_slow"),
            (flood, "reading_too_big"),
            (panic, "reading_crashed"),
        ],
    )
    def test_an_archive_that_breaks_us_leaves_a_receipt_that_names_it(self, inbox, home, monkeypatch, breaking, code):
        monkeypatch.setattr(arrivals, "unpack", breaking)
        monkeypatch.setattr(arrivals, "SECONDS", 0.5)
        drop(inbox, "a.zip", zipped({"a.txt": b"a"}))
        drop(inbox, "b.txt", b"b")
        landed = receive_guarded(inbox, home, now=NOW)
        assert verdicts(landed.receipts) == {"a.zip": ("unreadable", code), "b.txt": ("landed", None)}
        assert "“a.zip”" in landed.receipts.filter(path="a.zip")["problem_vi"].item()
        assert "a.zip: looking at it broke off; for an engineer:" in landed.warnings[0]
        assert receive_guarded(inbox, home, now=NOW).batch is None

    def test_archives_are_opened_side_by_side_as_they_would_be_one_by_one(self, inbox, home, tmp_path):
        for name in ("b.zip", "a.zip"):
            drop(inbox, name, zipped({"same.txt": b"same", f"{name}.txt": name.encode()}))
        guarded = receive_guarded(inbox, home, now=NOW, workers=2).receipts
        assert guarded.equals(receive(inbox, Home(tmp_path / "other"), now=NOW).receipts)

    def test_so_does_a_file_that_cannot_be_told_what_it_is(self, inbox, home, monkeypatch):
        def broken(content, name):
            raise RecursionError

        monkeypatch.setattr(arrivals, "identify", broken)
        drop(inbox, "a.xlsx", workbook())
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {"a.xlsx": ("unreadable", "reading_crashed")}


class TestOddInboxes:
    def test_a_path_longer_than_the_system_allows_is_a_warning_that_names_the_folder(self, inbox, home):
        here = os.getcwd()
        try:
            os.chdir(inbox)
            for _ in range(21):
                os.mkdir("d" * 200)
                os.chdir("d" * 200)
            Path("x.csv").write_bytes(b"a,b")
        finally:
            os.chdir(here)
        drop(inbox, "a.txt", b"a")
        drop(inbox, "z/b.txt", b"b")
        landed = receive(inbox, home, now=NOW)
        assert verdicts(landed.receipts) == {"a.txt": ("landed", None), "z/b.txt": ("landed", None)}
        assert len(landed.warnings) == 1
        assert "dddd" in landed.warnings[0]
        assert "cannot be read" in landed.warnings[0]
        assert len(landed.warnings[0]) < 400
        assert pending_hash(inbox, home) is None
        assert inbox_fingerprint(inbox, home) == inbox_fingerprint(inbox, home)

    def test_folders_in_folders_beyond_the_recursion_limit_are_walked(self, inbox, home):
        os.makedirs(inbox / "/".join("d" * 700))
        here = os.getcwd()
        try:
            os.chdir(inbox / "/".join("d" * 700))
            os.makedirs("/".join("d" * 700))
            os.chdir("/".join("d" * 700))
            Path("a.txt").write_bytes(b"a")
            os.chdir(here)
            assert receive(inbox, home, now=NOW).receipts["file_name"].to_list() == ["a.txt"]
        finally:
            os.chdir(here)
            subprocess.run(["rm", "-rf", inbox], check=True)  # Python's own rmtree calls itself for each folder

    @pytest.mark.parametrize(
        "error", [PermissionError(13, "Permission denied"), OSError(40, "Too many levels"), OSError(5, "I/O")]
    )
    def test_a_folder_that_cannot_be_read_spares_the_others(self, inbox, home, monkeypatch, error):
        drop(inbox, "closed/a.txt", b"a")
        drop(inbox, "open/b.txt", b"b")
        scandir = os.scandir

        def refused(path):
            if Path(path).name == "closed":
                raise error
            return scandir(path)

        monkeypatch.setattr(walk.os, "scandir", refused)
        landed = receive(inbox, home, now=NOW)
        assert verdicts(landed.receipts) == {"open/b.txt": ("landed", None)}
        assert landed.warnings == [
            f"closed/: a folder that cannot be read ({error.strerror}); what lies in it is not taken"
        ]
        assert pending_hash(inbox, home) is None

    def test_names_that_are_no_text_have_receipts_of_their_own(self, inbox, home):
        for name in (b"\xff.txt", b"\xfe.txt", b"line\nfeed.txt", b"\x1b[31m.txt"):
            Path(os.fsdecode(os.path.join(os.fsencode(inbox), name))).write_bytes(b"x" + name)
        receipts = receive(inbox, home, now=NOW).receipts
        assert set(receipts["path"]) == {"\\xff.txt", "\\xfe.txt", "line\\x0afeed.txt", "\\x1b[31m.txt"}
        assert receive(inbox, home, now=NOW).batch is None
        assert pending_hash(inbox, home) is None

    def test_the_sensor_never_raises_over_a_file(self, inbox, home, monkeypatch):
        drop(inbox, "a.txt", b"a")
        drop(inbox, "b.txt", b"b")
        before = pending_hash(inbox, home)
        assert before
        opened, asked = Path.open, Path.stat

        def denied(path, *args, **kwargs):
            if path.name == "a.txt":
                raise PermissionError(13, "Permission denied")
            return opened(path, *args, **kwargs)

        def unasked(path, **kwargs):
            if path.name == "b.txt":
                raise OSError(5, "I/O")
            return asked(path, **kwargs)

        monkeypatch.setattr(Path, "open", denied)
        assert pending_hash(inbox, home) not in (None, before)
        receive(inbox, home, now=NOW)
        assert pending_hash(inbox, home) is None
        monkeypatch.setattr(Path, "stat", unasked)
        assert inbox_fingerprint(inbox, home)


class TestSignedCopies:
    def copies(self, receipts: pl.DataFrame) -> dict[str, str]:
        paths = dict(receipts.select("receipt_id", "path").iter_rows())
        rows = receipts.filter(verdict="signed_copy").select("path", "copy_of").iter_rows()
        return {path: paths[report] for path, report in rows}

    def test_a_scan_in_the_archive_of_its_report_is_kept_and_nobody_is_told(self, inbox, home):
        drop(inbox, "a.zip", zipped({"go-quao.xlsx": workbook(), "Công văn ký số.pdf": PDF}))
        receipts = receive(inbox, home, now=NOW).receipts
        assert self.copies(receipts) == {"a.zip!/Công văn ký số.pdf": "a.zip!/go-quao.xlsx"}
        scan = receipts.filter(verdict="signed_copy").row(0, named=True)
        assert (scan["media"], scan["problem"], scan["problem_vi"]) == ("pdf", None, None)
        assert blob_path(home, scan["sha256"]).read_bytes() == PDF

    def test_scans_of_an_archive_of_several_reports_go_by_their_names(self, inbox, home):
        members = {
            "Gò Quao.xlsx": workbook("1"), "an-bien.csv": b"a,b", "scan/go quao (đã ký).pdf": PDF + b"1",
            "an-bien_signed.JPG": b"\xff\xd8\xff", "whose.pdf": PDF + b"2",
        }  # fmt: skip
        drop(inbox, "a.zip", zipped(members))
        receipts = receive(inbox, home, now=NOW).receipts
        assert self.copies(receipts) == {
            "a.zip!/scan/go quao (đã ký).pdf": "a.zip!/Gò Quao.xlsx",
            "a.zip!/an-bien_signed.JPG": "a.zip!/an-bien.csv",
        }
        assert verdicts(receipts)["a.zip!/whose.pdf"] == ("unreadable", "pdf")

    def test_a_scan_alone_is_told_with_its_next_step(self, inbox, home):
        drop(inbox, "go-quao.pdf", PDF)
        drop(inbox, "an-bien.xlsx", workbook())  # somebody else's: in the inbox itself only the name counts
        receipts = receive(inbox, home, now=NOW).receipts
        assert verdicts(receipts)["go-quao.pdf"] == ("unreadable", "pdf")
        assert "send the Excel form itself" in receipts.filter(path="go-quao.pdf")["problem_en"].item()

    def test_a_scan_beside_a_file_that_cannot_be_read_is_told(self, inbox, home):
        drop(inbox, "a.zip", zipped({"a.xlsx": workbook()[:-20], "a.pdf": PDF}))
        assert set(verdicts(receive(inbox, home, now=NOW).receipts).values()) == {
            ("unreadable", "damaged_archive"), ("unreadable", "pdf"),
        }  # fmt: skip

    def test_a_scan_in_the_folder_of_one_report_is_its_signed_copy_also_a_night_later(self, inbox, home):
        drop(inbox, "mail 7/a.xlsx", workbook())
        drop(inbox, "b.xlsx", workbook("b"))
        first = receive(inbox, home, now=NOW).receipts
        drop(inbox, "mail 7/phu luc.pdf", PDF)
        drop(inbox, "b.signed.pdf", PDF + b"b")
        second = receive(inbox, home, now=NOW).receipts
        assert self.copies(pl.concat([first, second])) == {
            "mail 7/phu luc.pdf": "mail 7/a.xlsx",
            "b.signed.pdf": "b.xlsx",
        }

    def test_the_copy_of_a_report_sent_twice_belongs_to_what_landed(self, inbox, home):
        drop(inbox, "1.zip", zipped({"a.xlsx": workbook(), "a.pdf": PDF}))
        drop(inbox, "2.zip", zipped({"a.xlsx": workbook(), "a.pdf": PDF}), at="2023-07-06 09:00:00")
        receipts = receive(inbox, home, now=NOW).receipts
        assert set(self.copies(receipts).values()) == {"1.zip!/a.xlsx"}
        assert set(verdicts(receipts).values()) == {("landed", None), ("duplicate", None), ("signed_copy", None)}


class TestSentAgain:
    def test_bytes_that_come_back_under_their_path_are_told_from_a_file_that_was_left_there(self, inbox, home):
        for content in (b"1", b"2", b"1"):
            drop(inbox, "a.txt", content)
            assert pending_hash(inbox, home)
            assert receive(inbox, home, now=NOW).receipts.height == 1
            assert pending_hash(inbox, home) is None
            assert receive(inbox, home, now=NOW).batch is None
        receipts = read_receipts(home)
        assert receipts["verdict"].to_list() == ["landed", "landed", "duplicate"]
        assert receipts["duplicate_of"].to_list() == [None, None, receipts["receipt_id"][0]]
        assert receipts["receipt_id"].n_unique() == 3

    def test_so_are_the_members_of_an_archive(self, inbox, home):
        for content in (b"1", b"2", b"1"):
            drop(inbox, "a.zip", zipped({"a.txt": content, "b.txt": b"same"}))
            receive(inbox, home, now=NOW)
        members = read_receipts(home).filter(pl.col("media") != "zip")
        assert members.select("path", "verdict").rows() == [
            ("a.zip!/a.txt", "landed"), ("a.zip!/b.txt", "landed"), ("a.zip!/a.txt", "landed"), ("a.zip!/a.txt", "duplicate"),
        ]  # fmt: skip

    def test_receipts_from_before_the_last_column_are_read(self, inbox, home):
        drop(inbox, "a.txt", b"a")
        receipts = receive(inbox, home, now=NOW).receipts
        receipts.drop("copy_of").write_parquet(home.receipts / "000001.parquet")
        drop(inbox, "b.txt", b"b")
        receive(inbox, home, now=NOW)
        assert read_receipts(home)["verdict"].to_list() == ["landed", "landed"]


class TestTimeOfReceipt:
    def times(self, inbox: Path, home: Home) -> dict[str, datetime]:
        return dict(receive(inbox, home, now=NOW).receipts.select("path", "received_at").iter_rows())

    def test_the_mail_gateway_knows_when_a_file_came(self, inbox, home):
        drop(inbox, "received.csv", b"path,received_at,sender\na.txt,2023-07-04 08:30:00,x\nsub/b.txt,2023-07-03,x\n")
        drop(inbox, "a.txt", b"a")
        drop(inbox, "sub/b.txt", b"b")
        drop(inbox, "sub/received.csv", b"path,received_at,sender\nb.txt,04/07/2023 09:15,x\n")
        drop(inbox, "c.txt", b"c")
        assert self.times(inbox, home) == {
            "a.txt": datetime(2023, 7, 4, 8, 30),
            "sub/b.txt": datetime(2023, 7, 4, 9, 15),
            "c.txt": datetime(2023, 7, 5, 14),
        }

    def test_members_take_the_time_of_their_archive_unless_the_list_beside_it_names_them(self, inbox, home):
        lines = b"a.zip,2023-07-04 08:30:00,x\na.zip!/sub/b.txt,2023-07-01T00:00:00+00:00,x\n"
        drop(inbox, "received.csv", b"path,received_at,sender\n" + lines)
        drop(inbox, "a.zip", zipped({"a.txt": b"a", "sub/b.txt": b"b", "inner.zip": zipped({"c.txt": b"c"})}))
        times = self.times(inbox, home)
        assert times["a.zip!/a.txt"] == times["a.zip!/inner.zip!/c.txt"] == datetime(2023, 7, 4, 8, 30)
        assert times["a.zip!/sub/b.txt"] == datetime(2023, 7, 1, 7)

    def test_a_list_that_an_office_packed_with_its_report_is_not_believed(self, inbox, home):
        listed = b"path,received_at,sender\na.txt,2020-07-01 08:00:00,x\n"
        drop(inbox, "a.zip", zipped({"a.txt": b"a", "received.csv": listed}))
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts["received_at"].to_list() == [datetime(2023, 7, 5, 14)] * 2
        assert "a.zip" in landed.warnings[0]
        assert "not believed" in landed.warnings[0]

    def test_a_new_file_under_an_old_name_does_not_inherit_the_old_line(self, inbox, home):
        drop(inbox, "received.csv", b"path,received_at,sender\na.txt,2023-07-03 08:30:00,x\n")
        drop(inbox, "a.txt", b"first")
        assert self.times(inbox, home) == {"a.txt": datetime(2023, 7, 3, 8, 30)}
        drop(inbox, "a.txt", b"second", at="2023-07-05 14:30:00")
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts["received_at"].to_list() == [datetime(2023, 7, 5, 14, 30)]
        assert "no line" in landed.warnings[0]

    def test_a_second_line_speaks_for_the_second_file_of_the_name(self, inbox, home):
        lines = b"path,received_at,sender\na.txt,2023-07-03,x\n"
        drop(inbox, "received.csv", lines)
        drop(inbox, "a.txt", b"first")
        self.times(inbox, home)
        drop(inbox, "received.csv", lines + b"a.txt,2023-07-03,x\n", at="2023-07-06 14:00:00")
        drop(inbox, "a.txt", b"second", at="2023-07-06 14:00:00")
        assert self.times(inbox, home) == {"a.txt": datetime(2023, 7, 3)}

    def test_a_file_newer_than_the_list_has_no_line_in_it(self, inbox, home):
        drop(inbox, "received.csv", b"path,received_at,sender\na.txt,2020-07-03 08:30:00,x\n", at="2020-07-03 08:31:00")
        drop(inbox, "a.txt", b"a")
        assert self.times(inbox, home) == {"a.txt": datetime(2023, 7, 5, 14)}

    def test_a_line_with_a_hash_speaks_for_these_bytes_whenever_they_were_copied(self, inbox, home):
        lines = "".join(
            f"{name},2023-07-03 08:30:00,x,{hashlib.sha256(content).hexdigest().upper()}\n"
            for name, content in (("a.txt", b"a"), ("b.txt", b"other"))
        )
        drop(inbox, "received.csv", f"path,received_at,sender,sha256\n{lines}".encode(), at="2023-07-03 08:31:00")
        drop(inbox, "a.txt", b"a")
        drop(inbox, "b.txt", b"b")
        assert self.times(inbox, home) == {"a.txt": datetime(2023, 7, 3, 8, 30), "b.txt": datetime(2023, 7, 5, 14)}

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_a_list_saved_by_excel_is_read(self, inbox, home, separator):
        lines = ["Path,Received_At,SENDER", "sub\\a.txt,04/07/2023 09:15,x", ",,"]
        text = "\r\n".join(lines).replace(",", separator)
        drop(inbox, "received.csv", f"\ufeff{text}".encode())
        drop(inbox, "sub/a.txt", b"a")
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts["received_at"].to_list() == [datetime(2023, 7, 4, 9, 15)]
        assert landed.warnings == []

    def test_a_clock_that_was_never_set_counts_as_now(self, inbox, home):
        drop(inbox, "a.txt", b"a", at="1980-01-01 00:00:00")
        drop(inbox, "received.csv", b"path,received_at\na.txt,0001-01-01 00:00:00\n")
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts["received_at"].to_list() == [NOW]
        assert len(landed.warnings) == 2

    def test_no_file_comes_from_the_future(self, inbox, home):
        drop(inbox, "a.txt", b"a", at="2030-01-01 00:00:00")
        assert self.times(inbox, home) == {"a.txt": NOW}

    @pytest.mark.parametrize(
        "content", [b"\x00\x01\x02", b"nonsense", b"path,received_at\na.txt,soon\n", b'path,received_at\n"a']
    )
    def test_a_malformed_list_is_a_warning(self, inbox, home, content):
        drop(inbox, "received.csv", content)
        drop(inbox, "a.txt", b"a")
        landed = receive(inbox, home, now=NOW)
        assert landed.receipts["received_at"].to_list() == [datetime(2023, 7, 5, 14)]
        assert "received.csv" in landed.warnings[0]


def test_archives_that_hold_the_same_files_are_unpacked_side_by_side(home: Home, tmp_path: Path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number in range(2):
        with zipfile.ZipFile(inbox / f"{number}.zip", "w") as archive:
            for member in range(400):
                archive.writestr(f"{member}.csv", f"unit,period_start,{member}\n" * 2_000)
            archive.writestr("own.csv", f"{number}")
    landed = receive_guarded(inbox, home, workers=2)
    assert landed.problems() == []
    assert landed.receipts.filter(pl.col("media") == "csv").height == 802
    assert not list(home.blobs.rglob("*.tmp"))
