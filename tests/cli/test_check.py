"""Claims about ``thads check``: every failing cell in the words of the form, and one sentence for what is no return."""

import json
import subprocess
import sys
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from pipeline.check import CheckResult, check_file
from pipeline.cli.main import app
from pipeline.forms import forms
from pipeline.home import PROJECT, Home
from pipeline.simulator import Truth, simulate
from pipeline.vocabulary import Verdict
from tests.support.sheets import HEADER, RECEPTION, draw

FOREIGN = PROJECT.parent / "shared" / "data" / "foreign_workbooks"
SAMPLE = PROJECT / "samples" / "kien-giang-2022" / "kien-giang.2022-12.xlsx"
SECONDS, GIBIBYTE = 10, 2**30
ANOTHER_AGENCY = """
    Biểu số 03/BCA | Thống kê tội phạm
    Tội danh       | Số vụ | Số bị can
    Trộm cắp       | 12    | 15
"""
# Those that put a text into a cell come last: the others choose among numbers.
FAULTS = ("balance_broken", "order_broken", "people_below_visits", "negative_count", "text_in_number", "excel_error")


def checked(path: Path, tmp_path: Path) -> CheckResult:
    return check_file(path, Home(tmp_path / "no-home"))


# --- a bad workbook


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> tuple[Truth, Path]:
    """The workbook of an office with six faults, beside the clean ones of its neighbours."""
    folder = tmp_path_factory.mktemp("office")
    faults = [f"{name}@kien-giang.go-quao" for name in FAULTS]
    truth = simulate(folder, 1, "2023-06", "2023-06", 5, faults=faults, consolidated=False)
    return truth, folder / "inbox" / "2023-09" / "kien-giang"


