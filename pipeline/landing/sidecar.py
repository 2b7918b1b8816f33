"""``received.csv``: when a mail gateway says that each file arrived.

Columns ``path,received_at,sender`` and, where the gateway knows it, ``sha256``; a path is relative to the folder of its
``received.csv``. Only what lies beside the inbox's files counts: one inside an archive was packed by whoever sent it.
"""

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from pipeline.home import VIETNAM
from pipeline.text.encoding import text_encoding

SIDECAR = "received.csv"
#: Days come first in Vietnam; ISO 8601 is tried before these.
DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
#: Older times are those of a clock that was never set, or of an archive without times.
EARLIEST = datetime(2000, 1, 1)
#: How much newer than its list a file may be: a copied inbox is not written in one instant.
SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class ArrivalLine:
    """What one line of a ``received.csv`` says of one path."""

    received_at: datetime
    sha256: str | None
    noted_at: datetime  # when the list itself was last written

    def matches(self, sha256: str | None, written_at: datetime) -> bool:
        """Tell whether the line is about these bytes; without a hash it is about no file newer than the list itself.

        ``written_at`` is the time of the file, or of the archive that it lies in.
        """
        if self.sha256:
            return self.sha256 == sha256
        return written_at <= self.noted_at + SLACK


def unused_lines(lines: Iterable[ArrivalLine], times: Counter[datetime]) -> list[ArrivalLine]:
    """Return the lines that no file has used yet: each counts once, for what first arrived under its path.

    ``times``: how often something arrived under the path at each time.
    """
    used_times = Counter(times)
    unused = []
    for line in lines:
        if used_times[line.received_at]:
            used_times[line.received_at] -= 1
        else:
            unused.append(line)
    return unused


def is_sidecar(name: str) -> bool:
    """Tell whether a file name is the reserved one."""
    return name.lower() == SIDECAR


def arrival_lines(
    content: bytes, sidecar_path: str, noted_at: datetime
) -> tuple[dict[str, list[ArrivalLine]], list[str]]:
    """Return the lines about each path below the sidecar's folder, and a warning for each line that cannot be used.

    ``sidecar_path`` is the sidecar's own path, ``noted_at`` its own time. Times are Vietnam time without zone, whole seconds.
    """
    encoding = text_encoding(content)
    if encoding is None:
        return {}, [f"{sidecar_path}: not a text file, so its arrival times are ignored; file times are used instead"]
    folder = sidecar_path.rpartition("/")[0]
    text = content.decode(encoding).lstrip("\ufeff")
    if text[:4].lower() == "sep=":  # Excel's own first line
        text = text.partition("\n")[2]
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        return {}, [f"{sidecar_path}: {error}, so its arrival times are ignored; file times are used instead"]
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"path", "received_at"}.issubset(header):
        return {}, [f"{sidecar_path}: needs the columns path,received_at,sender; file times are used instead"]
    lines: dict[str, list[ArrivalLine]] = {}
    warnings: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(map(str.strip, row)):
            continue
        fields = dict(zip(header, map(str.strip, row), strict=False))
        path, moment = fields.get("path"), _moment(fields.get("received_at", ""))
        if not path or moment is None:
            warnings.append(f"{sidecar_path} line {number}: needs path and received_at as 2023-07-05 14:00:00; ignored")
            continue
        key = path_key(str(PurePosixPath(folder, path.replace("\\", "/"))))
        sha256 = fields.get("sha256", "").lower() or None
        lines.setdefault(key, []).append(ArrivalLine(moment, sha256, noted_at))
    return lines, warnings


def path_key(path: str) -> str:
    """Return a path in the one spelling under which a file and its line in a sidecar meet."""
    return unicodedata.normalize("NFC", path)


def vietnam_time(moment: datetime) -> datetime:
    """Return a moment as Vietnam time without zone, whole seconds; one without zone is Vietnam time already."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(VIETNAM).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def _separator(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _moment(text: str) -> datetime | None:
    moment = None
    try:
        moment = vietnam_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        for pattern in DAY_FIRST:
            try:
                moment = datetime.strptime(text, pattern)
                break
            except ValueError:
                continue
    return moment if moment and moment >= EARLIEST else None
