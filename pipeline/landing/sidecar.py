"""``received.csv``: when a mail gateway says that each file arrived.

Columns ``path,received_at,sender``; a path is relative to the folder of its ``received.csv``.
"""

import csv
import io
import unicodedata
from datetime import datetime
from pathlib import PurePosixPath

from pipeline.home import VIETNAM

from .media import text_encoding

SIDECAR = "received.csv"
# Days come first in Vietnam; ISO 8601 is tried before these.
DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")


def is_sidecar(name: str) -> bool:
    """Tell whether a file name is the reserved one."""
    return name.lower() == SIDECAR


def arrival_times(content: bytes, where: str) -> tuple[dict[str, datetime], list[str]]:
    """Return the arrival time of each path below the sidecar's folder, and a warning for each line it cannot use.

    ``where`` is the sidecar's own path. Times are Vietnam time without zone, whole seconds.
    """
    encoding = text_encoding(content)
    if encoding is None:
        return {}, [f"{where}: not a text file, so its arrival times are ignored; file times are used instead"]
    folder = where.rpartition("/")[0]
    times: dict[str, datetime] = {}
    warnings: list[str] = []
    reader = csv.DictReader(io.StringIO(content.decode(encoding), newline=""))
    try:
        if not {"path", "received_at"}.issubset(reader.fieldnames or ()):
            return {}, [f"{where}: needs the columns path,received_at,sender; file times are used instead"]
        lines = list(reader)
    except csv.Error as error:
        return {}, [f"{where}: {error}, so its arrival times are ignored; file times are used instead"]
    for number, line in enumerate(lines, start=2):
        path, moment = line.get("path"), _moment(line.get("received_at"))
        if not path or moment is None:
            warnings.append(f"{where} line {number}: needs path and received_at as 2023-07-05 14:00:00; ignored")
            continue
        times[path_key(str(PurePosixPath(folder, path.strip().replace("\\", "/"))))] = moment
    return times, warnings


def path_key(path: str) -> str:
    """Return a path in the one spelling under which a file and its line in a sidecar meet."""
    return unicodedata.normalize("NFC", path)


def vietnam_time(moment: datetime) -> datetime:
    """Return a moment as Vietnam time without zone, whole seconds; one without zone is Vietnam time already."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(VIETNAM).replace(tzinfo=None)
    return moment.replace(microsecond=0)


def _moment(text: str | None) -> datetime | None:
    text = (text or "").strip()
    try:
        return vietnam_time(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    for pattern in DAY_FIRST:
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    return None