@pytest.fixture(scope="module")
def result(office, tmp_path_factory) -> CheckResult:
    return checked(office[1] / "kien-giang.go-quao.xlsx", tmp_path_factory.mktemp("check"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_every_failing_cell_is_named_in_the_words_of_the_form(kind, office, result):
    truth, _ = office
    (fault,) = [fault for fault in truth.faults if fault.kind == kind]
    (change,) = fault.changes
    form = forms().in_force(forms().regimes["06/2019/TT-BTP"].valid_from)[change.form]
    told = [row for row in result.findings.to_dicts() if row["rule_id"] in fault.meant]
    named = [
        row
        for row in told
        if (change.sheet, change.address) in {(cell["sheet"], cell["address"]) for cell in row["cells"]}
    ]
    assert named
    for sentence, row_label, column_label in (
        (named[0]["sentence_vi"], form.row[change.row].vi, form.column[change.column].vi),
        (named[0]["sentence_en"], form.row[change.row].en, form.column[change.column].en),
    ):
        assert change.address in sentence
        if not fault.meant[0].startswith("reading."):
            assert row_label in sentence
            assert column_label in sentence
            assert form.number in sentence


@pytest.mark.slow
def test_the_workbook_would_be_returned(result):
    assert result.verdict == Verdict.RETURNED
    assert result.unreadable.is_empty()
    assert result.submissions.select("unit_key", "period_id", "scope").rows() == [
        ("kien-giang.go-quao", "2023-09", "office")
    ]


@pytest.mark.slow
def test_exit_codes_and_json_say_what_a_program_needs(office, tmp_path):
    _, folder = office
    home = ["--home", str(tmp_path / "no-home")]
    bad, good = (folder / f"kien-giang.{name}.xlsx" for name in ("go-quao", "tan-hiep"))
    text = tmp_path / "text.xlsx"
    text.write_text("chưa có báo cáo", encoding="utf-8")
    runner = CliRunner()
    codes = {}
    for path in (good, bad, text):
        ran = runner.invoke(app, ["check", str(path), "--json", *home])
        told = json.loads(ran.stdout)
        codes[path] = ran.exit_code
        assert set(told) == {"file", "verdict", "submissions", "unreadable", "findings", "hypotheses"}
        for finding in told["findings"]:
            assert {
                "rule", "severity", "status", "form", "row", "sheet", "cells", "expected", "found", "difference",
                "sentence_vi", "sentence_en",
            } <= set(finding)  # fmt: skip
            assert finding["cells"]
            assert all(cell["address"] and cell["sheet"] for cell in finding["cells"])
        assert bool(told["findings"]) == (path == bad)
        assert bool(told["unreadable"]) == (path == text)
    assert codes == {good: 0, bad: 2, text: 3}
    assert not (tmp_path / "no-home").exists()
    shown = runner.invoke(app, ["check", str(text), *home])
    assert shown.exit_code == 3
    assert "KHÔNG ĐỌC ĐƯỢC" in shown.stdout


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> dict[str, list[dict]]:
    """Findings by file of a zip with a real report, a blank form and a figure that cannot be."""
    folder = tmp_path_factory.mktemp("together")
    blank = RECEPTION
    for figure in ("191", "195", "135", "139"):
        blank = blank.replace(figure, "")
    paths = [
        SAMPLE,
        draw(folder / "blank.xlsx", {"09": HEADER + blank}),
        draw(folder / "big.xlsx", {"09": HEADER.replace("Gò Quao", "Tân Hiệp") + RECEPTION.replace("191", "9e40")}),
    ]
    with zipfile.ZipFile(folder / "together.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    told = checked(folder / "together.zip", folder)
    assert set(told.submissions["verdict"]) == {"returned"}
    files = dict(told.submissions.select("submission_id", "file_name").iter_rows())
    return {
        name: [row for row in told.findings.to_dicts() if row["submission_id"] == identity]
        for identity, name in files.items()
    }


@pytest.mark.slow
def test_the_report_of_kien_giang_would_be_returned_for_its_174(together):
    (finding,) = together[SAMPLE.name]
    assert (finding["rule_id"], finding["difference"]) == ("balance.carried_over", -174)
    assert "20.178" in finding["story_vi"]


@pytest.mark.slow
def test_a_blank_form_is_never_accepted(together):
    assert [row["rule_id"] for row in together["blank.xlsx"]] == ["reading.empty_form"]


@pytest.mark.slow
def test_a_figure_beyond_any_amount_is_returned_and_stops_nothing(together):
    assert "reading.number" in {row["rule_id"] for row in together["big.xlsx"]}


def test_a_file_that_is_not_there_is_told_as_that(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        checked(tmp_path / "none.xlsx", tmp_path)


# --- files that are no returns


def inflating(path: Path, size: int = 2 * 2**30) -> Path:
    """Write a workbook of a few megabytes whose sheet inflates to ``size`` zeros."""
    block = bytes(2**24)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush the packer forgets what was before, so that one packed block can stand many times.
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(size // len(block)):
        checksum = zlib.crc32(block, checksum)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        sheet = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        archive.writestr(sheet, piece * (size // len(block)) + packer.flush())
        sheet.compress_type, sheet.CRC, sheet.file_size = zipfile.ZIP_DEFLATED, checksum, size
    return path


def hostile(folder: Path) -> dict[str, Path]:
    good = draw(folder / "good.xlsx", {"09": HEADER + RECEPTION})
    paths = {
        name: folder / f"{name}.{suffix}"
        for name, suffix in [
            ("text", "xlsx"),
            ("truncated", "xlsx"),
            ("bomb", "xlsx"),
            ("path", "zip"),
            ("nothing", "xlsx"),
        ]
    }
    paths["text"].write_text("Kính gửi: báo cáo sẽ gửi sau.\n", encoding="utf-8")
    paths["truncated"].write_bytes(good.read_bytes()[:2000])
    inflating(paths["bomb"])
    paths["nothing"].write_bytes(b"")
    with zipfile.ZipFile(paths["path"], "w") as archive:
        archive.write(good, "../../etc/go-quao.xlsx")
    paths["empty"] = draw(folder / "empty.xlsx", {"Sheet1": ""})
    paths["another"] = draw(folder / "another.xlsx", {"Biểu 03": ANOTHER_AGENCY})
    return paths


#: What is wrong with each, by the code of its problem.
PROBLEMS = {
    "text": "text_as_workbook",
    "truncated": "damaged_archive",
    "bomb": "inflates_too_much",
    "path": "hostile_archive",
    "nothing": "empty_file",
    "empty": "not_our_form",
    "another": "not_our_form",
}


@pytest.fixture(scope="module")
def hostiles(tmp_path_factory) -> dict[str, Path]:
    return hostile(tmp_path_factory.mktemp("hostile"))


@dataclass(frozen=True)
class MeasuredCheck:
    """What a ``thads check`` in a process of its own printed, and what it cost: CPU seconds and bytes."""

    exit_code: int
    printed: bytes
    complaint: bytes
    cpu_seconds: float
    peak_memory: int


def measured_check(file: Path, home: Path) -> MeasuredCheck:
    command = [sys.executable, "-m", "pipeline.cli.main", "check", str(file), "--json", "--home", str(home)]
    began, peak = time.monotonic(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT) as run:
        process, worked = psutil.Process(run.pid), {}
        while run.poll() is None and time.monotonic() - began < 6 * SECONDS:
            try:
                family = [process, *process.children(recursive=True)]
                peak = max(peak, sum(one.memory_info().rss for one in family))
                worked |= {one.pid: sum(one.cpu_times()[:2]) for one in family}
            except psutil.Error:
                pass
            time.sleep(0.02)
        assert run.poll() is not None, "it hangs"
        printed, complaint = run.communicate()
    return MeasuredCheck(run.returncode, printed, complaint, sum(worked.values()), peak)


@pytest.fixture(scope="module")
def clean_check(office, tmp_path_factory) -> MeasuredCheck:
    """What a return without a finding costs."""
    clean_file = next(path for path in sorted(office[1].glob("*.xlsx")) if "go-quao" not in path.name)
    check = measured_check(clean_file, tmp_path_factory.mktemp("clean"))
    assert check.exit_code == 0, check.printed.decode()
    return check


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_no_return_ends_with_exit_3_one_sentence_few_seconds_and_little_memory(
    name, hostiles, clean_check, tmp_path
):
    check = measured_check(hostiles[name], tmp_path / "h")
    assert check.exit_code == 3, check.complaint.decode()
    (told,) = json.loads(check.printed)["unreadable"]
    assert told["problem"] == PROBLEMS[name]
    for sentence in (told["problem_vi"], told["problem_en"]):
        assert sentence.count(". ") == 0
        assert sentence.endswith(".")
    # Work, not the clock, and no more of it than a clean return needs: a machine may be slow or busy with other tests.
    assert check.cpu_seconds < 1.5 * clean_check.cpu_seconds
    assert check.peak_memory < GIBIBYTE
    assert check.complaint == b""


@pytest.mark.slow
def test_no_foreign_workbook_hangs_or_is_taken_for_ours(tmp_path):
    files = sorted(FOREIGN.glob("*.xls[xm]"))
    if not files:
        pytest.skip("the foreign workbooks lie beside the repository, not in it")
    packed = tmp_path / "foreign.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in files:
            archive.write(path, path.name)
    began = time.monotonic()
    told = checked(packed, tmp_path)
    assert told.verdict == Verdict.UNREADABLE
    assert told.submissions.is_empty()
    refused = {row["source_ref"].rpartition("!/")[2]: row for row in told.unreadable.to_dicts()}
    assert set(refused) == {path.name for path in files}
    assert all(row["problem_vi"] and row["problem_en"] for row in refused.values())
    assert "reading_too_slow" not in {row["problem"] for row in refused.values()}
    assert time.monotonic() - began < SECONDS * len(files)
