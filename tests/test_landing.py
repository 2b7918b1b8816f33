"""Claims about landing: every file leaves a receipt, nothing of the inbox changes, nothing hostile gets in."""

import io
import os
import stat
import zipfile
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline.home import Home
from pipeline.landing import archive as archives
from pipeline.landing import arrivals, blobs, problems
from pipeline.landing.media import Media, identify
from pipeline.landing.problems import Problem
from pipeline.landing.receive import blob_path, read_receipts, receive
from pipeline.tables import RECEIPTS
from pipeline.vocabulary import Receipt

NOW = datetime(2023, 7, 10, 12, 0, 0)


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


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook(text: str = "a") -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": text.encode()})


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
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "protected_or_old_excel"),
        ("a.xlsx", workbook()[:-20], "damaged_archive"),
        ("a.xlsx", b"PK\x03\x04", "damaged_archive"),
        ("a.docx", zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b""}), "other_office_file"),
        ("a.ods", zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "other_office_file"),
        ("a.pdf", b"%PDF-1.7\x00\x01\x02", "unknown_kind"),
        ("a.md", b"text", "unknown_kind"),
    ],
)
def test_a_file_is_what_its_content_says(name, content, expected, tmp_path):
    found = identify(content, name)
    assert (found.code if isinstance(found, Problem) else found) == expected
    file = tmp_path / name
    file.write_bytes(content)
    assert identify(file) == found


def test_every_problem_has_a_sentence_in_both_languages():
    sentences = yaml.safe_load(Path(problems.__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
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
            archive.writestr("odd\\name.xlsx", workbook("odd"))
            archive.writestr("torn.txt", b"some text to tear")
        content = buffer.getvalue().replace(b"some text to tear", b"some text is torn")
        drop(inbox, "a.zip", content)
        assert verdicts(receive(inbox, home, now=NOW).receipts) == {
            "a.zip!/good.xlsx": ("landed", None),
            "a.zip!/link.xlsx": ("unreadable", "linked_member"),
            "a.zip!/odd\\name.xlsx": ("unreadable", "odd_member_name"),
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

    def test_members_take_the_time_of_their_archive_unless_it_says_otherwise(self, inbox, home):
        drop(inbox, "received.csv", b"path,received_at,sender\na.zip,2023-07-04 08:30:00,x\n")
        listed = b"path,received_at,sender\nsub/b.txt,2023-07-01T00:00:00+00:00,x\n"
        drop(inbox, "a.zip", zipped({"a.txt": b"a", "sub/b.txt": b"b", "received.csv": listed}))
        times = self.times(inbox, home)
        assert times["a.zip!/a.txt"] == datetime(2023, 7, 4, 8, 30)
        assert times["a.zip!/sub/b.txt"] == datetime(2023, 7, 1, 7)

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
