"""Signed copies: a scan that comes with its report is kept beside it, and nobody is told to do anything.

Offices sign on paper and send the scan with the workbook. A scan that comes alone is another matter: its figures are
missing, and whoever sent it is told.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.files.media import Media

SCANS = (Media.PDF, Media.IMAGE)
REPORTS = (Media.XLSX, Media.CSV, Media.TXT)

# "bao cao_signed.pdf", "Báo cáo (đã ký).pdf", "01.scan.jpg"
_MARK = r"signed|da ky(?: so)?|ky so|ban (?:ky|quet|scan)|scan(?:ned)?|co dau|dau do"
_MARKS = re.compile(rf"(?:[\s._()-]+(?:{_MARK})[\s._()-]*)+$")


@dataclass(frozen=True)
class Companion:
    """A file as it lies among others, by its path in the inbox."""

    path: str
    receipt_id: str

    @property
    def place(self) -> str:
        """What it came in: the archive, or else the folder."""
        archive, mark, _ = self.path.partition("!/")
        return f"{archive}{mark}" if mark else self.path.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """Its name without suffix, tones and words that only say that it is signed."""
        letters = unicodedata.normalize("NFD", PurePosixPath(self.path).stem.casefold().replace("đ", "d"))
        plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return _MARKS.sub("", plain).strip()


def signed_copies(scans: Iterable[Companion], reports: Iterable[Companion]) -> dict[str, str]:
    """Return, by receipt of a scan, the receipt of the report that it is the signed copy of.

    That is the report of the same place with the same name; else the only report of the archive, or of a folder in
    which nothing else lies. In the inbox itself files of strangers lie side by side: there only the name counts.
    """
    scans, reports = _latest_per_path(scans), _latest_per_path(reports)
    by_name = {(report.place, report.stem): report.receipt_id for report in reports}
    report_counts = Counter(report.place for report in reports)
    single_reports = {report.place: report.receipt_id for report in reports if report_counts[report.place] == 1}
    scan_counts = Counter(scan.place for scan in scans)
    copies = {}
    for scan in scans:
        report = by_name.get((scan.place, scan.stem))
        is_archive = scan.place.endswith("!/")
        if report is None and (is_archive or (scan.place and scan_counts[scan.place] == 1)):
            report = single_reports.get(scan.place)
        if report is not None:
            copies[scan.receipt_id] = report
    return copies


def _latest_per_path(files: Iterable[Companion]) -> list[Companion]:
    """Keep the latest file under each path."""
    return list({file.path: file for file in files}.values())
